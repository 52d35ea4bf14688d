"""Which substances a mass spectrum does not tell apart by itself: those of one formula."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spectra.axis import IntArray


def family_codes(formulas: Sequence[str], groups: IntArray) -> IntArray:
    """Return the isomer family number of each row: rows of one formula share it, shape (n,).

    The same rule as `libraries.candidates.Candidate.family`.
    """
    keys = [
        f"={text}" if text else f"#{group}" for text, group in zip(formulas, groups, strict=True)
    ]
    number = {key: at for at, key in enumerate(sorted(set(keys)))}
    return np.array([number[key] for key in keys], dtype=np.int64)
