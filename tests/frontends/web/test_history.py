# SPDX-License-Identifier: GPL-3.0-or-later
"""The past over real sockets, out of a real store: shown, deleted, copied."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from evsed.core.energy.history import TraceRow
from evsed.core.energy.sessions import Checkpoint, DayTotal, EndReason, SessionRecord
from evsed.daemon.history import HistoryService
from evsed.daemon.session_recorder import SessionRecorder, SessionRecorderConfig
from evsed.frontends.views import PricesView, SessionView
from evsed.frontends.web.api import history_api as history
from evsed.store import Store
from evsed.store.rows import begins_at
from tests.frontends.web.web_world import IN_TIME_S, Served, served

pytestmark = pytest.mark.usefixtures("vienna")

DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROW = TraceRow(0, 60, 2000, 2300, 1800, 12, "C2")
MORE_THAN_SOCKETS_TAKE = [replace(ROW, at=60 * n) for n in range(40_000)]  # a megabyte
CHARGED = SessionRecord(
    id="one",
    started=NOON,
    ended=NOON + timedelta(hours=2),
    energy_wh=4321.06,
    charge_s=7000.04,
    peak_a=9.4,
    solar_wh=4000.0,
    reason=EndReason.FEED,
    cost=0.123456,
    savings=1.2,
)


class House:
    """An evsed with a past: what it serves, and the orders it had."""

    def __init__(
        self, web: Served, folder: Path, store: Store, told: list[tuple[str, str]]
    ) -> None:
        self.web = web
        self.folder = folder
        self.store = store
        self.told = told

    async def get(self, target: str) -> tuple[int, dict[str, str], Any]:
        wire = await self.web.wire()
        status, headers, body = await wire.ask(f"GET /api/v1/{target}")
        return status, headers, json.loads(body) if "json" in headers["content-type"] else body

    async def order(self, line: str) -> tuple[int, dict[str, str], bytes]:
        wire = await self.web.wire(self.folder / "s")
        return await wire.ask(line)

    async def backup_granted(self) -> None:
        """Ask for a backup until there is one."""
        async with asyncio.timeout(IN_TIME_S):
            status = 0
            while status != 200:
                status, _, _ = await self.order("POST /api/v1/backup")


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    books = await SessionRecorder.open(
        SessionRecorderConfig(tmp_path / "evsed.db", tmp_path, "as built", 32.0)
    )
    told: list[tuple[str, str]] = []
    archive = HistoryService(
        tmp_path / "evsed.db", books, lambda who, what: told.append((who, what))
    )
    store = books.writer.store
    later = NOON + timedelta(hours=3)
    open_one = replace(CHARGED, id="two", started=later, ended=None, solar_wh=None, reason=None)
    days = (
        DayTotal(DAY, 4321.0, 7000.0, 4000.0, 2.0, 1.25),
        DayTotal(date(2025, 6, 1), 1.0, 2.0, None),
    )
    store.save(Checkpoint((CHARGED, open_one), days, 4321.0, 2, 1), NOON)
    store.mark_logged("one")
    start = begins_at(DAY)
    store.trace.add([replace(ROW, at=start + 60 * n) for n in range(3)])
    store.trace.add([TraceRow(start + 600, 30, None, 0, 0, None, "A")])
    async with served(history=archive, socket=tmp_path / "s") as web:
        yield House(web, tmp_path, store, told)
    archive.close()
    await books.close(clean=True)


async def test_sessions_are_told_the_newest_first(house: House) -> None:
    status, _, told = await house.get("sessions")
    assert status == 200
    assert told["api"] == 1
    assert [item["id"] for item in told["sessions"]] == ["two", "one"]
    assert told["sessions"][1] == {
        "id": "one",
        "started": "2026-11-24T13:00:00.000+01:00",
        "ended": "2026-11-24T15:00:00.000+01:00",
        "energy_wh": 4321.1,
        "solar_wh": 4000.0,
        "peak_a": 9.4,
        "charge_s": 7000.0,
        "energy_measured": False,
        "reason": "feed",
        "cost": 0.1235,
        "savings": 1.2,
    }
    assert told["sessions"][0]["ended"] is told["sessions"][0]["solar_wh"] is None


async def test_the_session_under_way_has_the_figures_of_the_status(house: House) -> None:
    later = NOON + timedelta(hours=3)
    live = SessionView(
        active=True, energy_wh=555.5, charge_s=60.0, peak_a=7.0, started=later, solar_wh=500.0
    )
    house.web.hub.show(replace(house.web.hub.shown, session=live))
    _, _, answer = await house.get("sessions")
    newest, older = answer["sessions"]
    assert (newest["energy_wh"], newest["solar_wh"], newest["charge_s"]) == (555.5, 500.0, 60.0)
    assert older["energy_wh"] == 4321.1
    house.web.hub.show(replace(house.web.hub.shown, session=replace(live, active=False)))
    _, _, answer = await house.get("sessions")
    assert answer["sessions"][0]["energy_wh"] == 4321.1


async def test_sessions_are_told_a_page_at_a_time(house: House) -> None:
    _, _, first = await house.get("sessions?limit=1")
    before = first["sessions"][-1]["started"]
    _, _, second = await house.get(f"sessions?limit=1&before={before}")  # with a bare +
    assert [item["id"] for item in (*first["sessions"], *second["sessions"])] == ["two", "one"]


@pytest.mark.parametrize(
    "target",
    [
        "sessions?limit=0",
        "sessions?limit=1001",
        "sessions?before=noon",
        "sessions?before=2026-11-24",
        "sessions?month=2026-13",
        "sessions.csv?month=November",
        "energy?by=week",
        "energy?from=24.11.2026",
        "energy?to=2026-02-30",
    ],
)
async def test_what_makes_no_sense_is_a_problem_that_names_the_parameter(
    house: House, target: str
) -> None:
    status, _, told = await house.get(target)
    assert status == 400
    assert told["errors"][0]["parameter"] == target.partition("?")[2].partition("=")[0]


@pytest.mark.parametrize(
    ("month", "ids"), [("2026-11", ["two", "one"]), ("2026-10", []), ("2026-12", [])]
)
async def test_the_sessions_of_a_month_are_those_that_began_in_it(
    house: House, month: str, ids: list[str]
) -> None:
    _, _, answer = await house.get(f"sessions?month={month}")
    assert [each["id"] for each in answer["sessions"]] == ids
    _, headers, body = await house.get(f"sessions.csv?month={month}")
    assert f"evsed-sessions-{month}.csv" in headers["content-disposition"]
    assert [each["id"] for each in csv.DictReader(io.StringIO(body.decode()))] == ids[::-1]


async def test_all_sessions_are_a_table_with_the_newest_last(house: House) -> None:
    status, headers, body = await house.get("sessions.csv")
    assert status == 200
    assert headers["content-type"] == "text/csv; charset=utf-8"
    assert headers["content-disposition"] == 'attachment; filename="evsed-sessions.csv"'
    item, two = csv.DictReader(io.StringIO(body.decode()))
    assert item == {
        "id": "one",
        "started": "2026-11-24T13:00:00+01:00",
        "ended": "2026-11-24T15:00:00+01:00",
        "energy_wh": "4321.1",
        "solar_wh": "4000.0",
        "peak_a": "9.4",
        "charge_s": "7000.0",
        "energy_measured": "false",
        "reason": "feed",
        "cost": "0.1235",
        "savings": "1.2",
    }
    assert (two["id"], two["ended"], two["solar_wh"], two["reason"]) == ("two", "", "", "")


async def test_energy_is_told_by_day_month_and_year(house: House) -> None:
    _, _, told = await house.get("energy")
    assert told == {
        "api": 1,
        "by": "day",
        "periods": [
            {
                "start": "2025-06-01",
                "energy_wh": 1.0,
                "solar_wh": None,
                "charge_s": 2.0,
                "cost": None,
                "savings": None,
            },
            {
                "start": "2026-11-24",
                "energy_wh": 4321.0,
                "solar_wh": 4000.0,
                "charge_s": 7000.0,
                "cost": 2.0,
                "savings": 1.25,
            },
        ],
    }
    _, _, told = await house.get("energy?by=month&from=2026-01-01&to=2026-12-31")
    assert [item["start"] for item in told["periods"]] == ["2026-11-01"]
    _, _, told = await house.get("energy?by=year")
    assert [item["start"] for item in told["periods"]] == ["2025-01-01", "2026-01-01"]


async def test_the_chart_of_a_day_is_columns(house: House) -> None:
    _, _, told = await house.get("days")
    assert told == {"api": 1, "days": ["2026-11-24"]}
    status, _, told = await house.get("days/2026-11-24")
    assert status == 200
    assert told == {
        "api": 1,
        "day": "2026-11-24",
        "start": "2026-11-24T00:00:00.000+01:00",
        "every_s": 60,
        "at_s": [0, 60, 120, 600],
        "covered_s": [60, 60, 60, 30],
        "available_w": [2000, 2000, 2000, None],
        "offered_w": [2300, 2300, 2300, 0],
        "power_w": [1800, 1800, 1800, 0],
        "battery_loan_wh": [12, 12, 12, None],
        "state": ["C2", "C2", "C2", "A"],
    }


@pytest.mark.parametrize("day", ["2026-11-23", "0001-01-01", "9999-12-31", "today", "2026-02-30"])
async def test_a_day_of_which_nothing_is_kept_is_not_there(house: House, day: str) -> None:
    status, headers, told = await house.get(f"days/{day}")
    assert (status, headers["content-type"]) == (404, "application/problem+json")
    assert told["status"] == 404


async def test_a_store_that_does_not_answer_is_a_problem_that_passes(house: House) -> None:
    kept = house.folder / "evsed.db"
    kept.rename(house.folder / "elsewhere")
    for target in ("sessions", "sessions.csv", "energy", "days", "days/2026-11-24"):
        status, headers, told = await house.get(target)
        assert (status, headers["retry-after"]) == (503, "10")
        assert "could not be read" in told["detail"]
    (house.folder / "elsewhere").rename(kept)
    assert (await house.get("sessions"))[0] == 200


async def test_deleting_needs_a_day_and_says_what_came_of_it(house: House) -> None:
    for target in ("history", "history?before=", "history?before=yesterday"):
        status, _, body = await house.order(f"DELETE /api/v1/{target}")
        assert status == 400
        assert json.loads(body)["errors"][0]["parameter"] == "before"
    assert len((await house.get("sessions"))[2]["sessions"]) == 2

    status, _, body = await house.order("DELETE /api/v1/history?before=2026-11-25")
    assert status == 200
    outcome = json.loads(body)["outcome"]
    assert outcome.startswith("deleted from the history before 2026-11-25: sessions 1, rows 4")
    (what,) = [what for _, what in house.told]
    assert what == "delete the history before 2026-11-25: sessions 1, rows 4"
    assert (await house.get("days"))[2]["days"] == []
    assert [item["id"] for item in (await house.get("sessions"))[2]["sessions"]] == ["two"]
    assert len((await house.get("energy"))[2]["periods"]) == 2


async def test_a_backup_is_a_file_that_opens_as_a_store(house: House) -> None:
    status, headers, body = await house.order("POST /api/v1/backup")
    assert status == 200
    assert headers["content-type"] == "application/vnd.sqlite3"
    assert headers["content-disposition"] == 'attachment; filename="evsed-20261122-120003.db"'
    assert len(body) == int(headers["content-length"])
    copy = house.folder / "copy" / "evsed.db"
    copy.parent.mkdir()
    copy.write_bytes(body)
    restored = Store(copy)
    assert restored.load() == house.store.load()
    restored.close()
    assert not [item for item in house.folder.iterdir() if "copying" in item.name]
    assert [what for _, what in house.told] == ["make a backup"]


async def test_one_backup_at_a_time_and_one_that_is_left_ends(house: House) -> None:
    house.store.trace.add(MORE_THAN_SOCKETS_TAKE)
    wire = await house.web.wire(house.folder / "s", buffer_bytes=1024)
    await wire.send(b"POST /api/v1/backup HTTP/1.1\r\nHost: evsed\r\n\r\n")
    await wire.reader.readuntil(b"\r\n\r\n")

    status, headers, body = await house.order("POST /api/v1/backup")
    assert (status, headers["retry-after"]) == (503, "30")
    assert "another backup is being sent" in json.loads(body)["detail"]

    await wire.close()
    await house.backup_granted()


async def test_a_backup_that_is_not_read_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "SENT_WITHIN_S", 0.2)
    house.store.trace.add(MORE_THAN_SOCKETS_TAKE)
    wire = await house.web.wire(house.folder / "s", buffer_bytes=1024)
    await wire.send(b"POST /api/v1/backup HTTP/1.1\r\nHost: evsed\r\n\r\n")
    head = await wire.reader.readuntil(b"\r\n\r\n")
    announced = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await house.backup_granted()
    assert len(await wire.ended()) < announced, "half a backup must not pass for one"


async def test_a_month_can_be_printed_with_its_sums(house: House) -> None:
    prices = PricesView(now=0.3, currency="€", until=None, text="", trouble=None)
    house.web.hub.show(replace(house.web.hub.shown, prices=prices))
    status, headers, page = await house.get("sessions.html?month=2026-11")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    text = page.decode()
    assert "<h1>Charges in November 2026</h1>" in text
    assert "<td>2026-11-24 13:00</td><td>2026-11-24 15:00</td><td>≈ 4.32</td>" in text
    assert "an estimate" in text
    assert "<td>4.00</td><td>0.12</td><td>1.20</td></tr>" in text
    assert '<th scope="col">Cost, €</th><th scope="col">Saved, €</th>' in text
    assert "<td>8.64</td><td>–</td><td>0.25</td><td>2.40</td></tr></tfoot>" in text
    _, _, page = await house.get("sessions.html?month=2026-10")
    assert "0 in all" in page.decode()
    status, _, _ = await house.get("sessions.html")  # of now
    assert status == 200


SEND = "POST /api/v1/restore HTTP/1.1\r\nHost: evsed\r\nContent-Type: application/octet-stream\r\n"


async def send(house: House, body: bytes) -> tuple[int, dict[str, Any]]:
    """Send *body* as a backup that is to be restored."""
    wire = await house.web.wire(house.folder / "s")
    head = f"{SEND}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    await wire.send(head.encode() + body)
    start, _, answer = (await wire.ended()).partition(b"\r\n\r\n")
    return int(start.split()[1]), json.loads(answer)


async def test_a_backup_that_is_sent_is_checked_and_put_ready(house: House) -> None:
    _, _, body = await house.order("POST /api/v1/backup")
    status, told = await send(house, body)
    assert (status, told["outcome"][:17]) == (200, "checked and ready")
    assert (house.folder / "restore.new" / "evsed.db").exists()
    assert house.told[-1][1] == "restore evsed.db from a backup"
    assert house.store.load().total_wh >= 0  # the present one is in use until evsed begins again


async def test_a_backup_of_some_megabytes_arrives_whole(house: House) -> None:
    """The store of a house of two months has two; all else that is sent has 64 KB at most."""
    start = begins_at(DAY) - 90 * 86_400
    house.store.trace.add([replace(ROW, at=start + 60 * n) for n in range(50_000)])
    _, _, body = await house.order("POST /api/v1/backup")
    assert len(body) > 1_000_000
    status, told = await send(house, body)
    assert (status, told["outcome"][:17]) == (200, "checked and ready")
    status, told = await send(house, b"no backup at all" * 200_000)
    assert status == 422


async def test_what_is_no_backup_is_refused_and_nothing_is_put_ready(house: House) -> None:
    status, told = await send(house, b"no backup at all" * 1000)
    assert status == 422
    assert "nothing was changed" in told["detail"]
    assert not (house.folder / "restore.new").exists()
    assert house.told == []
    status, _, body = await house.order("POST /api/v1/restore/undo")
    assert (status, json.loads(body)["detail"][:20]) == (409, "nothing was restored")
    status, _, _ = await house.order("POST /api/v1/restore")  # nothing was sent
    assert status == 422


@pytest.mark.parametrize(
    "line",
    [
        "DELETE /api/v1/history?before=2027-01-01",
        "POST /api/v1/backup",
        "POST /api/v1/restore",
        "POST /api/v1/restore/undo",
    ],
)
async def test_over_the_network_it_takes_a_session(house: House, line: str) -> None:
    wire = await house.web.wire()
    status, _, body = await wire.ask(line)
    assert (status, json.loads(body)["status"]) == (403, 403)  # no password is set
    assert house.told == []
    assert (await house.get("days"))[2]["days"] == ["2026-11-24"]
