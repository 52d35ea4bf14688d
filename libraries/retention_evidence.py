"""A measured retention index against what the libraries state of the substances of a hit list.

It can rule a name out and it is said where it cannot: it is never counted in a name's favour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from libraries import retention
from libraries.candidates import Candidate, Substances
from spectra import retention as indices
from spectra.decision import Decision
from spectra.retention import Phase, RetentionIndex, StatedIndex

if TYPE_CHECKING:
    from libraries.library import Library


@dataclass(frozen=True, slots=True, eq=False)
class RetentionEvidence:
    """The index of one component, and where the indices of its candidates are looked up."""

    measured: RetentionIndex
    substances: Substances
    libraries: Sequence[Library]

    def veto(self, substance: str) -> str:
        """Return why the index rules a substance out, or an empty text."""
        return indices.veto(self.measured, self._stated(substance))

    def remarks(self, decided: Decision) -> tuple[str, ...]:
        """Return what the index says of each substance that is named all the same."""
        return tuple(self._remark(name) for name in decided.substances)

    def measures(self, candidate: Candidate) -> dict[str, float]:
        """Return index and difference of the entry itself, where it states one for this phase."""
        draft = candidate.entry.draft
        stated = retention.kept(draft.retention_index, draft.provenance.conditions)
        same = self._same_phase(stated)
        if not same:
            return {}
        return {
            "retention_index": same[0].value,
            "retention_index_difference": self.measured.value - same[0].value,
        }

    def _remark(self, substance: str) -> str:
        stated = self._stated(substance)
        same = self._same_phase(stated)
        measured = f"{self.measured.value:.0f} ± {self.measured.uncertainty:.0f}"
        if same:
            nearest = min(same, key=lambda each: abs(each.value - self.measured.value))
            off = self.measured.value - nearest.value
            return f"retention index {measured} does not rule out {substance} ({off:+.0f})"
        if any(each.phase is Phase.UNKNOWN for each in stated):
            value = next(each.value for each in stated if each.phase is Phase.UNKNOWN)
            return (
                f"the libraries state a retention index of {substance} ({value:.0f}) without its "
                f"column's phase: not used beside the measured {measured}"
            )
        phase = self.measured.phase.value
        return f"no retention index of {substance} on a {phase} phase to hold {measured} against"

    def _same_phase(self, stated: Sequence[StatedIndex]) -> list[StatedIndex]:
        phase = self.measured.phase
        return [each for each in stated if each.phase is phase is not Phase.UNKNOWN]

    def _stated(self, substance: str) -> tuple[StatedIndex, ...]:
        """Return all indices the libraries hold of a substance of the list, replicates too."""
        group = next(each.group for each in self.substances.found if each.substance == substance)
        return tuple(
            dict.fromkeys(each for held in self.libraries for each in held.stated_indices(group))
        )
