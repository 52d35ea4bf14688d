import numpy as np
import pytest

from spectra.errors import SpectrumError
from spectra.spectrum import MassSpectrum
from spectra.tune import abundances, find_standard
from spectra.tune_standards import TUNE_STANDARDS, tune_standard

# In the middle of every window of the published tables, typed here once more.
DFTPP = {
    51: 35.0, 68: 0.3, 69: 40.0, 70: 0.2, 127: 45.0, 197: 0.5, 198: 100.0, 199: 6.8, 255: 45.0,
    275: 25.0, 365: 3.0, 441: 12.0, 442: 80.0, 443: 15.6,
}  # fmt: skip
BFB = {
    50: 20.0, 75: 45.0, 95: 100.0, 96: 6.7, 173: 0.8, 174: 80.0, 175: 5.8, 176: 78.0, 177: 5.2,
}  # fmt: skip
GOOD = {"dftpp": DFTPP, "bfb": BFB}
# (ion to change, a height just outside): each criterion of the tables once or twice.
OUTSIDE = {
    "dftpp": [
        (51, 9.9), (51, 81.0), (68, 0.9), (70, 0.9), (127, 9.0), (127, 80.5), (197, 2.1),
        (199, 4.9), (199, 9.1), (275, 9.5), (275, 60.5), (365, 0.9), (441, 0.0), (441, 19.3),
        (442, 49.0), (443, 11.9), (443, 19.3),
    ],
    "bfb": [
        (50, 14.9), (50, 40.5), (75, 29.9), (75, 60.5), (96, 4.9), (96, 9.1), (173, 1.7),
        (174, 49.9), (175, 3.9), (175, 7.3), (176, 75.9), (176, 80.9), (177, 3.8), (177, 7.1),
    ],
}  # fmt: skip


def a_spectrum(ions, scale=1.0, **more):
    mz = np.array(sorted(ions), dtype=float)
    heights = scale * np.array([ions[int(m)] for m in mz])
    return MassSpectrum(title="t", mz=mz + 0.03, intensity=heights, ionization="EI", **more)


@pytest.mark.parametrize("name", sorted(TUNE_STANDARDS))
@pytest.mark.parametrize("scale", [1.0, 12345.0, 0.37, 41_234.567])
def test_a_good_tune_meets_every_criterion(name, scale):
    found = abundances(a_spectrum(GOOD[name], scale), tune_standard(name))
    assert [each.criterion for each in found] == list(tune_standard(name).criteria)
    assert all(each.ok for each in found), [e for e in found if not e.ok]


@pytest.mark.parametrize(
    ("name", "ion", "height"), [(n, i, h) for n, rows in OUTSIDE.items() for i, h in rows]
)
def test_each_ion_outside_its_window_is_named(name, ion, height):
    found = abundances(a_spectrum({**GOOD[name], ion: height}), tune_standard(name))
    assert ion in {each.criterion.mz for each in found if not each.ok}


def test_another_base_peak_fails_where_the_table_wants_it():
    found = abundances(a_spectrum({**BFB, 77: 120.0}), tune_standard("bfb"))
    assert 95 in {each.criterion.mz for each in found if not each.ok}


def test_the_ion_of_reference_missing_is_no_crash():
    ions = {mz: height for mz, height in DFTPP.items() if mz != 69}
    found = {
        each.criterion.mz: each for each in abundances(a_spectrum(ions), TUNE_STANDARDS["dftpp"])
    }
    assert not found[68].ok
    assert found[68].percent == float("inf")


@pytest.mark.parametrize("name", sorted(TUNE_STANDARDS))
def test_another_substance_is_refused_not_judged(name):
    other = next(each for each in GOOD if each != name)
    with pytest.raises(SpectrumError, match="no spectrum of"):
        abundances(a_spectrum(GOOD[other]), tune_standard(name))
    with pytest.raises(SpectrumError, match="was not found among 2 components"):
        find_standard([a_spectrum(GOOD[other]), a_spectrum({43: 1.0})], tune_standard(name))


def test_the_purest_component_of_the_standard_is_taken():
    mixed = a_spectrum({**BFB, 43: 99.0, 57: 80.0, 71: 60.0})
    pure = a_spectrum(BFB)
    assert find_standard([mixed, pure, a_spectrum(DFTPP)], tune_standard("bfb")) is pure


@pytest.mark.parametrize("mz", [[], [-5.0], [1e9], [float("nan")]])
def test_ions_that_cannot_be_are_no_spectrum_of_it(mz):
    odd = MassSpectrum(title="t", mz=np.array(mz), intensity=np.ones(len(mz)), ionization="EI")
    with pytest.raises(SpectrumError):
        abundances(odd, tune_standard("bfb"))


def test_unknown_standard_names_the_known_ones():
    with pytest.raises(SpectrumError) as caught:
        tune_standard("pfk")
    assert "dftpp" in caught.value.hint
