# SPDX-License-Identifier: GPL-3.0-or-later
"""Device that numbers come from, as [feed] and the sections of [meters] share it.

Which keys a term may have, and whether all of it comes to numbers, is known to `evsed.sources`;
what it says is passed on in its own words.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.settings.common import Allowed, Section, must_be
from evsed.sources.addresses import ADDRESSES, is_address
from evsed.sources.presets import KINDS, Device, Numbers, Spec, check_spec, find_preset


def _terms(value: object) -> object:
    """Tables of terms, whose keys are checked; what is left out stays absent."""
    if value is None:
        return None
    for spec in value if isinstance(value, list | tuple) else [value]:
        try:
            check_spec(spec)
        except SourceError as error:
            raise must_be(
                text(
                    'a table such as {{ path = "power" }}, or a list of them: {error}',
                    error=str(error),
                )
            ) from None
    return value


Terms = Annotated[
    Any,
    AfterValidator(_terms),
    Allowed(text('a table such as { path = "power" }, or a list of tables')),
]
MaybeDevice = Annotated[
    Annotated[int, Field(ge=0, le=247)] | None,
    Allowed(text("a Modbus address, 0 to 247, or absent")),
]
AnyText = Annotated[str, Allowed(text('text, or "" for none'))]


def check_address(kind: str, url: str) -> str:
    """*url*, where it may be an address of *kind*."""
    if not is_address(kind, url):
        raise must_be(ADDRESSES[kind][1])
    return url


class DeviceSettings(Section):
    """The keys that say where numbers come from."""

    named: ClassVar[tuple[str, ...]] = ()
    """The numbers that this section may have."""
    numbers_of: ClassVar[Callable[[Device], Numbers]]
    """The function that makes them of a device."""

    kind: str = ""
    url: AnyText = ""
    preset: AnyText = ""
    id: AnyText = ""
    device_id: MaybeDevice = None
    user: AnyText = ""
    password_file: AnyText = ""
    token_file: AnyText = ""
    ca_file: AnyText = ""

    measured_defaults: ClassVar[Mapping[str, object]] = {}
    """The defaults of a section where a source gives its numbers."""

    @model_validator(mode="before")
    @classmethod
    def _preset_says_the_kind(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        """A preset knows its transport and the like, so that the owner need not write it."""
        if not isinstance(value, dict):
            return value
        preset: Spec = {}
        with contextlib.suppress(SourceError, TypeError):  # said by the check of the whole
            preset = find_preset(value["preset"]) if value.get("preset") else {}
        kind = value.get("kind", preset.get("kind"))
        if kind not in KINDS:
            return value
        known = {key: preset[key] for key in cls.measured_defaults if key in preset}
        return {"kind": kind, **cls.measured_defaults, **known, **value}

    @model_validator(mode="after")
    def _numbers_can_be_had(self) -> Self:
        device = self.device()
        if device is None:
            check_unused(self)
        else:
            check_device(self, device)
        return self

    def device(self) -> Device | None:
        """Return the sources' settings, or None for a kind that is not made of numbers."""
        if self.kind not in KINDS:
            return None
        url = self.url if "url" in self.model_fields_set else ""
        shared = {
            key: getattr(self, key)
            for key in ("id", "device_id", "user", "password_file", "token_file", "ca_file")
            if getattr(self, key) not in ("", None)
        }
        return Device(
            kind=self.kind,
            preset=self.preset,
            given={"url": url, **shared} if url else shared,
            numbers={
                name: getattr(self, name) for name in self.named if getattr(self, name) is not None
            },
        )


def check_device(section: DeviceSettings, device: Device) -> None:
    """Refuse a section whose numbers cannot be had from its *device*."""
    from evsed.sources.check import check_numbers  # noqa: PLC0415 - only where there are numbers

    try:
        check_numbers(type(section).numbers_of(device))
    except SourceError as error:
        if section.preset and section.preset in str(error).split(" is not one")[0]:
            raise must_be(
                text("a preset: {error}", error=str(error)), key="preset", value=section.preset
            ) from None
        raise must_be(
            text("whole: {error}", error=str(error)), key="kind", value=device.kind
        ) from None


def check_unused(section: DeviceSettings) -> None:
    """Refuse numbers in a section of a kind that has none: the owner means another kind."""
    for name in ("preset", *section.named):
        if (value := getattr(section, name)) not in ("", None):
            wanted = text(
                'absent where kind is "{kind}"; it is for "http", "mqtt" and "modbus"',
                kind=section.kind,
            )
            if name == "preset":
                with contextlib.suppress(SourceError):
                    find_preset(value)
                    raise must_be(wanted, key=name, value=value)
                wanted = text("one of those in docs/feeds.md")
            raise must_be(wanted, key=name, value=value)
