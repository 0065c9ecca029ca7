# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages to systemd: ready once the pilot is driven, alive while the ticks come round."""

from __future__ import annotations

from dataclasses import dataclass

from tests.processes import stories
from tests.processes.rig import Rig, wait_until

FED = "WATCHDOG=1"
READY = "READY=1"


@dataclass(frozen=True, slots=True)
class Told:
    """The counts of messages to systemd before pigpiod came, with it, and after it went again."""

    ready_before: int
    ready_with: int
    ready_after: int
    driven_at: float
    ready_at: float
    health: tuple[str, str, str]
    extended: bool


def pigpiod_comes_late_and_goes(rig: Rig) -> Told:
    rig.pi.order("kill")
    rig.start()

    def fed(times: int) -> None:
        before = rig.systemd.count(FED)
        wait_until("the watchdog is fed", lambda: rig.systemd.count(FED) >= before + times)

    def healthy() -> str:
        answer = rig.get("/healthz")
        return answer if answer.startswith("200") else ""

    fed(2)
    ready_before, health_before = rig.systemd.count(READY), rig.get("/healthz")
    extended = any(line.startswith("EXTEND_TIMEOUT_USEC=") for _, line in rig.systemd.heard())
    rig.pi.order("revive")
    wait_until("it is ready", lambda: rig.systemd.count(READY))
    fed(1)
    health_with = wait_until("healthz answers 200", healthy)
    ready_with = rig.systemd.count(READY)
    ready_at = next(at for at, line in rig.systemd.heard() if line == READY)
    driven_at = next(at for at, duty in rig.pi.timeline().pilot if duty == 1.0)
    rig.pi.order("kill")
    wait_until("the board is lost", lambda: not (rig.status() or {"board_ok": 1})["board_ok"])
    fed(3)
    health = (health_before, health_with, rig.get("/healthz"))
    ready_after = rig.systemd.count(READY)
    return Told(ready_before, ready_with, ready_after, driven_at, ready_at, health, extended)


@stories.of(pigpiod_comes_late_and_goes)
def test_systemd_is_told_ready_once_and_only_after_the_pilot_is_driven(outcome: Told) -> None:
    assert (outcome.ready_before, outcome.ready_with, outcome.ready_after) == (0, 1, 1)
    assert outcome.driven_at < outcome.ready_at


@stories.of(pigpiod_comes_late_and_goes)
def test_the_watchdog_is_fed_while_the_board_is_being_reached_and_healthz_is_503(
    outcome: Told,
) -> None:
    assert [answer[:3] for answer in outcome.health] == ["503", "200", "503"]
    assert outcome.extended, "systemd would have given up waiting for READY=1"
