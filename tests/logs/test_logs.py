# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of evsed: their place and form, and that writing them never hurts."""

import io
import logging
import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import structlog

from evsed.core.pilot import events as ev
from evsed.core.pilot.faults import Fault
from evsed.logs import QUEUE_MAX, LogFile, Logs, LogsConfig

NOON = datetime(2026, 5, 3, 12, 0, 7, tzinfo=ZoneInfo("Europe/Vienna"))


@contextmanager
def talking(folder: Path, stdout: io.TextIOBase, level: str = "info") -> Iterator[Logs]:
    logs = Logs(
        LogsConfig(folder, level),
        stdout=stdout,  # type: ignore[arg-type]  # TextIOBase is what TextIO means
        environ={},
        clock=lambda: NOON,
    )
    try:
        yield logs
    finally:
        logs.close(timeout_s=60)


def test_an_event_is_one_line_in_events_log_and_one_on_stdout(tmp_path: Path) -> None:
    stdout = io.StringIO()
    with talking(tmp_path, stdout) as logs:
        logs.event(ev.CarPluggedIn(1.0), NOON)
        logs.event(ev.OfferMade(2.0, 9.4), NOON + timedelta(seconds=3))

    assert (tmp_path / "events.log").read_text() == (
        "20260503120007 car plugged in\n20260503120010 offering 9.4 A\n"
    )
    assert stdout.getvalue() == (
        "2026-05-03 12:00:07 car plugged in\n2026-05-03 12:00:10 offering 9.4 A\n"
    )
    assert not (tmp_path / "errors.log").exists()


def test_a_fault_says_what_happened_what_evsed_did_and_what_to_do(tmp_path: Path) -> None:
    stdout = io.StringIO()
    with talking(tmp_path, stdout) as logs:
        logs.event(ev.FaultRaised(1.0, Fault.CONTACTOR.value, "it stayed closed"), NOON)

    kind = Fault.CONTACTOR.kind
    whole = f"ContactorFault: it stayed closed; {kind.done}; {kind.todo}\n"
    assert (tmp_path / "events.log").read_text() == (
        "20260503120007 ContactorFault: it stayed closed\n"
    )
    assert (tmp_path / "errors.log").read_text() == "20260503120007 " + whole
    assert stdout.getvalue() == "2026-05-03 12:00:07 " + whole


def test_an_error_has_three_parts(tmp_path: Path) -> None:
    with talking(tmp_path, io.StringIO()) as logs:
        logs.trouble("the feed is silent", "charging stops in 3 minutes", "look at the network")

    assert (tmp_path / "errors.log").read_text() == (
        "20260503120007 the feed is silent; charging stops in 3 minutes; look at the network\n"
    )


def test_structlog_entries_carry_their_facts_in_one_line(tmp_path: Path) -> None:
    with talking(tmp_path, io.StringIO()):
        log = structlog.get_logger("evsed.test")
        log.info("current_allotted", allotted_a=9.40, limited_by="feed", why="a cloud", none="")
        log.debug("too_quiet")
        log.error("it_broke", port=80)

    assert (tmp_path / "log.log").read_text() == (
        '20260503120007 current_allotted allotted_a=9.4 limited_by=feed why="a cloud" none=""\n'
    )
    assert (tmp_path / "errors.log").read_text() == "20260503120007 it_broke port=80\n"


def test_the_level_can_be_lowered(tmp_path: Path) -> None:
    with talking(tmp_path, io.StringIO(), level="debug"):
        structlog.get_logger().debug("every_detail")

    assert (tmp_path / "log.log").read_text() == "20260503120007 every_detail\n"


def test_an_exception_stays_on_its_line(tmp_path: Path) -> None:
    with talking(tmp_path, io.StringIO()):
        try:
            raise ValueError("two\nlines")
        except ValueError:
            structlog.get_logger().exception("it_broke")

    (line,) = (tmp_path / "errors.log").read_text().splitlines()
    assert line.startswith('20260503120007 it_broke exception="Traceback')
    assert "ValueError: two | lines" in line


def test_foreign_text_cannot_fake_a_line(tmp_path: Path) -> None:
    with talking(tmp_path, io.StringIO()) as logs:
        logs.trouble("the feed says x\n20260503120008 all is well\x1b[2J", "d", "t")

    assert (tmp_path / "errors.log").read_text() == (
        "20260503120007 the feed says x | 20260503120008 all is well\\x1b[2J; d; t\n"
    )


def test_warnings_of_libraries_are_kept(tmp_path: Path) -> None:
    with talking(tmp_path, io.StringIO()):
        logging.getLogger("asyncio").warning("slow callback: %d ms", 200)
        logging.getLogger("httpx").info("request sent")

    assert (tmp_path / "log.log").read_text() == "20260503120007 asyncio: slow callback: 200 ms\n"


def test_a_library_that_cannot_count_its_arguments_is_kept_too(tmp_path: Path) -> None:
    odd = logging.getLogger("odd")
    odd.propagate = False  # away from pytest's own handler, which raises here
    with talking(tmp_path, io.StringIO()):
        (ours,) = (h for h in logging.getLogger().handlers if type(h).__module__ == "evsed.logs")
        odd.addHandler(ours)
        odd.log(35, "%d and %d", 1)
        odd.removeHandler(ours)

    assert (tmp_path / "log.log").read_text() == "20260503120007 odd: %d and %d (1,)\n"


