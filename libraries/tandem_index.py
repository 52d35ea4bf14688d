"""The MS/MS spectra of one library version, ready to be searched: fragments and precursors.

Built from drafts, stored as arrays, read back. Knows no electron-impact spectra: the two never
meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from libraries.entry import EntryDraft, Tandem
from libraries.errors import LibraryError
from libraries.families import family_codes
from libraries.index_files import Array
from spectra.axis import FloatArray, IntArray
from spectra.calibration import Calibration
from spectra.errors import NotComparableError
from spectra.peak_tandem import TandemIndex
from spectra.peak_tandem_clean import LARGEST_MZ
from spectra.tandem_rank import TandemRows, calibrate_tandem

TANDEM_VERSION = 1
"""Changes whenever stored arrays of the same spectra would differ."""

# What is left out between the precursor and the fragments; see `spectra.peak_tandem_clean`.
_PRECURSOR_DA = 1.6
_OWN = {
    "tandem_family": np.int64,
    "tandem_precursor": np.float64,
    "tandem_polarity": np.int8,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Fragments:
    """A searchable list of MS/MS spectra with what each row is."""

    index: TandemIndex
    facts: TandemRows

    def __len__(self) -> int:
        return self.index.n_rows

    @cached_property
    def n_polarities(self) -> tuple[int, int]:
        """How many rows are of positive and of negative ions."""
        sign = self.facts.polarities
        return int((sign > 0).sum()), int((sign < 0).sum())

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the named arrays as they are stored; the groups are the section's."""
        held = {f"fragments_{name}": array for name, array in self.index.arrays().items()}
        facts = self.facts
        return held | {
            "tandem_family": facts.families,
            "tandem_precursor": facts.precursors,
            "tandem_polarity": facts.polarities,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], groups: IntArray) -> Fragments:
        """Return what `arrays` described; memory-mapped arrays are used in place.

        Raises
        ------
        SpectrumError, LibraryError
            The arrays are not those of an index, or do not fit each other.
        """
        prefix = "fragments_"
        held = {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
        own = {name: arrays[name].astype(kind, copy=False) for name, kind in _OWN.items()}
        index = TandemIndex.from_arrays(held)
        if any(array.shape != (index.n_rows,) for array in own.values()):
            raise LibraryError("the precursors of the index do not fit its arrays")
        rows = TandemRows(
            groups=groups,
            families=own["tandem_family"],
            precursors=own["tandem_precursor"],
            polarities=own["tandem_polarity"],
        )
        return cls(index=index, facts=rows)


def check(draft: EntryDraft) -> None:
    """Raise where an MS/MS reference could never be found.

    Raises
    ------
    NotComparableError
        The message is the reason for the import report.
    """
    made = _made(draft)
    highest = min(made.precursor_mz - _PRECURSOR_DA, LARGEST_MZ)
    if not ((draft.x > 0) & (draft.x <= highest) & (draft.y > 0)).any():
        raise NotComparableError(
            f"no fragment lies below its precursor of m/z {made.precursor_mz:g}",
            hint="An MS/MS reference needs fragments, not the precursor alone.",
        )


def build(drafts: Sequence[EntryDraft], groups: IntArray) -> Fragments:
    """Return MS/MS references made searchable, in order."""
    made = [_made(each) for each in drafts]
    index = TandemIndex.build(
        [_peaks(each) for each in drafts],
        [each.precursor_mz for each in made],
        precursor_da=_PRECURSOR_DA,
    )
    facts = TandemRows(
        groups=groups,
        families=family_codes([each.identity.formula for each in drafts], groups),
        precursors=np.array([each.precursor_mz for each in made], dtype=np.float64),
        polarities=np.array([each.sign for each in made], dtype=np.int8),
    )
    return Fragments(index=index, facts=facts)


def calibration(
    fragments: Fragments,
    drafts: Sequence[EntryDraft],
    *,
    most_queries: int,
    pretreatment: str,
    asked: IntArray | None = None,
) -> Calibration:
    """Return the threshold of an MS/MS section from its own entries."""
    return calibrate_tandem(
        fragments.index,
        [_peaks(each) for each in drafts],
        fragments.facts,
        most_queries=most_queries,
        pretreatment=pretreatment,
        asked=asked,
    )


def _peaks(draft: EntryDraft) -> tuple[FloatArray, FloatArray]:
    return draft.x, draft.y


def _made(draft: EntryDraft) -> Tandem:
    if draft.tandem is None:
        raise LibraryError(f"the MS/MS entry {draft.identity.name!r} states no precursor")
    return draft.tandem
