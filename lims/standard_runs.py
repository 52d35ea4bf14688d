"""A run of a standard, evaluated: what it should show, what it shows, and what can be made of it.

Pure of the record: an export, the rule of its instrument's kind and what was in force go in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lims.check_policy import Aspect, CheckRule
from lims.errors import RecordError
from lims.known_substance import named_in, named_substance
from spectra.axis_standards import STANDARDS
from spectra.errors import AxisError, NotComparableError, SpectrumError
from spectra.spectrum import MassSpectrum, Spectrum, Technique
from spectra.tune_standards import TUNE_STANDARDS

if TYPE_CHECKING:
    from instruments.export import Export
    from libraries.library import Library
    from spectra.axis_standards import AxisStandard
    from spectra.calibrate_axis import AxisCalibration
    from spectra.chromatography import Component
    from spectra.retention import Ladder
    from spectra.tune_standards import TuneStandard

ALKANES = "alkanes"
_VIBRATIONAL = frozenset((Technique.RAMAN, Technique.FTIR))
# A ladder that numbers fewer is not worth a month of retention indices.
_FEWEST_ALKANES = 5
# Ladders of even alkanes are sold, and one rung may be missed.
_WIDEST_GAP = 4.0
# The solvent and some bleed of the column may be as large as the rungs.
_LEAST_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardCheck:
    """One thing a standard must show.

    Parameters
    ----------
    name : str
    unit : str
    expected, lowest, highest, found : float or None
        None where there is no such number.
    ok : bool
    note : str
        For example where the band was before the correction.
    """

    name: str
    unit: str
    ok: bool
    expected: float | None = None
    lowest: float | None = None
    highest: float | None = None
    found: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """What a run of a standard is worth.

    Parameters
    ----------
    passed : bool
    checks : tuple of StandardCheck
    reasons : tuple of str
        Why it failed; empty when it passed.
    source : str
        Where the expected values are published.
    calibration : AxisCalibration or None
        The correction of the axis the run gives.
    ladder : Ladder or None
    """

    passed: bool
    checks: tuple[StandardCheck, ...]
    reasons: tuple[str, ...]
    source: str
    calibration: AxisCalibration | None = None
    ladder: Ladder | None = None


def aspect_of(standard: str) -> Aspect:
    """Return what a standard says of an instrument; any other name is that of a substance."""
    if standard in STANDARDS:
        return Aspect.AXIS
    if standard in TUNE_STANDARDS:
        return Aspect.TUNE
    return Aspect.RETENTION if standard == ALKANES else Aspect.IDENTITY


def standards_for(kind: Technique) -> tuple[str, ...]:
    """Return the standards with values of their own that fit instruments of a kind."""
    if kind in _VIBRATIONAL:
        wanted = "raman_shift" if kind is Technique.RAMAN else "wavenumber"
        return tuple(n for n, each in STANDARDS.items() if each.x_kind.value == wanted)
    if kind is Technique.GCMS:
        return (*TUNE_STANDARDS, ALKANES)
    return tuple(TUNE_STANDARDS) if kind is Technique.MS else ()


def evaluate(
    export: Export,
    standard: str,
    rule: CheckRule,
    *,
    in_force: AxisCalibration | None = None,
    libraries: Sequence[Library] = (),
) -> Evaluation:
    """Return what a run of a standard is worth.

    Parameters
    ----------
    export : Export
        Its technique settles what the axis of a curve leaves open.
    standard : str
        An axis standard, a tune standard, ``alkanes``, or a substance the libraries must name.
    rule : CheckRule
        Of the instrument's kind and the standard's aspect.
    in_force : AxisCalibration or None
        The axis correction in force; a standard with one band confirms it and replaces it not.
    libraries : sequence of Library
        For a substance.

    Raises
    ------
    RecordError
        The file holds nothing this standard could be told by: a wrong file, no verdict.
    """
    if standard in STANDARDS:
        return _axis(_curve(export), STANDARDS[standard], rule, in_force)
    if standard in TUNE_STANDARDS:
        return _tune(export, TUNE_STANDARDS[standard])
    if standard == ALKANES:
        return _alkanes(export)
    return _identity(export, standard, libraries)


def failed(reason: str, source: str) -> Evaluation:
    """Return the evaluation of a run that could not be made sense of."""
    return Evaluation(passed=False, checks=(), reasons=(reason,), source=source)


def _curve(export: Export) -> Spectrum:
    curves = [each for each in export.spectra if isinstance(each, Spectrum)]
    if len(curves) != 1:
        raise RecordError(
            f"{export.path.name} holds {len(curves)} spectra; a run of a standard is one",
            hint="Export the spectrum of the standard by itself.",
        )
    if curves[0].faults:
        raise RecordError(
            f"{export.path.name} cannot be used: {curves[0].faults[0]}", hint="Export it again."
        )
    from libraries.drafting import curve_section, settle

    try:
        return settle(curves[0], curve_section(curves[0], export.technique.value))
    except NotComparableError as fault:
        raise RecordError(fault.message, hint=fault.hint) from fault


def _axis(
    run: Spectrum, known: AxisStandard, rule: CheckRule, in_force: AxisCalibration | None
) -> Evaluation:
    from spectra.calibrate_axis import calibrate

    if in_force is not None and (len(known.bands_cm1) > 1 or len(in_force.bands) < 2):
        in_force = None
    try:
        made = calibrate(run, known)
    except (NotComparableError, AxisError) as fault:
        raise RecordError(fault.message, hint=fault.hint) from fault
    except SpectrumError as fault:
        return failed(fault.message, known.source)
    checks = [_band(each, known) for each in _through(made, in_force)]
    checks += [
        StandardCheck(
            name=f"band {band:g}", unit="cm-1", ok=True, expected=band, note="not found, left out"
        )
        for band in made.missing_cm1
    ]
    used = made if in_force is None else in_force
    checks.append(_largest_correction(used, rule))
    reasons = tuple(_why(each) for each in checks if not each.ok)
    return Evaluation(
        passed=not reasons,
        checks=tuple(checks),
        reasons=reasons,
        source=known.source,
        calibration=None if reasons else used,
    )


def _through(
    made: AxisCalibration, in_force: AxisCalibration | None
) -> list[tuple[float, float, float]]:
    """Return each band's reference, measured and corrected position.

    One band cannot tell a stretched axis from a moved one: where a calibration of several bands is
    in force, it is this calibration that the band tries.
    """
    if in_force is None:
        return [
            (b.reference_cm1, b.found_cm1, b.reference_cm1 + b.residual_cm1) for b in made.bands
        ]
    import numpy as np

    found = np.array([band.found_cm1 for band in made.bands])
    corrected = in_force.corrected(found)
    return [
        (b.reference_cm1, b.found_cm1, float(c)) for b, c in zip(made.bands, corrected, strict=True)
    ]


def _band(band: tuple[float, float, float], known: AxisStandard) -> StandardCheck:
    reference, found, corrected = band
    # One band may miss by twice what the root mean square of all may.
    reach = known.tolerance_cm1 * (2 if len(known.bands_cm1) > 1 else 1)
    return StandardCheck(
        name=f"band {reference:g}",
        unit="cm-1",
        ok=abs(corrected - reference) <= reach,
        expected=reference,
        lowest=reference - reach,
        highest=reference + reach,
        found=round(corrected, 3),
        note=f"measured at {found:.2f}",
    )


def _largest_correction(used: AxisCalibration, rule: CheckRule) -> StandardCheck:
    import numpy as np

    # A bent correction may be largest between its ends.
    places = np.linspace(used.start_cm1, used.stop_cm1, 64)
    moved = used.correction(places)
    largest = float(moved[int(np.abs(moved).argmax())])
    most = rule.most_correction_cm1
    return StandardCheck(
        name="largest correction",
        unit="cm-1",
        ok=most is None or abs(largest) <= most,
        expected=0.0,
        lowest=None if most is None else -most,
        highest=most,
        found=round(largest, 3),
        note=f"residual {used.rms_cm1:.2f} cm-1 over {len(used.bands)} bands",
    )


def _tune(export: Export, known: TuneStandard) -> Evaluation:
    from spectra.tune import abundances, find_standard

    try:
        spectrum = find_standard(_mass_spectra(export, known.name), known)
        found = abundances(spectrum, known)
    except SpectrumError as fault:
        return failed(fault.message, known.source)
    checks = tuple(
        StandardCheck(
            name=f"m/z {each.criterion.mz}",
            unit=f"% of {each.criterion.of_mz or 'base peak'}",
            ok=each.ok,
            lowest=each.criterion.lowest,
            highest=None if each.criterion.highest >= 1e9 else each.criterion.highest,
            found=round(each.percent, 3) if each.percent < 1e9 else None,
        )
        for each in found
    )
    reasons = tuple(_why(each) for each in checks if not each.ok)
    return Evaluation(passed=not reasons, checks=checks, reasons=reasons, source=known.source)


def _mass_spectra(export: Export, standard: str) -> list[MassSpectrum]:
    """Return the components of a run, or the single mass spectra of a file."""
    from lims.run_context import components_of

    single = [each for each in export.spectra if isinstance(each, MassSpectrum)]
    if single:
        return single
    try:
        return [each.spectrum for each in components_of(export, f"{standard} run")]
    except SpectrumError as fault:
        raise RecordError(fault.message, hint=fault.hint) from fault


def _alkanes(export: Export) -> Evaluation:
    from lims.run_context import components_of
    from spectra.alkane_ladder import find_ladder

    source = (
        "van den Dool and Kratz, J. Chromatogr. 11 (1963) 463: n-alkanes are 100 n by definition"
    )
    try:
        components = components_of(export, "ladder")
    except SpectrumError as fault:
        raise RecordError(fault.message, hint=fault.hint) from fault
    try:
        ladder = find_ladder(components)
    except SpectrumError as fault:
        return failed(fault.message, source)
    found = _ladder_checks(ladder, components)
    rungs = tuple(
        StandardCheck(
            name=f"C{int(n)}", unit="s", ok=True, expected=100.0 * n, found=round(float(t), 3),
            note="retention index 100 n",
        )
        for n, t in zip(ladder.carbons.tolist(), ladder.time_s.tolist(), strict=True)
    )  # fmt: skip
    reasons = tuple(_why(each) for each in found if not each.ok)
    return Evaluation(
        passed=not reasons,
        checks=(*found, *rungs),
        reasons=reasons,
        source=source,
        ladder=None if reasons else ladder,
    )


def _ladder_checks(ladder: Ladder, components: Sequence[Component]) -> tuple[StandardCheck, ...]:
    """Return whether a ladder is one: a sample with oil in it holds a few alkanes too."""
    import numpy as np

    n = int(ladder.carbons.size)
    gap = float(np.diff(ladder.carbons).max(initial=0.0))
    largest = sorted(components, key=lambda each: -each.area)[:n]
    times = [each.retention_time_s for each in largest]
    share = float(np.isin(np.array(times), ladder.time_s).mean())
    return (
        StandardCheck(
            name="n-alkanes",
            unit="",
            ok=n >= _FEWEST_ALKANES,
            lowest=float(_FEWEST_ALKANES),
            found=float(n),
            note=ladder.span,
        ),
        StandardCheck(
            name="widest gap",
            unit="carbons",
            ok=gap <= _WIDEST_GAP,
            highest=_WIDEST_GAP,
            found=gap,
            note="nothing is interpolated across more",
        ),
        StandardCheck(
            name="alkanes among the largest peaks",
            unit="%",
            ok=share >= _LEAST_SHARE,
            lowest=100 * _LEAST_SHARE,
            found=round(100 * share, 1),
            note=f"of the {n} largest",
        ),
    )


def _identity(export: Export, standard: str, libraries: Sequence[Library]) -> Evaluation:
    from lims import matching

    name = named_substance(standard)
    if not libraries:
        raise RecordError(
            f"no library is there that could recognise {name}",
            hint="Install a reference library that holds it: fol library import.",
        )
    result = matching.match_export(export, libraries)
    named, best = named_in(result, name)
    check = StandardCheck(
        name=f"{name} named", unit="hqi", ok=named, found=best, note=matching.headline(result)[:200]
    )
    searched = ", ".join(f"{each.header.name} {each.header.version}" for each in libraries)
    reasons = () if named else (f"{name} was not named: {check.note}",)
    return Evaluation(
        passed=named, checks=(check,), reasons=reasons, source=f"libraries {searched}"
    )


def _why(check: StandardCheck) -> str:
    """Say what a check missed."""
    low, high = check.lowest, check.highest
    if low is not None and high is not None:
        wanted = f"{low:g} to {high:g}"
    elif high is not None:
        wanted = f"at most {high:g}"
    else:
        wanted = f"at least {low:g}" if low is not None else "another"
    found = "nothing" if check.found is None else f"{check.found:.6g} {check.unit}".strip()
    return f"{check.name}: {found}, {wanted} is needed"
