"""Novel analogues: is a substance that no library holds put into its class, and is nothing else?

Each query hides every spectrum of its compound, formula and nominal mass, or every relative above a
structural similarity; the class model never saw what is hidden either. ``python -m
benchmarks.accuracy_analogues`` prints the tables alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.analogue_spectra import CLASSES, PER_CLASS, Collected
from benchmarks.analogue_spectra import load as load
from libraries.ion_rules import ion_rules, mass_changes
from spectra import analogue
from spectra.analogue import AnalogueAssessment, AnalogueState, Question, ReferenceHit
from spectra.mass_scores import UnitSpectrum

LIMITS = (0.7, 0.6, 0.5, 0.4)
MIXTURES = 100
_HITS_EACH = 6
Row = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """What was said of queries, one entry for each: first class (−1 for none), candidate or not.

    ``noted`` is the class of a class note, −1 where there is none; of a candidate it is ``first``.
    """

    rows: np.ndarray
    first: np.ndarray
    nearest: np.ndarray
    candidate: np.ndarray
    noted: np.ndarray


def _hits(
    data: Collected, scores: np.ndarray, shifts: np.ndarray, hidden: np.ndarray
) -> list[ReferenceHit]:
    """Return the best hits of each class and outside the classes, best first, nothing hidden."""
    left = np.where(hidden, -1.0, scores)
    picked: list[int] = []
    for c in range(-1, len(CLASSES)):
        members = np.flatnonzero(data.classes == c)
        picked += members[np.argsort(-left[members], kind="stable")[:_HITS_EACH]].tolist()
    picked.sort(key=lambda row: -left[row])
    return [
        ReferenceHit(
            name=str(data.names[row]),
            substance=str(data.compounds[row]),
            class_name=CLASSES[data.classes[row]] if data.classes[row] >= 0 else None,
            score=float(left[row]),
            mass=float(data.masses[row]),
            mass_shift=int(shifts[row]),
            class_from_structure=True,
        )
        for row in picked
        if left[row] > 0
    ]


def ask(
    data: Collected,
    rows: np.ndarray,
    hide: Callable[[int], np.ndarray],
    *,
    with_mass: bool,
    spectra: Sequence[UnitSpectrum] | None = None,
) -> Asked:
    """Return what fol says of spectra whose relatives are hidden from library and class model."""
    fitted, models = data.learned
    given = [data.unit(int(row)) for row in rows] if spectra is None else spectra
    masses = [float(data.masses[row]) if with_mass else None for row in rows]
    found = []
    for peaks, row, mass, (scores, shifts) in zip(
        given, rows, masses, _scores(data, given, masses), strict=True
    ):
        hidden = hide(int(row))
        hits = _hits(data, scores, shifts, hidden)
        implied = {
            hit.class_name: mass if mass is not None else (hit.mass or 0.0) + hit.mass_shift
            for hit in reversed(hits)
            if hit.class_name
        }
        own = replace(models, model=fitted.without(hidden))
        question = Question(
            spectrum=peaks,
            mass=mass,
            hybrid_hits=hits,
            rules=ion_rules().rules,
            changes=mass_changes(),
            votes=own.votes((peaks.mz, peaks.intensity), implied),
        )
        first = analogue.ranked_classes(question).first
        said = analogue.assess(question)
        found.append(
            (
                -1 if first is None else CLASSES.index(first.label),
                CLASSES.index(hits[0].class_name) if hits[0].class_name else -1,
                said.state is AnalogueState.ANALOGUE_CANDIDATE,
                _noted(said),
            )
        )
    first_, nearest, candidate, noted = (np.array(column) for column in zip(*found, strict=True))
    return Asked(
        rows=rows, first=first_, nearest=nearest, candidate=candidate.astype(bool), noted=noted
    )


def _noted(said: AnalogueAssessment) -> int:
    """Return the class of a class note, −1 for none; a rule's name is longer than its label."""
    if said.state is not AnalogueState.CLASS_ONLY or said.class_name is None:
        return -1
    rules = {rule.class_name: rule.labels for rule in ion_rules().rules}
    labels = rules.get(said.class_name, {said.class_name})
    return next((at for at, label in enumerate(CLASSES) if label in labels), -1)


