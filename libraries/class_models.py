"""The class model of a library version: learned from its index when first asked for, then kept.

A convenience, never part of the record: it names the content it was learned from, and whoever finds
it missing, stale or damaged learns it again.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from libraries import index_files
from libraries.entry import Section
from libraries.errors import LibraryError
from libraries.ion_rules import ion_rules
from libraries.section_index import SectionIndex, pipeline
from spectra import class_model
from spectra.analogue import ClassVote
from spectra.axis import FloatArray, IntArray
from spectra.class_model import N_FEATURES, ClassModel, Fitted
from spectra.peak_table import Peaks
from spectra.peak_table import unit_query as _unit

if TYPE_CHECKING:
    from libraries.library import Library

_log = logging.getLogger(__name__)

FEWEST_COMPOUNDS = 10
"""A class of fewer compounds teaches nothing that holds for the next one."""

# Time and memory of learning grow with the references: of a larger library every k-th outside the
# classes is taken, and every k-th of the classes beyond as many.
MOST_OUTSIDE, MOST_INSIDE = 8_000, 6_000
# How many references outside a class say how far chance carries it; 1 in 100 needs a few hundred.
_MOST_JUDGED, _FEWEST_JUDGED = 1_000, 200
_FALSE_VOTES = 0.01
_KEPT: dict[tuple[Path, str], ClassModels | None] = {}
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassModels:
    """A learned model, its classes, and how far chance carries each.

    Parameters
    ----------
    labels : tuple of str
        Class labels of the library, lower case, in the order of the model's votes.
    compounds : ndarray of int, shape (n_classes,)
        How many compounds of each class were learned from.
    levels : ndarray of float, shape (n_classes,)
        Vote that at most one in a hundred references outside reached; infinite if too few.
    """

    model: ClassModel
    labels: tuple[str, ...]
    compounds: IntArray
    levels: FloatArray

    def votes(self, spectrum: Peaks, masses: Mapping[str, float | None]) -> dict[str, ClassVote]:
        """Return the vote of each class, given the molecular mass that each class would imply."""
        peaks = _unit(spectrum)
        row = np.zeros((1, 1001))
        row[0, peaks.mz] = peaks.intensity
        rows = np.repeat(row, len(self.labels), axis=0)
        implied = [masses.get(label) for label in self.labels]
        mass = np.array([np.nan if m is None else m for m in implied], dtype=np.float64)
        found = np.diagonal(self.model.votes(rows, mass))
        facts = zip(self.labels, found, self.levels, self.compounds, strict=True)
        return {
            label: ClassVote(ahead=float(vote), level=float(level), n=int(n))
            for label, vote, level, n in facts
        }


def of_index(library: Library, index: SectionIndex) -> ClassModels | None:
    """Return the model of a library's electron-impact index; None where no class is large enough.

    Learned once: a few seconds for 15,000 references. Threads may ask together.
    """
    where = (library.folder, library.header.content_sha256)
    with _LOCK:
        if where not in _KEPT:
            _KEPT[where] = _read(library, index) or _learned(library, index)
        return _KEPT[where]


def forget() -> None:
    """Drop what is kept in memory; the next question reads it again."""
    with _LOCK:
        _KEPT.clear()


def learn(
    intensity: FloatArray, masses: FloatArray, labels: Sequence[str], groups: IntArray
) -> tuple[Fitted, ClassModels] | None:
    """Return the model of references and what it is worth; None where no class is large enough.

    Parameters
    ----------
    intensity, masses
        As for `spectra.class_model.features`.
    labels : sequence of str
        Class of each reference, lower case, empty for none.
    groups : ndarray of int, shape (n,)
        Substance of each reference.
    """
    said = np.array(labels)
    counts = {str(name): np.unique(groups[said == name]).size for name in np.unique(said) if name}
    names = tuple(sorted(name for name, n in counts.items() if n >= FEWEST_COMPOUNDS))
    codes = np.array([names.index(label) + 1 if label in names else 0 for label in labels])
    if not names or not (codes == 0).any():
        return None
    fitted = class_model.fit(intensity, masses, codes)
    models = ClassModels(
        model=fitted.model,
        labels=names,
        compounds=np.array([counts[name] for name in names], dtype=np.int64),
        levels=_levels(fitted, codes, intensity, masses, groups),
    )
    return fitted, models


def _levels(
    fitted: Fitted, codes: IntArray, intensity: FloatArray, masses: FloatArray, groups: IntArray
) -> FloatArray:
    """Return what one in a hundred references outside each class reaches, itself left out.

    Left out with it is every reference of its mass: isomers, which share a formula, among them.
    """
    outside = np.flatnonzero(codes == 0)
    judged = outside[:: max(1, -(-outside.size // _MOST_JUDGED))]
    n_classes = int(codes.max())
    if judged.size < _FEWEST_JUDGED:
        return np.full(n_classes, np.inf)
    votes = np.array(
        [
            fitted.without((masses == masses[row]) | (groups == groups[row])).votes(
                intensity[row : row + 1], masses[row : row + 1]
            )[0]
            for row in judged
        ]
    )
    return np.asarray(np.quantile(votes, 1 - _FALSE_VOTES, axis=0), dtype=np.float64)


def _learned(library: Library, index: SectionIndex) -> ClassModels | None:
    if index.peaks is None:
        return None
    label = ion_rules().class_label
    by_role = ion_rules().by_role
    names = [label(name) or "" for name in index.class_names]
    said = np.array(["" if name in by_role else name for name in names])[index.classes]
    rows = _sampled(said)
    stored = index.peaks.arrays()
    masses = np.empty(len(index.peaks))
    masses[stored["order"].astype(np.int64)] = stored["masses"]
    made = learn(
        index.peaks.intensities(rows), masses[rows], said[rows].tolist(), index.groups[rows]
    )
    if made is None:
        return None
    _write(library, made[1])
    return made[1]


def _sampled(labels: npt.NDArray[np.str_]) -> IntArray:
    inside, outside = np.flatnonzero(labels != ""), np.flatnonzero(labels == "")
    parts = [
        rows[:: max(1, -(-rows.size // most))]
        for rows, most in ((inside, MOST_INSIDE), (outside, MOST_OUTSIDE))
    ]
    return np.sort(np.concatenate(parts)).astype(np.int64)


def _pipeline() -> str:
    return f"class-model-{class_model.MODEL_VERSION}/{ion_rules().as_of}/{pipeline(Section.EI)}"


def _folder(library: Library) -> Path:
    return library.folder / "class-model"


def _read(library: Library, index: SectionIndex) -> ClassModels | None:
    files, _ = index_files.read(
        _folder(library),
        content_sha256=library.header.content_sha256,
        pipeline=_pipeline(),
        whole=True,
    )
    if files is None:
        return None
    try:
        labels = tuple(str(name) for name in _listed(files.facts["labels"]))
        weights = np.asarray(files.arrays["weights"], dtype=np.float32)
        compounds = np.asarray(files.arrays["compounds"], dtype=np.int64)
        levels = np.asarray(files.arrays["levels"], dtype=np.float64)
    except (KeyError, TypeError, ValueError, LibraryError):
        return None
    shapes = (weights.shape, compounds.shape, levels.shape)
    n = len(labels)
    if shapes != ((N_FEATURES + 1, n + 1), (n,), (n,)):
        return None
    known = {name.lower() for name in index.class_names}
    if not set(labels) <= known:
        return None
    return ClassModels(
        model=ClassModel(weights=weights), labels=labels, compounds=compounds, levels=levels
    )


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise LibraryError("the class model names no classes")
    return value


def _write(library: Library, made: ClassModels) -> None:
    fresh = library.folder / f".class-model-{secrets.token_hex(8)}"
    try:
        index_files.write(
            fresh,
            content_sha256=library.header.content_sha256,
            pipeline=_pipeline(),
            arrays={
                "weights": made.model.weights,
                "compounds": made.compounds,
                "levels": made.levels,
            },
            facts={"labels": list(made.labels)},
        )
        shutil.rmtree(_folder(library), ignore_errors=True)
        fresh.rename(_folder(library))
    except OSError as fault:
        # A read-only medium still answers, only slower at each start.
        _log.warning("the class model cannot be kept in %s: %s", library.folder, fault)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
