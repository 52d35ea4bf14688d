"""Two references against each other: how alike they are, and what tells their substances apart.

Scores are those of a search, so that what stands here is what a sample would meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, cast

import numpy as np

from libraries import candidates, section_index, tandem_index
from libraries.browse import Listing
from libraries.candidates import Candidate
from libraries.entry import Entry, Section
from libraries.errors import LibraryError
from libraries.section_index import SectionIndex
from spectra.axis import FloatArray
from spectra.contrast import TIE_DELTA_Z, fisher_z
from spectra.curve_index import CurveIndex
from spectra.errors import SpectrumError
from spectra.grid import canonical
from spectra.peak_index import PeakIndex
from spectra.spectrum import MassSpectrum, Technique

if TYPE_CHECKING:
    from libraries.library import Library

# Further spectra of a substance say the same as these, and each costs a comparison with all others.
_MOST_REPLICATES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How alike two references of one technique are.

    Parameters
    ----------
    hqi : float
        Hit quality index of the first searched against the second, 0 to 1, as in a hit list.
    measures : mapping of str to float
        As of a hit; of mass spectra also ``peaks``, ``reference_peaks`` and, where both masses are
        known, ``mass_difference`` (second less first, Da).
    """

    section: Section
    hqi: float
    measures: Mapping[str, float] = field(default_factory=dict)


