"""What an x axis that does not run in one direction most likely is. Tells; never repairs."""

from __future__ import annotations

import numpy as np

from spectra.axis import FloatArray

# More windows than this on one axis is no stitched scan but the wrong column.
_MOST_WINDOWS = 40
_LEAST_POINTS = 5


def axis_story(x: FloatArray) -> str:
    """Return in words why an axis is not monotonic, or an empty text when it is.

    Parameters
    ----------
    x : ndarray of float, shape (n_points,)
        Finite, file order.
    """
    if x.size < 2:
        return ""
    steps = np.diff(x)
    rising, falling = int((steps > 0).sum()), int((steps < 0).sum())
    if rising == steps.size or falling == steps.size:
        return ""
    if not rising and not falling:
        return "x has one value only: the wrong column"
    forward = steps > 0 if rising >= falling else steps < 0
    breaks = np.flatnonzero(~forward)
    if (steps[breaks] == 0).all():
        return f"{breaks.size} points repeat the x before them: stitched windows, or rounded"
    lengths = np.diff(np.concatenate(([0], breaks + 1, [x.size])))
    if breaks.size >= _MOST_WINDOWS or int(lengths.min()) < _LEAST_POINTS:
        return "x goes up and down: the wrong column, or rows out of order"
    first = x[: int(lengths[0])]
    repeats = [x[int(at) + 1] == first[0] for at in breaks]
    if all(repeats):
        return f"x starts again {breaks.size} times at {first[0]:g}: a map or repeated scans"
    jumps = ", ".join(f"{x[at]:g} back to {x[at + 1]:g}" for at in breaks[:3])
    return f"stitched from {breaks.size + 1} windows that overlap ({jumps})"
