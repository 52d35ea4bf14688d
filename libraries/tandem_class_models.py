"""What a library's MS/MS section says of its classes: learned when first asked for, then kept.

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
from libraries.curve_class_models import label
from libraries.entry import Section
from libraries.errors import LibraryError
from libraries.index_files import Array
from libraries.ion_rules import ion_rules
from libraries.section_index import SectionIndex, pipeline
from spectra import tandem_class
from spectra.tandem_class import Known, TandemClass

if TYPE_CHECKING:
    from libraries.library import Library

_log = logging.getLogger(__name__)

_KEPT: dict[tuple[Path, str], TandemClasses] = {}
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TandemClasses:
    """The classes of one MS/MS section.

    Parameters
    ----------
    names : tuple of str
        Of the codes 1, 2, … in order.
    known : Known
    classes : tuple of TandemClass
        One for each name, by code.
    """

    names: tuple[str, ...]
    known: Known
    classes: tuple[TandemClass, ...]


def of_index(library: Library, index: SectionIndex) -> TandemClasses | None:
    """Return the classes of an MS/MS index, none where it states none; None for another section.

    Learned once: two seconds for 4,000 references. Threads may ask together.
    """
    if index.fragments is None:
        return None
    where = (library.folder, library.header.content_sha256)
    with _LOCK:
        if where not in _KEPT:
            names, known = _labelled(index)
            stored = _read(library, names)
            made = _learned(library, index, names) if stored is None else stored
            _KEPT[where] = TandemClasses(names=names, known=known, classes=made)
        return _KEPT[where]


def forget() -> None:
    """Drop what is kept in memory; the next question reads it again."""
    with _LOCK:
        _KEPT.clear()


def _labelled(index: SectionIndex) -> tuple[tuple[str, ...], Known]:
    """Return the classes as the reasoning takes them, in alphabetical order, and who is in them."""
    said = [label(name) for name in index.class_names]
    names = tuple(sorted({name for name in said if name}))
    number = {name: at for at, name in enumerate(names, start=1)}
    rules = ion_rules().rules
    # By-products and precursors are no class; the members that come from them are no rivals.
    beside = sorted({name for rule in rules for name in rule.kin} - set(names))
    number |= {name: -at for at, name in enumerate(beside, start=1)}
    lower = [name.strip().lower() for name in index.class_names]
    of_name = np.array(
        [number.get(name, number.get(raw, 0)) for name, raw in zip(said, lower, strict=True)],
        dtype=np.int64,
    )
    kin = {
        number[rule.class_name]: frozenset(number[each] for each in rule.kin)
        for rule in rules
        if rule.class_name in names
    }
    return names, Known.of(of_name[index.classes], index.groups, kin)


def _learned(
    library: Library, index: SectionIndex, names: tuple[str, ...]
) -> tuple[TandemClass, ...]:
    if index.fragments is None or not names:
        return ()
    _, known = _labelled(index)
    found = {
        each.code: each
        for each in tandem_class.learn(index.fragments.index, index.fragments.facts, known)
    }
    classes = tuple(
        found.get(code) or TandemClass(code=code, n_members=0) for code in range(1, len(names) + 1)
    )
    if any(each.n_outside for each in classes):
        _write(library, names, classes)
    return classes


def _pipeline() -> str:
    version = tandem_class.MODEL_VERSION
    return f"tandem-classes-{version}/{ion_rules().as_of}/{pipeline(Section.MSMS)}"


def _folder(library: Library) -> Path:
    return library.folder / f"class-model-{Section.MSMS.value}"


def _read(library: Library, names: tuple[str, ...]) -> tuple[TandemClass, ...] | None:
    files, _ = index_files.read(
        _folder(library),
        content_sha256=library.header.content_sha256,
        pipeline=_pipeline(),
        whole=True,
    )
    if files is None:
        return None
    try:
        return _from_files(files.arrays, files.facts, names)
    except (KeyError, TypeError, ValueError, LibraryError):
        return None


def _from_files(
    arrays: Mapping[str, Array], facts: Mapping[str, object], names: tuple[str, ...]
) -> tuple[TandemClass, ...]:
    counts = np.asarray(arrays["counts"], dtype=np.int64)
    levels = np.asarray(arrays["levels"], dtype=np.float64)
    n = len(names)
    if facts["labels"] != list(names) or counts.shape != (n, 5) or levels.shape != (n,):
        raise LibraryError("the classes of the model are not those of the index")
    if any(math.isnan(level) or level < 0 for level in levels):
        raise LibraryError("a level of the model is no number of 0 or more")
    found = []
    for at in range(n):
        n_members, n_outside, right, asked, false = (int(each) for each in counts[at])
        found.append(
            TandemClass(
                code=at + 1,
                n_members=n_members,
                n_outside=n_outside,
                level=float(levels[at]),
                found=right,
                asked=asked,
                false=false,
            )
        )
    return tuple(found)


def _write(library: Library, names: tuple[str, ...], made: tuple[TandemClass, ...]) -> None:
    target = _folder(library)
    fresh = library.folder / f".{target.name}-{secrets.token_hex(8)}"
    counts = [[c.n_members, c.n_outside, c.found, c.asked, c.false] for c in made]
    try:
        index_files.write(
            fresh,
            content_sha256=library.header.content_sha256,
            pipeline=_pipeline(),
            arrays={
                "counts": np.array(counts, dtype=np.int64),
                "levels": np.array([c.level for c in made], dtype=np.float64),
            },
            facts={"labels": list(names)},
        )
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    except OSError as fault:
        # A read-only medium still answers, only slower at each start.
        _log.warning("the class model cannot be kept in %s: %s", library.folder, fault)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
