from __future__ import annotations

import json

import numpy as np
import pytest

from spectra.mass_scores import UnitSpectrum, match_factor, nist_identity, nist_simple, unit_mass
from spectra.peak_index import PeakIndex
from tests.real.mass_data import folder, records

pytestmark = pytest.mark.real

_SCORES = {"identity_normal": nist_identity, "similarity_simple": nist_simple}


def test_all_published_nist_match_factors_are_reproduced():
    data = json.loads((folder() / "ms" / "nist_matchfactor_vectors.json").read_text("utf-8"))
    spectra = {
        entry["name"]: UnitSpectrum(
            mz=np.array(entry["mz"]), intensity=np.array(entry["intensity"], dtype=float)
        )
        for entry in data["spectra"]
    }
    n_compared = 0
    for case in data["cases"]:
        score = _SCORES[case["algorithm"]]
        limits = {k: None if case[k] < 0 else case[k] for k in ("mz_min", "mz_max")}
        reverse = case["search_type"] == "reverse"
        for query, references in case["results"].items():
            for reference, published in references.items():
                ours = score(spectra[query], spectra[reference], reverse=reverse, **limits)
                # Published is what floor(x + 0.5) turns into the shown integer: half a unit less.
                assert 1000 * ours - 0.5 == pytest.approx(published, abs=1e-9 * 1000)
                n_compared += 1
    assert n_compared == 400


@pytest.fixture(scope="module")
def drugs() -> list:
    return list(records("ei_swgdrug_dev.msp")[::5])


def test_a_library_spectrum_finds_itself_first(drugs):
    index = PeakIndex.build([record.peaks for record in drugs])
    for score in ("cosine", "entropy", "identity"):
        for row in range(0, len(drugs), 60):
            hits = index.search(drugs[row].peaks, 3, score)
            assert hits.scores[0] == pytest.approx(1.0, abs=1e-9)
            assert row in hits.rows[hits.scores > 1 - 1e-6]


def test_the_index_ranks_as_the_pair_scores_do(drugs):
    index = PeakIndex.build([record.peaks for record in drugs])
    units = [unit_mass(*record.peaks) for record in drugs]
    for row in range(0, len(drugs), 120):
        for name, pair in (("cosine", match_factor), ("identity", nist_identity)):
            truth = np.array([pair(units[row], unit) for unit in units])
            hits = index.search(drugs[row].peaks, 10, name)
            np.testing.assert_allclose(hits.scores, np.sort(truth)[::-1][:10], atol=1e-6)
            np.testing.assert_allclose(truth[hits.rows], hits.scores, atol=1e-6)


@pytest.mark.slow
def test_the_same_drug_from_another_laboratory_comes_first_in_most_cases():
    library = [*records("ei_swgdrug_dev.msp"), *records("ei_massbank_drugs_dev.msp")]
    index = PeakIndex.build([record.peaks for record in library])
    keys = np.array([record.fields["CompoundKey"] for record in library])
    sources = np.array([record.fields["Collection"] for record in library])
    first, ten, asked = 0, 0, 0
    for row in range(len(library)):
        elsewhere = (keys == keys[row]) & (sources != sources[row])
        if sources[row] != "mb" or not elsewhere.any():
            continue
        hits = index.search(library[row].peaks, 60)
        shown = ~((keys[hits.rows] == keys[row]) & (sources[hits.rows] == sources[row]))
        ranked = list(dict.fromkeys(keys[hits.rows[shown]]))
        asked += 1
        first += ranked[0] == keys[row]
        ten += keys[row] in ranked[:10]
    assert asked > 100
    assert first / asked >= 0.70
    assert ten / asked >= 0.85
