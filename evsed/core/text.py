# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences for the owner that can be shown in another language.

::

    text("offering {offered_a:.1f} A", offered_a=13.2)

It is the English sentence, a `str` for logs and everything else, and it keeps its template and its
values, so that a frontend can write it in the owner's language. Sentences are put together by
templates as well: `+` and an f-string give a plain `str`, which stays English.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

Param: TypeAlias = str | float
"""A value in a sentence: a number, another sentence, or a name that no language changes."""

_NONE: Final[Mapping[str, Param]] = MappingProxyType({})


class Text(str):
    """A sentence in English, with its `template` and the `params` of it.

    The template, an English sentence with `{name:format}` where a value goes, is the id under
    which translations are found. What cannot be filled in is shown as it stands: nothing here
    raises, because a sentence must never end a charge.
    """

    __slots__ = ("params", "template")
    params: Mapping[str, Param]
    template: str

    def __new__(cls, template: str, params: Mapping[str, Param] = _NONE) -> Text:  # noqa: PYI034 - no subclass
        """Fill *params* into *template*."""
        made = super().__new__(cls, filled(template, params))
        made.template = template
        made.params = params
        return made

    def __str__(self) -> str:
        """Keep the sentence as it is: so `str(event)` and `str(error)` can be translated, too."""
        return self

    def __getnewargs__(self) -> tuple[str, dict[str, Param]]:  # type: ignore[override]  # for copies
        """Give the arguments of a copy."""
        return self.template, dict(self.params)


def text(template: str, /, **params: Param) -> Text:
    """Return the sentence *template* with *params*.

    *template* is a literal: the tool that collects what is to be translated reads it there.
    """
    return Text(template, params)


def filled(template: str, params: Mapping[str, object]) -> str:
    """Return *template* with *params*, or as it stands where they do not fit."""
    if not params:
        return template
    try:
        return template.format_map(params)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return template


def listed(items: Iterable[str]) -> str:
    """Return *items* in one sentence, with commas between them."""
    whole, *others = tuple(items)[::-1] or ("",)
    for item in others:
        whole = text("{first}, {rest}", first=item, rest=whole)
    return whole


def to_plain(sentence: Text) -> dict[str, object]:
    """Return *sentence* in the form of JSON."""
    params = {name: _plain_param(value) for name, value in sentence.params.items()}
    return {"template": sentence.template, "params": params}


def _plain_param(value: object) -> object:
    if isinstance(value, Text):
        return to_plain(value)
    # Whatever the annotations let through: a message to the daemon must not fail for a word in it.
    return value if isinstance(value, str | int | float) else str(value)


def from_plain(plain: object) -> Text:
    """Return the sentence that `to_plain()` wrote. Raises TypeError or KeyError for another."""
    if not isinstance(plain, Mapping):
        raise TypeError(f"{plain!r} is no sentence")
    template, params = plain["template"], plain["params"]
    if not isinstance(template, str) or not isinstance(params, Mapping):
        raise TypeError(f"{plain!r} is no sentence")
    return Text(template, {str(name): _param(value) for name, value in params.items()})


def _param(plain: object) -> Param:
    return plain if isinstance(plain, str | int | float) else from_plain(plain)
