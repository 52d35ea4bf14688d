"""One technique of one library version, ready to be searched: index, row facts, calibration.

Built from references, stored as memory-mapped arrays, read back. Knows how a reference becomes a
row; ranking substances and deciding are done in `libraries.search`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from libraries import class_calibrations, index_files, naming, tandem_index
from libraries.derivatives import forms_of
from libraries.entry import Entry, EntryDraft, Section
from libraries.errors import LibraryError
from libraries.families import family_codes
from libraries.index_files import Array, IndexFiles
from libraries.tandem_index import TANDEM_VERSION, Fragments
from spectra.axis import IntArray
from spectra.calibration import Calibration, calibrate_curves, calibrate_peaks, needed_queries
from spectra.curve_index import INDEX_VERSION, CurveIndex
from spectra.errors import NotComparableError, SpectrumError
from spectra.grid import canonical
from spectra.mixture import calibrate_components
from spectra.peak_index import INDEX_VERSION as PEAK_VERSION
from spectra.peak_index import PeakIndex
from spectra.prepare import PIPELINE, vibrational
from spectra.related import Forms
from spectra.spectrum import MassSpectrum, Technique

# Changes whenever the same record would give another index or calibration.
PIPELINE_VERSION = 5

MOST_CALIBRATION_QUERIES = 2_000
"""A larger library is calibrated on every k-th reference."""

# What a known substance leaves unexplained is learned from so many replicates; each costs a search
# for up to three components, about forty milliseconds at seven hundred references.
_MOST_COMPONENT_QUERIES = 120

# A curve needs this many measured grid points before it can be anybody's reference.
_FEWEST_POINTS = 60
# The window of the derivative and the slide either way; shorter stretches compare with nothing.
_SHORTEST_RUN = 24


def pipeline(section: Section) -> str:
    """Return the name and version of what turns a reference of this section into index rows."""
    if section.is_tandem:
        kind = f"fragments-{TANDEM_VERSION}"
    elif section.is_mass:
        kind = f"unit-mass-{PEAK_VERSION}"
    else:
        kind = f"{PIPELINE}/derivative-{INDEX_VERSION}"
    return f"{section.value}/{kind}/{PIPELINE_VERSION}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """A reference on its way into an index.

    Parameters
    ----------
    row : int
        Row in the record.
    prepared : ndarray of float32, shape (n_points,), or None
        The curve on its grid, NaN where not measured; None for a mass spectrum.
    """

    row: int
    draft: EntryDraft
    record_hash: str
    prepared: npt.NDArray[np.float32] | None

    @classmethod
    def of_entry(cls, entry: Entry) -> Reference:
        """Return the reference of a stored entry whose hash has been verified."""
        return cls(
            row=entry.row,
            draft=entry.draft,
            record_hash=entry.record_hash,
            prepared=prepared(entry.draft),
        )


def prepared(draft: EntryDraft) -> npt.NDArray[np.float32] | None:
    """Return a curve on the grid of its section, or None for a mass spectrum.

    Raises
    ------
    SpectrumError
        The reference cannot be compared with anything; the message is the reason.
    """
    if draft.section.is_tandem:
        tandem_index.check(draft)
        return None
    if draft.section.is_mass:
        # The index keeps whole masses from 1 to 1000 and would hold an empty row in silence.
        inside = (draft.x >= 0.5) & (draft.x < 1000.5) & (draft.y > 0)
        if not inside.any():
            raise NotComparableError("no peak lies between m/z 1 and 1000")
        return None
    measurement = draft.measurement()
    if isinstance(measurement, MassSpectrum):
        return None
    curve = vibrational(measurement, Technique(draft.section.value)).y
    measured = _in_runs(np.isfinite(curve))
    if measured < _FEWEST_POINTS:
        raise NotComparableError(
            f"only {measured} points lie on the {draft.section.value} grid without gaps; "
            f"{_FEWEST_POINTS} needed",
            hint="A reference is measured at least every six wavenumbers, without gaps.",
        )
    if float(np.nanmax(curve)) == float(np.nanmin(curve)):
        raise NotComparableError("the curve is a straight line")
    return curve.astype(np.float32)


def _in_runs(measured: npt.NDArray[np.bool_]) -> int:
    """Return how many points lie in runs long enough for a derivative to exist inside them."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], measured.astype(np.int8), [0]))))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= _SHORTEST_RUN].sum())


