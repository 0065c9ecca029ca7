# SPDX-License-Identifier: GPL-3.0-or-later
"""Every write of SQLite to its files, in order: a shim around SQLite's own VFS.

`record()` collects writes, truncations, syncs and deletions of all databases opened meanwhile.
`Log.cut()` gives the folder as a power cut at any point may leave it; `Log.full_from` fills the
disk at any write.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

PAGE: Final = 512  # bytes that a disk writes whole
SQLITE_FULL: Final = 13

_FILE = ctypes.c_void_p


class _Methods(ctypes.Structure):
    """sqlite3_io_methods, as far as version 1 goes, and what follows it as it is."""

    _fields_ = [
        ("version", ctypes.c_int),
        ("close", ctypes.CFUNCTYPE(ctypes.c_int, _FILE)),
        ("read", ctypes.c_void_p),
        (
            "write",
            ctypes.CFUNCTYPE(
                ctypes.c_int, _FILE, ctypes.POINTER(ctypes.c_char), ctypes.c_int, ctypes.c_int64
            ),
        ),
        ("truncate", ctypes.CFUNCTYPE(ctypes.c_int, _FILE, ctypes.c_int64)),
        ("sync", ctypes.CFUNCTYPE(ctypes.c_int, _FILE, ctypes.c_int)),
        ("rest", ctypes.c_void_p * 14),
    ]


class _File(ctypes.Structure):
    _fields_ = [("methods", ctypes.POINTER(_Methods))]


# The path is a bare address: SQLite keeps it for as long as the file is open.
_OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.POINTER(ctypes.c_int),
)
_DELETE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)


class _Vfs(ctypes.Structure):
    """sqlite3_vfs: the fields up to xDelete, and what follows as it is."""

    _fields_ = [
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("path_max", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", _OPEN),
        ("delete", _DELETE),
        ("rest", ctypes.c_void_p * 14),
    ]


@dataclass(frozen=True, slots=True)
class Write:
    """One step: bytes written at an offset, or a truncation, sync or deletion of a file."""

    kind: str
    file: str
    at: int = 0
    data: bytes = b""


@dataclass
class Log:
    """All steps, and how far each mark (`mark()`) had come.

    With `full_from` every write from that one on (counted in `writes`) finds no room.
    """

    steps: list[Write] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)
    full_from: int | None = None
    writes: int = 0

    def full(self) -> bool:
        """Count a write; return True where there is no room for it."""
        self.writes += 1
        return self.full_from is not None and self.writes > self.full_from

    def mark(self, name: str) -> None:
        """Note that *name* was done, and promised, by now."""
        self.marks.append((len(self.steps), name))

    def promised(self, count: int) -> list[str]:
        """Return what was promised before the first *count* steps were over."""
        return [name for at, name in self.marks if at <= count]

    def cut(self, count: int, folder: Path, random: Random | None) -> None:
        """Write the files into *folder* as a power cut after *count* steps leaves them.

        With *random*, of what was not synced yet any part may be missing, and the last write torn.
        """
        files: dict[str, bytearray] = {}
        last_sync = {
            step.file: n for n, step in enumerate(self.steps[:count]) if step.kind == "sync"
        }
        for n, step in enumerate(self.steps[:count]):
            if step.kind == "delete":
                files.pop(step.file, None)
                continue
            content = files.setdefault(step.file, bytearray())
            unsynced = n > last_sync.get(step.file, -1)
            if step.kind == "write":
                data = step.data
                if random is not None and unsynced:
                    if random.random() < 0.3:
                        continue
                    if n == count - 1:
                        data = data[: random.randrange(0, len(data) + 1, 1) // PAGE * PAGE]
                if len(content) < step.at:
                    content.extend(bytes(step.at - len(content)))
                content[step.at : step.at + len(data)] = data
            elif step.kind == "truncate":
                del content[step.at :]
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)


def available() -> bool:
    """Return True where this Python uses the system's SQLite, which the shim can reach."""
    return ctypes.util.find_library("sqlite3") is not None and _is_shared()


def _is_shared() -> bool:
    import _sqlite3  # noqa: PLC0415 - only asked here

    return b"libsqlite3.so" in Path(_sqlite3.__file__).read_bytes()


@contextmanager
def record() -> Iterator[Log]:
    """Record every step of SQLite until the end of the block."""
    library = ctypes.CDLL(ctypes.util.find_library("sqlite3"))
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    real = library.sqlite3_vfs_find(None)
    shim = _Vfs.from_buffer_copy(real.contents)
    log, kept = Log(), _Shims()
    shim.name, shim.next = b"recorded", None
    shim.open = _OPEN(kept.opener(real.contents, log))
    shim.delete = _DELETE(kept.deleter(real.contents, log))
    library.sqlite3_vfs_register(ctypes.byref(shim), 1)
    try:
        yield log
    finally:
        library.sqlite3_vfs_unregister(ctypes.byref(shim))
        library.sqlite3_vfs_register(real, 1)


class _Shims:
    """The callbacks, kept alive, and the name of each open file."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._methods: dict[int, _Methods] = {}

    def opener(self, real: Any, log: Log) -> Callable[..., int]:  # noqa: ANN401 - a C structure
        def opened(vfs: Any, path: int | None, file: int, flags: int, out: Any) -> int:  # noqa: ANN401
            code = int(real.open(vfs, path, file, flags, out))
            if code == 0 and path is not None:
                self._names[file] = Path(ctypes.string_at(path).decode()).name
                handle = ctypes.cast(file, ctypes.POINTER(_File)).contents
                original = handle.methods.contents
                address = ctypes.addressof(original)
                if address not in self._methods:
                    self._methods[address] = self._shim(original, log)
                handle.methods = ctypes.pointer(self._methods[address])
            return code

        return opened

    def deleter(self, real: Any, log: Log) -> Callable[..., int]:  # noqa: ANN401
        def deleted(vfs: Any, path: bytes, sync: int) -> int:  # noqa: ANN401
            code = int(real.delete(vfs, path, sync))
            if code == 0:
                log.steps.append(Write("delete", Path(path.decode()).name))
            return code

        return deleted

    def _shim(self, original: _Methods, log: Log) -> _Methods:
        shim = _Methods.from_buffer_copy(original)
        fields = dict(_Methods._fields_)  # type: ignore[arg-type]  # a list of pairs

        def write(file: int, data: Any, size: int, at: int) -> int:  # noqa: ANN401
            if log.full():
                return SQLITE_FULL
            code = int(original.write(file, data, size, at))
            log.steps.append(Write("write", self._names[file], at, ctypes.string_at(data, size)))
            return code

        def truncate(file: int, size: int) -> int:
            code = int(original.truncate(file, size))
            log.steps.append(Write("truncate", self._names[file], size))
            return code

        def sync(file: int, flags: int) -> int:
            code = int(original.sync(file, flags))
            log.steps.append(Write("sync", self._names[file]))
            return code

        shim.write = fields["write"](write)
        shim.truncate = fields["truncate"](truncate)
        shim.sync = fields["sync"](sync)
        return shim
