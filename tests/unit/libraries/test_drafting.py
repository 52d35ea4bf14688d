from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from libraries.drafting import draft
from libraries.entry import Section
from libraries.provenance import Source
from spectra.axis import XKind, YKind
from spectra.errors import NotComparableError
from spectra.spectrum import Chromatogram, MassSpectrum
from tests.unit.libraries.reference_builders import SOURCE, a_curve, a_mass_spectrum


def test_facts_of_the_spectrum_win_over_those_of_its_file() -> None:
    found = draft(
        a_mass_spectrum(1, name="Fentanyl", Formula="C22H28N2O", Accession="A1", License="CC0"),
        SOURCE,
        {"Formula": "H2O", "Instrument": "GCMS-2010"},
    )
    assert found.section is Section.EI
    assert found.identity.formula == "C22H28N2O"
    assert found.identity.molecular_mass == pytest.approx(336.2202, abs=1e-3)
    assert found.provenance.accession == "A1"
    assert found.provenance.licence == "CC0"
    assert found.provenance.instrument == "GCMS-2010"
    assert found.provenance.file == "made.msp"


def test_the_record_keeps_the_files_own_order_and_numbers() -> None:
    curve = a_curve(1, descending=True)
    found = draft(curve, SOURCE, {})
    assert np.array_equal(found.x, curve.x)
    assert found.x[0] > found.x[-1]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (MassSpectrum(title="", mz=[50.0], intensity=[1.0]), "no name"),
        (MassSpectrum(title="a", mz=[], intensity=[]), "no peaks"),
        (MassSpectrum(title="a", mz=[50.0], intensity=[0.0]), "zero"),
        (MassSpectrum(title="a", mz=[50.0], intensity=[-1.0]), "negative"),
        (MassSpectrum(title="a", mz=[-5.0], intensity=[1.0]), "not above zero"),
        (MassSpectrum(title="a", mz=[np.nan], intensity=[1.0]), "not numbers"),
        (MassSpectrum(title="a", mz=[50.0], intensity=[1.0], ionization="CI"), "precursor"),
        (MassSpectrum(title="a", mz=[50.0], intensity=[1.0], ionization="ESI+"), "precursor"),
        (MassSpectrum(title="a", mz=[50.0], intensity=[1.0], faults=("clipped",)), "clipped"),
        (Chromatogram(title="a", x=[1.0, 2.0], y=[1.0, 2.0]), "not a reference spectrum"),
        (replace(a_curve(1), x_kind=XKind.PIXEL), "pixel"),
    ],
)
def test_what_cannot_be_compared_is_turned_away_with_the_reason(
    broken: MassSpectrum, reason: str
) -> None:
    with pytest.raises(NotComparableError, match=reason.replace("+", r"\+")):
        draft(broken, SOURCE, {})


def test_an_unnamed_axis_is_settled_by_the_technique_that_is_told() -> None:
    unnamed = replace(a_curve(1), x_kind=XKind.UNKNOWN, y_kind=YKind.UNKNOWN)
    told = draft(unnamed, Source(file="a.csv", sha256="0" * 64, technique="raman"), {})
    assert told.section is Section.RAMAN
    assert (told.x_kind, told.y_kind) == (XKind.RAMAN_SHIFT, YKind.RAMAN_INTENSITY)
    with pytest.raises(NotComparableError):
        draft(unnamed, SOURCE, {})
