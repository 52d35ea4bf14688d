"""Time GC-MS from run to components, and measure how well overlapping pairs are told apart.

python -m benchmarks.gcms [DATA]: DATA is a folder with ``instruments/gcms`` and ``ms`` (also from
FOL_REAL_DATA); without it the simulated parts run alone, with made spectra.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from spectra.chromatography import find_components, read_run
from spectra.ion_matrix import intensity_matrix
from spectra.ion_peaks import find_apexes, noise_factor
from spectra.peak_models import peak_models
from spectra.spectrum import MassRun, MassSpectrum

# Measured once for this run on a 2-core machine with PyMassSpec 2.7.0 (not needed here): intensity
# matrix built, Savitzky-Golay, top-hat, Biller-Biemann and its filters; 146 peaks.
PYMASSSPEC_S = 17.7
PYMASSSPEC_RUN = "agilent-D/GC01_0812_066.D"
RUNS = (
    PYMASSSPEC_RUN,
    "andi-cdf/agilent-gcms.cdf",
    "jcamp/gcms.jdx",
    "jcamp/ELEY_3_SUBTRACT.JDX",
    "mzml/S30657.mzML.gz",
    "agilent-D/yellow.D",
)
PAIRS = (
    # gap in σ, height ratio, and what else differs
    (0.7, 5, {}),
    (0.7, 1, {}),
    (0.7, 10, {}),
    (0.7, 20, {}),
    (0.5, 5, {}),
    (0.5, 1, {}),
    (1.5, 5, {}),
    (1.5, 5, {"tau": 2.0}),
    (0.7, 5, {"drift": 50.0}),
    (0.7, 5, {"height": 1e4}),
    (0.7, 5, {"sigma": 1.5}),
    (0.7, 5, {"skew": 0.0}),
)
N_MZ = 600
STEP = 80


def best_ms(work: Callable[[], object], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        # CPU time: other work on the machine counts less in it.
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return 1000 * min(taken)


def peaks_alone(run: MassRun) -> int:
    """What PyMassSpec's pipeline does: matrix, smoothing, baseline, apexes, gathered to peaks."""
    matrix = intensity_matrix(run)
    noise = noise_factor(matrix.values)
    step = float(np.median(np.diff(run.scan_time_s)))
    baseline, apexes = find_apexes(
        matrix.values, noise=noise, baseline_scans=int(90 / step), min_signal_to_noise=6.0
    )
    return len(peak_models(matrix.values, baseline, apexes, 3))


def real_runs(folder: Path) -> None:
    from instruments import read

    print(
        f"{'run':30}{'scans':>7}{'read':>8}{'peaks':>8}{'all':>8}  (CPU ms, best of 5)   components"
    )
    for name in RUNS:
        path = folder / "instruments" / "gcms" / name
        export = read(path)
        run = next(each for each in export.spectra if isinstance(each, MassRun))
        read_ms = best_ms(lambda p=path: read(p), 3)
        peaks_ms = best_ms(lambda r=run: peaks_alone(r), 5)
        all_ms = best_ms(lambda r=run: read_run(r), 5)
        found = read_run(run)
        print(
            f"{name:30}{run.n_scans:7}{read_ms:8.1f}{peaks_ms:8.1f}{all_ms:8.1f}  "
            f"{len(found.components)}, skew {found.skew_scans:+.2f} scans"
        )
        if name == PYMASSSPEC_RUN:
            strong = [c for c in found.components if (c.spectrum.intensity > 1e4).sum() >= 3]
            print(
                f"  PyMassSpec's published {PYMASSSPEC_S} s over peaks: "
                f"{1000 * PYMASSSPEC_S / peaks_ms:.0f}x, over all (with deconvolution): "
                f"{1000 * PYMASSSPEC_S / all_ms:.0f}x"
            )
            print(f"  146 peaks there; {len(strong)} components of 3 ions over 10,000 here")


