"""Mass-spectral search against other software, one run, one machine: read the ratios.

python -m benchmarks.search [--entries 20000] [--tandem 5000] [--queries 100] [--no-peers]

The libraries are made here, the same every time (`benchmarks.made_masses`). Times are the least of
a few repeats of each query; ms_entropy is given clean spectra, cleaning is not timed for it.
Goals stand beside the ratios only where they hold: for a million electron-impact spectra
(--entries 1000000) and 100,000 MS/MS spectra (--tandem 100000).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.made_masses import (
    MadeLibrary,
    Query,
    ei_library,
    ei_queries,
    tandem_library,
    tandem_queries,
)
from benchmarks.search_peers import (
    MsEntropy,
    each,
    matchms_scores,
    numpy_dense,
    scipy_sparse,
    shares,
)
from spectra.mass_scores import KIM, unit_mass, weighted
from spectra.peak_index import PeakIndex
from spectra.peak_tandem import TandemIndex
from spectra.peak_tandem_clean import Cleaning, Tolerance, clean

# Whether the goals hold for the library being timed.
AT_SCALE = [False]


def line(name: str, value: str, ratio: float | None = None, goal: float | None = None) -> None:
    against = "" if ratio is None else f"{ratio:8.1f}×"
    met = ""
    if goal is not None and ratio is not None and AT_SCALE[0]:
        met = f"   goal {goal:g}×: {'met' if ratio >= goal else 'MISSED'}"
    print(f"  {name:52}{value:>16}{against}{met}", flush=True)


def ms(times: np.ndarray) -> str:
    return f"{times.mean():.3f} ms"


def memory_bandwidth() -> float:
    """Gigabytes a second that one core reads."""
    values = np.ones(32_000_000)
    best = min(float(each(lambda _: values @ values, [None], 5)[0]), 1e9)
    return values.nbytes / best / 1e6


def stored(index: PeakIndex, folder: Path) -> None:
    for name, array in index.arrays().items():
        np.save(folder / f"{name}.npy", array)


def child(folder: Path, queries: Path, mode: str) -> tuple[float, float, float, str]:
    """Milliseconds to open, to the first answer from process start, of a query; the engine."""
    command = [sys.executable, "-m", "benchmarks.search_child", str(folder), str(queries), mode]
    best = None
    for _ in range(3):
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        opened, first, mean, engine = done.stdout.split()
        told = (1e3 * float(opened), 1e3 * float(first), 1e3 * float(mean), engine)
        best = told if best is None else (*np.minimum(best[:3], told[:3]).tolist(), engine)
    assert best is not None
    return best


def same_as_brute_force(index: PeakIndex, library: MadeLibrary, queries: Sequence[Query]) -> int:
    """For how many queries a float64 loop over the whole library gives the same ten rows."""
    weight = library.intensity**KIM.intensity_power * library.mz**KIM.mz_power
    length = np.sqrt(np.add.reduceat(weight * weight, library.offsets[:-1]))
    same = 0
    for query in queries:
        unit = unit_mass(query.mz, query.intensity)
        vector = np.zeros(1001)
        vector[unit.mz] = weighted(unit, KIM) / np.linalg.norm(weighted(unit, KIM))
        products = np.add.reduceat(weight * vector[library.mz.astype(int)], library.offsets[:-1])
        scores = np.round((products / length) ** 2, 12)
        best = np.lexsort((np.arange(scores.size), -scores))[:10]
        hits = index.search(query.peaks, 10)
        close = np.allclose(hits.scores, scores[best], rtol=0, atol=2e-12)
        same += close and bool(np.array_equal(hits.rows, best))
    return same


def electron_impact(given: argparse.Namespace) -> None:
    AT_SCALE[0] = given.entries >= 1_000_000
    library = ei_library(given.entries)
    queries = ei_queries(library, given.queries)
    n = given.entries
    print(
        f"\n{n:,} electron-impact spectra, {library.mz.size / n:.0f} peaks each; "
        f"{len(queries)} queries of {np.mean([q.mz.size for q in queries]):.0f} peaks"
    )
    peers = None if given.no_peers else ms_entropy_of(library)
    builds = []
    index = None
    for _ in range(3):
        index = None
        start = time.perf_counter()
        index = PeakIndex.from_peaks(
            offsets=library.offsets,
            mz=library.mz,
            intensity=library.intensity,
            masses=library.masses,
        )
        builds.append(time.perf_counter() - start)
    assert index is not None
    megabytes = sum(array.nbytes for array in index.arrays().values()) / 1e6
    built = None if peers is None else peers.build_s / min(builds)
    smaller = None if peers is None else peers.megabytes / megabytes
    line("build", f"{min(builds):.2f} s", built, 200)
    line("memory of the stored index", f"{megabytes:.0f} MB", smaller, 4)
    asked = [query.peaks for query in queries]
    open_ms = hybrid_ms = None
    if peers is not None:
        clean_ones = [shares(query.mz, query.intensity) for query in queries[:20]]
        open_ms = each(peers.open, clean_ones)
        with_mass = list(zip(clean_ones[:8], [query.mass for query in queries[:8]], strict=True))
        hybrid_ms = each(peers.hybrid, with_mass, 2)
        line("ms_entropy build", f"{peers.build_s:.1f} s")
        line("ms_entropy memory", f"{peers.megabytes:.0f} MB")
        line("ms_entropy open search", ms(open_ms))
        line("ms_entropy hybrid search", ms(hybrid_ms))
    searches(index, queries, asked, open_ms, hybrid_ms)
    derived = [index.__dict__.get(name) for name in ("_hybrid_codes", "_entropy_codes")]
    more = megabytes + sum(codes.n_bytes for codes in derived if codes is not None) / 1e6
    bigger = None if peers is None else peers.megabytes / more
    line("memory with hybrid and entropy in use too", f"{more:.0f} MB", bigger)
    exact = same_as_brute_force(index, library, queries[:10])
    line("same ten rows and scores as float64 brute force", f"{exact} of {len(queries[:10])}")
    fresh_processes(index, library, asked, open_ms)
    if not given.no_peers:
        others(library, queries)


def ms_entropy_of(library: MadeLibrary) -> MsEntropy | None:
    try:
        return MsEntropy(
            [(*library.row(at), float(library.masses[at])) for at in range(library.masses.size)]
        )
    except ImportError:
        print("  ms_entropy is not installed")
        return None


def searches(
    index: PeakIndex,
    queries: Sequence[Query],
    asked: Sequence[tuple[np.ndarray, np.ndarray]],
    open_ms: np.ndarray | None,
    hybrid_ms: np.ndarray | None,
) -> None:
    def against(theirs: np.ndarray | None, ours: float) -> float | None:
        return None if theirs is None else float(theirs.mean()) / ours

    index.warm()
    index.search_many(asked[:4], 10)
    index.search(asked[0], 10)
    taken = each(lambda query: index.search(query, 10), asked)
    line(f"cosine, one query ({index.engine})", ms(taken), against(open_ms, taken.mean()), 15)
    batch = float(each(lambda many: index.search_many(many, 10), [asked], 5)[0]) / len(asked)
    line(f"cosine, each of {len(asked)}", f"{batch:.3f} ms", against(open_ms, batch), 100)
    index.search(asked[0], 10, "entropy")
    taken = each(lambda query: index.search(query, 10, "entropy"), asked[:40])
    line("entropy similarity, one query", ms(taken), against(open_ms, taken.mean()))
    with_mass = [(query.peaks, query.mass) for query in queries[:60]]
    index.search(*with_mass[0][:1], 10, "hybrid", query_mass=with_mass[0][1])
    taken = each(lambda q: index.search(q[0], 10, "hybrid", query_mass=q[1]), with_mass)
    typical = None if hybrid_ms is None else float(np.median(hybrid_ms) / np.median(taken))
    line("hybrid, mass known, median", f"{np.median(taken):.3f} ms", typical, 80)
    line("hybrid, mass known, mean", ms(taken), against(hybrid_ms, taken.mean()), 40)
    index.search(asked[0], 10, "hybrid")
    taken = each(lambda query: index.search(query, 10, "hybrid"), asked[:6], 2)
    line("hybrid, mass unknown, 20 shifts tried", ms(taken))
    for score in ("identity", "simple"):
        index.search(asked[0], 10, score)
        taken = each(lambda query, name=score: index.search(query, 10, name), asked[:5], 2)
        line(f"NIST {score}, every row", ms(taken))


def fresh_processes(
    index: PeakIndex,
    library: MadeLibrary,
    asked: Sequence[tuple[np.ndarray, np.ndarray]],
    open_ms: np.ndarray | None,
) -> None:
    held = {f"mz{i}": mz for i, (mz, _) in enumerate(asked[:20])}
    held |= {f"height{i}": height for i, (_, height) in enumerate(asked[:20])}
    rows = min(library.masses.size, 100_000)
    peaks = int(library.offsets[rows])
    smaller = PeakIndex.from_peaks(
        offsets=library.offsets[: rows + 1],
        mz=library.mz[:peaks],
        intensity=library.intensity[:peaks],
        masses=library.masses[:rows],
    )
    with tempfile.TemporaryDirectory() as name:
        folder, first_folder = Path(name, "all"), Path(name, "first")
        for each_folder, each_index in ((folder, index), (first_folder, smaller)):
            each_folder.mkdir()
            stored(each_index, each_folder)
        path = Path(name, "queries.npz")
        np.savez(path, **held)  # type: ignore[arg-type]  # numpy's keywords are arrays too
        opened, _, plain, engine = child(folder, path, "plain")
        line("open the stored index", f"{opened:.1f} ms", 20 / opened, 1)
        ratio = None if open_ms is None else float(open_ms.mean()) / plain
        line(f"cosine without numba, one query ({engine[:5]})", f"{plain:.3f} ms", ratio, 8)
        _, first, _, _ = child(first_folder, path, "first")
        told = f"process start to first answer, {rows:,} rows"
        line(told, f"{first:.0f} ms", 500 / first, 1)


def others(library: MadeLibrary, queries: Sequence[Query]) -> None:
    line("scipy sparse matrix, one query", ms(scipy_sparse(library, queries[:10])))
    taken, rows = numpy_dense(library, queries)
    scaled = library.masses.size / rows
    line(f"numpy float32 product, each of {len(queries)}", f"{taken * scaled:.3f} ms")
    try:
        found = matchms_scores(library, queries)
    except ImportError:
        print("  matchms is not installed")
        return
    for name, (taken, rows) in found.items():
        scaled = taken * library.masses.size / rows
        line(f"matchms {name} (from {rows:,} rows)", f"{scaled:.1f} ms")


def tandem(given: argparse.Namespace) -> None:
    AT_SCALE[0] = given.tandem >= 100_000
    library = list(tandem_library(given.tandem))
    queries = tandem_queries(library, given.queries)
    cleaning = Cleaning(tolerance=Tolerance(da=0.02))
    ready = [(*clean(row.mz, row.intensity, cleaning, row.mass), row.mass) for row in library]
    n_peaks = sum(row[0].size for row in ready)
    print(f"\n{given.tandem:,} MS/MS spectra, {n_peaks / given.tandem:.0f} peaks each when clean")
    start = time.perf_counter()
    index = TandemIndex.build([row.peaks for row in library], [row.mass for row in library])
    built = time.perf_counter() - start
    megabytes = sum(array.nbytes for array in index.arrays().values()) / 1e6
    usable = []
    for query in queries:
        x, share = clean(query.mz, query.intensity, cleaning, query.mass)
        if x.size:
            usable.append((query, shares(x, share)))
    theirs = None
    smaller = None
    if not given.no_peers:
        try:
            peer = MsEntropy([row for row in ready if row[0].size])
        except ImportError:
            print("  ms_entropy is not installed")
        else:
            smaller = peer.megabytes / megabytes
            theirs = each(peer.open, [peaks for _, peaks in usable])
            line("ms_entropy build, of clean spectra", f"{peer.build_s:.1f} s")
            line("ms_entropy memory", f"{peer.megabytes:.0f} MB")
            line("ms_entropy open search, of clean queries", ms(theirs))
    line("build, cleaning included", f"{built:.1f} s")
    line("memory", f"{megabytes:.1f} MB", smaller, 10)
    index.search(usable[0][0].peaks, 10)
    taken = each(lambda q: index.search(q[0].peaks, 10, precursor_mz=q[0].mass), usable)
    ratio = None if theirs is None else float(theirs.mean() / taken.mean())
    line("entropy, one query, cleaning included", ms(taken), ratio, 2.5)
    peaks = [query.peaks for query, _ in usable]
    batch = float(each(lambda many: index.search_many(many, 10), [peaks], 3)[0]) / len(peaks)
    line(f"entropy, each of {len(peaks)}", f"{batch:.3f} ms")
    index.search(peaks[0], 10, "cosine")
    line("cosine, one query", ms(each(lambda q: index.search(q, 10, "cosine"), peaks[:30])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--tandem", type=int, default=5_000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--no-peers", action="store_true", help="ours alone")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}; one core reads {memory_bandwidth():.0f} GB/s")
    if given.entries:
        electron_impact(given)
    if given.tandem:
        tandem(given)


if __name__ == "__main__":
    main()
