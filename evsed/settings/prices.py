# SPDX-License-Identifier: GPL-3.0-or-later
"""[prices]: what a kWh of the grid costs, by the clock, and by a list that somebody gives."""

from __future__ import annotations

from datetime import tzinfo
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from evsed.core.text import text
from evsed.core.user.tariff import TARIFF_WORDS, Tariff
from evsed.errors import SourceError
from evsed.settings.common import Allowed, Applies, Section, Zone, must_be
from evsed.settings.device import AnyText, check_address
from evsed.settings.mqtt import Topic
from evsed.sources.price_source import PriceRows, PriceSourceConfig
from evsed.sources.terms import BrokerAccess, HttpAccess


def _expression(given: str) -> str:
    from evsed.sources.documents import compiled  # noqa: PLC0415 - only where there is one

    try:
        if given:
            compiled(given)
    except SourceError as error:
        raise must_be(text("a JMESPath expression: {error}", error=str(error))) from None
    return given


Path = Annotated[
    str, AfterValidator(_expression), Allowed(text('a JMESPath expression such as "data", or ""'))
]


Currency = Annotated[
    str,
    Field(max_length=8, pattern=r"^[^\s\d]*$"),
    Allowed(text('a name such as "EUR" or "€", or ""')),
]


class PricesSettings(Section):
    """[prices]: what a kWh of the grid costs, for plans."""

    applies: ClassVar[Applies] = Applies.AT_ONCE

    currency: Currency = ""
    tariff: Annotated[str, Allowed(f'{TARIFF_WORDS}, or "" for none')] = ""
    kind: Literal["", "http", "mqtt"] = ""
    url: AnyText = ""
    topic: Topic = ""
    path: Path = ""
    start: Path = "start"
    end: Path = "end"
    price: Path = "price"
    scale: float = Field(1.0, ge=-1_000, le=1_000)
    plus: float = Field(0.0, ge=-1_000, le=1_000)
    timezone: Zone = ""
    period_s: float = Field(900.0, ge=60, le=86_400)
    user: AnyText = ""
    password_file: AnyText = ""
    token_file: AnyText = ""
    ca_file: AnyText = ""

    @field_validator("tariff")
    @classmethod
    def _readable(cls, tariff: str) -> str:
        if tariff:
            try:
                Tariff.parse(tariff)
            except ValueError:
                raise must_be(TARIFF_WORDS) from None
        return tariff

    @field_validator("url")
    @classmethod
    def _fits_the_kind(cls, url: str, info: ValidationInfo) -> str:
        kind = info.data.get("kind")
        return check_address(kind, url) if kind else url

    @model_validator(mode="after")
    def _list_can_be_found(self) -> PricesSettings:
        if self.kind == "mqtt" and not self.topic:
            raise must_be(text('a topic where kind is "mqtt"'), key="topic", value=self.topic)
        for key in ("start", "price") if self.kind else ():
            if not getattr(self, key):
                raise must_be(text("a JMESPath expression where a list is set"), key=key, value="")
        return self

    @property
    def parsed(self) -> Tariff | None:
        """The tariff; None where none is set."""
        return Tariff.parse(self.tariff) if self.tariff else None

    def source(self, local: tzinfo) -> PriceSourceConfig | None:
        """Build the configuration of the list's source; None where no list is set.

        *local* is the zone of this machine.
        """
        if not self.kind:
            return None
        rows = PriceRows(
            path=self.path,
            start=self.start,
            end=self.end,
            price=self.price,
            scale=self.scale,
            plus=self.plus,
            zone=ZoneInfo(self.timezone) if self.timezone else local,
        )
        if self.kind == "mqtt":
            broker = BrokerAccess(
                url=self.url,
                user=self.user,
                password_file=self.password_file,
                ca_file=self.ca_file,
            )
            return PriceSourceConfig(
                rows=rows, broker=broker, topic=self.topic, period_s=self.period_s
            )
        access = HttpAccess(
            token_file=self.token_file,
            user=self.user,
            password_file=self.password_file,
            ca_file=self.ca_file,
        )
        return PriceSourceConfig(rows=rows, url=self.url, http=access, period_s=self.period_s)
