from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from libraries import substances, training, training_bands, training_ions
from libraries.errors import LibraryError
from libraries.training import TrainingEntry
from spectra.axis import XKind, YKind
from spectra.spectrum import MassSpectrum, Spectrum, Technique

TABLE = substances.table()
EI = training.entries(Technique.MS)
CURVES = (*training.entries(Technique.FTIR), *training.entries(Technique.RAMAN))


def _peaks(name: str) -> dict[int, float]:
    found = training.entry(name, Technique.MS).measurement
    assert isinstance(found, MassSpectrum)
    return dict(zip(found.mz.astype(int).tolist(), found.intensity.tolist(), strict=True))


def test_enough_substances_to_calibrate_each_technique() -> None:
    assert len({entry.inchikey for entry in EI}) >= 120
    for technique in (Technique.FTIR, Technique.RAMAN):
        assert len({entry.substance for entry in training.entries(technique)}) >= 60


@pytest.mark.parametrize(
    "name",
    [
        "fentanyl", "butyryl fentanyl", "isobutyryl fentanyl", "acetyl fentanyl",
        "acryl fentanyl", "furanyl fentanyl", "valeryl fentanyl", "cyclopropyl fentanyl",
        "para-fluoro fentanyl", "3-methyl fentanyl", "carfentanil", "4-ANPP", "xylazine",
        "medetomidine", "cocaine", "heroin", "6-MAM", "methamphetamine", "amphetamine", "MDMA",
        "ketamine", "PCP", "mephedrone", "alpha-PVP", "DMT", "JWH-018", "diazepam", "bromazolam",
        "caffeine", "paracetamol", "lidocaine", "procaine", "levamisole", "benzocaine",
        "phenacetin", "diphenhydramine", "sildenafil", "isotonitazene",
    ],
)  # fmt: skip
def test_what_a_night_at_a_port_needs_is_there(name: str) -> None:
    found = training.entry(name, Technique.MS)
    assert TABLE.find(name) is TABLE.find(found.name)


@pytest.mark.parametrize("entry", [*EI, *CURVES], ids=lambda e: f"{e.technique}-{e.name}")
def test_every_entry_is_marked_and_says_what_it_rests_on(entry: TrainingEntry) -> None:
    metadata = entry.measurement.metadata
    assert metadata["training"] == "true"
    assert "not for casework" in metadata["Comment"]
    assert "published" in entry.sources
    assert metadata["Name"] == entry.name
    assert entry.mark == training.MARK
    assert entry.class_name


def test_no_entry_stands_twice() -> None:
    counts = Counter((entry.technique, entry.name) for entry in training.entries())
    assert [key for key, number in counts.items() if number > 1] == []


def test_classes_are_spelled_as_the_table_spells_them() -> None:
    allowed = {*TABLE.class_names, "polymer", "pigment", "mineral", "matrix"}
    assert {entry.class_name for entry in training.entries()} <= allowed


@pytest.mark.parametrize("entry", EI, ids=lambda e: e.name)
def test_no_ion_is_heavier_than_its_molecule_and_isotopes(entry: TrainingEntry) -> None:
    row = TABLE.find(entry.name)
    assert row is not None
    spectrum = entry.measurement
    assert isinstance(spectrum, MassSpectrum)
    halogens = 2 * sum(substances.count(row.formula, element) for element in ("Cl", "Br"))
    assert spectrum.mz.max() <= row.nominal_mass + 4 + halogens
    assert spectrum.mz.size >= 8
    assert (np.diff(spectrum.mz) > 0).all()
    assert spectrum.intensity.max() == pytest.approx(100.0)
    assert (spectrum.intensity > 0).all()


@pytest.mark.parametrize(
    ("acyl", "aniline", "a", "b", "c"),
    [
        # Ions A, B and C as published for each: Ohta 1999, Kanamori 2010.
        ("propionyl", "", 245, 189, 146),
        ("acetyl", "", 231, 189, 146),
        ("butyryl", "", 259, 189, 146),
        ("valeryl", "", 273, 189, 146),
        ("acryl", "", 243, 189, 146),
        ("cyclopropyl", "", 257, 189, 146),
        ("furanyl", "", 283, 189, 146),
        ("propionyl", "fluoro", 263, 207, 164),
        ("isobutyryl", "fluoro", 277, 207, 164),
        ("isobutyryl", "chloro", 293, 223, 180),
        ("butyryl", "methoxy", 289, 219, 176),
    ],
)
def test_a_fentanyl_falls_into_its_three_ions(
    acyl: str, aniline: str, a: int, b: int, c: int
) -> None:
    peaks = training_ions.fentanyl_peaks(acyl, aniline)
    assert peaks[a] == 100.0
    assert peaks[b] > 0
    assert peaks[c] > 0


