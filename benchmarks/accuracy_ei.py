"""Electron ionisation spectra of drugs measured in two collections: is the right compound first?

A query never meets a spectrum of its own compound from its own collection. Two counts are kept:
all such queries, and those where some reference is of the same chemical species (a trimethylsilyl
derivative or a deuterated standard filed under the parent's name is not).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from instruments import read
from libraries.derivatives import forms_of
from libraries.drafting import draft
from libraries.entry import EntryDraft
from libraries.provenance import Source
from spectra import contrast
from spectra.calibration import calibrate
from spectra.consensus import consensus
from spectra.mass_scores import unit_mass
from spectra.related import Forms

FILES = (
    "ei_swgdrug_dev.msp",
    "ei_nist_fentanyl_dev.msp",
    "ei_massbank_drugs_dev.msp",
    "ei_massbank_background.msp",
)
N_MZ = 1001
SHORTLIST = 34
"""Substances that the fast score hands on to be ranked by all measures."""
_DERIVATIVE_ABOVE_DA = 6
_MASSES = {"H": 1, "D": 2, "B": 11, "C": 12, "N": 14, "O": 16, "F": 19, "Na": 23, "Si": 28}
_MASSES |= {"P": 31, "S": 32, "Cl": 35, "K": 39, "Br": 79, "Se": 80, "I": 127}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Collections:
    """All spectra on whole masses, base peak 999, shape (n, 1001), and what each is.

    Parameters
    ----------
    compounds, families, collections : ndarray of int, shape (n,)
        First InChIKey block; formula; where it was measured.
    queries : ndarray of int
        Rows of drugs with a spectrum from another collection.
    comparable : ndarray of bool, shape (n_queries,)
    forms : Forms
        What each spectrum is a form of, as an imported library knows it.
    """

    intensity: np.ndarray
    compounds: np.ndarray
    families: np.ndarray
    collections: np.ndarray
    queries: np.ndarray
    comparable: np.ndarray
    forms: Forms


def load(data: Path) -> Collections:
    """Read the four files of the mass-spectral set."""
    rows, names, formulas, origins, masses, is_drug = [], [], [], [], [], []
    drafts: list[EntryDraft] = []
    for file in FILES:
        for spectrum in read(data / "ms" / file).spectra:
            drafts.append(draft(spectrum, Source(file=file, sha256=""), {}))
            whole = unit_mass(spectrum.mz, spectrum.intensity)
            row = np.zeros(N_MZ, dtype=np.float32)
            row[whole.mz] = whole.intensity
            fields = {key.lower(): value for key, value in spectrum.metadata.items()}
            rows.append(row)
            names.append(fields.get("compoundkey") or spectrum.title)
            formulas.append(fields.get("formula") or f"#{len(rows)}")
            masses.append(_mass(fields.get("formula", "")))
            origins.append(fields["collection"])
            is_drug.append("background" not in file)
    intensity = np.stack(rows)
    compounds, families, collections = (
        np.unique(np.array(v), return_inverse=True)[1] for v in (names, formulas, origins)
    )
    mass = np.array(masses)
    heaviest = np.array([np.flatnonzero(row > 10)[-1] for row in intensity])
    derived = heaviest > mass + _DERIVATIVE_ABOVE_DA
    queries, comparable = [], []
    for at in np.flatnonzero(is_drug):
        others = np.flatnonzero((compounds == compounds[at]) & (collections != collections[at]))
        if others.size:
            same = (mass[others] == mass[at]) & (derived[others] == derived[at])
            queries.append(at)
            comparable.append(bool(same.any()))
    return Collections(
        intensity=intensity,
        compounds=compounds,
        families=families,
        collections=collections,
        queries=np.array(queries),
        comparable=np.array(comparable),
        forms=forms_of(drafts),
    )


def _mass(formula: str) -> float:
    parts = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    if not formula or any(element not in _MASSES for element, _ in parts):
        return float("nan")
    return float(sum(_MASSES[element] * int(count or 1) for element, count in parts))


def cosines(data: Collections, mz_power: float, intensity_power: float) -> np.ndarray:
    """Return the weighted cosine of each query with each spectrum, shape (n_queries, n)."""
    weighted = np.arange(N_MZ) ** mz_power * data.intensity.astype(np.float64) ** intensity_power
    weighted[data.intensity == 0] = 0.0
    weighted /= np.maximum(np.linalg.norm(weighted, axis=1, keepdims=True), 1e-12)
    single = weighted.astype(np.float32)
    return single[data.queries] @ single.T


def shortlists(
    data: Collections, scores: np.ndarray, *, absent: bool
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each query's place and the best row of each of its best substances, best first.

    Parameters
    ----------
    absent : bool
        Leave out every spectrum of the query's formula, as if it were in no library.
    """
    for place, at in enumerate(data.queries):
        left = scores[place].copy()
        own = data.compounds == data.compounds[at]
        left[own & (data.collections == data.collections[at])] = -1.0
        if absent:
            left[data.families == data.families[at]] = -1.0
            left[own] = -1.0
        order = np.argsort(-left, kind="stable")[: 12 * SHORTLIST]
        _, first = np.unique(data.compounds[order], return_index=True)
        yield place, order[np.sort(first)[:SHORTLIST]]


