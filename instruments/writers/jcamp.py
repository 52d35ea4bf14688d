"""JCAMP-DX 4.24 / 5.01: AFFN with every digit, or compact DIFDUP.

Source: http://www.jcamp-dx.org/protocols.html. Several measurements become a LINK of blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from instruments.cleaning import one_line
from instruments.formats.asdf import encode_difdup as encode_lines
from spectra.axis import FloatArray, XKind, YKind
from spectra.spectrum import Chromatogram, MassRun, MassSpectrum, Measurement, Spectrum

RUN_LABEL = "$FOL RUN"
_Y_WORDS = {
    YKind.ABSORBANCE: "ABSORBANCE",
    YKind.TRANSMITTANCE: "TRANSMITTANCE",
    YKind.REFLECTANCE: "REFLECTANCE",
    YKind.LOG_1_OVER_R: "LOG(1/R)",
    YKind.KUBELKA_MUNK: "KUBELKA-MUNK",
    YKind.PHOTOACOUSTIC: "PHOTOACOUSTIC",
    YKind.SINGLE_BEAM: "SINGLE BEAM",
    YKind.INTERFEROGRAM: "INTERFEROGRAM",
}
_X_WORDS = {
    "cm-1": "1/CM",
    "nm": "NANOMETERS",
    "um": "MICROMETERS",
    "s": "SECONDS",
    "min": "MINUTES",
}
# Integers of this size keep ten significant digits of the largest ordinate.
_DIFDUP_RANGE = 2.0**33


def encode(measurements: Sequence[Measurement]) -> bytes:
    """Return AFFN blocks; ordinates and uneven abscissae keep every digit."""
    return _encode(measurements, packed=False)


def encode_difdup(measurements: Sequence[Measurement]) -> bytes:
    """Return DIFDUP blocks where the axis is even, AFFN elsewhere."""
    return _encode(measurements, packed=True)


def _encode(measurements: Sequence[Measurement], *, packed: bool) -> bytes:
    blocks = ["\n".join(_block(measurement, packed=packed)) for measurement in measurements]
    if len(blocks) > 1:
        head = [
            f"##TITLE={_value(measurements[0].title)}",
            "##JCAMP-DX=5.01",
            "##DATA TYPE=LINK",
            f"##BLOCKS={len(blocks) + 1}",
        ]
        blocks = ["\n".join(head), *blocks, "##END="]
    return ("\n".join(blocks) + "\n").encode("utf-8")


def _value(text: str) -> str:
    # $$ would begin a comment and = after ## a label; both are only text here.
    return one_line(text).replace("$$", "$ $")


def _block(measurement: Measurement, *, packed: bool) -> Iterable[str]:
    yield f"##TITLE={_value(measurement.title)}"
    yield "##JCAMP-DX=5.01"
    if isinstance(measurement, MassRun):
        yield from _run(measurement)
    elif isinstance(measurement, MassSpectrum):
        yield "##DATA TYPE=MASS SPECTRUM"
        yield "##DATA CLASS=PEAK TABLE"
        yield "##ORIGIN="
        yield "##OWNER="
        if measurement.ionization:
            yield f"##.IONIZATION MODE={_value(measurement.ionization)}"
        if measurement.molecular_mass is not None:
            yield f"##MW={measurement.molecular_mass!r}"
        yield from _private(measurement)
        yield from ("##XUNITS=M/Z", "##YUNITS=RELATIVE ABUNDANCE", "##XFACTOR=1", "##YFACTOR=1")
        yield f"##NPOINTS={measurement.mz.size}"
        yield "##PEAK TABLE=(XY..XY)"
        yield from _pairs(measurement.mz, measurement.intensity)
    else:
        yield from _curve(measurement, packed=packed)
    yield "##END="


def _private(measurement: Measurement) -> Iterable[str]:
    for key, value in measurement.metadata.items():
        label = "".join(char for char in key.upper() if char.isalnum() or char in " .")
        if label and not label.startswith("FOL"):
            yield f"##${label}={_value(value)}"


def _data_type(measurement: Spectrum | Chromatogram) -> str:
    if isinstance(measurement, Chromatogram):
        return "CHROMATOGRAM"
    if measurement.x_kind is XKind.RAMAN_SHIFT or measurement.y_kind is YKind.RAMAN_INTENSITY:
        return "RAMAN SPECTRUM"
    if measurement.x_kind is XKind.WAVENUMBER or measurement.x_unit == "um":
        return "INFRARED SPECTRUM"
    return "UV-VISIBLE SPECTRUM" if measurement.x_unit == "nm" else "OTHER"


def _curve(measurement: Spectrum | Chromatogram, *, packed: bool) -> Iterable[str]:
    x, y = measurement.x, measurement.y
    yield f"##DATA TYPE={_data_type(measurement)}"
    yield "##DATA CLASS=XYDATA"
    yield "##ORIGIN="
    yield "##OWNER="
    yield from _private(measurement)
    yield f"##XUNITS={_X_WORDS.get(measurement.x_unit, _value(measurement.x_unit))}"
    yield f"##YUNITS={_Y_WORDS.get(measurement.y_kind, _value(measurement.y_unit))}"
    yield "##XFACTOR=1"
    even = x.size > 1 and bool(
        np.allclose(x, np.linspace(x[0], x[-1], x.size), rtol=0.0, atol=1e-12 * np.abs(x).max())
    )
    if packed and even and np.isfinite(y).all():
        yield from _difdup(x, y)
        return
    yield "##YFACTOR=1"
    yield from _range(x, y)
    if not even:
        yield "##XYPOINTS=(XY..XY)"
        yield from _pairs(x, y)
        return
    yield "##XYDATA=(X++(Y..Y))"
    for at in range(0, x.size, 4):
        yield f"{float(x[at])!r} " + " ".join(_text(value) for value in y[at : at + 4].tolist())


def _range(x: FloatArray, y: FloatArray) -> Iterable[str]:
    yield f"##FIRSTX={float(x[0])!r}"
    yield f"##LASTX={float(x[-1])!r}"
    yield f"##NPOINTS={x.size}"
    if np.isfinite(y[0]):
        yield f"##FIRSTY={float(y[0])!r}"


def _difdup(x: FloatArray, y: FloatArray) -> Iterable[str]:
    highest = float(np.abs(y).max())
    factor = highest / _DIFDUP_RANGE if highest > 0 else 1.0
    whole = [int(value) for value in np.rint(y / factor).tolist()]
    yield f"##YFACTOR={factor!r}"
    yield from _range(x, y)
    yield "##XYDATA=(X++(Y..Y))"
    per_line = 8
    for at, line in enumerate(encode_lines(whole, per_line)):
        # From the second line on, a line begins with the check point: its x is one point back.
        index = min(max(at * per_line - 1, 0), x.size - 1)
        yield f"{float(x[index])!r}{line}"


def _pairs(x: FloatArray, y: FloatArray) -> Iterable[str]:
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        yield f"{_text(a)}, {_text(b)}"


def _text(value: float) -> str:
    return "?" if value != value else repr(value)


def _run(run: MassRun) -> Iterable[str]:
    yield "##DATA TYPE=MASS SPECTRUM"
    yield "##DATA CLASS=NTUPLES"
    yield "##ORIGIN="
    yield "##OWNER="
    yield f"##{RUN_LABEL}={run.n_scans} SCANS"
    if run.ionization:
        yield f"##.IONIZATION MODE={_value(run.ionization)}"
    yield from _private(run)
    yield "##NTUPLES=MASS SPECTRUM"
    yield "##VAR_NAME=MASS, INTENSITY, RETENTION TIME"
    yield "##SYMBOL=X, Y, T"
    yield "##VAR_TYPE=INDEPENDENT, DEPENDENT, INDEPENDENT"
    yield "##VAR_FORM=AFFN, AFFN, AFFN"
    yield f"##VAR_DIM=, , {run.n_scans}"
    yield "##UNITS=M/Z, RELATIVE ABUNDANCE, SECONDS"
    tic = run.stored_tic
    for at, time in enumerate(run.scan_time_s.tolist()):
        start, stop = int(run.offsets[at]), int(run.offsets[at + 1])
        yield f"##PAGE=T={time!r}"
        if tic is not None:
            yield f"##TIC={float(tic[at])!r}"
        yield f"##NPOINTS={stop - start}"
        yield "##DATA TABLE=(XY..XY), PEAKS"
        yield from _pairs(run.mz[start:stop], run.intensity[start:stop])
    yield "##END NTUPLES=MASS SPECTRUM"
