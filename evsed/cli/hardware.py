# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed check --hardware`: what this Pi lacks for evsed, and the command that mends it.

It reads files and asks pigpiod its version; no wire is touched, so it may run beside an evsed at
work. *root* is another folder only in tests.
"""

from __future__ import annotations

import os
import re
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evsed.boards import missing_pwm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evsed.boards import BoardConfig, KernelConfig, PigpioConfig

CONFIG_TXT: Final = ("boot/firmware/config.txt", "boot/config.txt")  # from bookworm on, before
PROGRAMS: Final = ("usr/bin", "usr/local/bin")
PULLED_UP: Final = range(9)  # GPIO 0-8 from power-on on (BCM2835 manual p. 102)
OLDEST_PIGPIOD: Final = 79
ANSWER_S: Final = 2.0
PIGPV: Final = 26  # the command that asks pigpiod its version
LISTENS: Final = "0A"  # in /proc/net/tcp
LOOPBACK: Final = ("0100007F", "00000000000000000000000001000000")
GROUP_USES: Final = 0o060  # mode bits: the group reads and writes
REBOOT: Final = "sudo reboot"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: in order when there is nothing to `mend`."""

    what: str
    mend: str = ""
    advice: str = ""

    def __str__(self) -> str:
        if self.advice:
            return f"advice {self.what}: {self.advice}"
        return f"WRONG  {self.what}: {self.mend}" if self.mend else f"ok     {self.what}"


