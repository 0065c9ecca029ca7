# SPDX-License-Identifier: GPL-3.0-or-later
"""The package on a real systemd: installed, started, ended in every way, upgraded, purged.

`make systemd-test`; needs root and boots Debian 12 (systemd 252) and 13 (257) in a container. The
simulated Pi runs beside it in the same network, so what happens on the wires is stamped by the
simulator, and the times that the unit promises are compared with those stamps.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.deb.systems.box import Box, root_of
from tests.deb.systems.rig import (
    ROOT,
    SETTINGS,
    PiBeside,
    Site,
    prepare,
    steady,
    still_closed,
    told_again,
)
from tests.processes.rig import wait_until
from tests.processes.stories import StalledError
from tests.processes.timeline import STALL_S


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def site(request: pytest.FixtureRequest) -> Iterator[Site[Box]]:
    """One box for all tests of a suite, in their order."""
    with Box(root_of(request.param)) as box:
        prepare(box)
        box.run("dpkg", "-i", "/root/evsed.deb")
        pi = PiBeside(box)
        box.path("/etc/evsed.toml").write_text(SETTINGS.format(port=pi.port))
        try:
            yield Site(box, pi)
        finally:
            pi.close()


def test_it_is_active_only_once_the_pilot_is_driven(site: Site[Box]) -> None:
    site.start()
    active_at = int(site.show("ActiveEnterTimestampMonotonic")) / 1e6
    driven_at = site.pi.timeline().pilot[0][0]
    assert driven_at < active_at


def test_port_80_is_served_by_a_user_without_any_privilege(site: Site[Box]) -> None:
    for pid in site.pids():
        status = site.box.output("cat", f"/proc/{pid}/status")
        for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
            assert f"{name}:\t0000000000000000" in status
        assert site.box.output("stat", "-c", "%U", f"/proc/{pid}") == "evsed"
    assert "Timestamp" in site.box.output("curl", "-s", "-m", "20", "http://127.0.0.1/")


def test_the_control_process_has_real_time_priority_and_the_page_has_not(site: Site[Box]) -> None:
    daemon, control = site.pids()
    granted = site.box.output(
        "prlimit", "--rtprio", "-o", "SOFT", "--noheadings", "-p", str(control)
    )
    if granted != "20":
        pytest.skip("this machine lets no container raise the limit of real-time priority")
    assert "SCHED_FIFO" in site.box.output("chrt", "-p", str(control))
    assert "SCHED_OTHER" in site.box.output("chrt", "-p", str(daemon))


def test_a_command_of_the_owner_reaches_the_daemon(site: Site[Box]) -> None:
    assert "no fault was waiting" in site.box.output("evsed", "ack")
    assert "contactor open" in site.box.output("evsed", "status")


def test_pigpiod_is_started_as_evsed_wants_it(site: Site[Box]) -> None:
    arguments = site.box.path("/run/pigpiod-arguments").read_text().split()
    assert arguments == ["-g", "-m", "-f", "-l", "-n", "localhost", "-x", "0x7950000"]


def test_no_other_user_reaches_pigpiod(site: Site[Box]) -> None:
    listen = "import socket, time; s = socket.create_server(('127.0.0.1', 8888)); time.sleep(600)"
    server = subprocess.Popen(site.box.beside(sys.executable, "-c", listen))
    try:
        reach = ["python3", "-c", "import socket; socket.create_connection(('127.0.0.1', 8888), 5)"]
        wait_until("listening", lambda: site.box.run(*reach, check=False).returncode == 0)
        for user, reached in (("evsed", True), ("root", True), ("nobody", False)):
            done = site.box.run("setpriv", f"--reuid={user}", "--clear-groups", *reach, check=False)
            assert (done.returncode == 0) is reached, (user, done.stdout)
    finally:
        server.kill()
        server.wait()


def test_another_port_is_had_as_the_socket_unit_says(site: Site[Box]) -> None:
    site.start()
    unit = site.box.output("cat", "/usr/lib/systemd/system/evsed.socket")
    drop_in = "\n".join(re.findall(r"^#     (.*)$", unit, re.MULTILINE))
    assert "ListenStream=8080" in drop_in
    site.box.run("mkdir", "-p", "/etc/systemd/system/evsed.socket.d")
    site.box.put("/etc/systemd/system/evsed.socket.d/override.conf", drop_in.encode())
    site.stop()
    site.box.run("systemctl", "daemon-reload")
    site.start()
    well = ("curl", "-s", "-m", "20")
    healthz = "http://127.0.0.1:8080/healthz"
    wait_until("well", lambda: site.box.run(*well, healthz, check=False).stdout == "ok\n")
    assert site.box.run(*well, "http://127.0.0.1/healthz", check=False).returncode == 7
    site.box.run("rm", "-r", "/etc/systemd/system/evsed.socket.d")
    site.box.run("systemctl", "daemon-reload")
    site.stop()


def test_stop_lets_the_car_go_first(site: Site[Box]) -> None:
    site.charge()
    since = time.monotonic()
    site.box.run("systemctl", "stop", "evsed")
    site.opened_after(since, 6.5)
    timeline = site.pi.timeline()
    offer_ended = timeline.offer_ends(since)[0]
    assert offer_ended < timeline.openings(since)[0]
    assert site.show("Result") == "success"


def test_a_browser_does_not_start_a_stopped_evse(site: Site[Box]) -> None:
    assert site.show("ActiveState", "evsed.socket") == "inactive"
    assert site.box.run("curl", "-s", "-m", "5", "http://127.0.0.1/", check=False).returncode == 7
    assert site.show("ActiveState") == "inactive"


def test_sigkill_of_the_daemon_opens_the_contactor_and_starts_anew(site: Site[Box]) -> None:
    site.charge()
    daemon, _ = site.pids()
    since = site.kill("KILL", daemon)
    site.opened_after(since, 0.2)
    site.until_restarted(daemon)
    assert site.show("ActiveState", "evsed.socket") == "active"


def test_sigkill_of_the_control_process_opens_the_contactor(site: Site[Box]) -> None:
    site.charge()
    daemon, control = site.pids()
    since = site.kill("KILL", control)
    site.opened_after(since, 0.2)
    site.until_restarted(daemon)


def test_a_stuck_tick_opens_the_contactor_and_the_watchdog_starts_anew(site: Site[Box]) -> None:
    site.charge()
    daemon, control = site.pids()
    since = site.kill("STOP", control)
    site.opened_after(since, 0.2)
    site.until_restarted(daemon)
    assert "watchdog" in site.said().lower()


def test_a_daemon_that_hangs_is_ended_by_the_watchdog(site: Site[Box]) -> None:
    site.charge()
    daemon, _ = site.pids()
    since = site.kill("STOP", daemon)
    site.opened_after(since, 9.0)
    site.until_restarted(daemon)


def test_pigpiod_dying_first_opens_the_contactor_and_evsed_outlives_it(site: Site[Box]) -> None:
    site.charge()
    daemon, _ = site.pids()
    since = time.monotonic()
    site.pi.order("kill")
    site.opened_after(since, 0.2)
    site.pi.order("revive")
    wait_until("beats again", lambda: len(site.pi.timeline().beats_since(time.monotonic() - 1)) > 9)
    assert int(site.show("MainPID")) == daemon


def test_what_is_left_closed_is_opened_without_the_daemons_help(site: Site[Box]) -> None:
    site.charge()
    daemon, control = site.pids()
    said = site.said().count("contactor open (GPIO 23 low)")
    site.pi.order("pump", fitted=False)
    site.pi.order("freeze", scripts=True)  # no dead-man script runs, and no evsed either
    try:
        site.box.run("kill", "-s", "KILL", str(control), str(daemon), check=False)
        assert site.pi.order("state")["contacts_closed"]
    finally:
        site.pi.order("thaw")
    wait_until("off", lambda: site.said().count("contactor open (GPIO 23 low)") > said)
    wait_until("open", lambda: not site.pi.order("state")["contactor_pin"])
    site.pi.order("pump", fitted=True)
    site.until_restarted(daemon)


def test_the_journal_reads_well_and_carries_priorities(site: Site[Box]) -> None:
    entries = site.journal()
    priorities = {entry["PRIORITY"] for entry in entries}
    assert {"6", "3"} <= priorities
    driven = [entry for entry in entries if "the pilot is driven" in entry["MESSAGE"]]
    assert driven[0]["PRIORITY"] == "6"
    assert not any("\x1b" in entry["MESSAGE"] for entry in entries)  # no colours
    assert not any("Traceback" in entry["MESSAGE"] for entry in entries)


def test_wrong_settings_end_with_78_and_are_not_tried_again(site: Site[Box]) -> None:
    settings = site.box.path("/etc/evsed.toml")
    right = settings.read_text()
    site.box.run("systemctl", "stop", "evsed")
    settings.write_text(right.replace("max_current_a = 32.0", "max_current_a = 3200.0"))
    assert site.box.run("systemctl", "start", "evsed", check=False).returncode != 0
    assert site.show("ExecMainStatus") == "78"
    time.sleep(3)  # longer than RestartSec
    assert site.show("ActiveState") == "failed"
    assert site.show("NRestarts") == "0"
    assert "supply.max_current_a = 3200.0: must be 6 to 80 A" in site.said()
    settings.write_text(right)
    site.box.run("systemctl", "reset-failed", "evsed")


def upgrade(site: Site[Box]) -> tuple[float, float]:
    """Put the next version over a charge; when the offer ended, and when the contactor opened."""
    site.charge()
    since = time.monotonic()
    site.box.run("dpkg", "--force-confold", "-i", "/root/next.deb")
    site.opened_after(since, 60.0)
    timeline = site.pi.timeline()
    still_closed(timeline, since)
    opened = timeline.openings(since)[0]
    steady(timeline, since, opened)
    if opened - timeline.last_beat(opened) > STALL_S:
        raise StalledError("the dead-man opened before the program was told to stop")
    return timeline.offer_ends(since)[0], opened


def test_an_upgrade_during_a_charge_opens_first_and_keeps_everything(site: Site[Box]) -> None:
    box = site.box
    before = box.path("/etc/evsed.toml").read_text()
    box.path("/etc/default").mkdir(exist_ok=True)
    box.run("dpkg-deb", "-R", "/root/evsed.deb", "/root/next")
    control = box.path("/root/next/DEBIAN/control")
    text = control.read_text()
    version = next(line for line in text.splitlines() if line.startswith("Version: "))
    control.write_text(text.replace(version, f"{version}+next"))
    box.run("dpkg-deb", "-Znone", "-b", "/root/next", "/root/next.deb")
    offer_ended, opened = told_again(site, upgrade)
    assert offer_ended < opened  # let go, not cut off
    assert box.path("/etc/evsed.toml").read_text() == before
    assert box.path("/var/lib/evsed/evsed.db").exists()
    assert site.show("ActiveState") == "active"
    assert f"{version}+next".partition(" ")[2] in box.output("dpkg-query", "-W", "evsed")


def test_removing_stops_it_and_purging_leaves_nothing(site: Site[Box]) -> None:
    box = site.box
    box.run("dpkg", "-r", "evsed")
    assert site.show("ActiveState") == "inactive"
    assert not box.path("/usr/bin/evsed").exists()
    assert not box.path("/usr/lib/evsed").exists()
    assert box.path("/etc/evsed.toml").exists()
    assert box.path("/var/lib/evsed/evsed.db").exists()
    box.run("dpkg", "-P", "evsed")
    for name in ("/etc/evsed.toml", "/etc/default/evsed", "/var/lib/evsed", "/var/log/evsed"):
        assert not box.path(name).exists(), name


def commands_of(page: str) -> list[str]:
    """The commands in a page of the documentation, in their order, as root types them."""
    lines = re.findall(r"^    (.*)$", page.replace("\\\n", " "), re.MULTILINE)
    return [line.removeprefix("sudo ") for line in lines]


def mentioned_in(page: str) -> set[str]:
    """The commands in its sentences and tables."""
    programs = "sudo|apt|dpkg|systemctl|journalctl|evsed|pipx|top"
    return set(re.findall(rf"`((?:{programs})\b[^`]*)`", page)) - {"evsed", "systemctl start"}


ELSEWHERE = {
    # what the page says -> what does the same in a box without a network
    "apt install ./evsed_*_arm64.deb": "dpkg -i /root/evsed.deb",
    "apt remove evsed": "apt-get remove -y evsed",
    "apt purge evsed": "apt-get purge -y evsed",
    "sudoedit /etc/evsed.toml": "cp /root/evsed.toml /etc/evsed.toml",
    "evsed check --hardware": "! evsed check --hardware",  # it is no Pi
    "pipx install .": "true",  # needs the network: make pipx-test
}
IN_A_SENTENCE = {
    # what the page says between its lines -> the same, where no person sits at a terminal
    "dpkg --print-architecture": "dpkg --print-architecture",
    "sudo apt install pigpio": "true",  # Raspberry Pi OS has it, Debian has not
    "sudo systemctl edit evsed.socket": "systemctl cat evsed.socket",  # see the test of its port
    "systemctl status evsed.socket": "systemctl status evsed.socket",
    "top": "top -b -n 1",
    "evsed check": "evsed check",
    "evsed check --hardware": "! evsed check --hardware",
    "sudo evsed ack": "evsed ack",
}


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_every_command_of_the_owners_documentation_works(suite: str) -> None:
    with Box(root_of(suite)) as box:
        prepare(box)
        pi = PiBeside(box)
        try:
            box.path("/root/evsed.toml").write_text(SETTINGS.format(port=pi.port))
            page = (ROOT / "docs/install.md").read_text()
            commands = commands_of(page)
            assert mentioned_in(page) == set(IN_A_SENTENCE)
            assert set(ELSEWHERE) <= set(commands)
            for command in commands:
                if command == "evsed off":
                    for mentioned in IN_A_SENTENCE.values():
                        box.run("sh", "-c", mentioned)
                box.run("sh", "-c", ELSEWHERE.get(command, command))
        finally:
            pi.close()


def test_udev_understands_the_rules() -> None:
    with Box(root_of("trixie")) as box:  # Debian 12's udevadm cannot verify
        prepare(box)
        box.run("dpkg", "-i", "/root/evsed.deb")
        box.run("udevadm", "verify", "/usr/lib/udev/rules.d/60-evsed.rules")


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_without_pigpiod_the_package_says_so_and_uses_the_kernel_board(suite: str) -> None:
    with Box(root_of(suite)) as box:
        prepare(box, pigpiod=False)
        said = box.output("dpkg", "-i", "/root/evsed.deb")
        assert "no pigpiod here, so the kernel board is used" in said
        assert 'kind = "kernel"' in box.output("evsed", "check")
        done = box.run("evsed", "off", check=False)
        assert done.returncode == 75
        assert "no GPIO chip of a Raspberry Pi" in done.stdout
        groups = box.output("systemctl", "show", "-P", "SupplementaryGroups", "evsed")
        assert groups.split() == ["gpio", "spi"]
        # Never active, never given up: there is no Pi here.
        box.run("systemctl", "start", "--no-block", "evsed")
        wait_until(
            "it says what is missing",
            lambda: (
                "Linux has no PWM that reaches GPIO 18"
                in box.output("journalctl", "-u", "evsed", "-o", "cat")
            ),
        )
        assert box.output("systemctl", "show", "-P", "ActiveState", "evsed") == "activating"
        box.run("dpkg", "-P", "evsed")
        assert not box.path("/etc/systemd/system/evsed.service.d").exists()
        assert not box.path("/etc/default/evsed").exists()
