"""Mixtures without any drug class: how often does fol flag a class that is not there?

Whole answers of a real library: unresolved spectra of two or three substances, and the peaks of
simulated GC-MS runs after fol's own deconvolution. ``python -m benchmarks.accuracy_mixtures``
prints the tables alone.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.analogue_spectra import FILES
from instruments import read
from instruments.export import Export
from libraries import naming
from libraries.build import build_library
from libraries.curve_class_models import label
from libraries.drafting import draft
from libraries.entry import EntryDraft
from libraries.library import Library
from libraries.provenance import Source
from lims.matching import NAMING_STATES, match_export
from spectra.simulate import RunComponent, gcms_run
from spectra.spectrum import MassRun, MassSpectrum, Technique

UNRESOLVED, RUNS, PAIRS_EACH = 1_500, 160, 4
MOST = 5.0
"""False candidates of 1,000 that are borne."""
HELD_OUT = 0.25
"""Share of the formulas outside the classes that the library lacks."""

BLEED = {73: 20.0, 207: 100.0, 208: 20.0, 209: 13.0, 281: 45.0, 282: 12.0, 355: 9.0}
_LEAST_IONS, _MOST_IONS = 10_000, 500_000
_HIGHEST = 1_000
Row = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stock:
    """What mixtures are made of: substances of no class, in the library and not.

    Parameters
    ----------
    held, lacking : ndarray of float, shape (n, 1001)
        Ion current by whole mass, sum 1.
    """

    held: np.ndarray
    lacking: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Said:
    """What was said of each of many mixtures: states, and the classes of notes and candidates."""

    states: tuple[str, ...]
    classes: tuple[str, ...]

    @property
    def candidates(self) -> Counter[str]:
        """How often each class was a candidate; none of them is there."""
        pairs = zip(self.states, self.classes, strict=True)
        return Counter(name for state, name in pairs if state == "analogue_candidate")

    def count(self, *states: str) -> int:
        return sum(state in states for state in self.states)


def drafts_of(data: Path, files: Sequence[str] = FILES) -> list[EntryDraft]:
    """Return the spectra as a library would take them in."""
    return [
        draft(spectrum, Source(file=file, sha256="0" * 64), {})
        for file in files
        for spectrum in read(data / "ms" / file).spectra
    ]


def split(drafts: Sequence[EntryDraft], seed: int = 0) -> tuple[list[EntryDraft], Stock]:
    """Return what the library holds, and substances of no class, some of which it lacks."""
    rng = np.random.default_rng(seed)
    plain = np.array([not label(naming.class_of(each)) for each in drafts])
    formulas = np.array([each.identity.formula or each.identity.group for each in drafts])
    names = np.unique(formulas[plain])
    gone = set(rng.permutation(names)[: int(HELD_OUT * names.size)].tolist())
    # A formula some of whose isomers are of a class stays: mixtures must not be of the class.
    gone -= set(formulas[~plain].tolist())
    lacks = np.array([name in gone for name in formulas])
    # Of what states no structure nobody can say that it is of no class: collections file
    # derivatives and some new cannabinoids as "other".
    usable = plain & np.array([each.y.size >= 5 and bool(each.identity.smiles) for each in drafts])
    return (
        [each for each, out in zip(drafts, lacks, strict=True) if not out],
        Stock(
            held=_currents(drafts, np.flatnonzero(usable & ~lacks)),
            lacking=_currents(drafts, np.flatnonzero(usable & lacks)),
        ),
    )


def _currents(drafts: Sequence[EntryDraft], rows: np.ndarray) -> np.ndarray:
    made = np.zeros((rows.size, _HIGHEST + 1), dtype=np.float32)
    for at, row in enumerate(rows):
        mz = np.rint(drafts[row].x).astype(np.int64)
        inside = (mz >= 1) & (mz <= _HIGHEST)
        np.add.at(made[at], mz[inside], drafts[row].y[inside])
        made[at] /= max(float(made[at].sum()), 1e-9)
    return made


def unresolved(stock: np.ndarray, n: int, seed: int) -> list[MassSpectrum]:
    """Return spectra of two or three substances that left the column together.

    Shares of 9:1 to 1:1 to the first, counting statistics, and bleed of up to a tenth.
    """
    rng = np.random.default_rng(seed)
    bleed = np.zeros(_HIGHEST + 1)
    bleed[list(BLEED)] = list(BLEED.values())
    made = []
    for at in range(n):
        rows = rng.choice(stock.shape[0], int(rng.integers(2, 4)), replace=False)
        shares = np.append(1.0, np.exp(rng.uniform(np.log(1 / 9), 0.0, rows.size - 1)))
        total = shares @ stock[rows] / shares.sum()
        total += rng.uniform(0.0, 0.1) * bleed / bleed.sum()
        ions = np.exp(rng.uniform(np.log(_LEAST_IONS), np.log(_MOST_IONS)))
        counted = rng.poisson(ions * total / total.sum()).astype(np.float64)
        mz = np.flatnonzero(counted)
        made.append(
            MassSpectrum(
                title=f"mixture {at + 1}",
                mz=mz.astype(np.float64),
                intensity=counted[mz],
                ionization="EI",
            )
        )
    return made


def run_of_pairs(stock: np.ndarray, seed: int) -> MassRun:
    """Return a run of substances each with a neighbour 0.3 to 1.5 σ away, on rising bleed."""
    rng = np.random.default_rng(seed)
    sigma = 1.2
    parts = []
    for at in range(PAIRS_EACH):
        when = 120.0 + 100.0 * at + rng.uniform(0, 40)
        area = np.exp(rng.uniform(np.log(2e5), np.log(5e6)))
        ratio = np.exp(rng.uniform(np.log(1 / 9), 0.0))
        gap = rng.uniform(0.3, 1.5) * sigma
        first, second = rng.choice(stock.shape[0], 2, replace=False)
        for row, time, size in ((first, when, area), (second, when + gap, area * ratio)):
            mz = np.flatnonzero(stock[row])
            sticks = MassSpectrum(
                title="", mz=mz.astype(np.float64), intensity=stock[row, mz], ionization="EI"
            )
            parts.append(
                RunComponent(
                    spectrum=sticks, retention_time_s=time, area=float(size), sigma_s=sigma
                )
            )
    return gcms_run(f"run {seed}", parts, rng, duration_s=500.0)


def answers(library: Library, measurements: Sequence[MassSpectrum | MassRun]) -> Said:
    """Return what fol answers, each measurement a file of its own."""
    index = library.sections()
    if not index:
        raise ValueError("the library is empty")

    def one(measurement: MassSpectrum | MassRun) -> list[Mapping[str, Any]]:
        is_run = isinstance(measurement, MassRun)
        export = Export(
            path=Path("made"),
            sha256="0" * 64,
            size=0,
            format="made",
            technique=Technique.GCMS if is_run else Technique.MS,
            metadata={},
            warnings=(),
            spectra=(measurement,),
            reader="made",
            reader_version="1",
        )
        result = match_export(export, [library])
        return list(result["peaks"] if is_run else result["spectra"])

    with ThreadPoolExecutor(2) as pool:
        found = [each for entries in pool.map(one, measurements) for each in entries]
    return Said(
        states=tuple(each["decision"]["state"] for each in found),
        classes=tuple((each["analogue"] or {}).get("class") or "" for each in found),
    )


def upper(count: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share by Clopper and Pearson, in 1,000."""
    from scipy.stats import beta

    low = 0.0 if not count else float(beta.ppf(0.025, count, n - count + 1))
    high = 1.0 if count == n else float(beta.ppf(0.975, count + 1, n - count))
    return 1000.0 * low, 1000.0 * high


