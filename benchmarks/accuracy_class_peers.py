"""The class of a hidden substance: fol beside other measures and a random forest, each on the same.

The queries and what is hidden of each are those of `benchmarks.accuracy_analogues`. ``python -m
benchmarks.accuracy_class_peers`` prints the tables alone, ``--only PART`` one of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.accuracy_analogues import LIMITS, ask, macro_f1, plain
from benchmarks.analogue_spectra import CLASSES, Collected
from spectra.axis import FloatArray, IntArray

if TYPE_CHECKING:
    from benchmarks.search_peers import MsEntropy

PARTS = ("formula", "distance", "pairwise", "left-out")
PER_CLASS = 40
N_DISTANCE_CLASSES = 5
SUBSET_ROWS, SUBSET_QUERIES, SUBSET_OTHERS = 3_000, 12, 36
"""A pairwise score is asked of so many references and queries of each class and of none."""
FOLDS, TREES = 4, 300
FOREST_OUTSIDE = 2_000
"""What is of no class is thinned to so many: of all of it a forest learns to say *none* to nearly
everything (macro-F1 0.40)."""
_LARGEST_MZ, _LARGEST_LOSS = 500, 250
_RESAMPLED = 1_000

Row = Sequence[str]
Percent = Callable[[np.ndarray], str]
Hide = Callable[[int], np.ndarray]


@dataclass(frozen=True, kw_only=True, eq=False)
class Peers:
    """Scores of other measures between queries and everything, each worked out once.

    Parameters
    ----------
    data : Collected
    queries : ndarray of int
        Rows of ``data``; every score is asked for one of them.
    """

    data: Collected
    queries: IntArray

    def nearest(self, scores: FloatArray, rows: IntArray, hide: Hide) -> IntArray:
        """Return the class of the nearest spectrum that is not hidden, −1 for none."""
        place = {int(row): at for at, row in enumerate(self.queries)}
        classes = self.data.classes
        return np.array(
            [classes[np.where(hide(int(r)), -1.0, scores[place[int(r)]]).argmax()] for r in rows]
        )

    @cached_property
    def _entropies(self) -> MsEntropy:
        from benchmarks.search_peers import MsEntropy

        data = self.data
        spectra = []
        for row in range(data.masses.size):
            peaks = data.unit(row)
            # Where no mass is known the highest ion stands for it: a row needs one.
            known = bool(np.isfinite(data.masses[row]))
            mass = float(data.masses[row]) if known else float(peaks.mz.max(initial=1))
            spectra.append((peaks.mz.astype(np.float64), peaks.intensity, mass))
        return MsEntropy(spectra)

    @cached_property
    def entropy(self) -> FloatArray:
        """Spectral entropy similarity (ms_entropy), shape (n_queries, n)."""
        return self._all(lambda row: self._entropies.open(self._shares(row)))

    @cached_property
    def entropy_hybrid(self) -> FloatArray:
        """The same with fragments that may have moved by the mass difference."""
        masses = self.data.masses

        def one(row: int) -> FloatArray:
            return self._entropies.hybrid((self._shares(row), float(masses[row])))

        return self._all(one)

    def _shares(self, row: int) -> FloatArray:
        from benchmarks.search_peers import shares

        peaks = self.data.unit(row)
        return shares(peaks.mz.astype(np.float64), peaks.intensity)

    def _all(self, one: Callable[[int], FloatArray]) -> FloatArray:
        made = np.zeros((self.queries.size, self.data.masses.size), dtype=np.float32)
        for at, row in enumerate(self.queries):
            made[at, self._entropies.rows] = one(int(row))
        return made


def forest(data: Collected, rows: IntArray, *, with_mass: bool) -> IntArray:
    """Return the classes that random forests say, −1 for none.

    Folds by nominal mass: what is of the compound, formula or mass of any query of a fold is not
    in what its forest learned from.
    """
    from sklearn.ensemble import RandomForestClassifier

    columns = _features(data, with_mass=with_mass)
    masses = np.unique(data.masses[rows])
    fold_of = np.random.default_rng(3).permutation(masses.size) % FOLDS
    folds = fold_of[np.searchsorted(masses, data.masses[rows])]
    said = np.full(rows.size, -1)
    for fold in range(FOLDS):
        asked = rows[folds == fold]
        hidden = np.any([data.same(int(row)) for row in asked], axis=0)
        outside = np.random.default_rng(fold).permutation(
            np.flatnonzero(~hidden & (data.classes < 0))
        )
        learnt = np.append(np.flatnonzero(~hidden & (data.classes >= 0)), outside[:FOREST_OUTSIDE])
        made = RandomForestClassifier(
            TREES, class_weight="balanced_subsample", n_jobs=2, random_state=fold
        ).fit(columns[learnt], data.classes[learnt])
        said[folds == fold] = made.predict(columns[asked])
    return said


def _features(data: Collected, *, with_mass: bool) -> FloatArray:
    """Return square roots of intensities by m/z, and by loss from the molecule with the mass."""
    roots = np.sqrt(data.intensity[:, : _LARGEST_MZ + 1]).astype(np.float32)
    if not with_mass:
        return roots
    losses = np.zeros((roots.shape[0], _LARGEST_LOSS + 1), dtype=np.float32)
    known = np.isfinite(data.masses)
    for loss in range(_LARGEST_LOSS + 1):
        mz = np.where(known, data.masses, 0).astype(np.int64) - loss
        inside = known & (mz > 0) & (mz < data.intensity.shape[1])
        losses[inside, loss] = np.sqrt(data.intensity[inside, mz[inside]])
    return np.hstack([roots, losses, np.nan_to_num(data.masses)[:, None].astype(np.float32)])


def modified_cosines(data: Collected, rows: IntArray) -> FloatArray:
    """Return matchms ModifiedCosineGreedy of rows with everything, shape (n_rows, n)."""
    os.environ["TQDM_DISABLE"] = "1"
    from matchms import Spectrum
    from matchms.similarity import ModifiedCosineGreedy

    def spectrum(row: int) -> Spectrum:
        peaks = data.unit(row)
        known = bool(np.isfinite(data.masses[row]))
        mass = float(data.masses[row]) if known else float(peaks.mz.max(initial=1))
        height = peaks.intensity / peaks.intensity.max(initial=1.0)
        facts = {"precursor_mz": mass}
        return Spectrum(mz=peaks.mz.astype(np.float64), intensities=height, metadata=facts)

    references = [spectrum(row) for row in range(data.masses.size)]
    measure = ModifiedCosineGreedy(tolerance=0.1, mz_power=0.0, intensity_power=0.5)
    made = []
    for row in rows:
        asked = references[int(row)]
        made.append([float(measure.pair(each, asked)["score"]) for each in references])
    return np.array(made, dtype=np.float32)


def subset(data: Collected) -> tuple[Collected, IntArray]:
    """Return a fixed random part of the references, and the queries asked of it."""
    rng = np.random.default_rng(5)
    asked = []
    usable = np.isfinite(data.masses)
    for c in range(-1, len(CLASSES)):
        rows = np.flatnonzero(usable & (data.classes == c))
        asked.append(rng.permutation(rows)[: SUBSET_OTHERS if c < 0 else SUBSET_QUERIES])
    queries = np.concatenate(asked)
    rest = rng.permutation(np.setdiff1d(np.arange(data.masses.size), queries))
    kept = np.sort(np.concatenate([queries, rest[: SUBSET_ROWS - queries.size]]))
    part = replace(
        data,
        **{
            name: getattr(data, name)[kept]
            for name in (
                "intensity", "names", "classes", "compounds", "formulas", "masses", "smiles",
                "is_background",
            )
        },
        scored={},
    )  # fmt: skip
    return part, np.searchsorted(kept, np.sort(queries))


def rows(
    data: Collected, percent: Percent, only: Sequence[str] = PARTS
) -> Iterator[tuple[str, list[Row]]]:
    """Yield each table with what it is of."""
    asked = data.sample(PER_CLASS)
    peers = Peers(data=data, queries=asked)
    if "formula" in only:
        yield (
            f"The same {asked.size} queries, formula, compound and nominal mass hidden. A random "
            f"forest of {TREES} trees on square roots of intensities (and losses, where the mass "
            f"is known), {FOLDS} folds by nominal mass, what is of no class thinned to "
            f"{FOREST_OUTSIDE}.",
            _by_formula(peers, percent),
        )
    if "distance" in only:
        yield (
            "The same, every relative above a Tanimoto similarity hidden.",
            _by_distance(peers, percent),
        )
    if "pairwise" in only:
        part, queries = subset(data)
        yield (
            f"{queries.size} queries against a fixed random {part.masses.size} of the references, "
            "for a score that is worked out pair by pair; formula, compound and mass hidden. fol "
            "learned from these references too.",
            _pairwise(part, queries, percent),
        )
    if "left-out" in only:
        yield (
            "A whole class hidden from library and model: what its members are called. *Right* "
            "would be unknown.",
            _left_out(data, percent),
        )


def _by_formula(peers: Peers, percent: Percent) -> list[Row]:
    data, asked = peers.data, peers.queries
    known = ask(data, asked, data.same, with_mass=True)
    blind = ask(data, asked, data.same, with_mass=False)
    said = {
        "fol, mass known": known.first,
        "fol, mass not known": blind.first,
        "NIST simple": plain(data, asked, data.same, (0.0, 0.5)),
        "spectral entropy": peers.nearest(peers.entropy, asked, data.same),
        "ms_entropy hybrid, mass known": peers.nearest(peers.entropy_hybrid, asked, data.same),
        "random forest, mass known": forest(data, asked, with_mass=True),
        "random forest, mass not known": forest(data, asked, with_mass=False),
    }
    return _class_table(data, asked, said, percent)


def _class_table(
    data: Collected, asked: IntArray, said: dict[str, IntArray], percent: Percent
) -> list[Row]:
    truth = data.classes[asked]
    counts = [int((truth == c).sum()) for c in range(len(CLASSES))]
    none = truth < 0
    head = [f"{name} (n {n})" for name, n in zip(CLASSES, counts, strict=True)]
    table: list[Row] = [
        ("class on top", *head, "macro-F1 of six", f"none given a class (n {int(none.sum())})")
    ]
    for name, first in said.items():
        shares = [percent(first[truth == c] == c) for c in range(len(CLASSES))]
        table.append((name, *shares, _f1(data, asked, first), percent(first[none] >= 0)))
    return table


def _f1(data: Collected, asked: IntArray, first: IntArray) -> str:
    """Return macro-F1 with the interval that 1,000 draws of the queries give."""
    rng = np.random.default_rng(7)
    drawn = [
        macro_f1(data, asked[at], first[at])
        for at in (rng.integers(0, asked.size, asked.size) for _ in range(_RESAMPLED))
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{macro_f1(data, asked, first):.3f} ({low:.2f}–{high:.2f})"


def _by_distance(peers: Peers, percent: Percent) -> list[Row]:
    data = peers.data
    prints, _ = data.prints
    structured = np.array([prints[row] is not None for row in peers.queries])
    of_class = data.classes[peers.queries]
    asked = peers.queries[structured & (of_class >= 0) & (of_class < N_DISTANCE_CLASSES)]
    truth = data.classes[asked]
    counts = [int((truth == c).sum()) for c in range(N_DISTANCE_CLASSES)]
    names = CLASSES[:N_DISTANCE_CLASSES]
    head = [f"{name} (n {n})" for name, n in zip(names, counts, strict=True)]
    table: list[Row] = [("nearest relative below", "score", *head)]
    for limit in LIMITS:
        hidden = {int(row): data.relatives(int(row), limit) for row in asked}
        said = {
            "fol, mass known": ask(data, asked, hidden.__getitem__, with_mass=True).first,
            "fol, mass not known": ask(data, asked, hidden.__getitem__, with_mass=False).first,
            "NIST simple": plain(data, asked, hidden.__getitem__, (0.0, 0.5)),
            "spectral entropy": peers.nearest(peers.entropy, asked, hidden.__getitem__),
            "ms_entropy hybrid, mass known": peers.nearest(
                peers.entropy_hybrid, asked, hidden.__getitem__
            ),
        }
        for name, first in said.items():
            shares = [percent(first[truth == c] == c) for c in range(N_DISTANCE_CLASSES)]
            table.append((f"{limit}", name, *shares))
    return table


def _pairwise(data: Collected, asked: IntArray, percent: Percent) -> list[Row]:
    peers = Peers(data=data, queries=asked)
    said = {
        "fol, mass known": ask(data, asked, data.same, with_mass=True).first,
        "matchms ModifiedCosineGreedy, mass known": peers.nearest(
            modified_cosines(data, asked), asked, data.same
        ),
        "ms_entropy hybrid, mass known": peers.nearest(peers.entropy_hybrid, asked, data.same),
        "NIST simple": plain(data, asked, data.same, (0.0, 0.5)),
    }
    return _class_table(data, asked, said, percent)


def _left_out(data: Collected, percent: Percent) -> list[Row]:
    table: list[Row] = [
        ("class hidden", "mass", "n", "candidate of another", "note of another", "unknown", "which")
    ]
    for c, name in enumerate(CLASSES):
        members = np.flatnonzero((data.classes == c) & np.isfinite(data.masses))
        asked = np.random.default_rng(c).permutation(members)[:PER_CLASS]
        gone = data.classes == c
        for with_mass in (True, False):
            said = ask(data, asked, lambda row, g=gone: data.same(row) | g, with_mass=with_mass)
            noted = said.noted >= 0
            named = np.where(said.candidate, said.first, -1)
            which = ", ".join(
                f"{CLASSES[k]} {int(n)}"
                for k, n in zip(*np.unique(named[named >= 0], return_counts=True), strict=True)
            )
            table.append(
                (
                    name,
                    "known" if with_mass else "not known",
                    str(asked.size),
                    percent(said.candidate),
                    percent(noted),
                    percent(~said.candidate & ~noted),
                    which or "–",
                )
            )
    return table


def main(arguments: Sequence[str]) -> int:
    """Print the tables, or the parts that ``--only`` names."""
    from benchmarks.accuracy import data_folder, percent
    from benchmarks.accuracy import table as as_table
    from benchmarks.analogue_spectra import load

    only = [each for flag, each in pairwise(arguments) if flag == "--only"]
    unknown = sorted(set(only) - set(PARTS))
    if unknown:
        print(f"no part {', '.join(unknown)}: use {', '.join(PARTS)}", file=sys.stderr)
        return 2
    for said, each in rows(load(data_folder()), percent, only or PARTS):
        print(said, as_table(each), sep="\n\n", end="\n\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
