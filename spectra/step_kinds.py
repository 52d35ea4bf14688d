"""The table of preprocessing steps that a pipeline may name: versions, parameters, needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from spectra import atr, despike, normalize, steps
from spectra.axis import XKind
from spectra.derivative import WINDOW_CM1
from spectra.step import Need, Parameter, StepKind, Value

if TYPE_CHECKING:
    from spectra.calibrate_axis import AxisCalibration

_CM1 = Parameter(kind=float, low=-1e5, high=1e5)


def _width(default: float) -> Parameter:
    return Parameter(kind=float, default=default, low=0.01, high=1e5)


_OPTICS = {
    "crystal_index": Parameter(kind=float, default=atr.DIAMOND, low=1.0, high=6.0),
    "sample_index": Parameter(kind=float, default=1.5, low=1.0, high=6.0),
    "angle_deg": Parameter(kind=float, default=45.0, low=0.1, high=89.9),
    "reflections": Parameter(kind=int, default=1, low=1, high=100),
}
_AXES = (XKind.RAMAN_SHIFT.value, XKind.WAVENUMBER.value)
_EVEN = (Need.CM1, Need.POINTS, Need.EQUAL_STEPS)

_ALL = (
    StepKind(name="convert", version=1, work=steps.convert_step, reading=True),
    StepKind(
        name="reflectance",
        version=1,
        work=steps.reflectance_step,
        parameters={"form": Parameter(kind=str, choices=("log_1_over_r", "kubelka_munk"))},
        reading=True,
    ),
    StepKind(
        name="require",
        version=1,
        work=steps.require_step,
        parameters={"axis": Parameter(kind=str, choices=_AXES)},
        reading=True,
    ),
    StepKind(name="ascend", version=1, work=steps.ascend_step, reading=True),
    StepKind(
        name="clip",
        version=1,
        work=steps.clip_step,
        parameters={
            "start_cm1": _CM1,
            "stop_cm1": _CM1,
            "margin_cm1": Parameter(kind=float, default=0.0, low=0.0, high=1e4),
        },
        needs=(Need.CM1,),
        reading=True,
    ),
    StepKind(
        name="calibrate_axis",
        version=1,
        work=steps.calibrate_step,
        parameters={
            "standard": Parameter(kind=str),
            "axis": Parameter(kind=str, choices=_AXES),
            "coefficients_cm1": Parameter(kind=tuple, low=-1e4, high=1e4),
            "centre_cm1": _CM1,
            "start_cm1": _CM1,
            "stop_cm1": _CM1,
            "n_bands": Parameter(kind=int, low=1, high=1000),
            "residual_cm1": Parameter(kind=float, low=0.0, high=100.0),
        },
        needs=(Need.CM1, Need.CHANNELS),
        reading=True,
    ),
    StepKind(
        name="despike",
        version=1,
        work=steps.despike_step,
        parameters={
            "max_width_points": Parameter(
                kind=float, default=despike.MAX_WIDTH_POINTS, low=0.5, high=8.0
            ),
            "min_prominence": Parameter(
                kind=float, default=despike.MIN_PROMINENCE, low=3.0, high=1e6
            ),
            "resolution_cm1": Parameter(kind=float, default=0.0, low=0.0, high=1000.0),
        },
        needs=(Need.CM1, Need.RAMAN, Need.CHANNELS),
    ),
    StepKind(
        name="resample",
        version=1,
        work=steps.resample_step,
        parameters={
            "start_cm1": _CM1,
            "stop_cm1": _CM1,
            "step_cm1": Parameter(kind=float, low=0.01, high=1e4),
        },
        needs=(Need.CM1,),
    ),
    StepKind(
        name="exclude",
        version=1,
        work=steps.exclude_step,
        parameters={
            "name": Parameter(kind=str),
            "start_cm1": _CM1,
            "stop_cm1": _CM1,
            "reason": Parameter(kind=str),
        },
        needs=(Need.CM1,),
    ),
    StepKind(
        name="arpls",
        version=1,
        work=steps.arpls_step,
        parameters={
            "period_cm1": _width(500.0),
            "tolerance": Parameter(kind=float, default=1e-3, low=1e-12, high=0.5),
            "max_iterations": Parameter(kind=int, default=51, low=1, high=1000),
        },
        needs=_EVEN,
    ),
    StepKind(
        name="snip",
        version=1,
        work=steps.snip_step,
        parameters={
            "half_window_cm1": _width(60.0),
            "counts": Parameter(kind=bool, default=True),
        },
        needs=_EVEN,
    ),
    StepKind(
        name="smooth",
        version=1,
        work=steps.smooth_step,
        parameters={
            "window_cm1": _width(10.0),
            "order": Parameter(kind=int, default=2, low=0, high=6),
        },
        needs=_EVEN,
    ),
    StepKind(
        name="derivative",
        version=1,
        work=steps.derivative_step,
        parameters={
            "order": Parameter(kind=int, default=1, low=1, high=2),
            "window_cm1": _width(WINDOW_CM1),
        },
        needs=_EVEN,
    ),
    StepKind(
        name="normalize",
        version=1,
        work=steps.normalize_step,
        parameters={
            "method": Parameter(kind=str, default="maximum", choices=tuple(normalize.METHODS))
        },
        needs=(Need.CM1, Need.POINTS),
    ),
    StepKind(
        name="atr",
        version=1,
        work=steps.atr_step,
        parameters={
            "form": Parameter(kind=str, default="depth", choices=("depth", "weak", "fresnel")),
            "reference_cm1": Parameter(kind=float, default=1000.0, low=1.0, high=1e5),
            **_OPTICS,
        },
        needs=(Need.CM1, Need.INFRARED, Need.POINTS, Need.ABSORBANCE),
    ),
)
STEP_KINDS: Mapping[str, StepKind] = MappingProxyType({kind.name: kind for kind in _ALL})
"""By name."""


def calibration_values(calibration: AxisCalibration) -> dict[str, Value]:
    """Return the parameters of a ``calibrate_axis`` step that applies a calibration."""
    return {
        "standard": calibration.standard,
        "axis": calibration.x_kind.value,
        "coefficients_cm1": calibration.coefficients_cm1,
        "centre_cm1": calibration.centre_cm1,
        "start_cm1": calibration.start_cm1,
        "stop_cm1": calibration.stop_cm1,
        "n_bands": max(len(calibration.bands), 1),
        "residual_cm1": calibration.rms_cm1,
    }
