# SPDX-License-Identifier: GPL-3.0-or-later
"""Values without their secrets: passwords in addresses, keys in queries, texts so marked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from evsed.settings.common import HIDDEN

if TYPE_CHECKING:
    from evsed.settings.catalogue import SettingInfo

_USERINFO: Final = re.compile(r"(://)[^?#\s]*@")
_KEYED: Final = re.compile(r"\?\S*=")
_ASKED: Final = re.compile(r"\?\S*=\S*")
_QUERY: Final = re.compile(r"\?.*", re.DOTALL)


def shown(info: SettingInfo, value: object) -> object:
    """Return *value* of the setting *info* as events and reports may show it."""
    if info.secret:
        return HIDDEN if value else value
    return _without(value)


def redacted(line: str) -> str:
    """Return *line* of a log without the secrets of the addresses in it."""
    return _ASKED.sub(f"?{HIDDEN}", _USERINFO.sub(rf"\1{HIDDEN}@", line))


def _without(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without(item) for item in value]
    if isinstance(value, str) and ("://" in value or _KEYED.search(value)):
        return _QUERY.sub(f"?{HIDDEN}", _USERINFO.sub(rf"\1{HIDDEN}@", value))
    return value
