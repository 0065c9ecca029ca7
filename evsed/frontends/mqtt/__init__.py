# SPDX-License-Identifier: GPL-3.0-or-later
"""The MQTT frontend: the status and Home Assistant's discovery out, orders in.

`frontend.py` holds the connection, `messages.py` the topics and what is published, `discovery.py`
Home Assistant's entities, `orders.py` what may be ordered. aiomqtt is imported only when
`[mqtt] broker` is set.
"""

from __future__ import annotations

from dataclasses import dataclass

from evsed.sources.terms import BrokerAccess


@dataclass(frozen=True, slots=True)
class MqttConfig:
    """[mqtt]: the broker and what evsed does there.

    `orders`: take orders from it. `discovery`: publish Home Assistant's discovery message.
    `original_topic`: publish the original's JSON there as well, "" not. `most_a` is the supply's
    current, amperes. `light`: the box has a light to be shown.
    """

    broker: BrokerAccess
    orders: bool = False
    discovery: bool = True
    original_topic: str = ""
    most_a: float = 32.0
    light: bool = False
