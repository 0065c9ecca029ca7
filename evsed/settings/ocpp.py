# SPDX-License-Identifier: GPL-3.0-or-later
"""[ocpp]: the central system whose charge point evsed is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from evsed.core.text import text
from evsed.frontends.ocpp import OcppConfig
from evsed.settings.common import Allowed, Applies, Section, must_be
from evsed.settings.device import AnyText, check_address

_IDENTITY = text('1 to 48 letters, digits and "-_=:+|@." or "" for a name of its own')
_TAG = text("1 to 20 characters: OCPP 1.6 has no longer idTag")


def _identity(text: str) -> str:
    # OCPP 2.0.1, part 4, 3.1.1: what an identifierString of 48 characters may have.
    if len(text) > 48 or not all(c.isascii() and (c.isalnum() or c in "-_=:+|@.") for c in text):  # noqa: PLR2004
        raise must_be(_IDENTITY)
    return text


def _tag(text: str) -> str:
    if not 1 <= len(text) <= 20 or not text.isprintable():  # noqa: PLR2004 - OCPP's own length
        raise must_be(_TAG)
    return text


_CENTRAL = text(
    'the address of a central system, such as "wss://central.example/ocpp", or "" for none'
)
Central = Annotated[
    str,
    AfterValidator(lambda url: check_address("ocpp", url) if url else url),
    Allowed(_CENTRAL),
]


class OcppSettings(Section):
    """[ocpp]: the central system, who may charge, and what holds without it."""

    applies: ClassVar[Applies] = Applies.AT_ONCE

    url: Central = ""
    identity: Annotated[str, AfterValidator(_identity), Allowed(_IDENTITY)] = ""
    password_file: AnyText = ""
    ca_file: AnyText = ""
    client_certificate: AnyText = ""
    version: Literal["auto", "1.6", "2.0.1"] = "auto"
    authorize: Literal["free", "id", "remote"] = "free"
    id_tag: Annotated[str, AfterValidator(_tag), Allowed(_TAG)] = "evsed"
    # Several pings have to fit into it; a day without the central system is offline by any measure.
    offline_keep_s: Annotated[float, Field(ge=10, le=86_400)] = 300.0
    offline_max_a: Annotated[float, Field(ge=0, le=80)] = 6.0

    def config(self, store: Path, most_a: float, *, phases_fall: bool) -> OcppConfig | None:
        """Build the configuration of the frontend; None without a central system.

        Its file lies beside *store*; *most_a* is the supply's current, amperes. *phases_fall*: the
        box may go from three phases to one while a car charges.
        """
        if not self.url:
            return None
        return OcppConfig(
            path=store.with_name("ocpp.db"),
            most_a=most_a,
            phases_fall=phases_fall,
            **self.model_dump(),
        )
