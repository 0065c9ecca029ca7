# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed check --notify`: send a message to each address, and show which took it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from evsed.errors import NotifyError
from evsed.frontends.notify.sender import Service

if TYPE_CHECKING:
    from evsed.frontends.notify import NotifyConfig


def show(config: NotifyConfig | None, write: Callable[[str], None] = print) -> bool:
    """Show by *write* which addresses of *config* take a message; True where all do."""
    if config is None:
        write("[notify] urls is empty: nothing is sent")
        return True
    good = True
    for number, url in enumerate(config.urls):
        try:
            service = Service(number, url)
        except NotifyError as error:
            write(str(error))
            good = False
            continue
        sent = service.send("evsed: A trial", "Messages of evsed arrive here.")
        write(f"{service.name}: {'sent' if sent else 'not sent; docs/notify.md says what to do'}")
        good = good and sent
    return good
