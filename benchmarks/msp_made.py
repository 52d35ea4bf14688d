"""Libraries in MSP form made for timing: deterministic, in two layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

LAYOUTS = ("nist", "matchms")


def write(path: Path, entries: int, layout: str, peaks: int = 100, seed: int = 7) -> int:
    """Write a library and return its size in bytes.

    ``nist`` writes ``mz intensity; `` pairs, five to a line, with integer masses; ``matchms`` is
    what its exporter writes: upper-case keys, one tab-separated pair to a line, decimals.
    """
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for number in range(entries):
            count = int(rng.integers(peaks - 20, peaks + 21))
            mz = np.sort(rng.choice(np.arange(35, 700), count, replace=False))
            intensity = rng.integers(1, 1000, count)
            if layout == "nist":
                stream.write(_nist(number, mz, intensity))
            else:
                stream.write(_matchms(number, mz + rng.integers(0, 10_000, count) / 1e4, intensity))
    return path.stat().st_size


def _nist(number: int, mz: np.ndarray, intensity: np.ndarray) -> str:
    pairs = [f"{a} {b};" for a, b in zip(mz.tolist(), intensity.tolist(), strict=True)]
    rows = "\n".join(" ".join(pairs[at : at + 5]) for at in range(0, len(pairs), 5))
    return (
        f"Name: Substance {number}\nSynon: Other name {number}\n"
        f"Formula: C{number % 30 + 5}H{number % 50 + 8}NO2\nMW: {int(mz[-1])}\n"
        f"CASNO: {number:09d}\nRI: {600 + number % 2400}\n"
        f'Comments: "instrument type=GC-EI-Q" "library row={number}"\n'
        f"Num Peaks: {len(pairs)}\n{rows}\n\n"
    )


def _matchms(number: int, exact: np.ndarray, intensity: np.ndarray) -> str:
    share = intensity / 999
    rows = "\n".join(f"{a:.4f}\t{b}" for a, b in zip(exact.tolist(), share.tolist(), strict=True))
    return (
        f"COMPOUND_NAME: substance {number}\n"
        f"FORMULA: C{number % 30 + 5}H{number % 50 + 8}NO2\nPARENT_MASS: {exact[-1]:.5f}\n"
        f"IONMODE: positive\nPRECURSOR_MZ: {exact[-1] + 1.00728:.5f}\nCHARGE: 1\n"
        f"INSTRUMENT_TYPE: GC-EI-Q\nNUM PEAKS: {exact.size}\n{rows}\n\n"
    )


__all__ = ["LAYOUTS", "write"]
