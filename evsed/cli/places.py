# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed check --all`: try the places that the settings name: folders, files, the page's port."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from evsed.cli.client import NotAnswered, status_json

if TYPE_CHECKING:
    from evsed.settings import Settings


def show(settings: Settings, url: str, write: Callable[[str], None] = print) -> bool:
    """Write a line for each place that is not usable; return True where there is none.

    *url* is where a running evsed would answer: then it has the port, and that is right.
    """
    found = list(_problems(settings, url))
    for problem in found:
        write(problem)
    if not found:
        write("# the store, the logs, the password and the page have their places")
    return not found


def _problems(settings: Settings, url: str) -> Iterator[str]:
    yield from _file("store.path", settings.store.path)
    yield from _folder("logs.dir", settings.logs.dir)
    yield from _file("web.password_file", settings.web.password_file)
    if settings.web.socket:
        yield from _folder("web.socket", Path(settings.web.socket).parent)
    yield from _port(settings.web.host, settings.web.port, url)


def _file(key: str, path: Path) -> Iterator[str]:
    """Yield the reason why *path* cannot be a file that evsed writes."""
    if path.is_dir():
        yield f"{key} = {path}: is a folder; it must name a file"
    elif path.exists():
        if not os.access(path, os.R_OK | os.W_OK):
            yield f"{key} = {path}: this user may not read and write it; try it as evsed's user"
    else:
        yield from _folder(key, path.parent)


def _folder(key: str, folder: Path) -> Iterator[str]:
    """Yield the reason why evsed cannot write into *folder*, or make it."""
    if folder.exists() and not folder.is_dir():
        yield f"{key}: {folder} is not a folder"
        return
    nearest = folder
    while not nearest.exists():
        nearest = nearest.parent
    if not os.access(nearest, os.W_OK | os.X_OK):
        hint = "" if nearest == folder else f", so {folder} cannot be made"
        yield (
            f"{key}: this user may not write into {nearest}{hint}; try it as evsed's user: "
            "sudo -u evsed evsed check --all"
        )


def _port(host: str, port: int, url: str) -> Iterator[str]:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)
    except OSError:
        yield f'web.host = "{host}": is no address that this machine knows'
        return
    family, _, _, _, address = found[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            return  # a low port; systemd gives the right to the service
        except OSError as error:
            try:
                status_json(url)
            except NotAnswered:
                yield (
                    f"web.port = {port}: {error.strerror}, and it is not evsed that answers there; "
                    f"`sudo ss -ltnp sport = :{port}` shows the program"
                )
