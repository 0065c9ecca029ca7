# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of portals, devices and programs: read right, or refused with words that help.

All but a few hold one day of 39.6 kWh surplus, made up, in the forms in which Home Assistant,
Grafana, InfluxDB, Enphase, SolarEdge, Shelly, SMA, Fronius, Victron, PVOutput, Emoncms, evcc, Tesla
and BatteryMonitor write it (headers and rows as in their documentation and public parsers of them).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from evsed.errors import DayError
from evsed.sim.dayfiles import AmbiguousDay, ReadOptions, RecordedDay, read_days

FILES = Path(__file__).with_name("files")

TRUTH_KWH = 39.4
"""Rows are thinned, so that the files differ by up to 2 %."""

REFUSED = {
    "03-ha-sql.csv": "no name says what the figures are",
    "05-ha-energy-dashboard.csv": "a row every 1h: too coarse",
    "08b-grafana-ms-9min.csv": "import positive or export positive",
    "15-solaredge-prod-us.csv": "production of the panels",
    "19-sma-sunnyportal.csv": "production of the panels",
    "20-sma-explorer.csv": "production of the panels",
    "21-sma-comma.csv": "production of the panels",
    "22-sma-point.csv": "production of the panels",
    "31-emoncms-unix.csv": "no name says what the figures are",
    "34-evcc-sessions.csv": "evcc's list of sessions",
    "35-evcc-sessions-de.csv": "evcc's list of sessions",
    "48-house-consumption.csv": "neither export nor production",
    "49-soc.csv": "state of charge",
    "60-gap-5h.csv": r"no rows from 2026-06-14 08:59:00 to 14:00:00",
    "61-hourly.csv": "a row every 1h: too coarse",
    "63-dst-back.csv": "--timezone Europe/Vienna",
    "70-us-days-1-12.csv": "2026-06-01 has a row every 1h",
    "81-bm-daysummary.csv": "summary of BatteryMonitor's",
}

OTHER_KWH = {"63b-dst-back-iso.csv": 0.75}

READ = sorted(path.name for path in FILES.iterdir() if path.name not in REFUSED)


def kwh(days: list[RecordedDay | DayError]) -> float:
    """The surplus above 0 of all days."""
    return (
        sum(
            max(0.0, watts)
            for day in days
            if isinstance(day, RecordedDay)
            for watts in day.surplus_w
        )
        / 3.6e6
    )


@pytest.mark.parametrize("name", READ)
def test_the_file_is_read_right(name: str) -> None:
    days = read_days(FILES / name, ReadOptions())
    assert kwh(days) == pytest.approx(OTHER_KWH.get(name, TRUTH_KWH), rel=0.025)


@pytest.mark.parametrize("name", READ)
def test_what_each_column_was_taken_for_is_noted(name: str) -> None:
    first = read_days(FILES / name, ReadOptions())[0]
    assert isinstance(first, RecordedDay)
    notes = "\n".join(first.notes)
    assert "a row every" in notes
    assert any(word in notes for word in ("added", "taken off"))


@pytest.mark.parametrize(("name", "words"), REFUSED.items())
def test_the_file_is_refused_with_what_it_lacks(name: str, words: str) -> None:
    with pytest.raises(DayError, match=words) as caught:
        read_days(FILES / name, ReadOptions())
    assert "replayed" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "options", "expected_kwh"),
    [
        ("03-ha-sql.csv", {"imports": "state"}, TRUTH_KWH),
        ("05-ha-energy-dashboard.csv", {"max_gap_s": 3600.0}, 39.5),
        ("08b-grafana-ms-9min.csv", {"imports": "Grid power"}, 0.64),
        ("31-emoncms-unix.csv", {"imports": "2"}, TRUTH_KWH),
        ("15-solaredge-prod-us.csv", {"surplus": "System Production (W)"}, 45.0),
        ("60-gap-5h.csv", {"max_gap_s": 20_000.0}, 39.4),
        ("61-hourly.csv", {"max_gap_s": 3600.0}, 39.3),
        ("63-dst-back.csv", {"timezone": "Europe/Vienna"}, 0.75),
    ],
)
def test_the_option_that_is_named_makes_the_file_readable(
    name: str, options: dict[str, str | float], expected_kwh: float
) -> None:
    days = read_days(FILES / name, ReadOptions(**options))  # type: ignore[arg-type]
    assert kwh(days) == pytest.approx(expected_kwh, rel=0.025)


@pytest.mark.parametrize("name", REFUSED)
def test_each_choice_that_is_offered_leads_to_a_day_or_to_the_next_question(name: str) -> None:
    waiting = [(ReadOptions(), 0)]
    while waiting:
        options, asked = waiting.pop()
        try:
            read_days(FILES / name, options)
        except AmbiguousDay as error:
            if asked == 3:
                pytest.fail(f"a fourth question: {error}")
            waiting.extend((options.with_choice(choice), asked + 1) for choice in error.choices)
        except DayError:
            continue  # in words: no other error may come
