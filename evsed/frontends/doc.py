# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of a field, written beside the field: meaning, unit and range.

::

    offered_a: Annotated[float, Doc("current offered to the car; 0 while nothing is", unit="A")]

OpenAPI, `/api/v1/docs` and docs/api.md are printed from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

JsonSchema = dict[str, Any]
"""A JSON schema (draft 2020-12), as OpenAPI 3.1 has it."""


@dataclass(frozen=True, slots=True)
class Doc:
    """The meaning of a field; its unit ("": none), its range and the values it may have.

    *minimum* and *maximum* bound a number, *choices* are the only values, *pattern* is a regular
    expression for the whole text, and *never* one for texts that match it and are refused all the
    same. None is always allowed where the type allows it.
    """

    meaning: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str | int, ...] = ()
    pattern: str = ""
    never: str = ""

    def __get_pydantic_json_schema__(
        self, core_schema: object, handler: Callable[[object], JsonSchema]
    ) -> JsonSchema:
        """Add this description to the schema of the type.

        It is pydantic's protocol for metadata in `Annotated`; so the status needs no pydantic.
        """
        schema = dict(handler(core_schema))
        nullable = any(choice.get("type") == "null" for choice in schema.get("anyOf", ()))
        schema["description"] = self.meaning
        if self.unit:
            schema["x-unit"] = self.unit
        if self.minimum is not None:
            schema["minimum"] = self.minimum
        if self.maximum is not None:
            schema["maximum"] = self.maximum
        if self.choices:
            schema["enum"] = [*self.choices, None] if nullable else list(self.choices)
        if self.pattern:
            schema["pattern"] = self.pattern
        if self.never:
            schema["not"] = {"type": "string", "pattern": self.never}
        return schema
