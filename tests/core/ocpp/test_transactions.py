# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions: authorised, started, stopped, each with its reason."""

from __future__ import annotations

import json
from itertools import count

import pytest

from evsed.core.energy.sessions import EndReason
from evsed.core.ocpp.transactions import (
    Authorization,
    Plug,
    Started,
    Stopped,
    StopReason,
    Transactions,
    stop_reason,
)

CAR = Plug(session="s1")
NO_CAR = Plug()


def fresh() -> Transactions:
    numbers = count(1)
    return Transactions(lambda: f"t{next(numbers)}")


def charging() -> Transactions:
    made = fresh()
    made.update(0.0, CAR)
    made.authorize(Authorization("A"))
    return made


def test_a_transaction_begins_when_plug_and_authorisation_are_there() -> None:
    made = fresh()
    assert made.barrier() != ""
    assert not made.wants_authorization
    assert made.update(0.0, CAR) == []
    assert made.wants_authorization
    (started,) = made.authorize(Authorization("A", remote_id=5))
    assert isinstance(started, Started)
    assert (started.transaction.key, started.transaction.id_tag) == ("t1", "A")
    assert started.transaction.remote_id == 5
    assert made.barrier() == ""
    assert not made.wants_authorization
    assert made.update(1.0, CAR) == []


def test_an_authorisation_waits_for_the_plug_until_it_is_over() -> None:
    made = fresh()
    assert made.authorize(Authorization("A", until_at=60.0)) == []
    (started,) = made.update(59.0, CAR)
    assert isinstance(started, Started)
    late = fresh()
    late.authorize(Authorization("A", until_at=60.0))
    assert late.update(60.0, CAR) == []
    withdrawn = fresh()
    withdrawn.authorize(Authorization("A"))
    withdrawn.withdraw()
    assert withdrawn.update(1.0, CAR) == []


@pytest.mark.parametrize("end", [None, *EndReason])
def test_unplugging_stops_it_and_every_end_of_a_session_has_a_reason(end: EndReason | None) -> None:
    made = charging()
    (stopped,) = made.update(9.0, Plug(end=end))
    assert isinstance(stopped, Stopped)
    assert stopped.reason is stop_reason(end)
    assert made.barrier() != ""


def test_what_stopped_while_evsed_was_away_is_told_as_such() -> None:
    assert stop_reason(EndReason.POWER_CUT) is StopReason.POWER_LOSS
    assert stop_reason(EndReason.SHUTDOWN) is StopReason.REBOOT
    assert stop_reason(EndReason.CAR) is StopReason.EV_DISCONNECTED


def test_another_car_ends_the_transaction_of_the_first() -> None:
    made = charging()
    (stopped,) = made.update(9.0, Plug(session="s2"))
    assert isinstance(stopped, Stopped)
    assert not made.finished
    assert made.wants_authorization


def test_an_emergency_stop_ends_it_for_good() -> None:
    made = charging()
    (stopped,) = made.update(9.0, Plug("s1", emergency=True))
    assert stopped == Stopped(stopped.transaction, StopReason.EMERGENCY_STOP)
    assert made.finished
    assert made.authorize(Authorization("A")) == []  # as long as it is pressed
    assert len(made.update(10.0, CAR)) == 1


def test_the_owners_off_ends_it_until_the_owner_takes_it_back() -> None:
    made = charging()
    (stopped,) = made.update(9.0, Plug("s1", off=True))
    assert stopped == Stopped(stopped.transaction, StopReason.LOCAL)
    assert not made.wants_authorization
    assert made.authorize(Authorization("A")) == []
    (again,) = made.update(10.0, CAR)
    assert isinstance(again, Started)


def test_after_a_remote_stop_only_an_order_or_a_new_plug_in_begins_again() -> None:
    made = charging()
    assert len(made.stop(StopReason.REMOTE)) == 1
    assert made.stop(StopReason.REMOTE) == []
    assert made.finished
    assert "remote start" in made.barrier()
    assert not made.wants_authorization
    assert made.update(5.0, NO_CAR) == []
    made.update(6.0, Plug(session="s2"))
    assert made.wants_authorization


def test_out_of_use_lets_a_transaction_end_and_none_begin() -> None:
    made = charging()
    made.operative = False
    assert made.available
    assert made.barrier() == ""
    made.update(9.0, NO_CAR)
    assert not made.available
    assert "out of use" in made.barrier()
    made.update(10.0, Plug(session="s2"))
    assert not made.wants_authorization
    assert made.authorize(Authorization("A")) == []


def test_a_user_who_turns_out_unknown_gets_nothing_while_the_transaction_goes_on() -> None:
    made = charging()
    made.suspended = True
    assert "does not know" in made.barrier()
    made.stop(StopReason.REMOTE)
    assert not made.suspended


def test_it_goes_on_after_a_restart() -> None:
    made = charging()
    again = fresh()
    again.restore(json.loads(json.dumps(made.to_json())))
    assert again.transaction == made.transaction
    assert again.update(0.0, CAR) == []
    made.stop(StopReason.REMOTE)
    ended = fresh()
    ended.restore(json.loads(json.dumps(made.to_json())))
    ended.update(0.0, CAR)
    assert ended.finished
