# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the source of a list of prices."""

from __future__ import annotations

from evsed.sources.price_source import PriceSource, PriceSourceConfig


def open_prices(config: PriceSourceConfig) -> PriceSource:
    """Open the source of *config*; nothing is fetched yet. Raises `SourceError`."""
    # Each transport's library is imported here, where it is in use.
    if config.broker is not None:
        from evsed.sources.price_mqtt import MqttPrices  # noqa: PLC0415

        return MqttPrices(config, config.broker)
    from evsed.sources.price_http import HttpPrices  # noqa: PLC0415

    return HttpPrices(config)
