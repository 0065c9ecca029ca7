# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed check --hardware` on trees of files that stand for Pis in good and bad order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evsed.boards import BoardConfig, InputsConfig, KernelConfig, PigpioConfig
from evsed.cli import main
from evsed.cli.hardware import Finding, HardwareCheck, ask_version, show
from evsed.sim.gpio_lines import GpioLines
from evsed.sim.pigpiod.server import SimulatedPigpiod
from tests.boards.kernel.fake_kernel import PI_5, FakeKernel
from tests.sim.pigpiod.thread import PigpiodThread

PIGPIO = BoardConfig()
KERNEL = BoardConfig(kind="kernel")
GOOD_FLAGS = "-g -m -f -l -n localhost -x 0x7950000"
LISTENING = "  sl  local_address rem_address   st\n   0: {address}:22B8 00000000:0000 {state} 0\n"


def put(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def pi_4(tmp_path: Path) -> Path:
    """A Pi 4 with pigpiod, in good order."""
    put(tmp_path, "proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    put(tmp_path, "etc/passwd", "root:x:0:0::/root:/bin/sh\nevsed:x:990:990::/:/bin/false\n")
    put(tmp_path, "boot/firmware/config.txt", "# dtparam=audio=on\ndtparam=audio=off\n")
    put(tmp_path, "usr/bin/pigpiod", "")
    run_pigpiod(tmp_path, GOOD_FLAGS)
    put(tmp_path, "proc/net/tcp", LISTENING.format(address="0100007F", state="0A"))
    return tmp_path


@pytest.fixture
def pi_5(tmp_path: Path) -> Path:
    """A Pi 5 with the kernel board, in good order."""
    FakeKernel(tmp_path).boot(PI_5, "pwmchip2")
    put(tmp_path, "proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
    put(tmp_path, "etc/passwd", "evsed:x:990:990::/:/bin/false\n")
    put(tmp_path, "etc/group", "gpio:x:986:\nspi:x:985:\n")
    put(tmp_path, "boot/firmware/config.txt", "dtoverlay=pwm-2chan\ndtparam=strict_gpiod\n")
    for name in ("gpiochip0", "gpiochip4", "spidev0.0"):
        (tmp_path / "dev" / name).chmod(0o660)
    return tmp_path


def run_pigpiod(root: Path, flags: str, pid: int = 412) -> None:
    put(root, f"proc/{pid}/comm", "pigpiod\n")
    put(root, f"proc/{pid}/cmdline", "\0".join(["/usr/bin/pigpiod", *flags.split()]) + "\0")


def wrong(root: Path, config: BoardConfig) -> list[Finding]:
    return [finding for finding in HardwareCheck(config, root).findings() if finding.mend]


def test_a_pi_in_good_order_has_nothing_to_mend(pi_4: Path) -> None:
    assert wrong(pi_4, PIGPIO) == []


def test_a_pi_5_in_good_order_has_nothing_to_mend(pi_5: Path) -> None:
    assert wrong(pi_5, KERNEL) == []


def test_each_line_says_ok_or_what_is_wrong_and_the_command(pi_4: Path) -> None:
    put(pi_4, "boot/firmware/config.txt", "dtparam=audio=on\n")
    lines = [str(finding) for finding in HardwareCheck(PIGPIO, pi_4).findings()]
    assert lines[0] == "ok     Raspberry Pi 4 Model B Rev 1.4"
    assert (
        "WRONG  analogue audio uses the PWM that drives the pilot: "
        "sudo sed -i 's/audio=on/audio=off/' /boot/firmware/config.txt && sudo reboot"
    ) in lines


def test_a_machine_that_is_no_pi_is_told_so_and_nothing_else(tmp_path: Path) -> None:
    (finding,) = wrong(tmp_path, PIGPIO)
    assert finding.what == "this is no Raspberry Pi"


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        ("-l -n localhost -x 0x7950000", "samples edges"),
        ("-m -t 0 -x 0x7950000", "takes its clock from the PWM"),
        ("-m -l", "lets every GPIO be changed"),
        ("-m -x0x40000", "mask 0x40000 lacks a GPIO"),
    ],
)
def test_each_flag_of_pigpiod_that_is_wrong_is_named(pi_4: Path, flags: str, what: str) -> None:
    run_pigpiod(pi_4, flags)
    (finding,) = wrong(pi_4, PIGPIO)
    assert what in finding.what
    assert finding.mend.startswith("sudo systemctl edit pigpiod")


def test_the_mask_that_is_proposed_has_every_gpio_of_the_settings(pi_4: Path) -> None:
    wires = PigpioConfig(contactor_gpios=(5, 6, 13))
    config = replace(PIGPIO, pigpio=wires, inputs=InputsConfig(emergency_stop_gpio=26))
    put(pi_4, "boot/firmware/config.txt", "gpio=5,6=op,dl\n")
    (finding,) = wrong(pi_4, config)
    mask = int(finding.mend.rpartition("=")[2], 0)
    assert all(mask >> gpio & 1 for gpio in (18, 24, 5, 6, 13, 26))


@pytest.mark.parametrize(
    ("name", "address"), [("tcp", "00000000"), ("tcp6", "0" * 32), ("tcp", "0501A8C0")]
)
def test_a_pigpiod_that_the_network_reaches_is_an_alarm(
    pi_4: Path, name: str, address: str
) -> None:
    put(pi_4, f"proc/net/{name}", LISTENING.format(address=address, state="0A"))
    assert "everybody in the network" in wrong(pi_4, PIGPIO)[0].what


def test_a_connection_to_pigpiod_is_no_exposure(pi_4: Path) -> None:
    put(pi_4, "proc/net/tcp", LISTENING.format(address="0501A8C0", state="01"))
    assert wrong(pi_4, PIGPIO) == []


def test_a_pigpiod_that_is_not_started_and_one_that_is_not_there_differ(pi_4: Path) -> None:
    (pi_4 / "proc/412/comm").unlink()
    assert wrong(pi_4, PIGPIO)[0].mend == "sudo systemctl enable --now pigpiod"
    (pi_4 / "usr/bin/pigpiod").unlink()
    assert 'kind = "kernel"' in wrong(pi_4, PIGPIO)[0].mend


def test_linux_and_pigpiod_must_not_share_the_pwm(pi_4: Path) -> None:
    put(pi_4, "boot/firmware/config.txt", "dtoverlay=pwm-2chan,pin=18\n")
    assert "sed -i '/^dtoverlay=pwm/d'" in wrong(pi_4, PIGPIO)[0].mend


def test_a_pi_5_with_the_pigpio_board_is_told_of_the_other(pi_5: Path) -> None:
    (finding,) = wrong(pi_5, PIGPIO)
    assert finding.what == "pigpiod does not run on a Pi 5"


def test_a_contactor_on_a_pin_that_is_pulled_up_is_an_alarm(pi_5: Path) -> None:
    config = replace(KERNEL, kernel=KernelConfig(contactor_gpios=(5,)))
    (finding,) = wrong(pi_5, config)
    assert finding.what == "GPIO 5 closes the contactor and is pulled up from power-on on"
    assert finding.mend.startswith("echo 'gpio=5=op,dl' | sudo tee -a /boot/firmware/config.txt")


def test_what_the_kernel_board_lacks_is_named_one_by_one(pi_5: Path) -> None:
    (pi_5 / "sys/class/pwm/pwmchip2").unlink()
    (pi_5 / "dev/spidev0.0").unlink()
    (pi_5 / "dev/gpiochip4").chmod(0o600)
    put(pi_5, "boot/firmware/config.txt", "")
    run_pigpiod(pi_5, "")
    assert [finding.what for finding in wrong(pi_5, KERNEL)] == [
        "Linux has no PWM that reaches GPIO 18",
        "there is no /dev/spidev0.0",
        "/dev/gpiochip4 is not open to the group gpio",
        (
            "a contactor stays closed when all of evsed dies, until `evsed off` or the charge pump "
            "opens it"
        ),
        "pigpiod runs (process 412) and would drive the same pins",
    ]


def test_groups_and_user_that_are_not_there_are_named(pi_5: Path) -> None:
    put(pi_5, "etc/passwd", "")
    put(pi_5, "etc/group", "gpio:x:986:\n")
    assert [finding.mend for finding in wrong(pi_5, KERNEL)] == [
        "sudo systemd-sysusers /usr/lib/sysusers.d/evsed.conf",
        "sudo groupadd --system spi",
    ]


def test_a_living_pigpiod_is_asked_its_version() -> None:
    with PigpiodThread(SimulatedPigpiod(GpioLines())) as daemon:
        finding = ask_version(PigpioConfig(port=daemon.port))
    assert "pigpiod is version 79" in finding.what or "every user" in finding.what


def test_in_order_or_not_is_what_the_command_returns(
    pi_4: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(PIGPIO, pi_4, lambda _: Finding("pigpiod is version 79"))
    assert capsys.readouterr().out.endswith("ok     pigpiod is version 79\n")
    assert not show(PIGPIO, pi_4, lambda _: Finding("it does not answer", "restart it"))


def test_the_command_runs_where_there_is_no_pi(capsys: pytest.CaptureFixture[str]) -> None:
    if Path("/proc/device-tree/model").exists():
        pytest.skip("this may be a Pi")
    assert main(["check", "--hardware"]) == 1
    assert "this is no Raspberry Pi" in capsys.readouterr().out
