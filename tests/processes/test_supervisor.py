# SPDX-License-Identifier: GPL-3.0-or-later
"""A frontend that makes trouble beside a real charge: it is ended, shown and started again."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.processes.rig import wait_until

if TYPE_CHECKING:
    from tests.processes.rig import Rig

GOES_ON_S = 6.0  # longer than limits hold


def troubled(rig: Rig) -> dict[str, Any] | None:
    status = rig.status() or {"parts": []}
    return next((part for part in status["parts"] if part["name"] == "troubled"), None)


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [
        ("raises", "it ended with RuntimeError: as the test has it"),
        ("exits", "it ended with SystemExit: 3"),
        ("ends", "it ended by itself"),
        ("leaks", "tasks"),
        ("floods", "orders beyond its share"),
    ],
)
def test_a_troubled_frontend_is_started_again_and_the_charge_goes_on(
    rig: Rig, kind: str, trouble: str
) -> None:
    daemon = rig.charge(module="tests.processes.troubled_daemon", TROUBLE=kind)
    part = wait_until(
        "it was started again", lambda: (p := troubled(rig)) and p["restarts"] > 0 and p
    )
    assert part
    assert trouble in part["trouble"]
    _goes_on(rig)
    daemon.signal(signal.SIGTERM)
    assert daemon.ended() == 0
    assert trouble in daemon.said()


@pytest.mark.parametrize(("kind", "state"), [("blocks", "stuck"), ("burns", "stuck")])
def test_a_frontend_that_blocks_for_a_minute_is_shown_and_the_charge_goes_on(
    rig: Rig, kind: str, state: str
) -> None:
    daemon = rig.charge(module="tests.processes.troubled_daemon", TROUBLE=kind)
    part = wait_until("it is shown", lambda: (p := troubled(rig)) and p["state"] == state and p)
    assert part
    _goes_on(rig)
    daemon.signal(signal.SIGTERM)
    assert daemon.ended() == 0
    assert "its loop has not turned for 5 s" in daemon.said()


def _goes_on(rig: Rig) -> None:
    """Nothing but a stall opens, under limits that are repeated, longer than they hold."""
    rig.until(rig.now() + GOES_ON_S)
    timeline = rig.pi.timeline()
    assert timeline.of_evsed(timeline.openings(timeline.closings()[0])) == []
    wait_until("it charges", lambda: (s := rig.status()) and _charges(s))


def _charges(status: dict[str, Any]) -> bool:
    return bool(status["contactor_closed"]) and status["limited_by"] != "daemon"