def _scores(
    data: Collected, spectra: Sequence[UnitSpectrum], masses: Sequence[float | None]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the hybrid score and shift of all rows for each query, each pair scored once."""
    asked = [
        (each.mz.tobytes(), each.intensity.tobytes(), mass)
        for each, mass in zip(spectra, masses, strict=True)
    ]
    missing = [at for at, key in enumerate(asked) if key not in data.scored]
    data.index.warm()
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda at: _all_scores(data, spectra[at], masses[at]), missing)
        data.scored.update((asked[at], found) for at, found in zip(missing, made, strict=True))
    return [data.scored[key] for key in asked]


def _all_scores(
    data: Collected, peaks: UnitSpectrum, mass: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the hybrid score and shift of the best rows, 0 for the others."""
    n = data.masses.size
    # Without a mass a pair costs twenty times as much, and less than a fifth is ever hidden.
    top = n if mass is not None else n // 5
    hits = data.index.search((peaks.mz, peaks.intensity), top, "hybrid", query_mass=mass)
    scores, shifts = np.zeros(n, dtype=np.float32), np.zeros(n, dtype=np.int16)
    scores[hits.rows], shifts[hits.rows] = hits.scores, hits.mass_shifts
    return scores, shifts


def plain(
    data: Collected,
    rows: np.ndarray,
    hide: Callable[[int], np.ndarray],
    powers: tuple[float, float],
) -> np.ndarray:
    """Return the class of the nearest spectrum by a weighted cosine, −1 for none."""
    weighted = np.arange(1001) ** powers[0] * data.intensity.astype(np.float64) ** powers[1]
    weighted[data.intensity == 0] = 0.0
    weighted /= np.maximum(np.linalg.norm(weighted, axis=1, keepdims=True), 1e-12)
    scores = weighted[rows].astype(np.float32) @ weighted.astype(np.float32).T
    return np.array(
        [
            data.classes[np.where(hide(int(row)), -1.0, scores[at]).argmax()]
            for at, row in enumerate(rows)
        ]
    )


def mixtures(data: Collected) -> tuple[np.ndarray, list[UnitSpectrum]]:
    """Return pairs of background spectra as an unresolved peak gives them; rows of the larger."""
    rng = np.random.default_rng(1)
    usable = np.flatnonzero(data.is_background & np.isfinite(data.masses))
    pairs = rng.choice(usable, (MIXTURES, 2))
    spectra = []
    for (one, other), share in zip(pairs, rng.uniform(0.1, 0.8, MIXTURES), strict=True):
        total = data.intensity[one] + share * data.intensity[other]
        counted = rng.poisson(50_000 * total / total.sum()).astype(np.float64)
        mz = np.flatnonzero(counted)
        spectra.append(UnitSpectrum(mz=mz, intensity=counted[mz] / counted.max() * 999))
    return pairs[:, 0], spectra


def macro_f1(data: Collected, rows: np.ndarray, said: np.ndarray, n_classes: int = 6) -> float:
    """Return the mean F1 of the first classes over drug queries, the classes taken as equal."""
    truth, drug = data.classes[rows], ~data.is_background[rows]
    values = []
    for c in range(n_classes):
        right = int((drug & (truth == c) & (said == c)).sum())
        values.append(2 * right / max(1, int((truth == c).sum() + (drug & (said == c)).sum())))
    return float(np.mean(values))


def rows(data: Collected, percent: Callable[[np.ndarray], str]) -> Iterator[list[Row]]:
    """Yield the tables of the validation page: by class, by structural distance, false ones."""
    asked = data.sample(PER_CLASS)
    made = {
        "fol, mass known": (known := ask(data, asked, data.same, with_mass=True)).first,
        "nearest hybrid, mass known": known.nearest,
        "fol, mass not known": (blind := ask(data, asked, data.same, with_mass=False)).first,
        "nearest hybrid, mass not known": blind.nearest,
        "NIST simple": plain(data, asked, data.same, (0.0, 0.5)),
        "cosine of m^1.3·I^0.53": plain(data, asked, data.same, (1.3, 0.53)),
    }
    truth = data.classes[asked]
    table: list[Row] = [("class on top, formula and mass hidden", *CLASSES, "macro-F1 of six")]
    for name, said in made.items():
        shares = [percent(said[truth == c] == c) for c in range(len(CLASSES))]
        table.append((name, *shares, f"{macro_f1(data, asked, said):.3f}"))
    for name, each in (("candidate, mass known", known), ("candidate, mass not known", blind)):
        right = each.candidate & (each.first == truth)
        table.append((name, *(percent(right[truth == c]) for c in range(len(CLASSES))), ""))
    yield table
    yield _by_distance(data, asked, percent)
    yield _false(data, asked, (known, blind))


def _by_distance(
    data: Collected, asked: np.ndarray, percent: Callable[[np.ndarray], str]
) -> list[Row]:
    prints, _ = data.prints
    structured = np.array([prints[row] is not None for row in asked])
    rows_ = asked[structured & (data.classes[asked] >= 0) & (data.classes[asked] < 5)]
    truth = data.classes[rows_]
    table: list[Row] = [("nearest relative below", "score", *CLASSES[:5])]
    for limit in LIMITS:
        hidden = {int(row): data.relatives(int(row), limit) for row in rows_}
        known = ask(data, rows_, hidden.__getitem__, with_mass=True)
        said = {
            "fol": known.first,
            "nearest hybrid": known.nearest,
            "NIST simple": plain(data, rows_, hidden.__getitem__, (0.0, 0.5)),
        }
        for name, first in said.items():
            shares = [percent(first[truth == c] == c) for c in range(5)]
            table.append((f"{limit}", name, *shares))
    return table


def _false(data: Collected, asked: np.ndarray, both: tuple[Asked, Asked]) -> list[Row]:
    mixed, spectra = mixtures(data)
    blended = ask(data, mixed, data.same, with_mass=False, spectra=spectra)
    known, blind = both
    background = data.is_background[asked]
    others = ~background & (data.classes[asked] < 0)
    table: list[Row] = [("false candidates", "of", "any class", "fentanyl")]
    for name, each, part in (
        ("background, mass known", known, background),
        ("background, mass not known", blind, background),
        ("other drugs, mass known", known, others),
        ("mixtures of two background spectra", blended, np.ones(mixed.size, dtype=bool)),
    ):
        fentanyl = each.candidate & (each.first == 0)
        counts = (int(each.candidate[part].sum()), int(fentanyl[part].sum()))
        table.append((name, str(int(part.sum())), *(str(count) for count in counts)))
    return table


if __name__ == "__main__":
    from benchmarks.accuracy import data_folder, percent
    from benchmarks.accuracy import table as as_table

    for each in rows(load(data_folder()), percent):
        print(as_table(each), end="\n\n")
    sys.exit(0)