Rank = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Query and candidates over m/z -> a score for each candidate."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranked:
    """One way to rank: rank of the right compound, and contrasts of present and absent ones."""

    rank: np.ndarray
    present: np.ndarray
    absent: np.ndarray
    right: np.ndarray


def ranked(data: Collections, scores: np.ndarray, measure: Rank | None) -> Ranked:
    """Return how one measure orders the shortlist of the fast score; None keeps its order."""
    n = data.queries.size
    rank, right = np.full(n, N_MZ), np.zeros(n, dtype=bool)
    values = np.full((2, n), -np.inf)
    for absent in (False, True):
        for place, rows in shortlists(data, scores, absent=absent):
            at = data.queries[place]
            found = scores[place, rows].astype(np.float64)
            if measure is not None:
                found = measure(data.intensity[at], data.intensity[rows])
            order = np.argsort(-found, kind="stable")
            rows, found = rows[order], found[order]
            z = contrast.fisher_z(found)
            group = (data.families[rows] == data.families[rows[0]]) | (z >= z[0] - 0.05)
            values[int(absent), place] = contrast.statistic(found[0], found[~group])
            if not absent:
                own = np.flatnonzero(data.compounds[rows] == data.compounds[at])
                rank[place] = own[0] + 1 if own.size else N_MZ
                right[place] = bool(group[own].any())
    return Ranked(rank=rank, present=values[0], absent=values[1], right=right)


def open_set(
    data: Collections, made: Ranked, alpha: float, rounds: int = 40
) -> tuple[float, float]:
    """Return the false-accept and correct-identification rates on compounds not calibrated on."""
    rng = np.random.default_rng(0)
    own = data.compounds[data.queries]
    names = np.unique(own)
    accepted, identified = [], []
    for _ in range(rounds):
        learnt = np.isin(own, rng.permutation(names)[: names.size // 2])
        tried = ~learnt & data.comparable
        limit = calibrate(made.absent[learnt], alpha).threshold
        if limit is None:
            raise ValueError("too few spectra to calibrate on")
        accepted.append(np.mean(made.absent[tried] > limit))
        identified.append(np.mean(made.right[tried] & (made.present[tried] > limit)))
    return float(np.mean(accepted)), float(np.mean(identified))


def identity(query: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Return NIST Identity factors."""
    return consensus(query, candidates).identity


def entropy(query: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Return spectral entropy similarities."""
    return consensus(query, candidates).entropy


def agreed(query: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Return the consensus of four measures, as fol ranks."""
    return consensus(query, candidates).score
