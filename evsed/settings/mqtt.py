# SPDX-License-Identifier: GPL-3.0-or-later
"""[mqtt]: the broker at which evsed shows itself and takes orders."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator

from evsed.core.text import text
from evsed.frontends.mqtt import MqttConfig
from evsed.settings.common import Allowed, Applies, Section, must_be
from evsed.settings.device import AnyText, check_address
from evsed.sources.terms import BrokerAccess


def _topic(text: str) -> str:
    if any(character in "+#\0" for character in text) or text.startswith("$"):
        raise must_be(_TOPIC)
    return text


_TOPIC = text('a topic without "+" and "#", or "" for none')
Topic = Annotated[str, AfterValidator(_topic), Allowed(_TOPIC)]
Broker = Annotated[
    str,
    AfterValidator(lambda url: check_address("mqtt", url) if url else url),
    Allowed(text('the address of a broker, such as "mqtt://192.168.1.5:1883", or "" for none')),
]


class MqttSettings(Section):
    """[mqtt]: the broker, who logs in, and whether it may give orders."""

    applies: ClassVar[Applies] = Applies.AT_ONCE

    broker: Broker = ""
    user: AnyText = ""
    password_file: AnyText = ""
    ca_file: AnyText = ""
    orders: bool = False
    discovery: bool = True
    original_topic: Topic = ""

    def config(self, most_a: float, *, light: bool) -> MqttConfig | None:
        """Build the configuration of the frontend; None without a broker."""
        if not self.broker:
            return None
        access = BrokerAccess(
            url=self.broker,
            user=self.user,
            password_file=self.password_file,
            ca_file=self.ca_file,
        )
        return MqttConfig(access, self.orders, self.discovery, self.original_topic, most_a, light)
