"""The two spectra a reviewer compares: the query from the kept bytes, the reference from its entry.

Runs in a worker; knows no screens.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lims.model import Run
from spectra.errors import LabError, NotComparableError
from spectra.spectrum import MassRun, MassSpectrum, Measurement, Spectrum, SpectrumKind
from tui.verdict import Answer, HitLine

if TYPE_CHECKING:
    from spectra.chromatography import Component
    from tui.plot import PlotData, Trace

FINGERPRINT_CM1 = (1800.0, 650.0)
_PRETTY = {"cm-1": "cm⁻¹", "um": "µm", "unknown": ""}


class EvidenceError(LabError):
    """The spectrum behind a finding cannot be shown."""


class QuerySource:
    """The kept file of one run, read once; its spectra by the answers that rest on them.

    Not shared between threads: the app has one thread for files.
    """

    def __init__(self, raw_folder: Path, run: Run) -> None:
        self._raw_folder = raw_folder
        self._run = run
        self._spectra: tuple[Measurement, ...] | None = None
        self._components: list[Component] | None = None

    def spectrum(self, answer: Answer) -> Measurement:
        """Return the spectrum an answer rests on.

        For a GC-MS run this is the component nearest in retention time. Infrared in transmittance
        comes back as absorbance, as it was compared.

        Raises
        ------
        EvidenceError
            The file is not the recorded one, or holds no such spectrum.
        FormatError
            The kept bytes are not readable.
        """
        spectra = self._read()
        runs = [s for s in spectra if isinstance(s, MassRun)]
        if answer.retention_time_s is not None and runs:
            return self._component(runs[0], answer.retention_time_s)
        wanted = (SpectrumKind.VIBRATIONAL, SpectrumKind.MASS)
        usable = [s for s in spectra if s.kind in wanted] or list(spectra)
        if not usable:
            raise EvidenceError(f"{self._run.file_name} holds no spectrum that can be drawn")
        named = [s for s in usable if s.title == answer.title]
        chosen = named[0] if len(named) == 1 else usable[min(answer.index, len(usable) - 1)]
        return comparable(chosen)

    def _read(self) -> tuple[Measurement, ...]:
        if self._spectra is None:
            from instruments.raw import fetch
            from instruments.registry import read_bytes

            run = self._run
            export = read_bytes(fetch(self._raw_folder, run.raw_sha256), run.file_name)
            if export.sha256 != run.raw_sha256:
                raise EvidenceError(
                    f"{run.file_name} is not the file of this run: {export.sha256[:12]} read, "
                    f"{run.raw_sha256[:12]} recorded",
                    hint="The raw folder was changed; restore it from a backup.",
                )
            self._spectra = export.spectra
        return self._spectra

    def _component(self, run: MassRun, retention_time_s: float) -> MassSpectrum:
        if self._components is None:
            from spectra.chromatography import find_components

            self._components = find_components(run)
        if not self._components:
            raise EvidenceError(f"no component found in {run.title}")
        apart = [abs(c.retention_time_s - retention_time_s) for c in self._components]
        return self._components[apart.index(min(apart))].spectrum


def comparable(measured: Measurement) -> Measurement:
    """Return a measurement as it is compared: infrared in transmittance as absorbance."""
    if not isinstance(measured, Spectrum):
        return measured
    from spectra.convert import to_absorbance

    try:
        return to_absorbance(measured)[0]
    except NotComparableError:
        return measured  # drawn as it is; the axis says what it is


def reference_of(libraries_folder: Path, hit: HitLine) -> Measurement:
    """Return the reference spectrum a hit names, in the version that was searched."""
    import libraries

    version = hit.version or None
    with libraries.open(hit.library, folder=libraries_folder, version=version) as library:
        return comparable(library.entry(hit.entry).draft.measurement())


def trace(label: str, measured: Measurement) -> Trace:
    """Return a measurement as a trace to draw."""
    from tui.plot import Trace

    if isinstance(measured, MassSpectrum):
        return Trace(label=label, x=measured.mz, y=measured.intensity, sticks=True)
    if isinstance(measured, MassRun):
        return Trace(label=label, x=measured.scan_time_s, y=measured.tic())
    return Trace(label=label, x=measured.x, y=measured.y)


def plot_data(
    label: str,
    query: Measurement,
    reference_label: str = "",
    reference: Measurement | None = None,
) -> PlotData:
    """Return what to draw: wavenumbers run down, everything else up; masses to 100 %.

    The axis spans the query; a reference that was measured further is not worth an empty half.
    """
    from tui.plot import PlotData, span_of

    drawn = trace(label, query)
    other = None if reference is None else trace(reference_label, reference)
    unit, descending = "m/z", False
    if isinstance(query, MassRun):
        unit = "s"
    elif not isinstance(query, MassSpectrum):
        unit = _PRETTY.get(query.x_unit, query.x_unit)
        descending = query.x_kind == "wavenumber"
    low, high = span_of(drawn, other) if drawn.sticks else span_of(drawn)
    if drawn.sticks:
        low, high = low - 2.0, high + 2.0
    return PlotData(
        query=drawn,
        reference=other,
        x_unit=unit,
        full_scale=100.0 if drawn.sticks else 1.0,
        ends=(high, low) if descending else (low, high),
    )


def opening_window(data: PlotData) -> tuple[float, float] | None:
    """Return the window a review opens on: the fingerprint region of a wide infrared spectrum."""
    left, right = data.ends
    wide = data.x_unit == "cm⁻¹" and left > right
    upper, lower = FINGERPRINT_CM1
    if not wide or left < upper + 200 or right > lower + 200:
        return None
    return (upper, max(lower, right))
