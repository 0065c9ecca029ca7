# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses of dataclasses, and the JSON schemas of both, by pydantic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from evsed.frontends.doc import JsonSchema
from evsed.frontends.languages import Language
from evsed.frontends.serialization import to_json
from evsed.frontends.web.http.responses import JSON, PreparedResponse, answer

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

REFERENCE: Final = "#/components/schemas/{model}"


def json_response(
    *values: DataclassInstance, extra: dict[str, str] | None = None
) -> PreparedResponse:
    """Return `to_json()` as a response, with *extra* headers."""

    def translate(language: Language) -> PreparedResponse:
        return json_response(*map(language.translated, values), extra=extra)

    return answer(to_json(*values), JSON, extra=extra, translate=translate)


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
