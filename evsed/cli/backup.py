# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed backup` and `evsed restore`: everything that evsed has made by itself, as one file."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

from evsed.errors import BackupError, SettingsError
from evsed.store import archive

if TYPE_CHECKING:
    from pathlib import Path

    from evsed.settings.load import Layers

THEN = "It takes effect when evsed starts: sudo systemctl restart evsed"


def backup(layers: Layers, target: Path) -> str:
    """Make a backup at *target*; return what was done. Raises `BackupError`."""
    store = layers.settings().store.path
    return f"{target}: {archive.make(store, layers.page_path, target)}"


def restore(layers: Layers, source: Path) -> str:
    """Put the backup at *source* ready for the next start; return what was done.

    Raises `BackupError`, and changes nothing, where it is none or its settings are wrong.
    """
    folder = layers.settings().store.path.parent
    names = archive.stage(source, folder)
    try:
        text = archive.staged_settings(folder)
        if text is not None:
            replace(layers, page=tomllib.loads(text)).settings()
    except (SettingsError, ValueError) as error:
        archive.unstage(folder)
        raise BackupError(f"its settings are wrong: {error}; nothing was changed") from error
    return f"checked, and put ready: {', '.join(names)}. {THEN}"


def undo(layers: Layers) -> str:
    """Put ready what there was before the last restore. Raises `BackupError`."""
    archive.stage_undo(layers.settings().store.path.parent)
    return f"what there was before the last restore is put ready. {THEN}"
