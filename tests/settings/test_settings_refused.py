# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is wrong is reported in one line: the key, the value given, what is allowed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.errors import SettingsError
from evsed.settings import load_settings
from evsed.settings.messages import keys
from tests.settings.complaints import complaints


@pytest.mark.parametrize(
    ("section", "line", "must"),
    [
        ("supply", "max_current_a = 4", "must be 6 to 80 A"),
        ("supply", "max_current_a = 81", "must be 6 to 80 A"),
        ("supply", "max_current_a = nan", "must be 6 to 80 A"),
        ("supply", "max_current_a = inf", "must be 6 to 80 A"),
        ("supply", 'max_current_a = "16"', "must be a number, 6 to 80 A"),
        ("supply", "max_current_a = true", "must be a number, 6 to 80 A"),
        ("supply", "mains_v = 24", "must be 100 to 277 V"),
        (
            "supply",
            "mains_v = 400",
            "must be 100 to 277 V, line to neutral: 231 in a grid of 400 V",
        ),
        ("supply", "phases = 4", "must be 1 to 3"),
        ("supply", "phases = 1.5", "must be a whole number, 1 to 3"),
        ("board", 'kind = "arduino"', 'must be "pigpio" or "kernel"'),
        ("board.pigpio", 'host = ""', "must be the name or the address of a machine"),
        ("board.pigpio", "port = 0", "must be 1 to 65535"),
        (
            "board.pigpio",
            "pilot_gpio = 17",
            "must be 12, 13, 18 or 19: the GPIOs that have hardware PWM",
        ),
        ("board.pigpio", "contactor_gpios = []", "must be a list of 1 to 3 GPIOs"),
        ("board.pigpio", "contactor_gpios = 23", "must be a list of 1 to 3 GPIOs"),
        (
            "board.pigpio",
            "contactor_gpios = [18]",
            "must be other than pilot_gpio, which is 18",
        ),
        ("board.pigpio", "contactor_gpios = [5, 6, 5]", "must be different GPIOs"),
        (
            "board.pigpio",
            "contactor_gpios = [5, 6]",
            "must be one GPIO, or one per phase: supply.phases is 1",
        ),
        (
            "board.pigpio",
            "heartbeat_gpio = 23",
            "must be other than contactor_gpios, which have 23",
        ),
        ("board.pigpio", "heartbeat_gpio = 18", "must be other than pilot_gpio, which is 18"),
        (
            "board.pigpio",
            "heartbeat_gpio = 9",
            "must be a GPIO that SPI does not use; it uses 7 to 11",
        ),
        ("board.pigpio", "heartbeat_gpio = 40", "must be 2 to 27"),
        ("board.pigpio", "spi_channel = 2", "must be 0 to 1"),
        ("board.pigpio", "spi_hz = 5000000", "must be 400000 to 1350000 Hz"),
        ("board.front_end", "pilot_adc_channel = 8", "must be 0 to 7"),
        ("board.front_end", "volts_at_code_0 = -5.0", "must be -30 to -12.6"),
        (
            "board.front_end",
            "volts_per_code = 0.021",
            "must be 0.02577 or more: with this one, +12.6 V cannot be read",
        ),
        (
            "feed",
            'kind = "telepathy"',
            'must be "batterymonitor" or "fixed" or "http" or "mqtt" or "modbus"',
        ),
        ("feed", 'url = "ftp://sun/x"', "must be an http:// or https:// address with a host"),
        ("feed", 'url = "http:///x"', "must be an http:// or https:// address with a host"),
        ("feed", 'url = "http://sun:99999/"', "must be an http:// or https:// address with a host"),
        ("feed", 'url = "http://[sun/"', "must be an http:// or https:// address with a host"),
        ("feed", "period_s = 5", "must be 10 to 3600 s"),
        ("feed", "window_s = 61", "must be 0 to 60 s, which is feed.period_s"),
        (
            "feed",
            'timezone = "Mars/Olympus"',
            'must be "" (the zone of this machine) or the name of a zone such as "Europe/Vienna"',
        ),
        (
            "feed",
            'timezone = "../../etc/passwd"',
            'must be "" (the zone of this machine) or the name of a zone such as "Europe/Vienna"',
        ),
        ("feed", "current_a = 5.9", "must be 6 to 80 A"),
        ("surplus", "loan_wh = -1", "must be 0 to 100000 Wh"),
        ("surplus", "up_slew_a_per_s = 0", "must be 0.01 to 100 A/s"),
        ("surplus", "car_min_current_a = 12.0", "must be 6 to 10 A, which is supply.max_current_a"),
        ("safety", "allow_ventilated = 1", "must be true or false"),
        (
            "safety",
            'temperature_sensor = "kitchen"',
            'must be "" (none) or the name of a DS18B20, such as "28-0316a2795fff"',
        ),
        ("safety", "restart_delay_max_s = 601", "must be 0 to 600 s"),
        (
            "inputs",
            "contactor_feedback_gpios = 25",
            "must be a list of GPIOs, as many as the board's contactor_gpios has, or []",
        ),
        ("inputs", "contactor_feedback_gpios = [5, 5]", "must be different GPIOs"),
        (
            "inputs",
            "contactor_feedback_gpios = [5, 6]",
            "must be [] or as many as board.pigpio.contactor_gpios has: 1",
        ),
        (
            "inputs",
            "contactor_feedback_gpios = [24]",
            "must be other than board.pigpio.heartbeat_gpio, which has 24",
        ),
        ("inputs", "ground_fault_gpio = 28", "must be a GPIO, 2 to 27, or absent"),
        ("inputs", 'ground_fault_gpio = "16"', "must be a GPIO, 2 to 27, or absent"),
        (
            "inputs",
            "ground_fault_gpio = 9",
            "must be a GPIO that SPI does not use; it uses 7 to 11",
        ),
        (
            "inputs",
            "ground_fault_test_gpio = 20",
            "must be absent where ground_fault_gpio is: nothing would hear the answer",
        ),
        (
            "inputs",
            "emergency_stop_gpio = 23",
            "must be other than board.pigpio.contactor_gpios, which has 23",
        ),
        ("inputs", "proximity_adc_channel = 8", "must be an ADC channel, 0 to 7, or absent"),
        (
            "inputs",
            "proximity_adc_channel = 0",
            "must be other than board.front_end.pilot_adc_channel, which is 0",
        ),
        (
            "box",
            "light_gpios = [17, 23]",
            "must be other than board.pigpio.contactor_gpios, which has 23",
        ),
        (
            "box",
            "button_gpio = 24",
            "must be other than board.pigpio.heartbeat_gpio, which has 24",
        ),
        ("car", "phases = 2", "must be 0 to 1, which is supply.phases"),
        ("car", "phases = 4", "must be 0 to 3"),
        ("box", "light_gpios = [17, 17]", "must be different GPIOs"),
        ("box", "button_gpio = 7", "must be a GPIO that SPI does not use; it uses 7 to 11"),
        (
            "box",
            "light_gpios = [4, 5, 6, 12]",
            "must be a list of up to 3 GPIOs: red, green and blue, or []",
        ),
        ("inputs", "current_adc_channel = 8", "must be an ADC channel, 0 to 7, or absent"),
        (
            "inputs",
            "current_adc_channel = 0",
            "must be other than board.front_end.pilot_adc_channel, which is 0",
        ),
        ("inputs", "current_a_per_v = 0.5", "must be 1 to 1000 A/V"),
        ("contactor", "hold_duty = 0.1", "must be 0.2 to 1"),
        ("web", "port = 65536", "must be 0 to 65535"),
        ("web", 'socket = "control.sock"', "must be an absolute path, beginning with /"),
        ("logs", 'dir = "log"', "must be an absolute path, beginning with /"),
        ("logs", "dir = 3", "must be an absolute path"),
        ("logs", 'level = "loud"', 'must be "debug" or "info" or "warning" or "error"'),
        ("store", 'path = "~/evsed.db"', "must be an absolute path, beginning with /"),
    ],
)
def test_an_impossible_value_is_named_with_its_key_and_range(
    tmp_path: Path, section: str, line: str, must: str
) -> None:
    assert complaints(tmp_path, f"[{section}]\n{line}\n") == [f"{section}.{line}: {must}"]


