# SPDX-License-Identifier: GPL-3.0-or-later
"""The real daemon and control process, around a simulated Pi in a process of its own.

Nothing here asserts about the time that a test took: waits end as soon as their condition holds,
and `PATIENCE_S` only ends a test that will never end. What is asserted is in the stamps of the
simulator (`timeline`).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tests.processes.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300.0
LOOK_EVERY_S = 0.04  # nothing that is asserted comes from when it was looked at
ENVIRON = {
    name: text
    for name, text in os.environ.items()
    if not name.startswith(("EVSED_", "COV"))  # no settings of the tester's, no coverage in ticks
}
MARK = "PROCESS_TEST_RIG"  # in the environment of all that a rig starts, and nowhere else
PROVED_AFTER_BEATS = 75  # 1.5 s of the pilot without a car: the front end is proved by then

SETTINGS = """\
[supply]
max_current_a = 32.0
[board.pigpio]
port = {port}
[feed]
kind = "fixed"
current_a = 16.0
[car]
least_pause_s = 3.0
[web]
host = "127.0.0.1"
port = 0
socket = "{folder}/evsed.sock"
[logs]
dir = "{folder}/log"
level = "debug"
[store]
path = "{folder}/evsed.db"
"""


T = TypeVar("T")


class NeverHappenedError(AssertionError):
    """The event that a test waited for did not come about."""


def wait_until(what: str, look: Callable[[], T]) -> T:
    """Look until there is something to see, and return it."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not (seen := look()):
        if time.monotonic() > give_up_at:
            raise NeverHappenedError(f"waited {PATIENCE_S:.0f} s in vain: {what}")
        time.sleep(LOOK_EVERY_S)
    return seen


