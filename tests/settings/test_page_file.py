# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings made on the page: a file of its own, over the owner's; the facts on each key."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.cli.off import wiring
from evsed.errors import SettingsError
from evsed.settings import load_settings
from evsed.settings.catalogue import catalogue, current
from evsed.settings.comments import comments
from evsed.settings.load import read_layers
from evsed.settings.messages import keys
from evsed.settings.page_file import PageFile, SettingsTrial, as_text, changed, differences
from evsed.settings.redact import shown


def owners_file(folder: Path, text: str = "") -> Path:
    file = folder / "evsed.toml"
    file.write_text(f'[store]\npath = "{folder}/evsed.db"\n{text}')
    return file


def test_the_page_goes_before_the_owners_file_and_the_environment_before_both(
    tmp_path: Path,
) -> None:
    file = owners_file(tmp_path, "[supply]\nmax_current_a = 13\nphases = 3\nmains_v = 220\n")
    (tmp_path / "settings.toml").write_text("[supply]\nmax_current_a = 16.0\nmains_v = 231.0\n")
    layers = read_layers(file, environ={"EVSED_SUPPLY__MAINS_V": "240"})

    supply = layers.settings().supply
    assert (supply.max_current_a, supply.phases, supply.mains_v) == (16, 3, 240)
    found = {key: layers.origin(f"supply.{key}") for key in ("max_current_a", "phases", "mains_v")}
    assert found == {"max_current_a": "page", "phases": "file", "mains_v": "environment"}
    assert layers.origin("supply.peak_w") == "default"
    assert load_settings(file, environ={}).supply.mains_v == 231


def test_a_mistake_in_the_pages_file_names_that_file(tmp_path: Path) -> None:
    file = owners_file(tmp_path)
    (tmp_path / "settings.toml").write_text("[supply]\nmax_current_a = 160\n")
    with pytest.raises(SettingsError, match=r"set on the page, .*settings\.toml.*6 to 80 A"):
        load_settings(file, environ={})


def test_evsed_off_finds_the_board_that_was_chosen_on_the_page(tmp_path: Path) -> None:
    file = owners_file(tmp_path, '[board]\nkind = "pigpio"\n')
    (tmp_path / "settings.toml").write_text(
        '[board]\nkind = "kernel"\n[board.kernel]\ncontactor_gpios = [22]\n'
    )
    config, trouble = wiring(file, {})
    assert (config.kind, config.kernel.contactor_gpios, trouble) == ("kernel", (22,), [])


def test_every_setting_is_known_with_a_comment_and_its_default() -> None:
    assert list(catalogue()) == list(keys())
    settings = load_settings(None, environ={})
    for key, info in catalogue().items():
        assert info.comment, key
        assert info.default == current(settings, key), key
        assert info.kind != "choice" or info.choices, key
        if info.kind in ("decimal", "whole") and info.key != "supply.house_lost_a":
            assert (info.minimum, info.maximum) != (None, None), key
    assert set(comments().sections) == {info.section for info in catalogue().values()}


@pytest.mark.parametrize(
    ("key", "before", "after", "raises"),
    [
        ("supply.max_current_a", 16.0, 20.0, True),
        ("supply.max_current_a", 16.0, 10.0, False),
        ("supply.main_fuse_a", 35.0, None, True),
        ("supply.main_fuse_a", None, 35.0, False),
        ("safety.allow_ventilated", False, True, True),
        ("safety.allow_ventilated", True, False, False),
        ("board.pigpio.contactor_gpios", [23], [22], True),
        ("meters.house.url", "http://a", "http://b", True),
        ("supply.phases", 3, 1, True),
        ("supply.phases", 3, 3, False),
    ],
)
def test_only_what_is_known_to_be_the_safer_side_is_no_raise(
    key: str,
    before: object,
    after: object,
    raises: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert catalogue()[key].raises(before, after) is raises


values = st.one_of(
    st.booleans(), st.integers(-(2**40), 2**40), st.text(max_size=20), st.lists(st.integers(0, 9)),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(list(keys())), values, max_size=12))
def test_what_is_written_is_read_back_as_it_was(changes: dict[str, Any]) -> None:
    tables = changed({}, changes)
    assert tomllib.loads(as_text(tables)) == tables
    assert differences({}, tables) == changes
    assert changed(tables, dict.fromkeys(changes)) == {}


def test_a_table_of_a_feed_is_one_value(tmp_path: Path) -> None:
    terms = [{"path": "a.b", "scale": -1.0}, {"path": "c"}]
    tables = changed({}, {"feed.grid_w": terms, "feed.kind": "http"})
    page = PageFile(tmp_path / "settings.toml")
    page.write(tables)
    read = tomllib.loads((tmp_path / "settings.toml").read_text())
    assert differences({}, read) == {"feed.grid_w": terms, "feed.kind": "http"}


def test_undo_swaps_the_file_with_the_one_before(tmp_path: Path) -> None:
    page = PageFile(tmp_path / "settings.toml")
    assert page.previous() is None
    page.write({"supply": {"phases": 1}})
    page.write({"supply": {"phases": 3}})
    page.undo()
    assert tomllib.loads(page.path.read_text()) == {"supply": {"phases": 1}}
    assert page.previous() == {"supply": {"phases": 3}}


def test_a_change_on_trial_and_a_fall_back_are_kept_over_a_restart(tmp_path: Path) -> None:
    page = PageFile(tmp_path / "settings.toml")
    page.write({"feed": {"period_s": 30.0}})
    page.write({"feed": {"period_s": 45.0}})
    page.set_trial(SettingsTrial(("feed.period_s",), 1))
    assert page.trial() == SettingsTrial(("feed.period_s",), 1)
    page.fall_back("the feed did not come up")
    assert page.trial() is None
    assert (page.fell_back(), page.fell_back()) == ("the feed did not come up", "")
    assert "30.0" in page.path.read_text()


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("http://me:pa@ss/w@host/x", "http://***@host/x"),
        ("http://host/x?apikey=abc", "http://host/x?***"),
        ({"request": "/feed?apikey=abc", "path": "a"}, {"request": "/feed?***", "path": "a"}),
        (["mqtts://u:p@h:8883"], ["mqtts://***@h:8883"]),
        ("Europe/Vienna", "Europe/Vienna"),
        (16.0, 16.0),
    ],
)
def test_no_secret_of_an_address_is_shown(value: object, wanted: object) -> None:
    assert shown(catalogue()["feed.url"], value) == wanted
