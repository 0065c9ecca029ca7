# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian with a real systemd in a container, for the tests of the package; needs root.

`Box(root)` boots the tree at *root* (made by `root_of()`) with everything it writes in memory, so
each boot is a fresh machine with a network of its own. It runs without a systemd on the machine
itself. Commands in the box get only the capabilities that the container has: with those of the
machine, `date -s` in the box would set the machine's clock.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

KEPT = Path(os.environ.get("EVSED_BOXES", "/var/tmp/evsed-boxes"))
PACKAGES = (
    "systemd,systemd-sysv,dbus,iproute2,procps,python3,curl,nftables,libcap2-bin,udev,util-linux"
)
DROPPED = ",".join(
    f"-{name}"
    for name in (
        "sys_time", "ipc_lock", "sys_module", "sys_rawio", "sys_pacct", "syslog", "mac_admin",
        "mac_override", "wake_alarm", "block_suspend", "audit_read", "bpf", "perfmon",
        "checkpoint_restore",
    )
)  # fmt: skip
BOOT_S = 90.0
_NUMBERS = itertools.count()


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """The file that *make* writes to the path it is given, once; the next run finds it there."""
    path = KEPT / name
    if not path.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        making = path.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        make(making)
        making.rename(path)
    return path


def root_of(suite: str, arch: str = "amd64") -> Path:
    """The tree of a minimal *suite*, made once from this machine's own package source."""
    return kept(f"{suite}-{arch}", lambda tree: tree_of(suite, arch, tree))


def tree_of(
    suite: str, arch: str, tree: Path, packages: str = PACKAGES, hooks: tuple[str, ...] = ()
) -> None:
    """Put a minimal *suite* with *packages* into *tree*; *hooks* are mmdebstrap's."""
    subprocess.run(
        ["nice", "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
         f"--architectures={arch}", f"--include={packages}",
         "--aptopt=Acquire::Languages none", "--dpkgopt=path-exclude=/usr/share/locale/*",
         "--customize-hook=rm -f $1/etc/hostname $1/etc/resolv.conf; : >$1/etc/machine-id", *hooks,
         suite, str(tree), f"deb {_source()} {suite} main"],
        check=True,
    )  # fmt: skip


def _source() -> str:
    """The source of this machine's Debian packages."""
    for name in ("sources.list.d/debian.sources", "sources.list"):
        with suppress(FileNotFoundError):
            for line in Path("/etc/apt", name).read_text().splitlines():
                words = line.split()
                if words[:1] == ["URIs:"] or words[:1] == ["deb"]:
                    return next(word for word in words if ":/" in word)
    raise FileNotFoundError("no package source in /etc/apt")


class Box:
    """One boot; a context manager.

    Where it is *just_switched_on*, its clocks since boot begin with it; else they are those of the
    machine.
    """

    def __init__(self, root: Path, *, just_switched_on: bool = False) -> None:
        self._root = root
        self._just_switched_on = just_switched_on
        self.name = f"evsed-{os.getpid()}-{next(_NUMBERS)}"
        self._folder = Path(tempfile.mkdtemp(prefix="evsed-box-"))
        groups = [Path("/sys/fs/cgroup") / name for name in ("unified", "systemd")]
        self._groups = [
            group / self.name
            for group in (groups if groups[0].is_dir() else [Path("/sys/fs/cgroup")])
        ]
        self._leader = 0

    def __enter__(self) -> Self:
        """Boot it."""
        for group in self._groups:
            group.mkdir()

        def join() -> None:
            for group in self._groups:
                (group / "cgroup.procs").write_text(str(os.getpid()))
            os.setsid()

        clock = []
        if self._just_switched_on:
            since_boot_s = int(time.clock_gettime(time.CLOCK_BOOTTIME))
            clock = ["unshare", "--time", "--boottime", str(-since_boot_s), "--"]
        with (self._folder / "console").open("wb") as console:
            self._nspawn = subprocess.Popen(
                [*clock, "systemd-nspawn", "-q", "-D", str(self._root), "-b", "--register=no",
                 "--keep-unit", f"--machine={self.name}", f"--hostname={self.name}",
                 "--private-network", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
                 "--console=pipe", "--volatile=overlay"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, preexec_fn=join,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            )  # fmt: skip
        until = time.monotonic() + BOOT_S
        while time.monotonic() < until:
            if not self._leader:
                self._leader = self._find_leader()
            elif self.run("systemctl", "is-system-running", check=False).stdout.strip() in (
                "running",
                "degraded",
            ):
                self.run("ip", "link", "set", "lo", "up")
                return self
            time.sleep(0.1)
        said = (self._folder / "console").read_text(errors="replace")
        self.__exit__()
        raise TimeoutError(f"the box did not boot:\n{said}")

    def __exit__(self, *_: object) -> None:
        """Switch it off."""
        if self._leader:
            with suppress(ProcessLookupError):
                os.kill(self._leader, signal.SIGKILL)  # all in its process namespace ends with it
        try:
            self._nspawn.wait(20)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()
            self._nspawn.wait()
        for group in self._groups:
            for path in sorted(group.glob("**/"), reverse=True):
                with suppress(OSError):
                    path.rmdir()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _find_leader(self) -> int:
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        with suppress(OSError, IndexError):
            return int(children.read_text().split()[0])
        return 0

    def run(
        self, *command: str, check: bool = True, within_s: float = 600.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the box; its output and errors as one text."""
        done = subprocess.run(
            self.inside(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, timeout=within_s,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}")
        return done

    def output(self, *command: str) -> str:
        """The output of a command in the box."""
        return self.run(*command).stdout.strip()

    def inside(self, *command: str) -> list[str]:
        """The command line that runs a program in the box."""
        return [
            "nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w",
            "--", "/usr/bin/setpriv", f"--bounding-set={DROPPED}", f"--inh-caps={DROPPED}",
            "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
            "TERM=dumb", "SYSTEMD_PAGER=", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
            *command,
        ]  # fmt: skip

    def beside(self, *command: str) -> list[str]:
        """The command line of a program of this machine in the box's network."""
        return ["nsenter", "-t", str(self._leader), "-n", "--", *command]

    def path(self, name: str) -> Path:
        """The path of a file of the box, seen from here."""
        return Path(f"/proc/{self._leader}/root") / name.lstrip("/")

    def put(self, name: str, content: bytes) -> None:
        """Write a file of the box."""
        self.path(name).write_bytes(content)
