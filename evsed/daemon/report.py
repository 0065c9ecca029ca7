# SPDX-License-Identifier: GPL-3.0-or-later
"""A report for whoever helps the owner: versions, settings without secrets, last log lines."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections import deque
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evsed import __version__
from evsed.frontends.settings import UpdateView
from evsed.settings.catalogue import catalogue, current
from evsed.settings.messages import as_toml
from evsed.settings.redact import redacted, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evsed.settings import Settings
    from evsed.settings.load import Layers

FILES: Final = ("events.log", "errors.log", "log.log")
LINES: Final = 400
"""Of each file: a few days of events, and of the rest what led to a fault of today."""
APT: Final = ("apt-cache", "policy", "evsed")
APT_WITHIN_S: Final = 20.0
"""A Pi Zero builds apt's cache in some seconds."""


def build_report(settings: Settings, layers: Layers) -> str:
    """Return the report as text; nothing in it opens anything."""
    return "\n".join((*_versions(), "", *_settings(settings, layers), *_logs(settings.logs.dir)))


def _versions() -> Iterator[str]:
    yield f"evsed {__version__}, report of {datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z}"
    yield f"Python {sys.version.split()[0]}, {platform.platform()}, {platform.machine()}"
    try:
        yield f"{platform.freedesktop_os_release().get('PRETTY_NAME', '')}"
    except OSError:
        yield "an unknown system"
    names = sorted(
        f"{found.name} {found.version}"
        for found in metadata.distributions()
        if found.name in ("aiohttp", "aiomqtt", "httpx", "pydantic", "pymodbus", "structlog")
    )
    yield ", ".join(names)


def _settings(settings: Settings, layers: Layers) -> Iterator[str]:
    yield "# settings in effect, and where each comes from"
    for key, info in catalogue().items():
        value = current(settings, key)
        written = "absent" if value is None else as_toml(shown(info, value))
        yield f"{key} = {written}  # {layers.origin(key)}"


def _logs(folder: Path) -> Iterator[str]:
    for name in FILES:
        yield f"\n# the last lines of {name}"
        try:
            with (folder / name).open(encoding="utf-8", errors="replace") as file:
                yield from (redacted(line.rstrip("\n")) for line in deque(file, LINES))
        except OSError as error:
            yield f"cannot be read: {error.strerror}"


def find_update(command: Sequence[str] = APT) -> UpdateView:
    """Ask apt on this machine, which asks no network, whether it knows a newer evsed."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=APT_WITHIN_S,
            check=False,
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return UpdateView(__version__, "", "", newer=False)
    found = dict(line.strip().split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    installed = _version(found.get("Installed", ""))
    candidate = _version(found.get("Candidate", ""))
    newer = bool(installed and candidate) and installed != candidate
    return UpdateView(__version__, installed, candidate, newer=newer)


def _version(text: str) -> str:
    return "" if text == "(none)" else text.strip()