@pytest.mark.parametrize("acyl", list(training_ions.ACYLS))
def test_the_ketene_lost_is_the_acyl_group_less_hydrogen(acyl: str) -> None:
    group = training_ions.ACYLS[acyl]
    assert group.ketene == group.mass - 1


def test_a_fentanyls_first_ion_is_the_molecule_less_the_benzyl_of_its_tail() -> None:
    for entry in EI:
        row = TABLE.find(entry.name)
        assert row is not None
        peaks = _peaks(entry.name)
        if entry.class_name == "fentanyl" and max(peaks, key=lambda m: peaks[m]) > 200:
            tail = row.nominal_mass - max(peaks, key=lambda m: peaks[m])
            # 91 benzyl, 97 thienylmethyl or sufentanil's, 105 methylbenzyl, 109 fluorobenzyl,
            # 127 the ethyltetrazolonyl methylene of alfentanil.
            assert tail in (91, 97, 105, 109, 127), entry.name


def test_para_fluorobutyryl_and_isobutyryl_are_isomers_and_differ() -> None:
    butyryl, isobutyryl = _peaks("butyrylfentanyl"), _peaks("isobutyrylfentanyl")
    assert butyryl[259] == isobutyryl[259] == 100.0
    assert butyryl != isobutyryl


@pytest.mark.parametrize(
    ("iminium", "aryl", "pyrrolidine"), [(57, "phenyl", False), (112, "phenyl", False)]
)
def test_a_cathinone_needs_an_iminium_ion_of_its_series(
    iminium: int, aryl: str, pyrrolidine: bool
) -> None:
    if iminium == 112:
        assert training_ions.cathinone_peaks(112, aryl, pyrrolidine=True)[112] == 100.0
    else:
        with pytest.raises(LibraryError):
            training_ions.cathinone_peaks(iminium, aryl, pyrrolidine=pyrrolidine)


def test_a_part_without_a_rule_is_refused_by_name() -> None:
    with pytest.raises(LibraryError, match="plutonyl") as caught:
        training_ions.fentanyl_peaks("plutonyl")
    assert "propionyl" in caught.value.hint
    with pytest.raises(LibraryError):
        training_ions.cathinone_peaks(58, "plutonyl")
    with pytest.raises(LibraryError):
        training_ions.tryptamine_peaks(58, "plutonyl", 188, {})


def _isotopes(halogen: str) -> dict[int, float]:
    return training_ions.with_isotopes(
        {200: 100.0}, carbons=0, nitrogens=0, sulfurs=0, mass=200, halogens={200: halogen}
    )


@pytest.mark.parametrize(
    ("halogen", "heavier"),
    [
        # From the isotopes of chlorine (75.76, 24.24 %) and bromine (50.69, 49.31 %).
        ("Cl", {202: 32.0}),
        ("Cl2", {202: 64.0, 204: 10.2}),
        ("Br", {202: 97.3}),
        ("BrCl", {202: 129.3, 204: 31.1}),
    ],
)
def test_halogens_show_their_pattern(halogen: str, heavier: dict[int, float]) -> None:
    found = _isotopes(halogen)
    for mz, height in heavier.items():
        assert found[mz] == pytest.approx(height, abs=0.2)


def test_carbon_shows_in_the_next_mass() -> None:
    found = training_ions.with_isotopes(
        {200: 100.0}, carbons=10, nitrogens=0, sulfurs=0, mass=200, halogens={}
    )
    assert found[201] == pytest.approx(10.8, abs=0.1)
    assert found[202] == pytest.approx(0.52, abs=0.05)


def test_an_isotope_peak_never_replaces_a_listed_one() -> None:
    found = training_ions.with_isotopes(
        {200: 100.0, 201: 3.0}, carbons=10, nitrogens=0, sulfurs=0, mass=201, halogens={}
    )
    assert found[201] == 3.0


def test_an_unknown_halogen_is_refused() -> None:
    with pytest.raises(LibraryError):
        _isotopes("Xx")


