# SPDX-License-Identifier: GPL-3.0-or-later
"""The package on the processors of a Pi: installed, started, charging, stopped, removed.

`make arm-test`; needs root, and qemu-user with binfmt_misc. systemd, Python and evsed are those of
arm64 and armhf and are emulated, the simulated Pi beside them is not. How long a start takes and
what it needs is printed: of an emulator it says only that nothing is out of proportion.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.deb.systems.box import Box, root_of
from tests.deb.systems.rig import SETTINGS, PiBeside, Site, prepare
from tests.processes.rig import Systemd, wait_until

MACHINES = [(suite, arch) for arch in ("arm64", "armhf") for suite in ("bookworm", "trixie")]

HEALTH = "http://127.0.0.1/healthz"
NOTIFY = "/run/notify"
EMULATED = """\
[Service]
# qemu is a program of several threads, and Linux gives only those of one a user namespace.
PrivateUsers=no
"""


class ByUnit(Site[Box]):
    """systemd starts it, by its unit."""

    def installed(self) -> None:
        """The changes that the unit needs under emulation."""
        drop_in = "/etc/systemd/system/evsed.service.d"
        self.box.run("mkdir", "-p", drop_in)
        self.box.put(f"{drop_in}/emulated.conf", EMULATED.encode())
        self.box.run("systemctl", "daemon-reload")

    def close(self) -> None:
        """End the simulated Pi; the rest ends with the box."""
        self.pi.close()

    def began_and_ready(self) -> tuple[float, float]:
        """When the program was started, and when it said that it is ready."""
        began, ready = (
            int(self.show(name)) / 1e6
            for name in ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
        )
        return began, ready


class ByHand(ByUnit):
    """This test starts what the unit starts, as its user: systemd 257 runs nothing in qemu 7.2."""

    process: subprocess.Popen[bytes] | None = None

    def installed(self) -> None:
        """The folders and sockets that the units would have made."""
        folders = ("/var/log/evsed", "/run/evsed", NOTIFY)
        self.box.run("install", "-d", "-o", "evsed", "-g", "evsed", *folders)
        # Port 80, which the socket unit would have handed in.
        port_80 = ("sysctl", "-q", "-w", "net.ipv4.ip_unprivileged_port_start=80")
        subprocess.run(self.box.beside(*port_80), check=True)
        self.systemd = Systemd(self.box.path(NOTIFY))
        self.box.run("chown", "evsed", f"{NOTIFY}/notify.sock")

    def start(self) -> None:
        """A new life, with no car."""
        self.pi.order("unplug")
        unit = self.box.output("cat", "/usr/lib/systemd/system/evsed.service")
        command = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)[0].split()
        ready = self.systemd.count("READY=1")
        self.began_at = time.monotonic()
        self.process = subprocess.Popen(
            self.box.inside(
                "setpriv", "--reuid=evsed", "--regid=evsed", "--init-groups", "env",
                f"NOTIFY_SOCKET={NOTIFY}/notify.sock", *command,
            ),
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until("it is ready", lambda: self.systemd.count("READY=1") > ready)

    def stop(self) -> None:
        """The first act of systemd: SIGTERM to the daemon."""
        if self.process is not None:
            self.box.run("pkill", "-TERM", "-o", "-f", "evsed run")
            assert self.process.wait() == 0
            self.process = None

    def close(self) -> None:
        """End whatever is left."""
        self.pi.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.systemd.close()

    def pids(self) -> tuple[int, int]:
        """Process ids of daemon and control process, in the box."""
        daemon, control = (
            int(self.box.output("pgrep", "-n", "-f", what))
            for what in ("evsed run", "evsed.control")
        )
        return daemon, control

    def began_and_ready(self) -> tuple[float, float]:
        """When the program was started, and when it said that it is ready."""
        ready_at = next(at for at, line in self.systemd.heard() if line == "READY=1")
        return self.began_at, ready_at

    def said(self) -> str:
        """The lines in its file of events."""
        return self.box.output("cat", "/var/log/evsed/events.log")


@pytest.fixture(scope="module", params=MACHINES, ids=" ".join)
def site(request: pytest.FixtureRequest) -> Iterator[ByUnit]:
    """One box for all tests of a suite on a processor, in their order."""
    suite, arch = request.param
    with Box(root_of(suite, arch)) as box:
        prepare(box, arch)
        kind = ByUnit if suite == "bookworm" else ByHand
        rig = kind(box, PiBeside(box))
        try:
            yield rig
        finally:
            rig.close()


def memory_mb(site: ByUnit, pid: int) -> str:
    """Resident and proportional memory of a process, 10^6 bytes."""
    said = site.box.output("cat", f"/proc/{pid}/status", f"/proc/{pid}/smaps_rollup")
    resident, proportional = (
        int(re.findall(rf"^{name}:\s+(\d+) kB", said, re.MULTILINE)[0]) * 1024 / 1e6
        for name in ("VmRSS", "Pss")
    )
    return f"{resident:.0f} ({proportional:.0f})"


def test_apt_installs_it_without_a_compiler(site: ByUnit) -> None:
    assert site.box.run("sh", "-c", "command -v cc gcc", check=False).returncode
    site.box.run("apt-get", "install", "-y", "/root/evsed.deb")
    site.installed()


def test_its_settings_are_read_and_sound(site: ByUnit) -> None:
    assert "the settings are sound" in site.box.output("evsed", "check")
    site.box.put("/etc/evsed.toml", SETTINGS.format(port=site.pi.port).encode())
    assert "max_current_a = 32.0" in site.box.output("evsed", "check")


def test_it_starts_by_its_unit_and_drives_the_pilot(
    site: ByUnit, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    site.start()
    began_at, ready_at = site.began_and_ready()
    driven_at = site.pi.timeline().pilot[0][0]
    assert began_at < driven_at < ready_at
    daemon, control = site.pids()
    assert site.box.output("stat", "-c", "%U", f"/proc/{daemon}") == "evsed"
    alone = int(site.box.output("sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!"))
    with capsys.disabled():
        print(
            f"\n{request.node.callspec.id}, emulated: the pilot is driven "
            f"{driven_at - began_at:.1f} s after the start; resident (proportional) memory in MB: "
            f"daemon {memory_mb(site, daemon)}, control process {memory_mb(site, control)}, "
            f"qemu alone, with `sleep`, {memory_mb(site, alone)}"
        )


def test_it_says_that_it_is_well(site: ByUnit) -> None:
    answer = wait_until(
        "200", lambda: site.box.output("curl", "-s", "-m", "60", "-w", "%{http_code}", HEALTH)
    )
    assert answer.split() == ["ok", "200"]


def test_a_car_is_charged_and_let_go_at_the_end(site: ByUnit) -> None:
    site.charge()
    site.stop()
    assert not site.pi.order("state")["contacts_closed"]
    assert "contactor closed, charging" in site.said()


def test_it_is_removed_without_a_trace(site: ByUnit) -> None:
    site.box.run("apt-get", "purge", "-y", "evsed")
    for name in ("/usr/lib/evsed", "/etc/evsed.toml", "/var/lib/evsed", "/var/log/evsed"):
        assert not site.box.path(name).exists(), name
