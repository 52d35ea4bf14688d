"""What a person says of a text, and with it what the chosen columns measure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from instruments.cleaning import one_line
from instruments.errors import MappingError, RefusedFormatError
from instruments.formats import text_header
from instruments.formats.text_meaning import Words, find_meaning
from instruments.formats.text_table import NumberTable, ask
from instruments.mapping import HeaderKeys
from instruments.mapping_columns import header_word, listed
from instruments.units import x_axis, y_axis
from spectra import axis
from spectra.axis import FloatArray, XKind, YKind
from spectra.spectrum import Technique

_SERIAL = re.compile(r"(?i)\bserial|\bs/n\b|device ?sn|instrument ?(?:id|no)")
_OPERATOR = re.compile(r"(?i)^(?:operator|user|analyst|acquired by)")
_DATE = re.compile(r"(?i)^(?:date|acquired|time ?stamp|acquisition date|measured)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a person says of a file; empty or None where they leave it to the file.

    ``x_column`` and ``y_column`` are a number from 1 or words of the header.
    """

    delimiter: str = ""
    decimal: str = ""
    thousands: str | None = None
    encoding: str = ""
    columns: int = 0
    x_column: str = ""
    y_column: str = ""
    x_unit: str = ""
    y_unit: str = ""
    technique: Technique | None = None
    laser_nm: float | None = None
    skip_rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedMeaning:
    """What two columns measure; ``guessed`` says what neither file nor person stated."""

    x_kind: XKind
    x_unit: str
    y_kind: YKind
    y_unit: str
    technique: Technique
    guessed: tuple[str, ...]


def find_mapped_meaning(
    table: NumberTable,
    at: tuple[int, int],
    pairs: dict[str, str],
    choices: Choices,
    known: Technique | None,
) -> MappedMeaning:
    """Return what the columns at ``at`` (x, y) measure, and what of it was guessed.

    Parameters
    ----------
    table : NumberTable
    at : tuple of int
        Positions of x and y, from 0.
    pairs : dict of str to str
        What the header says.
    choices : Choices
        Win over the file.
    known : Technique or None
        Of the instrument.

    Raises
    ------
    MappingError
        A unit nobody knows.
    RefusedFormatError
        Nothing says what the ordinate is.
    """
    x, y = _both(table, *at)
    words = Words(
        x=header_word(table, at[0]),
        y=header_word(table, at[1]),
        columns=table.names,
        pairs=pairs,
        dialect=text_header.dialect("\n".join(table.header)[:20_000]),
    )
    guess, note = find_meaning(words, x, y)
    guessed = [said for said in (note, guess.reason) if said]
    technique = choices.technique or known or guess.technique
    if choices.technique or known:
        guessed = [said for said in guessed if said != guess.reason]
    x_kind, x_unit = _over(guess.x_kind, technique), guess.x_unit
    if choices.x_unit:
        x_kind, x_unit = x_axis(choices.x_unit, technique)
        x_kind = _over(x_kind, technique)
        if x_kind is XKind.UNKNOWN:
            raise MappingError(
                f"{choices.x_unit[:40]!r} is no unit of x that is known",
                hint="One of cm-1, nm, um, m/z, min, s, pixel.",
            )
        guessed = [said for said in guessed if "x unit" not in said]
    y_kind, y_unit = _ordinate(guess.y_kind, guess.y_unit, y, choices, technique)
    if choices.y_unit:
        guessed = [said for said in guessed if "ordinate" not in said]
    if technique is Technique.FTIR and y_kind is YKind.UNKNOWN:
        raise RefusedFormatError(
            f"neither the file nor its range says what the ordinate is ({listed(table)})",
            hint=ask("--y-unit absorbance") + " or --y-unit %T.",
        )
    return MappedMeaning(
        x_kind=x_kind,
        x_unit=one_line(x_unit, limit=40),
        y_kind=y_kind,
        y_unit=one_line(y_unit, limit=40) or axis.UNIT_UNKNOWN,
        technique=technique,
        guessed=tuple(guessed),
    )


def _over(kind: XKind, technique: Technique) -> XKind:
    """Return the kind of axis the technique has: exporters write ``1/CM`` for both."""
    if technique is Technique.RAMAN and kind is XKind.WAVENUMBER:
        return XKind.RAMAN_SHIFT
    if technique is Technique.FTIR and kind is XKind.RAMAN_SHIFT:
        return XKind.WAVENUMBER
    return kind


def _ordinate(
    kind: YKind, unit: str, y: FloatArray, choices: Choices, technique: Technique
) -> tuple[YKind, str]:
    if choices.y_unit:
        found, said = y_axis(choices.y_unit, y, technique)
        if found is YKind.UNKNOWN and technique is Technique.FTIR:
            raise MappingError(
                f"{choices.y_unit[:40]!r} is no unit of an infrared ordinate that is known",
                hint="One of absorbance, %T, transmittance, %R, log(1/R), Kubelka-Munk.",
            )
        return found, said
    if technique is Technique.RAMAN and kind is not YKind.RAMAN_INTENSITY:
        return YKind.RAMAN_INTENSITY, axis.UNIT_COUNTS
    if technique is Technique.FTIR and kind is YKind.RAMAN_INTENSITY:
        return YKind.UNKNOWN, axis.UNIT_UNKNOWN
    return kind, unit


def _both(table: NumberTable, x: int, y: int) -> tuple[FloatArray, FloatArray]:
    kept = ~(np.isnan(table.values[:, x]) | np.isnan(table.values[:, y]))
    if not kept.any():
        raise RefusedFormatError(
            f"no row holds numbers in both columns: {listed(table)}",
            hint=ask("--x-column N --y-column N"),
        )
    return table.values[kept, x], table.values[kept, y]


def header_keys(
    pairs: dict[str, str], meaning: MappedMeaning, chosen: float | None, known: float | None
) -> tuple[HeaderKeys, float | None]:
    """Return which header lines hold what, and the laser line: chosen, else stated, else known."""
    keys = HeaderKeys(
        title=text_header.title_key(pairs),
        serial=text_header.find_key(pairs, _SERIAL),
        operator=text_header.find_key(pairs, _OPERATOR),
        date=text_header.find_key(pairs, _DATE),
    )
    if meaning.technique is not Technique.RAMAN:
        return keys, chosen
    if chosen is not None:
        return keys, chosen
    named = text_header.laser_key(pairs)
    if named:
        return replace(keys, laser=named), None
    return keys, known