@dataclass(frozen=True, kw_only=True, eq=False)
class SectionIndex:
    """The searchable form of one technique of one library version.

    Parameters
    ----------
    curves, peaks, fragments : CurveIndex, PeakIndex, Fragments or None
        Exactly one of them: an MS/MS query never meets electron impact, nor the reverse.
    rows : ndarray of int64, shape (n,)
        Record row of each index row.
    groups : ndarray of int64, shape (n,)
        Substance number, from 0, of each index row.
    hashes : ndarray of uint8, shape (n, 32)
        Record hash of each index row.
    classes : ndarray of int64, shape (n,)
        Index into ``class_names``; ``class_names[0]`` is the empty class.
    calibration : Calibration or None
    note : str
        Why there is no calibration, or how it was sampled; may be empty.
    forms : Forms or None
        Of electron-impact spectra: what each row is a form of.
    class_calibrations : tuple of Calibration
        Of the instrument classes that have enough substances; a class without one uses that of
        all.
    """

    section: Section
    curves: CurveIndex | None
    peaks: PeakIndex | None
    rows: IntArray
    groups: IntArray
    hashes: npt.NDArray[np.uint8]
    classes: IntArray
    class_names: tuple[str, ...]
    calibration: Calibration | None
    note: str
    forms: Forms | None = None
    fragments: Fragments | None = None
    class_calibrations: tuple[Calibration, ...] = ()

    @cached_property
    def n_groups(self) -> int:
        """Number of substances."""
        return int(self.groups.max()) + 1 if self.groups.size else 0

    def calibration_of(self, instrument_class: str) -> Calibration | None:
        """Return what was learned of one instrument class, else of all together."""
        own = (c for c in self.class_calibrations if c.instrument_class == instrument_class)
        return next(own, self.calibration)

    @property
    def n_calibration(self) -> int:
        """Number of leave-substance-out queries behind the threshold."""
        return 0 if self.calibration is None else self.calibration.n

    def arrays(self) -> dict[str, Array]:
        """Return the named arrays as they are stored."""
        every = (self.curves, self.peaks, self.fragments)
        held = next((each for each in every if each is not None), None)
        if held is None:
            raise LibraryError(f"nothing is indexed for {self.section.value}")
        arrays: dict[str, Array] = dict(held.arrays())
        arrays["row_number"] = self.rows
        arrays["row_group"] = self.groups
        arrays["row_hash"] = self.hashes
        arrays["row_class"] = self.classes
        return arrays | _form_arrays(self.forms)

    def write(self, folder: Path, content_sha256: str) -> None:
        """Write everything into a new folder."""
        arrays = self.arrays()
        facts: dict[str, object] = {
            "section": self.section.value,
            "class_names": list(self.class_names),
            "calibration": None if self.calibration is None else self.calibration.to_facts(),
            "class_calibrations": [each.to_facts() for each in self.class_calibrations],
            "note": self.note,
        }
        index_files.write(
            folder,
            content_sha256=content_sha256,
            pipeline=pipeline(self.section),
            arrays=arrays,
            facts=facts,
        )


