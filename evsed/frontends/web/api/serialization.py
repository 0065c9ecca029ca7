# SPDX-License-Identifier: GPL-3.0-or-later
"""Dataclasses as JSON and as JSON schemas, by pydantic.

Keys may be added, never renamed without a note in CHANGELOG. Numbers have four decimals at most,
which is finer than any is known; times are local ones, ISO 8601 with the offset from UTC; what is
not known, and no number, is null.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import SchemaSerializer, core_schema

from evsed.frontends.doc import JsonSchema
from evsed.frontends.web.http.responses import JSON, VERSION, PreparedResponse, answer

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

DECIMALS: Final = 4
REFERENCE: Final = "#/components/schemas/{model}"


def to_json(*values: DataclassInstance) -> bytes:
    """Return one JSON object in one line: `api`, and the fields of the dataclasses *values*."""
    members = b",".join(_serializer(type(value)).to_json(value)[1:-1] for value in values)
    return b'{"api":%d,%b}' % (VERSION, members)


def json_response(
    *values: DataclassInstance, extra: dict[str, str] | None = None
) -> PreparedResponse:
    """Return `to_json()` as a response, with *extra* headers."""
    return answer(to_json(*values), JSON, extra=extra)


def response_schemas(kinds: Iterable[type]) -> dict[str, JsonSchema]:
    """Return the schemas of *kinds* and of all dataclasses within them, by name."""
    adapters: list[tuple[type, Literal["serialization"], TypeAdapter[Any]]] = [
        (kind, "serialization", TypeAdapter(kind)) for kind in kinds
    ]
    _, schemas = TypeAdapter.json_schemas(
        adapters, ref_template=REFERENCE, schema_generator=_Schemas
    )
    found: dict[str, JsonSchema] = schemas["$defs"]
    return dict(sorted(found.items()))


def body_schema(kind: type) -> JsonSchema:
    """Return the schema of a body: no keys but those of *kind*; without a default, all of them."""
    schema = TypeAdapter(kind).json_schema(mode="validation", schema_generator=_Schemas)
    return {**schema, "additionalProperties": False}


def schema_name(kind: type) -> str:
    """Return the name of the schema of *kind*."""
    return kind.__name__.removesuffix("View")


class _Schemas(GenerateJsonSchema):
    """pydantic's schemas without titles and defaults; a response has all of its keys."""

    def normalize_name(self, name: str) -> str:
        """Name a schema as `schema_name()` does."""
        return super().normalize_name(name).removesuffix("View")

    def field_title_should_be_set(self, _schema: object) -> bool:
        """Set no title: it would repeat the key."""
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: ANN401, FBT001 - pydantic's signature
        """Tell whether the key is always there."""
        return self.mode == "serialization" or super().field_is_required(field, total)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave the default out."""
        return self.generate_inner(schema["schema"])


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
