"""What a library's infrared or Raman section says of its classes: learned when first asked for.

Kept beside the index, never part of the record: it names the content it was learned from, and
whoever finds it missing, stale or damaged learns it again.
"""

from __future__ import annotations

import logging
import math
import secrets
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from libraries import index_files
from libraries.entry import Section
from libraries.errors import LibraryError
from libraries.index_files import Array
from libraries.ion_rules import ion_rules
from libraries.section_index import SectionIndex, pipeline
from spectra import curve_classes
from spectra.axis import FloatArray, IntArray
from spectra.class_bands import ClassBand
from spectra.curve_classes import CurveClass

if TYPE_CHECKING:
    from libraries.library import Library

_log = logging.getLogger(__name__)

_KEPT: dict[tuple[Path, str, Section], Mapping[str, CurveClass]] = {}
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labels:
    """The classes of an index as the reasoning takes them, in alphabetical order from 1."""

    names: tuple[str, ...]
    codes: IntArray

    @classmethod
    def of(cls, index: SectionIndex) -> _Labels:
        said = [label(name) for name in index.class_names]
        names = tuple(sorted({name for name in said if name}))
        number = {name: at for at, name in enumerate(names, start=1)}
        of_name = np.array([number.get(name, 0) for name in said], dtype=np.int64)
        return cls(names=names, codes=of_name[index.classes])


def label(class_name: str) -> str:
    """Return a library's class as the reasoning takes it, empty for what is no class.

    All labels of one ion rule are one class, so that two techniques speak of it by one name.
    """
    rules = ion_rules()
    said = rules.class_label(class_name) or ""
    if said in rules.by_role:
        return ""
    return next((rule.class_name for rule in rules.rules if said in rule.labels), said)


def of_index(library: Library, index: SectionIndex) -> Mapping[str, CurveClass]:
    """Return the classes of a curve index by label; empty where it states none.

    Learned once: under a second for 1,000 references. Threads may ask together.
    """
    if index.curves is None:
        return {}
    where = (library.folder, library.header.content_sha256, index.section)
    with _LOCK:
        if where not in _KEPT:
            stored = _read(library, index)
            _KEPT[where] = _learned(library, index) if stored is None else stored
        return _KEPT[where]


def forget() -> None:
    """Drop what is kept in memory; the next question reads it again."""
    with _LOCK:
        _KEPT.clear()


def _learned(library: Library, index: SectionIndex) -> Mapping[str, CurveClass]:
    if index.curves is None:
        return {}
    labels = _Labels.of(index)
    made = curve_classes.learn(index.curves, labels.codes, index.groups)
    found = {labels.names[each.code - 1]: each for each in made}
    if any(each.n_outside for each in found.values()):
        _write(library, index.section, found)
    return found


def _pipeline(section: Section) -> str:
    version = curve_classes.MODEL_VERSION
    return f"curve-classes-{version}/{ion_rules().as_of}/{pipeline(section)}"


def _folder(library: Library, section: Section) -> Path:
    return library.folder / f"class-model-{section.value}"


def _read(library: Library, index: SectionIndex) -> Mapping[str, CurveClass] | None:
    files, _ = index_files.read(
        _folder(library, index.section),
        content_sha256=library.header.content_sha256,
        pipeline=_pipeline(index.section),
        whole=True,
    )
    if files is None:
        return None
    try:
        return _from_files(files.arrays, files.facts, _Labels.of(index).names)
    except (KeyError, TypeError, ValueError, LibraryError):
        return None


def _from_files(
    arrays: Mapping[str, Array], facts: Mapping[str, object], names: tuple[str, ...]
) -> dict[str, CurveClass]:
    counts = np.asarray(arrays["counts"], dtype=np.int64)
    limits = np.asarray(arrays["limits"], dtype=np.float64)
    bands = np.asarray(arrays["bands"], dtype=np.float64)
    n = len(names)
    if facts["labels"] != list(names) or counts.shape != (n, 5) or limits.shape != (n, 2):
        raise LibraryError("the classes of the model are not those of the index")
    if bands.ndim != 2 or bands.shape[1] != 5 or not np.isfinite(bands).all():
        raise LibraryError("the bands of the model cannot be read")
    found = {}
    for at, name in enumerate(names):
        n_members, n_outside, right, asked, false = (int(each) for each in counts[at])
        found[name] = CurveClass(
            code=at + 1,
            n_members=n_members,
            n_outside=n_outside,
            level=float(limits[at, 0]),
            least_shown=float(limits[at, 1]),
            bands=tuple(_band(row) for row in bands[bands[:, 0] == at + 1]),
            found=right,
            asked=asked,
            false=false,
        )
    if any(math.isnan(each.level) for each in found.values()):
        raise LibraryError("a level of the model is no number")
    return found


def _band(row: FloatArray) -> ClassBand:
    return ClassBand(
        position_cm1=float(row[1]), shown=int(row[2]), of=int(row[3]), elsewhere=float(row[4])
    )


def _write(library: Library, section: Section, made: Mapping[str, CurveClass]) -> None:
    target = _folder(library, section)
    fresh = library.folder / f".{target.name}-{secrets.token_hex(8)}"
    classes = list(made.values())
    bands = [
        [each.code, band.position_cm1, band.shown, band.of, band.elsewhere]
        for each in classes
        for band in each.bands
    ]
    arrays: dict[str, Array] = {
        "counts": np.array(
            [[c.n_members, c.n_outside, c.found, c.asked, c.false] for c in classes],
            dtype=np.int64,
        ),
        "limits": np.array([[c.level, c.least_shown] for c in classes], dtype=np.float64),
        "bands": np.array(bands, dtype=np.float64).reshape(-1, 5),
    }
    try:
        index_files.write(
            fresh,
            content_sha256=library.header.content_sha256,
            pipeline=_pipeline(section),
            arrays=arrays,
            facts={"labels": list(made)},
        )
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    except OSError as fault:
        # A read-only medium still answers, only slower at each start.
        _log.warning("the class model cannot be kept in %s: %s", library.folder, fault)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
