# SPDX-License-Identifier: GPL-3.0-or-later
"""The line that sums up a session."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evsed.core.energy.sessions import EndReason, SessionRecord
from evsed.daemon.session_summary import ENDS, describe_session

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def record(
    energy_wh: float, reason: EndReason | None = EndReason.CAR, *, solar_wh: float | None = None
) -> SessionRecord:
    return SessionRecord(
        id="x", started=NOON, energy_wh=energy_wh, charge_s=4380.0, peak_a=16.02,
        solar_wh=solar_wh, measured=True, reason=reason,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("session", "line"),
    [
        (
            record(4321.0, solar_wh=4278.0),
            (
                "charged 4.32 kWh in 1 h 13 min, 99 % sun, at most 16.0 A; "
                "ended because the car stopped"
            ),
        ),
        (
            record(4321.0, EndReason.FAULT),
            "charged 4.32 kWh in 1 h 13 min, at most 16.0 A; ended by a fault",
        ),
        (record(4.0), ""),
    ],
)
def test_a_session_is_summed_up(session: SessionRecord, line: str) -> None:
    assert describe_session(session) == line


def test_what_it_cost_is_in_the_line_where_a_price_was_known() -> None:
    paid = replace(record(4321.0), cost=0.5, savings=0.25)
    assert "at most 16.0 A, 0.50 EUR, 0.25 EUR saved; ended" in describe_session(paid, "EUR")
    assert "at most 16.0 A, 0.50, 0.25 saved; ended" in describe_session(paid)


def test_every_end_has_its_words() -> None:
    assert set(ENDS) == set(EndReason)
