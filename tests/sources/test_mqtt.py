# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers from a real broker: presets, retained messages, floods, and a broker that goes away."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import ssl
import subprocess
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiomqtt
import pytest

from evsed.errors import SourceError
from evsed.sources.broker import FLOOD_PER_S, end
from evsed.sources.mqtt import MqttSource
from evsed.sources.presets import Device, numbers_of
from evsed.sources.reader import Figures, Reader
from evsed.sources.terms import BrokerAccess, MqttTerm
from tests.sources.devices import Broker, broker_in, needs_mosquitto
from tests.sources.test_http_presets import FEED, METER, values

pytestmark = needs_mosquitto

PATIENCE_S = 60.0
"""Far more than any of it takes; a test that waits so long has failed."""


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    async with broker_in(tmp_path) as running:
        yield running


@asynccontextmanager
async def sender(broker: Broker) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        yield client


@asynccontextmanager
async def source_of(*terms: MqttTerm) -> AsyncIterator[MqttSource]:
    source = MqttSource(terms, ask_s=0.05)
    try:
        yield source
    finally:
        await source.close()


async def refusal(source: MqttSource) -> str:
    """The message of the source as soon as it refuses."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await source.read(0.1)
            except SourceError as error:
                return str(error)


async def first_answer(reader: Reader) -> Figures:
    """The first answer of the reader, also on a machine that is slow."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await reader.read(1.0)
            except SourceError as error:
                if "yet; check the topic" not in str(error) and "reached" not in str(error):
                    raise


async def read_while_sent(device: Device, broker: Broker, messages: dict[str, str]) -> Figures:
    """The readings of *device* from these messages, which are sent again and again meanwhile."""
    numbers = numbers_of(device, FEED)
    reader = Reader(numbers)
    async with sender(broker) as client:

        async def send() -> None:
            while True:
                for topic, payload in messages.items():
                    await client.publish(topic, payload)
                await asyncio.sleep(0.05)

        sending = asyncio.create_task(send())
        try:
            return await first_answer(reader)
        finally:
            await end(sending)
            await reader.close()


async def test_a_topic_whose_payload_is_a_number_needs_no_path(broker: Broker) -> None:
    device = Device(
        kind="mqtt", given={"url": broker.url}, numbers={"grid_w": {"topic": "house/grid"}}
    )

    assert values(await read_while_sent(device, broker, {"house/grid": "-420.5"})) == {
        "grid_w": -420.5
    }


async def test_a_topic_with_json_is_read_by_its_path_and_unit(broker: Broker) -> None:
    device = Device(
        kind="mqtt",
        given={"url": broker.url},
        numbers={"excess_w": {"topic": "solar", "path": "meter.excess", "unit": "kW"}},
    )

    figures = await read_while_sent(device, broker, {"solar": '{"meter": {"excess": 1.5}}'})

    assert values(figures) == {"excess_w": 1500}


async def test_tasmota_sends_its_sensor_by_itself(broker: Broker) -> None:
    # https://tasmota.github.io/docs/MQTT/: tele/<topic>/SENSOR
    message = json.dumps({"Time": "2026-06-14T12:00:00", "ENERGY": {"Total": 41.3, "Power": -77}})
    device = Device(preset="tasmota-mqtt", given={"url": broker.url, "id": "meter"})

    figures = await read_while_sent(device, broker, {"tele/meter/SENSOR": message})

    assert values(figures) == {"grid_w": -77}


async def test_batterymonitor_gives_its_demand_and_both_bounds(broker: Broker) -> None:
    # The names are those of BatteryMonitor's summary (demandmanager.py).
    message = json.dumps(
        {"timestamp": "20260614120000", "excesssolar": [1834.0], "minmaxdemandpwr": [0, 5000.0]}
    )
    device = Device(preset="batterymonitor-mqtt", given={"url": broker.url})

    figures = await read_while_sent(device, broker, {"power": message})

    assert values(figures) == {"excess_w": 1834, "minimum_w": 0, "maximum_w": 5000}
    assert figures["excess_w"][0].stamp == "20260614120000"


async def victron(client: aiomqtt.Client, answers: Mapping[str, object], asked: list[str]) -> None:
    """A GX: it sends nothing by itself, and answers read requests (dbus-flashmq's README)."""
    await client.subscribe("R/c0619ab1b2c3/#")
    async for message in client.messages:
        topic = str(message.topic)
        asked.append(topic)
        path = topic.removeprefix("R/c0619ab1b2c3/")
        if path in answers:
            await client.publish(f"N/c0619ab1b2c3/{path}", json.dumps({"value": answers[path]}))