class HardwareCheck:
    """One look at a machine that is to have the board of *config*."""

    def __init__(self, config: BoardConfig, root: Path = Path("/")) -> None:
        self._config: Final = config
        self._root: Final = root
        self._kernel: Final = config.kind == "kernel"
        self._wires: Final[PigpioConfig | KernelConfig] = (
            config.kernel if self._kernel else config.pigpio
        )
        path = next((name for name in CONFIG_TXT if (root / name).exists()), CONFIG_TXT[0])
        self._config_txt: Final = f"/{path}"
        self._boot: Final = [
            line.strip()
            for line in self._read(path).splitlines()
            if line.strip() and not line.startswith("#")
        ]

    def findings(self) -> Iterator[Finding]:
        """Everything, in the order in which it is best mended."""
        model = self._read("proc/device-tree/model").rstrip("\0")
        if not model.startswith("Raspberry Pi"):
            yield Finding(
                f"this is {model or 'no Raspberry Pi'}", "run evsed on one, or try `evsed demo`"
            )
            return
        yield Finding(model)
        yield self._watchdog()
        yield self._user()
        yield from self._pulls()
        if self._kernel:
            yield from self._kernel_board()
        elif model.startswith("Raspberry Pi 5"):
            yield Finding(
                "pigpiod does not run on a Pi 5",
                'write kind = "kernel" under [board] in /etc/evsed.toml',
            )
        else:
            yield from self._pigpio_board()

    # --- both boards ----------------------------------------------------------------------------

    def _read(self, name: str) -> str:
        try:
            return (self._root / name).read_text(errors="replace")
        except OSError:
            return ""

    def _watchdog(self) -> Finding:
        """Find whether systemd feeds the Pi's own watchdog, which restarts a Pi that hangs."""
        folder = self._root / "etc/systemd"
        files = [folder / "system.conf", *sorted(folder.glob("system.conf.d/*.conf"))]
        texts = (self._read(str(file.relative_to(self._root))) for file in files)
        if any(re.search(r"^RuntimeWatchdogSec=(?!0|off)\S", text, re.MULTILINE) for text in texts):
            return Finding("systemd feeds the watchdog of the Pi")
        return Finding(
            "a Pi that hangs is not restarted (the contactor opens all the same)",
            advice="sudo mkdir -p /etc/systemd/system.conf.d; printf '[Manager]\\n"
            "RuntimeWatchdogSec=15\\n' | sudo tee /etc/systemd/system.conf.d/watchdog.conf; "
            "sudo reboot",
        )

    def _user(self) -> Finding:
        if re.search(r"^evsed:", self._read("etc/passwd"), re.MULTILINE):
            return Finding("the user evsed")
        return Finding(
            "there is no user evsed", "sudo systemd-sysusers /usr/lib/sysusers.d/evsed.conf"
        )

    def _pulls(self) -> Iterator[Finding]:
        """Outputs that the Pi itself pulls up between power-on and the start of evsed."""
        for gpio in self._wires.contactor_gpios:
            if gpio in PULLED_UP and not self._boots_with(rf"gpio=(\S*,)?{gpio}(,\S*)?=op,dl"):
                yield Finding(
                    f"GPIO {gpio} closes the contactor and is pulled up from power-on on",
                    self._append(f"gpio={gpio}=op,dl"),
                )

    def _boots_with(self, pattern: str) -> bool:
        return any(re.fullmatch(pattern, line) for line in self._boot)

    def _append(self, line: str) -> str:
        return f"echo '{line}' | sudo tee -a {self._config_txt} && {REBOOT}"

    def _drop(self, pattern: str) -> str:
        return f"sudo sed -i '/^{pattern}/d' {self._config_txt} && {REBOOT}"

    # --- the kernel board -----------------------------------------------------------------------

    def _kernel_board(self) -> Iterator[Finding]:
        missing = missing_pwm(self._config.kernel.pilot_gpio, self._root)
        yield (
            Finding(missing.partition(";")[0], self._append("dtoverlay=pwm-2chan"))
            if missing
            else Finding(f"PWM on GPIO {self._config.kernel.pilot_gpio}")
        )
        spi = f"dev/spidev0.{self._config.kernel.spi_channel}"
        yield from self._device(spi, "spi", "sudo raspi-config nonint do_spi 0")
        chips = sorted(self._root.glob("dev/gpiochip*")) or [self._root / "dev/gpiochip0"]
        for chip in chips:
            yield from self._device(str(chip.relative_to(self._root)), "gpio", REBOOT)
        if self._boots_with(r"dtparam=(\S*,)?strict_gpiod(,\S*)?"):
            yield Finding("released outputs let go of their pins")
        else:
            yield Finding(
                "a contactor stays closed when all of evsed dies, until `evsed off` or the charge "
                "pump opens it",
                self._append("dtparam=strict_gpiod"),
            )
        for pid, _ in self._pigpiods():
            yield Finding(
                f"pigpiod runs (process {pid}) and would drive the same pins",
                "sudo systemctl disable --now pigpiod",
            )

    def _device(self, name: str, group: str, mend: str) -> Iterator[Finding]:
        path = self._root / name
        if not path.exists():
            yield Finding(f"there is no /{name}", mend)
        elif path.stat().st_mode & GROUP_USES != GROUP_USES:
            yield Finding(
                f"/{name} is not open to the group {group}",
                f"sudo chgrp {group} /{name} && sudo chmod 660 /{name} (the package's udev rules "
                "do it at each start)",
            )
        elif not re.search(rf"^{group}:", self._read("etc/group"), re.MULTILINE):
            yield Finding(f"there is no group {group}", f"sudo groupadd --system {group}")
        else:
            yield Finding(f"/{name}")

    # --- the pigpio board -----------------------------------------------------------------------

    def _pigpio_board(self) -> Iterator[Finding]:
        if self._boots_with(r"dtparam=(\S*,)?audio=on(,\S*)?"):
            yield Finding(
                "analogue audio uses the PWM that drives the pilot",
                f"sudo sed -i 's/audio=on/audio=off/' {self._config_txt} && {REBOOT}",
            )
        else:
            yield Finding("analogue audio is off")
        if self._boots_with(r"dtoverlay=pwm\S*"):
            yield Finding("Linux uses the PWM that pigpiod drives", self._drop("dtoverlay=pwm"))
        running = list(self._pigpiods())
        if not running:
            if any((self._root / name / "pigpiod").exists() for name in PROGRAMS):
                yield Finding("pigpiod does not run", "sudo systemctl enable --now pigpiod")
            else:
                yield Finding(
                    "there is no pigpiod (Debian and Raspberry Pi OS trixie have none)",
                    'write kind = "kernel" under [board] in /etc/evsed.toml',
                )
            return
        for pid, words in running:
            yield Finding(f"pigpiod runs (process {pid})")
            yield from self._flags(words)
        yield self._exposure()

    def _pigpiods(self) -> Iterator[tuple[int, list[str]]]:
        """Each running pigpiod: process id and arguments."""
        for path in sorted(self._root.glob("proc/[0-9]*/comm")):
            if self._read(str(path.relative_to(self._root))).strip() == "pigpiod":
                words = self._read(str(path.parent.relative_to(self._root) / "cmdline"))
                yield int(path.parent.name), words.rstrip("\0").split("\0")[1:]

    def _flags(self, words: list[str]) -> Iterator[Finding]:
        drop_in = "sudo systemctl edit pigpiod"
        if "-m" not in words:
            yield Finding("pigpiod samples edges that evsed does not need (no -m)", drop_in)
        if "0" in _after(words, "-t"):
            yield Finding("pigpiod takes its clock from the PWM (-t 0): no pilot", drop_in)
        wanted = sum(1 << gpio for gpio in self._gpios())
        masks = _after(words, "-x")
        if not masks:
            yield Finding(
                "pigpiod lets every GPIO be changed (no -x)", f"{drop_in}: -x {wanted:#x}"
            )
        elif wanted & ~int(masks[-1], 0):
            yield Finding(
                f"pigpiod's mask {masks[-1]} lacks a GPIO of evsed.toml",
                f"{drop_in}: Environment=PIGPIOD_GPIOS={wanted | int(masks[-1], 0):#x}",
            )
        else:
            yield Finding(f"pigpiod's mask {masks[-1]}")

    def _gpios(self) -> set[int]:
        wires, inputs = self._wires, self._config.inputs
        optional = (
            *inputs.contactor_feedback_gpios,
            inputs.ground_fault_gpio,
            inputs.ground_fault_test_gpio,
            inputs.emergency_stop_gpio,
            self._config.cp_relay_gpio,
        )
        used = {wires.pilot_gpio, wires.heartbeat_gpio, *wires.contactor_gpios}
        return used | {gpio for gpio in optional if gpio is not None}

    def _exposure(self) -> Finding:
        """Find who can reach pigpiod's port, by the address it listens on."""
        port = self._config.pigpio.port
        for name in ("proc/net/tcp", "proc/net/tcp6"):
            for line in self._read(name).splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                address, _, its_port = local.partition(":")
                if (state, int(its_port, 16)) == (LISTENS, port) and address not in LOOPBACK:
                    return Finding(
                        "everybody in the network can switch the contactor through pigpiod",
                        "start it with -l -n localhost: sudo systemctl edit pigpiod",
                    )
        return Finding("pigpiod listens to this machine only")


