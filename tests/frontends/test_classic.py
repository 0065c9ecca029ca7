# SPDX-License-Identifier: GPL-3.0-or-later
"""The original's line, energy.log and EnergyStats."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.energy.energy_stats import day_number
from evsed.core.energy.sessions import SessionRecord
from evsed.errors import StoreError
from evsed.frontends.classic import EnergyFiles, classic_line, format_record, parse_record
from evsed.frontends.status import Status
from evsed.frontends.views import FaultView, SessionView
from tests.frontends.web import web_world

NOW = datetime(2026, 11, 22, 11, 30, 4, tzinfo=UTC)

CHARGING = replace(
    web_world.CHARGING,
    at=datetime(2020, 10, 9, 12, 52, 44, tzinfo=UTC),
    high_v=5.93,
    duty=0.1548,
    excess_w=19.3,
    session=SessionView(active=True, energy_wh=9648.0, charge_s=3600.0, peak_a=9.4, started=None),
    day_wh=11_500.0,
)
FAULT = FaultView("DiodeFault", "", "", "", "unplug", NOW)


# ------------------------------------------------------------------------------------ the line


def test_the_line_is_the_originals() -> None:
    assert classic_line(CHARGING) == (
        "Timestamp 20201009125244 CP value=83 CP duty=158 ChargeI=9.4 Power=2.2 Delta=19 State=3 "
        "Energy=9.648 DayEnergy=11.5"
    )


@pytest.mark.parametrize(
    ("high_v", "cp_value"),
    [
        (12.0, 248),
        (9.0, 155),
        (6.0, 85),
        (10.5, 202),  # half way, 201.5
        (7.5, 120),
        (12.3, 257),
        (3.0, 15),
        (2.0, 0),
        (0.0, 0),
        (-12.0, 0),
        (None, 0),
    ],
)
def test_the_pilots_plateau_is_on_the_originals_scale(high_v: float | None, cp_value: int) -> None:
    assert f" CP value={cp_value} " in classic_line(replace(CHARGING, high_v=high_v))


@pytest.mark.parametrize(("duty", "cp_duty"), [(1.0, 1023), (0.0, 0), (0.1, 102), (0.5333, 546)])
def test_the_duty_is_in_parts_of_1023(duty: float, cp_duty: int) -> None:
    assert f" CP duty={cp_duty} " in classic_line(replace(CHARGING, duty=duty))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (replace(CHARGING, state="A", contactor_closed=False), 1),
        (replace(CHARGING, state="B2", contactor_closed=False), 2),
        (replace(CHARGING, state="C1", contactor_closed=False), 2),
        (replace(CHARGING, faults=(FAULT,)), 4),
        (replace(CHARGING, board_ok=False), 4),
    ],
)
def test_current_and_power_are_zero_unless_the_car_charges(status: Status, state: int) -> None:
    assert f" ChargeI=0.0 Power=0.0 Delta=19 State={state} " in classic_line(status)


def test_without_a_board_both_figures_of_the_pilot_are_zero() -> None:
    line = classic_line(replace(CHARGING, board_ok=False))

    assert " CP value=0 CP duty=0 " in line
    assert " State=4 " in line


@pytest.mark.parametrize(("excess_w", "delta"), [(None, 0), (-612.0, -612), (-0.2, 0)])
def test_delta_is_the_feeds_last_excess(excess_w: float | None, delta: int) -> None:
    assert f" Delta={delta} State" in classic_line(replace(CHARGING, excess_w=excess_w))


# ---------------------------------------------------------------------------------- energy.log


def session(energy_wh: float = 9648.0, charge_s: float = 3 * 3600.0) -> SessionRecord:
    return SessionRecord(id="one", started=NOW, energy_wh=energy_wh, charge_s=charge_s)


def originals_record(moment: datetime, energy_kwh: float, hours: float) -> str:
    """A line as the original printed it: its day column is three wide and grows."""
    day = moment.timetuple().tm_yday + int((moment.year - 2020) * 365.25)
    return f"{moment:%Y%m%d%H%M%S}  {day:3d} {energy_kwh:7.3f}kWh Charge Time {hours:4.1f}hr\n"


def test_a_record_is_fifty_bytes_in_the_originals_columns() -> None:
    line = format_record(session(), NOW)

    assert line == "20261122113004 2517   9.648kWh Charge Time  3.0hr\n"
    assert len(line) == 50


def test_a_record_of_the_first_years_is_byte_for_byte_the_originals() -> None:
    moment = datetime(2020, 10, 9, 12, 52, 44, tzinfo=UTC)

    assert format_record(session(), moment) == originals_record(moment, 9.648, 3.0)


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.datetimes(datetime(1970, 1, 1)))  # noqa: DTZ001
def test_a_record_is_read_back_whatever_the_clock_said_and_has_fifty_bytes_until_2047(
    energy_wh: float, charge_s: float, ended: datetime
) -> None:
    line = format_record(session(energy_wh, charge_s), ended)

    assert len(line) == 50 or not 0 <= day_number(ended.date()) <= 9999
    record = parse_record(line.rstrip())
    assert record is not None
    assert record.day == ended.date()
    # Half of the last digit at most, counted exactly: a float's error can lie beyond a half.
    told, meant = Decimal(str(record.energy_kwh)), Decimal(min(energy_wh / 1000, 999.999))
    assert abs(told - meant) <= Decimal("5e-4")


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2020, 1, 1, 0, 0, 0, tzinfo=UTC),
        datetime(2020, 10, 9, 12, 52, 44, tzinfo=UTC),
        datetime(2022, 9, 26, 23, 59, 59, tzinfo=UTC),  # day 999
        datetime(2022, 9, 27, 0, 0, 0, tzinfo=UTC),  # day 1000
        datetime(2024, 12, 31, 8, 0, 0, tzinfo=UTC),
        datetime(2025, 1, 1, 8, 0, 0, tzinfo=UTC),
    ],
)
def test_records_of_the_original_are_read_by_their_fields(moment: datetime) -> None:
    line = originals_record(moment, 12.345, 4.5)

    record = parse_record(line.rstrip())
    assert len(line) == (51 if day_number(moment.date()) >= 1000 else 50)
    assert record is not None
    assert (record.day, record.energy_kwh, record.hours) == (moment.date(), 12.345, 4.5)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "20261122113004",
        "20261122113004 2517   9.648kWh Charge Time  3.",
        "20261322113004 2517   9.648kWh Charge Time  3.0hr",
        "20261122113004 2517     nankWh Charge Time  3.0hr",
        "99991231235959 9999999   9.648kWh Charge Time  3.0hr",
        "\0" * 50,
        "20261122113004 2517   9.648kWh Charge Time  3.0hr" * 2,
    ],
)
def test_what_is_no_record_is_none(line: str) -> None:
    assert parse_record(line) is None


def test_energy_log_grows_by_a_line_a_session(tmp_path: Path) -> None:
    files = EnergyFiles(tmp_path / "evsed")
    files.append(session(1000), NOW)
    files.append(session(2000), NOW)

    lines = (tmp_path / "evsed" / "energy.log").read_text().splitlines()
    assert [line[20:27] for line in lines] == ["  1.000", "  2.000"]


def test_the_same_session_written_again_is_one_line(tmp_path: Path) -> None:
    """As after a crash between the file and the note in the database that it is written."""
    files = EnergyFiles(tmp_path)
    for _ in range(2):
        files.append(session(), NOW)

    assert (tmp_path / "energy.log").read_text() == format_record(session(), NOW)


def test_a_line_torn_by_a_power_cut_stays_and_harms_no_other(tmp_path: Path) -> None:
    log = tmp_path / "energy.log"
    whole = originals_record(NOW, 2.0, 1.0)
    log.write_bytes(whole.encode() + b"2026112211\0\0\0")
    files = EnergyFiles(tmp_path)
    files.append(session(3000), NOW)

    assert log.read_bytes().split(b"\n")[1] == b"2026112211\0\0\0"
    stats = files.write_stats(NOW)
    assert stats.today_kwh == pytest.approx(5.0)


# --------------------------------------------------------------------------------- EnergyStats


def test_energy_stats_is_written_in_the_originals_form(tmp_path: Path) -> None:
    files = EnergyFiles(tmp_path)
    log = tmp_path / "energy.log"
    log.write_text(
        originals_record(NOW - timedelta(days=200), 1111.1, 4.0)
        + originals_record(NOW - timedelta(days=20), 100.0, 4.0)
        + originals_record(NOW - timedelta(days=2), 20.0, 4.0)
    )
    files.append(session(3400), NOW)
    files.write_stats(NOW)

    assert (tmp_path / "EnergyStats").read_text() == (
        "Last Update Time 2026-11-22 11:30:04\n"
        "Last Year     1234.5kWh\n"
        "Last 30 Days   123.4kWh\n"
        "Last 5 Days     23.4kWh\n"
        "Current Day      3.4kWh\n"
        "Last Session     3.4kWh\n"
        "Av. per day charging occurs over 90 days 41.1333kWh\n"
        "Av. per day charging occurs over 30 days 41.1333kWh\n"
        "Av. per day charging occurs over 5 days  11.7000kWh\n"
    )


def test_energy_stats_carries_on_over_the_thousandth_day(tmp_path: Path) -> None:
    """Three-digit days, then the original's four-digit days, then evsed's own."""
    now = datetime(2022, 9, 28, 12, tzinfo=UTC)
    first = date(2022, 9, 24)
    moments = [datetime(2022, 9, first.day + n, 12, tzinfo=UTC) for n in range(4)]
    text = "".join(originals_record(moment, 1.0, 1.0) for moment in moments)
    (tmp_path / "energy.log").write_text(text)
    files = EnergyFiles(tmp_path)
    files.append(session(1000), now)

    assert [day_number(moment.date()) for moment in (*moments, now)] == [997, 998, 999, 1000, 1001]
    stats = files.write_stats(now)
    assert (stats.days_5_kwh, stats.mean_5_kwh) == (5.0, 1.0)


def test_energy_stats_is_there_before_the_first_session_too(tmp_path: Path) -> None:
    EnergyFiles(tmp_path).write_stats(NOW)

    assert "Last Session     0.0kWh\n" in (tmp_path / "EnergyStats").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["EnergyStats"]


def test_of_a_huge_log_the_newest_records_are_read(tmp_path: Path) -> None:
    old = originals_record(NOW, 1.0, 1.0)
    (tmp_path / "energy.log").write_text(old * 40_000)
    files = EnergyFiles(tmp_path)

    stats = files.write_stats(NOW)

    assert stats.today_kwh == (1 << 20) // len(old)


# ---------------------------------------------------------------------------------- a full disk


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Like a full disk: the system takes what fits and refuses the rest."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_log_that_is_read_without_end_ends_nobodys_memory(tmp_path: Path) -> None:
    """/dev/full has no size, gives zeros for ever and takes nothing."""
    (tmp_path / "energy.log").symlink_to("/dev/full")

    assert EnergyFiles(tmp_path).write_stats(NOW).year_kwh == 0.0
    with pytest.raises(StoreError, match="No space left"):
        EnergyFiles(tmp_path).append(session(), NOW)


def test_a_full_disk_leaves_the_log_as_it_was_and_it_can_be_written_later(tmp_path: Path) -> None:
    files = EnergyFiles(tmp_path)
    files.append(session(1000), NOW)
    log = tmp_path / "energy.log"
    before = log.read_bytes()

    words = r"energy\.log cannot be written .* written later\. Make room on the disk"
    for room in (0, 20):
        with no_file_larger_than(len(before) + room), pytest.raises(StoreError, match=words):
            files.append(session(2000), NOW)
        assert log.read_bytes() == before

    files.append(session(2000), NOW)
    assert len(log.read_text().splitlines()) == 2


def test_a_full_disk_leaves_the_stats_as_they_were(tmp_path: Path) -> None:
    files = EnergyFiles(tmp_path)
    files.write_stats(NOW)
    before = (tmp_path / "EnergyStats").read_bytes()

    with no_file_larger_than(100), pytest.raises(StoreError, match="is unchanged"):
        files.write_stats(NOW + timedelta(days=1))

    assert (tmp_path / "EnergyStats").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["EnergyStats"]


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    files = EnergyFiles(tmp_path / "logs")

    with pytest.raises(StoreError, match=r"logs/energy\.log cannot be written"):
        files.append(session(), NOW)
    with pytest.raises(StoreError, match=r"logs/EnergyStats cannot be written"):
        files.write_stats(NOW)
