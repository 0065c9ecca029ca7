# SPDX-License-Identifier: GPL-3.0-or-later
"""BatteryMonitor's page of excess power: fetched with httpx, believed only when it is whole.

The page (BatteryMonitor's excesspwr.php) has two stamps, naive local times of its server, and three
powers, each of them twice so that a torn page shows::

    <p>Current Time 20261122113004</p>
    <p>Timestamp 20261122113002</p>
    <p>Excess solar power available 1834W</p>      twice, and so are
    <p>Minimum demand energy 0W</p>
    <p>Maximum demand energy  5000W</p>

The same lines without tags are taken as well, and lines that say none of these are passed over:
newer PHP puts a deprecation notice on the page.
"""

from __future__ import annotations

import asyncio
import math
import os
import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import httpx

from evsed.core.solar.allotment import Reading
from evsed.errors import FeedError
from evsed.feeds import FeedConfig

TIMEOUT_S: Final = 5.0
"""From the first packet to the last byte of a page, name look-up included."""

LARGEST_BYTES: Final = 64 * 1024
"""A page has 600 bytes; a hundred times that is not one."""

LARGEST_W: Final = 100_000.0
"""No house that feeds one car has more power, spare or wanting."""

LEAST_POLL_S: Final = 10.0
"""Never ask more often: the battery is sampled every 10 s (BatteryMonitor's getdata.py)."""

NEWS_LAG_S: Final = 2.0
"""The page has new figures this long after the stamp they carry."""

_EXCESS: Final = "Excess solar power available"
_MINIMUM: Final = "Minimum demand energy"
_MAXIMUM: Final = "Maximum demand energy"
_NOW: Final = "Current Time"
_STAMP: Final = "Timestamp"

# No "<" inside a tag: a page of 64 KiB of "<" is then looked at once, not once for each of them.
_BREAK: Final = re.compile(r"<[^<>]*>|[\r\n]+")
_ENTRY: Final = re.compile(rf"({_EXCESS}|{_MINIMUM}|{_MAXIMUM}|{_NOW}|{_STAMP})\s+(\S+)")
_WATTS: Final = re.compile(r"([+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?(?:[eE][+-]?[0-9]{1,3})?)W")
_MOMENT: Final = re.compile(r"[0-9]{14}")

_SHOWN: Final = 40
"""As much of a stranger's text as a message repeats, in characters."""


def _refusal(what: str, todo: str = "Look at the page in a browser") -> FeedError:
    """The error for *what* happened, with what evsed does meanwhile and what the owner can do."""
    return FeedError(f"{what}; evsed goes by the last news until that is too old. {todo}.")


# ------------------------------------------------------------------------------------ the page


def parse_page(text: str, zone: tzinfo = UTC) -> Reading:
    """What the page *text* says; its times are local times of *zone*.

    Powers are watts; `Reading.age_s` is the real time between the page's two stamps. Raises
    `FeedError` when a figure is missing, not there as often as it should be, malformed, out of
    range or contradicted by another.
    """
    entries: dict[str, list[str]] = {}
    for line in _BREAK.split(text):
        if entry := _ENTRY.fullmatch(line.strip()):
            entries.setdefault(entry[1], []).append(entry[2])

    excess_w = _watts(entries, _EXCESS, least_w=-LARGEST_W)
    minimum_w = _watts(entries, _MINIMUM, least_w=0.0)
    maximum_w = _watts(entries, _MAXIMUM, least_w=0.0)
    if minimum_w > maximum_w:
        raise _refusal(
            f"the feed demands at least {minimum_w:g} W and at most {maximum_w:g} W, "
            "which cannot both hold",
            "Mend the demand limits in BatteryMonitor",
        )
    stamp, sampled = _moment(entries, _STAMP)
    _, server_now = _moment(entries, _NOW)
    age_s = elapsed_s(sampled, server_now, zone)
    if age_s < 0:
        raise _refusal(
            f"the feed's Timestamp {stamp} lies {-age_s:.0f} s after its own Current Time",
            "Check the clock of the feed's server, and feed.timezone",
        )
    return Reading(
        excess_w=excess_w, minimum_w=minimum_w, maximum_w=maximum_w, stamp=stamp, age_s=age_s
    )


