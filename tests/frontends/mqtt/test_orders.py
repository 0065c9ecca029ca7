# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders by MQTT: every payload has an outcome, and none goes beyond what the owner allows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.pilot.faults import Fault, Recovery
from evsed.frontends.claim_orders import read_claim
from evsed.frontends.mqtt.orders import LARGEST_BYTES, carry_out, read_value
from evsed.frontends.views import ControlsView
from tests.frontends.web.web_world import CHARGING, FAULTED, ShownHub

ACKNOWLEDGE, SERVICE = Recovery.ACKNOWLEDGE, Recovery.SERVICE


async def order(
    hub: ShownHub, name: str, payload: str | bytes, *, retained: bool = False
) -> tuple[bool, str]:
    given_bytes = payload.encode() if isinstance(payload, str) else payload
    outcome = await carry_out(hub, name, given_bytes, retained=retained)
    assert json.loads(outcome.to_json())["ok"] is outcome.ok
    return outcome.ok, outcome.reason


async def test_the_owners_own_off_stays_off() -> None:
    hub = ShownHub(replace(CHARGING, controls=ControlsView(mode="off")))
    ok, reason = await order(hub, "mode", "solar")
    assert not ok
    assert "the owner has switched evsed off" in reason
    assert (await order(hub, "max_current_a", "8"))[0]
    assert hub.shown.controls.mode == "off"


@pytest.mark.parametrize(
    ("name", "payload", "shown"),
    [
        ("mode", "fast", "fast"),
        ("mode", '"solar_min"', "solar_min"),
        ("max_current_a", "13.5", 13.5),
        ("max_current_a", "null", None),
        ("max_current_a", "", None),
        ("session_kwh", " 7.5\n", 7.5),
        ("session_h", "2", 2.0),
        ("window", "Mon-Fri 22:00-06:00", "Mon-Fri 22:00-06:00"),
        ("plan", "20 kWh by Mon-Fri 7:00", "20 kWh by Mon-Fri 07:00"),
    ],
)
async def test_a_bare_value_or_json_changes_a_control(
    name: str, payload: str, shown: object
) -> None:
    hub = ShownHub(CHARGING)

    ok, _ = await order(hub, name, payload)

    assert ok
    assert getattr(hub.shown.controls, name) == shown


async def test_a_retained_order_is_refused_and_changes_nothing() -> None:
    hub = ShownHub(CHARGING)

    ok, reason = await order(hub, "mode", "fast", retained=True)

    assert not ok
    assert "retain" in reason
    assert hub.shown.controls.mode == CHARGING.controls.mode


@pytest.mark.parametrize(
    ("name", "payload", "reason"),
    [
        ("mode", "turbo", "must be one of"),
        ("max_current_a", "200", "must be 6 to 80 A"),
        ("max_current_a", "true", "must be 6 to 80 A"),
        ("max_current_a", "NaN", "must be 6 to 80 A"),
        ("window", "whenever", "days and times"),
        ("claim", "[1]", "a claim is JSON"),
        ("claim", '{"amps": 3}', "has no 'amps'"),
        ("claim", '{"charging": 1}', "true or false"),
        ("claim", '{"max_current_a": -1}', "from 0 to 80"),
        ("mode", b"\xff\xfe", "not text"),
        ("mode", "x" * (LARGEST_BYTES + 1), "are the most"),
        ("reboot", "", "no such order"),
    ],
)
async def test_a_malformed_order_is_answered_and_changes_nothing(
    name: str, payload: str | bytes, reason: str
) -> None:
    hub = ShownHub(CHARGING)

    ok, text = await order(hub, name, payload)

    assert not ok
    assert reason in text
    assert hub.shown.controls == CHARGING.controls


async def test_a_claim_is_placed_under_its_own_name_and_withdrawn_by_an_empty_payload() -> None:
    hub = ShownHub(CHARGING)

    assert (await order(hub, "claim", '{"charging": true, "max_current_a": 10}'))[0]
    assert [(claim.program, claim.max_current_a) for claim in hub.shown.claims] == [("mqtt", 10.0)]
    assert (await order(hub, "claim", ""))[0]


async def test_a_claim_to_charge_does_not_lift_the_owners_off() -> None:
    off = replace(CHARGING, controls=replace(CHARGING.controls, mode="off"))
    hub = ShownHub(off)

    ok, reason = await order(hub, "claim", "true")

    assert not ok
    assert "off" in reason


@pytest.mark.parametrize(
    "fault", [fault for fault in Fault if fault.kind.recovery in (ACKNOWLEDGE, SERVICE)]
)
async def test_faults_are_acknowledged_except_those_that_somebody_has_to_look_at(
    fault: Fault,
) -> None:
    shown = replace(FAULTED.faults[0], name=fault.value, recovery=fault.kind.recovery.value)
    hub = ShownHub(replace(FAULTED, faults=(shown,)))
    ok, reason = await order(hub, "ack", "")

    assert ok is (fault in (Fault.PERMANENT, Fault.STORE_DAMAGED))
    assert bool(hub.acknowledged) is ok
    assert ok or "looked at the box" in reason


def test_a_claims_deadline_counts_from_its_arrival() -> None:
    claim = read_claim({"charging": False, "for_s": 600}, now=1000.0)

    assert claim.until_at == 1600.0
    assert not claim.kept


@given(st.binary(max_size=200))
async def test_whatever_the_payload_is_there_is_an_outcome(payload: bytes) -> None:
    for name in ("mode", "max_current_a", "window", "claim", "ack"):
        await order(ShownHub(CHARGING), name, payload)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
def test_json_is_read_as_json(value: object) -> None:
    payload = json.dumps(value).encode()
    if len(payload) <= LARGEST_BYTES:
        assert json.dumps(read_value(payload)) == json.dumps(value)
