"""NIST MSP text: mass spectra, and each scan of a run as one entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from instruments.cleaning import one_line
from instruments.errors import RefusedFormatError
from spectra.spectrum import MassRun, MassSpectrum, Measurement

_OWN = frozenset(
    {
        "name",
        "num peaks",
        "precursormz",
        "exactmass",
        "retentiontime",
        "retentionindex",
        "ionization",
    }
)


def encode(measurements: Sequence[Measurement]) -> bytes:
    """Return one entry per mass spectrum.

    Raises
    ------
    RefusedFormatError
        A measurement is no mass spectrum.
    """
    lines: list[str] = []
    for spectrum in _spectra(measurements):
        if spectrum.mz.size:
            lines.extend(_entry(spectrum))
            lines.append("")
    return "\n".join(lines).encode("utf-8")


def _spectra(measurements: Sequence[Measurement]) -> Iterator[MassSpectrum]:
    for measurement in measurements:
        if isinstance(measurement, MassRun):
            yield from (measurement.scan(at) for at in range(measurement.n_scans))
        elif isinstance(measurement, MassSpectrum):
            yield measurement
        else:
            raise RefusedFormatError(
                "MSP holds mass spectra only", hint="Write curves as jcamp or csv."
            )


def _entry(spectrum: MassSpectrum) -> Iterable[str]:
    yield f"Name: {one_line(spectrum.title)}"
    if spectrum.precursor_mz is not None:
        yield f"PrecursorMZ: {spectrum.precursor_mz!r}"
    if spectrum.molecular_mass is not None:
        yield f"ExactMass: {spectrum.molecular_mass!r}"
    if spectrum.retention_time_s is not None:
        yield f"RetentionTime: {spectrum.retention_time_s!r} sec"
    if spectrum.retention_index is not None:
        yield f"RetentionIndex: {spectrum.retention_index!r}"
    if spectrum.ionization:
        yield f"Ionization: {one_line(spectrum.ionization)}"
    for key, value in spectrum.metadata.items():
        label = one_line(key).replace(":", " ").strip()
        if label and label.lower() not in _OWN and not label[0].isdigit():
            yield f"{label}: {one_line(value)}"
    yield f"Num Peaks: {spectrum.mz.size}"
    pairs = zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True)
    yield from (f"{mz!r} {intensity!r}" for mz, intensity in pairs)
