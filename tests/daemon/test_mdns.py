# SPDX-License-Identifier: GPL-3.0-or-later
"""Being found, on the loopback interface alone: no other machine hears of it."""

import asyncio
import sys

import pytest
from structlog.testing import capture_logs
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from evsed.daemon.announcing import address_of, announce, obstacle
from evsed.daemon.mdns import SERVICE, Announcement
from tests.frontends.web.web_world import IN_TIME_S

HERE = "127.0.0.1"
CHARGER = Announcement(8080, "02a1b2c3d4e5", "0.1.0")
NAME = f"evsed-02a1b2c3d4e5.{SERVICE}"


async def test_who_looks_for_an_openevse_finds_evsed_and_what_it_is() -> None:
    running = asyncio.create_task(CHARGER.run(HERE))
    client = AsyncZeroconf(interfaces=[HERE])
    try:
        found = AsyncServiceInfo(SERVICE, NAME)
        assert await found.async_request(client.zeroconf, IN_TIME_S * 1000)
        assert found.parsed_addresses() == [HERE]
        assert found.port == 8080
        assert found.decoded_properties == {
            "type": "evsed", "version": "0.1.0", "id": "02a1b2c3d4e5",
        }  # fmt: skip
    finally:
        running.cancel()
        await asyncio.wait({running})
        await client.async_close()


async def test_where_it_cannot_be_announced_that_is_said_and_nothing_fails() -> None:
    with capture_logs() as entries:
        running = asyncio.create_task(CHARGER.run("192.0.2.1"))  # a documentation address: RFC 5737
        async with asyncio.timeout(IN_TIME_S):
            while not entries:  # noqa: ASYNC110 - the log is all there is to see
                await asyncio.sleep(0.01)
        assert not running.done()
        running.cancel()
        await asyncio.wait({running})
    assert "until then open the page by its address" in entries[0]["event"]


async def test_without_the_library_the_log_tells_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "evsed.daemon.mdns", None)  # as where zeroconf is missing
    with capture_logs() as entries:
        announcing = asyncio.create_task(announce("0.0.0.0", 80, "0"))
        async with asyncio.timeout(IN_TIME_S):
            while not entries:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0)
        announcing.cancel()
    (entry,) = entries
    assert "pip install 'evsed[openevse]'" in entry["event"]


@pytest.mark.parametrize(
    ("host", "port", "why"),
    [
        ("0.0.0.0", 80, ""),
        ("::", 80, ""),
        ("192.0.2.7", 80, ""),
        ("0.0.0.0", 8080, "port 8080"),
        ("127.0.0.1", 80, "no other machine reaches"),
        ("127.1.2.3", 8080, "no other machine reaches"),
        ("::1", 80, "no other machine reaches"),
        ("::ffff:127.0.0.1", 80, "no other machine reaches"),
        (address_of("localhost"), 80, "no other machine reaches"),
        (address_of("a name. of nobody"), 80, ""),
        ("fd00::7", 80, "IPv4"),
    ],
)
def test_it_is_announced_only_where_it_is_found_as_announced(
    host: str, port: int, why: str
) -> None:
    found = obstacle(host, port)
    assert why in found
    assert bool(found) is bool(why)


async def test_where_it_is_not_announced_the_log_tells_why() -> None:
    with capture_logs() as entries:
        announcing = asyncio.create_task(announce("127.0.0.1", 80, "0"))
        async with asyncio.timeout(IN_TIME_S):
            while not entries:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0)
        announcing.cancel()
    (entry,) = entries
    assert "add it by its address" in entry["event"]
    assert entry["reason"].startswith("the page is served on 127.0.0.1")
