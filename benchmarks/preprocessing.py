"""Whether preprocessing helps a search: top-1 of CurveIndex with and without it, on real spectra.

python -m benchmarks.preprocessing --data FOLDER [--fast]

FOLDER holds ``libraries/``. Infrared: ATR spectra of minerals (RRUFF); each query is searched in a
library without its own specimen. Raman: polymers, pigments and biomolecules; one spectrum each, so
a query is its own spectrum spoilt by noise, fluorescence, cosmic rays and a moved axis. Queries and
library always get the same treatment. Counts stand beside percentages.
"""

from __future__ import annotations

import argparse
import csv
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from spectra import baseline, smooth
from spectra.axis import XKind, YKind
from spectra.curve_index import CurveIndex
from spectra.despike import by_shape
from spectra.errors import SpectrumError
from spectra.grid import FTIR_GRID, RAMAN_GRID, Grid
from spectra.prepare import vibrational
from spectra.spectrum import Spectrum, Technique

Treatment = Callable[[np.ndarray], np.ndarray]
Spoiling = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def prepared(x: np.ndarray, y: np.ndarray, technique: Technique) -> np.ndarray | None:
    raman = technique is Technique.RAMAN
    try:
        made = vibrational(
            Spectrum(
                title="s",
                x=x,
                y=y,
                x_kind=XKind.RAMAN_SHIFT if raman else XKind.WAVENUMBER,
                x_unit="cm-1",
                y_kind=YKind.RAMAN_INTENSITY if raman else YKind.ABSORBANCE,
                y_unit="1",
            ),
            technique,
        )
    except SpectrumError:
        return None
    return made.y if made.quality.coverage >= (0.5 if raman else 0.95) else None


def minerals(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    names, specimens, curves = [], [], []
    with zipfile.ZipFile(folder / "libraries" / "ir" / "rruff-infrared.zip") as archive:
        for name in archive.namelist():
            lines = archive.read(name).decode("latin-1").splitlines()
            pairs = [line.split(",") for line in lines if line[:1].isdigit()]
            x, y = np.array([[float(a), float(b)] for a, b, *_ in pairs]).T
            curve = prepared(x, y, Technique.FTIR)
            if curve is not None:
                mineral, specimen, *_ = name.split("__")
                names.append(mineral)
                specimens.append(specimen.split("-")[0])
                curves.append(curve)
    return np.array(names), np.array(specimens), np.array(curves)


def raman_library(folder: Path) -> np.ndarray:
    curves = []
    place = folder / "libraries" / "raman"
    with (place / "ramanmp-polymers-pigments.csv").open(encoding="utf-8-sig") as stream:
        rows = list(csv.reader(stream))[1:]
    table = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows])
    for column in table[:, 1:].T:
        # Zeros at the ends stand for "not measured" there.
        good = np.isfinite(column) & (column != 0)
        if good.sum() > 100:
            curves.append(prepared(table[good, 0], column[good], Technique.RAMAN))
    with (place / "ramanbiolib-biomolecules.csv").open(encoding="utf-8-sig") as stream:
        for entry in csv.DictReader(stream):
            y = np.array([float(v) for v in entry["intensities (space separated)"].split()])
            x = float(entry["wavenumber_first"]) + float(entry["step"]) * np.arange(y.size)
            curves.append(prepared(x, y, Technique.RAMAN))
    return np.array([curve for curve in curves if curve is not None])


def heights(curves: np.ndarray) -> np.ndarray:
    high, low = np.nanmax(curves, axis=1), np.nanmin(curves, axis=1)
    return (high - low)[:, None]


def with_noise(share: float) -> Spoiling:
    return lambda curves, rng: curves + share * heights(curves) * rng.normal(size=curves.shape)