async def test_a_victron_gx_is_kept_awake_and_asked_for_each_number(broker: Broker) -> None:
    answers = {
        "system/0/Ac/Grid/L1/Power": -700,
        "system/0/Ac/Grid/L2/Power": 120.5,
        "system/0/Ac/Grid/L3/Power": None,
        "system/0/Dc/Battery/Power": 900,
        "system/0/Dc/Battery/Soc": 81.2,
    }
    asked: list[str] = []
    device = Device(preset="victron-mqtt", given={"url": broker.url, "id": "c0619ab1b2c3"})
    reader = Reader(numbers_of(device, FEED), period_s=0.05)
    async with sender(broker) as client:
        gx = asyncio.create_task(victron(client, answers, asked))
        try:
            figures = await first_answer(reader)
        finally:
            await end(gx)
            await reader.close()

    assert values(figures) == {"grid_w": -579.5, "battery_w": -900, "soc": 0.812}
    assert "R/c0619ab1b2c3/keepalive" in asked


async def test_a_victron_gx_as_a_meter_leaves_out_phases_that_are_not_there(
    broker: Broker,
) -> None:
    answers = {"system/0/Ac/Grid/L1/Power": -700, "system/0/Ac/Grid/L1/Current": -3.2}
    device = Device(preset="victron-mqtt", given={"url": broker.url, "id": "c0619ab1b2c3"})
    numbers = numbers_of(device, METER, phases=True)
    terms = [term for sums in numbers.values() for each in sums for term in each]
    source = MqttSource(
        [term for term in terms if isinstance(term, MqttTerm)], ask_s=0.05, first_s=0.3
    )
    async with sender(broker) as client:
        gx = asyncio.create_task(victron(client, answers, []))
        try:
            samples: dict[str, float] = {}
            async with asyncio.timeout(PATIENCE_S):
                while len(samples) < 2:
                    try:
                        found = await source.read(0.1)
                    except SourceError:
                        continue
                    samples = {
                        t.topic: s.value for t, s in found.items() if isinstance(t, MqttTerm)
                    }
        finally:
            await end(gx)
            await source.close()

    assert samples == {
        "N/c0619ab1b2c3/system/0/Ac/Grid/L1/Power": -700,
        "N/c0619ab1b2c3/system/0/Ac/Grid/L1/Current": -3.2,
    }


def grid(broker: Broker) -> MqttTerm:
    return MqttTerm(broker=BrokerAccess(url=broker.url), topic="grid")


async def test_a_retained_message_is_not_believed_because_nobody_can_tell_its_age(
    broker: Broker,
) -> None:
    async with sender(broker) as client:
        await client.publish("grid", "-5000", retain=True)
    source = MqttSource([grid(broker)], first_s=0.1)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while "only a retained message" not in await refusal(source):
                pass
    finally:
        await source.close()


async def test_news_is_waited_for_and_the_newest_counts(broker: Broker) -> None:
    async with source_of(grid(broker)) as source, sender(broker) as client:
        first = asyncio.create_task(source.read())
        await asyncio.sleep(0)
        while not first.done():
            await client.publish("grid", "1")
            await asyncio.sleep(0.02)
        assert [each.value for each in (await first).values()] == [1.0]

        await client.publish("grid", "2")
        async with asyncio.timeout(PATIENCE_S):
            while [each.value for each in (await source.read(1.0)).values()] != [2.0]:
                pass


async def test_a_phase_that_has_not_come_yet_is_waited_for_before_it_counts_as_absent(
    broker: Broker,
) -> None:
    now = 0.0
    there = MqttTerm(broker=BrokerAccess(url=broker.url), topic="L1")
    missing = MqttTerm(broker=BrokerAccess(url=broker.url), topic="L2", optional=True)
    source = MqttSource([there, missing], clock=lambda: now, first_s=0.1)
    async with sender(broker) as client:
        sending = asyncio.create_task(send_on(client, "L1"))
        try:
            while '"L2" yet' not in await refusal(source):
                pass
            now = 0.2
            assert list(await source.read(1.0)) == [there]
        finally:
            await end(sending)
            await source.close()


async def send_on(client: aiomqtt.Client, topic: str) -> None:
    while True:
        await client.publish(topic, "1")
        await asyncio.sleep(0.02)