def _watts(entries: dict[str, list[str]], label: str, *, least_w: float) -> float:
    """The power called *label*, given twice alike and within *least_w* to `LARGEST_W`."""
    copies = entries.get(label, [])
    match len(copies):
        case 0:
            raise _refusal(f'the feed\'s page has no "{label}"')
        case 1:
            raise _refusal(f'the feed\'s page has "{label}" only once, so it may be torn')
        case 2:
            pass
        case many:
            raise _refusal(f'the feed\'s page has "{label}" {many} times, not twice')
    if copies[0] != copies[1]:
        raise _refusal(
            f'the two copies of "{label}" differ ({copies[0][:_SHOWN]} and {copies[1][:_SHOWN]}), '
            "so the page is torn"
        )
    figure = _WATTS.fullmatch(copies[0])
    if figure is None:
        raise _refusal(f'"{label}" of the feed is "{copies[0][:_SHOWN]}", not a number of watts')
    power_w = float(figure[1])
    if not (math.isfinite(power_w) and least_w <= power_w <= LARGEST_W):
        raise _refusal(
            f'"{label}" of the feed is {power_w:g} W, outside {least_w:g} to {LARGEST_W:g} W'
        )
    return power_w


def _moment(entries: dict[str, list[str]], label: str) -> tuple[str, datetime]:
    """The stamp called *label*, given once: as it is written, and as a naive local time."""
    copies = entries.get(label, [])
    if not copies:
        raise _refusal(f'the feed\'s page has no "{label}"')
    if len(copies) > 1:
        raise _refusal(f'the feed\'s page has "{label}" {len(copies)} times, not once')
    written = copies[0]
    try:
        if not _MOMENT.fullmatch(written):
            raise ValueError(written)
        moment = datetime.strptime(written, "%Y%m%d%H%M%S")  # noqa: DTZ007 - naive on purpose
    except ValueError:
        raise _refusal(
            f'"{label}" of the feed is "{written[:_SHOWN]}", not a time written YYYYMMDDhhmmss'
        ) from None
    return written, moment


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
    except OverflowError:  # the first and the last day there are: an hour matters to nobody
        return local


def find_zone(name: str | None) -> tzinfo:
    """The time zone called *name*; None: this machine's (TZ, else /etc/localtime, else UTC).

    Raises `FeedError` when there is no such zone here.
    """
    wanted = name if name is not None else os.environ.get("TZ", "").lstrip(":")
    local = Path("/etc/localtime")
    try:
        if wanted:
            return ZoneInfo(wanted)
        if local.exists():
            with local.open("rb") as file:
                return ZoneInfo.from_file(file)
    except (OSError, ValueError, LookupError):  # no such key, a key with ".." in it, no zone file
        raise FeedError(
            f'the time zone "{wanted or local}" is not known here, so the age of the feed\'s news '
            'cannot be told; set feed.timezone to a name such as "Europe/Vienna", '
            "or install tzdata (sudo apt install tzdata)"
        ) from None
    return UTC


# -------------------------------------------------------------------------------- the fetching


