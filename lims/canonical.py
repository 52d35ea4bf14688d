"""Canonical JSON (RFC 8785): one spelling of a fact, so that its hash means something."""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any, NoReturn

import rfc8785

from lims.errors import RecordError

MAX_BYTES = 16 * 1024 * 1024
_MAX_DEPTH = 64
_SAFE = 2**53
_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


def dumps(value: object) -> bytes:
    """Return the canonical UTF-8 bytes of a JSON value.

    Raises
    ------
    RecordError
        For NaN, infinities, integers beyond 2**53 - 1, lone surrogates, keys that are not text,
        or a value that is not JSON at all.
    """
    rare: list[object] = []
    clean = _plain(value, rare, 0)
    try:
        # What has neither floats, nor large integers, nor foreign keys has the same spelling by
        # the standard encoder, which is written in C.
        return rfc8785.dumps(clean) if rare else _encode(clean).encode()  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise RecordError(f"cannot be written to the record: {error}") from error


def quoted(text: str) -> bytes:
    """Return the canonical bytes of one text, quotes included."""
    try:
        return encode_basestring(text).encode()
    except UnicodeError as error:
        raise RecordError(f"cannot be written to the record: {error}") from error


def parsed(text: str) -> Any:
    """Return the value of canonical text that the record wrote itself."""
    try:
        return _own.decode(text)
    except ValueError as error:
        raise RecordError(
            f"a row of the record is not readable: {error}", hint="Run `fol audit verify`."
        ) from error


def loads(data: bytes | str) -> Any:
    """Return a JSON value, refusing what two readers could read differently.

    Raises
    ------
    RecordError
        For duplicate keys, NaN or infinities, nesting beyond 64, or text that is not JSON.
    """
    size = len(data)
    if size > MAX_BYTES:
        raise RecordError(f"{size} bytes of JSON, at most {MAX_BYTES} are read")
    try:
        value = json.loads(
            data, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_whole
        )
    except (ValueError, OverflowError, RecursionError) as error:
        raise RecordError(f"not readable as JSON: {error}") from error
    _check_depth(value)
    return value


def _plain(value: object, rare: list[object], depth: int) -> object:
    """Return ``value`` with mappings as dicts and sequences as lists, nothing else accepted.

    ``rare`` gathers what only the full encoder spells right.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        if abs(value) >= _SAFE:
            rare.append(value)
        return int(value)  # subclasses (enums) would otherwise print themselves
    if isinstance(value, float):
        rare.append(value)
        return float(value)
    if depth > _MAX_DEPTH:
        raise RecordError(f"nested deeper than {_MAX_DEPTH}")
    if isinstance(value, Mapping):
        clean: dict[str, object] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise RecordError(f"a key must be text, found {type(key).__name__}")
            if not key.isascii():
                rare.append(key)
            clean[str.__str__(key)] = _plain(item, rare, depth + 1)
        return clean
    if isinstance(value, list | tuple):
        return [_plain(item, rare, depth + 1) for item in value]
    raise RecordError(f"a {type(value).__name__} cannot be written to the record")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise RecordError(f"the key {key!r} occurs twice")
        result[key] = value
    return result


def _whole(text: str) -> int | float:
    """Read a large double back as one: RFC 8785 spells 1e16 like a whole number."""
    if len(text) <= 15:
        return int(text)
    number = float(text)
    if abs(number) < _SAFE:
        return int(text)
    if rfc8785.dumps(number).decode() != text:
        raise RecordError(f"the number {text[:40]} cannot be read without loss")
    return number


def _no_constant(text: str) -> NoReturn:
    raise RecordError(f"{text} is not a number the record accepts")


def _check_depth(value: object) -> None:
    level: list[object] = [value]
    for _ in range(_MAX_DEPTH + 1):
        if not level:
            return
        deeper: list[object] = []
        for item in level:
            if isinstance(item, dict):
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
        level = deeper
    if level:
        raise RecordError(f"nested deeper than {_MAX_DEPTH}")


_own = json.JSONDecoder(parse_int=_whole)
