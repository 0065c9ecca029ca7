# SPDX-License-Identifier: GPL-3.0-or-later
"""A sentence is an English `str`, and keeps what another language needs."""

from __future__ import annotations

import copy
import json
import pickle
from typing import TYPE_CHECKING

import pytest

from evsed.core.text import Text, from_plain, listed, text, to_plain

if TYPE_CHECKING:
    from collections.abc import Callable

OFFER = text("offering {offered_a:.1f} A", offered_a=13.25)
NESTED = text("{reason}; {note}", reason=OFFER, note=text("the car is asleep"))


def test_a_sentence_is_its_english_text() -> None:
    assert OFFER == "offering 13.2 A"
    assert NESTED == "offering 13.2 A; the car is asleep"
    assert json.dumps({"why": NESTED}) == '{"why": "offering 13.2 A; the car is asleep"}'


def test_a_sentence_without_values_may_hold_braces() -> None:
    assert text('send {"mode": "off"}') == 'send {"mode": "off"}'


def test_str_of_a_sentence_and_of_an_error_with_one_keeps_what_a_translation_needs() -> None:
    assert str(OFFER) is OFFER
    assert isinstance(str(ValueError(NESTED)), Text)
    assert str(ValueError(NESTED)) == NESTED


def test_a_text_around_it_makes_a_plain_text_of_it() -> None:
    assert type(f"now {OFFER}") is str
    assert type("now " + OFFER) is str


@pytest.mark.parametrize(
    "make", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]
)
def test_a_copy_keeps_template_and_values(make: Callable[[Text], Text]) -> None:
    made = make(NESTED)
    assert made == NESTED
    assert isinstance(made, Text)
    assert (made.template, made.params) == (NESTED.template, NESTED.params)


def test_a_sentence_comes_back_from_json_as_it_was() -> None:
    back = from_plain(json.loads(json.dumps(to_plain(NESTED))))
    assert back == NESTED
    assert back.template == "{reason}; {note}"
    reason = back.params["reason"]
    assert isinstance(reason, Text)
    assert reason.params == {"offered_a": 13.25}


def test_a_value_of_another_kind_becomes_its_text_in_json() -> None:
    odd = Text("not reached: {error}", {"error": OSError("refused")})  # type: ignore[dict-item]
    assert odd == "not reached: refused"
    assert from_plain(json.loads(json.dumps(to_plain(odd)))) == odd


@pytest.mark.parametrize(
    "plain",
    [
        None,
        "words",
        {},
        {"template": 1, "params": {}},
        {"template": "a", "params": []},
        {"template": "a {b}", "params": {"b": [1]}},
    ],
)
def test_what_is_no_sentence_is_refused(plain: object) -> None:
    with pytest.raises((TypeError, KeyError)):
        from_plain(plain)


@pytest.mark.parametrize(
    ("template", "params"),
    [
        ("{missing}", {"other": 1.0}),
        ("{word:.1f}", {"word": "word"}),
        ("{a.b}", {"a": 1}),
        ("{", {"a": 1}),
        ("{0}", {"a": 1}),
    ],
)
def test_values_that_do_not_fit_leave_the_template_and_raise_nothing(
    template: str, params: dict[str, float]
) -> None:
    assert Text(template, params) == template


def test_a_list_is_one_sentence() -> None:
    two = text("two")
    assert listed(["one", two, "three"]) == "one, two, three"
    assert listed([two]) is two
    assert listed([]) == ""
    assert isinstance(listed(["one", two]), Text)
