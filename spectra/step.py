"""What a preprocessing step is: its name, version, parameters, needs, and what it leaves in words.

Holds the vocabulary only; the steps themselves stand in `spectra.steps`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from spectra.axis import FloatArray, XKind, YKind
from spectra.derivative import BoolArray
from spectra.errors import SpectrumError
from spectra.grid import Grid
from spectra.spectrum import Spectrum

Value = float | int | str | bool | tuple[float, ...]
Values = Mapping[str, Value]
_LONGEST_TEXT = 200
_MOST_NUMBERS = 16
# Steps of a grid agree to 1 part in 10⁴, as `Grid.from_axis` asks.
_EQUAL_TO = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was done, with its parameters as text."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        inside = ", ".join(f"{key} {value}" for key, value in self.parameters.items())
        return f"{self.name} ({inside})" if inside else self.name


class Need(StrEnum):
    """What a step asks of the curve it is given."""

    POINTS = "points"
    CM1 = "cm1"
    EQUAL_STEPS = "equal_steps"
    CHANNELS = "channels"
    RAMAN = "raman"
    INFRARED = "infrared"
    ABSORBANCE = "absorbance"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A spectrum on its way through a pipeline.

    Parameters
    ----------
    spectrum : Spectrum
        Points in any direction; NaN marks what must not be used.
    grid : Grid or None
        Once resampled.
    native_step_cm1 : float or None
        Median step before resampling.
    measured : ndarray of bool, shape (grid.n_points,), or None
        Grid points that the measurement reached.
    left_out : tuple of (float, float)
        Regions excluded so far, in cm⁻¹.
    scaled : bool
        True once the ordinate has lost its unit.
    """

    spectrum: Spectrum
    grid: Grid | None = None
    native_step_cm1: float | None = None
    measured: BoolArray | None = None
    left_out: tuple[tuple[float, float], ...] = ()
    scaled: bool = False

    @property
    def x(self) -> FloatArray:
        """The axis, shape (n_points,)."""
        return self.spectrum.x

    @property
    def y(self) -> FloatArray:
        """The ordinate, shape (n_points,)."""
        return self.spectrum.y

    @property
    def step_cm1(self) -> float:
        """Signed step of an equally spaced axis."""
        return float(self.x[-1] - self.x[0]) / (self.x.size - 1)

    def with_y(self, y: FloatArray, **changes: object) -> Curve:
        """Return the curve with another ordinate on the same axis."""
        return replace(self, spectrum=replace(self.spectrum, y=y), **changes)  # type: ignore[arg-type]

    def refuse(self, needs: Iterable[Need], step: str) -> None:
        """Raise unless the curve has all that a step needs.

        Raises
        ------
        SpectrumError
            With what is wanting and what to do about it.
        """
        for need in needs:
            met, message, hint = _CHECKS[need]
            if not met(self):
                raise SpectrumError(f"{step} {message}", hint=hint)


def _equally_spaced(curve: Curve) -> bool:
    if curve.x.size < 2:
        return False
    steps = np.diff(curve.x)
    return bool(np.abs(steps - curve.step_cm1).max() <= _EQUAL_TO * abs(curve.step_cm1))


