# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that takes messages: spoken to by apprise in this process, or by one of its own.

Under systemd evsed may reach its own network only, and a process that is started for each message
sends it (`__main__`, systemd/evsed-notify.socket). Elsewhere evsed sends by itself. No address is
shown: apprise's own log, and that of the libraries below it, are switched off.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from evsed.core.text import from_plain, text, to_plain
from evsed.errors import NotifyError

if TYPE_CHECKING:
    from collections.abc import Mapping

SENDER_SOCKET: Final = Path("/run/evsed/notify.sock")
"""The socket behind which systemd starts the sending process (systemd/evsed-notify.socket)."""
ANSWER_WITHIN_S: Final = 180.0
"""More than the unit lets the process live (`RuntimeMaxSec`)."""
ANSWER_MOST_BYTES: Final = 65_536
_SILENT: Final = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib")


class Service(Protocol):
    """A service that takes messages; `name` shows no secret."""

    name: str

    def send(self, title: str, body: str) -> bool:
        """Send a message; return whether the service took it. Blocks for as long as that takes."""


def open_service(number: int, url: str, sender: Path = SENDER_SOCKET) -> Service:
    """Open the address *url*, which is *number* of `notify.urls`.

    A message goes through the process behind the socket *sender* where there is one. Raises
    `NotifyError` where apprise does not know the kind of *url*, or is not installed. Blocks.
    """
    if os.access(sender, os.W_OK):
        return SentApart(number, url, sender)
    return SentHere(number, url)


class SentHere:
    """An address to which this process sends."""

    def __init__(self, number: int, url: str) -> None:
        self.name = _name(number, url)
        for name in _SILENT:
            logging.getLogger(name).disabled = True
        try:
            import apprise  # noqa: PLC0415 - large, and optional
        except ImportError:
            raise NotifyError(
                text(
                    "notifications are set, and apprise is not installed; install it: sudo apt "
                    "install apprise, or pip install apprise, and start evsed again"
                )
            ) from None
        self._apprise: Any = apprise.Apprise()
        if not self._apprise.add(url):
            raise NotifyError(
                text(
                    "{service} is no address that apprise understands; it sends nothing there. See "
                    "https://appriseit.com for the form of your service's",
                    service=self.name,
                )
            )

    def send(self, title: str, body: str) -> bool:
        """Send a message; return whether the service took it. Blocks for as long as that takes."""
        try:
            return bool(self._apprise.notify(title=title, body=body))
        except Exception:  # noqa: BLE001 - a hundred plugins, and what they raise may hold secrets
            return False


class SentApart:
    """An address to which a process of its own sends, which systemd starts behind *sender*."""

    def __init__(self, number: int, url: str, sender: Path) -> None:
        self.name = _name(number, url)
        self._asked: dict[str, str | int] = {"number": number, "url": url}
        self._sender = sender
        error = self._ask({}).get("error")
        if error is not None:
            raise NotifyError(from_plain(error))

    def send(self, title: str, body: str) -> bool:
        """Send a message; return whether the service took it. Blocks for as long as that takes."""
        return self._ask({"title": title, "body": body}).get("sent") is True

    def _ask(self, more: Mapping[str, str]) -> dict[str, Any]:
        """Return the answer of the process; {} without one."""
        try:
            with closing(socket.socket(socket.AF_UNIX)) as asked:
                asked.settimeout(ANSWER_WITHIN_S)
                asked.connect(os.fspath(self._sender))
                asked.sendall(json.dumps({**self._asked, **more}).encode() + b"\n")
                with asked.makefile("rb") as answer:
                    found = json.loads(answer.readline(ANSWER_MOST_BYTES))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def answer(asked: str) -> str:
    """Return the sending process's answer to *asked*, one line of JSON each, and send."""
    request = json.loads(asked)
    try:
        service = SentHere(request["number"], request["url"])
    except NotifyError as error:
        return json.dumps({"error": to_plain(error.args[0])})
    if "body" not in request:
        return "{}"
    return json.dumps({"sent": service.send(request["title"], request["body"])})


def _name(number: int, url: str) -> str:
    return f"notify.urls[{number}] ({url.partition(':')[0]}://)"
