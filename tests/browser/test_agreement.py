# SPDX-License-Identifier: GPL-3.0-or-later
"""One truth: page, JSON, classic line, `evsed status`, MQTT and logs agree at every step."""

from __future__ import annotations

import json
import math
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser

from evsed.cli.client import status as status_in_words
from tests.browser.conftest import Charger
from tests.browser.watch import PHONE_LIGHT, Watched, open_page
from tests.sources.devices import MOSQUITTO, Broker, needs_mosquitto

pytestmark = needs_mosquitto

IN_TIME_S = 240.0
AGAIN_S = 0.4
MQTT_KEYS = (
    "summary", "reason", "power_w", "offered_a", "drawn_a", "day_wh", "day_solar_wh", "total_wh",
    "excess_w", "available_w", "state", "classic_state", "feed_error",
)  # fmt: skip
LAG_S = 5.0
"""Whatever is shown is a status of the last seconds: a page that is loaded shows the last event."""


class Subscriber:
    """The knowledge of a program that listens by MQTT: the last state."""

    def __init__(self, port: int) -> None:
        self.state: dict[str, Any] = {}
        self.port = port
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        while True:
            try:
                self._client.connect("127.0.0.1", port)
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        self._client.subscribe("evsed/+/state", qos=1)
        self._client.loop_start()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.state = json.loads(message.payload)

    def close(self) -> None:
        """Hang up."""
        self._client.loop_stop()
        self._client.disconnect()


@pytest.fixture(scope="module")
def subscriber(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subscriber]:
    """A listener at a mosquitto of this module's own."""
    assert MOSQUITTO is not None
    broker = Broker(tmp_path_factory.mktemp("broker"))
    with subprocess.Popen([MOSQUITTO, "-c", str(broker.config)], stderr=subprocess.DEVNULL) as run:
        listening = Subscriber(broker.port)
        yield listening
        listening.close()
        run.terminate()


