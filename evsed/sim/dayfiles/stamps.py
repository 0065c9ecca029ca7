# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of dates and times to numbers: the forms, cell by cell."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

DAY_S: Final = 86_400

_MONTHS: Final = {
    1: "jan januar january janvier janv enero ene gennaio gen januari janeiro styczen stycznia sty "
       "leden ledna tammikuu tammi tammikuuta januar janner",
    2: "feb februar february fevrier fevr febrero febbraio februari fevereiro fev luty lutego lut unor "
       "unora helmikuu helmi helmikuuta",
    3: "mar marz maerz march mars marzo maart mrt marco marzec marca brezen brezna maaliskuu maalis "
       "maaliskuuta mrz",
    4: "apr april avril avr abril abr aprile kwiecien kwietnia kwi duben dubna huhtikuu huhti huhtikuuta",
    5: "may mai mayo maggio mag mei maio maj maja kveten kvetna toukokuu touko toukokuuta",
    6: "jun juni june juin junio giugno giu junho czerwiec czerwca cze cerven cervna kesakuu kesa "
       "kesakuuta",
    7: "jul juli july juillet juil julio luglio lug julho lipiec lipca lip cervenec cervence heinakuu "
       "heina heinakuuta",
    8: "aug august aout agosto ago augustus augusti sierpien sierpnia sie srpen srpna elokuu elo "
       "elokuuta",
    9: "sep sept september septembre septiembre settembre set setembro wrzesien wrzesnia wrz zari "
       "syyskuu syys syyskuuta",
    10: "oct october oktober octobre octubre ottobre ott okt outubro out pazdziernik pazdziernika paz "
        "rijen rijna lokakuu loka lokakuuta",
    11: "nov november novembre noviembre novembro listopad listopada lis marraskuu marras marraskuuta",
    12: "dec december dezember dez decembre diciembre dic dicembre dezembro grudzien grudnia gru "
        "prosinec prosince joulukuu joulu joulukuuta",
}  # fmt: skip
MONTHS: Final = {name: number for number, names in _MONTHS.items() for name in names.split()}
"""Names of the months without accents: English, German, French, Spanish, Italian, Dutch,
Portuguese, Polish, Czech, Finnish; the Scandinavian ones are among them."""

ZONES: Final = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "cet": 60, "cest": 120, "mez": 60, "mesz": 120,
    "eet": 120, "eest": 180, "awst": 480, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
    "edt": -240, "cdt": -300, "mdt": -360, "pdt": -420, "mst": -420, "pst": -480,
}  # fmt: skip
"""Abbreviations with one meaning, in minutes. BST, IST, CST and EST have several and are refused."""

_CLOCK: Final = (
    r"(?P<h>\d{1,2})\s*[:hH]\s*(?P<mi>\d{2})?(?:\s*:\s*(?P<s>\d{2})(?:[.,](?P<f>\d+))?)?"
    r"(?:\s*(?P<ap>[aApP])\.?\s?[mM]\.?)?"
)
_CLOCK12: Final = r"(?P<h12>\d{1,2})\s*(?P<ap12>[aApP])\.?\s?[mM]\.?"
_ZONE: Final = (
    r"(?:\s*(?:(?P<name>[A-Za-z]{1,5}))?\s*(?P<off>[+-]\d{2}(?::?\d{2})?(?::?\d{2})?)?)"
    r"(?:\s*[\[(][^\])]*[\])])?"
)
_REST: Final = rf"(?:(?:\s*[T,]\s*|\s+|\s+-\s+)(?:{_CLOCK}|{_CLOCK12})(?:\s*Uhr)?{_ZONE})?\s*"

