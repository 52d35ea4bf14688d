"""Canonical JSON (RFC 8785): one spelling of a fact, so that its hash means something."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn

import rfc8785

from lims.errors import RecordError

MAX_BYTES = 16 * 1024 * 1024
_MAX_DEPTH = 64
_SAFE = 2**53
_PLAIN_FROM = 1e-4
_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


def _foreign(value: object) -> NoReturn:
    raise TypeError(f"{type(value).__name__} is not JSON")


def _encoder() -> Callable[[object, int], Iterable[str]] | None:
    """Return the standard library's encoder in C, made once; None where it cannot be had.

    ``JSONEncoder.encode`` makes one at every call, which costs more than a small text.
    """
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return None
    quote = json.encoder.encode_basestring
    try:
        made: Callable[[object, int], Iterable[str]] = make(
            None, _foreign, quote, None, ":", ",", True, False, True
        )
    except TypeError:  # another Python's takes other things
        return None
    return made


_chunks = _encoder()


class Spelled(Mapping[str, Any]):
    """A mapping of the record in its canonical text; taken apart only when somebody looks inside.

    Parameters
    ----------
    text : str
        Canonical JSON of an object, written by the record itself.
    """

    __slots__ = ("_value", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._value: Mapping[str, Any] | None = None

    def _inside(self) -> Mapping[str, Any]:
        if self._value is None:
            value = parsed(self.text)
            if not isinstance(value, dict):
                raise RecordError(f"an object is wanted here, found {self.text[:40]}")
            self._value = value
        return self._value

    def __getitem__(self, key: str) -> Any:
        """Return a member."""
        return self._inside()[key]

    def __iter__(self) -> Iterator[str]:
        """Yield the members' names."""
        return iter(self._inside())

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self._inside())


def dumps(value: object) -> bytes:
    """Return the canonical UTF-8 bytes of a JSON value.

    Raises
    ------
    RecordError
        For NaN, infinities, integers beyond 2**53 - 1, lone surrogates, keys that are not text,
        or a value that is not JSON at all.
    """
    if type(value) is Spelled:
        return value.text.encode()
    rare: list[object] = []
    clean = _plain(value, rare, 0)
    try:
        # What has neither very large nor very small numbers nor foreign keys has the same spelling
        # by the standard encoder, which is written in C.
        return rfc8785.dumps(clean) if rare else _encode(clean).encode()  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise RecordError(f"cannot be written to the record: {error}") from error


def parsed(text: str) -> Any:
    """Return the value of canonical text that the record wrote itself."""
    try:
        value, end = _scan(text, 0)
        return value if end == len(text) else _own.decode(text)
    except (ValueError, TypeError, RecursionError, StopIteration) as error:
        raise RecordError(
            f"a row of the record is not readable: {error}", hint="Run `fol audit verify`."
        ) from error


def spelled(value: object) -> str:
    """Return what `dumps` gives for a value that `parsed` gave, or that is built of such values.

    There the types need no look: they are those of the decoder.
    """
    if type(value) is Spelled:
        return value.text
    if not value and type(value) in _EMPTY:
        return _EMPTY[type(value)]
    try:
        text = "".join(_chunks(value, 0)) if _chunks is not None else _encode(value)
    except TypeError:
        return dumps(value).decode()  # some other mapping or sequence
    # Signs of the numbers that ECMAScript spells in another way (as `_number` says), and of keys
    # that it may sort in another order. Inside a text they only cost the longer way.
    if not text.isascii() or "e-" in text or "e+" in text or ".0" in text:
        return dumps(value).decode()
    return text


_EMPTY: Mapping[type, str] = {list: "[]", dict: "{}", str: '""'}


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
    kind: type = type(value)
    if value is None or kind is str or kind is bool:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        if abs(value) >= _SAFE:
            rare.append(value)
        return int(value)  # subclasses (enums) would otherwise print themselves
    if isinstance(value, float):
        return _number(float(value), rare)
    if depth > _MAX_DEPTH:
        raise RecordError(f"nested deeper than {_MAX_DEPTH}")
    deeper = depth + 1
    # The first question is the cheap one.
    if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101
        clean: dict[str, object] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise RecordError(f"a key must be text, found {type(key).__name__}")
            if not key.isascii():
                rare.append(key)
            # Most values are texts: not worth a call each.
            clean[str.__str__(key)] = item if type(item) is str else _plain(item, rare, deeper)
        return clean
    if isinstance(value, list | tuple):
        return [item if type(item) is str else _plain(item, rare, deeper) for item in value]
    raise RecordError(f"a {kind.__name__} cannot be written to the record")


def _number(value: float, rare: list[object]) -> float | int:
    """Return a float as the standard encoder spells it like ECMAScript does, or call it rare.

    Both print the shortest digits that read back. They differ in whole numbers, which ECMAScript
    prints without ``.0``, and in where the exponent begins: below 1e-6 there, below 1e-4 here.
    """
    size = abs(value)
    if not size < _SAFE:
        rare.append(value)
    elif value.is_integer():
        return int(value)
    elif size < _PLAIN_FROM:
        rare.append(value)
    return value


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
_scan = _own.scan_once  # type: ignore[attr-defined]  # typeshed leaves it out
