"""How often one compound is taken for two unknowns, and two for one: on real replicate spectra.

Electron-impact spectra of three collections; deuterated standards and derivatives filed under
their parent are left out, because they are other compounds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

import numpy as np
import pytest

from libraries.derivatives import heavier_by
from spectra import unknown_signature as us
from tests.real import mass_data

pytestmark = pytest.mark.real

FILES = ("ei_swgdrug_dev.msp", "ei_nist_fentanyl_dev.msp", "ei_massbank_drugs_dev.msp")
MODERN = FILES[:2]
"""Quadrupoles of our time; the third holds spectra of magnetic sectors back to the 1970s."""
_OTHER_FORM = re.compile(r"\bd\d+\b|-D\d|\(.*D\d+\)|TMS|deriv|silyl", re.IGNORECASE)


@cache
def entries():
    """Return (file, record, signature) of every spectrum of a compound itself."""
    found = []
    for name in FILES:
        for record in mass_data.records(name):
            formula = record.fields.get("Formula", "")
            if _OTHER_FORM.search(record.fields["Name"]):
                continue
            if heavier_by(record.mz, record.intensity, record.mass, formula):
                continue
            signature = us.of_ions(record.mz, record.intensity)
            if signature is not None:
                found.append((name, record, signature))
    return tuple(found)


def key(record):
    return record.fields["CompoundKey"]


def replicates(files):
    """Return the likeness of every pair of one compound in two different collections."""
    groups = defaultdict(list)
    for name, record, signature in entries():
        if name in files:
            groups[key(record)].append((name, signature))
    return np.array(
        [
            us.likeness(one, [other])[0]
            for group in groups.values()
            for at, (first, one) in enumerate(group)
            for second, other in group[at + 1 :]
            if first != second
        ]
    )


def diluted(record, random, signal_to_noise):
    """Return a copy as a weaker injection on another instrument gives it, reduced."""
    whole = np.floor(record.mz + 0.3).astype(int)
    height = np.zeros(whole.max() + 1)
    np.maximum.at(height, whole, record.intensity)
    height /= height.max()
    tilt = random.normal(0.0, 0.4)
    height *= np.exp(random.normal(0.0, 0.1, height.size))
    height *= np.exp(tilt * (np.arange(height.size) / 300.0 - 0.5))
    height = np.where(height > 0, height + random.normal(0, 1 / signal_to_noise, height.size), 0)
    height[height < height.max() / signal_to_noise] = 0.0
    mz = np.flatnonzero(height)
    return us.of_ions(mz.astype(float), height[mz])


def test_one_compound_on_two_modern_instruments_is_one_unknown():
    scores = replicates(MODERN)
    assert scores.size >= 100
    assert float((scores < us.ION_THRESHOLD).mean()) <= 0.02


def test_one_compound_in_old_and_new_collections_is_mostly_one_unknown():
    scores = replicates(FILES)
    assert scores.size >= 700
    assert float((scores < us.ION_THRESHOLD).mean()) <= 0.27


def test_dilution_by_ten_keeps_the_unknown():
    random = np.random.default_rng(5)
    chosen = [entries()[at] for at in random.permutation(len(entries()))[:400]]
    scores = []
    for _, record, signature in chosen:
        copy = diluted(record, random, 100.0)
        scores.append(0.0 if copy is None else us.likeness(signature, [copy])[0])
    assert float((np.array(scores) < us.ION_THRESHOLD).mean()) <= 0.10


def test_different_compounds_are_rarely_one_unknown():
    everything = entries()
    by_base = defaultdict(list)
    for at, (_, _, signature) in enumerate(everything):
        by_base[signature.base_mz].append(at)
    pairs = same_class_pairs = joined = same_class_joined = 0
    for _, record, signature in everything[::6]:
        formula, kind = record.fields.get("Formula"), record.fields.get("CompoundClass", "other")
        others = [
            (at, other.fields.get("CompoundClass", "other"))
            for at, (_, other, _) in enumerate(everything)
            if key(other) != key(record) and other.fields.get("Formula") != formula
        ]
        pairs += len(others)
        alike_class = {at for at, its in others if its == kind != "other"}
        same_class_pairs += len(alike_class)
        near = {at for mz in signature.tallest for at in by_base[mz]} & {at for at, _ in others}
        places = sorted(near)
        scores = us.likeness(signature, [everything[at][2] for at in places])
        found = {at for at, score in zip(places, scores, strict=True) if score >= us.ION_THRESHOLD}
        joined += len(found)
        same_class_joined += len(found & alike_class)
    assert pairs > 1_000_000
    assert joined / pairs <= 5e-4
    assert same_class_joined / same_class_pairs <= 0.01
