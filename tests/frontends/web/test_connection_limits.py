# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits on connections, tried by real sockets that behave badly."""

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from evsed.frontends.classic import classic_line
from evsed.frontends.web.http.assets import Assets
from evsed.frontends.web.http.connection_limits import EVICTABLE_AFTER_S
from tests.frontends.web.web_world import (
    CHARGING,
    IN_TIME_S,
    PAST_S,
    PATIENT,
    Served,
    served,
    skip,
)

GET = b"GET / HTTP/1.1\r\nHost: evsed\r\n\r\n"
OWING = b" HTTP/1.1\r\nHost: evsed\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"


async def until_held(evsed: Served, count: int) -> None:
    """Wait until the server holds *count* connections."""
    async with asyncio.timeout(IN_TIME_S):
        while evsed.frontend.connections != count:  # noqa: ASYNC110 - seen from outside only
            await asyncio.sleep(0.005)


async def test_fifty_half_open_requests_are_cut_while_others_are_served() -> None:
    """They send header bytes for ever, never the end of the head."""
    async with served() as evsed:
        slow = [await evsed.wire() for _ in range(50)]
        for wire in slow:
            await wire.send(b"GET / HTTP/1.1\r\nHost: evsed\r\n")
        for _ in range(3):
            await until_held(evsed, 50)
            await evsed.serves_others()
            skip(PAST_S / 3)
            for wire in slow:
                with contextlib.suppress(ConnectionError):
                    await wire.send(b"X: y\r\n")
        assert [await wire.ended() for wire in slow] == [b""] * 50
        await evsed.serves_others()


async def test_a_connection_that_says_nothing_is_cut() -> None:
    async with served() as evsed:
        wire = await evsed.wire()
        await until_held(evsed, 1)
        skip(PAST_S)
        assert await wire.ended() == b""
        await until_held(evsed, 0)


async def test_a_second_request_that_dawdles_is_cut_too() -> None:
    async with served(limits=replace(PATIENT, idle_s=1e6)) as evsed:
        wire = await evsed.wire()
        assert (await wire.ask("GET /"))[0] == 200
        await wire.send(b"GET / HT")
        await evsed.serves_others()
        skip(PAST_S)
        assert await wire.ended() == b""


async def test_a_kept_connection_with_nothing_to_ask_is_let_go() -> None:
    async with served(limits=replace(PATIENT, head_s=1e6)) as evsed:
        wire = await evsed.wire()
        assert (await wire.ask("GET /"))[0] == 200
        skip(PAST_S)
        assert await wire.ended() == b""


async def test_a_kept_connection_is_kept_as_long_as_it_asks() -> None:
    async with served() as evsed:
        wire = await evsed.wire()
        for _ in range(20):
            assert (await wire.ask("GET /"))[0] == 200
        assert evsed.frontend.connections == 1


async def test_a_body_that_never_comes_is_not_waited_for() -> None:
    async with served(limits=replace(PATIENT, idle_s=1e6)) as evsed:
        wire = await evsed.wire()
        status, _, _ = await wire.ask("POST /x", "Content-Length: 5000")
        assert status == 200
        skip(PAST_S)
        assert await wire.ended() == b""


