# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers, units and registers: what is one, and what it is worth. No network."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.errors import SourceError
from evsed.sources.presets import Device, numbers_of
from evsed.sources.registers import Block, blocks, decode, number_in
from evsed.sources.terms import ModbusTerm, Term, check_figure, number_of, scaled


@pytest.mark.parametrize(
    ("unit", "measures", "value"),
    [
        ("kW", "w", 1500),
        ("", "w", 1.5),
        ("mA", "a", 0.0015),
        ("kWh", "wh", 1500),
        ("%", "share", 0.015),
    ],
)
def test_a_unit_is_worth_what_it_says(unit: str, measures: str, value: float) -> None:
    assert scaled(Term(unit=unit, measures=measures), 1.5) == pytest.approx(value)


def test_a_unit_that_nobody_knows_and_one_of_something_else_are_refused() -> None:
    with pytest.raises(SourceError, match='"PS" is not one that evsed knows'):
        scaled(Term(unit="PS"), 1.0)
    with pytest.raises(SourceError, match='"kWh", which is not one of power'):
        scaled(Term(measures="w"), 1.0, "kWh")


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("grid_w", 1e6, True),
        ("grid_w", 1.1e6, False),
        ("excess_w", 1.2e6, True),
        ("soc", 1.0, True),
        ("soc", 81.0, False),
        ("soc", -0.1, False),
        ("current_a", -63.0, True),
    ],
)
def test_a_figure_that_no_house_has_is_a_wrong_unit(name: str, value: float, good: bool) -> None:  # noqa: FBT001
    if good:
        assert check_figure(name, value) == value
    else:
        with pytest.raises(SourceError, match="its unit or its scale is wrong"):
            check_figure(name, value)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.text(),
    st.binary(),
    st.integers(),
    st.floats(),
    st.lists(st.integers()),
    st.dictionaries(st.text(), st.integers()),
)


@given(ANYTHING)
def test_whatever_comes_is_a_finite_number_or_refused(found: object) -> None:
    try:
        value = number_of(found, "it")
    except SourceError:
        return
    assert value is None or math.isfinite(value)


@given(st.integers(-(2**31), 2**31 - 1))
def test_two_registers_are_one_number_in_either_order(value: int) -> None:
    high, low = (value & 0xFFFFFFFF) >> 16, value & 0xFFFF

    assert decode("int32", [high, low]) == value
    assert decode("int32", [low, high], little=True) == value


def inputs(device_id: int, start: int, count: int) -> Block:
    return Block(device_id, input=True, start=start, count=count)


def test_neighbours_are_read_at_once_and_no_register_that_nobody_asked_for() -> None:
    wanted = [
        inputs(1, 12, 2),
        inputs(1, 14, 2),
        inputs(1, 52, 2),
        inputs(2, 54, 2),
    ]

    assert blocks(wanted) == (inputs(1, 12, 4), inputs(1, 52, 2), inputs(2, 54, 2))


def test_no_request_is_longer_than_a_device_answers() -> None:
    assert max(block.count for block in blocks(inputs(1, n, 2) for n in range(0, 400, 2))) == 80


def test_a_power_of_ten_that_is_none_is_refused() -> None:
    term = ModbusTerm(url="tcp://h", models=(203,), register=0, exponent_register=1)

    assert number_in(term, 0, {(1, False, 0): 5, (1, False, 1): 0x8000}) == 5
    with pytest.raises(SourceError, match="-10 to 10"):
        number_in(term, 0, {(1, False, 0): 5, (1, False, 1): 300})


def test_terms_of_other_devices_are_scaled_twice() -> None:
    given_terms: list[Mapping[str, object]] = [
        {"preset": "solaredge", "url": "tcp://a"},
        {"preset": "sma", "url": "tcp://b", "number": "pv_w", "scale": -2},
    ]
    found = numbers_of(
        Device(kind="modbus", given={"url": "tcp://h"}, numbers={"grid_w": given_terms}), ["grid_w"]
    )

    assert [term.scale for term in found["grid_w"][0]] == [-1, -2]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"preset": "sma", "url": "tcp://b"}, "has no single grid_w to add"),
        (
            {"preset": "sma", "url": "tcp://b", "number": "solar_w"},
            'number "solar_w" is not one of',
        ),
        ({"preset": "nonesuch", "url": "tcp://b"}, 'preset "nonesuch" is not one that evsed has'),
    ],
)
def test_a_term_of_another_device_that_cannot_be_is_refused(
    spec: Mapping[str, object], words: str
) -> None:
    with pytest.raises(SourceError, match=words):
        numbers_of(
            Device(kind="modbus", given={"url": "tcp://h"}, numbers={"grid_w": [spec]}), ["grid_w"]
        )