class SimulatedPi:
    """The simulated Pi's process. `order()` gives it any order of `simulated_pi.Orders`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.simulated_pi"],
            cwd=ROOT,
            env=ENVIRON,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._happened: list[tuple[float, str, int, float]] = []
        self.port = int(self._answer())

    def _answer(self) -> Any:  # noqa: ANN401 - whatever the order gives
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the simulated Pi has ended"
        return json.loads(line)

    def order(self, name: str, **arguments: object) -> Any:  # noqa: ANN401 - see above
        """Give an order and wait until it is carried out."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, arguments]) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def timeline(self) -> Timeline:
        """All that has happened until now."""
        now = self.order("state")["now"]
        self._happened += [
            (at, kind, gpio, value)
            for at, kind, gpio, value in self.order("history", since=len(self._happened))
        ]
        return Timeline(tuple(self._happened), now)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Systemd:
    """The socket of systemd: the messages of sd_notify(3), each with its moment of arrival."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify.sock")
        self._end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._end.bind(self.address)
        self._end.setblocking(False)  # noqa: FBT003 - the name of a standard call
        self._heard: list[tuple[float, str]] = []

    def heard(self) -> list[tuple[float, str]]:
        """Every line so far, with the moment at which it was taken in."""
        with contextlib.suppress(BlockingIOError):
            while True:
                text = self._end.recv(4096).decode()
                self._heard += [(time.monotonic(), line) for line in text.splitlines()]
        return list(self._heard)

    def count(self, line: str) -> int:
        """The number of times that *line* has come."""
        return sum(text == line for _, text in self.heard())

    def close(self) -> None:
        self._end.close()


class Daemon:
    """One life of `evsed run`, or of another command, in a session of its own."""

    def __init__(
        self,
        rig: Rig,
        environ: Mapping[str, str],
        command: tuple[str, ...],
        module: str = "evsed",
    ) -> None:
        self._rig = rig
        self.started_at = time.monotonic()
        self.ended_at = self.waited_s = 0.0
        self.code = 0  # of its exit, once it has ended
        self.output = rig.folder / f"output-{uuid.uuid4().hex[:6]}"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, *command],
                cwd=ROOT,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def control_pid(self) -> int:
        """The process id of its control process."""
        return wait_until("the control process runs", self._find_control) or 0

    def _find_control(self) -> int | None:
        return next((pid for pid, words in self._rig.running() if "evsed.control" in words), None)

    def said(self) -> str:
        """All that it has printed so far."""
        return self.output.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> float:
        """Send it a signal; the moment just before that."""
        now = time.monotonic()
        self.process.send_signal(number)
        return now

    def ended(self) -> int:
        """Wait for its end; its exit code. `ended_at` and `waited_s` are known then.

        `waited_s` is how long in its life it had something to do and no processor to do it on, by
        the kernel's own account: what a busy machine has added to whatever it took.
        """
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT  # the kernel's account ends with the wait
        try:
            wait_until("it ends", lambda: os.waitid(os.P_PID, self.pid, how))
        except NeverHappenedError as error:
            raise NeverHappenedError(f"{error}\n{self.said()}") from None
        self.ended_at = time.monotonic()
        self.waited_s = _waited_s(self.pid)
        self.code = self.process.wait()
        return self.code

    @property
    def took_s(self) -> float:
        """From its start to its end, without what a busy machine has added."""
        return self.ended_at - self.started_at - self.waited_s


class _OverSocket(http.client.HTTPConnection):
    """HTTP over the socket at a path."""

    def __init__(self, path: Path) -> None:
        super().__init__("evsed", timeout=PATIENCE_S)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Rig:
    """One simulated Pi and the lives of evsed that it sees, one after the other."""

    def __init__(self, settings: str = SETTINGS) -> None:
        # Not pytest's folder: the path of a socket may have 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="evsed-"))
        self._mark = uuid.uuid4().hex
        self.pi = SimulatedPi()
        self.systemd = Systemd(self.folder)
        self.settings = self.folder / "evsed.toml"
        self.settings.write_text(settings.format(port=self.pi.port, folder=self.folder))
        self.daemon: Daemon | None = None

    # --- lives --------------------------------------------------------------------------------

    def environ(self, **more: str) -> dict[str, str]:
        """The environment of all that is started here."""
        return {**ENVIRON, MARK: self._mark, "NOTIFY_SOCKET": self.systemd.address, **more}

    def start(self, module: str = "evsed", **environ: str) -> Daemon:
        """A new life of the daemon, which is not waited for; *module* is the program."""
        command = ("run", "--config", str(self.settings))
        self.daemon = Daemon(self, self.environ(**environ), command, module)
        return self.daemon

    def life(self) -> Daemon:
        """The life under way, or the last one."""
        assert self.daemon is not None
        return self.daemon

    def evsed(self, *command: str) -> Daemon:
        """Run another command of evsed with the same settings until it ends."""
        beside = Daemon(self, self.environ(), (*command, "--config", str(self.settings)))
        beside.ended()
        return beside

    def running(self) -> list[tuple[int, str]]:
        """Every process that this rig has started and that is not over: id and command line."""
        return [
            (pid, words)
            for pid in (int(path.name) for path in Path("/proc").glob("[0-9]*"))
            if (words := _belongs(pid, f"{MARK}={self._mark}")) is not None
        ]

    def until_nothing_runs(self) -> None:
        """Wait until every process started here is over."""
        wait_until("nothing of evsed is left running", lambda: not self.running())

    # --- the charge ---------------------------------------------------------------------------

    def get(self, path: str) -> str:
        """Code and text of a GET over the control socket; "" while no server answers there."""
        connection = _OverSocket(self.folder / "evsed.sock")
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return f"{answer.status} {answer.read().decode()}"
        except OSError:
            return ""
        finally:
            connection.close()

    def status(self) -> dict[str, Any] | None:
        """`/api/v1/status`; None while no server answers."""
        answer = self.get("/api/v1/status")
        found: dict[str, Any] | None = json.loads(answer.partition(" ")[2]) if answer else None
        return found

    def until_closed(self, since: float = 0.0) -> float:
        """Wait until the contactor has closed after *since* and still is; when it closed."""

        def closed_since() -> float | None:
            seen = self.pi.order("state")
            if not (seen["contactor_pin"] and seen["contacts_closed"]):
                return None
            return max(self.pi.timeline().closings(since), default=None)

        return self._wait("the contactor is closed", closed_since) or 0.0

    def _wait(self, what: str, look: Callable[[], T]) -> T:
        """As `wait_until`, with the daemon's own words where it is in vain."""
        try:
            return wait_until(what, look)
        except NeverHappenedError as error:
            said = self.life().said()
            raise NeverHappenedError(f"{error}\n{said}\n{self.status()}") from None

    def now(self) -> float:
        """The moment that it is: the simulator's clock, which is the machine's."""
        now: float = self.pi.order("state")["now"]
        return now

    def until(self, at: float) -> None:
        """Wait for the moment *at*; a busy machine may see it late."""
        wait_until("its moment comes", lambda: self.now() >= at)

    def until_beats(self, count: int, since: float) -> None:
        """Wait for *count* beats after *since*."""
        already = len(self.pi.timeline().beats) - len(self.pi.timeline().beats_since(since))
        self._wait(f"{count} beats", lambda: self.pi.order("state")["beats"] >= already + count)

    def until_proved(self) -> None:
        """Wait until this life has read a pilot without a car."""
        self.until_beats(PROVED_AFTER_BEATS, self.life().started_at)

    def plug_in(self) -> None:
        """Plug the car in as soon as the front end has read a pilot without one."""
        self.until_proved()
        self.pi.order("plug")

    def charge(self, module: str = "evsed", **environ: str) -> Daemon:
        """A new life, a car, and the contactor closed."""
        daemon = self.start(module, **environ)
        self.plug_in()
        self.until_closed(daemon.started_at)
        return daemon

    def close(self) -> None:
        """End everything; whatever was still running is killed and said."""
        left = self.running()
        for pid, _ in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.daemon is not None:
            self.daemon.process.wait()
        self.until_nothing_runs()
        self.systemd.close()
        self.pi.close()
        shutil.rmtree(self.folder)


def stop(pid: int) -> float:
    """SIGSTOP, and wait until it has stopped; the moment before."""
    now = time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    wait_until("it has stopped", lambda: _state(pid) in ("T", "Z", ""))
    return now


def _waited_s(pid: int) -> float:
    """The wait of *pid* for a processor (proc(5), schedstat); 0 where the kernel keeps no count."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _state(pid: int) -> str:
    """The process's state by proc(5); "" when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def _belongs(pid: int, mark: str) -> str | None:
    """The command line of *pid* when its environment has *mark* and it is not over yet."""
    folder = Path(f"/proc/{pid}")
    try:
        if mark.encode() not in (folder / "environ").read_bytes().split(b"\0"):
            return None
        words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None
    return None if _state(pid) in ("Z", "X", "") else words
