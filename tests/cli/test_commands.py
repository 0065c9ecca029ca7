# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands as they are typed, mistyped ones among them; the status in words; the demo found."""

from __future__ import annotations

import asyncio
import re
import shlex
import socket
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evsed.cli import main
from evsed.cli.client import NotAnswered, status
from evsed.cli.places import show as show_places
from evsed.errors import EvsedError
from evsed.settings import load_settings
from evsed.sim.demo import demo_socket, demo_world
from tests.frontends.web.web_world import CHARGING, NOON, served


def test_without_a_command_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in ("run", "demo", "status", "set", "replay"))


@pytest.mark.source
def test_the_commands_for_tokens_work_as_the_documents_have_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "evsed.toml"
    settings.write_text(f'[web]\npassword_file = "{tmp_path}/password"\n')
    text = (Path(__file__).parents[2] / "docs/programs.md").read_text()
    commands = re.findall(r"^sudo evsed (token .*)$", text, re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        arguments = shlex.split(command, comments=True)
        assert main([*arguments, "--config", str(settings)]) == 0, command
    assert main(["token", "--config", str(settings), "list"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[:2] == ["wall", "read"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("stauts", "did you mean status?"), ("demmo", "did you mean demo?"), ("xyz", "there are run")],
)
def test_a_mistyped_command_is_told_the_nearest(
    capsys: pytest.CaptureFixture[str], typed: str, meant: str
) -> None:
    assert main([typed]) == 2
    assert meant in capsys.readouterr().err


@pytest.mark.parametrize("port", ["65535", "-1", "http"])
def test_a_port_without_a_next_one_is_refused(
    capsys: pytest.CaptureFixture[str], port: str
) -> None:
    with pytest.raises(SystemExit):
        main(["demo", f"--port={port}"])
    assert "must be a port from 0 to 65534" in capsys.readouterr().err


def test_a_demo_whose_port_is_taken_says_how_to_choose_another() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        wanted = "is taken by another program.*make demo PORT=9000"
        with pytest.raises(EvsedError, match=f"port {port} {wanted}"), demo_world(port):
            pass
        # The port before it may be another program's, too.
        either = f"port ({port - 1}|{port}) {wanted}"
        with pytest.raises(EvsedError, match=either), demo_world(port - 1):
            pass


async def test_the_status_has_time_version_and_the_share_of_sun(tmp_path: Path) -> None:
    shown = replace(
        CHARGING,
        session=replace(CHARGING.session, solar_wh=4343.3),
        day_solar_wh=3060.0,
        expected_end=NOON + timedelta(hours=1),
        expected_end_by="session_limit",
    )
    async with served(status=shown, socket=tmp_path / "s") as evsed:
        text = await asyncio.to_thread(status, evsed.url)
        assert await asyncio.to_thread(status, "http://evsed", str(tmp_path / "s")) == text
    for line in (
        "power     2.2 kW",
        "session   4.62 kWh (94 % sun)",
        "energy    today 6.12 kWh (50 % sun), ever 1234.57 kWh",
        "(session limit)",
        "evsed 0.1.0",
    ):
        assert line in text


async def test_a_figure_of_the_feed_that_is_too_old_is_said_to_be() -> None:
    async with served(status=replace(CHARGING, available_w=None)) as evsed:
        text = await asyncio.to_thread(status, evsed.url)
    assert "feed      0.0 kW excess, 61 s old, too old to use" in text


async def test_a_figure_with_the_batterys_charge_in_it_is_not_called_excess() -> None:
    shown = replace(CHARGING, excess_w=9100.0, excess_counts_charge=True, available_w=3800.0)
    async with served(status=shown) as evsed:
        text = await asyncio.to_thread(status, evsed.url)
    assert "feed      9.1 kW of power and battery charge, 61 s old" in text
    assert "spare     3.8 kW for the car" in text
    assert "excess" not in text


def test_no_message_shows_a_number_of_the_operating_system() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # not listening
        with pytest.raises(NotAnswered, match=r"Connection refused; is it running") as caught:
            status(f"http://127.0.0.1:{free.getsockname()[1]}")
    assert "Errno" not in str(caught.value)


def test_the_demo_of_this_user_is_found_by_its_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(EvsedError, match=r"`evsed demo` starts one"):
        demo_socket()
    folder = tmp_path / "evsed-demo-x"
    folder.mkdir()
    (folder / "evsed.sock").touch()
    assert demo_socket() == str(folder / "evsed.sock")


def test_the_places_that_the_settings_name_are_tried(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "file").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        password = tmp_path / "password"
        web = {"host": "127.0.0.1", "port": port, "socket": "", "password_file": password}
        overrides = {
            "store": {"path": tmp_path / "store"},
            "logs": {"dir": tmp_path / "file"},
            "web": web,
        }
        lines: list[str] = []
        settings = load_settings(None, environ={}, overrides=overrides)
        assert not show_places(settings, f"http://127.0.0.1:{port}", lines.append)
    store, logs, page = lines
    assert store.endswith("is a folder; it must name a file")
    assert logs == f"logs.dir: {tmp_path / 'file'} is not a folder"
    assert page.startswith(f"web.port = {port}: Address already in use")


async def test_a_port_that_evsed_itself_has_is_right(tmp_path: Path) -> None:
    async with served() as evsed:
        overrides = {
            "store": {"path": tmp_path / "evsed.db"},
            "logs": {"dir": tmp_path / "log"},
            "web": {
                "host": "127.0.0.1",
                "port": evsed.port,
                "socket": "",
                "password_file": tmp_path / "password",
            },
        }
        settings = load_settings(None, environ={}, overrides=overrides)
        lines: list[str] = []
        assert await asyncio.to_thread(show_places, settings, evsed.url, lines.append)
    assert lines == ["# the store, the logs, the password and the page have their places"]