_CHECKS: Mapping[Need, tuple[Callable[[Curve], bool], str, str]] = {
    Need.POINTS: (
        lambda curve: bool(np.isfinite(curve.y).any()),
        "has no measured point to work on",
        "Measure within the range of the pipeline.",
    ),
    Need.CM1: (
        lambda curve: curve.spectrum.x_kind in (XKind.WAVENUMBER, XKind.RAMAN_SHIFT),
        "needs an axis in cm⁻¹",
        "Put `convert` before it.",
    ),
    Need.EQUAL_STEPS: (
        _equally_spaced,
        "needs equally spaced points",
        "Put `resample` before it.",
    ),
    Need.CHANNELS: (
        lambda curve: curve.grid is None,
        "works on the detector's channels, and these points have been resampled",
        "Put it before `resample`.",
    ),
    Need.RAMAN: (
        lambda curve: curve.spectrum.x_kind is XKind.RAMAN_SHIFT,
        "is for Raman spectra",
        "Cosmic rays do not reach an infrared spectrum: leave the step out.",
    ),
    Need.INFRARED: (
        lambda curve: curve.spectrum.x_kind is XKind.WAVENUMBER,
        "is for infrared spectra",
        "Leave the step out for Raman.",
    ),
    Need.ABSORBANCE: (
        lambda curve: curve.spectrum.y_kind is YKind.ABSORBANCE and not curve.scaled,
        "needs absorbance, not yet normalised or differentiated",
        "Put it after `convert` and before those.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a step: what it may be and what it is when not stated.

    Parameters
    ----------
    kind : type
        ``float``, ``int``, ``str``, ``bool``, or ``tuple`` for a row of numbers.
    default : value or None
        None: it must be stated.
    low, high : float
        Both allowed; for numbers and each of a row.
    choices : tuple of str
        Allowed texts; empty allows any of at most 200 characters.
    """

    kind: type
    default: Value | None = None
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()

    def accept(self, value: object, name: str) -> Value:
        """Return a value in its own type.

        Raises
        ------
        SpectrumError
            Of another type or out of range.
        """
        if self.kind is bool:
            if isinstance(value, bool):
                return value
            raise _unfit(name, value, "true or false")
        if self.kind is str:
            fits = isinstance(value, str) and len(value) <= _LONGEST_TEXT and value.isprintable()
            if isinstance(value, str) and fits and (not self.choices or value in self.choices):
                return value
            raise _unfit(name, value, " or ".join(self.choices) or "a short text")
        if self.kind is tuple:
            if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= _MOST_NUMBERS:
                raise _unfit(name, value, f"1 to {_MOST_NUMBERS} numbers")
            return tuple(float(self._number(each, name)) for each in value)
        return self._number(value, name)

    def _number(self, value: object, name: str) -> float | int:
        whole = self.kind is int
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _unfit(name, value, "a whole number" if whole else "a number")
        # A whole number of a JSON text may be longer than any float.
        if not (self.low <= value <= self.high and abs(value) < 1e300):
            raise _unfit(name, value, f"{self.low:g} to {self.high:g}")
        if whole and value != int(value):
            raise _unfit(name, value, "a whole number")
        # Adding zero makes one number of the two zeros, which are equal but written differently.
        return int(value) if whole else float(value) + 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepKind:
    """A step that pipelines may name.

    Parameters
    ----------
    name : str
    version : int
        Changes when the same parameters would give other numbers.
    work : callable
        (curve, values) to (curve, what was done in words, or None when nothing was).
    parameters : mapping of str to Parameter
    needs : tuple of Need
    reading : bool
        True for what only makes a file's curve readable (units, direction, range, axis): the
        quality gate judges the curve after the last of these that lead a pipeline.
    """

    name: str
    version: int
    work: Callable[[Curve, Values], tuple[Curve, Step | None]]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    reading: bool = False

    def values(self, given: Mapping[str, object], *, complete: bool = False) -> dict[str, Value]:
        """Return all parameters of the step, checked, in the order of their declaration.

        Parameters
        ----------
        given : mapping
        complete : bool
            True asks for every parameter, as a stored pipeline must have it.

        Raises
        ------
        SpectrumError
            One is unknown, missing, of another type or out of range.
        """
        unknown = sorted(set(given) - set(self.parameters))
        if unknown:
            raise SpectrumError(
                f"step {self.name} has no parameter {unknown[0][:60]!r}",
                hint=nearest(unknown[0], self.parameters),
            )
        made: dict[str, Value] = {}
        for name, parameter in self.parameters.items():
            default = None if complete else parameter.default
            if name not in given and default is None:
                raise SpectrumError(f"step {self.name} without its parameter {name!r}")
            value = given.get(name, default)
            made[name] = parameter.accept(value, f"{self.name}.{name}")
        return made


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint that names what may have been meant."""
    import difflib

    names = sorted(known)
    close = difflib.get_close_matches(word[:60], names, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(names) or 'none'}."


def _unfit(name: str, found: object, expected: str) -> SpectrumError:
    shown = str(type(found).__name__) if isinstance(found, (dict, list, tuple)) else str(found)[:60]
    return SpectrumError(f"{name} is {shown}; {expected} is expected")
