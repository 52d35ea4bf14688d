"""Mass-spectral libraries made here, the same every time: electron impact and MS/MS.

Real libraries are large because substances are alike: some thousand seeds, each many times with a
part of its peaks shifted by one mass change, other intensities, peaks lost and background added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from spectra.axis import FloatArray, IntArray

N_SEEDS = 13_816
_LARGEST = 520
# Hydrocarbon and aromatic series: first mass and how common, falling off every 14 Da.
_SERIES = (
    (27, 0.9), (29, 0.8), (39, 1.0), (41, 1.0), (43, 1.0), (51, 0.8), (53, 0.7), (63, 0.6),
    (65, 0.7), (77, 1.0), (91, 0.9), (105, 0.8), (115, 0.7), (119, 0.6), (128, 0.5), (141, 0.5),
    (152, 0.5), (165, 0.6),
)  # fmt: skip
_CHUNK = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class MadeLibrary:
    """Spectra in compressed rows, whole masses, base peak 999."""

    offsets: IntArray
    mz: FloatArray
    intensity: FloatArray
    masses: FloatArray

    def row(self, at: int) -> tuple[FloatArray, FloatArray]:
        part = slice(int(self.offsets[at]), int(self.offsets[at + 1]))
        return self.mz[part], self.intensity[part]


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A library row as another instrument would give it."""

    mz: FloatArray
    intensity: FloatArray
    mass: float

    @property
    def peaks(self) -> tuple[FloatArray, FloatArray]:
        return self.mz, self.intensity


def _popularity() -> FloatArray:
    mass = np.arange(_LARGEST + 1)
    common = np.exp(-(mass - 30) / 150.0) * np.where(mass % 2 == 1, 0.22, 0.10)
    for first, height in _SERIES:
        steps = np.arange(first, min(first + 71, _LARGEST + 1), 14)
        common[steps] += 0.6 * height * 0.55 ** np.arange(steps.size)
    common[:30] = 0
    return common


def _seeds(rng: np.random.Generator) -> tuple[list[IntArray], list[FloatArray], IntArray]:
    common = _popularity()
    masses = np.clip(np.round(rng.gamma(14, 20, N_SEEDS)), 90, 500).astype(int)
    all_mz, all_heights = [], []
    for mass in masses:
        chance = common[: mass + 3] * rng.gamma(0.7, 1, mass + 3)
        chance[max(30, mass - 60) :] *= 1.2
        chance[mass] += 0.5
        chance[mass + 1] += 0.3
        n = min(int(np.clip(rng.lognormal(np.log(70), 0.6), 24, 180)), int((chance > 0).sum()))
        key = np.log(chance + 1e-300) + rng.gumbel(size=chance.size)
        mz = np.sort(np.argpartition(-key, n - 1)[:n])
        heights = rng.lognormal(0, 1.6, n) * (chance[mz] + 0.02)
        all_mz.append(mz)
        all_heights.append(heights / heights.max() * 999)
    return all_mz, all_heights, masses


def ei_library(n_rows: int, seed: int = 1) -> MadeLibrary:
    """Return electron-impact spectra with about 68 peaks each, whole intensities."""
    rng = np.random.default_rng(seed)
    all_mz, all_heights, seed_masses = _seeds(rng)
    starts = np.concatenate(([0], np.cumsum([mz.size for mz in all_mz])))
    mz, heights = np.concatenate(all_mz), np.concatenate(all_heights)
    parts = []
    for first in range(0, n_rows, _CHUNK):
        n = min(_CHUNK, n_rows - first)
        picked = rng.integers(0, N_SEEDS, n)
        lengths = starts[picked + 1] - starts[picked]
        row = np.repeat(np.arange(n), lengths)
        at = np.arange(row.size) - np.repeat(np.cumsum(lengths) - lengths - starts[picked], lengths)
        shift = rng.integers(-42, 43, n)
        cut = np.floor(rng.uniform(0.2, 1.0, n) * seed_masses[picked])
        moved = mz[at] + np.where(mz[at] >= cut[row], shift[row], 0)
        height = heights[at] * rng.lognormal(0, 0.35, at.size)
        kept = rng.random(at.size) > 0.12
        noise_row = np.repeat(np.arange(n), 8)
        noise_mz = 30 + np.floor(rng.exponential(60, noise_row.size)).astype(int)
        noise = rng.exponential(4, noise_row.size) + 1
        parts.append(
            (
                *_rows(
                    np.concatenate((row[kept], noise_row)),
                    np.concatenate((moved[kept], noise_mz)),
                    np.concatenate((height[kept], noise)),
                    n,
                ),
                np.maximum(seed_masses[picked] + shift, 30).astype(float),
            )
        )
    lengths = np.concatenate([part[0] for part in parts])
    return MadeLibrary(
        offsets=np.concatenate(([0], np.cumsum(lengths))),
        mz=np.concatenate([part[1] for part in parts]),
        intensity=np.concatenate([part[2] for part in parts]),
        masses=np.concatenate([part[3] for part in parts]),
    )


