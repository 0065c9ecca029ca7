# SPDX-License-Identifier: GPL-3.0-or-later
"""The package on the processors of a Pi: installed, started, charging, stopped, removed.

`make arm-test`; needs root, and qemu-user with binfmt_misc. systemd, Python and evsed are those of
arm64 and armhf and are emulated; the simulated Pi beside them is not. How long a start takes and
what it needs is printed: of an emulator it says only that nothing is out of proportion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from deb.box import Box, root_of
from deb.rig import SETTINGS, PiBeside, Site, prepare
from tests.processes.rig import wait_until

MACHINES = [(suite, arch) for arch in ("arm64", "armhf") for suite in ("bookworm", "trixie")]

HEALTH = "http://127.0.0.1/healthz"
EMULATED = """\
[Service]
# qemu is a program of several threads, and Linux gives only those of one a user namespace.
PrivateUsers=no
"""


@pytest.fixture(scope="module", params=MACHINES, ids=" ".join)
def site(request: pytest.FixtureRequest) -> Iterator[Site[Box]]:
    """One box for all tests of a suite on a processor, in their order."""
    suite, arch = request.param
    with Box(root_of(suite, arch)) as box:
        prepare(box, arch)
        pi = PiBeside(box)
        try:
            yield Site(box, pi)
        finally:
            pi.close()


def memory_mb(site: Site[Box], pid: int) -> str:
    """Resident and proportional memory of a process, 10^6 bytes."""
    said = site.box.say("cat", f"/proc/{pid}/status", f"/proc/{pid}/smaps_rollup")
    resident, proportional = (
        int(re.findall(rf"^{name}:\s+(\d+) kB", said, re.MULTILINE)[0]) * 1024 / 1e6
        for name in ("VmRSS", "Pss")
    )
    return f"{resident:.0f} ({proportional:.0f})"


def test_apt_installs_it_without_a_compiler(site: Site[Box]) -> None:
    assert site.box.run("sh", "-c", "command -v cc gcc", check=False).returncode
    site.box.run("apt-get", "install", "-y", "/root/evsed.deb")
    drop_in = "/etc/systemd/system/evsed.service.d"
    site.box.run("mkdir", "-p", drop_in)
    site.box.put(f"{drop_in}/emulated.conf", EMULATED.encode())
    site.box.run("systemctl", "daemon-reload")


def test_its_settings_are_read_and_sound(site: Site[Box]) -> None:
    assert "the settings are sound" in site.box.say("evsed", "check")
    site.box.put("/etc/evsed.toml", SETTINGS.format(port=site.pi.port).encode())
    assert "max_current_a = 32.0" in site.box.say("evsed", "check")


def test_it_starts_by_its_unit_and_drives_the_pilot(
    site: Site[Box], request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    site.start()
    began_s, active_s = (
        int(site.show(name)) / 1e6
        for name in ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    )
    driven_s = site.pi.timeline().pilot[0][0]
    assert began_s < driven_s < active_s
    daemon, control = site.pids()
    assert site.box.say("stat", "-c", "%U", f"/proc/{daemon}") == "evsed"
    alone = int(site.show("MainPID", "pigpiod"))
    with capsys.disabled():
        print(
            f"\n{request.node.callspec.id}, emulated: the pilot is driven "
            f"{driven_s - began_s:.1f} s after the start; resident (proportional) memory in MB: "
            f"daemon {memory_mb(site, daemon)}, control process {memory_mb(site, control)}, "
            f"qemu alone, with `sleep`, {memory_mb(site, alone)}"
        )


def test_it_says_that_it_is_well(site: Site[Box]) -> None:
    answer = wait_until(
        "200", lambda: site.box.say("curl", "-s", "-m", "60", "-w", "%{http_code}", HEALTH)
    )
    assert answer.split() == ["ok", "200"]


def test_a_car_is_charged_and_let_go_at_the_end(site: Site[Box]) -> None:
    site.charge()
    site.box.run("systemctl", "stop", "evsed")
    assert not site.pi.order("look")["contacts_closed"]
    assert site.show("Result") == "success"
    assert "contactor closed, charging" in site.said()


def test_it_is_removed_without_a_trace(site: Site[Box]) -> None:
    site.box.run("apt-get", "purge", "-y", "evsed")
    for name in ("/usr/lib/evsed", "/etc/evsed.toml", "/var/lib/evsed", "/var/log/evsed"):
        assert not site.box.path(name).exists(), name
