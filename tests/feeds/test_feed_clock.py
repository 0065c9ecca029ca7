# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages whose two clocks differ: the age of the reading, and the owner's message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import httpx
import pytest

from evsed.core.solar.allotment import Reading
from evsed.feeds import FeedConfig
from evsed.feeds.batterymonitor import BatteryMonitorFeed

START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
Clock = Callable[[datetime], datetime]


class Server:
    """BatteryMonitor writes a stamp a minute by its clock; PHP shows its own."""

    def __init__(
        self, stamps: Clock, php: Clock, zone: tzinfo = UTC, start: datetime = START
    ) -> None:
        self.stamps, self.php, self.start = stamps, php, start
        self.now_s = 0.0
        self.frozen = False
        self.stamp = ""
        self.feed = BatteryMonitorFeed(
            FeedConfig(url="http://house.test/"),
            zone,
            transport=httpx.MockTransport(self.answer),
            clock=lambda: self.now_s,
            jitter=lambda: 0.0,
        )

    def answer(self, _: httpx.Request) -> httpx.Response:
        sampled = self.start + timedelta(seconds=self.now_s // 60 * 60)
        now = self.start + timedelta(seconds=self.now_s)
        if not self.frozen:
            self.stamp = f"{self.stamps(sampled):%Y%m%d%H%M%S}"
        lines = [
            f"Current Time {self.php(now):%Y%m%d%H%M%S}",
            f"Timestamp {self.stamp}",
            *["Excess solar power available 100W"] * 2,
            *["Minimum demand energy 0W"] * 2,
            *["Maximum demand energy 5000W"] * 2,
        ]
        return httpx.Response(200, text="\n".join(lines))

    async def run(self, minutes: float) -> list[Reading]:
        readings = []
        until_s = self.now_s + 60 * minutes
        while self.now_s + self.feed.next_poll_s() <= until_s:
            self.now_s += self.feed.next_poll_s()
            readings.append(await self.feed.poll())
        return readings

    def age_s(self) -> float:
        return self.now_s % 60


def right(moment: datetime) -> datetime:
    return moment


def shifted(**span: float) -> Clock:
    return lambda moment: moment + timedelta(**span)


@pytest.mark.parametrize(
    "name",
    [
        "Australia/Perth",
        "Europe/Vienna",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Auckland",
        "Pacific/Kiritimati",
        "America/New_York",
        "America/St_Johns",
        "America/Sao_Paulo",
        "Pacific/Pago_Pago",
    ],
)
async def test_php_in_utc_beside_a_computer_in_local_time_is_allowed_for(name: str) -> None:
    """php.ini as it is shipped."""
    zone = ZoneInfo(name)
    server = Server(lambda moment: moment.astimezone(zone), right, zone)
    await server.run(3)
    readings = await server.run(5)
    assert {reading.stamp for reading in readings}
    for reading in readings:
        assert reading.age_s <= 60
        assert reading.notice is not None
        assert f'date.timezone = "{name}"' in reading.notice.text
        assert reading.notice.kind == "clocks"
    assert readings[-1].age_s == pytest.approx(server.age_s(), abs=1)


@pytest.mark.parametrize(
    "start", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]
)
async def test_both_changes_of_summer_time_pass_unnoticed(start: datetime) -> None:
    zone = ZoneInfo("Europe/Vienna")
    server = Server(lambda moment: moment.astimezone(zone), right, zone, start)
    await server.run(3)
    for reading in await server.run(150):
        assert reading.age_s <= 65


async def test_a_difference_that_summer_time_changes_stays_one_trouble() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    start = datetime(2026, 4, 4, 14, tzinfo=UTC)
    server = Server(lambda moment: moment.astimezone(zone), right, UTC, start)
    await server.run(3)
    readings = await server.run(150)
    assert all(reading.age_s <= 65 for reading in readings)
    apart = [reading.notice.text.split(" apart")[0][-11:] for reading in readings if reading.notice]
    assert len(apart) == len(readings)
    assert {words.strip() for words in (apart[0], apart[-1])} == {"11 h 0 min", "10 h 30 min"}


async def test_clocks_that_agree_are_no_news() -> None:
    server = Server(right, right)
    for reading in await server.run(10):
        assert reading.notice is None
        assert reading.age_s < 60


@pytest.mark.parametrize(
    "since", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)]
)
async def test_a_computer_that_wakes_in_another_century_and_is_then_set(since: datetime) -> None:
    back = START - since
    clock: list[timedelta] = [back]
    server = Server(lambda moment: moment - clock[0], lambda moment: moment - clock[0])
    assert all(reading.age_s < 60 for reading in await server.run(5))
    server.php = right  # set after the stamp was written and before the page
    server.now_s += 62
    assert (await server.feed.poll()).age_s < 60
    server.stamps = right
    assert all(reading.age_s < 60 for reading in await server.run(5))


@pytest.mark.parametrize("step_s", [-90, -600, 600, 613, 3600, -3600, 4000])
async def test_a_step_between_stamp_and_page_costs_nothing(step_s: float) -> None:
    server = Server(right, right)
    await server.run(5)
    server.php = shifted(seconds=step_s)
    server.now_s += 62
    reading = await server.feed.poll()
    assert reading.age_s < 60
    server.stamps = shifted(seconds=step_s)
    assert all(reading.age_s < 60 and reading.notice is None for reading in await server.run(5))


async def test_two_computers_whose_clocks_were_never_set_are_named_as_such() -> None:
    server = Server(right, shifted(seconds=613))
    await server.run(3)
    readings = await server.run(5)
    assert all(reading.age_s <= 60 for reading in readings)
    notice = readings[-1].notice
    assert notice is not None
    assert "0 h 10 min apart" in notice.text
    assert "NTP" in notice.text


async def test_a_page_that_stands_still_grows_old_whatever_its_clocks_are() -> None:
    for php in (right, shifted(hours=-8), shifted(hours=5)):
        server = Server(right, php)
        await server.run(5)
        server.frozen = True
        readings = await server.run(30)
        assert readings[-1].age_s == pytest.approx(30 * 60, abs=70)


async def test_an_old_page_is_old_from_the_first_poll_on() -> None:
    server = Server(right, right)
    server.stamp, server.frozen = f"{START - timedelta(minutes=15):%Y%m%d%H%M%S}", True
    assert (await server.feed.poll()).age_s == 900


@pytest.mark.parametrize("late_s", [30, 65, 100])
async def test_news_that_is_late_is_late_and_no_wrong_clock(late_s: int) -> None:
    server = Server(shifted(seconds=-late_s), right)
    await server.run(4)
    for reading in await server.run(5):
        assert reading.age_s >= late_s - 1
        assert reading.notice is None
