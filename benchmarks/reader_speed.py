"""Large files: a run of ten thousand scans in each format, and libraries of many entries.

python -m benchmarks.reader_speed [--data DIR] [--entries N] [--scans N] [--only WORD]

Every reader reads every file in a process of its own. A digest over all numbers tells whether two
readers gave the same.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import msp_made, run_made
from benchmarks.reader_peers import OURS, PEERS, Found

ROOT = Path(__file__).resolve().parents[1]
# What it is, what gives the file, and who else reads it.
Case = tuple[str, Callable[[], Path], tuple[str, ...]]
_LIMIT_S = 600.0
_ENOUGH_S = 3.0


def digest(found: Found) -> str:
    """Return a short hash over all peaks, or over the scan times and m/z of a run."""
    hashed = hashlib.sha256()
    parts = [found.times_s, found.mz] if found.curves is None else []
    for curve in found.curves or ():
        parts += curve
    for part in parts:
        values = np.ascontiguousarray(part, dtype=np.float64)
        # A decimal of float32 or a time in minutes differs in the last places: not a difference.
        hashed.update(np.round(values, 3).tobytes() if found.curves is None else values.tobytes())
    return hashed.hexdigest()[:10]


def child(name: str, path: str) -> None:
    """Read one file with one reader, and print what it took as JSON."""
    peer = next(peer for peer in PEERS if peer.name == name)
    start = time.perf_counter()
    module = importlib.import_module(peer.module)
    imported = time.perf_counter() - start
    best, spent, rounds, peak = float("inf"), 0.0, 0, 0
    found = Found(curves=[])
    while spent < _ENOUGH_S and rounds < 5:
        found = Found(curves=[])
        start = time.process_time()
        found = peer.read(module, path)
        took = time.process_time() - start
        best, spent, rounds = min(best, took), spent + took, rounds + 1
        if rounds == 1:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        json.dumps(
            {
                "seconds": best,
                "import": imported,
                "megabytes": peak / 1024,
                "digest": digest(found),
            }
        )
    )


def measure(name: str, path: Path) -> dict[str, Any] | str:
    """Return what a reader took for a file, or in one line why there is nothing."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.reader_speed", "--child", name, str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return f"no answer after {_LIMIT_S:.0f} s"
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2][:70]
        return "not installed" if last.startswith("ModuleNotFoundError") else f"failed: {last}"
    answer: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return answer


def compare(title: str, path: Path, names: tuple[str, ...]) -> None:
    """Print one line for each reader of one file, ours first."""
    print(f"{title} ({path.stat().st_size / 1e6:.1f} MB)")
    ours = measure(OURS, path)
    for name in (OURS, *names):
        answer = ours if name == OURS else measure(name, path)
        if isinstance(answer, str) or isinstance(ours, str):
            print(f"  {name:26}{answer if isinstance(answer, str) else ''}")
            continue
        same = "same numbers" if answer["digest"] == ours["digest"] else "other numbers"
        print(
            f"  {name:26}{answer['seconds']:9.3f} s{answer['megabytes']:8.0f} MB"
            f"{answer['seconds'] / ours['seconds']:9.2f} × ours   {same}"
        )


def cases(place: Path, folder: Path, entries: int, scans: int) -> Iterator[Case]:
    """Yield what to read, each file made only when its turn comes."""
    real = folder / "gcms"
    if real.is_dir():
        run = real / "agilent-D" / "GC01_0812_066.D" / "DATA.MS"
        yield "Agilent ChemStation run of 9,865 scans", lambda: run, ("rainbow-api",)
        yield "JCAMP-DX run of 2,420 scans", lambda: real / "jcamp" / "gcms.jdx", ("jcamp",)
    runs = (
        ("ChemStation", "ms", run_made.write_chemstation, ("rainbow-api",)),
        ("mzML", "mzML", run_made.write_mzml, ("pyteomics", "pymzml")),
        ("ANDI", "cdf", run_made.write_andi, ("netCDF4", "scipy.io")),
    )
    for name, suffix, write, peers in runs:
        yield f"{name} run of {scans:,} scans, made", made(place, suffix, write, scans), peers
    for layout in msp_made.LAYOUTS:
        yield (
            f"MSP library of {entries:,} entries, {layout} layout",
            made(place, "msp", lambda path, n, of=layout: msp_made.write(path, n, of), entries),
            ("matchms msp", "matchms msp, harmonised"),
        )


def made(
    place: Path, suffix: str, write: Callable[[Path, int], object], count: int
) -> Callable[[], Path]:
    def make() -> Path:
        path = place / f"made.{suffix}"
        write(path, count)
        return path

    return make


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="the folder that holds instruments/manifest.csv")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--scans", type=int, default=10_000)
    parser.add_argument("--only", default="", help="files whose description holds this word")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(*given.child)
        return
    from benchmarks.readers import data_folder

    print("CPU time, best of up to five reads, peak memory of the process, digest of all numbers")
    with tempfile.TemporaryDirectory() as folder:
        for title, make, peers in cases(
            Path(folder), data_folder(given.data), given.entries, given.scans
        ):
            if given.only.lower() in title.lower():
                compare(title, make(), peers)


if __name__ == "__main__":
    main()
