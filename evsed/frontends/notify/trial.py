# SPDX-License-Identifier: GPL-3.0-or-later
"""A trial of the notifications: a message to each address, and which of them took it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from evsed.core.text import text
from evsed.errors import NotifyError
from evsed.frontends.notify.sender import Service

if TYPE_CHECKING:
    from evsed.frontends.notify import NotifyConfig


def try_all(config: NotifyConfig | None, write: Callable[[str], None] = print) -> bool:
    """Show by *write* which addresses of *config* take a message; True where all do.

    It blocks for as long as the services take.
    """
    if config is None:
        write(text("[notify] urls is empty: nothing is sent"))
        return True
    good = True
    for number, url in enumerate(config.urls):
        try:
            service = Service(number, url)
        except NotifyError as error:
            write(str(error))
            good = False
            continue
        if service.send("evsed: A trial", "Messages of evsed arrive here."):
            write(text("{service}: sent", service=service.name))
        else:
            good = False
            write(
                text(
                    "{service}: not sent. Is the address right? A service in the internet has to "
                    "be allowed first: docs/notify.md",
                    service=service.name,
                )
            )
    return good
