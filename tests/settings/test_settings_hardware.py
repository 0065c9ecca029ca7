# SPDX-License-Identifier: GPL-3.0-or-later
"""Contactors, inputs and wires that do not fit each other are refused in one line."""

from pathlib import Path

import pytest

from evsed.settings.messages import allowed, field_at, keys
from tests.settings.complaints import complaints


def test_a_contactor_is_held_only_where_a_mirror_contact_watches_it(tmp_path: Path) -> None:
    assert " ".join(complaints(tmp_path, "[contactor]\nhold_duty = 0.8\n")) == (
        "contactor.hold_duty = 0.8: must be 1.0, or inputs.contactor_feedback_gpios must name one "
        "GPIO for each contactor: one that lets go while it is held would go unnoticed, and what "
        "holds it does not close it again"
    )


def test_the_kernel_board_holds_no_contactor(tmp_path: Path) -> None:
    text = (
        '[board]\nkind = "kernel"\n[contactor]\nhold_duty = 0.8\n'
        "[inputs]\ncontactor_feedback_gpios = [25]\n"
    )
    assert " ".join(complaints(tmp_path, text)) == (
        'contactor.hold_duty = 0.8: must be 1.0 where board.kind is "kernel": Linux has no PWM for '
        "the contactor"
    )


def test_one_channel_cannot_be_two_inputs(tmp_path: Path) -> None:
    text = "[inputs]\nproximity_adc_channel = 2\ncurrent_adc_channel = 2\n"
    assert complaints(tmp_path, text) == [
        "inputs.current_adc_channel = 2: must be other than proximity_adc_channel, which is 2"
    ]


def test_a_transformer_has_to_span_what_the_supply_gives_and_more(tmp_path: Path) -> None:
    text = "[supply]\nmax_current_a = 40.0\n[inputs]\ncurrent_adc_channel = 2\n"
    assert " ".join(complaints(tmp_path, text)) == (
        "inputs.current_a_per_v = 42.55: must be at least 42.9, so that it spans 1.25 times "
        "supply.max_current_a, which is 40 A: a transformer with more turns, or a smaller burden"
    )


def test_one_gpio_cannot_be_two_inputs(tmp_path: Path) -> None:
    text = "[inputs]\ncontactor_feedback_gpios = [5]\nemergency_stop_gpio = 5\n"
    assert complaints(tmp_path, text) == [
        "inputs.emergency_stop_gpio = 5: must be other than contactor_feedback_gpios, which has 5"
    ]


def test_inputs_are_not_held_against_a_board_that_is_wrong_itself(tmp_path: Path) -> None:
    text = "[board.pigpio]\nport = 0\n[inputs]\nemergency_stop_gpio = 23\n"
    assert complaints(tmp_path, text) == ["board.pigpio.port = 0: must be 1 to 65535"]


def test_the_wires_of_the_board_in_use_are_the_ones_that_are_compared(tmp_path: Path) -> None:
    text = (
        '[board]\nkind = "kernel"\n[board.kernel]\ncontactor_gpios = [5, 6]\n'
        "[inputs]\nemergency_stop_gpio = 24\n"
    )
    assert complaints(tmp_path, text) == [
        (
            "board.kernel.contactor_gpios = [5, 6]: must be one GPIO, or one per phase: "
            "supply.phases is 1"
        ),
    ]
    assert complaints(tmp_path, text.replace("[5, 6]", "[5]")) == [
        (
            "inputs.emergency_stop_gpio = 24: must be other than board.kernel.heartbeat_gpio, "
            "which has 24"
        ),
    ]


def test_a_light_or_button_has_no_gpio_of_an_input_or_of_each_other(tmp_path: Path) -> None:
    text = "[inputs]\nemergency_stop_gpio = 26\n[box]\nlight_gpios = [26]\n"
    assert complaints(tmp_path, text) == [
        "box.light_gpios = [26]: must be other than inputs.emergency_stop_gpio, which has 26"
    ]
    text = "[box]\nlight_gpios = [17]\nbutton_gpio = 17\n"
    assert complaints(tmp_path, text) == [
        "box.button_gpio = 17: must be other than light_gpios, which have 17"
    ]


@pytest.mark.parametrize("kind", ["pigpio", "kernel"])
def test_the_relay_in_the_pilots_line_has_a_gpio_of_its_own(tmp_path: Path, kind: str) -> None:
    board = f'[board]\nkind = "{kind}"\ncp_relay_gpio = '
    assert complaints(tmp_path, board + "18\n") == [
        "board.cp_relay_gpio = 18: must be other than pilot_gpio, which has 18"
    ]
    assert complaints(tmp_path, board + "23\n") == [
        "board.cp_relay_gpio = 23: must be other than contactor_gpios, which has 23"
    ]
    assert complaints(tmp_path, board + "26\n[inputs]\nemergency_stop_gpio = 26\n") == [
        "inputs.emergency_stop_gpio = 26: must be other than board.cp_relay_gpio, which has 26"
    ]
    assert complaints(tmp_path, board + "26\n[box]\nbutton_gpio = 26\n") == [
        "box.button_gpio = 26: must be other than board.cp_relay_gpio, which has 26"
    ]


PHASES = """
[supply]
phases = 3
[board.pigpio]
contactor_gpios = [5, 6, 13]
"""
MIRRORS = "[inputs]\ncontactor_feedback_gpios = [16, 20, 21]\n"


@pytest.mark.parametrize("switching", ["unplugged", "down", "auto"])
def test_phases_are_switched_only_where_each_has_its_own_output(
    tmp_path: Path, switching: str
) -> None:
    words = complaints(tmp_path, f'[supply]\nphases = 3\n[contactor]\nswitching = "{switching}"\n')

    assert " ".join(words) == (
        f'contactor.switching = "{switching}": must be "off" where '
        "board.pigpio.contactor_gpios has one GPIO for all phases"
    )


@pytest.mark.parametrize("switching", ["down", "auto"])
def test_phases_change_under_a_car_only_where_mirror_contacts_prove_them_open(
    tmp_path: Path, switching: str
) -> None:
    words = " ".join(complaints(tmp_path, f'{PHASES}[contactor]\nswitching = "{switching}"\n'))

    assert words.startswith(f'contactor.switching = "{switching}": must be "off" or "unplugged"')
    assert "every contact is proved open" in words


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('switching = "Auto"', '"off" or "unplugged" or "down" or "auto"'),
        ("switching_rest_s = 14", "15.0 to 300 s"),
        ('switching_pilot = "E"', '"x1" or "F"'),
    ],
)
def test_a_rest_is_never_shorter_than_fifteen_seconds(
    tmp_path: Path, line: str, wanted: str
) -> None:
    assert wanted in " ".join(complaints(tmp_path, f"{PHASES}[contactor]\n{line}\n{MIRRORS}"))


@pytest.mark.parametrize("key", list(keys()))
def test_every_key_says_what_it_may_be(key: str) -> None:
    field = field_at(tuple(key.split(".")))
    assert field is not None
    assert allowed(key.rpartition(".")[2], field)
