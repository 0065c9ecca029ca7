# SPDX-License-Identifier: GPL-3.0-or-later
"""The line that sums up a session."""

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


def test_every_end_has_its_words() -> None:
    assert set(ENDS) == set(EndReason)
