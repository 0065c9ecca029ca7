# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages to the owner's phone or mail, through apprise; imported only where it is set."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NotifyConfig:
    """The addresses of apprise, and the minute of the day at which a car is missed, or None.

    *language* is the code of the one in which the messages are.
    The addresses hold secrets, so that they are left out where the configuration is shown.
    """

    urls: tuple[str, ...] = field(repr=False)
    remind_min: int | None
    language: str = "en"
