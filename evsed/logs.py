# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs: to the journal or terminal, and to three files that a person can read.

========== ====================================================================
events.log what happened, each event once
errors.log what went wrong: what happened; what evsed did; what to do
log.log    the rest, for whoever looks for a cause (structlog, and libraries' warnings)
========== ====================================================================

Each line begins with local time as YYYYMMDDhhmmss. The files turn over at 1 MB, three old ones
are kept. All of it also goes to stdout: with syslog priorities and without a time to the journal,
which has its own, with a time to anything else.

Saying something never waits and never raises. A thread does the writing, behind a bounded queue;
what does not fit is counted, and the count is logged. A file that cannot be written (full,
read-only, gone) is reported once on stdout and tried again with every line.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NoReturn, Self, TextIO

import structlog

from evsed.core.pilot.events import Event, FaultRaised
from evsed.core.pilot.faults import Fault

TURN_OVER_AT: Final = 1_000_000  # bytes
OLD_KEPT: Final = 3
QUEUE_MAX: Final = 2000  # lines; ten minutes of a very bad day
STAMP: Final = "%Y%m%d%H%M%S"
PRIORITY: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}  # sd-daemon(3)


@dataclass(frozen=True, slots=True)
class LogsConfig:
    """[logs]: `dir` is the folder of the files, `level` the lowest in log.log and on stdout."""

    dir: Path
    level: str = "info"