def _after(words: list[str], flag: str) -> list[str]:
    """Return the argument of each *flag*, as `-x 1` or `-x1`."""
    return [
        words[place + 1] if word == flag else word.removeprefix(flag)
        for place, word in enumerate(words)
        if word.startswith(flag) and (word != flag or place + 1 < len(words))
    ]


def ask_version(config: PigpioConfig) -> Finding:
    """Ask pigpiod for its version, and judge whether it should have answered this user."""
    try:
        with socket.create_connection((config.host, config.port), ANSWER_S) as end:
            end.sendall(struct.pack("<4I", PIGPV, 0, 0, 0))
            version = struct.unpack("<4I", end.recv(16, socket.MSG_WAITALL))[3]
    except (OSError, struct.error) as error:
        if os.geteuid():
            return Finding("pigpiod is closed to this user, as it should be")
        return Finding(f"pigpiod does not answer ({error})", "sudo systemctl restart pigpiod")
    if version < OLDEST_PIGPIOD:
        return Finding(f"pigpiod is version {version}", "install pigpio 79 or later")
    if os.geteuid():
        return Finding(
            "every user of this machine can switch the contactor through pigpiod",
            "sudo apt install nftables && sudo systemctl restart pigpiod",
        )
    return Finding(f"pigpiod is version {version}")


def show(
    config: BoardConfig,
    root: Path = Path("/"),
    version: Callable[[PigpioConfig], Finding] = ask_version,
) -> bool:
    """Print a line for each thing looked at; whether all is in order."""
    findings = list(HardwareCheck(config, root).findings())
    if any(finding.what.startswith("pigpiod runs") for finding in findings if not finding.mend):
        findings.append(version(config.pigpio))
    for finding in findings:
        print(finding)
    return not any(finding.mend for finding in findings)