_YEAR_FIRST: Final = re.compile(
    r"(?P<y>\d{4})\s*([-/.])\s*(?P<m>\d{1,2})\s*\2\s*(?P<d>\d{1,2})\.?" + _REST
)
_YEAR_CJK: Final = re.compile(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日?" + _REST)
_NUMBERS: Final = re.compile(
    r"(?P<a>\d{1,2})\s*([-/.])\s*(?P<b>\d{1,2})\s*\2\s*(?P<c>\d{4}|\d{2})\.?" + _REST
)
_NAME_MIDDLE: Final = re.compile(
    r"(?P<a>\d{1,4})(?:st|nd|rd|th|er|º|\.)?[-\s/.]*(?:de\s+)?(?P<mon>[^\W\d]{3,12})[-\s./,]*(?:de\s+)?(?P<c>\d{1,4})"
    + _REST
)
_NAME_FIRST: Final = re.compile(
    r"(?P<mon>[^\W\d]{3,12})\.?\s+(?P<a>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<c>\d{4})" + _REST
)
_ONLY_CLOCK: Final = re.compile(rf"T?(?:{_CLOCK}|{_CLOCK12})(?:\s*Uhr)?{_ZONE}\s*")
_USUAL: Final = re.compile(
    r"([^:]*\d)(?:T| (?!\d+:\d+-))(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?(Z|[+-]\d{2}(?::?\d{2})?)?"
)
"""A date and a clock of 24 hours: nearly all files have these rows, and a day of seconds has
86 400 of them. `05:00-05:30` after a blank is a range; after a T it is an offset."""
_WEEKDAY: Final = re.compile(r"^(?:[^\W\d]{2,10}[.,]?\s+)(?=\d|[^\W\d]{3,12}\.?\s+\d)")
_RANGE: Final = re.compile(r"\s*(?:-|–|to|bis|à)\s*\d{1,2}:\d{2}(?::\d{2})?\s*$")
_STAMP: Final = re.compile(r"(?:19|20)\d{12}|(?:19|20)\d{10}|(?:19|20)\d{6}")
_JOINED: Final = re.compile(
    r"(\d{4})(\d{2})(\d{2})[T_ -]?(\d{2}):?(\d{2}):?(\d{2})?(?:\.\d+)?" + _ZONE
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time as written. `parts` is the date by position; None where there is a clock only.

    `order` says what the three parts are ("ymd", or "?" where that is open), `clock_s` the seconds
    since midnight (None: a date only), `offset_s` the offset from UTC where it is written.
    """

    parts: tuple[int, int, int] | None
    order: str
    clock_s: float | None
    offset_s: int | None
    halves: bool = False
    """Written with am or pm."""


def parse_stamp(text: str) -> Stamp | None:
    """The time that a cell is; None where it is none in any known form."""
    found = _USUAL.fullmatch(text)
    if found is None:
        return _parsed(text)
    day_text, hour, minute, second, fraction, offset = found.groups()
    day = _parsed(day_text)
    if day is None or day.parts is None or day.clock_s is not None or day.offset_s is not None:
        return _parsed(text)
    clock_s = _seconds(int(hour), int(minute), int(second or 0))
    offset_s, known = _offset(None, offset) if offset != "Z" else (0, True)
    if clock_s is None or not known:
        return None
    return Stamp(day.parts, day.order, clock_s + float(fraction or 0.0), offset_s)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Stamp | None:
    """The same in any form; `parse_stamp` needs it once for each date of a usual file."""
    text = text.strip()
    if not 4 <= len(text) <= 64 or not any(letter.isdigit() for letter in text):
        return None
    if text.isdigit():
        return _digits(text)
    text = _RANGE.sub("", text) if text.count(":") > 1 else text
    for pattern in (_YEAR_FIRST, _YEAR_CJK, _ONLY_CLOCK, _NUMBERS, _JOINED):
        found = pattern.fullmatch(text)
        if found is not None:
            return _from_match(pattern, found)
    bare = _WEEKDAY.sub("", text)
    if bare != text and (found := _NUMBERS.fullmatch(bare)) is not None:
        return _from_match(_NUMBERS, found)
    return _named(text.replace(" à ", " "))


def _named(text: str) -> Stamp | None:
    """A time with the name of a month."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    for candidate in (plain, _WEEKDAY.sub("", plain)):
        for pattern in (_NAME_FIRST, _NAME_MIDDLE):
            found = pattern.fullmatch(candidate)
            if found is None or (month := MONTHS.get(found["mon"].casefold())) is None:
                continue
            a, c = int(found["a"]), int(found["c"])
            if len(found["a"]) == 4:
                return _stamp((a, month, c), "ymd", found)
            return _stamp((a, month, _century(c, found["c"])), "dmy", found)
    return None


def _from_match(pattern: re.Pattern[str], found: re.Match[str]) -> Stamp | None:
    """The stamp of a form without names."""
    if pattern is _ONLY_CLOCK:
        return _stamp(None, "", found)
    if pattern is _JOINED:
        year, month, day, hour, minute, second = (int(group or 0) for group in found.groups()[:6])
        offset_s, known = _offset(found["name"], found["off"])
        clock_s = _seconds(hour, minute, second)
        return (
            Stamp((year, month, day), "ymd", clock_s, offset_s)
            if known and clock_s is not None
            else None
        )
    if pattern is _NUMBERS:
        last = found["c"]
        between = _between(found)
        parts = (int(found["a"]), int(found["b"]), int(last))
        if "." in between:  # with points it is the day first in all countries
            return _stamp(parts, "dmy", found)
        return _stamp(parts, "??" if len(last) == 2 and "-" in between else "?", found)
    return _stamp((int(found["y"]), int(found["m"]), int(found["d"])), "ymd", found)


def _between(found: re.Match[str]) -> str:
    """The text between day and month."""
    return found.string[found.end("a") : found.start("b")]


def _stamp(parts: tuple[int, int, int] | None, order: str, found: re.Match[str]) -> Stamp | None:
    """Date and clock of a match; None where the clock shows no time or the zone is not known."""
    group = found.groupdict()
    halves = group["ap"] or group["ap12"]
    offset_s, known = _offset(group["name"], group["off"])
    if not known:
        return None
    hour_text = group["h"] or group["h12"]
    if hour_text is None:
        return Stamp(parts, order, None, offset_s)
    hour = int(hour_text)
    if halves:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if halves in "pP" else 0)
    clock_s = _seconds(hour, int(group["mi"] or 0), int(group["s"] or 0))
    if clock_s is None:
        return None
    fraction = float(f"0.{group['f']}") if group["f"] else 0.0
    return Stamp(parts, order, clock_s + fraction, offset_s, halves=bool(halves))


def _seconds(hour: int, minute: int, second: int) -> float | None:
    """Seconds since midnight; 24:00 is the end of the day."""
    whole = hour * 3600 + minute * 60 + second
    return float(whole) if minute < 60 and second < 61 and whole <= DAY_S else None


def _offset(name: str | None, offset: str | None) -> tuple[int | None, bool]:
    """The offset from UTC in seconds, and whether what is written is understood."""
    if offset:
        digits = offset[1:].replace(":", "")
        size = int(digits[:2]) * 3600 + int(digits[2:4] or 0) * 60
        return (-size if offset[0] == "-" else size), size <= 15 * 3600
    if not name:
        return None, True
    minutes = ZONES.get(name.casefold())
    return (None, False) if minutes is None else (minutes * 60, True)


def _century(year: int, text: str) -> int:
    """A year of two digits is one of this century."""
    return 2000 + year if len(text) <= 2 else year


def _digits(text: str) -> Stamp | None:
    """20260614050000, 202606140500 or 20260614."""
    if not _STAMP.fullmatch(text):
        return None
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    clock_s = None
    if len(text) > 8:
        clock_s = _seconds(int(text[8:10]), int(text[10:12]), int(text[12:14] or 0))
        if clock_s is None:
            return None
    return Stamp((year, month, day), "ymd", clock_s, None)


@lru_cache(maxsize=4096)
def date_s(parts: tuple[int, int, int], order: str) -> int | None:
    """Midnight of a date, in seconds since 1970 on its own wall clock; None: no such date."""
    by_name = dict(zip(order, parts, strict=True))
    year = by_name["y"]
    year = 2000 + year if year < 100 else year
    if not 1990 <= year <= 2100:
        return None
    try:
        midnight = datetime(year, by_name["m"], by_name["d"], tzinfo=UTC)
    except ValueError:
        return None
    return round((midnight - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1))