@pytest.fixture(scope="module")
def charger(tmp_path_factory: pytest.TempPathFactory, subscriber: Subscriber) -> Iterator[Charger]:
    """A charger that publishes at that mosquitto."""
    made = Charger(
        tmp_path_factory.mktemp("charger"), "--broker", f"mqtt://127.0.0.1:{subscriber.port}"
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def page(browser: Browser, charger: Charger) -> Iterator[Watched]:
    watched = open_page(browser, charger.url, PHONE_LIGHT)
    yield watched
    watched.page.context.close()


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def shown(page: Watched, *names: str) -> dict[str, str]:
    """The text of the elements of those names, all of one moment."""
    script = "(names) => names.map((name) => document.getElementById(name).textContent.trim())"
    return dict(zip(names, page.page.evaluate(script, list(names)), strict=True))


def rounded(watts: float) -> str:
    return f"{int(watts / 100 + 0.5) / 10:.1f}"


def kwh(wh: float) -> str:
    return f"{wh / 1000:.2f}" if wh < 100_000 else f"{wh / 1000:,.0f}"


def share(wh: float, solar_wh: float | None) -> str:
    if not wh or solar_wh is None:
        return ""
    return f"{int(100 * min(1.0, solar_wh / wh) + 0.5)} % sun"


def page_figure(now: dict[str, Any]) -> str:
    """The feed's figure as the page words it."""
    if now["excess_counts_charge"]:
        figure = f"{math.floor(now['excess_w'] / 100 + 0.5) / 10:.1f}".replace(
            "-", "\N{MINUS SIGN}"
        )
        return f"{figure} kW, which counts"
    size = rounded(abs(now["excess_w"]))
    return f"{size} kW {'too much is taken' if now['excess_w'] < 0 else 'to spare'}"


def status_figure(now: dict[str, Any]) -> str:
    """The feed's figure as `evsed status` words it."""
    what = "of power and battery charge" if now["excess_counts_charge"] else "excess"
    return f"{now['excess_w'] / 1000:.1f} kW {what}"


def expected(now: dict[str, Any]) -> dict[str, object]:
    """The words that each place has to show where the status is *now*."""
    session = now["session"]
    charging = now["classic_state"] == 3
    return {
        "page power": rounded(now["power_w"]),
        "page session": kwh(session["energy_wh"]),
        "page session share": share(session["energy_wh"], session["solar_wh"]),
        "page day": kwh(now["day_wh"]),
        "page day share": share(now["day_wh"], now["day_solar_wh"]),
        "page total": kwh(now["total_wh"]),
        "page offered": f"{now['offered_a']:.1f}",
        "page drawn": f"{now['drawn_a']:.1f}",
        "page summary": now["summary"],
        "classic Power": f"{now['power_w'] / 1000:.1f}" if charging else "0.0",
        "classic ChargeI": f"{now['drawn_a']:.1f}" if charging else "0.0",
        "classic Energy": f"{session['energy_wh'] / 1000:.3f}",
        "classic DayEnergy": f"{now['day_wh'] / 1000:.1f}",
        "classic Delta": str(round(now["excess_w"] or 0.0)),
        "classic State": str(now["classic_state"]),
        "page feed": "" if now["excess_w"] is None else page_figure(now),
        "status feed": [] if now["excess_w"] is None else [status_figure(now)],
        "status summary": now["summary"],
        "status power": f"{now['power_w'] / 1000:.1f}",
        "status session": f"{session['energy_wh'] / 1000:.2f}",
        "status day": f"{now['day_wh'] / 1000:.2f}",
        "history": round(session["energy_wh"], 1) if session["active"] else None,
        **{f"MQTT {key}": now[key] for key in MQTT_KEYS},
        "MQTT session": session["energy_wh"],
    }


def found(charger: Charger, page: Watched, state: dict[str, Any]) -> dict[str, object]:
    """The words that each place shows."""
    url = charger.url.rstrip("/")
    texts = shown(
        page, "power", "session_kwh", "session_sun", "day_kwh", "day_sun", "total_kwh",
        "offered_a", "drawn_a", "summary", "feed_text",
    )  # fmt: skip
    classic = dict(re.findall(r"(\w+(?: \w+)?)=(\S+)", fetched(f"{url}/anything")))
    words = status_in_words(url)
    newest = json.loads(fetched(f"{url}/api/v1/sessions?limit=1"))["sessions"][0]
    return {
        "page power": texts["power"],
        "page session": texts["session_kwh"].removeprefix("≈ "),
        "page session share": texts["session_sun"],
        "page day": texts["day_kwh"],
        "page day share": texts["day_sun"],
        "page total": texts["total_kwh"],
        "page offered": texts["offered_a"],
        "page drawn": texts["drawn_a"],
        "page summary": texts["summary"],
        **{
            f"classic {key}": classic[key]
            for key in ("Power", "ChargeI", "Energy", "DayEnergy", "Delta", "State")
        },
        "page feed": "".join(
            re.findall(
                r"\N{MINUS SIGN}?[\d.]+ kW(?:, which counts| too much is taken| to spare)",
                texts["feed_text"],
            )
        ),
        "status feed": re.findall(r"feed +(-?[\d.]+ kW [a-z ]+)", words),
        "status summary": words.splitlines()[0],
        "status power": re.findall(r"power +(\S+) kW", words)[0],
        "status session": re.findall(r"session +(\S+) kWh", words)[0],
        "status day": re.findall(r"today (\S+) kWh", words)[0],
        "history": newest["energy_wh"] if newest["ended"] is None else None,
        **{f"MQTT {key}": state[key] for key in MQTT_KEYS},
        "MQTT session": state["session"]["energy_wh"],
    }


def agree(
    charger: Charger,
    page: Watched,
    subscriber: Subscriber,
    when: Callable[[dict[str, Any]], bool],
) -> None:
    """Wait until the status is as *when* wants it and every place shows one of the last seconds."""
    deadline = time.monotonic() + IN_TIME_S
    statuses: list[tuple[float, dict[str, Any]]] = []
    wrong = ["it never came to that"]
    while time.monotonic() < deadline:
        texts: dict[str, object] = {}
        now = json.loads(fetched(f"{charger.url}api/v1/status"))
        statuses = [shown for shown in statuses if time.monotonic() - shown[0] < LAG_S]
        statuses.append((time.monotonic(), now))
        if len(statuses) > 3 and all(when(status) for _, status in statuses):
            texts = found(charger, page, subscriber.state)
            statuses.append((time.monotonic(), json.loads(fetched(f"{charger.url}api/v1/status"))))
            right = [expected(status) for _, status in statuses]
            wrong = [
                f"{name}: {text!r}, not one of {sorted({str(each[name]) for each in right})}"
                for name, text in texts.items()
                if text not in [each[name] for each in right]
            ]
            if not wrong:
                return
        time.sleep(AGAIN_S)
    raise AssertionError("\n".join(wrong))


def test_all_agree_while_the_car_charges(
    charger: Charger, page: Watched, subscriber: Subscriber
) -> None:
    agree(charger, page, subscriber, lambda now: now["power_w"] > 1000)


def test_all_agree_under_a_cloud(charger: Charger, page: Watched, subscriber: Subscriber) -> None:
    charger.garage.press("dark")
    agree(
        charger,
        page,
        subscriber,
        lambda now: now["available_w"] is not None and now["available_w"] < 1400,
    )


def test_all_agree_when_the_feed_is_lost_and_old_figures_are_shown_as_old(
    charger: Charger, page: Watched, subscriber: Subscriber
) -> None:
    charger.garage.press("clear")
    charger.garage.press("feed_pulled")
    agree(
        charger,
        page,
        subscriber,
        lambda now: now["feed_error"] is not None and now["available_w"] is None,
    )
    texts = shown(page, "flow_sun", "flow_battery", "feed_text")
    assert (texts["flow_sun"], texts["flow_battery"]) == ("not known", "not known")
    assert "too old to use" in texts["feed_text"]
    recent = json.loads(fetched(f"{charger.url}api/v1/recent"))
    deadline = time.monotonic() + IN_TIME_S
    while recent["available_w"][-1] is not None:  # a point every ten seconds
        assert time.monotonic() < deadline
        time.sleep(AGAIN_S)
        recent = json.loads(fetched(f"{charger.url}api/v1/recent"))
    charger.garage.press("feed_none")


def test_all_agree_when_the_car_has_left_and_so_does_the_energy_log(
    charger: Charger, page: Watched, subscriber: Subscriber
) -> None:
    agree(charger, page, subscriber, lambda now: now["available_w"] is not None)
    charger.garage.press("unplug")
    agree(
        charger, page, subscriber, lambda now: now["state"] == "A" and not now["session"]["active"]
    )
    sessions = json.loads(fetched(f"{charger.url}api/v1/sessions?limit=5"))["sessions"]
    newest = next(session for session in sessions if session["energy_wh"] > 5)
    wanted = f"{newest['energy_wh'] / 1000:7.3f}kWh"
    log = charger.folder / "log" / "energy.log"
    deadline = time.monotonic() + IN_TIME_S
    while not (log.exists() and any(wanted in line for line in log.read_text().splitlines())):
        assert time.monotonic() < deadline, (wanted, log.exists() and log.read_text())
        time.sleep(AGAIN_S)


def test_without_a_board_nothing_is_claimed_of_the_car(charger: Charger, page: Watched) -> None:
    charger.garage.press("plug")
    page.says("#summary", "Charging|Car connected|The car asks")
    charger.garage.press("kill")
    page.says("#summary", "The board cannot be reached")
    agree_on = shown(page, "flow_car_name", "offered_a", "drawn_a", "limits")
    assert agree_on == {
        "flow_car_name": "Car: not known",
        "offered_a": "–",
        "drawn_a": "–",
        "limits": "Nothing is offered now.",
    }
    charger.garage.press("revive")
    page.says("#summary", "Charging|Car connected|The car asks")