class Apart(StrEnum):
    """Whether a technique tells two substances apart."""

    TOLD_APART = "told apart"
    NOT_TOLD_APART = "not told apart"
    UNTESTED = "not tested"
    NOT_MEASURED = "not measured"
    SAME = "one substance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one technique's references say of two substances.

    Parameters
    ----------
    hqi : float or None
        The best between a spectrum of one and a spectrum of the other; None without such a pair.
    reason : str
    """

    section: Section
    state: Apart
    reason: str
    hqi: float | None = None


def between(first: Entry, second: Entry) -> Likeness:
    """Return how alike two references are.

    Raises
    ------
    LibraryError
        They are of two techniques, or the two cannot be compared with each other.
    """
    section = first.draft.section
    if second.draft.section is not section:
        raise LibraryError(
            f"{first.technique} and {second.technique} spectra cannot be compared",
            hint="Choose two entries of one technique.",
        )
    try:
        found = _Few([second]).nearest_to(first)
    except SpectrumError as reason:
        raise LibraryError(
            f"{first.name} and {second.name} cannot be compared: {reason.message}",
            hint=reason.hint,
        ) from reason
    if not found:
        raise LibraryError(
            f"{first.name} and {second.name} cannot be compared: they share too little of the axis"
        )
    (only,) = found
    measures = {name: value for name, value in only.measures.items() if name != "replicates"}
    return Likeness(
        section=section,
        hqi=float(np.clip(only.score, 0.0, 1.0)),
        measures=measures | _of_both(first, second),
    )


def _of_both(first: Entry, second: Entry) -> dict[str, float]:
    """Return what two mass spectra say of each other besides their scores."""
    if not first.draft.section.is_mass:
        return {}
    facts = {
        "peaks": float(np.count_nonzero(first.draft.y > 0)),
        "reference_peaks": float(np.count_nonzero(second.draft.y > 0)),
    }
    masses = first.draft.identity.molecular_mass, second.draft.identity.molecular_mass
    if masses[0] is not None and masses[1] is not None:
        facts["mass_difference"] = masses[1] - masses[0]
    return facts


class _Few:
    """A few references of one technique made searchable, each a substance of its own.

    Goes by a library's name where a search asks a library for its entries.
    """

    name, version = "compared", ""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = list(entries)
        self._section = entries[0].draft.section
        self._index = self._made()

    def entries_at(self, rows: Sequence[int]) -> list[Entry]:
        """Return the entries at these places, each under a group of its own."""
        return [_alone(self._entries[row], row) for row in rows]

    def nearest_to(self, query: Entry) -> list[Candidate]:
        """Return them with the scores a search for ``query`` gives, those comparable with it."""
        places = [(cast("Library", self), self._index)]
        n = len(self._entries)
        if self._section.is_tandem:
            return self._fragments_of(query)
        if self._section.is_mass:
            return list(next(candidates.of_peaks(places, [_mass_spectrum(query)], n)).found)
        return list(candidates.of_curve(places, _curve(query), n).found)

    def _fragments_of(self, query: Entry) -> list[Candidate]:
        """Return them whatever their precursor: that is another question."""
        made = query.draft.tandem
        if made is None:
            raise LibraryError(f"entry {query.id} states no precursor")
        places = [(cast("Library", self), self._index)]
        both = candidates.of_fragments(places, _mass_spectrum(query), made)
        return sorted((each for found in both for each in found.found), key=lambda e: -e.score)

    def scores(self) -> FloatArray:
        """Return the score of each searched against each, −1 where not comparable, (n, n)."""
        n = len(self._entries)
        place = {each.record_hash: at for at, each in enumerate(self._entries)}
        matrix = np.full((n, n), -1.0)
        for at, query in enumerate(self._entries):
            for each in self.nearest_to(query):
                matrix[at, place[each.entry.record_hash]] = each.score
        return matrix

    def _made(self) -> SectionIndex:
        curves = peaks = fragments = None
        numbers = np.arange(len(self._entries), dtype=np.int64)
        if self._section.is_tandem:
            fragments = tandem_index.build([each.draft for each in self._entries], numbers)
        elif self._section.is_mass:
            peaks = PeakIndex.build([_mass_spectrum(each) for each in self._entries])
        else:
            grid = canonical(Technique(self._section.value))
            curves = CurveIndex.build(np.stack([_curve(each) for each in self._entries]), grid)
        rows = numbers
        hashes = b"".join(bytes.fromhex(each.record_hash) for each in self._entries)
        return SectionIndex(
            section=self._section,
            curves=curves,
            peaks=peaks,
            fragments=fragments,
            rows=rows,
            groups=rows,
            hashes=np.frombuffer(hashes, dtype=np.uint8).reshape(-1, 32),
            classes=np.zeros_like(rows),
            class_names=("",),
            calibration=None,
            note="",
        )


def apart(
    first: Entry, second: Entry, first_from: Listing, second_from: Listing
) -> tuple[Verdict, ...]:
    """Return for each technique whether it tells the substances of two references apart.

    Parameters
    ----------
    first, second : Entry
    first_from, second_from : Listing
        The libraries they stand in; the further spectra of their substances are taken from there.

    Notes
    -----
    Every spectrum of a substance is searched among the others, itself left out. Where one of the
    other substance scores as high as the best of its own, or within `spectra.contrast.TIE_DELTA_Z`
    on the Fisher scale, the technique does not tell the two apart: the rule that makes a decision
    name both. Mass spectra of isomers are named together whatever they score.

    Raises
    ------
    LibraryError
        A spectrum was altered.
    """
    return tuple(_verdict(section, first, second, first_from, second_from) for section in Section)


def _verdict(
    section: Section, first: Entry, second: Entry, first_from: Listing, second_from: Listing
) -> Verdict:
    who, other = first.draft.identity, second.draft.identity
    if who.group == other.group:
        return Verdict(section=section, state=Apart.SAME, reason="spectra of one substance")
    ours = first_from.replicates(who.group, section, _MOST_REPLICATES)
    theirs = second_from.replicates(other.group, section, _MOST_REPLICATES)
    if not ours or not theirs:
        lacking = [name for name, held in ((who.name, ours), (other.name, theirs)) if not held]
        reason = f"no spectrum of {' and none of '.join(lacking)}"
        return Verdict(section=section, state=Apart.NOT_MEASURED, reason=reason)
    try:
        scores = _Few([*ours, *theirs]).scores()
    except SpectrumError as fault:
        return Verdict(section=section, state=Apart.UNTESTED, reason=fault.message)
    hqi = max(float(scores[: len(ours), len(ours) :].max()), 0.0)
    if section.is_mass and who.formula and who.formula == other.formula:
        reason = f"isomers ({who.formula}): mass spectra name them together"
        return Verdict(section=section, state=Apart.NOT_TOLD_APART, reason=reason, hqi=hqi)
    state, reason = _by_replicates(scores, len(ours))
    return Verdict(section=section, state=state, reason=reason, hqi=hqi)


def _by_replicates(scores: FloatArray, n_ours: int) -> tuple[Apart, str]:
    """Return whether the substances' own spectra are nearer to each other than to the other's."""
    n = scores.shape[0]
    is_ours = np.arange(n) < n_ours
    z = fisher_z(scores)
    np.fill_diagonal(z, -np.inf)
    own = np.where(is_ours[:, None] == is_ours[None, :], z, -np.inf).max(axis=1)
    other = np.where(is_ours[:, None] != is_ours[None, :], z, -np.inf).max(axis=1)
    tested = np.isfinite(own)
    if not tested.any():
        return Apart.UNTESTED, "one spectrum of each: no repeat to test with"
    mistaken = tested & (other >= own - TIE_DELTA_Z)
    repeats = f"{int(tested.sum())} repeats" if tested.sum() > 1 else "1 repeat"
    if mistaken.any():
        return (
            Apart.NOT_TOLD_APART,
            f"{int(mistaken.sum())} of {repeats} score as high with the other substance",
        )
    nearest = int(np.argmin(np.where(tested, own - other, np.inf)))
    return (
        Apart.TOLD_APART,
        f"in all of {repeats}; nearest {np.tanh(own[nearest]):.3f} own, "
        f"{np.tanh(other[nearest]):.3f} other",
    )


def _alone(entry: Entry, row: int) -> Entry:
    who = replace(entry.draft.identity, group=f"{row}")
    return replace(entry, draft=replace(entry.draft, identity=who))


def _curve(entry: Entry) -> FloatArray:
    curve = section_index.prepared(entry.draft)
    if curve is None:
        raise LibraryError(f"entry {entry.id} is no curve")
    return curve.astype(np.float64)


def _mass_spectrum(entry: Entry) -> MassSpectrum:
    measured = entry.draft.measurement()
    if not isinstance(measured, MassSpectrum):
        raise LibraryError(f"entry {entry.id} is no mass spectrum")
    return measured
