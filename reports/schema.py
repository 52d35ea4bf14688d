"""The documented shape of ``fol.daily/1`` and a checker for the part of JSON Schema it uses.

The shape is ``schemas/fol.daily.1.json``. Unknown keys are refused: a newer client says a newer
schema, and is told which ones are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parent / "schemas"
KNOWN = ("fol.daily/1",)
PROBLEMS_SHOWN = 10

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


@cache
def load(name: str) -> dict[str, Any]:
    """Return the JSON Schema of ``fol.daily/1``."""
    path = SCHEMAS / f"{name.replace('/', '.')}.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def problems(value: object, schema: Mapping[str, Any]) -> list[str]:
    """Return what does not fit, at most ten; an empty list means it fits.

    Knows ``type enum const pattern minLength maxLength minimum maximum items maxItems properties
    required additionalProperties $ref`` (into ``$defs``); the schema of this package uses no more.
    """
    found: list[str] = []
    _check(value, schema, schema.get("$defs", {}), "", found)
    return found[:PROBLEMS_SHOWN]


def _check(
    value: object,
    schema: Mapping[str, Any],
    definitions: Mapping[str, Any],
    place: str,
    found: list[str],
) -> None:
    if len(found) >= PROBLEMS_SHOWN:
        return
    if "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix("#/$defs/")]
    here = place or "the document"
    if not _is_type(value, schema.get("type")):
        found.append(f"{here}: expected {schema['type']}, found {type(value).__name__}")
        return
    if "const" in schema and value != schema["const"]:
        found.append(f"{here}: expected {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{here}: expected one of {schema['enum']}")
    if isinstance(value, str):
        _check_text(value, schema, here, found)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            found.append(f"{here}: {value} is out of range")
    elif isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            found.append(f"{here}: {len(value)} items, at most {schema['maxItems']}")
            return
        for index, item in enumerate(value):
            _check(item, schema.get("items", {}), definitions, f"{place}[{index}]", found)
    elif isinstance(value, dict):
        _check_object(value, schema, definitions, place, found)


def _check_text(value: str, schema: Mapping[str, Any], here: str, found: list[str]) -> None:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        found.append(f"{here}: {len(value)} characters")
    elif "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{here}: {value[:60]!r} has the wrong form")


def _check_object(
    value: Mapping[str, object],
    schema: Mapping[str, Any],
    definitions: Mapping[str, Any],
    place: str,
    found: list[str],
) -> None:
    known = schema.get("properties", {})
    found.extend(
        f"{place}.{key}".lstrip(".") + ": missing"
        for key in schema.get("required", ())
        if key not in value
    )
    rest = schema.get("additionalProperties", True)
    for key, item in value.items():
        inner = f"{place}.{key}".lstrip(".")
        if key in known:
            _check(item, known[key], definitions, inner, found)
        elif rest is False:
            found.append(f"{inner[:80]}: unknown")
        elif isinstance(rest, dict):
            _check(item, rest, definitions, inner, found)


def _is_type(value: object, wanted: str | list[str] | None) -> bool:
    if wanted is None:
        return True
    names = [wanted] if isinstance(wanted, str) else wanted
    for name in names:
        if isinstance(value, bool):
            if name == "boolean":
                return True
        elif isinstance(value, _TYPES[name]):
            return True
    return False