async def test_a_body_without_end_is_cut_off() -> None:
    async with served() as evsed:
        wire = await evsed.wire()
        await wire.send(b"POST /x HTTP/1.1\r\nHost: e\r\nContent-Length: 1000000000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(1000):
                await wire.send(b"x" * 100_000)
        await until_held(evsed, 0)


async def test_a_small_body_is_read_away_and_the_connection_goes_on() -> None:
    async with served() as evsed:
        wire = await evsed.wire()
        await wire.send(b"POST /x HTTP/1.1\r\nHost: e\r\nContent-Length: 4\r\n\r\nabcd" + GET)
        assert (await wire.answer())[0] == 200
        assert (await wire.answer())[0] == 200


async def test_a_client_that_does_not_read_is_cut() -> None:
    """It asks for the largest file over and over and reads none of the answers."""
    assets = Assets()
    async with served(limits=replace(PATIENT, write_s=0.2)) as evsed:
        wire = await evsed.wire(buffer_bytes=1024)
        request = f"GET {assets.prefix}daychart.js HTTP/1.1\r\nHost: e\r\n\r\n".encode()
        with contextlib.suppress(ConnectionError):
            while not wire.writer.is_closing():
                await asyncio.wait_for(wire.send(request * 20), IN_TIME_S)
                await asyncio.sleep(0)
                if evsed.frontend.connections == 0:
                    break
        await until_held(evsed, 0)


async def test_whoever_shuts_its_side_after_asking_still_gets_the_answer() -> None:
    """As `printf ... | nc` does."""
    async with served() as evsed:
        wire = await evsed.wire()
        wire.writer.write(GET)
        wire.writer.write_eof()
        said = await wire.ended()
        assert said.endswith(classic_line(CHARGING).encode())


@pytest.mark.parametrize(
    "unfinished",
    [
        b"",
        b"GET / HTTP/1.1\r\nHo",
        GET + b"GET / HTTP/1.1\r\nHo",
        b"POST /api/v1/ack" + OWING + b"too",
        b"PATCH /api/v1/controls" + OWING + b"{",
        b"GET /api/v1/events HTTP/1.1\r\nHost: evsed\r\n\r\n",
    ],
    ids=["nothing", "head", "second head", "body not wanted", "body wanted", "stream"],
)
@pytest.mark.parametrize("door", ["network", "control socket"])
async def test_whoever_hangs_up_in_mid_request_is_let_go_at_once(
    unfinished: bytes, door: str, tmp_path: Path
) -> None:
    with capture_logs() as logs:
        async with served(socket=tmp_path / "socket") as evsed:
            wire = await evsed.wire(None if door == "network" else tmp_path / "socket")
            await wire.send(unfinished)
            wire.writer.write_eof()
            await wire.ended()
            await until_held(evsed, 0)
    assert logs == []


async def test_whoever_comes_by_the_control_socket_takes_nobodys_place(tmp_path: Path) -> None:
    limits = replace(PATIENT, connections=1)
    async with served(limits=limits, socket=tmp_path / "socket") as evsed:
        local = [await evsed.wire(tmp_path / "socket") for _ in range(3)]
        for wire in local:
            assert (await wire.ask("GET /"))[0] == 200
        network = await evsed.wire()
        assert (await network.ask("GET /"))[0] == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
        b"GET / HTTP/9.9\r\nHost: e\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: e\r\nNo colon here\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: e\r\nContent-Length: -1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: e\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: e\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: e\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: e\r\nX: \x00\x01\r\n\r\n",
        b"\x00" * 5000,
    ],
    ids=[
        "tls", "version", "no colon", "length", "chunk", "long line", "long field", "many fields",
        "control characters", "zeros",
    ],
)  # fmt: skip
async def test_what_is_no_request_is_answered_with_400_or_cut_and_harms_nobody(
    garbage: bytes,
) -> None:
    async with served() as evsed:
        wire = await evsed.wire()
        with contextlib.suppress(ConnectionError):
            await wire.send(garbage)
        await evsed.serves_others()
        skip(PAST_S)
        said = await wire.ended()
        assert said == b"" or said.split()[1] in (b"400", b"200")
        if b" 400 " in said[:20]:
            assert b"application/problem+json" in said
        await evsed.serves_others()


async def test_garbage_after_good_requests_is_answered_with_400_and_ends_it() -> None:
    async with served() as evsed:
        wire = await evsed.wire()
        await wire.send(GET * 3)
        assert [(await wire.answer())[0] for _ in range(3)] == [200] * 3
        await wire.send(b"\x00garbage\r\n\r\n")
        assert (await wire.answer())[0] == 400
        assert await wire.ended() == b""


