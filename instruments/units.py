"""Words that files use for units -> the closed lists of `spectra.axis`; unknown stays unknown."""

from __future__ import annotations

import re

import numpy as np

from spectra import axis
from spectra.axis import FloatArray, XKind, YKind
from spectra.spectrum import Technique

_X_WORDS: tuple[tuple[str, XKind, str], ...] = (
    (r"raman|shift|rel\. ?1/cm", XKind.RAMAN_SHIFT, axis.UNIT_CM1),
    (
        r"1/cm|cm-1|cm\^-1|cm⁻¹|cm⁻1|cm-¹|/cm\b|wave ?numbers?|cm-\?1"
        r"|wellenzahl|nombres? d.onde|n[uú]mero de onda|волновое число",
        XKind.WAVENUMBER,
        axis.UNIT_CM1,
    ),
    (r"micromet|micron|\bum\b|µm|μm", XKind.WAVELENGTH, axis.UNIT_UM),
    (
        r"nanomet|wave ?lengths?|\bnm\b|wellenl[aä]nge|longueur d.onde|longitud de onda",
        XKind.WAVELENGTH,
        axis.UNIT_NM,
    ),
    (r"m/z|mass|dalton", XKind.MZ, axis.UNIT_MZ),
    (r"millisec|\bms\b", XKind.TIME, "ms"),
    (r"sec|\bs\b", XKind.TIME, axis.UNIT_S),
    (r"min", XKind.TIME, axis.UNIT_MIN),
    (r"pixel|data points", XKind.PIXEL, axis.UNIT_ONE),
)
_X_PATTERNS = tuple((re.compile(word), kind, unit) for word, kind, unit in _X_WORDS)

_Y_WORDS: tuple[tuple[str, YKind, str], ...] = (
    (r"single ?beam", YKind.SINGLE_BEAM, axis.UNIT_UNKNOWN),
    (r"interferogram|detector.*volt|\bvolts?\b", YKind.INTERFEROGRAM, axis.UNIT_UNKNOWN),
    (r"log\(?1/r|log 1/r|-log\(?r", YKind.LOG_1_OVER_R, axis.UNIT_ONE),
    (r"kubelka|\bk-?m\b", YKind.KUBELKA_MUNK, axis.UNIT_ONE),
    (r"photo ?acoustic", YKind.PHOTOACOUSTIC, axis.UNIT_ONE),
    (r"absorb|absorpt|\babs\b|^a$|extin[ck]tion|поглощение", YKind.ABSORBANCE, axis.UNIT_ONE),
    (r"base 10|absorption coef", YKind.ABSORBANCE, ""),
    (r"transm|%\s?t\b|^t$|\bt%", YKind.TRANSMITTANCE, axis.UNIT_ONE),
    (r"reflec|%\s?r\b|^r$", YKind.REFLECTANCE, axis.UNIT_ONE),
    (r"raman|counts?\b|\bcts\b|cnts?\b", YKind.RAMAN_INTENSITY, axis.UNIT_COUNTS),
    (r"abundance", YKind.ABUNDANCE, "relative"),
)
_Y_PATTERNS = tuple((re.compile(word), kind, unit) for word, kind, unit in _Y_WORDS)

# Names of columns, not units.
_COLUMN_NAME = re.compile(r"^#?int|process|dark|raw|signal|value|^y$")


def x_axis(words: str, technique: Technique = Technique.OTHER) -> tuple[XKind, str]:
    """Return kind and unit for a file's own words.

    A wavenumber unit on a Raman file is a Raman shift: exporters write ``1/CM`` for both.
    """
    text = words.strip().lower().replace("_", " ")
    for pattern, kind, unit in _X_PATTERNS:
        if text and pattern.search(text):
            if kind is XKind.WAVENUMBER and technique is Technique.RAMAN:
                return XKind.RAMAN_SHIFT, unit
            if kind is XKind.RAMAN_SHIFT and technique is Technique.FTIR:
                return XKind.WAVENUMBER, unit
            return kind, unit
    return XKind.UNKNOWN, words.strip() or axis.UNIT_UNKNOWN


def y_axis(
    words: str, values: FloatArray, technique: Technique = Technique.OTHER
) -> tuple[YKind, str]:
    """Return kind and unit of an ordinate from a file's own words and its values.

    Transmittance and reflectance are called so both as a fraction and in percent; the 99th
    percentile decides (above 2 it can only be percent).
    """
    text = words.strip().lower().replace("_", " ")
    for pattern, kind, unit in _Y_PATTERNS:
        if not text or not pattern.search(text):
            continue
        if kind in (YKind.TRANSMITTANCE, YKind.REFLECTANCE):
            return kind, _fraction_or_percent(values)
        return kind, unit or words.strip()
    if technique is Technique.RAMAN:
        named = words.strip() and not _COLUMN_NAME.search(text)
        return YKind.RAMAN_INTENSITY, words.strip() if named else axis.UNIT_COUNTS
    return YKind.UNKNOWN, words.strip() or axis.UNIT_UNKNOWN


def _fraction_or_percent(values: FloatArray) -> str:
    finite = values[np.isfinite(values)]
    above = int(np.count_nonzero(finite > 2.0))
    if not above:
        return axis.UNIT_ONE
    # Where more than one in a hundred is above, so is the percentile.
    if above > finite.size // 100 + 1 or float(np.percentile(finite, 99)) > 2.0:
        return axis.UNIT_PERCENT
    return axis.UNIT_ONE