def test_a_list_with_a_wrong_item_is_one_problem(tmp_path: Path) -> None:
    (text,) = complaints(tmp_path, "[board.pigpio]\ncontactor_gpios = [10]\n")
    assert text.startswith("board.pigpio.contactor_gpios[0] = 10: must be a GPIO that SPI")


def test_one_item_of_a_list_is_named_by_its_place(tmp_path: Path) -> None:
    text = "[supply]\nphases = 3\n[board.pigpio]\ncontactor_gpios = [23, 8, 99]\n"
    assert complaints(tmp_path, text) == [
        (
            "board.pigpio.contactor_gpios[1] = 8: "
            "must be a GPIO that SPI does not use; it uses 7 to 11"
        ),
        "board.pigpio.contactor_gpios[2] = 99: must be 2 to 27",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[supply]\nmax_curent_a = 16\n",
            "supply.max_curent_a = 16: there is no such key; did you mean supply.max_current_a?",
        ),
        (
            "[supply]\nperiod_s = 16\n",
            "supply.period_s = 16: there is no such key; did you mean feed.period_s?",
        ),
        (
            "mains_v = 230\n",
            "mains_v = 230: there is no such key; did you mean supply.mains_v?",
        ),
        ("[suply]\n", "[suply]: there is no such section; did you mean supply?"),
        (
            "[board.pigpoi]\nport = 1\n",
            "[board.pigpoi]: there is no such section; did you mean board.pigpio?",
        ),
        (
            "[logs]\nxylophone = true\n",
            "logs.xylophone = true: there is no such key; there are dir, level",
        ),
        ("logs = 3\n", "logs = 3: must be a section: [logs]"),
    ],
)
def test_an_unknown_key_is_told_its_nearest(tmp_path: Path, text: str, line: str) -> None:
    assert complaints(tmp_path, text) == [line]


