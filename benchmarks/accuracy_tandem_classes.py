"""The class of a hidden substance from MS/MS: fol beside other measures, each on the same queries.

One spectrum of each compound; its compound, formula and nominal precursor are hidden, then every
relative above a structural similarity. ``python -m benchmarks.accuracy_tandem_classes`` prints the
tables alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from benchmarks import accuracy_msms
from benchmarks.accuracy_msms import Collections
from benchmarks.analogue_spectra import fingerprints
from libraries import naming
from libraries.curve_class_models import label
from spectra import tandem_class
from spectra.axis import FloatArray, IntArray
from spectra.peak_tandem_clean import Cleaning, clean
from spectra.tandem_class import FEWEST_MEMBERS, Known, TandemClass, comparable
from spectra.tandem_rank import DEFAULT_TOLERANCE

LIMITS = (0.7, 0.5)
PER_CLASS, OTHERS = 40, 60
Row = Sequence[str]
Percent = Callable[[np.ndarray], str]


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """The spectra, their classes, and which are asked.

    Parameters
    ----------
    names : tuple of str
        Of the classes, by number from 1; 0 is none.
    codes : ndarray of int64, shape (n,)
    queries : ndarray of int64
        One row of each compound asked.
    """

    data: Collections
    names: tuple[str, ...]
    codes: IntArray
    queries: IntArray

    @classmethod
    def of(cls, data: Collections) -> Asked:
        said = [label(naming.class_of(each)) for each in data.drafts]
        names = tuple(sorted({name for name in said if name}))
        codes = np.array([names.index(name) + 1 if name in names else 0 for name in said])
        known = Known.of(codes, data.held.facts.groups)
        rng = np.random.default_rng(0)
        sizes = np.bincount(known.classes, minlength=len(names) + 1)
        picked = []
        for code in range(len(names) + 1):
            if code and sizes[code] < FEWEST_MEMBERS:
                continue
            of_class = rng.permutation(np.flatnonzero(known.classes == code))
            picked += of_class[: PER_CLASS if code else OTHERS].tolist()
        ends = np.append(known.starts, known.rows.size)
        rows = [known.rows[ends[at] : ends[at + 1]] for at in picked]
        queries = np.sort([int(each[each.size // 2]) for each in rows])
        return cls(data=data, names=names, codes=known_codes(known, codes), queries=queries)

    @property
    def truth(self) -> IntArray:
        return self.codes[self.queries]

    @cached_property
    def known(self) -> Known:
        return Known.of(self.codes, self.data.held.facts.groups)

    @cached_property
    def classes(self) -> tuple[TandemClass, ...]:
        held = self.data.held
        found = {c.code: c for c in tandem_class.learn(held.index, held.facts, self.known)}
        return tuple(found[code] for code in range(1, len(self.names) + 1))

    @cached_property
    def prints(self) -> tuple[list[object | None], Callable[[object, list[object]], list[float]]]:
        return fingerprints(np.array([each.identity.smiles for each in self.data.drafts]))

    def left(self, row: int, limit: float | None) -> np.ndarray:
        """Return what a query may meet: its formula hidden, or its relatives."""
        facts = self.data.held.facts
        if limit is None:
            hidden = facts.families == facts.families[row]
        else:
            prints, likeness = self.prints
            known = [at for at, each in enumerate(prints) if each is not None]
            hidden = np.array([each is None for each in prints])
            own = prints[row]
            if own is not None:
                alike = np.array(likeness(own, [prints[at] for at in known]))
                hidden[np.array(known)[alike >= limit]] = True
        hidden = hidden | (facts.groups == facts.groups[row])
        return comparable(facts, float(facts.precursors[row]), int(facts.polarities[row]), hidden)

    def first(self, scores: FloatArray, limit: float | None) -> IntArray:
        """Return the class of the nearest spectrum that is not hidden."""
        return np.array(
            [
                self.codes[np.where(self.left(int(row), limit), each, -1.0).argmax()]
                for row, each in zip(self.queries, scores, strict=True)
            ]
        )

    def noted(self, scores: FloatArray, limit: float | None) -> IntArray:
        """Return the class that fol would note, 0 for none."""
        said = []
        for row, each in zip(self.queries, scores, strict=True):
            best = self.known.best(np.where(self.left(int(row), limit), each, 0.0))
            standing = self.known.front(best, self.classes)
            said.append(standing.code if standing is not None and standing.speaks else 0)
        return np.array(said)


def known_codes(known: Known, codes: IntArray) -> IntArray:
    """Return the class of each row's substance: of the class that any of its rows states."""
    sizes = np.diff(np.append(known.starts, known.rows.size))
    out = np.empty_like(codes)
    out[known.rows] = np.repeat(known.classes, sizes)
    return out


