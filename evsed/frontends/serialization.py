# SPDX-License-Identifier: GPL-3.0-or-later
"""Dataclasses as JSON, by pydantic: the same for the web and for MQTT.

Keys may be added, never renamed without a note in CHANGELOG. Numbers have four decimals at most,
which is finer than any measurement. Times are local, in ISO 8601 with the offset from UTC. A figure
that is not known is null.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter
from pydantic_core import SchemaSerializer, core_schema

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

VERSION: Final = 1
"""The version of the JSON, its key `api`."""
DECIMALS: Final = 4


def to_json(*values: DataclassInstance) -> bytes:
    """Return one JSON object in one line: `api`, and the fields of the dataclasses *values*."""
    members = b",".join(_serializer(type(value)).to_json(value)[1:-1] for value in values)
    return b'{"api":%d,%b}' % (VERSION, members)


def _local(moment: datetime) -> str:
    return moment.astimezone().isoformat(timespec="milliseconds")


_FORMATS: Final = {
    "float": core_schema.plain_serializer_function_ser_schema(
        partial(round, ndigits=DECIMALS), return_schema=core_schema.float_schema()
    ),
    "datetime": core_schema.plain_serializer_function_ser_schema(
        _local, return_schema=core_schema.str_schema()
    ),
}
"""The form of a type in JSON, where it is not pydantic's own."""


@cache
def _serializer(kind: type) -> SchemaSerializer:
    return SchemaSerializer(_with_formats(TypeAdapter(kind).core_schema))


def _with_formats(schema: Any) -> Any:  # noqa: ANN401 - pydantic-core's nested dicts, lists and callables
    """Return the core schema *schema* with `_FORMATS`, wherever one applies."""
    if isinstance(schema, list):
        return [_with_formats(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {
        key: inner if key == "metadata" else _with_formats(inner) for key, inner in schema.items()
    }
    if copy.get("type") in _FORMATS:
        copy["serialization"] = _FORMATS[copy["type"]]
    return copy
