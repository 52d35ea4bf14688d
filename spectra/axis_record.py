"""An axis calibration as text for the record: `fol.axis_calibration/1`, read back strictly."""

from __future__ import annotations

import json

from spectra.axis import XKind
from spectra.calibrate_axis import AxisCalibration, BandFit
from spectra.errors import SpectrumError
from spectra.step import Parameter
from spectra.strict_json import loaded, members

SCHEMA = "fol.axis_calibration/1"
_KEYS = {
    "schema", "standard", "axis", "coefficients_cm1", "centre_cm1", "start_cm1", "stop_cm1",
    "bands", "missing_cm1",
}  # fmt: skip
_MOST_BANDS = 200
_POSITION = Parameter(kind=float, low=-1e5, high=1e5)


def to_json(calibration: AxisCalibration) -> str:
    """Return the one JSON form of a calibration: sorted keys, no spaces."""
    document = {
        "schema": SCHEMA,
        "standard": calibration.standard,
        "axis": calibration.x_kind.value,
        "coefficients_cm1": list(calibration.coefficients_cm1),
        "centre_cm1": calibration.centre_cm1,
        "start_cm1": calibration.start_cm1,
        "stop_cm1": calibration.stop_cm1,
        "bands": [
            [band.reference_cm1, band.found_cm1, band.residual_cm1] for band in calibration.bands
        ],
        "missing_cm1": list(calibration.missing_cm1),
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def from_json(text: str) -> AxisCalibration:
    """Return the calibration that a text describes.

    Raises
    ------
    SpectrumError
        Not JSON, another schema, a key missing, unknown or repeated, or numbers that are no
        correction.
    """
    given = members(loaded(text, "an axis calibration"), _KEYS, "an axis calibration")
    if given["schema"] != SCHEMA:
        raise SpectrumError(f"schema {str(given['schema'])[:60]!r}, {SCHEMA!r} is expected")
    axis = Parameter(kind=str, choices=(XKind.RAMAN_SHIFT.value, XKind.WAVENUMBER.value))
    return AxisCalibration(
        standard=str(Parameter(kind=str).accept(given["standard"], "standard")),
        x_kind=XKind(str(axis.accept(given["axis"], "axis"))),
        coefficients_cm1=_numbers(given["coefficients_cm1"], "coefficients_cm1"),
        centre_cm1=_number(given["centre_cm1"], "centre_cm1"),
        start_cm1=_number(given["start_cm1"], "start_cm1"),
        stop_cm1=_number(given["stop_cm1"], "stop_cm1"),
        bands=tuple(_band(each) for each in _rows(given["bands"], "bands")),
        missing_cm1=_numbers(given["missing_cm1"], "missing_cm1"),
    )


def _band(row: object) -> BandFit:
    values = _numbers(row, "a band")
    if len(values) != 3:
        raise SpectrumError(f"a band of {len(values)} numbers; reference, found and residual")
    reference, found, residual = values
    return BandFit(reference_cm1=reference, found_cm1=found, residual_cm1=residual)


def _rows(value: object, name: str) -> list[object]:
    if not isinstance(value, list) or len(value) > _MOST_BANDS:
        raise SpectrumError(f"{name} is not a list of at most {_MOST_BANDS}")
    return value


def _numbers(value: object, name: str) -> tuple[float, ...]:
    return tuple(_number(each, name) for each in _rows(value, name))


def _number(value: object, name: str) -> float:
    number = _POSITION.accept(value, name)
    if not isinstance(number, float):
        raise SpectrumError(f"{name} is no number")
    return number