async def test_garbage_pipelined_behind_a_good_request_ends_it_with_400() -> None:
    async with served() as evsed:
        wire = await evsed.wire()
        await wire.send(GET + b"\x00garbage\r\n\r\n" + GET)
        assert b" 400 " in await wire.ended()


async def test_a_hundred_pipelined_requests_get_a_hundred_answers() -> None:
    async with served() as evsed:
        wire = await evsed.wire()
        await wire.send(GET * 100)
        assert [(await wire.answer())[0] for _ in range(100)] == [200] * 100


async def test_a_full_house_sends_newcomers_away_while_all_may_still_ask() -> None:
    async with served(limits=replace(PATIENT, connections=3)) as evsed:
        kept = [await evsed.wire() for _ in range(3)]
        for wire in kept:
            assert (await wire.ask("GET /"))[0] == 200
        newcomer = await evsed.wire()
        assert b" 503 " in (await newcomer.ended())[:20]
        assert evsed.frontend.connections == 3
        await kept.pop().close()
        await until_held(evsed, 2)
        newcomer = await evsed.wire()
        assert (await newcomer.ask("GET /"))[0] == 200


async def test_a_full_house_makes_room_by_cutting_whoever_waits_longest() -> None:
    async with served(limits=replace(PATIENT, connections=3)) as evsed:
        idle = [await evsed.wire() for _ in range(3)]
        for wire in idle:
            assert (await wire.ask("GET /"))[0] == 200
            skip(EVICTABLE_AFTER_S / 4)
        newcomer = await evsed.wire()
        assert b" 503 " in (await newcomer.ended())[:20]
        skip(EVICTABLE_AFTER_S)
        await evsed.serves_others()
        assert await idle[0].ended() == b""
        for wire in idle[1:]:
            assert (await wire.ask("GET /"))[0] == 200


async def test_who_hangs_up_after_a_refusal_is_let_go_though_the_body_came_late() -> None:
    async with served() as evsed:
        wire = await evsed.wire()
        status, _, _ = await wire.ask("POST /api/v1/ack", "Content-Length: 9")
        assert status == 403
        await wire.send(b"too")
        wire.writer.write_eof()
        assert await wire.ended() == b""
        await until_held(evsed, 0)


async def test_who_still_owes_a_body_after_its_answer_makes_room_for_others() -> None:
    async with served(limits=replace(PATIENT, connections=2)) as evsed:
        owing = [await evsed.wire() for _ in range(2)]
        for wire in owing:
            status, _, _ = await wire.ask("POST /api/v1/ack", "Content-Length: 9")
            assert status == 403
        newcomer = await evsed.wire()
        assert b" 503 " in (await newcomer.ended())[:20]
        skip(EVICTABLE_AFTER_S)
        await evsed.serves_others()
        assert await owing[0].ended() == b""


async def test_the_methods_connect_and_upgrade_hold_nothing_open() -> None:
    async with served() as evsed:
        for request in (
            b"CONNECT evsed:80 HTTP/1.1\r\nHost: e\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: e\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        ):
            wire = await evsed.wire()
            await wire.send(request)
            await evsed.serves_others()
            skip(PAST_S)
            assert b" 200 " in (await wire.ended())[:20]
        await until_held(evsed, 0)


async def test_a_bug_behind_a_request_is_a_500_logged_once_and_not_the_end() -> None:
    async with served() as evsed:
        assert (await (await evsed.wire()).ask("GET /"))[0] == 200
        with capture_logs() as logged:
            evsed.hub.broken = True
            for _ in range(5):
                wire = await evsed.wire()
                status, headers, body = await wire.ask("GET /api/v1/status")
                assert status == 500
                assert headers["content-type"] == "application/problem+json"
                assert b"a bug in the daemon" not in body
        assert [entry["log_level"] for entry in logged] == ["error"]
        evsed.hub.broken = False
        wire = await evsed.wire()
        assert (await wire.ask("GET /"))[0] == 200
