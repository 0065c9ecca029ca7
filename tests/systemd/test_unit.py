# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit is one that systemd understands, and promises what the rest of evsed counts on."""

import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from evsed.control.process import REAL_TIME_PRIORITY
from evsed.frontends.notify.service import ANSWER_WITHIN_S, SENDER_SOCKET
from evsed.settings import Settings

UNIT = Path(__file__).parents[2] / "systemd" / "evsed.service"
INSTALLED = "/usr/bin/evsed"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not installed here (Debian: apt install systemd)",
)


def settings_of(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in unit.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[key].append(value)
    return found


@pytest.fixture
def runnable(tmp_path: Path) -> Path:
    """The unit, with a program that exists on this machine in the place of the installed one."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace(INSTALLED, shutil.which("true") or "/bin/true"))
    return copy


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False
    )


@needs_systemd
def test_systemd_has_nothing_to_say_against_it(runnable: Path) -> None:
    answer = analyze("verify", "--man=no", str(runnable))
    assert answer.stderr == ""  # it exits 0 on unknown keys and bad values, so this is the test
    assert answer.returncode == 0


@needs_systemd
def test_a_mistake_in_it_would_be_found(runnable: Path) -> None:
    runnable.write_text(runnable.read_text().replace("WatchdogSec=5", "WatchdogSek=5"))
    assert "WatchdogSek" in analyze("verify", "--man=no", str(runnable)).stderr


@needs_systemd
def test_it_is_locked_up_well(runnable: Path) -> None:
    answer = analyze("security", "--offline=yes", "--threshold=12", str(runnable))
    assert answer.returncode == 0, answer.stdout[-300:]  # exposure 1.2 of 10 or less


@needs_systemd
def test_it_is_locked_up_well_with_the_devices_of_the_kernel_board(runnable: Path) -> None:
    more = (UNIT.parent / "kernel-board.conf").read_text()
    runnable.write_text(runnable.read_text() + more)
    assert analyze("verify", "--man=no", str(runnable)).stderr == ""
    answer = analyze("security", "--offline=yes", "--threshold=16", str(runnable))
    assert answer.returncode == 0, answer.stdout[-300:]


@needs_systemd
def test_the_process_that_sends_messages_is_locked_up_well(tmp_path: Path) -> None:
    for name in ("evsed-notify@.service", "evsed-notify.socket"):
        shutil.copy(UNIT.parent / name, tmp_path)
    instance = tmp_path / "evsed-notify@1.service"
    shutil.copy(UNIT.parent / "evsed-notify@.service", instance)
    socket = tmp_path / "evsed-notify.socket"
    assert analyze("verify", "--man=no", str(instance), str(socket)).stderr == ""
    answer = analyze("security", "--offline=yes", "--threshold=12", str(instance))
    assert answer.returncode == 0, answer.stdout[-300:]


def test_what_sends_messages_into_the_world_reaches_nothing_of_the_charger() -> None:
    daemon, sending = settings_of(UNIT), settings_of(UNIT.parent / "evsed-notify@.service")
    socket = settings_of(UNIT.parent / "evsed-notify.socket")
    assert socket["ListenStream"] == [str(SENDER_SOCKET)]
    assert (socket["SocketUser"], socket["SocketMode"]) == (["evsed"], ["0600"])
    assert "PartOf" not in socket  # it would take port 80 from evsed.socket as both begin again
    assert "evsed-notify.socket" in daemon["Wants"][0].split()
    assert "evsed-notify.socket" in daemon["After"][0].split()
    assert daemon["IPAddressDeny"] == ["any"]
    # Not the daemon's user, no device, none of its files, not the port of pigpiod.
    assert sending["DynamicUser"] == ["yes"]
    assert "User" not in sending
    assert "SupplementaryGroups" not in sending
    assert (sending["PrivateDevices"], sending["DevicePolicy"]) == (["yes"], ["closed"])
    assert sending["IPAddressDeny"] == ["localhost"]
    assert not any("127.0.0.1" in line.split() for line in sending["IPAddressAllow"])
    hidden = {path.lstrip("-") for line in sending["InaccessiblePaths"] for path in line.split()}
    settings = Settings()
    assert {"/etc/evsed.toml", str(settings.store.path.parent), str(settings.logs.dir)} <= hidden
    assert str(Path(settings.web.socket).parent) in hidden
    assert float(sending["RuntimeMaxSec"][0]) < ANSWER_WITHIN_S
    # As the package starts evsed itself.
    started = (UNIT.parents[1] / "deb" / "evsed").read_text()
    for variable in sending["Environment"][0].split():
        assert variable in started


def test_port_80_costs_no_capability() -> None:
    unit, page = settings_of(UNIT), settings_of(UNIT.with_suffix(".socket"))
    assert unit["CapabilityBoundingSet"] == unit["AmbientCapabilities"] == [""]
    assert "evsed.socket" in unit["Wants"][0].split()
    assert "evsed.socket" in unit["After"][0].split()
    assert page["ListenStream"] == ["80", Settings().web.socket]


def test_the_mask_of_pigpiod_permits_the_wiring_of_hw_and_nothing_else() -> None:
    drop_in = settings_of(UNIT.parent / "pigpiod.conf")
    mask = int(drop_in["Environment"][0].rpartition("=")[2], 0)
    assert {gpio for gpio in range(54) if mask >> gpio & 1} == {16, 18, 20, 23, 24, 25, 26}


def test_both_commands_are_run_from_one_place() -> None:
    unit = settings_of(UNIT)
    assert unit["ExecStart"] == [f"{INSTALLED} run"]
    assert unit["ExecStopPost"] == [f"{INSTALLED} off --wires"]


def test_the_car_has_time_to_let_go() -> None:
    assert int(settings_of(UNIT)["TimeoutStopSec"][0]) > 6.5 + 2


def test_it_never_dies_with_pigpiod() -> None:
    unit = settings_of(UNIT)
    assert "pigpiod.service" in unit["Wants"][0].split()
    assert "pigpiod.service" in unit["After"][0].split()
    assert not {"BindsTo", "Requires", "PartOf", "Requisite"} & set(unit)


def test_wrong_settings_are_not_tried_again() -> None:
    unit = settings_of(UNIT)
    assert unit["Restart"] == ["on-failure"]
    assert unit["RestartPreventExitStatus"] == ["78"]


def test_the_control_process_may_have_the_priority_it_asks_for() -> None:
    unit = settings_of(UNIT)
    assert int(unit["LimitRTPRIO"][0]) >= REAL_TIME_PRIORITY
    assert "RestrictRealtime" not in unit
    assert not any(
        value.startswith("~") and "@resources" in value for value in unit["SystemCallFilter"]
    )


def test_the_folders_of_the_default_settings_are_those_it_makes() -> None:
    unit, settings = settings_of(UNIT), Settings()
    assert settings.logs.dir == Path("/var/log") / unit["LogsDirectory"][0]
    assert settings.store.path.parent == Path("/var/lib") / unit["StateDirectory"][0]
    assert Path(settings.web.socket).parent == Path("/run") / unit["RuntimeDirectory"][0]
