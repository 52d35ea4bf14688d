"""From what a file holds to what may be compared: a recorded second step, or a true refusal.

Over all real files: each curve prepares with its steps in words, or says truly why it cannot; and
what must not reach a matcher gets no hit list by the path that the command line takes.
"""

import json

import numpy as np
import pytest

from instruments import read
from instruments.errors import FormatError
from instruments.export import Export
from lims import library_care, matching
from spectra.axis import XKind, YKind
from spectra.errors import AxisError, NotComparableError
from spectra.prepare import vibrational
from spectra.spectrum import Chromatogram, Spectrum, SpectrumKind, Technique
from tests.real.instrument_files import DATA, manifest, needs_data
from tests.real.library_data import data

pytestmark = pytest.mark.real

ROWS = [row for row in manifest() if row["technique"] in ("ir", "raman", "other")]
# Words that a true refusal holds, by what the spectrum is.
BECAUSE_OF_Y = {
    YKind.SINGLE_BEAM: "single_beam",
    YKind.INTERFEROGRAM: "interferogram",
    YKind.REFLECTANCE: "reflectance",
    YKind.KUBELKA_MUNK: "kubelka_munk",
    YKind.PHOTOACOUSTIC: "photoacoustic",
    YKind.ABUNDANCE: "abundance",
    YKind.UNKNOWN: "unknown",
    YKind.RAMAN_INTENSITY: "raman",
}
BECAUSE_OF_X = {
    XKind.PIXEL: "pixel",
    XKind.UNKNOWN: "unknown",
    XKind.TIME: "time",
    XKind.WAVELENGTH: "wavelength|nm|laser|infrared",
}


def curves(row):
    try:
        export = read(DATA / row["file"])
    except FormatError:
        return []
    return [s for s in export.spectra if isinstance(s, Spectrum)][:3]


@pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
def test_every_curve_prepares_in_recorded_steps_or_says_truly_why_not(row):
    for spectrum in curves(row):
        before = (spectrum.x.copy(), spectrum.y.copy())
        for technique in (Technique.FTIR, Technique.RAMAN):
            judge(spectrum, technique)
        np.testing.assert_array_equal(spectrum.x, before[0])
        np.testing.assert_array_equal(spectrum.y, before[1])


def judge(spectrum, technique):
    try:
        made = vibrational(spectrum, technique)
    except NotComparableError as error:
        refusal = error
    except AxisError:
        assert any("x axis" in fault for fault in spectrum.faults)
        return
    else:
        judge_steps(spectrum, made)
        return
    assert refusal.hint
    said = f"{refusal.message} {refusal.hint}".lower()
    wanted = [BECAUSE_OF_Y.get(spectrum.y_kind, ""), BECAUSE_OF_X.get(spectrum.x_kind, "")]
    other = "raman_shift" if technique is Technique.FTIR else "wavenumber"
    words = [w for text in wanted if text for w in text.split("|")] + [other, "is not a"]
    assert any(word in said for word in words), said


def judge_steps(spectrum, made):
    assert made.y.shape == (made.grid.n_points,)
    assert np.isfinite(made.y[made.covered]).all()
    steps = [str(step) for step in made.steps]
    assert any(step.startswith("resample") for step in steps) or not made.covered.any()
    if spectrum.y_kind is YKind.TRANSMITTANCE:
        assert any("to absorbance" in step for step in steps)
    if spectrum.x_kind is XKind.WAVELENGTH:
        assert any("to wavenumber" in step or "laser" in step for step in steps)
    if spectrum.x[0] > spectrum.x[-1] and spectrum.x_kind is not XKind.WAVELENGTH:
        assert "reverse to ascending" in steps
    # What the reader found wrong is never lost on the way.
    assert set(spectrum.faults) <= set(made.quality.reasons)
    assert not (spectrum.faults and made.quality.ok)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    folder = tmp_path_factory.mktemp("libraries")
    library_care.install(
        folder, [data("libraries", "ir", "nist-webbook-jcamp")], "webbook", technique="ftir"
    )
    opened = matching.open_libraries(folder)
    yield opened
    for each in opened:
        each.close()


def assert_no_answer(entry, words, *, nearest=False):
    """Assert that an entry names nothing, lists nothing and gives the reason.

    ``nearest`` allows the nearest entries to be listed, where only a guess stands in the way.
    """
    decision = entry["decision"]
    assert decision["state"] == "insufficient"
    assert not decision["substances"]
    assert nearest or not entry["hits"]
    assert entry["hazard"] is None or not entry["hazard"].get("group")
    said = " ".join([*decision["reasons"], *entry["quality"]["reasons"]]).lower()
    assert said.strip()
    assert any(word in said for word in words.split("|")), said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ir/omnic-spa/spectre.SPA", "single"),
        ("ir/omnic-spa/interfero.SPA", "interferogram|pixel"),
        ("ir/jcamp/fitr_nitrocellulose.jdx", "reflectance"),
        (
            "ir/omnic-spa/ftir_polyethylene_reflectance_adjustment_not_working.spa",
            "reflectance",
        ),
        ("raman/renishaw-txt/paracetamol.txt", "direction|stitched"),
        ("ir/jcamp/fixdec1.jdx", "saturated"),
        ("other/ocean-txt/OceanView.txt", "laser|nm|wavelength|infrared|technique|raman"),
        ("gc/andi-cdf/PCB.CDF", "chromatogram"),
    ],
)
def test_what_no_matcher_may_have_gets_a_reason_and_no_hits(libraries, name, words):
    needs_data()
    result = matching.match_export(read(DATA / name), libraries)
    assert result["spectra"]
    for entry in result["spectra"]:
        assert_no_answer(entry, words)
    assert "insufficient data" in matching.headline(result)
    assert json.loads(json.dumps(result, allow_nan=False)) == result


