"""The signature of an answer that names nothing, taken while its spectrum is at hand.

It goes into the finding with the match, so that clusters rest on the record alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from spectra.errors import SpectrumError
from spectra.spectrum import MassSpectrum, Measurement, Spectrum, Technique

if TYPE_CHECKING:
    from spectra.calibrate_axis import AxisCalibration
    from spectra.unknown_signature import Signature

Json = dict[str, Any]

UNKNOWN_STATES = frozenset(("analogue_candidate", "class_only", "unexplained", "no_match"))
"""Decisions of a good measurement that name nothing."""


def with_signature(
    entry: Json,
    measurement: Measurement,
    *,
    phase: str = "",
    axis: AxisCalibration | None = None,
) -> Json:
    """Return a match entry with its ``signature``: None where it names something, or is too poor.

    Parameters
    ----------
    entry : dict
        One spectrum or peak of ``fol.match/1``.
    measurement : Measurement
        What was compared.
    phase : str
        Stationary phase of the entry's retention index.
    axis : AxisCalibration or None
        Of the instrument that measured a curve.
    """
    from spectra import unknown_signature

    found: Signature | None = None
    if entry["decision"]["state"] in UNKNOWN_STATES:
        found = _of(entry, measurement, phase, axis)
    return entry | {"signature": None if found is None else unknown_signature.plain(found)}


def of_peaks(entries: Sequence[Json], spectra: Sequence[MassSpectrum], run: Json) -> list[Json]:
    """Return the entries of a run's peaks with their signatures.

    Parameters
    ----------
    run : dict
        The ``runs`` entry, which knows the ladder and its phase.
    """
    phase = str((run.get("ladder") or {}).get("phase", ""))
    return [
        with_signature(entry, spectrum, phase=phase)
        for entry, spectrum in zip(entries, spectra, strict=True)
    ]


def _of(
    entry: Mapping[str, Any],
    measurement: Measurement,
    phase: str,
    axis: AxisCalibration | None,
) -> Signature | None:
    from spectra import unknown_signature

    if isinstance(measurement, MassSpectrum):
        if entry.get("compared_as") == unknown_signature.MSMS:
            return _of_tandem(measurement)
        if measurement.precursor_mz is not None:
            return None
        index = entry.get("retention_index")
        if index is None and measurement.retention_index is not None:
            index = measurement.retention_index
        return unknown_signature.of_ions(
            measurement.mz, measurement.intensity, retention_index=index, phase=phase
        )
    if isinstance(measurement, Spectrum):
        return _of_curve(measurement, str(entry.get("compared_as", "")), axis)
    return None


def _of_tandem(measurement: MassSpectrum) -> Signature | None:
    from libraries import harmonise, tandem
    from spectra import unknown_signature, unknown_tandem

    facts = tandem.facts_of(measurement, harmonise.facts(measurement.metadata))
    if facts is None:
        return None
    try:
        found = unknown_tandem.of_peaks(
            measurement.mz,
            measurement.intensity,
            facts.precursor_mz,
            polarity=facts.sign,
            retention_time_s=measurement.retention_time_s,
        )
    except SpectrumError:
        return None
    return unknown_signature.of_fragments(found)


def _of_curve(measurement: Spectrum, kind: str, axis: AxisCalibration | None) -> Signature | None:
    from libraries.drafting import settle
    from libraries.entry import Section
    from spectra import unknown_signature
    from spectra.prepare import vibrational

    if kind not in unknown_signature.CURVES:
        return None
    try:
        prepared = vibrational(
            settle(measurement, Section(kind)), Technique(kind), calibration=axis
        )
    except SpectrumError:
        return None
    return unknown_signature.of_curve(kind, prepared.grid.x, prepared.y)
