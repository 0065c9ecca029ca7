# SPDX-License-Identifier: GPL-3.0-or-later
"""Meter values and plain answers of OCPP 2.0.1. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from evsed.frontends.ocpp.rpc import CallAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evsed.frontends.ocpp.rpc import Payload

EVSE: Final = {"id": 1, "connectorId": 1}
"""The one EVSE and its one connector."""


def meter_value(values: Iterable[Sequence[Any]], context: str, stamp: str) -> Payload:
    """Return a MeterValueType with the samples *values*."""
    return {
        "timestamp": stamp,
        "sampledValue": [
            {
                "measurand": measurand,
                "value": round(value, 2),
                "context": context,
                "unitOfMeasure": {"unit": unit},
            }
            for measurand, value, unit in values
        ],
    }


def register(register_wh: float, context: str, stamp: str) -> Payload:
    """Return a MeterValueType with the register alone."""
    return meter_value([("Energy.Active.Import.Register", register_wh, "Wh")], context, stamp)


def status_answer(status: str, code: str = "", words: str = "") -> CallAnswer:
    """Return the answer *status*, with a reason where there is a *code* of one."""
    answer: Payload = {"status": status}
    if code:
        answer["statusInfo"] = reason(code, words)
    return CallAnswer(answer)


def reason(code: str, words: str) -> Payload:
    """Return the StatusInfoType of *code*, with *words* for people."""
    return {"reasonCode": code} | ({"additionalInfo": words[:512]} if words else {})
