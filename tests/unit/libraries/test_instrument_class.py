from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from libraries import class_calibrations, instrument_class
from libraries.build import draft
from libraries.entry import Section
from spectra.calibration import Calibration
from spectra.decision import Decision, DecisionState
from tests.unit.libraries.reference_builders import SOURCE, a_curve


@pytest.mark.parametrize(
    ("section", "metadata", "expected"),
    [
        (Section.RAMAN, {"laser_nm": "784.6"}, "785 nm"),
        (Section.RAMAN, {"laser_nm": "532", "Instrument": "Renishaw inVia"}, "532 nm"),
        (Section.RAMAN, {"laser_nm": "785", "Instrument": "TruScan RM"}, "handheld 785 nm"),
        (Section.RAMAN, {"Instrument": "Progeny"}, "handheld"),
        (Section.RAMAN, {"laser_nm": "900"}, "unknown"),
        (Section.FTIR, {"Sampling procedure": "diamond ATR"}, "ATR"),
        (Section.FTIR, {"State": "gas"}, "gas"),
        (Section.FTIR, {"Sampling procedure": "KBr pellet"}, "transmission"),
        (Section.FTIR, {}, "unknown"),
        (Section.EI, {"Instrument": "Agilent 5975 MSD"}, "quadrupole"),
        (Section.EI, {"Instrument_type": "EI-B"}, "sector"),
        (Section.EI, {"Instrument_type": "GC-EI-TOF"}, "time of flight"),
        (Section.MSMS, {"Instrument_type": "LC-ESI-QTOF"}, "time of flight"),
        (Section.MSMS, {"Instrument_type": "LC-ESI-QFT"}, "orbitrap"),
        (Section.MSMS, {"Instrument_type": "LC-ESI-QQQ"}, "triple quadrupole"),
    ],
)
def test_the_class_is_what_the_file_states(
    section: Section, metadata: dict[str, str], expected: str
) -> None:
    assert instrument_class.of_metadata(metadata, section) == expected


def test_an_entry_and_its_query_are_of_one_class() -> None:
    curve = replace(a_curve(1), metadata={"Name": "a", "Sampling procedure": "ATR"})
    assert instrument_class.of_draft(draft(curve, SOURCE, {})) == "ATR"
    assert instrument_class.of_metadata(curve.metadata, Section.FTIR) == "ATR"


def some_drafts(n_atr: int, n_other: int):
    atr = {"Sampling procedure": "ATR"}
    return [
        draft(replace(a_curve(1), metadata={"Name": f"m {at}"} | extra), SOURCE, {})
        for at, extra in enumerate([atr] * n_atr + [{}] * n_other)
    ]


def learned(asked):
    return Calibration(metric="m", alpha=0.05, threshold=float(asked.size), n=int(asked.size))


def test_a_class_is_calibrated_on_its_own_entries_where_there_are_enough() -> None:
    pooled = Calibration(metric="m", alpha=0.05, threshold=1.0, n=170, residual_limit=0.2)
    made = list(class_calibrations.of(some_drafts(120, 50), np.arange(170), pooled, learned))
    assert [(each.instrument_class, each.n) for each in made] == [("ATR", 120)]
    assert made[0].residual_limit == 0.2


def test_replicates_do_not_make_a_class_large_enough() -> None:
    pooled = Calibration(metric="m", alpha=0.05, threshold=1.0, n=170)
    groups = np.array([0] * 120 + list(range(1, 51)))
    assert list(class_calibrations.of(some_drafts(120, 50), groups, pooled, learned)) == []


@pytest.mark.parametrize(
    ("own", "asked", "words"),
    [
        ("ATR", "ATR", "threshold learned from ATR spectra (n 120)"),
        ("", "gas", "too few gas spectra for a threshold of their own"),
        ("", "unknown", "the instrument is not stated"),
    ],
)
def test_an_answer_says_what_its_threshold_was_learned_from(
    own: str, asked: str, words: str
) -> None:
    used = Calibration(metric="m", alpha=0.05, threshold=1.0, n=120, instrument_class=own)
    told = class_calibrations.told(Decision(state=DecisionState.NO_MATCH), used, asked)
    assert (told.instrument_class, told.calibrated_on) == (asked, own)
    assert words in told.reasons[-1]
    assert "n 120" in told.reasons[-1]


def test_a_calibration_keeps_its_class_on_disk() -> None:
    made = Calibration(metric="m", alpha=0.05, threshold=1.0, n=120, instrument_class="ATR")
    assert Calibration.from_facts(made.to_facts()) == made
