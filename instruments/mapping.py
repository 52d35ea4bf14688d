"""How one instrument's text export is read: confirmed once by a person, versioned, kept as JSON.

A mapping says everything the file does not, so that two laboratories read alike. Knows the words;
`instruments.formats.text` applies it. The JSON form is ``fol.text-mapping/1``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from instruments.cleaning import one_line
from instruments.errors import MappingError
from spectra import axis
from spectra.axis import XKind, YKind
from spectra.spectrum import Technique

SCHEMA = "fol.text-mapping/1"
DELIMITERS = ("\t", ";", ",", " ")
DECIMALS = (".", ",")
THOUSANDS = ("", ".", ",", " ", "'")
ENCODINGS = ("", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1")
"""What a mapping may state; empty means that each file shows it (byte-order mark, then UTF-8)."""

JSON_BYTES = 20_000
MOST_COLUMNS = 10_000
MOST_SKIPPED = 100_000
LASER_NM = (150.0, 2500.0)
LASER_DRIFT_NM = 0.5
"""Two lines that differ by less are the same laser, drifted or rounded (785 and 784.9)."""

_UNIT = 40
_WORD = 120
_NAME = 80
_Kind = TypeVar("_Kind", XKind, YKind, Technique)
_SHA256 = re.compile(r"[0-9a-f]{64}")
DELIMITER_WORDS = {"tab": "\t", "blank": " ", "semicolon": ";", "comma": ","}
_DELIMITER_NAMES = {"\t": "tab", " ": "blank"}
_X_UNITS = {
    XKind.WAVENUMBER: (axis.UNIT_CM1,),
    XKind.RAMAN_SHIFT: (axis.UNIT_CM1,),
    XKind.WAVELENGTH: (axis.UNIT_NM, axis.UNIT_UM),
    XKind.MZ: (axis.UNIT_MZ,),
    XKind.TIME: (axis.UNIT_S, axis.UNIT_MIN, "ms"),
    XKind.PIXEL: (axis.UNIT_ONE,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderKeys:
    """Names of the header lines that hold facts about the measurement; empty where there is none.

    ``laser`` must be in every file when it is named; the others may be missing from one.
    """

    title: str = ""
    serial: str = ""
    operator: str = ""
    date: str = ""
    laser: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMapping:
    """How one instrument's text is read.

    Parameters
    ----------
    x_column, y_column : int
        From 0 (the JSON form and the command line count from 1), as the delimiter parts them.
    x_header, y_header : str
        The words above those columns; where stated, a file with other words is refused.
    x_kind, x_unit, y_kind, y_unit, technique
        As in `spectra.spectrum.Spectrum`.
    delimiter, decimal, thousands : str
        Must be what the file has, else it is refused rather than guessed.
    n_columns : int
        Likewise.
    encoding : str
        One of `ENCODINGS`.
    skip_rows : int
        Lines at the top that are not looked at.
    laser_nm : float or None
        The laser line, unless ``keys.laser`` names the header line that holds it.
    keys : HeaderKeys
    name : str
        Of the instrument it belongs to.
    version : int
        0 while nobody confirmed it.
    sample_sha256 : str
        Of the file it was confirmed on; empty while nobody confirmed it.

    Raises
    ------
    MappingError
        A value out of range, or two that contradict each other.
    """

    x_column: int
    y_column: int
    x_kind: XKind
    x_unit: str
    y_kind: YKind
    y_unit: str
    technique: Technique
    delimiter: str
    decimal: str
    n_columns: int
    laser_nm: float | None = None
    thousands: str = ""
    encoding: str = ""
    skip_rows: int = 0
    x_header: str = ""
    y_header: str = ""
    keys: HeaderKeys = HeaderKeys()  # frozen, so one may be shared
    name: str = ""
    version: int = 0
    sample_sha256: str = ""

    def __post_init__(self) -> None:
        problems = [*_sign_problems(self), *_column_problems(self), *_meaning_problems(self)]
        if problems:
            raise MappingError(
                f"this mapping cannot be: {'; '.join(problems)}",
                hint="Confirm it again from a file: fol instrument map NAME FILE",
            )

    @property
    def label(self) -> str:
        """Whose mapping it is, for messages and the record: ``raman-1 v2``."""
        name = self.name or "unnamed"
        return f"{name} v{self.version}" if self.version else f"{name}, not confirmed"

    def same_reading(self, other: TextMapping) -> bool:
        """Whether two mappings read every file alike, whoever confirmed them."""
        nobody = {"name": "", "version": 0, "sample_sha256": ""}
        return replace(self, **nobody) == replace(other, **nobody)  # type: ignore[arg-type]


def _sign_problems(m: TextMapping) -> list[str]:
    problems = []
    for what, value, allowed in (
        ("delimiter", m.delimiter, DELIMITERS),
        ("decimal sign", m.decimal, DECIMALS),
        ("thousands sign", m.thousands, THOUSANDS),
        ("encoding", m.encoding, ENCODINGS),
    ):
        if value not in allowed:
            problems.append(f"{what} {value!r} is none of {', '.join(map(repr, allowed))}")
    if m.thousands and m.thousands == m.decimal:
        problems.append(f"{m.decimal!r} is both the decimal and the thousands sign")
    if m.thousands == " " and m.delimiter == " ":
        problems.append("a blank parts both columns and thousands")
    if m.delimiter == m.decimal and m.thousands:
        problems.append("decimal commas between commas cannot have thousands signs too")
    return problems


def _column_problems(m: TextMapping) -> list[str]:
    problems = []
    if not 2 <= m.n_columns <= MOST_COLUMNS:
        problems.append(f"{m.n_columns} columns; 2 to {MOST_COLUMNS} can be")
    for what, at in (("x", m.x_column), ("y", m.y_column)):
        if not 0 <= at < m.n_columns:
            problems.append(f"column {at + 1} for {what}, of {m.n_columns}")
    if m.x_column == m.y_column:
        problems.append(f"x and y are both column {m.x_column + 1}")
    if not 0 <= m.skip_rows <= MOST_SKIPPED:
        problems.append(f"{m.skip_rows} rows to skip; 0 to {MOST_SKIPPED} can be")
    texts = (m.x_header, m.y_header, m.keys.title, m.keys.serial, m.keys.operator)
    if any(text != one_line(text, limit=_WORD) for text in (*texts, m.keys.date, m.keys.laser)):
        problems.append(f"a header word has hidden characters or more than {_WORD}")
    if m.name != one_line(m.name, limit=_NAME):
        problems.append(f"the name has hidden characters or more than {_NAME}")
    if not 0 <= m.version < 2**31:
        problems.append(f"version {m.version}")
    if m.sample_sha256 and not _SHA256.fullmatch(m.sample_sha256):
        problems.append("the sample's SHA-256 is not 64 hex digits")
    return problems


def _meaning_problems(m: TextMapping) -> list[str]:
    problems = []
    units = _X_UNITS.get(m.x_kind)
    if units is None:
        problems.append("what x measures is not stated")
    elif m.x_unit not in units:
        problems.append(f"{m.x_kind} in {m.x_unit!r}, not in {' or '.join(units)}")
    if not m.y_unit or m.y_unit != one_line(m.y_unit, limit=_UNIT):
        problems.append("the unit of y is empty, too long or has hidden characters")
    if m.y_kind in (YKind.TRANSMITTANCE, YKind.REFLECTANCE) and m.y_unit not in (
        axis.UNIT_ONE,
        axis.UNIT_PERCENT,
    ):
        problems.append(f"{m.y_kind} in {m.y_unit!r}, not in 1 or %")
    low, high = LASER_NM
    if m.laser_nm is not None and not (math.isfinite(m.laser_nm) and low <= m.laser_nm <= high):
        problems.append(f"a laser at {m.laser_nm:g} nm; {low:g} to {high:g} can be")
    if m.laser_nm is not None and m.keys.laser:
        problems.append("the laser line is stated and also taken from the header")
    if m.technique is Technique.FTIR and m.x_kind is XKind.RAMAN_SHIFT:
        problems.append("an infrared spectrum over Raman shift")
    return problems


def to_json(mapping: TextMapping) -> dict[str, Any]:
    """Return the ``fol.text-mapping/1`` document; columns count from 1."""
    return {
        "schema": SCHEMA,
        "name": mapping.name,
        "version": mapping.version,
        "sample_sha256": mapping.sample_sha256,
        "encoding": mapping.encoding,
        "delimiter": _DELIMITER_NAMES.get(mapping.delimiter, mapping.delimiter),
        "decimal": mapping.decimal,
        "thousands": mapping.thousands,
        "skip_rows": mapping.skip_rows,
        "n_columns": mapping.n_columns,
        "x": {
            "column": mapping.x_column + 1,
            "header": mapping.x_header,
            "kind": mapping.x_kind.value,
            "unit": mapping.x_unit,
        },
        "y": {
            "column": mapping.y_column + 1,
            "header": mapping.y_header,
            "kind": mapping.y_kind.value,
            "unit": mapping.y_unit,
        },
        "technique": mapping.technique.value,
        "laser_nm": mapping.laser_nm,
        "keys": {
            "title": mapping.keys.title,
            "serial": mapping.keys.serial,
            "operator": mapping.keys.operator,
            "date": mapping.keys.date,
            "laser": mapping.keys.laser,
        },
    }


def from_text(text: str | bytes) -> TextMapping:
    """Return the mapping of a JSON text.

    Raises
    ------
    MappingError
        Not JSON, or not ``fol.text-mapping/1``.
    """
    if len(text) > JSON_BYTES:
        raise MappingError(f"a mapping of {len(text)} bytes; at most {JSON_BYTES} can be")
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise MappingError(f"the mapping is not JSON: {error}") from error
    return from_json(value)


def from_json(value: object) -> TextMapping:
    """Return the mapping of a ``fol.text-mapping/1`` document; nothing missing, nothing unknown.

    Raises
    ------
    MappingError
        Names the field, what was found and what must stand there.
    """
    top = _Fields(value, "the mapping")
    schema = top.text("schema")
    if schema != SCHEMA:
        raise MappingError(
            f"schema {schema[:40]!r}; this software reads {SCHEMA}",
            hint="Export it again with `fol instrument export-mapping`.",
        )
    x, y = _Fields(top.take("x"), "x"), _Fields(top.take("y"), "y")
    keys = _Fields(top.take("keys"), "keys")
    delimiter = top.text("delimiter")
    mapping = TextMapping(
        name=top.text("name"),
        version=top.whole("version"),
        sample_sha256=top.text("sample_sha256"),
        encoding=top.text("encoding"),
        delimiter=DELIMITER_WORDS.get(delimiter, delimiter),
        decimal=top.text("decimal"),
        thousands=top.text("thousands"),
        skip_rows=top.whole("skip_rows"),
        n_columns=top.whole("n_columns"),
        x_column=x.whole("column") - 1,
        x_header=x.text("header"),
        x_kind=x.one_of("kind", XKind),
        x_unit=x.text("unit"),
        y_column=y.whole("column") - 1,
        y_header=y.text("header"),
        y_kind=y.one_of("kind", YKind),
        y_unit=y.text("unit"),
        technique=top.one_of("technique", Technique),
        laser_nm=top.number("laser_nm"),
        keys=HeaderKeys(
            title=keys.text("title"),
            serial=keys.text("serial"),
            operator=keys.text("operator"),
            date=keys.text("date"),
            laser=keys.text("laser"),
        ),
    )
    for fields in (top, x, y, keys):
        fields.done()
    return mapping


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:40]!r} occurs twice")
        found[key] = value
    return found


class _Fields:
    """A JSON object being taken apart: each field once, the right type, nothing left over."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, Mapping):
            raise MappingError(f"{where} must be an object, found {type(value).__name__}")
        self._left = dict(value)
        self._where = where

    def take(self, key: str) -> object:
        if key not in self._left:
            raise MappingError(f"{self._where}: {key!r} is missing")
        return self._left.pop(key)

    def text(self, key: str) -> str:
        value = self.take(key)
        if not isinstance(value, str):
            raise self._wrong(key, value, "text")
        return value

    def whole(self, key: str) -> int:
        value = self.take(key)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**53:
            raise self._wrong(key, value, "a whole number")
        return value

    def number(self, key: str) -> float | None:
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e9:
            raise self._wrong(key, value, "a number or null")
        return float(value)

    def one_of(self, key: str, kind: type[_Kind]) -> _Kind:
        value = self.text(key)
        try:
            return kind(value)
        except ValueError:
            raise self._wrong(key, value, "one of " + ", ".join(kind)) from None

    def done(self) -> None:
        if self._left:
            unknown = ", ".join(repr(str(key)[:40]) for key in list(self._left)[:5])
            raise MappingError(f"{self._where}: unknown {unknown}")

    def _wrong(self, key: str, value: object, wanted: str) -> MappingError:
        return MappingError(f"{self._where}: {key!r} must be {wanted}, found {str(value)[:40]!r}")