async def test_a_broker_that_goes_away_is_said_and_found_again(broker: Broker) -> None:
    async with source_of(grid(broker)) as source:
        async with sender(broker) as client:
            reading = asyncio.create_task(source.read())
            while not reading.done():
                await client.publish("grid", "1")
                await asyncio.sleep(0.02)
            await reading
        await broker.stop()
        assert "cannot be reached" in await refusal(source)
        await broker.start()
        async with sender(broker) as client, asyncio.timeout(PATIENCE_S):
            while True:
                await client.publish("grid", "7")
                try:
                    found = await source.read(0.1)
                except SourceError:
                    continue
                assert [each.value for each in found.values()] == [7.0]
                break


async def test_a_topic_that_floods_is_given_up_with_a_reason(broker: Broker) -> None:
    # Time stands still, so however slow this machine is, all of them come within one second.
    source = MqttSource([grid(broker)], clock=lambda: 0.0)
    async with sender(broker) as client:
        reading = asyncio.create_task(source.read())
        while not reading.done():
            await client.publish("grid", "1")
            await asyncio.sleep(0.02)
        await reading
        for _ in range(FLOOD_PER_S):
            await client.publish("grid", "1")

        assert f"floods: more than {FLOOD_PER_S} messages a second" in await refusal(source)
    await source.close()


async def test_a_message_of_ten_megabytes_is_never_taken_in(broker: Broker) -> None:
    async with source_of(grid(broker)) as source, sender(broker) as client:
        reading = asyncio.create_task(source.read())
        while not reading.done():
            await client.publish("grid", "1")
            await asyncio.sleep(0.02)
        await reading
        await client.publish("grid", b"9" * 10_000_000)
        await client.publish("grid", "2")
        async with asyncio.timeout(PATIENCE_S):
            while [each.value for each in (await source.read(1.0)).values()] != [2.0]:
                pass


def own_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that has signed itself, and its key."""
    own, key = folder / "ca.pem", folder / "key.pem"
    what = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    where = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(own)]
    subprocess.run(["openssl", *what, *where], check=True, capture_output=True)
    return own, key


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
# paho leaves a socket whose handshake has failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_broker_with_a_certificate_and_a_password_is_asked_over_tls(
    tmp_path: Path,
) -> None:
    own, key = own_certificate(tmp_path)
    # mosquitto's own form of a password: PBKDF2 with SHA-512, 101 rounds.
    salt = b"saltsaltsalt"
    digest = hashlib.pbkdf2_hmac("sha512", b"geheim", salt, 101)
    words = "$".join(["", "7", "101", b64encode(salt).decode(), b64encode(digest).decode()])
    (tmp_path / "users").write_text(f"anna:{words}\n")
    (tmp_path / "password").write_text("geheim\n")
    lines = f"certfile {own}\nkeyfile {key}\npassword_file {tmp_path / 'users'}"
    async with broker_in(tmp_path, lines) as broker:
        access = BrokerAccess(
            url=broker.url.replace("mqtt:", "mqtts:"),
            user="anna",
            password_file=str(tmp_path / "password"),
            ca_file=str(own),
        )
        context = ssl.create_default_context(cafile=str(own))
        async with (
            source_of(MqttTerm(broker=access, topic="grid")) as source,
            aiomqtt.Client(
                "127.0.0.1", broker.port, username="anna", password="geheim", tls_context=context
            ) as client,
        ):
            sending = asyncio.create_task(send_on(client, "grid"))
            try:
                async with asyncio.timeout(PATIENCE_S):
                    while not await answers(source):
                        pass
            finally:
                await end(sending)
        stranger = MqttTerm(broker=replace(access, user="otto"), topic="grid")
        async with source_of(stranger) as source:
            assert "cannot be reached" in await refusal(source)
        distrusting = MqttTerm(broker=replace(access, ca_file=""), topic="grid")
        async with source_of(distrusting) as source:
            assert "certificate" in await refusal(source)


async def answers(source: MqttSource) -> bool:
    try:
        return bool(await source.read(0.2))
    except SourceError:
        return False


@pytest.mark.parametrize("payload", ["", "nan", "{", "[1]", "true", '{"x": 1}', "-1e999", "12 W"])
async def test_a_message_that_is_no_number_is_said_to_be_none(broker: Broker, payload: str) -> None:
    device = Device(kind="mqtt", given={"url": broker.url}, numbers={"grid_w": {"topic": "grid"}})

    with pytest.raises(SourceError, match='message on "grid"'):
        await read_while_sent(device, broker, {"grid": payload})


@pytest.mark.parametrize("url", ["192.168.1.5", "http://x", "mqtt://", "mqtt://x:y"])
async def test_what_is_no_broker_is_refused_at_once(url: str) -> None:
    with pytest.raises(SourceError, match="is not the address of a broker"):
        MqttSource([MqttTerm(broker=BrokerAccess(url=url), topic="grid")])
