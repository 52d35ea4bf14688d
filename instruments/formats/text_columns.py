"""Which column is x, which are y, what they measure: by the header's words, else a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from instruments.errors import RefusedFormatError
from instruments.formats.text_table import NumberTable
from spectra import axis
from spectra.axis import FloatArray, XKind, YKind
from spectra.spectrum import Technique

# Higher is better; a name that matches none scores 0.
_X_RANKS = (
    (r"raman.?shift|rel\. 1/cm", 6),
    (r"wave ?-?_?numbers?|cm-1|1/cm|cm\^-1|cm⁻¹|wellenzahl|nombres? d.onde|n[uú]mero de onda", 5),
    (r"m/z|\bmass\b", 5),
    (r"\br\.?time|\btime\b|\[min\]", 4),
    (r"#?wave$|wavelength|\bnm\b|\[nm\]|wellenl[aä]nge|longueur d.onde|longitud de onda", 3),
    (r"x-axis|^x\b|^x$", 2),
    (r"pixel", 1),
)
_Y_RANKS = (
    (r"dark.?subtracted", 9),
    (r"processed", 8),
    (r"absorb|absorpt|extin[ck]tion|transm|%\s?t\b|reflec|^a$|^t$", 7),
    (r"intensi|\bint\b|cts|counts?\b|signal|value|abundance|^y$", 5),
    (r"raw", 3),
)
# No instrument writes more columns of its own beside one x axis.
_INSTRUMENT_COLUMNS = 16
_NEVER_Y = re.compile(
    r"^(?:dark|reference|background(?:[ _]data)?|pixels?|baseline|step.*)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Positions of x and of each ordinate.

    ``are_curves`` says that each column is one curve and its name a title, as in a library, not
    the word for a kind of ordinate.
    """

    x: int
    ys: tuple[int, ...]
    are_curves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a curve seems to be where the file does not say; ``reason`` is shown to the person."""

    x_kind: XKind
    x_unit: str
    y_kind: YKind
    y_unit: str
    technique: Technique
    reason: str


def _rank(name: str, ranks: tuple[tuple[str, int], ...]) -> int:
    lowered = name.lower().strip()
    return next((score for pattern, score in ranks if re.search(pattern, lowered)), 0)


def choose(table: NumberTable) -> Columns:
    """Return which columns to take.

    Raises
    ------
    RefusedFormatError
        More than two columns and no names: a position is not evidence.
    """
    n_columns = table.values.shape[1]
    if n_columns == 2:
        return Columns(x=0, ys=(1,))
    if n_columns < 2:
        raise RefusedFormatError("a single column of numbers has no x axis", hint=_NAMES)
    if not table.names:
        raise RefusedFormatError(f"{n_columns} columns without names", hint=_NAMES)
    x_ranks = [_rank(name, _X_RANKS) for name in table.names]
    x = int(np.argmax(x_ranks))
    if x_ranks[x] == 0:
        raise RefusedFormatError(
            "none of the columns is named as an x axis: " + ", ".join(table.names[:6]), hint=_NAMES
        )
    others = [at for at in range(n_columns) if at != x and not _NEVER_Y.match(table.names[at])]
    y_ranks = {at: _rank(table.names[at], _Y_RANKS) for at in others}
    best = max(y_ranks.values(), default=0)
    known = sum(1 for rank in y_ranks.values() if rank)
    # A column for each substance: a few names may hold a word such as "raw" or "transmission".
    library = len(others) > _INSTRUMENT_COLUMNS and known < len(others) // 2
    if best and not library:
        return Columns(x=x, ys=tuple(at for at in others if y_ranks[at] == best))
    ys = tuple(at for at in others if library or x_ranks[at] == 0)
    if not ys:
        raise RefusedFormatError("no column holds an ordinate", hint=_NAMES)
    return Columns(x=x, ys=ys, are_curves=True)


_NAMES = (
    "Say it once for the instrument: fol instrument map NAME FILE --x-column 1 --y-column 2. "
    "Or export two columns with names above them such as 'raman shift,intensity'."
)


def guess(x: FloatArray, y: FloatArray) -> Guess:
    """Return what a curve most likely is from its ranges alone; never more than a proposal."""
    low, high = float(x.min()), float(x.max())
    span = f"x from {low:g} to {high:g}"
    counted = np.array_equal(x, np.arange(x.size)) or np.array_equal(x, np.arange(1, x.size + 1))
    if counted:
        return Guess(
            x_kind=XKind.PIXEL,
            x_unit=axis.UNIT_ONE,
            y_kind=YKind.UNKNOWN,
            y_unit=axis.UNIT_UNKNOWN,
            technique=Technique.OTHER,
            reason="x only counts the points: taken for pixels without a calibration",
        )
    if low >= 150.0 and high <= 1200.0:
        return Guess(
            x_kind=XKind.WAVELENGTH,
            x_unit=axis.UNIT_NM,
            y_kind=YKind.UNKNOWN,
            y_unit=axis.UNIT_UNKNOWN,
            technique=Technique.OTHER,
            reason=f"{span}: taken for wavelength in nm",
        )
    if low < 350.0 and high > 400.0:
        return _raman(f"{span}: taken for a Raman shift in cm-1")
    if low >= 350.0 and high <= 15_000.0 and high > 1200.0:
        return _infrared_or_raman(span, y)
    return Guess(
        x_kind=XKind.UNKNOWN,
        x_unit=axis.UNIT_UNKNOWN,
        y_kind=YKind.UNKNOWN,
        y_unit=axis.UNIT_UNKNOWN,
        technique=Technique.OTHER,
        reason=f"{span}: the unit is not known",
    )


def _raman(reason: str) -> Guess:
    return Guess(
        x_kind=XKind.RAMAN_SHIFT,
        x_unit=axis.UNIT_CM1,
        y_kind=YKind.RAMAN_INTENSITY,
        y_unit=axis.UNIT_COUNTS,
        technique=Technique.RAMAN,
        reason=reason,
    )


def _infrared_or_raman(span: str, y: FloatArray) -> Guess:
    low, middle, high = (float(value) for value in np.percentile(y, (1, 50, 99)))
    dips = middle > (low + high) / 2.0
    if high > 130.0:
        return _raman(f"{span} and ordinates to {high:.4g}: taken for a Raman shift in cm-1")
    if dips and high > 2.0:
        kind, unit, what = YKind.TRANSMITTANCE, axis.UNIT_PERCENT, "transmittance in %"
    elif dips and high <= 1.3 and middle > 0.5:
        kind, unit, what = YKind.TRANSMITTANCE, axis.UNIT_ONE, "transmittance"
    elif high <= 8.0:
        kind, unit, what = YKind.ABSORBANCE, axis.UNIT_ONE, "absorbance"
    else:
        kind, unit, what = YKind.UNKNOWN, axis.UNIT_UNKNOWN, "an unknown ordinate"
    return Guess(
        x_kind=XKind.WAVENUMBER,
        x_unit=axis.UNIT_CM1,
        y_kind=kind,
        y_unit=unit,
        technique=Technique.FTIR,
        reason=f"{span}: taken for an infrared wavenumber in cm-1 with {what}",
    )
