"""One fresh process for `benchmarks.search`: open a stored index, answer, say how long it took.

python -m benchmarks.search_child FOLDER QUERIES first|plain
"""

from __future__ import annotations

import sys
import time

STARTED = time.perf_counter()


def main() -> None:
    folder, queries, mode = sys.argv[1:4]
    if mode == "plain":
        sys.modules["numba"] = None  # type: ignore[assignment]  # as where it is not installed
    from pathlib import Path

    import numpy as np

    from spectra.search import PeakIndex

    paths = sorted(Path(folder).glob("*.npy"))
    before = time.perf_counter()
    index = PeakIndex.from_arrays({path.stem: np.load(path, mmap_mode="r") for path in paths})
    opened = time.perf_counter() - before
    with np.load(queries) as held:
        asked = [(held[f"mz{i}"], held[f"height{i}"]) for i in range(len(held.files) // 2)]
    hits = index.search(asked[0], 10)
    first = time.perf_counter() - STARTED
    times = []
    for query in asked if mode == "plain" else ():
        taken = []
        for _ in range(3):
            before = time.perf_counter()
            index.search(query, 10)
            taken.append(time.perf_counter() - before)
        times.append(min(taken))
    if mode == "plain":
        index.warm()
    print(opened, first, np.mean(times) if times else 0.0, index.engine.replace(" ", "_"))
    if hits.rows.size == 0:
        raise SystemExit("nothing found")


if __name__ == "__main__" and len(sys.argv) > 1:
    main()
