# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets: what evsed knows of common devices, and the terms that the owner's few lines come to.

`presets.toml` has a block for each device. What the owner writes goes before what the block says,
key by key, so one number can be taken from elsewhere and all others left as they are.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.sources.terms import (
    DIMENSIONS,
    BrokerAccess,
    HttpAccess,
    HttpTerm,
    ModbusTerm,
    MqttTerm,
    Term,
)

Transport = Literal["http", "mqtt", "modbus"]
"""A transport."""

KINDS: Final[tuple[str, ...]] = get_args(Transport)
"""The transports there are."""

Sum = tuple[Term, ...]
"""Terms that are added up."""

Numbers = Mapping[str, tuple[Sum, ...]]
"""Each number by its name: one sum, or one for each phase."""

Spec = Mapping[str, Any]
"""One term as it is written in TOML."""

_ACCESS: Final = ("user", "password_file", "token_file", "ca_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Device that numbers come from, as the owner wrote it.

    `kind` may be "" where `preset` names a device. `given` has the keys that hold for every term
    (`url`, `id`, `device_id` and those of access), `numbers` the owner's own terms: one, or a list.
    """

    kind: str = ""
    preset: str = ""
    given: Spec = field(default_factory=dict)
    numbers: Mapping[str, Spec | Sequence[Spec]] = field(default_factory=dict)


@cache
def all_presets() -> Mapping[str, Spec]:
    """Every preset by its name."""
    return tomllib.loads(resources.files(__package__).joinpath("presets.toml").read_text("utf-8"))


def find_preset(name: str) -> Spec:
    """The preset called *name*. Raises `SourceError` that names the nearest."""
    if name in all_presets():
        found: Spec = all_presets()[name]
        return found
    near = difflib.get_close_matches(name, all_presets(), n=3, cutoff=0.4)
    if not near:
        raise SourceError(
            text('preset "{name}" is not one that evsed has; docs/feeds.md has the list', name=name)
        )
    raise SourceError(
        text(
            'preset "{name}" is not one that evsed has; did you mean {near}?',
            name=name,
            near=", ".join(near),
        )
    )


def numbers_of(device: Device, wanted: Sequence[str], *, phases: bool = False) -> Numbers:
    """The terms of those numbers in *wanted* that *device* has.

    A list of terms is their sum; with *phases* each is a number of its own. A preset's number that
    lacks something the owner has to give, such as an entity, is left out. Raises `SourceError` for
    what cannot be resolved.
    """
    preset = find_preset(device.preset) if device.preset else {}
    kind = device.kind or preset.get("kind", "")
    if preset and kind != preset["kind"]:
        raise SourceError(
            text(
                'preset "{preset}" is of kind "{own}", not "{kind}"',
                preset=device.preset,
                own=preset["kind"],
                kind=kind,
            )
        )
    known = preset.get("numbers", {})
    found: dict[str, tuple[Sum, ...]] = {}
    for name in wanted:
        mine = device.numbers.get(name)
        if mine is None and name not in known:
            continue
        specs = _merged(known.get(name), mine)
        terms = [_term(kind, preset, device, name, spec) for spec in specs]
        if all(term is not None for term in terms):
            whole = [term for term in terms if term is not None]
            found[name] = tuple((term,) for term in whole) if phases else (tuple(whole),)
        elif mine is not None:
            raise SourceError(
                text(
                    '{name} needs an id: what preset "{preset}" calls this number, such as {{ '
                    'id = "sensor.grid_power" }}',
                    name=name,
                    preset=device.preset,
                )
            )
    return found


def _merged(known: Spec | Sequence[Spec] | None, mine: Spec | Sequence[Spec] | None) -> list[Spec]:
    """The preset's terms with the owner's keys before them; a list of the owner's replaces all."""
    theirs: list[Spec] = (
        [] if known is None else [known] if isinstance(known, Mapping) else list(known)
    )
    if mine is None:
        return theirs
    if not isinstance(mine, Mapping):
        return [{**(theirs[0] if len(theirs) == 1 else {}), **spec} for spec in mine]
    return [{**spec, **mine} for spec in theirs] or [mine]


def _term(kind: str, preset: Spec, device: Device, name: str, spec: Spec) -> Term | None:
    """The term that *spec* comes to; None where something in it waits for an id."""
    if "preset" in spec:
        return _elsewhere(name, spec)
    merged = {
        **{key: preset[key] for key in ("id", "device_id", "digest") if key in preset},
        **device.given,
        **preset.get("every", {}),
        **spec,
    }
    filled: dict[str, Any] = {}
    for key, value in merged.items():
        if isinstance(value, str) and "{id}" in value:
            if "id" not in merged:
                return None
            filled[key] = value.replace("{id}", str(merged["id"]))
        else:
            filled[key] = value
    return replace(build_term(kind, filled), measures=DIMENSIONS[name])


def _elsewhere(name: str, spec: Spec) -> Term:
    """The term of another device, named in the term itself."""
    keys = {"preset", "number", "scale"}
    rest = {key: value for key, value in spec.items() if key not in keys}
    number = spec.get("number", name)
    if number not in DIMENSIONS:
        raise SourceError(
            text(
                'number "{number}" is not one of {dimensions}',
                number=number,
                dimensions=", ".join(DIMENSIONS),
            )
        )
    found = numbers_of(Device(preset=spec["preset"], given=rest), [number])
    if number not in found or len(found[number][0]) != 1:
        raise SourceError(
            text(
                'preset "{preset}" has no single {number} to add',
                preset=spec["preset"],
                number=number,
            )
        )
    term = found[number][0][0]
    return replace(term, scale=term.scale * float(spec.get("scale", 1.0)))


def build_term(kind: str, spec: Spec) -> Term:
    """The term of *kind* with the keys of *spec*. Raises `SourceError` where one is missing."""
    shared = {key: spec[key] for key in ("scale", "unit", "optional") if key in spec}
    url = str(spec.get("url", ""))
    if kind not in KINDS:
        raise SourceError(
            text('kind "{kind}" is not one of {kinds}', kind=kind, kinds=", ".join(KINDS))
        )
    if not url:
        raise SourceError(text("url is missing: the address of the device or of the broker"))
    access = {key: spec[key] for key in _ACCESS if key in spec}
    if kind == "http":
        if "path" not in spec:
            raise SourceError(text("path is missing: a JMESPath expression that finds the number"))
        texts = {key: spec[key] for key in ("valid", "stamp", "unit_path") if key in spec}
        return HttpTerm(
            url=_joined(url, str(spec.get("request", ""))),
            path=spec["path"],
            access=HttpAccess(**access, digest=bool(spec.get("digest", False))),
            **texts,
            **shared,
        )
    if kind == "mqtt":
        if "topic" not in spec:
            raise SourceError(text("topic is missing: where the broker has the number"))
        if set("+#") & set(spec["topic"]):
            raise SourceError(
                text('topic "{topic}" has + or # in it, so it is many numbers', topic=spec["topic"])
            )
        texts = {key: spec[key] for key in ("path", "stamp", "ask", "keepalive") if key in spec}
        access.pop("token_file", None)
        broker = BrokerAccess(url=url, **access)
        return MqttTerm(broker=broker, topic=spec["topic"], **texts, **shared)
    if "register" not in spec:
        raise SourceError(text("register is missing: where the device has the number, from 0"))
    keys = ("device_id", "input", "register", "type", "little", "instance", "exponent_register")
    return ModbusTerm(
        url=url,
        models=tuple(spec.get("models", ())),
        **{key: spec[key] for key in keys if key in spec},
        **shared,
    )


def _joined(url: str, request: str) -> str:
    """The address *request* at *url*, which may have a path of its own before it."""
    if not request:
        return url
    if "://" in request:
        return request
    return url.rstrip("/") + request if not urlsplit(url).query else url


SPEC_KEYS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "path": str,
    "valid": str,
    "stamp": str,
    "unit_path": str,
    "request": str,
    "url": str,
    "topic": str,
    "ask": str,
    "keepalive": str,
    "id": (str, int),
    "register": int,
    "type": str,
    "input": bool,
    "little": bool,
    "models": list,
    "instance": int,
    "exponent_register": int,
    "device_id": int,
    "scale": (int, float),
    "unit": str,
    "optional": bool,
    "preset": str,
    "number": str,
    "user": str,
    "password_file": str,
    "token_file": str,
    "ca_file": str,
}
"""The keys of one term in TOML, and what each is."""


def check_spec(spec: object) -> Spec:
    """*spec*, where it is one term. Raises `SourceError` that names the key which is wrong."""
    if not isinstance(spec, Mapping):
        raise SourceError(text("{spec} is not a table", spec=repr(spec)))
    for key, value in spec.items():
        if key not in SPEC_KEYS:
            near = difflib.get_close_matches(str(key), SPEC_KEYS, n=1)
            if near:
                raise SourceError(
                    text('there is no key "{key}"; did you mean {near}?', key=key, near=near[0])
                )
            raise SourceError(
                text(
                    'there is no key "{key}"; there are {known}',
                    key=key,
                    known=", ".join(SPEC_KEYS),
                )
            )
        wanted = SPEC_KEYS[key]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise SourceError(
                text("{key} = {value} is of the wrong kind", key=key, value=repr(value))
            )
    return spec
