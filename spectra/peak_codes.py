"""A library in one byte a peak, by mass and row, so that a scan reads only the query's masses.

Each row is a vector of length 1 over m/z; its elements are rounded to steps of 1/250 and what the
rounding missed is kept with the row. An integer sum over the query's masses then gives every
row's cosine with a certified error. Masses that many rows share are whole runs of bytes, the rest
are lists of (row, code). Knows no scores beyond the unit vectors it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import SpectrumError
from spectra.mass_scores import Weights
from spectra.peak_compiled import build_kernels, in_parts
from spectra.peak_table import N_COLUMNS, REBUILD, PeakTable, UInt16Array, as_stored, freeze

UInt8Array = npt.NDArray[np.uint8]

CODE_SCALE = 250.0
"""Steps of a code: an element of length 1 is 250. With query weights of the same size the sum of a
row stays below 65,536 by the Cauchy-Schwarz inequality, so that 32 rows add in one instruction."""

RESIDUAL_SCALE = 2048.0
"""Steps of a residual; 1,000 peaks, each half a step off, miss 0.063."""

LARGEST_BLOCK = 65_536
"""Rows of a block: a row of a block fits two bytes, a query touches few long runs of bytes."""

# Below this share of a block a list of (row, code) is both smaller and no slower than a run.
_SPARSE = 1 / 16
# Runs about a multiple of 4096 apart would all fall into the same few lines of the cache.
_STAGGER = 1088
_COMPILED_FROM = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodeMatrix:
    """The coded rows.

    Parameters
    ----------
    runs : ndarray of uint8, shape (n_run_bytes,)
        One after the other, by block and mass, each as long as a block.
    run_starts : ndarray of int64, shape (n_blocks, 1001)
        Where the run of a mass begins, -1 where the mass has none.
    mark_starts : ndarray of int64, shape (n_blocks, 1002)
        Where the list of a mass begins; it ends where the next one begins.
    mark_rows, mark_codes : ndarray of uint16 and uint8, shape (n_marks,)
        Rows counted from the block's first, rising within a mass.
    residuals : ndarray of uint8, shape (n_rows,)
        Length of what rounding missed, in 1/2048, rounded up.
    norms : ndarray of float64, shape (n_rows,)
        Length of the weighted row before it was made 1; 0 for an empty row.
    longest : float
        Length of the longest coded row, in codes.
    """

    runs: UInt8Array
    run_starts: IntArray
    mark_starts: IntArray
    mark_rows: UInt16Array
    mark_codes: UInt8Array
    residuals: UInt8Array
    norms: FloatArray
    longest: float

    def frozen(self) -> CodeMatrix:
        """Return these codes, no longer to be written."""
        freeze(self, *(name for name in self.__slots__ if name != "longest"))
        return self

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.norms.size)

    @property
    def blocks(self) -> list[tuple[int, int]]:
        """First row and number of rows of each block."""
        size = block_rows(self.n_rows)
        return [(at, min(size, self.n_rows - at)) for at in range(0, self.n_rows, max(size, 1))]

    @property
    def n_bytes(self) -> int:
        """Memory of the codes."""
        return self.runs.nbytes + 3 * self.mark_rows.size

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return what must be stored to have the codes again."""
        return {
            "code_runs": self.runs,
            "code_run_starts": self.run_starts.ravel(),
            "code_mark_starts": self.mark_starts.ravel(),
            "code_mark_rows": self.mark_rows,
            "code_marks": self.mark_codes,
            "code_residuals": self.residuals,
            "code_norms": self.norms,
            "code_longest": np.array([self.longest]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]], n_rows: int) -> CodeMatrix:
        """Return the codes that `arrays` described; memory-mapped arrays are not copied.

        Raises
        ------
        SpectrumError
            They do not fit the library or each other.
        """
        held = {
            name: as_stored(arrays, f"code_{name}", (kind,)) for name, kind in _ARRAY_TYPES.items()
        }
        size = block_rows(n_rows)
        n_blocks = -(-n_rows // size) if n_rows else 0
        run_starts, mark_starts = held["run_starts"], held["mark_starts"]
        rows, longest = held["mark_rows"].size, held["longest"]
        fits = held["residuals"].size == held["norms"].size == n_rows and longest.size == 1
        fits = fits and run_starts.size == n_blocks * N_COLUMNS
        fits = fits and mark_starts.size == n_blocks * (N_COLUMNS + 1)
        fits = fits and held["marks"].size == rows and 0 < float(longest[0]) < 2 * CODE_SCALE
        if not fits:
            raise SpectrumError("the codes of the peak index do not fit it", hint=REBUILD)
        run_starts = run_starts.astype(np.int64, copy=False).reshape(n_blocks, N_COLUMNS)
        mark_starts = mark_starts.astype(np.int64, copy=False).reshape(n_blocks, N_COLUMNS + 1)
        last = held["runs"].size - run_length(size)
        inside = not run_starts.size or (run_starts.min() >= -1 and run_starts.max() <= last)
        inside = inside and (not rows or int(held["mark_rows"].max()) < size)
        rising = (mark_starts[:, 1:] >= mark_starts[:, :-1]).all()
        if mark_starts.size:
            rising = rising and mark_starts.min() >= 0 and mark_starts.max() <= rows
        if not (inside and rising):
            raise SpectrumError("the codes of the peak index point outside it", hint=REBUILD)
        return cls(
            runs=held["runs"],  # type: ignore[arg-type]  # each dtype was compared by as_stored
            run_starts=run_starts,
            mark_starts=mark_starts,
            mark_rows=held["mark_rows"],  # type: ignore[arg-type]
            mark_codes=held["marks"],  # type: ignore[arg-type]
            residuals=held["residuals"],  # type: ignore[arg-type]
            norms=held["norms"],  # type: ignore[arg-type]
            longest=float(longest[0]),
        ).frozen()


_ARRAY_TYPES: Mapping[str, type[np.generic]] = {
    "runs": np.uint8,
    "run_starts": np.int64,
    "mark_starts": np.int64,
    "mark_rows": np.uint16,
    "marks": np.uint8,
    "residuals": np.uint8,
    "norms": np.float64,
    "longest": np.float64,
}


def block_rows(n_rows: int) -> int:
    """Return the rows of each block of a library but the last: all about equally large."""
    n_blocks = max(-(-n_rows // LARGEST_BLOCK), 1)
    return min(-(-n_rows // (n_blocks * 256)) * 256, n_rows) if n_blocks > 1 else n_rows


def run_length(rows: int) -> int:
    """Return the bytes from one run to the next in blocks of so many rows."""
    padded = -(-rows // 64) * 64
    if padded < 4096 or _STAGGER / 2 <= padded % 4096 <= 4096 - _STAGGER / 2:
        return padded
    return padded + _STAGGER


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """How a row becomes a vector of length 1: a weighted cosine's, or the entropy similarity's."""

    weights: Weights
    is_entropy: bool = False


def encode(table: PeakTable, coding: Coding) -> CodeMatrix:
    """Return the coded rows of a table."""
    n_rows = table.n_rows
    size = block_rows(n_rows)
    blocks = [(start, min(start + size, n_rows)) for start in range(0, n_rows, max(size, 1))]
    length = run_length(size)
    run_starts = np.full((len(blocks), N_COLUMNS), -1, dtype=np.int64)
    mark_starts = np.zeros((len(blocks), N_COLUMNS + 1), dtype=np.int64)
    n_runs = n_marks = 0
    frequencies = _frequencies(table, blocks)
    for block, (start, stop) in enumerate(blocks):
        counts = frequencies[block]
        dense = np.flatnonzero(counts >= max(_SPARSE * (stop - start), 1))
        run_starts[block, dense] = (n_runs + np.arange(dense.size)) * length
        n_runs += dense.size
        counts[dense] = 0
        mark_starts[block, 1:] = np.cumsum(counts)
        mark_starts[block] += n_marks
        n_marks = int(mark_starts[block, -1])
    out = CodeMatrix(
        runs=np.zeros(n_runs * length, dtype=np.uint8),
        run_starts=run_starts,
        mark_starts=mark_starts,
        mark_rows=np.zeros(n_marks, dtype=np.uint16),
        mark_codes=np.zeros(n_marks, dtype=np.uint8),
        residuals=np.zeros(n_rows, dtype=np.uint8),
        norms=np.zeros(n_rows),
        longest=CODE_SCALE,
    )
    longest = _fill(out, table, coding, blocks)
    return replace(out, longest=longest).frozen()


def _frequencies(table: PeakTable, blocks: list[tuple[int, int]]) -> IntArray:
    """Return how many rows of each block have each mass, shape (n_blocks, 1001)."""
    out = np.zeros((len(blocks), N_COLUMNS), dtype=np.int64)
    kernels = build_kernels() if table.mz.size >= _COMPILED_FROM else None

    def work(first: int, last: int) -> None:
        for block in range(first, last):
            part = table.part(*blocks[block])
            if kernels is None:
                out[block] = np.bincount(table.mz[part], minlength=N_COLUMNS)
            else:
                kernels.count_masses(table.mz, part.start, part.stop, out[block])

    in_parts(len(blocks), work, smallest=1)
    return out


def _fill(
    out: CodeMatrix, table: PeakTable, coding: Coding, blocks: list[tuple[int, int]]
) -> float:
    """Write the codes of every block; return the length of the longest row."""
    kernels = build_kernels() if table.mz.size >= _COMPILED_FROM else None
    longest = np.full(len(blocks), CODE_SCALE)
    if kernels is None:
        for block, (start, stop) in enumerate(blocks):
            longest[block] = _fill_block(out, table, coding, block, start, stop)
        return float(longest.max(initial=CODE_SCALE))
    power = coding.weights.intensity_power
    ladder = np.arange(N_COLUMNS, dtype=np.float64) ** coding.weights.mz_power
    # Whole heights have few values, so their power is looked up.
    is_whole = table.intensity.dtype == np.uint16
    tallest = int(table.intensity.max(initial=0)) if is_whole else 0
    powers = np.arange(tallest + 1, dtype=np.float64) ** power

    def work(first: int, last: int) -> None:
        for block in range(first, last):
            start, stop = blocks[block]
            longest[block] = kernels.fill_codes(
                table.offsets, table.mz, table.intensity, start, stop,
                ladder, powers, power, coding.is_entropy,
                out.runs, out.run_starts[block], out.mark_starts[block],
                out.mark_rows, out.mark_codes, out.residuals, out.norms,
            )  # fmt: skip

    in_parts(len(blocks), work, smallest=1)
    return float(longest.max(initial=CODE_SCALE))


def unit_rows(
    table: PeakTable, coding: Coding, start: int, stop: int
) -> tuple[FloatArray, FloatArray]:
    """Return the peaks of some rows as vectors of length 1, and the lengths before."""
    if coding.is_entropy:
        # The square roots of twice what `entropy_weighted` gives: their squares sum to 1.
        heights = table.heights(start, stop)
        lengths = table.lengths(start, stop)
        p = heights / np.repeat(table.sums(heights, start, stop), lengths)
        entropy = -table.sums(p * np.log(p), start, stop)
        p **= np.repeat(np.where(entropy < 3, 0.25 + 0.25 * entropy, 1.0), lengths)
        total = table.sums(p, start, stop)
        return np.sqrt(p / np.repeat(total, lengths)), np.sqrt(total)
    values, norms = table.weighted(coding.weights, start, stop)
    safe = np.where(norms > 0, norms, 1.0)
    return values / np.repeat(safe, table.lengths(start, stop)), norms


def _fill_block(
    out: CodeMatrix, table: PeakTable, coding: Coding, block: int, start: int, stop: int
) -> float:
    unit, norms = unit_rows(table, coding, start, stop)
    out.norms[start:stop] = norms
    codes = np.rint(unit * CODE_SCALE)
    missed = np.sqrt(table.sums((unit - codes / CODE_SCALE) ** 2, start, stop))
    out.residuals[start:stop] = np.ceil(missed * RESIDUAL_SCALE + 1e-3)
    mz = table.mz[table.part(start, stop)].astype(np.int64)
    rows = table.row_of_peak(start, stop)
    at = out.run_starts[block, mz]
    in_run = at >= 0
    out.runs[at[in_run] + rows[in_run]] = codes[in_run]
    # A stable sort by mass leaves the rows of each mass rising, as the lists want them.
    listed = np.flatnonzero(~in_run)
    listed = listed[np.argsort(mz[listed], kind="stable")]
    place = slice(int(out.mark_starts[block, 0]), int(out.mark_starts[block, -1]))
    out.mark_rows[place] = rows[listed]
    out.mark_codes[place] = codes[listed]
    return float(np.sqrt(table.sums(codes * codes, start, stop).max(initial=0.0)))
