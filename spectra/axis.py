"""What an axis measures and in which unit: closed lists, with ``unknown`` as a real answer."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from spectra.errors import AxisError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class XKind(StrEnum):
    """What the x axis measures."""

    WAVENUMBER = "wavenumber"
    RAMAN_SHIFT = "raman_shift"
    WAVELENGTH = "wavelength"
    MZ = "mz"
    TIME = "time"
    PIXEL = "pixel"
    UNKNOWN = "unknown"


class YKind(StrEnum):
    """What the ordinate measures."""

    ABSORBANCE = "absorbance"
    TRANSMITTANCE = "transmittance"
    REFLECTANCE = "reflectance"
    LOG_1_OVER_R = "log_1_over_r"
    KUBELKA_MUNK = "kubelka_munk"
    PHOTOACOUSTIC = "photoacoustic"
    SINGLE_BEAM = "single_beam"
    INTERFEROGRAM = "interferogram"
    RAMAN_INTENSITY = "raman_intensity"
    ABUNDANCE = "abundance"
    DETECTOR_SIGNAL = "detector_signal"
    UNKNOWN = "unknown"


# Units are plain strings, one spelling each. Counts and detector units stay as the file has them.
UNIT_CM1 = "cm-1"
UNIT_NM = "nm"
UNIT_UM = "um"
UNIT_MZ = "m/z"
UNIT_S = "s"
UNIT_MIN = "min"
UNIT_ONE = "1"
UNIT_PERCENT = "%"
UNIT_COUNTS = "counts"
UNIT_UNKNOWN = "unknown"


def check_axis(x: FloatArray, *, what: str = "x axis") -> None:
    """Raise unless an axis is finite and strictly monotonic in either direction.

    Parameters
    ----------
    x : ndarray of float, shape (n_points,)
    what : str
        Named in the message.

    Raises
    ------
    AxisError
        With the first place where the axis breaks its direction.
    """
    if x.ndim != 1 or x.size == 0:
        raise AxisError(f"{what} is empty", hint="Export the spectrum again.")
    if not np.isfinite(x).all():
        bad = int(np.flatnonzero(~np.isfinite(x))[0])
        raise AxisError(f"{what} is not a number at point {bad + 1} of {x.size}")
    if x.size == 1:
        return
    steps = np.diff(x)
    wrong = np.flatnonzero(steps <= 0) if steps[0] > 0 else np.flatnonzero(steps >= 0)
    if wrong.size:
        at = int(wrong[0])
        raise AxisError(
            f"{what} changes direction at point {at + 2} of {x.size}: {x[at]:g} then {x[at + 1]:g}",
            hint="Stitched windows or a map? Export a single spectrum.",
        )
