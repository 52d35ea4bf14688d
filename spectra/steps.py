"""What each preprocessing step does to a curve, and the words it leaves in the record.

Only glue: the mathematics stands in `baseline`, `despike`, `smooth`, `derivative`, `normalize`,
`atr`, `resample`, `convert` and `calibrate_axis`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from spectra import atr, baseline, despike, normalize, smooth
from spectra.axis import FloatArray, XKind, YKind
from spectra.convert import from_reflectance, to_absorbance
from spectra.derivative import first_derivative, half_window, second_derivative
from spectra.errors import NotComparableError, SpectrumError
from spectra.grid import Grid
from spectra.resample import onto_grid
from spectra.step import Curve, Step, Values

Done = tuple[Curve, Step | None]
_MOST_GRID_POINTS = 100_000


def _number(values: Values, name: str) -> float:
    return float(cast("float", values[name]))


def convert_step(curve: Curve, values: Values) -> Done:  # noqa: ARG001 - as every step
    """Bring the ordinate and axis to what libraries hold."""
    converted, words = to_absorbance(curve.spectrum)
    step = Step(name="convert", parameters={"step": words}) if words else None
    return replace(curve, spectrum=converted), step


def reflectance_step(curve: Curve, values: Values) -> Done:
    """Bring reflectance to what its accessory makes comparable, as a person declared."""
    converted, words = from_reflectance(
        curve.spectrum, kubelka_munk=values["form"] == "kubelka_munk"
    )
    return replace(curve, spectrum=converted), Step(name="reflectance", parameters={"step": words})


def require_step(curve: Curve, values: Values) -> Done:
    """Refuse a spectrum of the other technique."""
    found = curve.spectrum.x_kind
    if found.value != values["axis"]:
        technique = "raman" if values["axis"] == XKind.RAMAN_SHIFT.value else "ftir"
        raise NotComparableError(
            f"a spectrum over {found.value} is not a {technique} spectrum",
            hint="Say which technique made the file, or export it with its axis labelled.",
        )
    return curve, None


def ascend_step(curve: Curve, values: Values) -> Done:  # noqa: ARG001 - as every step
    """Turn a falling axis round."""
    if not curve.x.size or curve.x[0] <= curve.x[-1]:
        return curve, None
    turned = replace(curve.spectrum, x=curve.x[::-1], y=curve.y[::-1])
    return replace(curve, spectrum=turned), Step(name="reverse to ascending")


def clip_step(curve: Curve, values: Values) -> Done:
    """Keep the points within a range; in Raman this removes the laser line."""
    start, stop = _number(values, "start_cm1"), _number(values, "stop_cm1")
    margin = _number(values, "margin_cm1")
    keep = (curve.x >= start - margin) & (curve.x <= stop + margin)
    dropped = int(curve.x.size - np.count_nonzero(keep))
    y = np.where(np.isfinite(curve.y[keep]), curve.y[keep], np.nan)
    clipped = replace(curve, spectrum=replace(curve.spectrum, x=curve.x[keep], y=y))
    if not dropped:
        return clipped, None
    parameters = {
        "from": f"{start:g} cm⁻¹",
        "to": f"{stop:g} cm⁻¹",
        "points dropped": str(dropped),
    }
    return clipped, Step(name="clip to the compared range", parameters=parameters)


def calibrate_step(curve: Curve, values: Values) -> Done:
    """Correct the axis as a run of a standard asks for."""
    from spectra.calibrate_axis import AxisCalibration

    made = AxisCalibration(
        standard=str(values["standard"]),
        x_kind=XKind(str(values["axis"])),
        coefficients_cm1=cast("tuple[float, ...]", values["coefficients_cm1"]),
        centre_cm1=_number(values, "centre_cm1"),
        start_cm1=_number(values, "start_cm1"),
        stop_cm1=_number(values, "stop_cm1"),
    )
    if curve.spectrum.x_kind is not made.x_kind:
        raise SpectrumError(
            f"an axis calibration for {made.x_kind.value} and a spectrum over "
            f"{curve.spectrum.x_kind.value}",
            hint="Use the calibration of this instrument and technique.",
        )
    moved = replace(curve.spectrum, x=made.corrected(curve.x))
    ends = made.correction(np.array([made.start_cm1, made.stop_cm1]))
    parameters = {
        "standard": made.standard,
        "bands": str(values["n_bands"]),
        "residual": f"{_number(values, 'residual_cm1'):.2f} cm⁻¹",
        "added": f"{ends[0]:+.2f} cm⁻¹ at {made.start_cm1:.0f}, "
        f"{ends[1]:+.2f} at {made.stop_cm1:.0f}",
    }
    return replace(curve, spectrum=moved), Step(name="calibrate the axis", parameters=parameters)


def despike_step(curve: Curve, values: Values) -> Done:
    """Take out cosmic rays by their shape; a curve without a point has none."""
    if not np.isfinite(curve.y).any():
        return curve, Step(name="despike by shape", parameters={"channels edited": "0"})
    width = _number(values, "max_width_points")
    resolution = _number(values, "resolution_cm1")
    if resolution > 0 and curve.x.size > 1:
        width = despike.width_for(resolution, float(np.median(np.abs(np.diff(curve.x)))))
    made = despike.by_shape(
        curve.y, max_width_points=width, min_prominence=_number(values, "min_prominence")
    )
    parameters = {
        "widest": f"{width:.3g} channels",
        "from": f"{_number(values, 'min_prominence'):g} × noise",
        "channels edited": spike_words(made, curve.x),
    }
    return curve.with_y(made.y), Step(name="despike by shape", parameters=parameters)


def spike_words(made: despike.Despiked, x: FloatArray) -> str:
    """Return how many channels were edited and where the first ten of them are."""
    if not made.spikes:
        return "0"
    places = ", ".join(f"{x[spike.first]:.0f}" for spike in made.spikes[:10])
    more = f" and {len(made.spikes) - 10} more places" if len(made.spikes) > 10 else ""
    return f"{made.n_channels} at {places}{more} cm⁻¹"


def resample_step(curve: Curve, values: Values) -> Done:
    """Put the curve onto a grid."""
    grid = Grid(
        start_cm1=_number(values, "start_cm1"),
        stop_cm1=_number(values, "stop_cm1"),
        step_cm1=_number(values, "step_cm1"),
    )
    if grid.n_points > _MOST_GRID_POINTS:
        raise SpectrumError(f"a grid of {grid.n_points} points; {_MOST_GRID_POINTS} at most")
    made = onto_grid(curve.x, curve.y, grid) if curve.x.size else None
    y = np.full(grid.n_points, np.nan) if made is None else made.y
    native = 0.0 if made is None else made.native_step_cm1
    on_grid = replace(
        curve,
        spectrum=replace(curve.spectrum, x=grid.x, y=y),
        grid=grid,
        native_step_cm1=native,
        measured=np.isfinite(y),
    )
    if made is None:
        return on_grid, None
    parameters = {
        "method": made.method,
        "native step": f"{native:.4g} cm⁻¹",
        "grid": f"{grid.start_cm1:g} to {grid.stop_cm1:g} by {grid.step_cm1:g} cm⁻¹",
    }
    return on_grid, Step(name="resample", parameters=parameters)


def exclude_step(curve: Curve, values: Values) -> Done:
    """Leave a named region out."""
    start, stop = _number(values, "start_cm1"), _number(values, "stop_cm1")
    y = np.where((curve.x >= start) & (curve.x <= stop), np.nan, curve.y)
    parameters = {
        "from": f"{start:g} cm⁻¹",
        "to": f"{stop:g} cm⁻¹",
        "because": str(values["reason"]),
    }
    step = Step(name=f"leave out {values['name']}", parameters=parameters)
    return curve.with_y(y, left_out=(*curve.left_out, (start, stop))), step


def arpls_step(curve: Curve, values: Values) -> Done:
    """Subtract an arPLS baseline."""
    period = _number(values, "period_cm1")
    made = baseline.arpls(
        curve.y,
        baseline.smoothness(period, abs(curve.step_cm1)),
        tolerance=_number(values, "tolerance"),
        max_iterations=int(_number(values, "max_iterations")),
    )
    parameters = {"period": f"{period:g} cm⁻¹", "solves": str(made.iterations)}
    if not made.settled:
        parameters["weights"] = "not settled"
    return curve.with_y(_without(curve.y, made.y)), Step(
        name="arPLS baseline", parameters=parameters
    )


def snip_step(curve: Curve, values: Values) -> Done:
    """Subtract a SNIP background."""
    half = _number(values, "half_window_cm1")
    points = max(1, round(min(half / abs(curve.step_cm1), curve.x.size)))
    counts = bool(values["counts"])
    made = baseline.snip(curve.y, points, counts=counts)
    parameters = {
        "half window": f"{half:g} cm⁻¹",
        "clipped": "logarithms of counts" if counts else "the ordinate",
    }
    return curve.with_y(_without(curve.y, made)), Step(name="SNIP baseline", parameters=parameters)


def _without(y: FloatArray, background: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        left = y - background
    if np.isinf(left).any():
        raise SpectrumError("the ordinate is too large to take a baseline off")
    return np.asarray(left, dtype=np.float64)


def smooth_step(curve: Curve, values: Values) -> Done:
    """Smooth by moving polynomials."""
    half = half_window(abs(curve.step_cm1), _number(values, "window_cm1"))
    order = int(_number(values, "order"))
    y = smooth.savitzky_golay(curve.y, half, order)
    parameters = {"window": f"{2 * half + 1} points", "order": str(order)}
    return curve.with_y(y), Step(name="Savitzky-Golay smoothing", parameters=parameters)


def derivative_step(curve: Curve, values: Values) -> Done:
    """Differentiate once or twice."""
    order = int(_number(values, "order"))
    half = half_window(abs(curve.step_cm1), _number(values, "window_cm1"))
    if 2 * half + 1 > smooth.WIDEST:
        raise SpectrumError(f"a derivative over {2 * half + 1} points; {smooth.WIDEST} at most")
    differentiate = first_derivative if order == 1 else second_derivative
    with np.errstate(over="ignore", invalid="ignore"):
        slope, exists = differentiate(curve.y, half, curve.step_cm1)
    if not np.isfinite(slope).all():
        raise SpectrumError("the ordinate is too large to be differentiated")
    made = replace(
        curve.spectrum, y=np.where(exists, slope, np.nan), y_kind=YKind.UNKNOWN, y_unit="per cm-1"
    )
    name = f"Savitzky-Golay derivative {order}"
    step = Step(name=name, parameters={"window": f"{2 * half + 1} points", "order": "2"})
    return replace(curve, spectrum=made, scaled=True), step


def normalize_step(curve: Curve, values: Values) -> Done:
    """Bring to one scale."""
    method = str(values["method"])
    y = normalize.METHODS[method](curve.y, curve.x)
    words = {"method": method.replace("_", " ")}
    return curve.with_y(y, scaled=True), Step(name="normalise", parameters=words)


def atr_step(curve: Curve, values: Values) -> Done:
    """Correct for attenuated total reflection."""
    form = str(values["form"])
    reference = _number(values, "reference_cm1")
    if form == "depth":
        y = atr.depth_corrected(curve.y, curve.x, reference_cm1=reference)
        words = {"form": "depth only", "heights kept at": f"{reference:g} cm⁻¹"}
        return curve.with_y(y), Step(name="ATR correction", parameters=words)
    optics = atr.Optics(
        crystal_index=_number(values, "crystal_index"),
        sample_index=_number(values, "sample_index"),
        angle_deg=_number(values, "angle_deg"),
        reflections=int(_number(values, "reflections")),
    )
    # The film as thick as the light reaches at the reference, so that heights there stay alike.
    film = optics.reflections * float(atr.effective_thickness_um([reference], optics)[0])
    measured = np.flatnonzero(np.isfinite(curve.y))
    span = slice(int(measured[0]), int(measured[-1]) + 1)
    correct = atr.fresnel if form == "fresnel" else atr.weak_absorption
    y = curve.y.copy()
    y[span] = correct(y[span], curve.x[span], optics, thickness_um=film)
    words = {
        "form": "Fresnel with dispersion" if form == "fresnel" else "effective thickness",
        "crystal": f"{optics.crystal_index:g}",
        "sample": f"{optics.sample_index:g}",
        "angle": f"{optics.angle_deg:g}°",
        "reflections": str(optics.reflections),
        "film": f"{film:.3g} µm",
    }
    return curve.with_y(y), Step(name="ATR correction", parameters=words)