X = np.linspace(400.0, 3900.0, 1751)
BANDS = sum(np.exp(-(((X - at) / 12.0) ** 2)) for at in (700, 1030, 1450, 1730, 2950))
NM = np.linspace(500.0, 900.0, X.size)


def a_file(spectrum, technique):
    return Export(
        path=DATA / "made.dat",
        sha256="0" * 64,
        size=1,
        format="made",
        technique=technique,
        metadata={},
        warnings=(),
        spectra=(spectrum,),
        reader="made",
        reader_version="1",
    )


def a_curve(**changes):
    facts = {
        "title": "x",
        "x": X,
        "y": BANDS + 0.01,
        "x_kind": XKind.WAVENUMBER,
        "x_unit": "cm-1",
        "y_kind": YKind.ABSORBANCE,
        "y_unit": "1",
    }
    return Spectrum(**(facts | changes))


MUST_NOT = {
    "single beam": ({"y_kind": YKind.SINGLE_BEAM}, "single"),
    "interferogram": ({"y_kind": YKind.INTERFEROGRAM}, "interferogram"),
    "percent reflectance": ({"y_kind": YKind.REFLECTANCE, "y_unit": "%"}, "reflectance"),
    "Kubelka-Munk": ({"y_kind": YKind.KUBELKA_MUNK}, "kubelka"),
    "photoacoustic": ({"y_kind": YKind.PHOTOACOUSTIC}, "photoacoustic"),
    "pixel axis": ({"x_kind": XKind.PIXEL, "x_unit": "1"}, "pixel"),
    "unknown axis": (
        {"x_kind": XKind.UNKNOWN, "x_unit": "unknown"},
        "does not name its x axis|raman shift axis|which technique|unknown",
    ),
    "nanometres without a laser": (
        {"x": NM, "x_kind": XKind.WAVELENGTH, "x_unit": "nm", "y_kind": YKind.RAMAN_INTENSITY},
        "laser|nm",
    ),
    "time axis": ({"x_kind": XKind.TIME, "x_unit": "s"}, "time"),
    "damaged": ({"faults": ("9 check points do not repeat the ordinate",)}, "check points"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", MUST_NOT)
@pytest.mark.parametrize("technique", [Technique.FTIR, Technique.RAMAN, Technique.OTHER])
def test_what_cannot_be_compared_is_never_matched_whatever_it_is_called(libraries, what, technique):
    changes, words = MUST_NOT[what]
    result = matching.match_export(a_file(a_curve(**changes), technique), libraries)
    (entry,) = result["spectra"]
    assert_no_answer(entry, words, nearest=what == "unknown axis")


@pytest.mark.slow
def test_the_same_curve_in_units_that_compare_is_searched(libraries):
    """The counterpart: were everything refused, the tests above would prove nothing."""
    result = matching.match_export(a_file(a_curve(), Technique.FTIR), libraries)
    assert result["spectra"][0]["hits"]


@pytest.mark.slow
def test_no_curve_of_the_corpus_without_a_comparable_kind_is_ever_searched(libraries):
    needs_data()
    refused = 0
    for row in ROWS:
        try:
            export = read(DATA / row["file"])
        except FormatError:
            continue
        first = export.spectra[0]
        bad = isinstance(first, Chromatogram) or (
            isinstance(first, Spectrum)
            and (
                first.faults
                or first.kind is SpectrumKind.OTHER
                or first.y_kind in (YKind.SINGLE_BEAM, YKind.INTERFEROGRAM, YKind.REFLECTANCE)
            )
        )
        if not bad or "laser_nm" in first.metadata:
            continue
        for entry in matching.match_export(export, libraries)["spectra"][:2]:
            assert entry["decision"]["state"] == "insufficient", row["file"]
            assert not entry["hits"] or first.x_kind is XKind.UNKNOWN, row["file"]
            refused += 1
    assert refused > 20


def test_nuclear_resonance_is_refused_before_any_matcher():
    needs_data()
    for path in sorted((DATA / "other" / "jcamp-ntuples").iterdir()):
        with pytest.raises(FormatError) as caught:
            read(path)
        assert caught.value.hint
