"""MS/MS unknowns gathered into clusters: is one compound one code, and one code one compound?

``python -m benchmarks.accuracy_unknowns`` prints the tables. Every spectrum of two public
collections is treated as unknown and joined by the product's rules in a random order, once as if
each came from a sample of its own, once with the spectra that one contributor measured of one
compound as one sample. Data: FOL_REAL_DATA, else ``../shared/data`` beside the checkout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spectra import unknown_tandem
from spectra.axis import IntArray
from spectra.unknown_tandem import Fragments

_BOOTSTRAPS = 400


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ions:
    """All spectra with a precursor and enough fragments, and what each is, shape (n,) each.

    Parameters
    ----------
    ions : tuple of Fragments, length n
    compounds, formulas, contributors : ndarray of int
    """

    ions: tuple[Fragments, ...]
    compounds: IntArray
    formulas: IntArray
    contributors: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Every two spectra that may be of one ion, and how alike they are, shape (n_pairs,) each."""

    first: IntArray
    second: IntArray
    likeness: np.ndarray
    whole: np.ndarray


def load(data: Path) -> Ions:
    """Read the spectra as the product reduces them."""
    from benchmarks import accuracy_msms

    held = accuracy_msms.load(data)
    facts = held.held.facts
    ions, kept = [], []
    for at, entry in enumerate(held.drafts):
        if entry.tandem is None:
            continue
        made = unknown_tandem.of_peaks(
            entry.x, entry.y, entry.tandem.precursor_mz, polarity=int(facts.polarities[at])
        )
        if made is not None:
            ions.append(made)
            kept.append(at)
    rows = np.array(kept)
    # One record of a compound may write another formula (of its salt): the first one counts.
    _, first, compounds = np.unique(facts.groups[rows], return_index=True, return_inverse=True)
    return Ions(
        ions=tuple(ions),
        compounds=compounds.astype(np.int64),
        formulas=facts.families[rows][first][compounds],
        contributors=held.contributors[rows].astype(np.int64),
    )


def pairs(data: Ions) -> Pairs:
    """Return every pair of one precursor with its likeness."""
    masses = np.array([each.precursor_mz for each in data.ions])
    order = np.argsort(masses, kind="stable")
    found: list[tuple[int, int, float, bool]] = []
    for place, one in enumerate(order):
        for other in order[place + 1 :]:
            if masses[other] - masses[one] > unknown_tandem.WHOLE_PRECURSOR_DA + 1e-6:
                break
            a, b = data.ions[one], data.ions[other]
            if unknown_tandem.same_precursor(a, b):
                score = unknown_tandem.likeness(a, b)
                found.append((int(one), int(other), score, a.is_whole or b.is_whole))
    first, second, likeness, whole = (np.array(each) for each in zip(*found, strict=True))
    return Pairs(first=first, second=second, likeness=likeness, whole=whole)


def clusters(
    data: Ions,
    near: Pairs,
    *,
    by_sample: bool,
    seed: int = 0,
    accurate: float = unknown_tandem.ACCURATE_THRESHOLD,
    whole: float = unknown_tandem.WHOLE_THRESHOLD,
) -> IntArray:
    """Return the cluster of each spectrum, joined one after the other.

    The likest cluster takes it, else the one of its sample and precursor, else a new one; what is
    alike several makes them one.

    Parameters
    ----------
    by_sample : bool
        What one contributor measured of one compound is one sample, its spectra at once.
    """
    enough = near.likeness >= np.where(near.whole, whole, accurate)
    alike = _table(near, enough, len(data.ions))
    one_ion = _table(near, np.ones_like(enough), len(data.ions))
    code = np.full(len(data.ions), -1, dtype=np.int64)
    into: list[int] = []
    for at in _order(data, by_sample, seed):
        met = [other for other in alike[at] if code[other] >= 0]
        mine = [other for other in one_ion[at] if code[other] >= 0 and _together(data, at, other)]
        held = sorted({_root(into, int(code[other])) for other in met})
        if not held and by_sample and mine:
            held = [_root(into, int(code[mine[0]]))]
        if not held:
            held = [len(into)]
            into.append(len(into))
        for gone in held[1:]:
            into[gone] = held[0]
        code[at] = held[0]
    return np.array([_root(into, int(each)) for each in code])


def _order(data: Ions, by_sample: bool, seed: int) -> list[int]:
    order = np.random.default_rng(seed).permutation(len(data.ions)).tolist()
    if not by_sample:
        return order
    samples: dict[tuple[int, int], list[int]] = {}
    for at in order:
        samples.setdefault((int(data.compounds[at]), int(data.contributors[at])), []).append(at)
    return [at for each in samples.values() for at in each]


def _table(near: Pairs, kept: np.ndarray, n: int) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(n)]
    for one, other in zip(near.first[kept].tolist(), near.second[kept].tolist(), strict=True):
        found[one].append(other)
        found[other].append(one)
    return found


def _together(data: Ions, one: int, other: int) -> bool:
    same_lab = data.contributors[one] == data.contributors[other]
    return bool(same_lab and data.compounds[one] == data.compounds[other])