def build(section: Section, references: Sequence[Reference]) -> SectionIndex:
    """Return the index of references and calibrate it.

    Parameters
    ----------
    references : sequence of Reference
        All of one section, in record order.
    """
    groups = _group_numbers(references)
    classes = [naming.class_of(each.draft) for each in references]
    class_names = ("", *sorted({name for name in classes if name}))
    code = {name: at for at, name in enumerate(class_names)}
    held, (calibration, *of_classes) = _searchable(section, references, groups)
    return SectionIndex(
        section=section,
        curves=held.curves,
        peaks=held.peaks,
        fragments=held.fragments,
        class_calibrations=tuple(of_classes),
        rows=np.array([each.row for each in references], dtype=np.int64),
        groups=groups,
        hashes=np.frombuffer(
            b"".join(bytes.fromhex(each.record_hash) for each in references), dtype=np.uint8
        ).reshape(-1, 32),
        classes=np.array([code[name] for name in classes], dtype=np.int64),
        class_names=class_names,
        calibration=calibration,
        note="" if calibration.sufficient else _too_few(calibration),
        forms=_forms(section, references),
    )


def _forms(section: Section, references: Sequence[Reference]) -> Forms | None:
    if section is not Section.EI:
        return None
    return forms_of([each.draft for each in references])


def _form_arrays(forms: Forms | None) -> dict[str, Array]:
    if forms is None:
        return {}
    return {
        "row_form": forms.kinds,
        "row_parent": forms.parents,
        "row_heavier": forms.shifts,
        "row_reacts": forms.reacts,
    }


def _searchable(
    section: Section, references: Sequence[Reference], groups: IntArray
) -> tuple[_Held, tuple[Calibration, ...]]:
    """Return the index, its leave-substance-out calibration, and those of instrument classes."""
    held = _held(section, references, groups)
    drafts = [each.draft for each in references]
    most, done = MOST_CALIBRATION_QUERIES, pipeline(section)

    def learned(asked: IntArray | None) -> Calibration:
        if held.fragments is not None:
            return tandem_index.calibration(
                held.fragments, drafts, most_queries=most, pretreatment=done, asked=asked
            )
        if held.peaks is not None:
            families = family_codes([each.identity.formula for each in drafts], groups)
            return calibrate_peaks(
                held.peaks,
                _mass_spectra(references),
                groups,
                families=families,
                most_queries=most,
                pretreatment=done,
                asked=asked,
            )
        if held.curves is None:
            raise LibraryError(f"nothing is indexed for {section.value}")
        return calibrate_curves(
            held.curves, groups, most_queries=most, pretreatment=done, asked=asked
        )

    pooled = learned(None)
    if held.curves is not None:
        few = _MOST_COMPONENT_QUERIES
        pooled = calibrate_components(held.curves, groups, pooled, most_queries=few)
    return held, (pooled, *class_calibrations.of(drafts, groups, pooled, learned))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Held:
    """One searchable form of the references; the others are None."""

    curves: CurveIndex | None = None
    peaks: PeakIndex | None = None
    fragments: Fragments | None = None


def _held(section: Section, references: Sequence[Reference], groups: IntArray) -> _Held:
    if section.is_tandem:
        return _Held(fragments=tandem_index.build([each.draft for each in references], groups))
    if section.is_mass:
        return _Held(peaks=PeakIndex.build(_mass_spectra(references)))
    grid = canonical(Technique(section.value))
    return _Held(curves=CurveIndex.build(_curves(references), grid))


def arrays_of(section: Section, references: Sequence[Reference]) -> dict[str, Array]:
    """Return the arrays an index of these references must hold, without calibrating it.

    Class names are left out: they follow the substances table of the software that built it.
    """
    groups = _group_numbers(references)
    made = _held(section, references, groups)
    held = made.fragments or made.peaks or made.curves
    arrays: dict[str, Array] = {} if held is None else dict(held.arrays())
    arrays["row_group"] = groups
    return arrays | _form_arrays(_forms(section, references))


def _group_numbers(references: Sequence[Reference]) -> IntArray:
    names = [each.draft.identity.group for each in references]
    number = {name: at for at, name in enumerate(sorted(set(names)))}
    return np.array([number[name] for name in names], dtype=np.int64)


