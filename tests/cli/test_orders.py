# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed set`, `evsed ack` and `evsed password`, against the real web front end."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from evsed.cli import token
from evsed.cli.client import NotAnswered, NotGranted, acknowledge, change, wake
from evsed.cli.password import NoPassword, set_password
from evsed.frontends.web.auth.password import matches
from evsed.frontends.web.auth.tokens import Scope, TokenFile
from tests.frontends.web.web_world import served


async def test_wishes_are_set_taken_away_and_shown(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    async with served(socket=tmp_path / "s"):
        said = await asyncio.to_thread(change, path, ["mode=fast", "window=Sat,Sun 10:00-18:00"])
        assert said == ("mode fast, only Sat,Sun 10:00-18:00\nmode fast, only Sat,Sun 10:00-18:00")
        await asyncio.to_thread(
            change, path, ["window=none", "max_current_a=16", "session_kwh=10", "session_h=2.5"]
        )
        shown = await asyncio.to_thread(change, path, [])
        assert shown == (
            "mode fast, at most 10 kWh this session, at most 2.5 h this session, at most 16 A"
        )


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        ("mode=turbo", "one of off, solar"),
        ("session_kwh=much", "0.1 to 1000 kWh"),
        ("colour=red", "there is no 'colour'"),
        ("fast", "write key=value"),
    ],
)
async def test_what_cannot_be_granted_is_told_why(tmp_path: Path, wish: str, wrong: str) -> None:
    async with served(socket=tmp_path / "s") as evsed:
        with pytest.raises(NotGranted, match=wrong):
            await asyncio.to_thread(change, str(tmp_path / "s"), [wish])
        assert evsed.hub.changed_by == []


async def test_a_car_is_woken(tmp_path: Path) -> None:
    async with served(socket=tmp_path / "s") as evsed:
        outcome = await asyncio.to_thread(wake, str(tmp_path / "s"))
        assert outcome == "the car is called"
        assert len(evsed.hub.woken) == 1


async def test_faults_are_acknowledged(tmp_path: Path) -> None:
    async with served(socket=tmp_path / "s") as evsed:
        said = await asyncio.to_thread(acknowledge, str(tmp_path / "s"))
        assert said == "one fault acknowledged"
        assert len(evsed.hub.acknowledged) == 1


@pytest.mark.parametrize("path", ["", "/nowhere/evsed.sock"])
def test_where_nobody_answers_nothing_was_changed_and_it_says_so(path: str) -> None:
    with pytest.raises(NotAnswered, match=r"web\.socket|nothing was changed"):
        change(path, ["mode=off"])


def test_the_password_is_read_twice_from_the_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("not so short\nnot so short\n"))
    said = set_password(tmp_path / "password")
    assert "is set" in said
    assert "guessed" not in said
    assert matches("not so short", (tmp_path / "password").read_text())


def test_a_short_password_is_set_and_told_to_be_weak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\nshort\n"))
    assert "easily guessed" in set_password(tmp_path / "password")


@pytest.mark.parametrize(
    ("typed", "wrong"), [("one\ntwo\n", "not the same"), ("\n\n", "empty"), ("", "empty")]
)
def test_what_is_no_password_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, wrong: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with pytest.raises(NoPassword, match=wrong):
        set_password(tmp_path / "password")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("not so short\nnot so short\n"))
    with pytest.raises(NoPassword, match="does the folder exist"):
        set_password(tmp_path / "none" / "password")


def test_a_token_is_created_listed_and_revoked(tmp_path: Path) -> None:
    password_file = tmp_path / "password"
    assert "there are no tokens" in token.run("list", "", "control", password_file)
    text = token.run("create", "evcc", "control", password_file).splitlines()[0]
    found = TokenFile.beside(str(password_file)).find(text)
    assert found is not None
    assert (found.name, found.scope) == ("evcc", Scope.CONTROL)
    listed = token.run("list", "", "control", password_file)
    assert listed.split()[:2] == ["evcc", "control"]
    assert text not in listed
    with pytest.raises(token.NoToken, match="already"):
        token.run("create", "evcc", "read", password_file)
    assert "is revoked" in token.run("revoke", "evcc", "control", password_file)
    assert TokenFile.beside(str(password_file)).find(text) is None
    with pytest.raises(token.NoToken, match="there is no token evcc"):
        token.run("revoke", "evcc", "control", password_file)


def test_where_a_token_cannot_be_kept_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(token.NoToken, match="with sudo"):
        token.run("create", "evcc", "read", tmp_path / "none" / "password")
