"""What changed and where: the part of an analogue's facts that its ions and mass give.

Site of the change against the class's parent and against the nearest known substance, the atoms of
the mass shift, known substances that would look the same, and what else it may be. Plain values for
the document of a match; no RDKit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from libraries import class_members, other_explanations, shift_atoms
from libraries.candidates import Substances
from libraries.look_alikes import LookAlikes, look_alikes
from libraries.site_rules import ClassSites, site_rules
from spectra.analogue import AnalogueAssessment, Question, ReferenceHit
from spectra.change_site import Certainty, SiteReading, read_site
from spectra.mass_scores import UnitSpectrum
from spectra.mass_shift import ShiftReading, explain
from spectra.peak_table import unit_query
from spectra.site_rule import SiteRule
from spectra.spectrum import MassSpectrum

Facts = dict[str, object]

# So many of the best library entries may be the two parts of a mixture: 120 pairs.
_REFERENCES = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unidentified:
    """What is known of a spectrum that looks like a class.

    Parameters
    ----------
    class_name : str
    spectrum : UnitSpectrum
    mass : int or None
        Nominal molecular mass in Da, measured or implied by the nearest.
    mass_is_measured : bool
    nearest : sequence of (name, inchikey, mass shift in Da)
        Library entries of the class, best first.
    references : sequence of (name, UnitSpectrum)
        The best library entries without a mass shift, of any class.
    """

    class_name: str
    spectrum: UnitSpectrum
    mass: int | None
    mass_is_measured: bool
    nearest: Sequence[tuple[str, str, int]] = ()
    references: Sequence[tuple[str, UnitSpectrum]] = ()


def of_assessment(found: AnalogueAssessment, question: Question, hits: Substances) -> Facts:
    """Return the facts of `of` for what `spectra.analogue` said of a spectrum.

    Parameters
    ----------
    found : AnalogueAssessment
        With a class.
    question : Question
        What was asked.
    hits : Substances
        Library entries without a mass shift.
    """
    by_name: dict[str, ReferenceHit] = {}
    for hit in question.hybrid_hits:
        by_name.setdefault(hit.name, hit)
    mass = question.mass
    if mass is None and found.nearest:
        leader = by_name.get(found.nearest[0].name)
        known = None if leader is None else leader.mass
        mass = None if known is None else known + found.nearest[0].mass_shift
    keys = {each.entry.substance: each.entry.draft.identity.inchikey for each in hits.found}
    return of(
        Unidentified(
            class_name=found.class_name or "",
            spectrum=question.spectrum,
            mass=None if mass is None or mass <= 0 else int(mass + 0.5),
            mass_is_measured=question.mass is not None,
            nearest=[(n.name, keys.get(n.name, ""), n.mass_shift) for n in found.nearest],
            references=[
                (each.substance, unit_query(measured))
                for each in hits.found[:_REFERENCES]
                if isinstance(measured := each.entry.draft.measurement(), MassSpectrum)
            ],
        )
    )


def of(unknown: Unidentified) -> Facts:
    """Return ``site, site_reading, site_from_nearest, shift_atoms, isomers, checks, mass``."""
    sites = site_rules().of_class(unknown.class_name)
    reading = from_nearest = None
    known: tuple[LookAlikes, ...] = ()
    if sites is not None and unknown.mass is not None:
        measured = unknown.mass_is_measured
        reading = read_site(sites.rule, unknown.spectrum, unknown.mass, mass_is_measured=measured)
        from_nearest = _from_nearest(sites, unknown)
        known = look_alikes(sites, unknown.spectrum, unknown.mass)
    shift = unknown.nearest[0][2] if unknown.nearest else 0
    found = other_explanations.checks(
        mass=unknown.mass,
        mass_is_measured=unknown.mass_is_measured,
        nearest=[(name, moved) for name, _, moved in unknown.nearest],
        known=known,
        spectrum=unknown.spectrum,
        references=unknown.references,
    )
    return {
        "site": _one_line(reading, from_nearest),
        "site_reading": None if reading is None else _plain(reading),
        "site_from_nearest": None if from_nearest is None else _plain(from_nearest),
        "shift_atoms": [_shift(each) for each in explain(shift, shift_atoms.atom_changes())],
        "isomers": [
            {"formula": each.formula, "names": list(each.names), "agreement": each.agreement}
            for each in known
        ],
        "checks": [each.to_facts() for each in found],
        "mass": {
            "nominal": unknown.mass,
            "is": "measured" if unknown.mass_is_measured else "implied by the nearest",
        },
    }


def _one_line(reading: SiteReading | None, from_nearest: SiteReading | None) -> str | None:
    """Return the site in one line: against the parent, else against the nearest known one."""
    if reading is None:
        return None
    if reading.certainty is Certainty.NOT_SHOWN and from_nearest is not None:
        return from_nearest.text
    return reading.text


def _from_nearest(sites: ClassSites, unknown: Unidentified) -> SiteReading | None:
    """Return the reading against the nearest entry whose structure the table knows."""
    for name, inchikey, shift in unknown.nearest[:1]:
        member = class_members.member(name, inchikey)
        if member is None or member.substance.class_name != sites.rule.class_name:
            return None
        changes = member.by_site(sites)
        if not changes or unknown.mass is None:
            return None
        rule: SiteRule = sites.rule.against(name, changes)
        # Another isotope or salt filed under the name would make nonsense of the comparison.
        if unknown.mass - rule.parent_mass != shift:
            return None
        return read_site(
            rule, unknown.spectrum, unknown.mass, mass_is_measured=unknown.mass_is_measured
        )
    return None


def _plain(reading: SiteReading) -> Facts:
    return {
        "certainty": reading.certainty.value,
        "against": reading.parent,
        "changes": [
            {
                "change_da": change.change_da,
                "sites": [site.words for site in change.sites],
                "letters": list(change.letters),
            }
            for change in reading.changes
        ],
        "letters": list(reading.letters),
        "ions": [{"mz": mz, "ion": words} for mz, words in reading.ions],
        "reason": reading.reason,
        "text": reading.text,
    }


def _shift(each: ShiftReading) -> Facts:
    return {
        "changes": list(each.changes),
        "atoms": each.atoms,
        "cautions": list(each.cautions),
    }