def with_baseline(share: float) -> Spoiling:
    def spoil(curves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        x = np.linspace(-1, 1, curves.shape[1])
        made = np.array([np.polyval(rng.normal(size=4), x) for _ in curves])
        made -= made.min(axis=1, keepdims=True)
        return curves + share * heights(curves) * made / made.max(axis=1, keepdims=True)

    return spoil


def moved(steps: int) -> Spoiling:
    def spoil(curves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        made = curves.copy()
        for row, by in zip(made, rng.integers(-steps, steps + 1, len(made)), strict=True):
            row[:] = np.roll(row, by)
            row[: max(by, 0)] = np.nan
            row[row.size + min(by, 0) :] = np.nan
        return made

    return spoil


def with_spikes(number: int) -> Spoiling:
    def spoil(curves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        made = curves.copy()
        for row, height in zip(made, heights(curves)[:, 0], strict=True):
            places = rng.choice(np.flatnonzero(np.isfinite(row)), number, replace=False)
            row[places] += height * rng.uniform(0.3, 2.0, number)
        return made

    return spoil


def in_turn(*spoilings: Spoiling) -> Spoiling:
    def spoil(curves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        for each in spoilings:
            curves = each(curves, rng)
        return curves

    return spoil


def by_row(work: Callable[[np.ndarray], np.ndarray]) -> Treatment:
    return lambda curves: np.array([work(row) for row in curves])


def treatments(grid: Grid, period_cm1: float) -> dict[str, Treatment]:
    lam = baseline.smoothness(period_cm1, grid.step_cm1)
    half = round(60.0 / grid.step_cm1)

    def without_arpls(row: np.ndarray) -> np.ndarray:
        return row - baseline.arpls(row, lam).y

    def without_snip(row: np.ndarray) -> np.ndarray:
        return row - baseline.snip(row, half, counts=False)

    return {
        "nothing": lambda curves: curves,
        "despike": by_row(lambda row: by_shape(row).y),
        "arPLS": by_row(without_arpls),
        "SNIP": by_row(without_snip),
        "despike + arPLS": by_row(lambda row: without_arpls(by_shape(row).y)),
        "despike + SNIP": by_row(lambda row: without_snip(by_shape(row).y)),
        "smooth 14 cm⁻¹": by_row(lambda row: smooth.savitzky_golay(row, 3)),
    }


def spoilings(steps: int) -> dict[str, Spoiling]:
    tall = with_baseline(1.0)
    return {
        "clean": lambda curves, _rng: curves,
        "noise 5 %": with_noise(0.05),
        "base 0.3": with_baseline(0.3),
        "base 1.0": tall,
        "shift": moved(steps),
        "4 spikes": with_spikes(4),
        "all": in_turn(tall, moved(steps), with_noise(0.05), with_spikes(4)),
    }


def table(
    title: str,
    curves: np.ndarray,
    grid: Grid,
    period_cm1: float,
    right: Callable[[np.ndarray], list[bool]],
    *,
    steps: int,
    harder: dict[str, Spoiling] | None = None,
) -> None:
    columns = spoilings(steps) | (harder or {})
    print(f"\n{title}: top-1 in % (same seed for every row)")
    print(f"{'':26}" + "".join(f"{name:>11}" for name in columns))
    for name, treat in treatments(grid, period_cm1).items():
        index = CurveIndex.build(treat(curves), grid)
        cells = []
        for spoil in columns.values():
            queries = treat(spoil(curves, np.random.default_rng(0)))
            found = right(index.scores(queries))
            cells.append(f"{100 * float(np.mean(found)):11.1f}")
        print(f"{name:26}" + "".join(cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    near = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("FOL_REAL_DATA", near)))
    parser.add_argument("--fast", action="store_true", help="the first quarter of each set")
    given = parser.parse_args()
    if not (given.data / "libraries").is_dir():
        print(f"no reference spectra in {given.data}: give the folder with --data")
        return
    share = 4 if given.fast else 1
    names, specimens, curves = (part[: len(part) // share] for part in minerals(given.data))
    same = names[:, None] == names[None, :]
    own = same & (specimens[:, None] == specimens[None, :])
    asked = (same & ~own).any(axis=1)

    def another_specimen(scores: np.ndarray) -> list[bool]:
        best = np.where(own, -np.inf, scores).argmax(axis=1)
        return list((names[best] == names)[asked])

    title = f"Infrared, {len(names)} spectra, {int(asked.sum())} queries with another specimen"
    table(title, curves, FTIR_GRID, 800.0, another_specimen, steps=3)
    raman = raman_library(given.data)
    raman = raman[: len(raman) // share]
    harder = {
        "noise 20 %": with_noise(0.2),
        "base 10": with_baseline(10.0),
        "20 spikes": with_spikes(20),
        "all, hard": in_turn(with_baseline(10.0), moved(4), with_noise(0.15), with_spikes(20)),
    }
    table(
        f"Raman, {len(raman)} spectra, each searched for itself",
        raman,
        RAMAN_GRID,
        400.0,
        lambda scores: list(scores.argmax(axis=1) == np.arange(len(raman))),
        steps=4,
        harder=harder,
    )


if __name__ == "__main__":
    main()
