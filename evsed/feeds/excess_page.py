# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of BatteryMonitor's page of excess power, whichever of its versions wrote it.

The page (BatteryMonitor's excesspwr.php) has two stamps, naive local times of its server, and three
powers, each of them twice so that a torn page shows::

    <p>Current Time 20261122113004</p>
    <p>Timestamp 20261122113002</p>
    <p>Excess solar power available 1834W</p>      twice, and so are
    <p>Minimum demand energy 0W</p>
    <p>Maximum demand energy  5000W</p>

A page is judged by its form, not by the size of its figures: the figure of a battery that is far
from its target is thousands of kilowatts. Older versions have no maximum, put the stamp in
quotation marks, or print a list; PHP puts notices before a line or in front of all of them. Owners
set the lines in tables, break them where they are long, and keep old ones in comments.
"""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from evsed.core.text import text
from evsed.errors import FeedError

EXCESS: Final = "Excess solar power available"
MINIMUM: Final = "Minimum demand energy"
MAXIMUM: Final = "Maximum demand energy"
NOW: Final = "Current Time"
STAMP: Final = "Timestamp"

# No "<" inside a tag: a page of 64 KiB of "<" is then read once, not once for each of them.
_INLINE: Final = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|code|data|dfn|em|font|i|ins|kbd|label|mark|nobr|output|q|samp"
    r"|small|span|strong|sub|sup|time|tt|u|var|wbr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_BREAK: Final = re.compile(r"<[^<>]*>|[\r\n]+")
# What takes no room on a screen: BOM (each included file may have one), soft hyphen, and the like.
_PLAIN: Final = dict.fromkeys(
    map(ord, "\0\ufeff\u00ad\u200b\u200c\u200d\u200e\u200f\u2060"), ""
) | {ord("\N{MINUS SIGN}"): "-"}
_LABELS: Final = (EXCESS, MINIMUM, MAXIMUM, NOW, STAMP)
# A long line is wrapped, by hand or by what made the page.
_WRAPPED: Final = re.compile(
    "|".join(label.replace(" ", r"(?:\s|&nbsp;|<br\s*/?>)+") for label in _LABELS), re.IGNORECASE
)
# A notice of PHP may stand before the label on its line, but nothing after the value.
_ENTRY: Final = re.compile(rf"({'|'.join(_LABELS)})(?: ?[:=])?(?: (\S.{{0,60}}))?$", re.IGNORECASE)
_UNIT: Final = r"[\])'\",]*\s?([Kk]?)[Ww](?:atts?)?['\".,]?"
# Python writes a list, a tuple or a number of numpy; people write thousands.
_WATTS: Final = re.compile(
    r"[\[('\"]*(?:np\.[a-z]{1,8}[0-9]{0,3}\()?(?=[+-]?\.?[0-9])"
    r"([+-]?(?:[0-9]{1,3}(?:[,' ][0-9]{3}){1,12}|[0-9]{0,40})(?:\.[0-9]{0,40})?"
    rf"(?:[eE][+-]?[0-9]{{1,3}})?){_UNIT}"
)
# A maximum of 0 forbids charging in any unit, and in the copy that is not torn.
_FORBIDS: Final = re.compile(
    r"[\[('\"]*(?:np\.[a-z]{1,8}[0-9]{0,3}\()?[+-]?0+(?:[.,]0*)?(?![0-9.,eEx])"
)
_NOTHING: Final = re.compile(rf"[\[('\"]*(?:None|null)?{_UNIT}")
_MOMENT: Final = re.compile(r"['\"]?([0-9]{13,14})\s?['\"]?")
_ISO: Final = re.compile(
    r"['\"]?([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?['\"]?"
)
_SOURCE: Final = re.compile(r"(?:<|&lt;)\?(?!xml)", re.IGNORECASE)
_LEADS: Final = re.compile(
    r"(?:<i?frame\s[^<>]*?\bsrc\s*=|<meta\s[^<>]*?\burl\s*=|\blocation(?:\.href)?\s*=(?!=)"
    r"|\blocation\.(?:replace|assign)\s*\()\s*['\"]?([^'\"\s<>]{1,200})",
    re.IGNORECASE,
)
_LOGIN: Final = re.compile(r"<input\s[^<>]*?\btype\s*=\s*['\"]?password", re.IGNORECASE)
_HIDDEN: Final = (("<!--", "-->"), ("<script", "</script"), ("<style", "</style"))

_SHOWN_MAX: Final = 40
"""As much of a stranger's text as a message repeats, in characters."""

MEANWHILE: Final = text("evsed goes by the last news until that is too old")
UPDATE: Final = text(
    "Update excesspwr.php and summary.py of BatteryMonitor together "
    "(github.com/simat/BatteryMonitor)"
)


LOOK: Final = text("Look at the page in a browser")


@dataclass(frozen=True, slots=True)
class ExcessPage:
    """A page as it is written, powers in watts.

    `maximum_w` is None where the page has none. `behind_s` is by how much its Timestamp lies before
    its Current Time, in real seconds; negative where it lies after it, which two clocks can cause.
    """

    excess_w: float
    minimum_w: float
    maximum_w: float | None
    stamp: str
    behind_s: float


def refusal(
    kind: str,
    problem: str,
    todo: str = LOOK,
    *,
    page_came: bool = False,
) -> FeedError:
    """Return the error for *problem*, with what evsed does meanwhile and what the owner can do."""
    return FeedError(
        text("{problem}; {meanwhile}. {todo}.", problem=problem, meanwhile=MEANWHILE, todo=todo),
        kind=kind,
        page_came=page_came,
    )


def read_page(page: str, zone: tzinfo = UTC) -> ExcessPage:
    """Read *page*; its times are local times of *zone*.

    Raises `FeedError` when a figure is missing, not there as often as it should be, malformed or
    contradicted by its copy.
    """
    entries = _entries(page)
    maximum_w = _maximum_w(entries, page)
    try:
        return _whole(entries, maximum_w, page, zone)
    except FeedError as error:
        error.maximum_w = maximum_w
        raise


def _whole(
    entries: dict[str, list[str]], maximum_w: float | None, page: str, zone: tzinfo
) -> ExcessPage:
    excess_w = _watts(entries, EXCESS, page)
    if excess_w is None:
        raise _page("figure", text('"{excess}" of the feed has no figure', excess=EXCESS), UPDATE)
    minimum_w = _watts(entries, MINIMUM, page) or 0.0
    if entries.get(MAXIMUM):
        _watts(entries, MAXIMUM, page)  # raises for a maximum that cannot be read
    elif "<html" in page.lower() and "</html>" not in page.lower():
        raise _page("torn", text("the feed's page ends before its last line, so it is torn"))
    stamp, sampled = _moment(entries, STAMP)
    _, server_now = _moment(entries, NOW)
    return ExcessPage(
        excess_w=excess_w,
        # Below 0 the oldest versions mean "no minimum"; a maximum is the stronger word.
        minimum_w=min(max(0.0, minimum_w), math.inf if maximum_w is None else maximum_w),
        maximum_w=maximum_w,
        stamp=stamp,
        behind_s=elapsed_s(sampled, server_now, zone),
    )


def _page(kind: str, problem: str, todo: str = LOOK) -> FeedError:
    return refusal(kind, problem, todo, page_came=True)


def _without(label: str, entries: dict[str, list[str]], page: str) -> FeedError:
    """Return the error for a page without the power called *label*."""
    if _SOURCE.search(page):
        return _page(
            "php",
            text("the feed sends the source of its page"),
            text("Install PHP for its web server"),
        )
    if not entries and _LOGIN.search(page):
        return _page(
            "login",
            text("the feed's page is a form that asks for a password"),
            text("Let its server show the page without that form"),
        )
    if not entries and (target := _LEADS.search(page)):
        return _page(
            "redirect",
            text(
                'the feed\'s page only shows another one, "{target}"',
                target=target[1][:_SHOWN_MAX],
            ),
            text("Set feed.url to the page itself"),
        )
    return _page("no_page", text('the feed\'s page has no "{label}"', label=label))


def _shown(page: str) -> str:
    """Return *page* without what a browser does not show: comments, scripts, styles.

    What is not closed is shown: then the page is torn, or no comment was meant.
    """
    for begin, end in _HIDDEN:
        lower = page.lower()  # as long as the page itself, for what is hidden is in ASCII
        if len(lower) != len(page):
            return page
        parts, at = [], 0
        while (opens := lower.find(begin, at)) >= 0 and (closes := lower.find(end, opens)) >= 0:
            parts += [page[at:opens], "<br>"]
            at = closes + len(end)
        page = "".join([*parts, page[at:]])
    return page


def _entries(page: str) -> dict[str, list[str]]:
    """The values by label, as they are written; a label without a value has "" alone.

    The value may stand in the next cell or line.
    """
    names = {label.lower(): label for label in _LABELS}
    entries: dict[str, list[str]] = {}
    waiting: list[str] | None = None
    shown = _INLINE.sub("", _shown(page.translate(_PLAIN)))
    whole = _WRAPPED.sub(lambda label: _BREAK.sub(" ", label[0]), shown)
    for line in _BREAK.split(whole):
        plain = " ".join(html.unescape(line).translate(_PLAIN).split())
        if entry := _ENTRY.search(plain):
            copies = entries.setdefault(names[entry[1].lower()], [])
            copies.append(entry[2] or "")
            waiting = None if entry[2] else copies
        elif plain and waiting is not None:
            if any(form.fullmatch(plain) for form in (_WATTS, _MOMENT, _ISO)):
                waiting[-1] = plain
            waiting = None
    # A notice may name what it misses, so a label without a value is no copy of it.
    return {label: [copy for copy in copies if copy] or copies for label, copies in entries.items()}


def read_maximum_w(page: str) -> float | None:
    """Return the maximum of a page that may be no whole one, in watts; None where it has none."""
    return _maximum_w(_entries(page), page)


def _maximum_w(entries: dict[str, list[str]], page: str) -> float | None:
    """The maximum where it can be read at all, even once, and below 0 as 0; else None."""
    if any(_FORBIDS.match(copy) for copy in entries.get(MAXIMUM, [])):
        return 0.0
    try:
        maximum_w = _watts({MAXIMUM: entries.get(MAXIMUM, [])[:1] * 2}, MAXIMUM, page)
    except FeedError:
        return None
    if len(set(entries[MAXIMUM])) > 1:
        return None
    return None if maximum_w is None else max(0.0, maximum_w)


def _watts(entries: dict[str, list[str]], label: str, page: str) -> float | None:
    """The power called *label*, given twice alike; None where its place is empty."""
    copies = entries.get(label, [])
    if not copies:
        raise _without(label, entries, page)
    if len(copies) == 1:
        raise _page(
            "torn", text('the feed\'s page has "{label}" only once, so it may be torn', label=label)
        )
    if len(set(copies)) > 1:
        first, other = sorted(set(copies), key=copies.index)[:2]
        raise _page(
            "torn",
            text(
                'the copies of "{label}" differ ({first} and {other}), so the page is torn',
                label=label,
                first=first[:_SHOWN_MAX],
                other=other[:_SHOWN_MAX],
            ),
        )
    if _NOTHING.fullmatch(copies[0]):
        return None
    figure = _WATTS.fullmatch(copies[0])
    power_w = _power_w(figure[1], kilo=bool(figure[2])) if figure else math.nan
    if not math.isfinite(power_w):
        raise _page(
            "figure",
            text(
                '"{label}" of the feed is "{value}", not a number of watts',
                label=label,
                value=copies[0][:_SHOWN_MAX],
            ),
            UPDATE,
        )
    return power_w


def _power_w(number: str, *, kilo: bool) -> float:
    """The watts that a number with its separators means; kilowatts need no thousands."""
    plain = re.sub("[,' ]", "", number)
    if not kilo:
        return float(plain)
    return 1000 * float(plain) if plain == number else math.nan


def _moment(entries: dict[str, list[str]], label: str) -> tuple[str, datetime]:
    """The stamp called *label*: as it is written, and as a naive local time."""
    copies = entries.get(label, [])
    if not copies:
        raise _page("no_page", text('the feed\'s page has no "{label}"', label=label))
    if len(set(copies)) > 1:
        raise _page(
            "torn",
            text(
                'the feed\'s page has "{label}" {copies} times, not once',
                label=label,
                copies=len(copies),
            ),
        )
    written = copies[0]
    try:
        if iso := _ISO.fullmatch(written):
            digits = "".join(iso.groups())
        elif found := _MOMENT.fullmatch(written):
            digits = found[1]
        else:
            raise ValueError(written)
        # The oldest versions quote the stamp, and the page cuts off its last digit for that.
        moment = datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - naive
    except ValueError:
        raise _page(
            "stamp",
            text(
                '"{label}" of the feed is "{written}", not a time written YYYYMMDDhhmmss',
                label=label,
                written=written[:_SHOWN_MAX],
            ),
            UPDATE,
        ) from None
    return digits, moment


def elapsed_s(earlier: datetime, later: datetime, zone: tzinfo) -> float:
    """Real seconds from *earlier* to *later*, both naive local times of *zone*.

    An hour that a clock shows twice in autumn is read either way: the shortest time that runs
    forward is the answer, and where none does the one nearest to 0 (negative).
    """
    candidates = [
        (_utc(later, fold_later, zone) - _utc(earlier, fold_earlier, zone)).total_seconds()
        for fold_earlier in (0, 1)
        for fold_later in (0, 1)
    ]
    forward = [seconds for seconds in candidates if seconds >= 0]
    return min(forward) if forward else max(candidates)


def _utc(local: datetime, fold: int, zone: tzinfo) -> datetime:
    """*local* of *zone* as a naive time in UTC; 1 January of year 1 included, unlike astimezone."""
    offset = local.replace(tzinfo=zone, fold=fold).utcoffset()
    try:
        return local - offset if offset else local
    except OverflowError:  # the first and the last day there are: an hour does not matter
        return local
