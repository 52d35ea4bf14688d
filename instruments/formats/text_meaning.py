"""What the columns of a text measure: the file's own words first, then a guess that is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from instruments.cleaning import one_line
from instruments.formats import text_header
from instruments.formats.text_columns import Guess, guess
from instruments.units import x_axis, y_axis
from spectra import axis
from spectra.axis import FloatArray, XKind, YKind
from spectra.spectrum import Technique

_RAMAN_DIALECTS = ("bwtek-txt", "wasatch-csv", "lightnovo-txt", "renishaw-txt")
# What these writers always put on x without saying so.
_X_OF_DIALECT = {
    "ocean-txt": (XKind.WAVELENGTH, axis.UNIT_NM),
    "agilent-csv": (XKind.TIME, axis.UNIT_MIN),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """All that a file says about one curve: column names, header pairs, whose dialect it is."""

    x: str
    y: str
    columns: tuple[str, ...]
    pairs: dict[str, str]
    dialect: str


def find_meaning(words: Words, x: FloatArray, y: FloatArray) -> tuple[Guess, str]:
    """Return what a curve measures, and a note for the person where a unit was guessed.

    ``reason`` of what is returned tells a guess of the technique alone, which no unit rests on.

    Parameters
    ----------
    words : Words
    x, y : ndarray of float, shape (n_points,)
    """
    proposal = cache(lambda: guess(x, y))  # what a file says itself needs none
    technique = _stated_technique(words)
    x_kind, x_unit = _stated_x(words, technique)
    note = ""
    if x_kind is XKind.UNKNOWN:
        x_kind, x_unit = proposal().x_kind, proposal().x_unit
        technique = proposal().technique if technique is Technique.OTHER else technique
        note = f"the file does not name its x unit; {proposal().reason}: please confirm"
    y_kind, y_unit = y_axis(text_header.y_unit(words.pairs) or words.y, y, technique)
    stated = _technique(technique, x_kind, y_kind, None)
    technique = _technique(technique, x_kind, y_kind, proposal)
    told = ""
    if stated is Technique.OTHER is not technique and not note:
        told = f"the file does not say whether Raman or infrared: taken for {technique}"
    if technique is Technique.RAMAN:
        x_kind = XKind.RAMAN_SHIFT if x_kind is XKind.WAVENUMBER else x_kind
        if y_kind is YKind.UNKNOWN:
            y_kind, y_unit = YKind.RAMAN_INTENSITY, axis.UNIT_COUNTS
    elif technique is Technique.FTIR and y_kind is YKind.UNKNOWN is not proposal().y_kind:
        y_kind, y_unit = proposal().y_kind, proposal().y_unit
        note = note or f"the file does not name its ordinate; {proposal().reason}: please confirm"
    found = Guess(
        x_kind=x_kind,
        x_unit=one_line(x_unit, limit=40),
        y_kind=y_kind,
        y_unit=one_line(y_unit, limit=40),
        technique=technique,
        reason=told,
    )
    return found, note


def _stated_x(words: Words, technique: Technique) -> tuple[XKind, str]:
    for stated in (text_header.x_unit(words.pairs), words.x):
        kind, unit = x_axis(stated, technique)
        if kind is not XKind.UNKNOWN:
            return kind, unit
    return _X_OF_DIALECT.get(words.dialect, (XKind.UNKNOWN, axis.UNIT_UNKNOWN))


def _stated_technique(words: Words) -> Technique:
    text = " ".join((words.x, *words.pairs, *words.pairs.values(), *words.columns)).lower()
    if words.dialect in _RAMAN_DIALECTS or "raman" in text or "rel. 1/cm" in text:
        return Technique.RAMAN
    if text_header.laser_nm(words.pairs) is not None:
        return Technique.RAMAN
    if "infrared" in text or "ftir" in text or "ft-ir" in text:
        return Technique.FTIR
    return Technique.OTHER


def _technique(
    stated: Technique, x_kind: XKind, y_kind: YKind, proposal: Callable[[], Guess] | None
) -> Technique:
    if x_kind is XKind.TIME:
        return Technique.GC
    if x_kind is XKind.MZ:
        return Technique.MS
    if x_kind is XKind.RAMAN_SHIFT:
        return Technique.RAMAN
    if x_kind is not XKind.WAVENUMBER:
        return stated
    if y_kind in (YKind.ABSORBANCE, YKind.TRANSMITTANCE, YKind.REFLECTANCE):
        return Technique.FTIR
    if y_kind is YKind.RAMAN_INTENSITY:
        return Technique.RAMAN
    return stated if stated is not Technique.OTHER or proposal is None else proposal().technique