class BatteryMonitorFeed:
    """Fetches the page just after it has news, and never more often than every 10 s.

    *clock* gives monotonic seconds and *jitter* a number from 0 to 1 that is added in seconds, so
    that several EVSEs do not ask in the same instant. *transport* stands in for the network.
    """

    def __init__(
        self,
        config: FeedConfig,
        zone: tzinfo,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._zone = zone
        self._period_s = config.period_s
        self._clock = clock
        self._jitter = jitter
        self._timeout_s = timeout_s
        self._stamp: str | None = None
        self._in_vain = 0
        self._next_at: float | None = None
        try:
            self._url = httpx.URL(config.url)
        except httpx.InvalidURL as error:
            raise FeedError(
                f"feed.url is not an address ({error}), so no news can be had; mend it"
            ) from None
        if self._url.scheme not in {"http", "https"} or not self._url.host:
            raise FeedError(
                f'feed.url is "{config.url[:_SHOWN]}", so no news can be had; '
                "it must begin with http:// or https:// and name a host"
            )
        # What a message may show: the address without a password that may stand in it.
        self._where = str(self._url.copy_with(userinfo=b""))
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=None,  # noqa: S113 - asyncio.timeout holds all of it, not each part
            follow_redirects=False,
            # A minute lies between two polls: no server keeps a connection that long.
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
            # The feed is on the owner's network; a proxy meant for the internet is not asked.
            trust_env=False,
            # A feed that sets cookies would have them sent back, and kept, for years.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"Accept-Encoding": "identity", "Accept": "*/*", "User-Agent": "evsed"},
        )

    async def poll(self) -> Reading:
        """Fetch the page and say what it means, within 5 s.

        Raises `FeedError` when the page cannot be had or must not be believed.
        """
        try:
            reading = parse_page(await self._fetch(), self._zone)
        except FeedError:
            self._wait(0.0, fresh=False)
            raise
        fresh, self._stamp = reading.stamp != self._stamp, reading.stamp
        self._wait(self._period_s + NEWS_LAG_S - reading.age_s, fresh=fresh)
        return reading

    def next_poll_s(self) -> float:
        """Seconds from now to the next poll; 0 before the first."""
        return 0.0 if self._next_at is None else max(0.0, self._next_at - self._clock())

    async def close(self) -> None:
        """Let go of the network."""
        await self._client.aclose()

    def _wait(self, news_in_s: float, *, fresh: bool) -> None:
        """Set the next poll: when there is news, and later each time that there was none.

        10, 20, 40 s ... up to one period, so that a feed which is late by seconds is met soon, and
        one that is down for a day is asked once a period.
        """
        self._in_vain = 0 if fresh else min(self._in_vain + 1, 20)
        most_s = max(LEAST_POLL_S, self._period_s)
        patience_s = min(LEAST_POLL_S * 2.0 ** max(0, self._in_vain - 1), most_s)
        self._next_at = self._clock() + max(patience_s, news_in_s) + self._jitter()

    async def _fetch(self) -> str:
        """The page's text, or a `FeedError` that says why there is none."""
        try:
            async with asyncio.timeout(self._timeout_s):
                body = await self._get()
        except TimeoutError:
            raise _refusal(
                f"the feed at {self._where} did not answer in full within {self._timeout_s:g} s",
                "Check that its server runs and is not overloaded",
            ) from None
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise _refusal(
                f"the feed at {self._where} cannot be reached "
                f"({str(error) or type(error).__name__})",
                "Check the network, the server and feed.url",
            ) from error
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise _refusal(f"the feed at {self._where} sent something that is not UTF-8") from None

    async def _get(self) -> bytes:
        """The body of the answer, no larger than `LARGEST_BYTES`."""
        async with self._client.stream("GET", self._url) as answer:
            if answer.has_redirect_location:
                target = answer.headers["location"][:_SHOWN]
                raise _refusal(
                    f'the feed at {self._where} redirects to "{target}", which evsed does not '
                    "follow",
                    "Set feed.url to the page itself",
                )
            if answer.status_code != httpx.codes.OK:
                raise _refusal(
                    f"the feed at {self._where} answered with status {answer.status_code} "
                    "instead of 200",
                    "Check feed.url and the web server's log",
                )
            # Asked for as it is. What comes compressed may be a hundred times larger than it looks.
            if (encoding := answer.headers.get("content-encoding", "identity")) != "identity":
                raise _refusal(
                    f'the feed at {self._where} sent its page compressed ("{encoding[:_SHOWN]}"), '
                    "though asked not to",
                    "Turn compression off in its web server",
                )
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_BYTES:
                    raise _refusal(
                        f"the feed at {self._where} sent more than {LARGEST_BYTES // 1024} KiB, "
                        "which is not BatteryMonitor's page",
                        "Check feed.url",
                    )
            return bytes(body)


def open_batterymonitor(config: FeedConfig) -> BatteryMonitorFeed:
    """The feed of *config*, by this machine's clock and network.

    Raises `FeedError` when the address or the time zone is not one.
    """
    return BatteryMonitorFeed(config, find_zone(config.timezone))
