"""How well MS/MS unknowns find together: every spectrum of two public collections as an unknown."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks import accuracy_unknowns as bench
from lims import unknown_queries
from spectra import unknown_signature, unknown_tandem
from tests.lims_builders import a_finding, a_lab, a_sample, an_entry
from tests.real import mass_data

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def ions():
    return bench.load(mass_data.folder())


@pytest.fixture(scope="module")
def near(ions):
    return bench.pairs(ions)


def test_one_code_is_one_compound_and_nearly_always_one_formula(ions, near):
    assert len(ions.ions) >= 3_000
    found = bench.measured(ions, bench.clusters(ions, near, by_sample=False))
    assert found.pure.value >= 0.94
    assert found.pure_formula.low >= 0.98
    assert found.single.value >= 0.94


def test_spectra_that_come_one_by_one_mostly_find_their_compound(ions, near):
    found = bench.measured(ions, bench.clusters(ions, near, by_sample=False))
    assert found.complete.value >= 0.84
    assert found.whole.value >= 0.60
    assert found.whole_labs.value >= 0.46


def test_energies_of_one_sample_bring_laboratories_together(ions, near):
    found = bench.measured(ions, bench.clusters(ions, near, by_sample=True))
    assert found.complete.low >= 0.91
    assert found.whole.value >= 0.79
    assert found.whole_labs.n >= 250
    assert found.whole_labs.value >= 0.59
    assert found.pure.value >= 0.94
    assert found.pure_formula.low >= 0.98


def test_order_of_arrival_changes_little(ions, near):
    complete = [
        bench.measured(ions, bench.clusters(ions, near, by_sample=False, seed=seed)).complete.value
        for seed in (1, 2)
    ]
    assert min(complete) >= 0.83


def test_pairs_of_two_formulas_are_rarely_taken_for_one(ions, near):
    other = ions.formulas[near.first] != ions.formulas[near.second]
    joined = near.likeness >= np.where(
        near.whole, unknown_tandem.WHOLE_THRESHOLD, unknown_tandem.ACCURATE_THRESHOLD
    )
    for whole in (False, True):
        rows = other & (near.whole == whole)
        assert rows.sum() >= 350
        assert joined[rows].mean() <= 0.012
    # Any two spectra at all, the precursor included.
    n = len(ions.ions)
    assert joined[other].sum() / (n * (n - 1) / 2) <= 1e-5


def test_a_weak_spectrum_is_still_the_same_unknown(ions):
    random = np.random.default_rng(3)
    kept = []
    for at in random.permutation(len(ions.ions))[:500]:
        one = ions.ions[at]
        mz = np.array([each for each, _ in one.peaks])
        height = np.array([each for _, each in one.peaks], dtype=float)
        # A tenth of the ions, counted: the small ones go.
        counts = random.poisson(height / height.sum() * 300.0)
        weak = unknown_tandem.of_peaks(
            mz[counts > 1], counts[counts > 1].astype(float), one.precursor_mz, polarity=1
        )
        if weak is not None:
            whole = dataclasses.replace(weak, is_whole=one.is_whole, polarity=one.polarity)
            limit = unknown_tandem.threshold(one, whole)
            kept.append(unknown_tandem.likeness(one, whole) >= limit)
    assert len(kept) >= 400
    assert np.mean(kept) >= 0.97


def test_the_record_gathers_as_the_benchmark_does(ions, near, tmp_path):
    chosen = np.flatnonzero(np.isin(ions.compounds, np.unique(ions.compounds)[40:70]))[:60]
    place = {int(at): i for i, at in enumerate(chosen)}
    part = bench.Ions(
        ions=tuple(ions.ions[at] for at in chosen),
        compounds=ions.compounds[chosen],
        formulas=ions.formulas[chosen],
        contributors=ions.contributors[chosen],
    )
    kept = np.isin(near.first, chosen) & np.isin(near.second, chosen)
    between = bench.Pairs(
        first=np.array([place[int(at)] for at in near.first[kept]]),
        second=np.array([place[int(at)] for at in near.second[kept]]),
        likeness=near.likeness[kept],
        whole=near.whole[kept],
    )
    expected = bench.clusters(part, between, by_sample=False, seed=5)
    order = np.random.default_rng(5).permutation(len(part.ions))
    lab = a_lab(tmp_path / "lab")
    held = {}
    for at in order:
        signature = unknown_signature.of_fragments(part.ions[at])
        assert signature is not None
        said = unknown_signature.plain(signature)
        entry = an_entry("no_match", compared_as="msms", signature=said)
        held[int(at)] = a_finding(lab, tmp_path, a_sample(lab).number, entry).id
    code = {
        member.finding: cluster.code
        for cluster in unknown_queries.listed(lab)
        for member in unknown_queries.members(lab.db, cluster.code)
    }
    lab.close()
    found = [code[held[at]] for at in range(len(part.ions))]
    groups = np.unique(found, return_inverse=True)[1]
    assert np.unique(groups).size > 10
    for at in range(len(part.ions)):
        assert ((groups == groups[at]) == (expected == expected[at])).all()
