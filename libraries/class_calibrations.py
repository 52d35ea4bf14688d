"""Thresholds for one kind of instrument, where a library has enough of it, and what they say.

A class with too few substances falls back to the threshold of all, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from libraries import instrument_class
from libraries.entry import EntryDraft
from spectra.axis import IntArray
from spectra.calibration import Calibration
from spectra.decision import Decision

FEWEST_OF_CLASS = 100
"""Substances of one class from which its own threshold is learned: the false-accept rate of a
threshold learned from n is Beta distributed, and at α 5 % and n 100 within 2.2 points (one standard
deviation) of what it promises."""

_KEPT = 12


def of(
    drafts: Sequence[EntryDraft],
    groups: IntArray,
    pooled: Calibration,
    learned: Callable[[IntArray], Calibration],
) -> Iterator[Calibration]:
    """Yield the calibration of each instrument class that has enough substances, in order.

    Parameters
    ----------
    drafts : sequence of EntryDraft
        Of one section, in index order.
    groups : ndarray of int, shape (n,)
    pooled : Calibration
        Of all together; its limits for mixtures hold for every class.
    learned : callable
        Gives the calibration of the rows asked.
    """
    classes = np.array([instrument_class.of_draft(each) for each in drafts])
    names, counts = np.unique(classes, return_counts=True)
    if names.size == 1:
        # All of one class: what was learned of all is what is known of it.
        yield replace(pooled, instrument_class=str(names[0]))
        return
    largest = [str(names[at]) for at in np.argsort(-counts, kind="stable")[:_KEPT]]
    for name in sorted(largest):
        rows = np.flatnonzero(classes == name).astype(np.int64)
        if np.unique(groups[rows]).size < FEWEST_OF_CLASS:
            continue
        found = learned(rows)
        if found.n >= FEWEST_OF_CLASS:
            yield replace(
                found,
                instrument_class=name,
                residual_limit=pooled.residual_limit,
                gain_limit=pooled.gain_limit,
            )


def told(decided: Decision, calibration: Calibration | None, asked: str) -> Decision:
    """Return a decision that says which instruments its threshold was learned from.

    Parameters
    ----------
    decided : Decision
    calibration : Calibration or None
        Behind it.
    asked : str
        Instrument class of the query.
    """
    if calibration is None or not calibration.sufficient:
        return replace(decided, instrument_class=asked)
    own = calibration.instrument_class
    n = calibration.n
    if own == asked and own != instrument_class.UNKNOWN:
        reason = f"threshold learned from {own} spectra (n {n})"
    elif asked == instrument_class.UNKNOWN:
        which = "spectra of unstated instruments" if own else "spectra of all instruments"
        reason = f"the instrument is not stated: threshold learned from {which} (n {n})"
    else:
        reason = (
            f"the library has too few {asked} spectra for a threshold of their own: "
            f"learned from all instruments (n {n})"
        )
    return replace(
        decided,
        instrument_class=asked,
        calibrated_on=own,
        reasons=(*decided.reasons, reason),
    )
