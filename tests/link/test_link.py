# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages between the two processes arrive as they were sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.boards import BoardConfig, InputsConfig, PigpioConfig
from evsed.core.pilot import causes
from evsed.core.pilot import events as ev
from evsed.core.pilot.causes import Cause
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import FOREVER, Limit
from evsed.core.pilot.phase_set import Switching, SwitchRules
from evsed.core.pilot.pilot_meter import FrontEnd
from evsed.core.text import Text, text
from evsed.errors import LinkError
from evsed.link import (
    Acknowledge,
    Configure,
    Message,
    OpenNow,
    ReportedFaults,
    SetLimits,
    Snapshot,
    StopCharging,
    Tick,
    decode,
    encode,
    pair,
)

MESSAGES: list[Message] = [
    Configure(
        BoardConfig(
            pigpio=PigpioConfig(contactor_gpios=(23, 25)),
            inputs=InputsConfig(ground_fault_gpio=16),
        ),
        FrontEnd(-13.5, 0.026),
        EvseConfig(switch=SwitchRules(Switching.DOWN, 2), front_end_proved=True),
        10.0,
        {Fault.CONTACTOR: "welded"},
    ),
    SetLimits((Limit("feed", 9.4, 12.5, "following the sun"), Limit("owner", 16.0, FOREVER))),
    SetLimits(()),
    ReportedFaults({Fault.TEMPERATURE: "76 degrees"}),
    StopCharging(),
    OpenNow(),
    Acknowledge(),
    Tick(
        Snapshot(
            at=5.0,
            board_ok=True,
            board_why="",
            state="C2",
            plugged=True,
            high_v=6.01,
            low_v=None,
            drawn_a=None,
            duty=0.15,
            closed=1,
            limits=(Limit("feed", 9.0, 8.0, "sun"), Limit("supply", 16.0, FOREVER)),
            blocked="",
            wait_s=0.0,
            faults={Fault.DIODE: "no -12 V"},
            front_end_proved=True,
            cycles=3,
            ticks=100,
            worst_tick_s=0.004,
            late=0,
        ),
        (
            ev.CarPluggedIn(1.0),
            ev.OfferWithdrawn(2.0, Cause.limit("feed"), "no sun"),
            ev.ContactorOpened(2.0, causes.CAR, "the car no longer asks"),
            ev.StateChanged(3.0, "B1", "B2"),
        ),
    ),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_message_arrives_as_it_was_sent(message: Message) -> None:
    assert decode(encode(message)) == message


def test_a_whole_number_where_amperes_belong_is_taken_as_amperes() -> None:
    packet = b'["SetLimits",{"limits":[{"owner":"feed","max_a":9,"until_at":1e3,"why":""}]}]'

    assert decode(packet) == SetLimits((Limit("feed", 9.0, 1000.0),))


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"{}",
        b"[]",
        b'["Nobody",{}]',
        b'["SetLimits",{}]',
        b'["SetLimits",{"limits":[{"owner":1,"max_a":"a lot","until_at":0,"why":""}]}]',
        b'["Report",{"faults":{"NoSuchFault":""}}]',
        b'["Tick",{"snapshot":{},"events":[["NoSuchEvent",{}]]}]',
        b"\xff\xfe",
    ],
)
def test_what_is_no_message_is_refused(packet: bytes) -> None:
    with pytest.raises(LinkError):
        decode(packet)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_raise_anything_else(packet: bytes) -> None:
    with pytest.raises(LinkError):
        decode(packet)


def test_a_packet_arrives_whole_and_the_end_of_the_link_is_seen() -> None:
    ours, theirs = pair()
    with ours, theirs:
        ours.send(encode(MESSAGES[0]))
        ours.send(encode(StopCharging()))

        assert decode(theirs.recv(65536)) == MESSAGES[0]
        assert decode(theirs.recv(65536)) == StopCharging()
        ours.close()
        assert theirs.recv(65536) == b""


def test_a_sentence_crosses_with_its_template_and_its_values() -> None:
    why = text("{reason} ({left_s:.0f} s left)", reason=text("waiting"), left_s=12.5)
    sent = SetLimits((Limit("feed", 9.4, 12.5, why),))
    arrived = decode(encode(sent))
    assert arrived == sent
    assert isinstance(arrived, SetLimits)
    back = arrived.limits[0].why
    assert isinstance(back, Text)
    assert (back, back.template, back.params["left_s"]) == (why, why.template, 12.5)


def test_a_sentence_of_another_form_is_no_message() -> None:
    packet = encode(ReportedFaults({Fault.METER: "words"})).replace(b'"words"', b'{"template":1}')
    with pytest.raises(LinkError, match="no message"):
        decode(packet)