class LogFile:
    """A file of whole lines that turns over by size.

    Unlike `logging.handlers.RotatingFileHandler` it leaves no half line behind on a full disk, and
    none in a buffer to fail again later: a line is one write, and is taken back if it was cut.
    """

    def __init__(self, path: Path, turn_over_at: int = TURN_OVER_AT) -> None:
        self.path = path
        self.lost = 0
        self._turn_over_at = turn_over_at
        self._fd: int | None = None

    def write(self, line: str) -> OSError | None:
        """Append *line*; the error if it could not be, and then it is counted in `lost`."""
        try:
            self._append(f"{line}\n".encode(errors="backslashreplace"))
        except OSError as error:
            self.lost += 1
            self.close()
            return error
        return None

    def close(self) -> None:
        """Let go of the file; the next line opens it again."""
        fd, self._fd = self._fd, None
        if fd is not None:
            try:
                os.close(fd)
            except OSError:  # the disk refused a late write: no log is left to report it
                self.lost += 1

    def _append(self, line: bytes) -> None:
        fd = self._open()
        size = os.fstat(fd).st_size
        if size and size + len(line) > self._turn_over_at:
            self._turn_over()
            fd, size = self._open(), 0
        elif os.fstat(fd).st_nlink == 0:  # somebody removed it: begin a new one
            self.close()
            fd, size = self._open(), 0
        written = os.write(fd, line)
        if written < len(line):
            os.ftruncate(fd, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _open(self) -> int:
        if self._fd is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(
                self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644
            )
        return self._fd

    def _turn_over(self) -> None:
        self.close()
        for number in range(OLD_KEPT - 1, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            if older.exists():
                older.replace(self.path.with_name(f"{self.path.name}.{number + 1}"))
        self.path.replace(self.path.with_name(f"{self.path.name}.1"))


@dataclass(frozen=True, slots=True)
class _LogLine:
    """A line on its way: when, how grave, for which file (besides stdout, or not)."""

    at: datetime
    level: str
    text: str
    file: str
    to_stdout: bool = True


class Logs:
    """Everything evsed says goes through here. Use as a context manager, or `close()` it."""

    def __init__(
        self,
        config: LogsConfig,
        *,
        stdout: TextIO | None = None,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._stdout = sys.stdout if stdout is None else stdout
        if isinstance(self._stdout, io.TextIOWrapper):
            self._stdout.reconfigure(errors="backslashreplace")
        self._to_journal = is_journal(self._stdout, environ)
        self._clock = clock
        self._files = {
            name: LogFile(config.dir / f"{name}.log") for name in ("events", "errors", "log")
        }
        self._queue: queue.Queue[_LogLine | None] = queue.Queue(QUEUE_MAX)
        self._dropped = 0
        self._unprinted = 0
        self._troubled: set[str] = set()
        self.set_level(config.level)
        self._libraries = _FromLibraries(self._log)
        logging.getLogger().addHandler(self._libraries)
        self._thread = threading.Thread(target=self._write_on, name="logs", daemon=True)
        self._thread.start()

    def set_level(self, level: str) -> None:
        """Let *level* be the lowest in log.log and on stdout."""
        lowest = logging.getLevelNamesMapping()[level.upper()]
        structlog.configure(
            processors=[
                structlog.stdlib.add_log_level,
                structlog.processors.format_exc_info,
                self._take_structlog,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(lowest),
            logger_factory=structlog.ReturnLoggerFactory(),
            cache_logger_on_first_use=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def event(self, event: Event, at: datetime) -> None:
        """Something happened at wall-clock time *at*: to events.log, and stdout.

        A fault goes to errors.log too, with what is done about it and what to do.
        """
        if isinstance(event, FaultRaised):
            kind = Fault(event.fault).kind
            self._put(_LogLine(at, "error", str(event), "events", to_stdout=False))
            self._put(_LogLine(at, "error", f"{event}; {kind.done}; {kind.todo}", "errors"))
        else:
            self._put(_LogLine(at, "info", str(event), "events"))

    def trouble(self, what: str, done: str, todo: str) -> None:
        """Something went wrong: what happened, what evsed did about it, what to do now."""
        self._log("error", f"{what}; {done}; {todo}", "errors")

    @property
    def lost(self) -> int:
        """The number of lines that could not be written where they belonged."""
        return self._dropped + self._unprinted + sum(file.lost for file in self._files.values())

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what is waiting, for at most *timeout_s*; may be repeated."""
        if not self._thread.is_alive():
            return
        structlog.reset_defaults()
        logging.getLogger().removeHandler(self._libraries)
        try:
            self._queue.put(None, timeout=timeout_s)
        except queue.Full:
            return  # stdout hangs; the thread ends with the process
        self._thread.join(timeout_s)

    # --- the way in: any thread, never waits ----------------------------------------------------

    def _take_structlog(
        self, _logger: object, _method: str, entry: MutableMapping[str, Any]
    ) -> NoReturn:
        """The last of structlog's processors: the entry ends here."""
        level = entry.pop("level")
        event = str(entry.pop("event"))
        facts = "".join(f" {key}={_shown(value)}" for key, value in entry.items())
        self._log(level, event + facts, "errors" if PRIORITY[level] <= PRIORITY["error"] else "log")
        raise structlog.DropEvent

    def _log(self, level: str, text: str, file: str) -> None:
        self._put(_LogLine(self._clock(), level, text, file))

    def _put(self, line: _LogLine) -> None:
        try:
            self._queue.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    # --- the way out: one thread ----------------------------------------------------------------

    def _write_on(self) -> None:
        reported = 0
        while line := self._queue.get():
            self._write(line)
            if self._queue.empty():
                reported = self._report_dropped(reported)
        self._report_dropped(reported)
        for file in self._files.values():
            file.close()

    def _report_dropped(self, reported: int) -> int:
        """Report lines dropped since *reported*; return how many have been reported now."""
        dropped = self._dropped
        if dropped > reported:
            text = f"{dropped - reported} lines were lost: there were too many at once"
            self._write(_LogLine(self._clock(), "warning", text, "log"))
        return dropped

    def _write(self, line: _LogLine) -> None:
        text = _one_line(line.text)
        if line.to_stdout:
            self._print(line.at, line.level, text)
        file = self._files[line.file]
        error = file.write(f"{line.at:{STAMP}} {text}")
        if error is not None and line.file not in self._troubled:
            self._troubled.add(line.file)
            self._print(
                line.at,
                "error",
                f"{file.path} cannot be written ({error.strerror}); evsed goes on and tries again "
                f"with every line; make room or mend the rights: df -h {file.path.parent}",
            )
        elif error is None and line.file in self._troubled:
            self._troubled.discard(line.file)
            self._print(line.at, "warning", f"{file.path} is written again; lost: {file.lost}")

    def _print(self, at: datetime, level: str, text: str) -> None:
        head = f"<{PRIORITY[level]}>" if self._to_journal else f"{at:%Y-%m-%d %H:%M:%S} "
        try:
            self._stdout.write(f"{head}{text}\n")
            self._stdout.flush()
        except (OSError, ValueError):  # the terminal is gone; the files are still there
            self._unprinted += 1


def is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return True where *stream* ends in the journal: JOURNAL_STREAM names it (systemd.exec(5))."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):  # no file behind it
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


class _FromLibraries(logging.Handler):
    """Warnings of asyncio, aiohttp and others, into the same log."""

    def __init__(self, log: Callable[[str, str, str], None]) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname.lower()
        try:
            text = f"{record.name}: {self.format(record)}"
        except (TypeError, ValueError):  # a library's message that does not fit its arguments
            text = f"{record.name}: {record.msg} {record.args}"
        self._log(level if level in PRIORITY else "warning", text, "log")


def _shown(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if text and " " not in text else f'"{text}"'


def _one_line(text: str) -> str:
    """*text* without line ends and control characters, so that it can fake no other line."""
    joined = " | ".join(part.strip() for part in text.splitlines() if part.strip())
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in joined)
