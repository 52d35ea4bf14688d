"""Time the mass-spectral index on a library made here: python -m benchmarks.peak_search [rows].

Prints milliseconds for each score, for a batch, for the build and for a GC-MS run of 10,000 scans.
Where ms_entropy or matchms can be imported, the same library is searched with them beside it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from spectra.chromatography import find_components
from spectra.peak_index import PeakIndex
from spectra.spectrum import MassRun


def library(n_rows: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Spectra with the commonness of masses that real ones have: low masses often, high seldom."""
    lengths = rng.integers(20, 121, n_rows)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    mz = np.floor(40 + 420 * rng.beta(1.2, 2.6, offsets[-1]))
    return {
        "offsets": offsets,
        "mz": mz,
        "intensity": np.ceil(999 * rng.beta(0.3, 3.0, offsets[-1])),
        "masses": np.floor(rng.normal(300, 60, n_rows)).clip(60, 600),
    }


def milliseconds(work: Callable[[], object], repeats: int) -> float:
    work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return 1000 * float(np.median(taken))


def run_of(n_scans: int, rng: np.random.Generator) -> MassRun:
    mz = np.arange(45, 446)
    values = rng.poisson(3.0, (n_scans, mz.size)).astype(np.float32)
    scan = np.arange(n_scans)[:, None]
    for apex in rng.uniform(50, n_scans - 50, 150):
        ions = rng.choice(mz.size, 60, replace=False)
        near = slice(max(int(apex) - 15, 0), int(apex) + 16)
        shape = np.exp(-0.5 * ((scan[near] - apex) / 3) ** 2)
        values[near][:, ions] += rng.poisson(shape * 20_000 * rng.beta(0.3, 3.0, 60))
    scans, columns = np.nonzero(values)
    return MassRun(
        title="simulated",
        scan_time_s=np.arange(n_scans) * 0.3,
        offsets=np.searchsorted(scans, np.arange(n_scans + 1)),
        mz=mz[columns],
        intensity=values[scans, columns],
    )


def main() -> None:
    rng = np.random.default_rng(1)
    n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    parts = library(n_rows, rng)
    start = time.perf_counter()
    index = PeakIndex.from_peaks(**parts)
    print(f"{n_rows} rows, {parts['mz'].size} peaks")
    print(f"{'build':28}{1000 * (time.perf_counter() - start):10.1f} ms")
    rows = rng.choice(n_rows, 20, replace=False)
    bounds = [(parts["offsets"][r], parts["offsets"][r + 1]) for r in rows]
    queries = [(parts["mz"][a:b], parts["intensity"][a:b]) for a, b in bounds]
    for score in ("cosine", "entropy", "identity", "hybrid"):
        turn = iter(queries * 2)
        taken = milliseconds(lambda s=score, t=turn: index.search(next(t), 10, s), 10)
        print(f"{score + ', one query':28}{taken:10.2f} ms")
    turn = iter(queries * 2)
    taken = milliseconds(lambda: index.search(next(turn), 10, "hybrid", query_mass=314.0), 10)
    print(f"{'hybrid, mass known':28}{taken:10.2f} ms")
    taken = milliseconds(lambda: index.search_many(queries, 10), 5) / len(queries)
    print(f"{'cosine, each of 20':28}{taken:10.2f} ms")
    for name, work in rivals(parts, queries).items():
        print(f"{name:28}{milliseconds(work, 3):10.2f} ms")
    run = run_of(10_000, rng)
    taken = milliseconds(lambda: find_components(run), 3)
    print(f"{'components, 10,000 scans':28}{taken:10.1f} ms, {len(find_components(run))} found")


def rivals(
    parts: dict[str, np.ndarray], queries: list[tuple[np.ndarray, np.ndarray]]
) -> dict[str, Callable[[], object]]:
    """Other software on the same library, where it is installed."""
    try:
        from ms_entropy import FlashEntropySearch
    except ImportError:
        return {}
    search = FlashEntropySearch()
    offsets = parts["offsets"]
    entries = []
    for a, b in pairwise(offsets):
        mz, first = np.unique(parts["mz"][a:b], return_index=True)
        peaks = np.stack([mz, parts["intensity"][a:b][first]], axis=1).astype(np.float32)
        entries.append({"precursor_mz": 0.0, "peaks": peaks})
    search.build_index(entries, max_indexed_mz=1000, min_ms2_difference_in_da=0.4)
    mz, first = np.unique(queries[0][0], return_index=True)
    query = np.stack([mz, queries[0][1][first]], axis=1).astype(np.float32)
    return {
        "ms_entropy open": lambda: search.open_search(peaks=query, ms2_tolerance_in_da=0.2),
    }


if __name__ == "__main__":
    main()
