# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed off`: contactor open, pilot steady, whatever runs and whatever the settings say.

Typed by a person it also sets the owner's mode `off`, by the running evsed or in its store, so that
nothing charges until the owner chooses another mode. With `--wires` (the unit's ExecStopPost) it
changes no mode.

It has two seconds, on a Pi whose Python takes the first of them to start. So it reads the few keys
that it needs by itself: pydantic alone would take longer than all the rest. What only the mode
needs (SQLite, JSON) is imported once the wires are safe. What is wrong with the file is `evsed
check`'s to say; here every key that cannot be used has its shipped value.
"""

from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evsed.boards import BoardConfig, make_safe
from evsed.errors import BoardError, EvsedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.boards import BoxConfig, KernelConfig, PigpioConfig

WITHIN_S = 1.2  # of the 2 s; the rest is for starting Python: 0.13 s of a PC, some 0.6 s of a Pi
ANSWER_S = 1.0
DONE, UNAVAILABLE = 0, 75
PAGE_FILE = "settings.toml"  # what is set on the page, beside the store; it goes before the file
SOCKET, STORE = "/run/evsed/control.sock", "/var/lib/evsed/evsed.db"  # as shipped
HOLDS = "and holds through restarts until you choose another: the page, or evsed set mode=solar"
KINDS = [field.name for field in fields(BoardConfig) if field.name in ("pigpio", "kernel")]


def switch_off(path: Path | None, *, wires_only: bool) -> int:
    """Make the wires safe that the settings at *path* name; return 0, or 75 if in doubt.

    Unless *wires_only*, the mode is `off` from then on.
    """
    config, trouble = wiring(path, os.environ)
    for line in trouble:
        print(f"evsed: {line}; the shipped value is used", file=sys.stderr)
    code = DONE
    try:
        print(make_safe(config, WITHIN_S))
    except BoardError as error:
        print(f"evsed: {error}", file=sys.stderr)
        code = UNAVAILABLE
    if not wires_only:
        holds, line = keep_off(path, os.environ)
        print(line, file=sys.stdout if holds else sys.stderr)
        code = code if holds else UNAVAILABLE
    return code


def keep_off(path: Path | None, environ: Mapping[str, str]) -> tuple[bool, str]:
    """Set the owner's mode `off`; return whether it holds, and a line about it."""
    import sqlite3

    control = _text(path, environ, "web", "socket", SOCKET)
    if control and _set_running(control):
        return True, f"mode off is set in the running evsed, {HOLDS}"
    store = Path(_text(path, environ, "store", "path", STORE))
    if _is_listening(control):
        return False, (
            f"evsed: a running evsed did not take the mode off by {control}, so it may close the "
            "contactor again; stop it: sudo systemctl stop evsed"
        )
    try:
        if not store.exists():
            return True, "no evsed has run here yet, so no mode had to be set"
        _set_stored(store)
    except (OSError, ValueError, sqlite3.Error, EvsedError) as error:
        return False, (
            f"evsed: the mode off could not be kept in {store} ({error}), so evsed charges again "
            "when it starts; try again with sudo, or keep it stopped: sudo systemctl disable evsed"
        )
    return True, f"mode off is kept for the next start, {HOLDS}"


def _set_running(control: str) -> bool:
    """Set the mode by the control socket of a running evsed; whether it did."""
    import json
    import socket

    body = json.dumps({"mode": "off"})
    request = (
        "PATCH /api/v1/controls HTTP/1.1\r\nHost: evsed\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    )
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
            end.settimeout(ANSWER_S)
            end.connect(control)
            end.sendall(request.encode())
            return end.recv(64).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False


def _is_listening(control: str) -> bool:
    import socket

    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
            end.settimeout(ANSWER_S)
            end.connect(control)
    except OSError:
        return False
    return bool(control)


def _set_stored(path: Path) -> None:
    """Set the mode in the store of an evsed that does not run; its other controls stay."""
    from evsed.store import Store

    store = Store(path)
    try:
        controls = store.get("controls")
        stored = controls if isinstance(controls, dict) else {}
        store.put("controls", {**stored, "mode": "off"})
    finally:
        store.close()


def _text(
    path: Path | None, environ: Mapping[str, str], section: str, key: str, shipped: str
) -> str:
    """The text under a key of the settings, or what is shipped where there is none."""
    found: object = {}
    if path is not None:
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
    value = _table(found, section).get(key, shipped)
    value = environ.get(f"EVSED_{section.upper()}__{key.upper()}", value)
    return value if isinstance(value, str) else shipped


def wiring(path: Path | None, environ: Mapping[str, str]) -> tuple[BoardConfig, list[str]]:
    """The board of the file at *path* (None: no file) and of EVSED_ variables; what was unusable.

    Never raises: a broken file must not keep the contactor closed.
    """
    trouble: list[str] = []
    found: object = {}
    if path is not None:
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            trouble.append(f"{path} cannot be read ({error})")
    page: object = {}
    page_path = Path(_text(path, environ, "store", "path", STORE)).with_name(PAGE_FILE)
    try:
        page = tomllib.loads(page_path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        trouble.append(f"{page_path} cannot be read ({error})")
    on_page = _table(page, "board")
    board = {**_table(found, "board"), **on_page}
    shipped = BoardConfig()
    kind = environ.get("EVSED_BOARD__KIND", board.get("kind", shipped.kind))
    if kind not in KINDS:
        trouble.append(f"board.kind = {kind!r} makes no sense")
        kind = shipped.kind
    wires = getattr(shipped, kind)
    relay = _relay(environ.get("EVSED_BOARD__CP_RELAY_GPIO", board.get("cp_relay_gpio")), trouble)
    of_board = {**_table(_table(found, "board"), kind), **_table(on_page, kind)}
    usable = _usable(of_board, f"board.{kind}", wires, environ, trouble)
    of_box = {**_table(found, "box"), **_table(page, "box")}
    light = _usable(of_box, "box", shipped.box, environ, trouble)
    config = replace(
        shipped,
        kind=kind,
        cp_relay_gpio=relay,
        box=replace(shipped.box, **light),
        **{kind: replace(wires, **usable)},
    )
    return config, trouble


def _relay(given: object, trouble: list[str]) -> int | None:
    """The GPIO of the relay in the pilot's line; None where there is none, or nothing usable."""
    value = _value(given) if isinstance(given, str) else given
    if value is None or (isinstance(value, int) and _fits(value, 0)):
        return value
    trouble.append(f"board.cp_relay_gpio = {given!r} makes no sense")
    return None


def _usable(
    keys: dict[str, Any],
    section: str,
    shipped: PigpioConfig | KernelConfig | BoxConfig,
    environ: Mapping[str, str],
    trouble: list[str],
) -> dict[str, Any]:
    """Return the *keys* of a section, and those of the environment, that can be used."""
    prefix = f"EVSED_{section.upper().replace('.', '__')}__"
    for name, text in environ.items():
        if name.startswith(prefix):
            keys[name.removeprefix(prefix).lower()] = _value(text)
    usable: dict[str, Any] = {}
    for field in fields(shipped):
        if field.name in keys and field.default is not None:  # None: an input, of no use here
            value = keys[field.name]
            if isinstance(value, list):
                value = tuple(value)
            if _fits(value, field.default):
                usable[field.name] = value
            else:
                trouble.append(f"{section}.{field.name} = {value!r} makes no sense")
    return usable


def _table(found: object, name: str) -> dict[str, Any]:
    """A copy of the table *name* in *found*; an empty one where there is none."""
    table = found.get(name) if isinstance(found, dict) else None
    return dict(table) if isinstance(table, dict) else {}


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}").get("value")
    except tomllib.TOMLDecodeError:
        return text


def _fits(value: object, shipped: object) -> bool:
    """Tell whether *value* is of the kind of *shipped*, and a number that a request can carry."""
    if isinstance(shipped, tuple):
        # No contactor is a mistake; no light is none.
        if not isinstance(value, tuple) or (shipped and not value):
            return False
        return all(_fits(item, 0) for item in value)
    if isinstance(shipped, bool):
        return isinstance(value, bool)
    if isinstance(shipped, int):
        return type(value) is int and 0 <= value < 1 << 32
    return isinstance(value, str) and bool(value)
