"""A small calibrated library, an unknown of the lab's own, and the files they come from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from instruments.writers import write
from libraries import build
from libraries.build import ImportReport
from libraries.entry import EntryDraft
from lims import examination, library_care, review
from lims.lab import Lab
from lims.model import Finding
from lims.references import Proposal
from spectra.spectrum import MassSpectrum, Spectrum
from tests.lims_builders import a_sample
from tests.unit.libraries.reference_builders import a_curve, drafts

KNOWN = 24
UNKNOWN = 77
SOURCE = "certified reference, lot 7"


def export(folder: Path, name: str, spectra: Sequence[Spectrum | MassSpectrum]) -> Path:
    """Spectra as a JCAMP-DX file."""
    path = folder / name
    path.write_bytes(write(list(spectra), "jcamp"))
    return path


def a_street_library(of: Lab, folder: Path, name: str = "street", *, licence: str = "CC0") -> None:
    """Enough minerals that a match can be promised, none of them the unknown."""
    installed(of, name, _minerals(), licence=licence)


def with_unknown(of: Lab, folder: Path, name: str = "street", *, seeds: Sequence[int] = ()) -> None:
    """The next version of that library, which holds the unknowns too."""
    more = [a_curve(seed, name=f"xylazine like {seed}") for seed in seeds or (UNKNOWN,)]
    installed(of, name, [*_minerals(), *drafts(more)], licence="CC0")


@cache
def _minerals() -> list[EntryDraft]:
    return drafts([a_curve(seed) for seed in range(KNOWN)])


def installed(of: Lab, name: str, entries: Sequence[EntryDraft], *, licence: str) -> None:
    """A library version on disk and on record, without the files an import reads."""

    def record(report: ImportReport) -> None:
        with of.writing("ana") as act:
            act.append("library.imported", library_care.imported_body(report, licence))

    build.build_library(of.libraries_folder, name, None, licence, entries, before=record)


def measured(
    of: Lab,
    folder: Path,
    *,
    seed: int = UNKNOWN,
    noise: float = 0.004,
    shake: int = 0,
    accepted: bool = True,
    sample: str = "",
) -> Finding:
    """The finding of a powder that no library holds yet."""
    curve = a_curve(seed, name="unknown powder", noise=noise)
    wobble = 1e-3 * np.sin(np.linspace(0.0, 9.0 + shake, curve.y.size))
    number = len(list(folder.glob("*.jdx")))
    shaken = Spectrum(
        title="unknown powder",
        x=curve.x,
        y=curve.y + wobble,
        x_kind=curve.x_kind,
        x_unit=curve.x_unit,
        y_kind=curve.y_kind,
        y_unit=curve.y_unit,
    )
    path = export(folder, f"powder{number}.jdx", [shaken])
    where = sample or a_sample(of, held_by="ana").number
    found = examination.ingest(of, "ana", path, where)
    return review.review(of, "rex", found.id, accept=True) if accepted else found


def proposal(**more: str | int) -> Proposal:
    """A substance that no table knows, from a source that does."""
    said: dict[str, str | int] = {"substance": "testonite", "source": SOURCE, **more}
    return Proposal(**said)  # type: ignore[arg-type]