def ei_spectra(folder: Path | None) -> list[np.ndarray]:
    """Real spectra on whole masses from 40, 1 at the base peak; made ones without data."""
    if folder is None:
        rng = np.random.default_rng(2)
        return [np.bincount(rng.integers(40, 400, 40), rng.random(40), N_MZ) for _ in range(500)]
    from instruments import read

    out = []
    for name in ("ei_swgdrug_dev.msp", "ei_massbank_drugs_dev.msp"):
        for each in read(folder / "ms" / name).spectra:
            if isinstance(each, MassSpectrum):
                row = np.bincount((each.mz + 0.5).astype(int), each.intensity, N_MZ)[:N_MZ]
                row[:40] = 0
                if (row > 0.01 * row.max()).sum() >= 8:
                    out.append(row / row.max())
    return out


def elution(t: np.ndarray, sigma: float, tau: float) -> np.ndarray:
    """A Gaussian, or one with an exponential tail, 1 at the Gaussian's apex."""
    if not tau:
        return np.exp(-0.5 * (t / sigma) ** 2)
    lag = np.arange(0, 8 * tau, 0.1)
    weight = np.exp(-lag / tau) / np.exp(-lag / tau).sum()
    return np.exp(-0.5 * ((t[..., None] - lag) / sigma) ** 2) @ weight


def pairs_run(
    spectra: list[np.ndarray],
    rng: np.random.Generator,
    gap: float,
    ratio: float,
    *,
    n: int = 40,
    sigma: float = 3.0,
    height: float = 1e5,
    skew: float = 0.9,
    tau: float = 0.0,
    drift: float = 0.0,
) -> tuple[MassRun, list[tuple[float, np.ndarray, float, np.ndarray]]]:
    """Pairs of random spectra, 80 scans apart, with ion statistics, bleed and a skewed scan."""
    n_scans = STEP * n + STEP
    values = np.full((n_scans, N_MZ), 0.3)
    values[:, :40] = 0
    oven = np.linspace(0.3, 1, n_scans)
    for mz, share in ((73, 0.45), (133, 0.18), (147, 0.12), (207, 1.0), (281, 0.45), (355, 0.09)):
        values[:, mz] += 300 * share * oven
    values[:, 40:] += drift * (1 + np.sin(20 * oven))[:, None] * rng.random(N_MZ - 40)
    delay = skew * ((np.arange(N_MZ) - 40) / (N_MZ - 41) - 0.5)
    truth = []
    for k in range(n):
        first, second = (spectra[i] for i in rng.choice(len(spectra), 2, replace=False))
        at = 60 + STEP * k + rng.random()
        for spectrum, apex, base in (
            (first, at, height),
            (second, at + gap * sigma, height / ratio),
        ):
            near = np.arange(max(int(apex) - 30, 0), min(int(apex) + 60, n_scans))
            ions = np.flatnonzero(spectrum)
            shape = elution(near[:, None] - apex - delay[ions], sigma, tau)
            values[np.ix_(near, ions)] += base * spectrum[ions] * shape
        truth.append((at, first, at + gap * sigma, second))
    counts = rng.poisson(values).astype(float)
    counts[counts < 3] = 0
    return as_run(counts), truth


def as_run(counts: np.ndarray, scan_s: float = 0.3) -> MassRun:
    scans, ions = np.nonzero(counts)
    return MassRun(
        title="simulated",
        scan_time_s=scan_s * np.arange(counts.shape[0]),
        offsets=np.searchsorted(scans, np.arange(counts.shape[0] + 1)),
        mz=ions.astype(float),
        intensity=counts[scans, ions],
    )


def likeness(spectrum: MassSpectrum, truth: np.ndarray) -> float:
    """Cosine over m/z times the root of the intensity."""
    row = np.zeros(N_MZ)
    row[spectrum.mz.astype(int)] = spectrum.intensity
    a, b = (np.arange(N_MZ) * np.sqrt(each) for each in (row, truth))
    norm = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / norm) if norm else 0.0


