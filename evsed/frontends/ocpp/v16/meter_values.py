# SPDX-License-Identifier: GPL-3.0-or-later
"""MeterValues of OCPP 1.6. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evsed.frontends.ocpp.rpc import Payload


def meter_values(
    values: Iterable[Sequence[Any]],
    context: str,
    stamp: str,
    number: int | None,
    connector: int,
) -> Payload:
    """Return the payload with the samples *values*; *number* is that of the transaction."""
    payload: Payload = {
        "connectorId": connector,
        "meterValue": [
            {
                "timestamp": stamp,
                "sampledValue": [
                    {
                        "measurand": measurand,
                        "value": f"{value:.2f}".rstrip("0").rstrip("."),
                        "unit": unit,
                        "context": context,
                    }
                    for measurand, value, unit in values
                ],
            }
        ],
    }
    if number is not None:
        payload["transactionId"] = number
    return payload