def rows(data: Path, *, scale: float = 1.0) -> Iterator[list[Row]]:
    """Yield the table of answers, and that of false candidates by class."""
    held, stock = split(drafts_of(data))
    with tempfile.TemporaryDirectory() as folder:
        report = build_library(Path(folder), "mixtures", "1", "", held)
        n, n_runs = int(UNRESOLVED * scale), int(RUNS * scale)
        with Library(report.folder) as library:
            said = {
                "unresolved, in the library": answers(library, unresolved(stock.held, n, 1)),
                "unresolved, not in the library": answers(library, unresolved(stock.lacking, n, 2)),
                "deconvolved beside a neighbour, in the library": answers(
                    library, [run_of_pairs(stock.held, seed) for seed in range(n_runs)]
                ),
                "deconvolved beside a neighbour, not in the library": answers(
                    library, [run_of_pairs(stock.lacking, 9_000 + at) for at in range(n_runs)]
                ),
            }
    yield _answer_table(said)
    yield _class_table(said)


def _answer_table(said: Mapping[str, Said]) -> list[Row]:
    table: list[Row] = [
        ("mixtures without a drug class", "n", "named", "nothing named", "class note",
         "false candidates", "of 1,000 (95 %)", f"at most {MOST:.0f} in 1,000 by this bound")
    ]  # fmt: skip
    for name, each in said.items():
        n, false = len(each.states), each.candidates.total()
        low, high = upper(false, n)
        table.append(
            (
                name,
                str(n),
                str(each.count(*NAMING_STATES)),
                str(each.count("no_match", "unexplained", "insufficient")),
                str(each.count("class_only")),
                str(false),
                f"{1000 * false / n:.1f} ({low:.1f}–{high:.1f})",
                "yes" if high <= MOST else "no",
            )
        )
    return table


def _class_table(said: Mapping[str, Said]) -> list[Row]:
    total = sum((each.candidates for each in said.values()), Counter())
    n = sum(len(each.states) for each in said.values())
    table: list[Row] = [("false candidates of all", "n", "count", "of 1,000 (95 %)")]
    for name, count in (*total.most_common(), ("any class", total.total())):
        low, high = upper(count, n)
        table.append((name, str(n), str(count), f"{1000 * count / n:.2f} ({low:.2f}–{high:.2f})"))
    return table


def main(percent: Callable[[list[Row]], str]) -> int:
    """Print the tables."""
    from benchmarks.accuracy import data_folder

    for each in rows(data_folder()):
        print(percent(each), end="\n\n", flush=True)
    return 0


if __name__ == "__main__":
    from benchmarks.accuracy import table as as_table

    sys.exit(main(as_table))