def pair_likenesses(
    spectra: list[np.ndarray], gap: float, ratio: float, reps: int = 3, **changes: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """Best likeness of any component near each member of each pair; components near the pairs."""
    rng = np.random.default_rng(7)
    larger, smaller, near_pairs = [], [], 0
    for _ in range(reps):
        run, truth = pairs_run(spectra, rng, gap, ratio, **changes)  # type: ignore[arg-type]
        found = find_components(run)
        position = np.array([c.retention_time_s for c in found]) / 0.3
        for first, a, second, b in truth:
            near = np.flatnonzero((position > first - 5) & (position < second + 5))
            near_pairs += near.size
            larger.append(max((likeness(found[i].spectrum, a) for i in near), default=0.0))
            smaller.append(max((likeness(found[i].spectrum, b) for i in near), default=0.0))
    return np.array(larger), np.array(smaller), near_pairs


def pairs_table(spectra: list[np.ndarray]) -> None:
    print(
        f"\n120 pairs of {len(spectra)} spectra; σ 3 scans, base peak of the larger 100,000 counts"
    )
    print(f"{'gap':>5}{'ratio':>6}  {'':16}{'larger: 5 / 25 / 50 %, ≥ .99':32}smaller: …, ≥ .98")
    for gap, ratio, changes in PAIRS:
        larger, smaller, near = pair_likenesses(spectra, gap, ratio, **changes)
        said = ", ".join(f"{name} {value:g}" for name, value in changes.items())
        print(
            f"{gap:4.1f}σ{ratio:4}:1  {said:16}{quantiles(larger, 0.99):32}"
            f"{quantiles(smaller, 0.98):32}{near} of {2 * larger.size} found"
        )


def quantiles(values: np.ndarray, goal: float) -> str:
    parts = " / ".join(f"{each:.3f}" for each in np.percentile(values, [5, 25, 50]))
    return f"{parts}, {np.mean(values >= goal):.0%}"


def alone_table(spectra: list[np.ndarray]) -> None:
    print("\ncomponents found where 40 substances stand alone, and in blanks")
    for said, changes in alone_cases():
        rng = np.random.default_rng(3)
        run, _ = pairs_run(spectra, rng, 2.0, 1e9, **changes)  # type: ignore[arg-type]
        print(f"  {said:28}{len(find_components(run)):5}")
    rng = np.random.default_rng(5)
    blanks = [pairs_run(spectra, rng, 1.0, 1.0, n=40, height=1e-9)[0] for _ in range(3)]
    print(f"  {'three blanks of 3,280 scans':28}{sum(len(find_components(b)) for b in blanks):5}")


def alone_cases() -> Iterator[tuple[str, dict[str, float]]]:
    yield "as above", {}
    yield "tailing, τ 2 scans", {"tau": 2.0}
    yield "drifting baseline", {"drift": 50.0}
    yield "a million counts", {"height": 1e6}
    yield "a thousand counts", {"height": 1e3}


def long_run(spectra: list[np.ndarray]) -> None:
    rng = np.random.default_rng(1)
    run, _ = pairs_run(spectra, rng, 8.0, 3.0, n=124)
    run_ms, peaks_ms = (best_ms(lambda f=work: f(run), 3) for work in (read_run, peaks_alone))
    found = len(find_components(run))
    print(
        f"\nsimulated run of {run.n_scans} scans, {run.mz.size} peaks in its scans: peaks "
        f"{peaks_ms:.0f} ms, all {run_ms:.0f} ms (CPU), {found} of 248 components"
    )


def main() -> None:
    stated = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FOL_REAL_DATA", "")
    folder = Path(stated) if stated else None
    if folder is not None:
        real_runs(folder)
    spectra = ei_spectra(folder)
    long_run(spectra)
    pairs_table(spectra)
    alone_table(spectra)


if __name__ == "__main__":
    main()
