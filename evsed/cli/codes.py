# SPDX-License-Identifier: GPL-3.0-or-later
"""The exit codes of the commands, and the file of settings that they read by default."""

from __future__ import annotations

from pathlib import Path

OK, FAILED, USAGE, UNAVAILABLE, CONFIG = 0, 1, 2, 75, 78  # the last two are sysexits.h's
DEFAULT_PATH = Path("/etc/evsed.toml")


def default_path() -> Path | None:
    """Return the file of settings where none is named; None when there is none."""
    return DEFAULT_PATH if DEFAULT_PATH.exists() else None
