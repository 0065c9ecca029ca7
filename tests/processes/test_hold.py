# SPDX-License-Identifier: GPL-3.0-or-later
"""The real daemon holds the contactor by PWM through the simulated pigpiod, and is killed at it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from tests.processes import stories
from tests.processes.rig import Rig, wait_until
from tests.processes.timeline import Timeline

SCRIPT_S = 0.150
HOLDS = {"EVSED_CONTACTOR__HOLD_DUTY": "0.8", "EVSED_INPUTS__CONTACTOR_FEEDBACK_GPIOS": "[25]"}


@dataclass(frozen=True, slots=True)
class Held:
    """A charge that was held for a while and then lost its control process."""

    duty: float | None
    timeline: Timeline
    killed_at: float
    closed: bool


def killed_while_held(rig: Rig) -> Held:
    daemon = rig.charge(**HOLDS)
    rig.pi.order("pump", fitted=False)  # the script alone
    wait_until("it is held", lambda: rig.pi.order("state")["hold_duty"])
    rig.until_beats(100, rig.now())  # two read-backs
    duty = rig.pi.order("state")["hold_duty"]
    killed_at = rig.now()
    os.kill(daemon.control_pid(), signal.SIGKILL)
    wait_until("the contacts are open", lambda: not rig.pi.order("state")["contacts_closed"])
    return Held(duty, rig.pi.timeline(), killed_at, rig.pi.order("state")["contacts_closed"])


@stories.of(killed_while_held)
def test_the_contactor_is_held_and_stays_closed_through_the_read_backs(outcome: Held) -> None:
    assert outcome.duty == 0.8
    assert not [at for at in outcome.timeline.openings() if at < outcome.killed_at]


@stories.of(killed_while_held)
def test_the_script_in_pigpiod_ends_the_pwm_of_a_killed_process_in_time(outcome: Held) -> None:
    opened_at = outcome.timeline.openings(outcome.killed_at)[0]
    assert opened_at - outcome.timeline.last_beat(outcome.killed_at + SCRIPT_S) <= SCRIPT_S
    assert not outcome.closed
