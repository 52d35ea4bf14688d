"""Other software on the same libraries, where it is installed, each at its best for this task."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.made_masses import MadeLibrary, Query


def each(work: Callable[[Any], object], items: Sequence[Any], repeats: int = 3) -> np.ndarray:
    """Return milliseconds of each item, the least of some repeats."""
    out = []
    for item in items:
        taken = []
        for _ in range(repeats):
            start = time.perf_counter()
            work(item)
            taken.append(time.perf_counter() - start)
        out.append(min(taken))
    return 1000 * np.array(out)


class MsEntropy:
    """ms_entropy's Flash entropy search, given clean spectra so that it need not clean them."""

    def __init__(self, spectra: Sequence[tuple[np.ndarray, np.ndarray, float]]) -> None:
        from ms_entropy import FlashEntropySearch

        entries = [
            {"precursor_mz": mass, "peaks": _shares(mz, height), "row": row}
            for row, (mz, height, mass) in enumerate(spectra)
        ]
        self.search = FlashEntropySearch()
        start = time.perf_counter()
        kept = self.search.build_index(entries, clean_spectra=False)
        self.build_s = time.perf_counter() - start
        self.rows = np.array([entry["row"] for entry in kept])
        held = self.search.entropy_search.index
        self.megabytes = sum(np.asarray(part).nbytes for part in held) / 1e6

    def open(self, query: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        return np.asarray(self.search.open_search(peaks=query, ms2_tolerance_in_da=0.02))

    def hybrid(self, query: tuple[np.ndarray, float]) -> np.ndarray:
        peaks, mass = query
        return np.asarray(
            self.search.hybrid_search(precursor_mz=mass, peaks=peaks, ms2_tolerance_in_da=0.02)
        )


def _shares(mz: np.ndarray, height: np.ndarray) -> np.ndarray:
    return np.stack([mz, height / height.sum()], axis=1).astype(np.float32)


shares = _shares


def scipy_sparse(library: MadeLibrary, queries: Sequence[Query]) -> np.ndarray:
    """A scipy sparse matrix times a dense query, and the ten best."""
    from scipy.sparse import csr_array

    weight = library.intensity**0.53 * library.mz**1.3
    lengths = np.diff(library.offsets)
    norm = np.sqrt(np.add.reduceat(weight * weight, library.offsets[:-1]))
    values = (weight / np.repeat(norm, lengths)).astype(np.float32)
    matrix = csr_array((values, library.mz.astype(np.int32), library.offsets), (lengths.size, 1001))

    def one(query: Query) -> np.ndarray:
        vector = np.zeros(1001, dtype=np.float32)
        vector[query.mz.astype(int)] = query.intensity**0.53 * query.mz**1.3
        return np.argpartition(matrix @ vector, -10)[-10:]

    return each(one, queries)


def numpy_dense(library: MadeLibrary, queries: Sequence[Query]) -> tuple[float, int]:
    """Return milliseconds of a query in a float32 product of all with so many rows."""
    n = min(100_000, library.masses.size)
    part = slice(0, int(library.offsets[n]))
    weight = library.intensity[part] ** 0.53 * library.mz[part] ** 1.3
    dense = np.zeros((n, 501), dtype=np.float32)
    rows = np.repeat(np.arange(n), np.diff(library.offsets[: n + 1]))
    dense[rows, library.mz[part].astype(int)] = weight
    dense /= np.linalg.norm(dense, axis=1, keepdims=True)
    right = np.zeros((501, len(queries)), dtype=np.float32)
    for at, query in enumerate(queries):
        right[query.mz.astype(int), at] = query.intensity**0.53 * query.mz**1.3

    def all_of_them(_: object) -> np.ndarray:
        return np.argpartition(dense @ right, n - 10, axis=0)[-10:]

    return float(each(all_of_them, [None])[0]) / len(queries), n


def matchms_scores(library: MadeLibrary, queries: Sequence[Query]) -> dict[str, tuple[float, int]]:
    """Milliseconds of a query against so many rows, by score."""
    os.environ["TQDM_DISABLE"] = "1"
    from matchms import Spectrum
    from matchms.similarity import BlinkCosine, CosineGreedy, FlashSimilarity

    n = min(2_000, library.masses.size)

    def spectrum(mz: np.ndarray, height: np.ndarray, mass: float) -> Spectrum:
        return Spectrum(mz=mz, intensities=height / height.max(), metadata={"precursor_mz": mass})

    references = [spectrum(*library.row(at), float(library.masses[at])) for at in range(n)]
    asked = [spectrum(query.mz, query.intensity, query.mass) for query in queries[:100]]
    greedy = CosineGreedy(tolerance=0.1, mz_power=1.3, intensity_power=0.53)
    greedy.pair(references[0], asked[0])
    out = {
        "CosineGreedy": (
            float(each(lambda q: [greedy.pair(r, q) for r in references], asked[:3], 2).mean()),
            n,
        )
    }
    flash = FlashSimilarity(score_type="cosine", tolerance=0.1, noise_cutoff=0.0)
    blink = BlinkCosine(bin_width=1.0, tolerance=0.0, mz_power=1.3, intensity_power=0.53)
    for name, work in (
        ("FlashSimilarity", lambda _: flash.matrix(references, asked, n_jobs=1)),
        ("BlinkCosine", lambda _: blink.matrix(references, asked)),
    ):
        taken = each(work, [None], 2)
        out[f"{name}, each of {len(asked)}"] = float(taken[0]) / len(asked), n
    return out
