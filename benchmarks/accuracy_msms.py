"""MS/MS spectra of drugs measured by two contributors: is the right compound first?

A query never meets a spectrum of its own compound from its own contributor. Only references of its
precursor and polarity compete, as in the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from instruments import read
from libraries import tandem_index
from libraries.drafting import draft
from libraries.entry import EntryDraft
from libraries.provenance import Source
from libraries.tandem_index import Fragments
from spectra.calibration import calibrate
from spectra.contrast import TIE_DELTA_Z, fisher_z, statistic
from spectra.errors import SpectrumError
from spectra.tandem_rank import FEWEST_FRAGMENTS, LEAST_CONTRAST, Ranking, fragments, rank

FILES = ("msms_massbank_drugs_dev.msp", "msms_fentanyl_family_dev.msp")
_NONE = 1_001


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Collections:
    """All spectra of drugs with a precursor, and what each is.

    Parameters
    ----------
    contributors : ndarray of int, shape (n,)
        Who measured each; the compound and the formula are in ``held.facts``.
    queries : ndarray of int
        Rows whose compound another contributor measured from the same precursor.
    """

    held: Fragments
    drafts: tuple[EntryDraft, ...]
    contributors: np.ndarray
    queries: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranked:
    """Rank of the right compound, and the statistic of present and absent ones.

    Parameters
    ----------
    competed : ndarray of int, shape (n_queries,)
        Compounds that competed, the right one included.
    shared : ndarray of bool, shape (n_queries,)
        Whether the right compound shares a fragment, and not the precursor alone.
    """

    rank: np.ndarray
    present: np.ndarray
    right: np.ndarray
    absent: np.ndarray
    competed: np.ndarray
    shared: np.ndarray


def load(data: Path) -> Collections:
    """Read the two files of MS/MS spectra as a library would take them in."""
    drafts, compounds, contributors = [], [], []
    for file in FILES:
        for spectrum in read(data / "ms" / file).spectra:
            fields = {key.lower(): value for key, value in spectrum.metadata.items()}
            try:
                made = draft(spectrum, Source(file=file, sha256=""), {})
                tandem_index.check(made)
            except SpectrumError:
                continue
            drafts.append(made)
            compounds.append(fields.get("compoundkey") or spectrum.title)
            contributors.append(_contributor(fields))
    groups, origins = (
        np.unique(np.array(v), return_inverse=True)[1] for v in (compounds, contributors)
    )
    held = tandem_index.build(drafts, groups.astype(np.int64))
    asked = [
        at
        for at in range(len(drafts))
        if _enough(drafts[at]) and _elsewhere(held, groups, origins, at)
    ]
    return Collections(
        held=held, drafts=tuple(drafts), contributors=origins, queries=np.array(asked)
    )


def _contributor(fields: dict[str, str]) -> str:
    """Return who measured a record: the second part of a MassBank accession, else its set."""
    parts = fields.get("accession", "").split("-")
    return parts[1] if len(parts) > 2 else f"{fields.get('collection')}{fields.get('intensities')}"


def _enough(entry: EntryDraft) -> bool:
    precursor = entry.tandem.precursor_mz if entry.tandem is not None else 0.0
    return fragments((entry.x, entry.y), precursor) >= FEWEST_FRAGMENTS


def _elsewhere(held: Fragments, groups: np.ndarray, origins: np.ndarray, at: int) -> bool:
    facts = held.facts
    rows = np.flatnonzero((groups == groups[at]) & (origins != origins[at]))
    sign, precursor = int(facts.polarities[at]), float(facts.precursors[at])
    return bool(facts.agreeing(rows, precursor, sign).any())


def ranked(data: Collections) -> Ranked:
    """Return how the product's ranking orders the compounds of each query's precursor."""
    facts = data.held.facts
    rows: list[tuple[float, float, bool, float, int, bool]] = []
    for at in data.queries.tolist():
        own = facts.groups == facts.groups[at]
        same = own & (data.contributors == data.contributors[at])
        found, others = _asked(data, at, same)
        groups = facts.groups[found.rows]
        place = np.flatnonzero(groups == facts.groups[at])
        value, right = -np.inf, False
        if groups.size:
            value, beside = _statistic(data, found, others)
            right = bool(place.size and beside[place[0]])
        gone, further = _asked(data, at, own | (facts.families == facts.families[at]))
        absent = _statistic(data, gone, further)[0] if gone.rows.size else -np.inf
        first = place[0] + 1 if place.size else _NONE
        shared = bool(place.size and found.scores[place[0]] > 0)
        rows.append((first, value, right, absent, groups.size, shared))
    made = [np.array(values) for values in zip(*rows, strict=True)]
    names = ("rank", "present", "right", "absent", "competed", "shared")
    return Ranked(**dict(zip(names, made, strict=True)))


def _asked(data: Collections, at: int, without: np.ndarray) -> tuple[Ranking, Ranking]:
    entry, facts = data.drafts[at], data.held.facts
    precursor, sign = float(facts.precursors[at]), int(facts.polarities[at])
    query = (entry.x, entry.y)
    return rank(data.held.index, facts, query, precursor, sign, without=without)


def _statistic(data: Collections, found: Ranking, others: Ranking) -> tuple[float, np.ndarray]:
    """Return the contrast of the first, and which substances a decision would name with it."""
    z = fisher_z(found.scores)
    family = data.held.facts.families
    beside = (z >= z[0] - TIE_DELTA_Z) | (family[found.rows] == family[found.rows[0]])
    foreign = others.scores[family[others.rows] != family[found.rows[0]]]
    return statistic(
        float(found.scores[0]), np.concatenate([found.scores[~beside], foreign])
    ), beside


def open_set(
    data: Collections, made: Ranked, alpha: float, rounds: int = 40
) -> tuple[float, float, int]:
    """Return false accepts, right identification, and how many absent queries had a candidate.

    Learnt on half of the compounds, one query of each, and tried on the other half. An absent
    query without a candidate of its precursor cannot be accepted and is not counted.
    """
    rng = np.random.default_rng(0)
    own = data.held.facts.groups[data.queries]
    names = np.unique(own)
    asked = np.isfinite(made.absent)
    accepted, identified = [], []
    for _ in range(rounds):
        order = rng.permutation(own.size)
        _, first = np.unique(own[order], return_index=True)
        single = np.zeros(own.size, dtype=bool)
        single[order[first]] = True
        learnt = np.isin(own, rng.permutation(names)[: names.size // 2])
        limit = calibrate(made.absent[learnt & single & asked], alpha).threshold
        if limit is None:
            raise ValueError("too few compounds to calibrate on")
        limit = max(limit, LEAST_CONTRAST)
        accepted.append(np.mean(made.absent[~learnt & single & asked] > limit))
        identified.append(np.mean(made.right[~learnt] & (made.present[~learnt] > limit)))
    return float(np.mean(accepted)), float(np.mean(identified)), int(asked.sum())
