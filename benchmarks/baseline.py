"""Baselines and despiking against pybaselines and SciPy: read the ratios, not the times.

python -m benchmarks.baseline [--repeats 30]

Every row is worked out in the same run on the same curves: twenty bands on fluorescence of one to
eight times their height. ``difference`` is the largest one between ours and pybaselines' result,
as a share of the tallest band; ``error`` is the root mean square against the true background.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from spectra import baseline
from spectra.despike import by_shape
from spectra.replicates import by_replicates

try:
    from pybaselines import Baseline as Peer
except ImportError:  # a development dependency
    Peer = None


def synthetic(points: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a curve with tallest band 1 and its background."""
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 1, points)
    bands = sum(
        rng.uniform(0.2, 1) * np.exp(-(((x - place) / rng.uniform(0.003, 0.008)) ** 2))
        for place in rng.uniform(0, 1, 20)
    )
    background = rng.uniform(1, 8) * np.exp(-(((x - rng.uniform(0.2, 0.6)) / 0.5) ** 2))
    return bands / bands.max() + background + 0.01 * rng.normal(size=points), background


def best_ms(work: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def scipy_only(y: np.ndarray, lam: float) -> np.ndarray:
    """The same method as a reader of the paper writes it: sparse matrices, one solve each turn."""
    from scipy.sparse import diags, eye
    from scipy.sparse.linalg import spsolve

    second = diags([1.0, -2.0, 1.0], [0, 1, 2], shape=(y.size - 2, y.size))
    penalty = (lam * second.T @ second).tocsc()
    weights = np.ones(y.size)
    for _ in range(51):
        fit = spsolve(penalty + diags(weights).tocsc() @ eye(y.size, format="csc"), weights * y)
        left = y - fit
        below = left[left < 0]
        argument = 2 * (left - (2 * below.std(ddof=1) - below.mean())) / below.std(ddof=1)
        asked = 1 / (1 + np.exp(np.minimum(argument, 700)))
        if np.linalg.norm(asked - weights) < 1e-3 * np.linalg.norm(weights):
            break
        weights = asked
    return fit


def row(name: str, ours: float, peers: list[float], difference: str, error: str) -> None:
    ratios = "".join(f"{peer:9.3f}{peer / ours:7.1f}" for peer in peers)
    print(f"{name:26}{ours:9.3f}{ratios:32}{difference:>12}{error:>9}")


def baselines(points: int, repeats: int) -> None:
    y, background = synthetic(points, 1)
    lam = baseline.smoothness(400.0, 2.0) * (points / 1000) ** 4 / 2
    half = 40 * points // 1000
    made, clipped = baseline.arpls(y, lam).y, baseline.snip(y, half, counts=False)

    def error(found: np.ndarray) -> str:
        return f"{np.sqrt(np.mean((found - background) ** 2)):.4f}"

    peers_a, peers_s, same_a, same_s = [], [], "", ""
    if Peer is not None:
        other = Peer(x_data=np.arange(points))
        pads = {"mode": "reflect", "reflect_type": "odd"}
        theirs = other.arpls(y, lam=lam)[0]
        theirs_snip = other.snip(y, max_half_window=half, decreasing=True, pad_kwargs=pads)[0]
        same_a = f"{np.abs(made - theirs).max():.0e}"
        same_s = f"{np.abs(clipped - theirs_snip).max():.0e}"
        peers_a.append(best_ms(lambda: other.arpls(y, lam=lam), repeats))
        peers_s.append(
            best_ms(
                lambda: other.snip(y, max_half_window=half, decreasing=True, pad_kwargs=pads),
                repeats,
            )
        )
    peers_a.append(best_ms(lambda: scipy_only(y, lam), max(repeats // 10, 2)))
    ours = best_ms(lambda: baseline.arpls(y, lam), repeats)
    row(f"arPLS, {points} points", ours, peers_a, same_a, error(made))
    banded = best_ms(lambda: baseline._scipy_arpls(y, np.ones(points), lam, 1e-3, 51), repeats)
    print(f"{'  without numba':26}{banded:9.3f}")
    ours = best_ms(lambda: baseline.snip(y, half, counts=False), repeats)
    row(f"SNIP, {points} points", ours, peers_s, same_s, error(clipped))


def despiking(points: int, repeats: int) -> None:
    y, _ = synthetic(points, 2)
    y[points // 3] += 3.0
    stack = [y + 0.01 * np.random.default_rng(k).normal(size=points) for k in range(5)]
    print(
        f"{f'despike by shape, {points}':26}{best_ms(lambda: by_shape(y), repeats):9.3f}\n"
        f"{f'of 5 repeats, {points}':26}{best_ms(lambda: by_replicates(stack), repeats):9.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    repeats = parser.parse_args().repeats
    if Peer is None:
        print("pybaselines is not installed: no comparison with it")
    print(
        f"{'':26}{'ms':>9}{'pybasel.':>9}{'×':>7}{'SciPy':>9}{'×':>7}{'difference':>12}{'error':>9}"
    )
    for points in (1000, 2000, 4000):
        baselines(points, repeats)
        despiking(points, repeats)


if __name__ == "__main__":
    main()
