"""A spectrum heavier than its molecule is not the molecule's."""

from __future__ import annotations

import numpy as np
import pytest

from libraries import naming
from libraries.derivatives import heavier_by
from libraries.drafting import draft
from spectra.spectrum import MassSpectrum
from tests.unit.libraries.reference_builders import SOURCE, a_library


def spectrum(peaks: dict[int, float], name: str = "L-Cysteine", **facts: str) -> MassSpectrum:
    return MassSpectrum(
        title=name,
        mz=np.array(list(peaks), dtype=float),
        intensity=np.array(list(peaks.values()), dtype=float),
        ionization="EI",
        metadata={"Name": name, **facts},
    )


CYSTEINE = {
    "Formula": "C3H7NO2S",
    "InChIKey": "XUJNEKJLAYXESH-REOHCLBHSA-N",
    "CASNO": "52-90-4",
}
TWICE = {73: 100.0, 147: 60.0, 218: 40.0, 250: 30.0}
THRICE = {73: 100.0, 147: 60.0, 220: 80.0, 322: 30.0}
FREE = {74: 100.0, 76: 40.0, 121: 8.0, 122: 1.0}


def test_derivatives_filed_as_the_parent_are_kept_apart_from_it_and_from_each_other() -> None:
    groups = [
        draft(spectrum(each, **CYSTEINE), SOURCE, {}).identity.group
        for each in (FREE, TWICE, THRICE)
    ]
    assert groups[0] == "XUJNEKJLAYXESH"
    assert len(set(groups)) == 3
    assert [naming.is_heavier(group) for group in groups] == [False, True, True]


def test_what_is_the_parents_alone_is_not_printed_of_the_derivative() -> None:
    found = draft(spectrum(TWICE, **CYSTEINE), SOURCE, {})
    who = found.identity
    assert (who.inchikey, who.smiles, who.formula, who.cas, who.molecular_mass) == (
        "", "", "", "", None,
    )  # fmt: skip
    assert who.name == "L-Cysteine", "the name stays: hazards are told by it"
    assert "filed formula=C3H7NO2S" in found.provenance.notes
    assert "filed inchikey=XUJNEKJLAYXESH-REOHCLBHSA-N" in found.provenance.notes
    names = naming.substance_names([found])
    assert "derivative" in names[who.group]


@pytest.mark.parametrize(
    ("peaks", "mass", "formula"),
    [
        ({91: 100.0, 245: 50.0, 336: 2.0}, 336.22, "C22H28N2O"),
        ({91: 100.0, 336: 50.0, 337: 12.0, 338: 5.2}, 336.22, "C22H28N2O"),
        ({180: 100.0, 182: 98.0, 184: 33.0, 186: 6.0}, 179.93, "C6H3Cl3"),
        ({162: 30.0, 84: 100.0, 207: 20.0, 281: 10.0, 355: 6.0}, 162.12, "C10H14N2"),
        ({73: 100.0, 250: 30.0}, None, ""),
    ],
    ids=["small ion", "isotopes", "chlorine", "column bleed", "no mass stated"],
)  # fmt: skip
def test_isotopes_bleed_and_unknown_masses_are_no_derivative(
    peaks: dict[int, float], mass: float | None, formula: str
) -> None:
    mz = np.array(list(peaks), dtype=float)
    assert heavier_by(mz, np.array(list(peaks.values())), mass, formula) == 0


def test_a_named_derivative_keeps_what_its_source_says() -> None:
    found = draft(spectrum(TWICE, name="Cysteine 2TMS", **CYSTEINE), SOURCE, {})
    assert found.identity.inchikey == CYSTEINE["InChIKey"]
    assert not naming.is_heavier(found.identity.group)


def test_the_report_counts_them(tmp_path) -> None:
    report = a_library(tmp_path, [spectrum(each, **CYSTEINE) for each in (FREE, TWICE, THRICE)])
    assert (report.accepted, report.substances, report.derivatives) == (3, 3, 2)
