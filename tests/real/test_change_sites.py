"""Sites of change and proposed structures on real spectra, the truth known from structures."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from benchmarks import accuracy_proposals
from libraries import structure
from libraries.change_parts import changes_of, nominal_mass
from libraries.errors import LibraryError
from libraries.site_rules import ClassSites, site_rules
from spectra.change_site import Certainty, SiteReading, read_site
from spectra.mass_scores import unit_mass
from tests.real.library_data import data
from tests.real.mass_data import Record, records

pytestmark = [pytest.mark.real, pytest.mark.slow]

FILES = ("ei_swgdrug_dev.msp", "ei_nist_fentanyl_dev.msp", "ei_massbank_drugs_dev.msp")
# Filed under the structure of MDMA and MDEA; the spectra are those of 2-methyl-MDA's kind: the
# aryl ion carries the methyl group, the iminium does not.
MISFILED = (
    "N-methyl-.alpha.methyl-3,4-methylenedioxyphenethylamine",
    "N-ethyl-.alpha.methyl-3,4-methylenedioxyphenethylamine",
)


def test_nist_letters_are_named_rightly_and_a_wrong_one_is_never_sure():
    """NIST states for each of its fentanyls which site was changed (letters A to E)."""
    fentanyl = site_rules().of_class("fentanyl")
    assert fentanyl is not None
    tally: Counter[tuple[str, bool]] = Counter()
    for record in records("ei_nist_fentanyl_dev.msp"):
        letter = record.fields.get("FentanylModType", "").split("Type")[-1].split("/")[-1]
        if letter not in tuple("ABCDE") or record.mass is None:
            continue
        found = _read(fentanyl, record)
        tally[found.certainty.value, len(found.changes) == 1 and letter in found.letters] += 1
    total = sum(tally.values())
    assert total >= 25
    assert tally["sure", False] == 0
    assert sum(n for (_, right), n in tally.items() if right) / total >= 0.9
    assert tally["sure", True] / total >= 0.5


@pytest.mark.parametrize(
    ("class_name", "least", "right"),
    [
        ("fentanyl", 90, 0.95),
        ("cathinone", 40, 0.95),
        ("tryptamine", 10, 0.75),
        ("phenethylamine", 70, 0.80),
        ("cannabinoid", 30, 0.85),
    ],
)
def test_a_single_change_is_put_at_its_site_and_never_surely_at_another(class_name, least, right):
    sites = site_rules().of_class(class_name)
    assert sites is not None
    tally = Counter(
        (found.certainty, _agrees(truth, found)) for truth, found in _readings(sites, 1)
    )
    assert sum(tally.values()) >= least
    assert tally[Certainty.SURE, False] == 0
    assert sum(n for (_, is_right), n in tally.items() if is_right) / sum(tally.values()) >= right


@pytest.mark.parametrize("class_name", ["fentanyl", "cathinone", "tryptamine", "cannabinoid"])
def test_two_changes_are_never_surely_put_wrong(class_name):
    sites = site_rules().of_class(class_name)
    assert sites is not None
    found = list(_readings(sites, 2))
    assert len(found) >= 30
    sure = [_agrees(truth, each) for truth, each in found if each.certainty is Certainty.SURE]
    assert all(sure)


def test_the_true_structure_is_often_among_the_first_proposals():
    """Three compounds of each class; `python -m benchmarks.accuracy` measures more."""
    found = accuracy_proposals.trials(data(), per_class=3)
    single = [trial for trial in found if trial.one_change]
    assert len(single) >= 8
    assert sum(0 < trial.rank <= 20 for trial in single) / len(single) >= 0.75
    assert sum(0 < trial.rank <= 5 for trial in single) / len(single) >= 0.65
    assert sum(trial.rank == 1 for trial in single) / len(single) >= 0.4
    assert max(trial.tried for trial in found) < 12_000


Truth = tuple[tuple[int, str], ...]


def _readings(sites: ClassSites, n_changes: int) -> list[tuple[Truth, SiteReading]]:
    return [
        (truth, _read(sites, record))
        for truth, record in _by_structure(sites.rule.class_name)
        if len(truth) == n_changes
    ]


@cache
def _by_structure(class_name: str) -> tuple[tuple[Truth, Record], ...]:
    """Return the spectra of a class whose structure fits their mass, with the changes it has."""
    sites = site_rules().of_class(class_name)
    assert sites is not None
    found = []
    for record in (each for file in FILES for each in records(file)):
        fields = record.fields
        is_of_class = fields.get("CompoundClass", "").lower() in sites.rule.labels
        if not is_of_class or record.mass is None or fields["Name"] in MISFILED:
            continue
        try:
            molecule = structure.parse(fields.get("SMILES", ""))
        except LibraryError:
            continue
        changes = changes_of(sites.core, molecule)
        if changes is None or nominal_mass(molecule) != int(record.mass):
            continue
        by_side: Counter[str] = Counter()
        for at, change in changes.items():
            by_side[sites.rule.sites[at].side or sites.rule.sites[at].id] += change
        truth = tuple(sorted((change, side) for side, change in by_side.items() if change))
        found.append((truth, record))
    return tuple(found)


def _read(sites: ClassSites, record: Record) -> SiteReading:
    assert record.mass is not None
    spectrum = unit_mass(*record.peaks)
    return read_site(sites.rule, spectrum, int(record.mass), mass_is_measured=True)


def _agrees(truth: Truth, found: SiteReading) -> bool:
    """Whether a reading is the truth; where it names sites together, whether one of them is."""
    left = list(truth)
    for change in found.changes:
        named = {site.id for site in change.sites}
        fits = [each for each in left if each[0] == change.change_da and each[1] in named]
        if not fits:
            return False
        left.remove(fits[0])
    return not left and found.certainty is not Certainty.NOT_SHOWN