def test_a_mistake_in_a_variable_names_the_variable(tmp_path: Path) -> None:
    found = complaints(
        tmp_path,
        "",
        EVSED_WEB__PROT="80",
        EVSED_SUPPLY__PHASES="many",
        EVSED_STORE="1",
        EVSED_STORE__PATH="/x",
        EVSED_SUPPLY__MAINS_V="230\nphases = 2",
    )
    assert found == [
        (
            'supply.mains_v = "230\\nphases = 2" (EVSED_SUPPLY__MAINS_V): '
            "must be a number, 100 to 277 V"
        ),
        'supply.phases = "many" (EVSED_SUPPLY__PHASES): must be a whole number, 1 to 3',
        "web.prot = 80 (EVSED_WEB__PROT): there is no such key; did you mean web.port?",
        "store = 1 (EVSED_STORE): must be a section: [store]",
    ]


def test_all_mistakes_are_told_together_also_those_between_keys(tmp_path: Path) -> None:
    text = """
        [supply]
        mains_v = "high"
        max_current_a = 4
        [board.pigpio]
        pilot_gpio = 17
        contactor_gpios = [24]
        [feed]
        kind = "none"
        window_s = 90
        [webb]
    """
    assert complaints(tmp_path, text) == [
        'supply.mains_v = "high": must be a number, 100 to 277 V',
        "supply.max_current_a = 4: must be 6 to 80 A",
        "board.pigpio.pilot_gpio = 17: must be 12, 13, 18 or 19: the GPIOs that have hardware PWM",
        "board.pigpio.heartbeat_gpio = 24: must be other than contactor_gpios, which have 24",
        'feed.kind = "none": must be "batterymonitor" or "fixed" or "http" or "mqtt" or "modbus"',
        "feed.window_s = 90: must be 0 to 60 s, which is feed.period_s",
        "[webb]: there is no such section; did you mean web?",
    ]


def test_a_wrong_key_brings_no_complaint_about_a_right_one(tmp_path: Path) -> None:
    text = "[supply]\nmax_current_a = 4\n[surplus]\ncar_min_current_a = 16\n"
    assert complaints(tmp_path, text) == ["supply.max_current_a = 4: must be 6 to 80 A"]


def test_a_price_without_the_other_two_is_named(tmp_path: Path) -> None:
    (line,) = complaints(tmp_path, "[surplus]\nlater_price = 0.1\n")
    assert line.startswith("surplus.later_price = 0.1: must be set together with the other two")


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    (line,) = complaints(tmp_path, f'[feed]\nurl = "{"x" * 500}"\n')
    assert line.startswith('feed.url = "xxx')
    assert len(line) < 150


@given(
    key=st.sampled_from(sorted(keys())),
    value=st.one_of(
        st.text(max_size=20), st.integers().map(str), st.floats().map(str), st.just("[]")
    ),
)
def test_no_variable_makes_more_than_one_line_a_problem_or_another_error(
    key: str, value: str
) -> None:
    name = "EVSED_" + key.replace(".", "__").upper()
    try:
        load_settings(None, environ={name: value})
    except SettingsError as error:
        assert len(error.problems) == 1  # noqa: PT017 - both ends are fine, this is one of them
        assert error.problems[0].startswith(key)  # noqa: PT017
        assert error.problems[0].isprintable()  # noqa: PT017
