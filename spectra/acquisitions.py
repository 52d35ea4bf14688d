"""Several acquisitions of one portion made one spectrum, with the step in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spectra.axis import XKind
from spectra.convert import to_absorbance
from spectra.errors import GridMismatchError, SpectrumError
from spectra.replicates import by_replicates
from spectra.spectrum import Spectrum
from spectra.step import Step
from spectra.steps import spike_words


def merged(acquisitions: Sequence[Spectrum]) -> tuple[Spectrum, Step]:
    """Return the mean of acquisitions of one portion without cosmic rays, and the step in words.

    Raises
    ------
    GridMismatchError
        The axes or ordinates differ.
    SpectrumError
        Fewer than three acquisitions, or they are not Raman spectra.
    """
    first = acquisitions[0]
    for other in acquisitions[1:]:
        same = (first.x_kind, first.y_kind, first.x_unit) == (
            other.x_kind,
            other.y_kind,
            other.x_unit,
        )
        if not same or not np.array_equal(first.x, other.x):
            raise GridMismatchError(
                "the acquisitions were not made on one axis in one unit",
                hint="Give acquisitions of one portion with the same settings.",
            )
    if to_absorbance(first)[0].x_kind is not XKind.RAMAN_SHIFT:
        raise SpectrumError(
            "several acquisitions are compared for cosmic rays in Raman spectra only",
            hint="Give one infrared spectrum.",
        )
    made = by_replicates([each.y for each in acquisitions])
    faults = tuple(dict.fromkeys(fault for each in acquisitions for fault in each.faults))
    mean = Spectrum(
        title=first.title,
        x=first.x,
        y=made.y,
        x_kind=first.x_kind,
        x_unit=first.x_unit,
        y_kind=first.y_kind,
        y_unit=first.y_unit,
        metadata=first.metadata,
        faults=faults,
    )
    parameters = {
        "acquisitions": str(len(acquisitions)),
        "channels edited": spike_words(made, first.x),
    }
    return mean, Step(name="despike by comparing acquisitions, then average", parameters=parameters)