def _root(into: Sequence[int], code: int) -> int:
    while into[code] != code:
        code = into[code]
    return code


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share with its 95 % interval; for spectra, by resampling whole compounds."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f}), n={self.n}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How good a gathering is.

    Parameters
    ----------
    pure, pure_formula : Share
        Of each spectrum, how much of its cluster is its compound, or its formula.
    complete : Share
        Of each spectrum, how much of its compound's ion is in its cluster.
    single : Share
        Clusters that hold one compound.
    whole, whole_labs : Share
        Ions with two or more spectra, or two or more contributors, that are in one cluster.
    """

    pure: Share
    pure_formula: Share
    complete: Share
    single: Share
    whole: Share
    whole_labs: Share


def measured(data: Ions, code: IntArray) -> Measured:
    """Return purity and completeness of clusters.

    An ion is a compound, a polarity and a precursor in whole masses: adducts of one compound share
    no fragments. Purity and completeness are B-cubed (Bagga & Baldwin, COLING-ACL 1998, 79).
    """
    polarity = [each.polarity for each in data.ions]
    mass = [round(each.precursor_mz) for each in data.ions]
    facts = np.stack([data.compounds, polarity, mass], axis=1)
    ion = np.unique(facts, axis=0, return_inverse=True)[1].reshape(-1)
    whole, whole_labs = [], []
    for one in np.unique(ion):
        rows = np.flatnonzero(ion == one)
        if rows.size < 2:
            continue
        together = np.unique(code[rows]).size == 1
        whole.append(together)
        if np.unique(data.contributors[rows]).size > 1:
            whole_labs.append(together)
    single = [np.unique(data.compounds[code == each]).size == 1 for each in np.unique(code)]
    return Measured(
        pure=_of_spectra(_overlap(code, data.compounds), data.compounds),
        pure_formula=_of_spectra(_overlap(code, data.formulas), data.compounds),
        complete=_of_spectra(_overlap(ion, code), data.compounds),
        single=wilson(sum(single), len(single)),
        whole=wilson(sum(whole), len(whole)),
        whole_labs=wilson(sum(whole_labs), len(whole_labs)),
    )


def _overlap(within: IntArray, of: IntArray) -> np.ndarray:
    found = np.zeros(within.size)
    for each in np.unique(within):
        rows = np.flatnonzero(within == each)
        _, place, counts = np.unique(of[rows], return_inverse=True, return_counts=True)
        found[rows] = counts[place] / rows.size
    return found


def _of_spectra(values: np.ndarray, compounds: IntArray) -> Share:
    groups = [values[compounds == each] for each in np.unique(compounds)]
    sums = np.array([each.sum() for each in groups])
    sizes = np.array([each.size for each in groups])
    random = np.random.default_rng(7)
    drawn = random.integers(0, len(groups), size=(_BOOTSTRAPS, len(groups)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Share(value=float(values.mean()), low=float(low), high=float(high), n=values.size)


def wilson(hits: int, n: int) -> Share:
    """Return a share with Wilson's 95 % interval (J. Am. Stat. Assoc. 22 (1927) 209)."""
    if not n:
        return Share(value=0.0, low=0.0, high=1.0, n=0)
    z, p = 1.959964, hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)))
    return Share(value=p, low=middle - half, high=middle + half, n=n)


def pair_rows(data: Ions, near: Pairs) -> list[str]:
    """Return, for several thresholds, how many pairs of each sort are taken for one unknown."""
    one, other = near.first, near.second
    same = data.compounds[one] == data.compounds[other]
    isomers = ~same & (data.formulas[one] == data.formulas[other])
    elsewhere = same & (data.contributors[one] != data.contributors[other])
    sorts = (
        ("one compound", same),
        ("… by two contributors", elsewhere),
        ("two isomers", isomers),
        ("two formulas of one precursor", ~same & ~isomers),
    )
    found = []
    for kind, chosen in (("accurate", ~near.whole), ("whole masses", near.whole)):
        for name, sort in sorts:
            rows = np.flatnonzero(chosen & sort)
            shares = "  ".join(
                f"{limit:.1f}: {float((near.likeness[rows] >= limit).mean()):.3f}"
                for limit in (0.4, 0.5, 0.6, 0.7, 0.8)
            )
            found.append(f"{kind:13}{name:32}n={rows.size:5}  {shares}")
    return found


def main() -> None:
    """Print the tables."""
    from benchmarks.accuracy import data_folder

    data = load(data_folder())
    near = pairs(data)
    print(
        f"{len(data.ions)} spectra of {np.unique(data.compounds).size} compounds by "
        f"{np.unique(data.contributors).size} contributors; "
        f"{near.first.size} pairs of one precursor"
    )
    for row in pair_rows(data, near):
        print(row)
    limits = ((0.4, 0.6), (0.5, 0.7), (0.6, 0.8))
    for by_sample in (False, True):
        for accurate, whole in limits:
            code = clusters(data, near, by_sample=by_sample, accurate=accurate, whole=whole)
            found = measured(data, code)
            said = "spectra of a contributor as one sample" if by_sample else "each spectrum alone"
            print(f"\n{said}, likeness {accurate} / {whole} at whole masses")
            for name in Measured.__dataclass_fields__:
                print(f"  {name:14}{getattr(found, name)}")


if __name__ == "__main__":
    main()