def fol_hybrid(asked: Asked) -> FloatArray:
    """Return fol's hybrid score of each query with everything."""
    hybrid = asked.data.held.index.hybrid
    return np.array([hybrid.scores_of_row(int(row)) for row in asked.queries])


def entropy(asked: Asked) -> FloatArray:
    """Return the spectral entropy similarity, without moved fragments."""
    drafts, index = asked.data.drafts, asked.data.held.index
    return np.array([index.scores((drafts[row].x, drafts[row].y)) for row in asked.queries])


def modified_cosine(asked: Asked) -> FloatArray:
    """Return matchms ModifiedCosineGreedy, on the same cleaned fragments."""
    os.environ["TQDM_DISABLE"] = "1"
    from matchms import Spectrum
    from matchms.similarity import ModifiedCosineGreedy

    cleaning = Cleaning(tolerance=DEFAULT_TOLERANCE)

    def spectrum(row: int) -> Spectrum:
        entry = asked.data.drafts[row]
        precursor = float(asked.data.held.facts.precursors[row])
        mz, share = clean(entry.x, entry.y, cleaning, precursor)
        height = share / share.max(initial=1e-9)
        return Spectrum(mz=mz, intensities=height, metadata={"precursor_mz": precursor})

    references = [spectrum(row) for row in range(len(asked.data.drafts))]
    measure = ModifiedCosineGreedy(tolerance=0.02, mz_power=0.0, intensity_power=0.5)
    made = []
    for row in asked.queries:
        left, query = asked.left(int(row), None) | asked.left(int(row), LIMITS[0]), references[row]
        made.append(
            [
                float(measure.pair(each, query)["score"]) if keep else 0.0
                for each, keep in zip(references, left, strict=True)
            ]
        )
    return np.array(made)


def rows(data: Path, percent: Percent) -> Iterator[list[Row]]:
    """Yield the table by class and distance, and what the levels of the library are."""
    asked = Asked.of(accuracy_msms.load(data))
    truth = asked.truth
    codes = [int(code) for code in np.unique(truth) if code]
    none = truth == 0
    heads = [f"{asked.names[code - 1]} (n {int((truth == code).sum())})" for code in codes]
    head = ("hidden", "measure", *heads, f"none given a class (n {int(none.sum())})")
    table: list[Row] = [head]
    mine = fol_hybrid(asked)
    scores = {
        "fol hybrid, first": mine,
        "matchms ModifiedCosineGreedy, first": modified_cosine(asked),
        "spectral entropy, first": entropy(asked),
    }
    for limit in (None, *LIMITS):
        where = "formula and precursor" if limit is None else f"and above Tanimoto {limit}"
        said = {name: asked.first(each, limit) for name, each in scores.items()}
        said["fol class note"] = asked.noted(mine, limit)
        for name, first in said.items():
            shares = [percent(first[truth == code] == code) for code in codes]
            table.append((where, name, *shares, percent(first[none] != 0)))
    yield table
    yield _levels(asked, percent)


def _levels(asked: Asked, percent: Percent) -> list[Row]:
    table: list[Row] = [("class", "compounds", "level", "given their class", "of others given it")]
    for each in asked.classes:
        name = asked.names[each.code - 1]
        if not each.calibrated:
            table.append((name, str(each.n_members), "not calibrated", "–", "–"))
            continue
        right = np.arange(each.asked) < each.found
        others = f"{each.false} of {each.n_outside}"
        table.append((name, str(each.n_members), f"{each.level:.2f}", percent(right), others))
    return table


if __name__ == "__main__":
    from benchmarks.accuracy import data_folder, percent
    from benchmarks.accuracy import table as as_table

    for made in rows(data_folder(), percent):
        print(as_table(made), end="\n\n", flush=True)
    sys.exit(0)
