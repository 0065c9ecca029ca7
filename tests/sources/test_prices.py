# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of prices from a web server and from a broker, and what is no such list."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import pytest
from aiohttp import web

from evsed.errors import SourceError
from evsed.sources.price_http import AGAIN_S, HttpPrices
from evsed.sources.price_opening import open_prices
from evsed.sources.price_rows import RowReader
from evsed.sources.price_source import PriceRows, PriceSourceConfig
from evsed.sources.terms import BrokerAccess
from tests.sources.devices import broker_in, needs_mosquitto, pages, web_device

AT = datetime(2026, 11, 28, 13, tzinfo=UTC).timestamp()
ROWS = PriceRows(path="", start="start", end="end", price="price", scale=1.0, plus=0.0, zone=UTC)
LIST = json.dumps([{"start": AT, "end": AT + 3600, "price": 0.2}])
PATIENCE_S = 60.0
"""Far more than any of it takes; a test that waits so long has failed."""


async def test_a_list_is_fetched_from_an_address() -> None:
    async with pages({"/prices": LIST}) as url:
        source = open_prices(PriceSourceConfig(rows=ROWS, url=f"{url}/prices"))
        listed = await source.read()
        await source.close()
    assert listed.price_at(AT) == 0.2


async def test_a_list_that_did_not_come_is_asked_for_sooner_than_the_next() -> None:
    answers = [web.Response(status=500), web.Response(text="{}"), web.Response(text=LIST)]

    async def answer(_: web.Request) -> web.Response:
        return answers.pop(0)

    async with web_device(answer) as url:
        source = HttpPrices(PriceSourceConfig(rows=ROWS, url=url, period_s=900.0))
        with pytest.raises(SourceError, match="answers with status 500"):
            await source.read()
        waits = [source.wait_s]
        source.wait_s = 0.0
        with pytest.raises(SourceError, match='it has no lists "start" and "price"'):
            await source.read()
        waits.append(source.wait_s)
        source.wait_s = 0.0
        await source.read()
        waits.append(source.wait_s)
        await source.close()
    assert waits == [AGAIN_S, 2 * AGAIN_S, 900.0]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (7, "the whole of it is no list of prices"),
        ([], "the whole of it is no list of prices: it has no rows"),
        ([{}], "row 1 has None, which is no number"),
        ([7], "row 1 has None, which is no number"),
        ({"start": 7, "price": 8}, 'it has no lists "start" and "price", and is none itself'),
        ({"start": [AT], "price": [1, 2]}, "are not of one length"),
    ],
)
def test_what_is_no_list_is_refused_in_words(document: object, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        RowReader(ROWS).read(document)


def test_rows_are_found_where_the_path_says_and_columns_are_rows() -> None:
    inside = RowReader(replace(ROWS, path="a.b"))
    assert inside.read({"a": {"b": json.loads(LIST)}}).price_at(AT) == 0.2
    with pytest.raises(SourceError, match=r'"a\.b" is no list of prices'):
        inside.read({})
    columns = {"start": [AT, AT + 60], "end": [AT + 60, AT + 120], "price": [1, 2]}
    assert RowReader(ROWS).read(columns).price_at(AT + 60) == 2
    arrays = RowReader(replace(ROWS, start="[0]", end="", price="[1]"))
    assert arrays.read([[AT, 0.5]]).price_at(AT) == 0.5


@needs_mosquitto
async def test_a_retained_list_of_a_broker_is_used_and_a_new_one_goes_before_it(
    tmp_path: Path,
) -> None:
    async with broker_in(tmp_path) as broker, asyncio.timeout(PATIENCE_S):
        access = BrokerAccess(url=f"mqtt://127.0.0.1:{broker.port}")
        config = PriceSourceConfig(rows=ROWS, broker=access, topic="prices", period_s=PATIENCE_S)
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.publish("prices", LIST, qos=1, retain=True)
            source = open_prices(config)
            assert (await source.read()).price_at(AT) == 0.2
            await client.publish("prices", LIST.replace("0.2", "0.4"), qos=1)
            assert (await source.read()).price_at(AT) == 0.4
            await client.publish("prices", "soon", qos=1)
            with pytest.raises(SourceError, match='the message on "prices" is not JSON'):
                await source.read()
            await source.close()


@needs_mosquitto
async def test_a_topic_without_a_message_and_a_broker_that_is_not_there_are_named(
    tmp_path: Path,
) -> None:
    async with broker_in(tmp_path) as broker:
        access = BrokerAccess(url=f"mqtt://127.0.0.1:{broker.port}")
        silent = open_prices(
            PriceSourceConfig(rows=ROWS, broker=access, topic="prices", period_s=0.01)
        )
        with pytest.raises(SourceError, match='has no message on "prices"'):
            await silent.read()
        await silent.close()
    gone = PriceSourceConfig(rows=ROWS, broker=access, topic="prices", period_s=PATIENCE_S)
    source = open_prices(gone)
    with pytest.raises(SourceError, match="cannot be reached"):
        await source.read()
    await source.close()
