"""Preprocessing as a named, versioned, ordered list of steps that leaves a record of itself.

A pipeline is plain data: frozen, hashable, with one JSON form (`fol.pipeline/1`) in which every
parameter is stated. The same JSON on the same spectrum gives the same bytes.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spectra import quality
from spectra.axis import FloatArray, XKind, YKind, check_axis
from spectra.derivative import BoolArray
from spectra.errors import SpectrumError
from spectra.grid import Grid
from spectra.quality import CalibrationAge, Quality
from spectra.spectrum import Spectrum
from spectra.step import Curve, Step, Value, nearest
from spectra.step_kinds import STEP_KINDS, calibration_values
from spectra.strict_json import loaded, members

if TYPE_CHECKING:
    from spectra.calibrate_axis import AxisCalibration

SCHEMA = "fol.pipeline/1"
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{0,59}")
_MOST_STEPS = 40
# Sums over windows of larger values would overflow.
_LARGEST_ORDINATE = 1e100
_MOST_POINTS = 5_000_000


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of a pipeline with all its parameters; make it with `planned`.

    Parameters
    ----------
    kind : str
        A name of `spectra.step_kinds.STEP_KINDS`.
    parameters : tuple of (str, value)
        Every parameter, in the order of its declaration.
    """

    kind: str
    parameters: tuple[tuple[str, Value], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in STEP_KINDS:
            raise SpectrumError(
                f"no step is called {self.kind[:60]!r}", hint=nearest(self.kind, STEP_KINDS)
            )
        whole = STEP_KINDS[self.kind].values(dict(self.parameters), complete=True)
        object.__setattr__(self, "parameters", tuple(whole.items()))


def planned(kind: str, **parameters: object) -> PlannedStep:
    """Return a step with what is not stated at its default.

    Raises
    ------
    SpectrumError
        No such step or parameter, or a value out of range.

    Examples
    --------
    >>> planned("smooth", window_cm1=12.0).parameters
    (('window_cm1', 12.0), ('order', 2))
    """
    if kind not in STEP_KINDS:
        raise SpectrumError(f"no step is called {kind[:60]!r}", hint=nearest(kind, STEP_KINDS))
    return PlannedStep(kind, tuple(STEP_KINDS[kind].values(parameters).items()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Processed:
    """What a pipeline made of a spectrum.

    Parameters
    ----------
    x, y : ndarray of float, shape (n_points,)
        Read-only; ``y`` is NaN where nothing was measured or a region was left out.
    covered : ndarray of bool, shape (n_points,)
        Where ``y`` is a number.
    x_kind, y_kind : XKind, YKind
        ``y_kind`` is ``UNKNOWN`` after a derivative.
    steps : tuple of Step
        What was done, in order.
    quality : Quality
        Of the curve before the first step that changed its ordinate or spacing.
    grid : Grid or None
        Where the pipeline resampled.
    pipeline, digest : str
        Name and version, and SHA-256 of its JSON.
    """

    x: FloatArray
    y: FloatArray
    covered: BoolArray
    x_kind: XKind
    y_kind: YKind
    steps: tuple[Step, ...]
    quality: Quality
    grid: Grid | None
    pipeline: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """An ordered list of steps.

    Parameters
    ----------
    name : str
        Small letters, digits, ``-``, ``+`` and ``.``; at most 60.
    version : int
        From 1; another number for other steps under the same name.
    steps : tuple of PlannedStep
        At least one.

    Raises
    ------
    SpectrumError
        The name, version or number of steps is not allowed.
    """

    name: str
    version: int
    steps: tuple[PlannedStep, ...]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SpectrumError(
                f"a pipeline called {self.name[:60]!r}",
                hint="Use small letters, digits, '-', '+' and '.', at most 60.",
            )
        if not 1 <= self.version <= 9999 or not 1 <= len(self.steps) <= _MOST_STEPS:
            raise SpectrumError(
                f"pipeline {self.name}, version {str(self.version)[:12]}, {len(self.steps)} steps",
                hint=f"Versions go from 1 to 9999, steps from 1 to {_MOST_STEPS}.",
            )
        object.__setattr__(self, "steps", tuple(self.steps))

    @property
    def identity(self) -> str:
        """Name and version, as it stands in records."""
        return f"{self.name}/{self.version}"

    @property
    def digest(self) -> str:
        """SHA-256 of the JSON form, hexadecimal."""
        return _digest(self)

    def to_json(self) -> str:
        """Return the one JSON form: sorted keys, no spaces, every parameter, step versions."""
        steps = [
            {
                "step": step.kind,
                "version": STEP_KINDS[step.kind].version,
                "parameters": dict(step.parameters),
            }
            for step in self.steps
        ]
        document = {
            "schema": SCHEMA,
            "name": self.name,
            "version": self.version,
            "steps": steps,
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Pipeline:
        """Return the pipeline that a JSON text describes, strictly.

        Raises
        ------
        SpectrumError
            Not JSON, another schema, or any key, step, version or parameter that is unknown,
            missing, repeated, of another type or out of range.
        """
        document = members(
            loaded(text, "a pipeline"), {"schema", "name", "version", "steps"}, "a pipeline"
        )
        if document["schema"] != SCHEMA:
            raise SpectrumError(
                f"schema {str(document['schema'])[:60]!r}, {SCHEMA!r} is expected",
                hint="Another version of this program may have written it.",
            )
        steps, name, version = document["steps"], document["name"], document["version"]
        if not isinstance(steps, list) or not isinstance(name, str):
            raise SpectrumError("a pipeline whose steps are no list, or whose name is no text")
        if isinstance(version, bool) or not isinstance(version, int):
            raise SpectrumError("a pipeline whose version is no whole number")
        if len(steps) > _MOST_STEPS:
            raise SpectrumError(f"{len(steps)} steps; at most {_MOST_STEPS} are allowed")
        return cls(name=name, version=version, steps=tuple(_step(each) for each in steps))

    def calibrated(self, calibration: AxisCalibration) -> Pipeline:
        """Return the pipeline with an axis calibration among its reading steps.

        It goes right after the conversion, before anything is clipped; the name gains ``+axis``.
        """
        step = PlannedStep("calibrate_axis", tuple(calibration_values(calibration).items()))
        kept = [each for each in self.steps if each.kind != "calibrate_axis"]
        at = 0
        while at < len(kept) and kept[at].kind in ("convert", "require"):
            at += 1
        name = self.name if self.name.endswith("+axis") else f"{self.name}+axis"
        return Pipeline(name=name, version=self.version, steps=(*kept[:at], step, *kept[at:]))

    def apply(
        self,
        spectrum: Spectrum,
        *,
        replicates: Sequence[Spectrum] = (),
        age: CalibrationAge | None = None,
    ) -> Processed:
        """Return a spectrum with every step done and recorded.

        Parameters
        ----------
        spectrum : Spectrum
            As read, in any direction; never changed.
        replicates : sequence of Spectrum
            Further acquisitions of the same portion on the same axis. With two or more of them
            cosmic rays are found by comparing, and the mean goes on; needs a ``despike`` step.
        age : CalibrationAge or None
            Of the instrument's axis, where known: an overdue one is a reason of the gate.

        Raises
        ------
        AxisError
            The axis is empty, not finite, or changes direction.
        SpectrumError
            A step cannot be done on this curve; the message says which and why.
        """
        done: list[Step] = []
        compared = bool(replicates)
        if compared:
            spectrum, step = self._merge([spectrum, *replicates])
            done.append(step)
        _check(spectrum)
        curve = Curve(spectrum=spectrum)
        judged: Curve | None = None
        for each in self.steps:
            kind = STEP_KINDS[each.kind]
            if compared and each.kind == "despike":
                continue
            if judged is None and not kind.reading:
                judged = curve
            curve.refuse(kind.needs, each.kind)
            curve, step_done = kind.work(curve, dict(each.parameters))
            if step_done is not None:
                done.append(step_done)
        return Processed(
            x=curve.x,
            y=curve.y,
            covered=_frozen(np.isfinite(curve.y)),
            x_kind=curve.spectrum.x_kind,
            y_kind=curve.spectrum.y_kind,
            steps=tuple(done),
            quality=_gate(judged or curve, curve, spectrum.faults, age),
            grid=curve.grid,
            pipeline=self.identity,
            digest=self.digest,
        )

    def _merge(self, acquisitions: Sequence[Spectrum]) -> tuple[Spectrum, Step]:
        """Return the mean of acquisitions, with a clipped one of them as a fault of the whole."""
        if not any(each.kind == "despike" for each in self.steps):
            raise SpectrumError(
                f"several acquisitions and no despiking step in {self.identity}",
                hint="Give one spectrum, or a pipeline with `despike`.",
            )
        from spectra.acquisitions import merged

        mean, step = merged(acquisitions)
        faults = []
        for number, each in enumerate(acquisitions, 1):
            reason = quality.saturation(self._as_read(each).y, absorbance=False)[1]
            if reason:
                faults.append(f"acquisition {number} is {reason}")
        return replace(mean, faults=(*mean.faults, *faults)), step

    def _as_read(self, spectrum: Spectrum) -> Curve:
        """Return a spectrum after the reading steps that lead the pipeline."""
        _check(spectrum)
        curve = Curve(spectrum=spectrum)
        for each in self.steps:
            kind = STEP_KINDS[each.kind]
            if not kind.reading:
                break
            curve.refuse(kind.needs, each.kind)
            curve, _ = kind.work(curve, dict(each.parameters))
        return curve


def _gate(
    judged: Curve, made: Curve, faults: tuple[str, ...], age: CalibrationAge | None
) -> Quality:
    """Return the verdict on the curve as it was before its ordinate or spacing changed."""
    y = np.where(np.isfinite(judged.y), judged.y, np.nan)
    if made.measured is not None and made.grid is not None:
        left_out = np.zeros(made.grid.n_points, dtype=np.bool_)
        for start, stop in made.left_out:
            left_out |= (made.grid.x >= start) & (made.grid.x <= stop)
        inside = int(np.count_nonzero(~left_out))
        share = float(np.count_nonzero(made.measured & ~left_out)) / max(inside, 1)
        step = made.native_step_cm1 or 0.0
    else:
        share = float(np.isfinite(y).mean()) if y.size else 0.0
        step = float(np.median(np.abs(np.diff(judged.x)))) if y.size > 1 else 0.0
    return quality.check(
        y,
        covered=share,
        step_cm1=step,
        absorbance=judged.spectrum.y_kind is YKind.ABSORBANCE,
        faults=faults,
        age=age,
    )


@functools.lru_cache(maxsize=128)
def _digest(pipeline: Pipeline) -> str:
    return hashlib.sha256(pipeline.to_json().encode("utf-8")).hexdigest()


def _check(spectrum: Spectrum) -> None:
    if spectrum.x.size > _MOST_POINTS:
        raise SpectrumError(f"a curve of {spectrum.x.size} points; {_MOST_POINTS} at most")
    check_axis(spectrum.x)
    finite = spectrum.y[np.isfinite(spectrum.y)]
    largest = float(np.abs(finite).max(initial=0.0))
    if largest > _LARGEST_ORDINATE:
        raise SpectrumError(
            f"an ordinate of {largest:.3g}: no instrument gives that",
            hint="The file may be damaged; export it again.",
        )


def _frozen(values: BoolArray) -> BoolArray:
    values.setflags(write=False)
    return values


def _step(value: object) -> PlannedStep:
    given = members(value, {"step", "version", "parameters"}, "a step")
    name, version, parameters = given["step"], given["version"], given["parameters"]
    if not isinstance(name, str) or name not in STEP_KINDS:
        raise SpectrumError(
            f"no step is called {str(name)[:60]!r}", hint=nearest(str(name), STEP_KINDS)
        )
    kind = STEP_KINDS[name]
    if not isinstance(version, int) or isinstance(version, bool) or version != kind.version:
        raise SpectrumError(
            f"step {name} in version {str(version)[:12]}; this program knows {kind.version}",
            hint="Process with the version of this program that wrote the pipeline.",
        )
    if not isinstance(parameters, dict):
        raise SpectrumError(f"step {name}: parameters are an object")
    return PlannedStep(name, tuple(kind.values(parameters, complete=True).items()))
