# SPDX-License-Identifier: GPL-3.0-or-later
"""The listening sockets: which port, who may give orders, and the error when it fails."""

import json
import os
import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from evsed.errors import WebError
from evsed.frontends.web import WebConfig
from evsed.frontends.web.listening import handed_sockets
from evsed.frontends.web.server import WebFrontend
from tests.frontends.web.web_world import PATIENT, ShownHub, Wire, served


async def test_a_port_that_is_taken_is_an_error_that_names_the_remedy() -> None:
    async with served() as evsed:
        second = WebFrontend(WebConfig("127.0.0.1", evsed.port))
        with pytest.raises(WebError, match=rf"port {evsed.port} is taken.*ss -ltnp.*\[web\]"):
            await second.start(ShownHub())


async def test_an_address_of_another_machine_is_an_error_that_names_the_key() -> None:
    frontend = WebFrontend(WebConfig("192.0.2.1", 0))
    with pytest.raises(WebError, match=r'web.host = "192.0.2.1"'):
        await frontend.start(ShownHub())


async def test_a_name_nobody_knows_is_an_error_that_names_the_key() -> None:
    frontend = WebFrontend(WebConfig("no such name", 0))
    with pytest.raises(WebError, match=r'web.host = "no such name"'):
        await frontend.start(ShownHub())


async def test_the_port_is_free_again_after_the_end() -> None:
    async with served() as evsed:
        port = evsed.port
        wire = await evsed.wire()
        assert (await wire.ask("GET /"))[0] == 200
    again = WebFrontend(WebConfig("127.0.0.1", port))
    assert await again.start(ShownHub()) == port
    await again.stop()


async def test_faults_are_acknowledged_by_the_control_socket_alone(tmp_path: Path) -> None:
    path = tmp_path / "evsed.sock"
    async with served(socket=path) as evsed:
        wire = await evsed.wire(path)
        status, _, body = await wire.ask("POST /api/v1/ack", "Content-Length: 0")
        assert (status, json.loads(body)) == (200, {"api": 1, "outcome": "one fault acknowledged"})
        assert len(evsed.hub.acknowledged) == 1
        assert evsed.hub.acknowledged[0]
        status, headers, _ = await wire.ask("GET /api/v1/ack")
        assert (status, headers["allow"]) == (405, "POST")
        status, _, _ = await wire.ask("POST /api/v1/nothing")
        assert status == 404


async def test_only_owner_and_group_may_open_the_control_socket(tmp_path: Path) -> None:
    path = tmp_path / "evsed.sock"
    async with served(socket=path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()


async def test_the_control_socket_is_open_in_a_full_house(tmp_path: Path) -> None:
    path = tmp_path / "evsed.sock"
    async with served(socket=path, limits=replace(PATIENT, connections=1)) as evsed:
        kept = await evsed.wire()
        assert (await kept.ask("GET /"))[0] == 200
        wire = await evsed.wire(path)
        assert (await wire.ask("POST /api/v1/ack"))[0] == 200
        await wire.close()


async def test_a_socket_left_by_an_earlier_life_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "evsed.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with served(socket=path) as evsed:
        wire = await evsed.wire(path)
        assert (await wire.ask("GET /"))[0] == 200


async def test_the_socket_of_another_evsed_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "evsed.sock"
    async with served(socket=path) as evsed:
        second = WebFrontend(WebConfig("127.0.0.1", 0, str(path)))
        with pytest.raises(WebError, match="another evsed is running"):
            await second.start(ShownHub())
        wire = await evsed.wire(path)
        assert (await wire.ask("GET /"))[0] == 200


async def test_a_control_socket_without_its_folder_is_an_error_that_says_so(tmp_path: Path) -> None:
    frontend = WebFrontend(WebConfig("127.0.0.1", 0, str(tmp_path / "none" / "evsed.sock")))
    with pytest.raises(WebError, match=r"web.socket.*RuntimeDirectory"):
        await frontend.start(ShownHub())


async def test_sockets_handed_in_by_systemd_are_used_instead_of_host_and_port() -> None:
    made = socket.create_server(("127.0.0.1", 0))
    port = made.getsockname()[1]
    fd = made.detach()
    os.set_inheritable(fd, True)  # noqa: FBT003 - as systemd leaves it
    environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    handed = handed_sockets(environ, os.getpid(), first=fd)
    assert not os.get_inheritable(fd)
    frontend = WebFrontend(WebConfig("192.0.2.1", 1), handed=handed)
    assert await frontend.start(ShownHub()) == port
    wire = await Wire.to(port)
    assert (await wire.ask("GET /"))[0] == 200
    await wire.close()
    await frontend.stop()


def test_sockets_handed_to_another_process_are_not_ours() -> None:
    assert handed_sockets({"LISTEN_PID": "1", "LISTEN_FDS": "1"}, os.getpid()) == ()
    assert handed_sockets({}, os.getpid()) == ()


def test_what_is_handed_in_and_no_listening_socket_is_an_error(tmp_path: Path) -> None:
    environ = {"LISTEN_PID": "7", "LISTEN_FDS": "1"}
    with (tmp_path / "file").open("w") as file, pytest.raises(WebError, match="LISTEN_FDS=1"):
        handed_sockets(environ, 7, first=file.fileno())
    plain = socket.socket()
    with pytest.raises(WebError, match="not a listening socket"):
        handed_sockets(environ, 7, first=plain.detach())