def test_the_hidden_analogue_is_in_no_library_and_no_table() -> None:
    hidden = training.hidden_analogue()
    assert TABLE.by_inchikey(hidden.inchikey) is None
    assert TABLE.find(hidden.name) is None
    assert hidden.inchikey not in {entry.inchikey for entry in EI}


def test_no_entry_has_the_hidden_analogues_formula() -> None:
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    from libraries import structure

    molecule = structure.parse(training.hidden_smiles())
    formula = CalcMolFormula(molecule)
    assert structure.inchikey(molecule) == training.hidden_analogue().inchikey
    assert structure.classes_of(molecule) == ("fentanyl",)
    assert TABLE.by_formula(formula) == ()


def test_the_hidden_measurement_gives_nothing_away() -> None:
    hidden = training.hidden_analogue().measurement
    assert isinstance(hidden, MassSpectrum)
    assert hidden.molecular_mass is None
    text = " ".join((hidden.title, *hidden.metadata, *hidden.metadata.values())).lower()
    assert "fentanyl" not in text
    assert hidden.base_peak_mz == 305.0


def test_a_missing_entry_says_so() -> None:
    with pytest.raises(LibraryError, match="no ms spectrum"):
        training.entry("gypsum", Technique.MS)
    with pytest.raises(LibraryError):
        training.entries(Technique.GC)


def test_a_salt_is_an_entry_of_its_own_with_its_bases_key() -> None:
    salt = training.entry("cocaine hydrochloride", Technique.FTIR)
    base = training.entry("cocaine base", Technique.FTIR)
    assert salt.inchikey == base.inchikey
    assert salt.substance == base.substance == "cocaine"
    assert salt.name != base.name


@pytest.mark.parametrize("entry", CURVES, ids=lambda e: f"{e.technique}-{e.name}")
def test_curves_have_their_axis_and_are_finite(entry: TrainingEntry) -> None:
    curve = entry.measurement
    assert isinstance(curve, Spectrum)
    infrared = entry.technique is Technique.FTIR
    assert curve.x_kind is (XKind.WAVENUMBER if infrared else XKind.RAMAN_SHIFT)
    assert curve.y_kind is (YKind.ABSORBANCE if infrared else YKind.RAMAN_INTENSITY)
    assert np.isfinite(curve.y).all()
    assert curve.y.max() == pytest.approx(1.0)
    assert (curve.y >= 0).all()


@pytest.mark.parametrize("technique", [Technique.FTIR, Technique.RAMAN])
def test_no_two_curves_are_the_same(technique: Technique) -> None:
    rows = [entry.measurement for entry in training.entries(technique)]
    curves = np.array([np.diff(row.y) for row in rows if isinstance(row, Spectrum)])
    curves -= curves.mean(axis=1, keepdims=True)
    curves /= np.linalg.norm(curves, axis=1, keepdims=True)
    likeness = curves @ curves.T
    np.fill_diagonal(likeness, 0.0)
    assert likeness.max() < 0.97


def test_rock_salt_has_no_infrared_bands_and_is_left_out() -> None:
    with pytest.raises(LibraryError):
        training.entry("sodium chloride", Technique.FTIR)


@pytest.mark.parametrize("technique", [Technique.FTIR, Technique.RAMAN])
def test_bands_lie_where_the_technique_measures(technique: Technique) -> None:
    for row in training_bands.rows(technique):
        assert len(row.bands) >= 2
        for band in row.bands:
            assert 100.0 <= band.position_cm1 <= 4000.0, row.name
            assert 0.0 < band.height <= 100.0
            assert 1.0 <= band.width_cm1 <= 500.0


@pytest.mark.parametrize(
    ("name", "technique", "band_cm1"),
    [
        # ASTM E1840 for polystyrene; the others as in published assignments.
        ("polystyrene", Technique.RAMAN, 1001.4),
        ("calcium carbonate (calcite)", Technique.RAMAN, 1086.0),
        ("sulfur", Technique.RAMAN, 473.0),
        ("calcium carbonate (calcite)", Technique.FTIR, 1410.0),
        ("polystyrene", Technique.FTIR, 697.0),
        ("silicone (polydimethylsiloxane)", Technique.FTIR, 1008.0),
    ],
)
def test_the_tallest_band_is_where_it_is_published(
    name: str, technique: Technique, band_cm1: float
) -> None:
    curve = training.entry(name, technique).measurement
    assert isinstance(curve, Spectrum)
    assert curve.x[int(np.argmax(curve.y))] == pytest.approx(band_cm1, abs=4.0)
