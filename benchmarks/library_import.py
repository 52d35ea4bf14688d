"""Time of an import, by entries: ``python -m benchmarks.library_import [ENTRIES ...]``.

Makes MSP files whose masses fit their formulas, so that every entry takes the common way.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from lims import library_care

SIZES = (3_000, 100_000)
_PEAKS = 60
# Methylene: a chain of n carbons weighs 14 n + 2, above the heaviest peak that is made for it.
_CHAIN = 14


def write(path: Path, entries: int, seed: int = 7) -> None:
    """Write hydrocarbon-like spectra, three of each substance, and their facts."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for number in range(entries):
            carbons = 12 + number // 3 % 40
            highest = _CHAIN * carbons + 2
            count = int(rng.integers(_PEAKS - 20, min(_PEAKS + 20, highest - 40)))
            mz = np.sort(rng.choice(np.arange(35, highest), count, replace=False))
            heights = rng.integers(1, 1000, count)
            pairs = [f"{a} {b};" for a, b in zip(mz.tolist(), heights.tolist(), strict=True)]
            rows = "\n".join(" ".join(pairs[at : at + 5]) for at in range(0, count, 5))
            stream.write(
                f"Name: Substance {number // 3}\nFormula: C{carbons}H{2 * carbons + 2}\n"
                f"CASNO: {number // 3:09d}\nRI: {600 + number % 2400}\n"
                f'Comments: "instrument type=GC-EI-Q" "collection=made"\n'
                f"Num Peaks: {count}\n{rows}\n\n"
            )


def measure(entries: int) -> dict[str, float]:
    """Return wall and processor seconds of one import."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "made.msp"
        write(source, entries)
        wall, processor = time.perf_counter(), time.process_time()
        report = library_care.install(Path(folder) / "libraries", [source], "made")
        found = {
            "entries": float(report.accepted),
            "megabytes": source.stat().st_size / 1e6,
            "wall_s": time.perf_counter() - wall,
            "processor_s": time.process_time() - processor,
        }
        if report.accepted != entries or report.derivatives:
            raise SystemExit(f"{report.accepted} of {entries} entries taken")
        return found


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or list(SIZES)
    print(f"{'entries':>10} {'MB':>8} {'wall s':>8} {'cpu s':>8}")
    for entries in sizes:
        found = measure(entries)
        print(
            f"{entries:>10,} {found['megabytes']:>8.1f} {found['wall_s']:>8.1f} "
            f"{found['processor_s']:>8.1f}"
        )


if __name__ == "__main__":
    main()