def test_the_journal_gets_priorities_and_no_second_time(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w+") as journal:
        found = os.fstat(journal.fileno())
        logs = Logs(
            LogsConfig(tmp_path / "logs"),
            stdout=journal,
            environ={"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"},
        )
        logs.event(ev.CarPluggedIn(1.0), NOON)
        structlog.get_logger().warning("odd", x=1)
        logs.trouble("what", "done", "todo")
        logs.close(timeout_s=60)

    assert (tmp_path / "journal").read_text() == (
        "<6>car plugged in\n<4>odd x=1\n<3>what; done; todo\n"
    )


def test_a_stdout_redirected_from_under_the_journal_gets_times(tmp_path: Path) -> None:
    with (tmp_path / "elsewhere").open("w+") as elsewhere:
        logs = Logs(LogsConfig(tmp_path), stdout=elsewhere, environ={"JOURNAL_STREAM": "8:1234567"})
        logs.event(ev.CarPluggedIn(1.0), NOON)
        logs.close(timeout_s=60)

    assert (tmp_path / "elsewhere").read_text() == "2026-05-03 12:00:07 car plugged in\n"


def test_files_turn_over_and_three_old_ones_stay(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "log.log", turn_over_at=100)
    for number in range(60):
        assert file.write(f"line {number:04}") is None
    file.close()

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "log.log",
        "log.log.1",
        "log.log.2",
        "log.log.3",
    ]
    assert all(path.stat().st_size == 100 for path in tmp_path.iterdir())
    assert (tmp_path / "log.log").read_text().endswith("line 0059\n")
    assert (tmp_path / "log.log.3").read_text().startswith("line 0020\n")


def test_a_line_longer_than_a_file_is_still_written(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "log.log", turn_over_at=10)
    assert file.write("x" * 50) is None
    assert file.write("y" * 50) is None
    file.close()
    assert (tmp_path / "log.log").read_text() == "y" * 50 + "\n"


def test_a_file_that_was_removed_is_begun_anew(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "log.log")
    file.write("before")
    (tmp_path / "log.log").unlink()
    file.write("after")
    file.close()
    assert (tmp_path / "log.log").read_text() == "after\n"


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """A disk that is full: no file of this process grows beyond *size* bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_whole_lines_only(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "log.log")
    file.write("the first line")
    with files_end_at(20):
        cut, refused = file.write("cut in the middle"), file.write("refused altogether")
    assert cut is not None
    assert cut.strerror == "No space left on device"
    assert refused is not None
    assert file.lost == 2
    file.write("there is room again")
    file.close()

    assert (tmp_path / "log.log").read_text() == "the first line\nthere is room again\n"


class MendingTerminal(io.StringIO):
    """Does what an owner would who reads *sign* on the terminal."""

    def __init__(self, sign: str, mend: Callable[[], None]) -> None:
        super().__init__()
        self._sign = sign
        self._mend = mend

    def write(self, text: str) -> int:
        if self._sign in text:
            self._mend()
        return super().write(text)


def test_an_unwritable_file_is_said_once_and_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.write_text("a file stands where the folder should be")
    stdout = MendingTerminal("car unplugged", folder.unlink)
    with talking(folder, stdout) as logs:
        for _ in range(3):
            logs.event(ev.CarPluggedIn(1.0), NOON)
        logs.event(ev.CarUnplugged(2.0), NOON)

    said = stdout.getvalue()
    assert said.count("cannot be written (") == 1
    assert "evsed goes on and tries again with every line; make room or mend the rights" in said
    assert f"{folder}/events.log is written again; lost: 3" in said
    assert (folder / "events.log").read_text() == "20260503120007 car unplugged\n"
    assert logs.lost == 3


class StuckTerminal(io.StringIO):
    """A terminal stopped with Ctrl-S: writing to it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.moving = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        assert self.moving.wait(60)
        return super().write(text)


def test_a_stuck_stdout_delays_nobody_and_the_lost_lines_are_counted(tmp_path: Path) -> None:
    stdout = StuckTerminal()
    with talking(tmp_path, stdout) as logs:
        logs.event(ev.CarPluggedIn(1.0), NOON)
        assert stdout.reached.wait(60)
        for _ in range(QUEUE_MAX + 5):
            logs.event(ev.CarUnplugged(2.0), NOON)  # returns at once, or this test never ends
        assert logs.lost == 5
        stdout.moving.set()

    assert "5 lines were lost: there were too many at once" in stdout.getvalue()
    assert (tmp_path / "events.log").read_text().count("car unplugged\n") == QUEUE_MAX


def test_closing_does_not_wait_for_a_stuck_stdout(tmp_path: Path) -> None:
    stdout = StuckTerminal()
    with talking(tmp_path, stdout) as logs:
        logs.event(ev.CarPluggedIn(1.0), NOON)
        logs.close(timeout_s=0)
        stdout.moving.set()


def test_a_closed_terminal_is_survived_and_the_files_go_on(tmp_path: Path) -> None:
    stdout = io.StringIO()
    stdout.close()
    with talking(tmp_path, stdout) as logs:
        logs.event(ev.CarPluggedIn(1.0), NOON)

    assert (tmp_path / "events.log").read_text() == "20260503120007 car plugged in\n"
    assert logs.lost == 1


def test_a_terminal_without_umlauts_still_gets_the_line(tmp_path: Path) -> None:
    raw = io.BytesIO()
    with talking(tmp_path, io.TextIOWrapper(raw, encoding="ascii")) as logs:
        logs.trouble("Zähler", "d", "t")
    assert logs.lost == 0
    assert raw.getvalue() == b"2026-05-03 12:00:07 Z\\xe4hler; d; t\n"


@pytest.mark.parametrize("name", ["events", "errors", "log"])
def test_each_file_can_fail_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.log").mkdir()
    with talking(tmp_path, io.StringIO()) as logs:
        logs.event(ev.CarPluggedIn(1.0), NOON)
        logs.trouble("what", "done", "todo")
        structlog.get_logger().info("detail")

    files = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert files == {"events.log", "errors.log", "log.log"} - {f"{name}.log"}
    assert logs.lost == 1
