# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian in a virtual machine, for what a container shares with its host; needs root.

`Machine()` has a clock, a kernel and a power switch of its own: `boot(clock)` begins at any date,
`cut()` pulls the plug. The processor is software too (qemu's TCG), which is as slow as a small Pi
and needs nothing of the machine. What is written stays between the boots of one `Machine`.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from tests.deb.systems.box import PACKAGES, kept, tree_of

SUITE = "bookworm"
OF_A_MACHINE = "linux-image-amd64,initramfs-tools,zstd,openssh-server,systemd-timesyncd"
MODULES = ("virtio_blk", "virtio_pci", "virtio_net", "ext4")
DISK = "3G"  # a file with holes
MEMORY_MB = 768
BOOT_S = 600.0
THIS_MACHINE = "10.0.2.2"  # where qemu's user network has the loopback of the machine it runs on
NETWORK = "[Match]\nName=e*\n[Network]\nDHCP=yes\n"


def image() -> Path:
    """The folder with kernel, initrd, disk and key; made once."""
    return kept(f"machine-{SUITE}", _make)


def _make(making: Path) -> None:
    making.mkdir()
    key = making / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    (making / "network").write_text(NETWORK)
    (making / "modules").write_text("".join(f"{name}\n" for name in MODULES))
    tree = making / "tree"
    before = (
        f"--essential-hook=mkdir -p $1/etc/initramfs-tools/conf.d;"
        f" cp {making}/modules $1/etc/initramfs-tools/modules;"
        f" echo MODULES=list >$1/etc/initramfs-tools/conf.d/evsed"
    )
    after = (
        f"--customize-hook=mkdir -p -m 700 $1/root/.ssh;"
        f" cp {making}/key.pub $1/root/.ssh/authorized_keys;"
        f" cp {making}/network $1/etc/systemd/network/evsed.network;"
        f" echo '/dev/vda / ext4 rw,noatime 0 1' >$1/etc/fstab; echo evsed >$1/etc/hostname;"
        f" chroot $1 systemctl enable -q systemd-networkd; chroot $1 passwd -qd root"
    )
    tree_of(SUITE, "amd64", tree, f"{PACKAGES},{OF_A_MACHINE}", (before, after))
    shutil.copy(next((tree / "boot").glob("vmlinuz-*")), making / "kernel")
    shutil.copy(next((tree / "boot").glob("initrd.img-*")), making / "initrd")
    disk = making / "disk"
    subprocess.run(["mke2fs", "-qq", "-t", "ext4", "-d", tree, disk, DISK], check=True)
    shutil.rmtree(tree)


class Machine:
    """One virtual machine with a disk of its own; a context manager. *more*: further of qemu's."""

    def __init__(self, *more: str) -> None:
        self._image = image()
        self._more = more
        self._folder = Path(tempfile.mkdtemp(prefix="evsed-machine-"))
        self._disk = self._folder / "disk"
        self._qemu: subprocess.Popen[bytes] | None = None
        self._port = 0
        subprocess.run(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", self._image / "disk",
             self._disk],
            check=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        shutil.rmtree(self._folder, ignore_errors=True)

    def boot(self, clock: str) -> float:
        """Switch it on when it is *clock* (`1970-01-01T00:01:00`, UTC); how long it took."""
        self.cut()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = int(free.getsockname()[1])
        since = time.monotonic()
        with (self._folder / "console").open("wb") as console:
            self._qemu = subprocess.Popen(
                ["qemu-system-x86_64", "-M", "q35", "-cpu", "max", "-accel", "tcg,thread=multi",
                 "-smp", "2", "-m", str(MEMORY_MB), "-nodefaults", "-no-user-config",
                 "-display", "none", "-serial", "stdio", "-no-reboot", "-rtc", f"base={clock}",
                 "-kernel", str(self._image / "kernel"), "-initrd", str(self._image / "initrd"),
                 "-append", "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off quiet",
                 "-drive", f"file={self._disk},format=qcow2,if=none,id=disk",
                 "-device", "virtio-blk-pci,drive=disk",
                 "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self._port}-:22",
                 "-device", "virtio-net-pci,netdev=net,romfile=", *self._more],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            )  # fmt: skip
        while time.monotonic() - since < BOOT_S and self._qemu.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                state = self.run("systemctl", "is-system-running", check=False, within_s=30)
                if state.stdout.strip() in ("running", "degraded"):
                    return time.monotonic() - since
            time.sleep(1.0)
        said = (self._folder / "console").read_text(errors="replace")
        raise TimeoutError(f"the machine did not boot:\n{said[-3000:]}")

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Meanwhile nothing else on this machine goes before it, as nothing does on a Pi.

        Not for long: whoever else works here has to wait.
        """
        self._schedule(os.SCHED_FIFO, 1)  # the simulated Pi stands above that
        try:
            yield
        finally:
            self._schedule(os.SCHED_OTHER, 0)

    def _schedule(self, policy: int, priority: int) -> None:
        if self._qemu is None:
            return
        for thread in Path(f"/proc/{self._qemu.pid}/task").iterdir():
            # Network and disk are in the first thread, and must not wait for a busy processor.
            first = bool(priority) and int(thread.name) == self._qemu.pid
            with suppress(ProcessLookupError):
                os.sched_setscheduler(
                    int(thread.name), policy, os.sched_param(priority + int(first))
                )

    def cut(self) -> None:
        """Pull the plug: what the machine has not given to its disk by now is lost."""
        if self._qemu is not None:
            self._qemu.kill()
            self._qemu.wait()
            self._qemu = None

    def run(
        self, *command: str, check: bool = True, within_s: float = 300.0, given: bytes = b""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the machine; its output and errors as one text."""
        done = subprocess.run(
            ["ssh", "-q", "-i", str(self._image / "key"), "-p", str(self._port),
             "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ControlMaster=auto",
             "-o", f"ControlPath={self._folder}/ssh-{self._port}", "-o", "ControlPersist=600",
             "root@127.0.0.1",
             f"LC_ALL=C.UTF-8 SYSTEMD_PAGER= DEBIAN_FRONTEND=noninteractive {shlex.join(command)}"],
            input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            timeout=within_s,
        )  # fmt: skip
        said = done.stdout.decode(errors="replace")
        if check and done.returncode:
            raise AssertionError(f"{shlex.join(command)}: {done.returncode}\n{said}")
        return subprocess.CompletedProcess(done.args, done.returncode, said)

    def output(self, *command: str) -> str:
        """The output of a command in the machine."""
        return self.run(*command).stdout.strip()

    def put(self, name: str, content: bytes) -> None:
        """Write a file of the machine."""
        self.run("sh", "-c", f"cat >{shlex.quote(name)}", given=content)
