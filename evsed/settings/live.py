# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a change that takes effect while evsed runs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from evsed.settings.catalogue import catalogue, current
from evsed.settings.common import Applies
from evsed.settings.messages import section_of
from evsed.settings.root import Settings


def at_once(running: Settings, wanted: Settings) -> Settings:
    """Return *running* with all of *wanted* that takes effect at once.

    No rule of the settings lies between what takes effect at once and what waits.
    """
    return Settings(**_taken(running, wanted, ""))


def differences(before: Settings, after: Settings) -> tuple[str, ...]:
    """Return the keys whose values differ."""
    return tuple(key for key in catalogue() if current(before, key) != current(after, key))


def _taken(running: BaseModel, wanted: BaseModel, prefix: str) -> dict[str, Any]:
    """Return each field's value; one that has its default in what it is taken from is left out."""
    found: dict[str, Any] = {}
    for name, field in type(running).model_fields.items():
        key = f"{prefix}{name}"
        section = section_of(field)
        if section is None:
            source = wanted if catalogue()[key].applies is Applies.AT_ONCE else running
            if name in source.model_fields_set:
                found[name] = getattr(source, name)
        else:
            both = getattr(running, name), getattr(wanted, name)
            found[name] = section(**_taken(*both, f"{key}."))
    return found
