# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault, whatever it is, in each place where an owner may look for it."""

from __future__ import annotations

import asyncio
import io
import json
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from evsed.core.pilot import events as ev
from evsed.core.pilot.faults import Fault, Recovery
from evsed.frontends.classic import classic_line
from evsed.frontends.serialization import to_json
from evsed.link import Acknowledge, Tick, decode, pair
from evsed.logs import Logs, LogsConfig
from tests.daemon.daemon_world import NOON, life
from tests.daemon.test_summary import CHARGING

DETAIL = "what was measured"


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_fault_is_in_the_classic_line_the_json_and_both_logs(
    tmp_path: Path, fault: Fault
) -> None:
    kind = fault.kind
    async with life(tmp_path) as world:
        snapshot = replace(CHARGING, at=time.monotonic(), faults={fault: DETAIL})
        world.ticks.handle(Tick(snapshot), NOON)
        status = world.status()
    logs = Logs(LogsConfig(tmp_path, "info"), stdout=io.StringIO(), environ={})
    logs.event(ev.FaultRaised(1.0, fault.value, DETAIL), datetime.now().astimezone())
    logs.close(timeout_s=60)

    assert " State=4 " in classic_line(status)
    (told,) = json.loads(to_json(status))["faults"]
    assert (told["name"], told["what"]) == (fault.value, DETAIL)
    assert (told["done"], told["todo"]) == (kind.done, kind.todo)
    what = f"{fault.value}: {DETAIL}"
    assert what in (tmp_path / "events.log").read_text()
    assert f"{what}; {kind.done}; {kind.todo}" in (tmp_path / "errors.log").read_text()


@pytest.mark.parametrize("fault", list(Fault))
def test_what_waits_for_the_owner_says_how_to_acknowledge_it(fault: Fault) -> None:
    waits = fault.kind.recovery in (Recovery.ACKNOWLEDGE, Recovery.SERVICE)

    assert ("`evsed ack`" in fault.kind.todo) is waits


async def test_an_acknowledgement_names_the_faults_that_were_there_to_be_seen(
    tmp_path: Path,
) -> None:
    """One that comes at this very moment was not seen yet, and stays."""
    here, there = pair()
    async with life(tmp_path) as world:
        world.link.connect(here, asyncio.get_running_loop())
        snapshot = replace(CHARGING, at=time.monotonic(), faults={Fault.EMERGENCY_STOP: DETAIL})
        raised = ev.FaultRaised(1.0, Fault.EMERGENCY_STOP.value, DETAIL)
        world.ticks.handle(Tick(snapshot, (raised,)), NOON)
        said = await world.hub.acknowledge("a test")
        again = await world.hub.acknowledge("a test", (Fault.GROUND,))
        world.link.close()

    assert "MREC8EmergencyStop" in said
    assert "no fault was waiting" in again
    assert decode(there.recv(1000)) == Acknowledge((Fault.EMERGENCY_STOP,))
    assert there.recv(1000) == b""
    there.close()
