# SPDX-License-Identifier: GPL-3.0-or-later
"""A broker in trouble, and its load: prints the address of the broker.

`well`; `down` (nothing listens there); `silent` (accepts, and never answers); `orders` (10,000 a
second); `large` (orders of 1 MB); `topics` (orders, discovery and status under names that inject).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.benchmarks.rig import free_port
from tests.sources.devices import broker_in

LARGE = b"9" * 1_000_000
INJECTED = ("mode/../../x", "$SYS", "mode\n", "\u202emode", "a" * 60_000, "'; drop table", "{{x}}")
LOADS: dict[str, tuple[int, float]] = {"orders": (1000, 0.1), "large": (2, 0.1), "topics": (7, 0.1)}
"""Number of messages at once, and the pause between."""


def message(how: str, number: int) -> tuple[str, bytes]:
    """The last part of the topic, and the payload."""
    if how == "large":
        return "max_current_a", LARGE
    if how == "topics":
        return INJECTED[number % len(INJECTED)], b"\x00\xff{"
    return "max_current_a", b"%d" % (6 + number % 10)


async def load(how: str) -> None:
    """A mosquitto of our own, and a sender that knows evsed's id as soon as it is there."""
    count, pause_s = LOADS.get(how, (0, 1.0))
    with TemporaryDirectory(prefix="evsed-bench-mqtt-") as folder:
        async with broker_in(Path(folder)) as broker:
            names = {"0a1b2c3d"}
            client = paho.Client(CallbackAPIVersion.VERSION2)
            client.on_message = lambda _client, _data, seen: names.add(seen.topic.split("/")[1])
            client.connect("127.0.0.1", broker.port)
            client.subscribe("evsed/+/availability")
            client.loop_start()
            print(broker.url, flush=True)
            number = 0
            while True:
                for _ in range(count):
                    number += 1
                    last, payload = message(how, number)
                    for name in tuple(names):
                        with contextlib.suppress(ValueError):  # no topic by MQTT's own rules
                            client.publish(f"evsed/{name}/set/{last}", payload)
                await asyncio.sleep(pause_s)


async def main(how: str) -> None:
    """Serve until SIGTERM, and end the mosquitto then."""
    own = asyncio.current_task()
    assert own is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, own.cancel)
    if how == "down":
        print(f"mqtt://127.0.0.1:{free_port()}", flush=True)
        await asyncio.Event().wait()
    if how == "silent":
        server = await asyncio.start_server(lambda *_: asyncio.sleep(3600), "127.0.0.1", 0)
        print(f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await asyncio.Event().wait()
    await load(how)


if __name__ == "__main__":
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(main(sys.argv[1]))
