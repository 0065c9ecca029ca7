# SPDX-License-Identifier: GPL-3.0-or-later
"""Common parts of the sections: their base, the errors of their keys, kinds of values."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, ClassVar, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from evsed.boards import SPI_GPIOS
from evsed.core.text import text

HIDDEN: Final = "***"
"""In place of a value that is shown to the owner alone."""


class Allowed:
    """Marks a key whose allowed values are best said in words of their own."""

    def __init__(self, words: str) -> None:
        self.words = words


def must_be(words: str, **elsewhere: object) -> PydanticCustomError:
    """The error of a key that must be *words*.

    *elsewhere* is `key` (dotted, from where it is raised) and `value`, where they are not the ones
    under validation.
    """
    return PydanticCustomError("must_be", "{words}", {"words": words, **elsewhere})


def _checked(good: Callable[[str], bool], words: str) -> tuple[AfterValidator, Allowed]:
    """A check of one text, and how to say it."""

    def check(text: str) -> str:
        if not good(text):
            raise must_be(words)
        return text

    return AfterValidator(check), Allowed(words)


def _is_zone(text: str) -> bool:
    try:
        return not text or bool(ZoneInfo(text))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


_zone_check, _zone_words = _checked(
    _is_zone, text('"" (the zone of this machine) or the name of a zone such as "Europe/Vienna"')
)
_host_check, _host_words = _checked(
    lambda text: bool(text) and not any(c.isspace() or c == "/" for c in text),
    text("the name or the address of a machine"),
)


def _is_network(text: str) -> bool:
    try:
        return bool(ip_network(text, strict=False))
    except ValueError:
        return False


_network_check, _network_words = _checked(
    _is_network, text('an address such as "127.0.0.1", or a network such as "192.168.1.0/24"')
)
# CSP level 3, 2.3.1: what might end the policy or begin another source is refused.
_site_check, _site_words = _checked(
    lambda text: bool(re.fullmatch(r"https?://[A-Za-z0-9.*\[\]:-]+", text)),
    text('a site such as "http://homeassistant.local:8123", without a path'),
)
_sensor_check, _sensor_words = _checked(
    lambda text: not text or re.fullmatch(r"28-[0-9a-f]{12}", text) is not None,
    text('"" (none) or the name of a DS18B20, such as "28-0316a2795fff"'),
)

PILOT_GPIOS = Allowed(text("12, 13, 18 or 19: the GPIOs that have hardware PWM"))


def _free_gpio(gpio: int) -> int:
    if gpio in SPI_GPIOS:
        raise must_be(text("a GPIO that SPI does not use; it uses 7 to 11"))
    return gpio


def absolute(path: Path) -> Path:
    """*path*, where it is absolute."""
    if not path.is_absolute() or "\0" in str(path):
        raise must_be(text("an absolute path, beginning with /"))
    return path


Zone = Annotated[str, _zone_check, _zone_words]
Host = Annotated[str, _host_check, _host_words]
Network = Annotated[str, _network_check, _network_words]
Site = Annotated[str, _site_check, _site_words]
Port = Annotated[int, Field(ge=1, le=65535)]
Gpio = Annotated[int, Field(ge=2, le=27), AfterValidator(_free_gpio)]  # 0 and 1: the HAT's EEPROM
MaybeGpio = Annotated[Gpio | None, Allowed(text("a GPIO, 2 to 27, or absent"))]
MaybeChannel = Annotated[
    Annotated[int, Field(ge=0, le=7)] | None, Allowed(text("an ADC channel, 0 to 7, or absent"))
]
Sensor = Annotated[str, _sensor_check, _sensor_words]
AbsolutePath = Annotated[
    Path, Field(strict=False), AfterValidator(absolute), Allowed(text("an absolute path"))
]


class Guard(Enum):
    """Conditions for changing a section on the page, beside being logged in."""

    NONE = ""
    PASSWORD = "password"  # noqa: S105 - a name
    """The password again."""
    BOX = "box"
    """The password again; and within ten minutes of the box being switched on, unless it lowers."""


class Applies(Enum):
    """The moment at which a change takes effect: of a section, or in the metadata of one key."""

    AT_ONCE = "at_once"
    """While evsed runs, also in the middle of a charge."""
    UNPLUGGED = "unplugged"
    """As evsed begins again: at once where no car charges, else when it is unplugged."""


class KeyMark(Enum):
    """A property of a key beside its type, in its metadata."""

    SAFER_LOWER = "less, or false, is the safer side: it may be lowered at any time"
    HIDDEN = "its value is shown to the owner alone, and never in reports and events"


class Section(BaseModel):
    """Base of all sections: frozen, no unknown key, no conversion of types."""

    guard: ClassVar[Guard] = Guard.NONE
    applies: ClassVar[Applies] = Applies.UNPLUGGED

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )
