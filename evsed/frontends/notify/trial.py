# SPDX-License-Identifier: GPL-3.0-or-later
"""A trial of the notifications: a message to each address, and which of them took it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from evsed.core.text import text
from evsed.errors import NotifyError
from evsed.frontends.languages import Languages
from evsed.frontends.notify.service import open_service

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
    language = Languages().get(config.language)
    title = language.sentence(text("evsed: {what}", what=text("A trial")))
    body = language.sentence(text("Messages of evsed arrive here."))
    for number, url in enumerate(config.urls):
        try:
            service = open_service(number, url)
        except NotifyError as error:
            write(str(error))
            good = False
            continue
        if service.send(title, body):
            write(text("{service}: sent", service=service.name))
        else:
            good = False
            write(
                text(
                    "{service}: not sent. Is the address right, and does the Pi reach it? "
                    "See docs/notify.md",
                    service=service.name,
                )
            )
    return good
