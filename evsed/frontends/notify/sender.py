# SPDX-License-Identifier: GPL-3.0-or-later
"""The sender: hands messages to apprise in a thread of its own, which may wait as long as it likes.

apprise blocks, and a server that trickles holds it for as long as it wants. So the thread is one
that neither the frontend nor the end of evsed waits for; what does not fit into its queue is lost.
No address is shown: apprise's own log, and that of the library below it, are switched off.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from evsed.errors import NotifyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evsed.core.user.notices import Message

QUEUE_MAX: Final = 20
"""More notices than a bad night has."""
TRIES_AFTER_S: Final = (0.0, 60.0, 600.0)
"""The pauses before each try of a message; a router that starts anew needs a few minutes."""
_SILENT: Final = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib")


class Service:
    """The address *url*, which is *number* of `notify.urls`.

    Raises `NotifyError` where apprise does not know its kind, or is not installed.
    """

    def __init__(self, number: int, url: str) -> None:
        self.name = f"notify.urls[{number}] ({url.partition(':')[0]}://)"
        for name in _SILENT:
            logging.getLogger(name).disabled = True
        try:
            import apprise  # noqa: PLC0415 - large, and optional
        except ImportError:
            raise NotifyError(
                "notifications are set, and apprise is not installed; install it: sudo apt install "
                "apprise, or pip install apprise, and start evsed again"
            ) from None
        self._apprise: Any = apprise.Apprise()
        if not self._apprise.add(url):
            raise NotifyError(
                f"{self.name} is no address that apprise understands; it sends nothing there. See "
                "https://appriseit.com for the form of your service's"
            )

    def send(self, title: str, text: str) -> bool:
        """Send a message; return whether the service took it. Blocks for as long as that takes."""
        try:
            return bool(self._apprise.notify(title=title, body=text))
        except Exception:  # noqa: BLE001 - a hundred plugins, and what they raise may hold secrets
            return False


class Sender:
    """Sends to each of *services*; *on_outcome* gets a service's name and whether it took it.

    *on_outcome* is called in the sender's thread.
    """

    def __init__(
        self,
        services: Sequence[Service],
        on_outcome: Callable[[str, bool], None],
        *,
        tries_after_s: Sequence[float] = TRIES_AFTER_S,
    ) -> None:
        self._on_outcome = on_outcome
        self._tries_after_s = tries_after_s
        self._stopped = threading.Event()
        self._queues: list[queue.Queue[tuple[str, str]]] = []
        for service in services:
            waiting: queue.Queue[tuple[str, str]] = queue.Queue(QUEUE_MAX)
            self._queues.append(waiting)
            threading.Thread(
                target=self._run, args=(service, waiting), name="notify", daemon=True
            ).start()

    def put(self, notice: Message) -> None:
        """Send *notice* as soon as those before it are; never waits, and never raises."""
        for waiting in self._queues:
            try:
                waiting.put_nowait((f"evsed: {notice.kind.value}", notice.text))
            except queue.Full:
                continue  # the service is reported as failing already

    def stop(self) -> None:
        """Send nothing more; what is being sent is left to its end."""
        self._stopped.set()

    def _run(self, service: Service, waiting: queue.Queue[tuple[str, str]]) -> None:
        while not self._stopped.is_set():
            try:
                title, text = waiting.get(timeout=1.0)
            except queue.Empty:
                continue
            self._on_outcome(service.name, self._send(service, title, text))

    def _send(self, service: Service, title: str, text: str) -> bool:
        began_at = time.monotonic()
        for pause_s in self._tries_after_s:
            if self._stopped.wait(pause_s):
                return False
            late_min = round((time.monotonic() - began_at) / 60)
            late = f" (sent {late_min} min late)" if late_min else ""
            if service.send(title, text + late):
                return True
        return False