def _mass_spectra(references: Sequence[Reference]) -> list[MassSpectrum]:
    measured = (each.draft.measurement() for each in references)
    return [each for each in measured if isinstance(each, MassSpectrum)]


def _curves(references: Sequence[Reference]) -> npt.NDArray[np.float32]:
    return np.stack([each.prepared for each in references if each.prepared is not None])


def _too_few(calibration: Calibration) -> str:
    return (
        f"{calibration.n} substances are too few to promise {calibration.alpha:.0%} false accepts "
        f"({needed_queries(calibration.alpha)} needed): no single answer will be called a match"
    )


def read(
    folder: Path, section: Section, *, content_sha256: str, whole: bool = False
) -> tuple[SectionIndex | None, tuple[str, ...]]:
    """Return the stored index of a section, or None with what is wrong with it."""
    files, problems = index_files.read(
        folder, content_sha256=content_sha256, pipeline=pipeline(section), whole=whole
    )
    if files is None:
        return None, problems
    try:
        return _from_files(section, files), ()
    except (SpectrumError, LibraryError) as fault:
        return None, (fault.message,)
    except (KeyError, TypeError, ValueError) as fault:
        return None, (f"the index lacks or misstates {fault}",)


def _from_files(section: Section, files: IndexFiles) -> SectionIndex:
    arrays, facts = files.arrays, files.facts
    stored = facts["calibration"]
    names = facts["class_names"]
    if not isinstance(names, list) or facts["section"] != section.value:
        raise LibraryError("the index belongs to another technique")
    held = {name: array for name, array in arrays.items() if not name.startswith("row_")}
    groups = arrays["row_group"].astype(np.int64, copy=False)
    curves = peaks = fragments = None
    if section.is_tandem:
        fragments = Fragments.from_arrays(held, groups)
    elif section.is_mass:
        peaks = PeakIndex.from_arrays(held)
    else:
        curves = CurveIndex.from_arrays(held)
    found = SectionIndex(
        section=section,
        curves=curves,
        peaks=peaks,
        fragments=fragments,
        rows=arrays["row_number"].astype(np.int64, copy=False),
        groups=groups,
        hashes=arrays["row_hash"].astype(np.uint8, copy=False),
        classes=arrays["row_class"].astype(np.int64, copy=False),
        class_names=tuple(str(name) for name in names),
        calibration=Calibration.from_facts(stored) if isinstance(stored, Mapping) else None,
        class_calibrations=_of_classes(facts["class_calibrations"]),
        note=str(facts["note"]),
        forms=_stored_forms(section, arrays),
    )
    n = len(curves if curves is not None else peaks if peaks is not None else fragments or ())
    if not (found.rows.shape == found.groups.shape == found.classes.shape == (n,)):
        raise LibraryError("the rows of the index do not fit its arrays")
    if found.hashes.shape != (n, 32):
        raise LibraryError("the hashes of the index do not fit its arrays")
    if found.forms is not None and found.forms.kinds.shape != (n,):
        raise LibraryError("the forms of the index do not fit its arrays")
    return found


def _of_classes(stored: object) -> tuple[Calibration, ...]:
    if not isinstance(stored, list) or not all(isinstance(each, Mapping) for each in stored):
        raise LibraryError("the calibrations of the index are not a list")
    return tuple(Calibration.from_facts(each) for each in stored)


def _stored_forms(section: Section, arrays: Mapping[str, Array]) -> Forms | None:
    if section is not Section.EI:
        return None
    return Forms(
        kinds=arrays["row_form"].astype(np.int8, copy=False),
        parents=arrays["row_parent"].astype(np.int16, copy=False),
        shifts=arrays["row_heavier"].astype(np.int16, copy=False),
        reacts=arrays["row_reacts"].astype(np.bool_, copy=False),
    )