def _rows(
    row: IntArray, mz: IntArray, height: FloatArray, n: int
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return lengths, m/z and intensity: the tallest of each mass, base peak 999, whole."""
    inside = (mz >= 30) & (mz <= 500)
    key = (row * 512 + mz)[inside]
    order = np.argsort(key, kind="stable")
    key, height = key[order], height[inside][order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    height = np.maximum.reduceat(height, first)
    row, mz = np.divmod(key[first], 512)
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    tallest = np.repeat(np.maximum.reduceat(height, starts), np.diff(starts, append=row.size))
    whole = np.floor(height / tallest * 999 + 0.5)
    seen = whole >= 1
    return np.bincount(row[seen], minlength=n), mz[seen].astype(float), whole[seen]


def ei_queries(library: MadeLibrary, n: int, seed: int = 7) -> list[Query]:
    """Return rows with other intensities, a slope over m/z and an eighth of the peaks lost."""
    rng = np.random.default_rng(seed)
    out = []
    for at in rng.integers(0, library.masses.size, n):
        mz, height = library.row(int(at))
        height = height * rng.lognormal(0, 0.35, mz.size) * (mz / 150) ** rng.normal(0, 0.3)
        kept = rng.random(mz.size) > 0.12
        kept[np.argmax(height)] = True
        whole = np.maximum(np.floor(height[kept] / height[kept].max() * 999), 1.0)
        out.append(Query(mz[kept], whole, float(library.masses[at])))
    return out


def tandem_library(n_rows: int, seed: int = 3) -> Iterator[Query]:
    """Yield MS/MS spectra with about 30 peaks each before cleaning; ``mass`` is the precursor."""
    rng = np.random.default_rng(seed)
    seeds = []
    for _ in range(max(n_rows // 10, 1)):
        precursor = float(np.clip(rng.lognormal(5.9, 0.45), 90, 1500))
        n = int(np.clip(rng.lognormal(2.9, 1.15), 2, 400))
        nominal = np.clip(np.floor(rng.gamma(3, 60, n)), 40, max(precursor - 2, 41))
        # Mass defects come in few kinds: so many hydrogens, nitrogens and oxygens.
        mz = nominal * 1.0005 + rng.integers(-4, 5, n) * 0.036 + rng.normal(0, 0.001, n)
        seeds.append((precursor, mz, rng.lognormal(0, 1.2, n)))
    for _ in range(n_rows):
        precursor, mz, height = seeds[rng.integers(len(seeds))]
        kept = rng.random(mz.size) > 0.2
        kept[np.argmax(height)] = True
        near = mz[kept] * (1 + rng.normal(0, 3e-6, int(kept.sum())))
        yield Query(near, 999 * height[kept] * rng.lognormal(0, 0.7, near.size), precursor)


def tandem_queries(library: list[Query], n: int, seed: int = 11) -> list[Query]:
    """Return rows with other intensities."""
    rng = np.random.default_rng(seed)
    return [
        Query(row.mz, row.intensity * rng.lognormal(0, 0.3, row.mz.size), row.mass)
        for row in (library[at] for at in rng.integers(0, len(library), n))
    ]
