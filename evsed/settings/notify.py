# SPDX-License-Identifier: GPL-3.0-or-later
"""[notify]: where messages go, and when a car is missed."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from evsed.core.text import text
from evsed.frontends.notify import NotifyConfig
from evsed.settings.common import Allowed, Applies, Guard, KeyMark, Section, must_be

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_ADDRESSES = text('a list of addresses of apprise, such as ["ntfys://ntfy.sh/my-topic"], or []')
_TIME = text('a time such as "22:00", or "" for never')


def _address(url: str) -> str:
    if _ADDRESS.fullmatch(url) is None:
        raise must_be(_ADDRESSES)
    return url


def _time(text: str) -> str:
    if text and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text) is None:
        raise must_be(_TIME)
    return text


class NotifySettings(Section):
    """[notify]: messages by apprise; none without an address."""

    applies: ClassVar[Applies] = Applies.AT_ONCE
    guard: ClassVar[Guard] = Guard.PASSWORD

    urls: Annotated[
        tuple[Annotated[str, AfterValidator(_address)], ...],
        Field(strict=False, max_length=10),
        KeyMark.HIDDEN,
        Allowed(_ADDRESSES),
    ] = ()
    language: Literal["en", "de", "es", "fr"] = "en"
    not_plugged_at: Annotated[str, AfterValidator(_time), Allowed(_TIME)] = "22:00"

    def config(self) -> NotifyConfig | None:
        """Build the configuration of the frontend; None without an address."""
        if not self.urls:
            return None
        hour, _, minute = self.not_plugged_at.partition(":")
        remind_min = int(hour) * 60 + int(minute) if self.not_plugged_at else None
        return NotifyConfig(self.urls, remind_min, self.language)
