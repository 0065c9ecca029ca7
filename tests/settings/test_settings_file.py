# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped evsed.toml is a promise: every key is in it, with its default and a comment.

What is absent by default stands there behind a #, with an example.
"""

import re
import tomllib
from pathlib import Path

import pytest

from evsed.boards import BoardConfig, InputsConfig
from evsed.core.car.care import CarCareConfig
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.over_current import OverCurrentConfig
from evsed.core.pilot.phase_set import Switching, SwitchRules
from evsed.core.pilot.pilot_meter import FrontEnd
from evsed.core.solar.allotment_config import AllotmentConfig
from evsed.errors import SettingsError
from evsed.feeds import FeedConfig
from evsed.frontends.web import WebConfig
from evsed.logs import LogsConfig
from evsed.settings import Settings, load_settings
from evsed.settings.messages import describe, keys
from evsed.settings.sections import SupplySettings

SHIPPED = Path(__file__).parents[2] / "etc" / "evsed.toml"


def dotted(table: dict[str, object], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for key, value in table.items():
        if isinstance(value, dict):
            found |= dotted(value, f"{prefix}{key}.")
        else:
            found.add(prefix + key)
    return found


def absent(table: dict[str, object], prefix: str = "") -> set[str]:
    """The keys that have no value by default, dotted."""
    found: set[str] = set()
    for key, value in table.items():
        if isinstance(value, dict):
            found |= absent(value, f"{prefix}{key}.")
        elif value is None:
            found.add(prefix + key)
    return found


def test_the_shipped_file_has_every_key_with_its_default() -> None:
    shipped = tomllib.loads(SHIPPED.read_text())

    assert dotted(shipped) == set(keys()) - absent(Settings().model_dump())
    assert load_settings(SHIPPED, environ={}).model_dump() == Settings().model_dump()


def test_what_the_shipped_file_leaves_out_works_as_it_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "evsed.toml"
    text = re.sub(r"(?m)^# (?=\w+ = )", "", SHIPPED.read_text())
    # Numbers belong to the kinds of feeds and meters that are made of numbers.
    text = re.sub(r'(?m)^kind = ("batterymonitor"|"")', 'kind = "http"', text)
    text = text.replace('[ocpp]\nurl = ""', '[ocpp]\nurl = "ws://192.168.1.5/ocpp"')
    file.write_text(text.replace('url = ""', 'url = "http://192.168.1.40"'))

    found = dotted(tomllib.loads(file.read_text()))
    assert {re.sub(r"(_w|_wh|_a|soc)\.(path|unit)$", r"\1", key) for key in found} == set(keys())
    settings = load_settings(file, environ={})
    assert settings.supply.main_fuse_a == 35
    assert settings.board_config().inputs == InputsConfig(
        ground_fault_gpio=16,
        ground_fault_test_gpio=20,
        emergency_stop_gpio=26,
        proximity_adc_channel=1,
        current_adc_channel=2,
        coil_supply_adc_channel=3,
        generator_adc_channel=4,
    )


def test_every_section_of_the_shipped_file_is_explained() -> None:
    lines = SHIPPED.read_text().splitlines()
    for number, line in enumerate(lines):
        if re.fullmatch(r"\[\w+]", line):
            assert lines[number - 1].startswith("# "), f"nothing says what {line} is for"


def test_defaults_are_those_of_the_rooms_they_go_to() -> None:
    settings = Settings()

    assert settings.board_config() == BoardConfig()
    assert settings.front_end() == FrontEnd()
    # The shortest pause that IEC 61851-1 allows is the machine's; some cars need more.
    assert settings.evse_config(front_end_proved=False, hold_off_s=0.0) == EvseConfig(
        least_pause_s=60.0
    )
    assert settings.car_care_config() == CarCareConfig()
    assert settings.over_current_config() == OverCurrentConfig()
    assert settings.allotment_config() == AllotmentConfig(max_current_a=10.0, window_s=10.0)
    assert settings.feed_config() == FeedConfig(
        url="http://192.168.1.10/excesspwr.php", current_a=6.0
    )
    assert settings.web_config() == WebConfig(
        socket="/run/evsed/control.sock", password_file="/var/lib/evsed/password"
    )
    assert settings.logs_config() == LogsConfig(Path("/var/log/evsed"))


def test_what_the_owner_writes_reaches_the_rooms(tmp_path: Path) -> None:
    file = tmp_path / "evsed.toml"
    file.write_text(
        """
        [supply]
        mains_v = 240
        phases = 3
        max_current_a = 16
        [board.pigpio]
        host = "garage"
        port = 9999
        pilot_gpio = 13
        contactor_gpios = [5, 6, 26]
        heartbeat_gpio = 4
        spi_channel = 1
        spi_hz = 1000000
        [board.front_end]
        pilot_adc_channel = 3
        volts_at_code_0 = -15
        volts_per_code = 0.03
        [feed]
        kind = "fixed"
        url = "https://sun.example/x"
        semantics = "battery_power"
        period_s = 30
        window_s = 0
        timezone = "Europe/Vienna"
        current_a = 8
        [surplus]
        loan_wh = 1
        reserve_w = 2
        min_on_s = 3
        min_off_s = 4
        start_share = 0.5
        up_slew_a_per_s = 6
        car_min_current_a = 7
        [contactor]
        hold_duty = 0.75
        switching = "down"
        switching_rest_s = 20
        switching_pilot = "F"
        [inputs]
        contactor_feedback_gpios = [20, 21, 22]
        ground_fault_gpio = 12
        ground_fault_test_gpio = 16
        emergency_stop_gpio = 17
        proximity_adc_channel = 1
        current_adc_channel = 2
        current_a_per_v = 100
        [safety]
        allow_ventilated = true
        temperature_sensor = "28-0316a2795fff"
        restart_delay_max_s = 600
        [web]
        host = "::"
        port = 8080
        socket = ""
        [logs]
        dir = "/tmp/logs"
        level = "debug"
        """
    )
    settings = load_settings(file, environ={})

    board = settings.board_config()
    assert (board.pilot_adc_channel, board.pigpio.host, board.pigpio.port) == (3, "garage", 9999)
    assert (board.pigpio.pilot_gpio, board.pigpio.contactor_gpios) == (13, (5, 6, 26))
    assert (board.pigpio.heartbeat_gpio, board.pigpio.spi_channel) == (4, 1)
    assert board.pigpio.spi_hz == 1_000_000
    assert board.hold_duty == 0.75
    assert board.inputs == InputsConfig(
        contactor_feedback_gpios=(20, 21, 22),
        ground_fault_gpio=12,
        ground_fault_test_gpio=16,
        emergency_stop_gpio=17,
        proximity_adc_channel=1,
        current_adc_channel=2,
        current_a_per_v=100.0,
    )
    assert settings.safety.temperature_sensor == "28-0316a2795fff"
    assert settings.safety.restart_delay_max_s == 600.0
    assert settings.front_end() == FrontEnd(-15.0, 0.03)
    assert settings.evse_config(front_end_proved=True, hold_off_s=9.0) == EvseConfig(
        switch=SwitchRules(Switching.DOWN, 3, mirrored=True, rest_s=20.0, shows_f=True),
        allow_ventilated=True,
        front_end_proved=True,
        hold_off_s=9.0,
        least_pause_s=60.0,
    )
    assert settings.allotment_config() == AllotmentConfig(
        mains_v=240.0,
        phases=3,
        max_current_a=16.0,
        period_s=30.0,
        window_s=0.0,
        semantics="battery_power",
        loan_wh=1.0,
        reserve_w=2.0,
        min_on_s=3.0,
        min_off_s=4.0,
        start_share=0.5,
        up_slew_a_per_s=6.0,
        car_min_current_a=7.0,
    )
    assert settings.feed_config() == FeedConfig(
        kind="fixed",
        url="https://sun.example/x",
        period_s=30.0,
        timezone="Europe/Vienna",
        current_a=8.0,
    )
    assert settings.web_config() == WebConfig(
        host="::", port=8080, socket="", password_file="/var/lib/evsed/password"
    )
    assert settings.logs_config() == LogsConfig(Path("/tmp/logs"), "debug")


def test_settings_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().supply.max_current_a = 32.0  # type: ignore[misc]  # the very thing refused


def test_the_environment_goes_before_the_file_and_orders_before_both(tmp_path: Path) -> None:
    file = tmp_path / "evsed.toml"
    file.write_text("[supply]\nmains_v = 240\nmax_current_a = 16\nphases = 3\n")

    settings = load_settings(
        file,
        environ={
            "EVSED_SUPPLY__MAX_CURRENT_A": "20",
            "EVSED_SUPPLY__PHASES": "2",
            "EVSED_BOARD__PIGPIO__CONTACTOR_GPIOS": "[5]",
            "EVSED_SAFETY__ALLOW_VENTILATED": "true",
            "EVSED_LOGS__DIR": "/tmp/1",
            "EVSED_FEED__TIMEZONE": "",
            "PATH": "/bin",
        },
        overrides={"supply": {"phases": 1}},
    )

    assert settings.supply.model_dump() == {
        **SupplySettings().model_dump(),
        "mains_v": 240,
        "max_current_a": 20,
    }
    assert settings.board.pigpio.contactor_gpios == (5,)
    assert settings.safety.allow_ventilated
    assert settings.logs.dir == Path("/tmp/1")


def test_a_text_key_takes_a_variable_as_it_stands() -> None:
    settings = load_settings(None, environ={"EVSED_BOARD__PIGPIO__HOST": "1234"})
    assert settings.board.pigpio.host == "1234"


def test_making_settings_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVSED_WEB__PORT", "8080")
    monkeypatch.setenv("WEB", "{}")

    assert Settings().web.port == 80
    assert load_settings(None).web.port == 8080


def test_what_is_in_effect_can_be_read_back(tmp_path: Path) -> None:
    settings = load_settings(None, environ={"EVSED_WEB__PORT": "8080"})
    text = describe(settings)

    file = tmp_path / "evsed.toml"
    file.write_text(text)
    assert load_settings(file, environ={}).model_dump() == settings.model_dump()
    assert "port = 8080\n" in text
    assert 'host = "0.0.0.0"  # default\n' in text


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no such file; copy etc/evsed.toml there, or name"):
        load_settings(tmp_path / "evsed.toml", environ={})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read: Is a directory$"):
        load_settings(tmp_path, environ={})


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"[supply]\nmains_v 230\n", r"is not TOML: .*line 2"),
        (b"[supply]\nphases = 1\nphases = 3\n", r"is not TOML: .*line 3"),
        (b"[supply]\n\n# caf\xe9\n", r"line 3 is not UTF-8 text$"),
        (b"#" * 300_000, r"larger than 256 KiB; is it evsed's\?$"),
    ],
    ids=["syntax", "twice", "latin-1", "huge"],
)
def test_a_file_that_cannot_be_understood_is_refused_in_one_line(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    file = tmp_path / "evsed.toml"
    file.write_bytes(content)

    with pytest.raises(SettingsError, match=complaint) as refused:
        load_settings(file, environ={})

    assert len(refused.value.problems) == 1
    assert "\n" not in refused.value.problems[0]
