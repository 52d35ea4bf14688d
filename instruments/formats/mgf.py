"""Mascot generic format: ``BEGIN IONS`` … ``END IONS``. A bad block is reported, not fatal.

Source: Matrix Science, https://www.matrixscience.com/help/data_file_help.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate, chain

import numpy as np

from instruments.checks import faults_of_peak_lists, peak_faults, text_notes
from instruments.cleaning import clean_map, one_line
from instruments.decoding import decode, number, numbers
from instruments.decoding import lines as split_lines
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.formats.mass_fields import Fields
from instruments.limits import MAX_SPECTRA, RUN_BYTES
from spectra.axis import FloatArray
from spectra.spectrum import MassSpectrum, Technique, settled

_OPENING = re.compile(rb"^BEGIN IONS[ \t]*\r?$", re.MULTILINE)
_ROWS_AT_ONCE = 20_000
_TITLES = ("title", "name", "compound_name", "spectrum_id", "spectrumid")


class MgfReader:
    """MGF peak lists, as written by proteomics and metabolomics software."""

    name = "mgf"
    suffixes = (".mgf",)
    size_limit = RUN_BYTES // 4

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.95 where a ``BEGIN IONS`` line stands, 0.9 where the words do."""
        if b"BEGIN IONS" not in head:
            return 0.0
        return 0.95 if _OPENING.search(head) else 0.9

    def read(self, data: bytes, name: str) -> Reading:
        """Return every block that holds peaks, in file order."""
        text, _ = decode(data)
        found = _Found()
        common: dict[str, str] = {}
        fields: dict[str, str] | None = None
        rows: list[str] = []
        count = 0
        for line in split_lines(text):
            bare = line.strip()
            if fields is not None and "0" <= bare[:1] <= "9":  # most lines are peaks
                rows.append(bare)
            elif bare == "BEGIN IONS":
                if fields is not None:
                    found.warn(f"block {count} has no END IONS")
                fields, rows, count = {}, [], count + 1
                if count > MAX_SPECTRA:
                    raise CorruptFileError(f"more than {MAX_SPECTRA} blocks")
            elif bare == "END IONS" and fields is None:
                found.warn(f"an END IONS after block {count} ends nothing: a block is lost")
            elif bare == "END IONS" and fields is not None:
                found.add(_Block(fields=fields, rows=rows, at=count))
                fields = None
            elif "=" in bare and not bare[:1].isdigit():
                key, _, value = bare.partition("=")
                (common if fields is None else fields).setdefault(key.strip(), value.strip())
            elif fields is not None and bare and bare[0] not in "#;!/":
                rows.append(bare)
        if fields is not None:
            found.warn(f"block {count} is cut: no END IONS")
            found.add(_Block(fields=fields, rows=rows, at=count))
        found.convert()
        if not found.spectra:
            raise CorruptFileError("; ".join(found.warnings[:3]) or "no block holds peaks")
        return Reading(
            spectra=tuple(found.spectra),
            technique=Technique.MS,
            metadata=common | {"blocks": str(count)},
            warnings=(*text_notes(text), *found.warnings[:20]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    fields: dict[str, str]
    rows: list[str]
    at: int


@dataclass(slots=True)
class _Found:
    """What was read so far, and the blocks whose peaks are not numbers yet."""

    spectra: list[MassSpectrum] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    waiting: list[_Block] = field(default_factory=list)
    n_rows: int = 0

    def add(self, block: _Block) -> None:
        self.waiting.append(block)
        self.n_rows += len(block.rows)
        if self.n_rows >= _ROWS_AT_ONCE:
            self.convert()

    def warn(self, text: str) -> None:
        """Keep a warning, behind those of the blocks before it."""
        self.convert()
        self.warnings.append(text)

    def convert(self) -> None:
        """Make spectra of the waiting blocks, all their peaks in one go where they are plain."""
        blocks, self.waiting, self.n_rows = self.waiting, [], 0
        if not _all_plain(blocks, self.spectra):
            for block in blocks:
                _take(block, self.spectra, self.warnings)


def _all_plain(blocks: list[_Block], spectra: list[MassSpectrum]) -> bool:
    """Read blocks of which every row is two numbers; False, with nothing read, for others."""
    if not all(block.rows for block in blocks):
        return False
    pairs, bad = _pairs([row for block in blocks for row in block.rows])
    if bad or not pairs.size:
        return False
    mz, intensity = (settled(np.ascontiguousarray(pairs[:, at])) for at in (0, 1))
    bounds = list(accumulate((len(block.rows) for block in blocks), initial=0))
    faults = faults_of_peak_lists(mz, intensity, bounds)
    for block, start, stop, wrong in zip(blocks, bounds, bounds[1:], faults, strict=False):
        spectra.append(_spectrum(block.fields, mz[start:stop], intensity[start:stop], wrong))
    return True


def _take(block: _Block, spectra: list[MassSpectrum], warnings: list[str]) -> None:
    pairs, bad = _pairs(block.rows)
    title = one_line(Fields(block.fields).text(_TITLES))
    if bad:
        warnings.append(
            f"block {block.at} ({title}): {bad} peak lines without an m/z and an intensity"
        )
    if not pairs.size:
        warnings.append(f"block {block.at} ({title}) holds no peaks and was left out")
        return
    mz, intensity = pairs[:, 0], pairs[:, 1]
    faults = peak_faults(mz, intensity)
    if bad:
        faults += (f"{bad} peak lines could not be read",)
    spectra.append(_spectrum(block.fields, mz, intensity, faults))


def _spectrum(
    fields: dict[str, str], mz: FloatArray, intensity: FloatArray, faults: tuple[str, ...]
) -> MassSpectrum:
    known = Fields(fields)
    return MassSpectrum(
        title=one_line(known.text(_TITLES)),
        mz=mz,
        intensity=intensity,
        precursor_mz=known.precursor_mz(),
        molecular_mass=known.molecular_mass(),
        retention_time_s=known.retention_time_s(),
        ionization=known.ionization(),
        metadata=clean_map(fields),
        faults=faults,
    )


def _pairs(rows: list[str]) -> tuple[FloatArray, int]:
    """Return m/z and intensity of each line, shape (n, 2), and how many lines hold no pair."""
    if "," in "".join(rows):
        rows = [row.replace(",", " ") for row in rows]
    cells = [row.split(None, 2)[:2] for row in rows]
    if set(map(len, cells)) <= {2}:
        flat = numbers(list(chain.from_iterable(cells)))
        if flat is not None:
            return flat.reshape(-1, 2), 0
    found: list[tuple[float, float]] = []
    for pair in cells:
        mz, intensity = (number(pair[0]), number(pair[1])) if len(pair) == 2 else (None, None)
        if mz is not None and intensity is not None:
            found.append((mz, intensity))
    return np.array(found, dtype=np.float64).reshape(-1, 2), len(rows) - len(found)
