# SPDX-License-Identifier: GPL-3.0-or-later
"""[prices]: which lists may be named, and what is refused."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.settings.test_devices import complaint, settings

LIST = '[prices]\nkind = "http"\nurl = "http://h/prices"\n'


def test_without_a_kind_there_is_no_list(tmp_path: Path) -> None:
    prices = settings(tmp_path, '[prices]\ntariff = "0.3"\n').prices
    assert prices.source(UTC) is None
    assert prices.parsed is not None


def test_a_list_has_the_zone_of_this_machine_unless_it_has_its_own(tmp_path: Path) -> None:
    here = settings(tmp_path, LIST).prices.source(UTC)
    assert here is not None
    assert here.rows.zone is UTC
    there = settings(tmp_path, f'{LIST}timezone = "Europe/Vienna"\n').prices.source(UTC)
    assert there is not None
    assert there.rows.zone == ZoneInfo("Europe/Vienna")


def test_a_list_of_a_broker_has_its_topic_and_who_logs_in(tmp_path: Path) -> None:
    text = '[prices]\nkind = "mqtt"\nurl = "mqtt://h"\ntopic = "prices"\nuser = "me"\n'
    config = settings(tmp_path, text).prices.source(UTC)
    assert config is not None
    assert config.broker is not None
    assert (config.broker.url, config.broker.user, config.topic) == ("mqtt://h", "me", "prices")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[prices]\nkind = "http"\n', 'prices.url = "": must be an http:// or https:// address'),
        ('[prices]\nkind = "mqtt"\nurl = "mqtt://h"\n', 'must be a topic where kind is "mqtt"'),
        (f'{LIST}price = ""\n', "must be a JMESPath expression where a list is set"),
        (f'{LIST}path = "a["\n', "must be a JMESPath expression: "),
        (f'{LIST}timezone = "Vienna"\n', "prices.timezone"),
        (f'{LIST}currency = "a long name"\n', 'must be a name such as "EUR" or "€"'),
        ('[prices]\ntariff = "cheap"\n', "must be a price, and others for days and times"),
    ],
)
def test_what_is_no_list_is_refused_with_what_it_must_be(
    tmp_path: Path, text: str, words: str
) -> None:
    assert words in complaint(tmp_path, text)
