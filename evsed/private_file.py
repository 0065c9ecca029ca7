# SPDX-License-Identifier: GPL-3.0-or-later
"""A small file of evsed's own, put in place as a whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

ALONE: Final = 0o600
"""The mode of a file that its owner alone reads."""


def write(path: Path, text: str, mode: int = ALONE, *, durable: bool = True) -> None:
    """Put *text* in the file at *path*, with the *mode* of chmod(2).

    Written by root, the file gets the owner of its folder, so that evsed can read it. *durable*: a
    power cut right after it loses nothing; this waits for the disk. Raises OSError.
    """
    owner = path.parent.stat()
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    # O_NOFOLLOW and O_EXCL: a link that another program has left there is not followed.
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        if os.geteuid() == 0:
            os.fchown(handle, owner.st_uid, owner.st_gid)
        file.flush()
        if durable:
            os.fsync(handle)
    fresh.replace(path)
