"""Tests made by hand: who records, what is refused, and that they never name a substance."""

import pytest

from lims import attachments, audit, bench_tests
from lims.errors import CustodyError, NotFoundError, PermissionDenied, RecordError, StateError
from lims.model import FindingState
from tests.lims_builders import a_sample

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
FACTS = {
    "technique": "colour test",
    "observed": "orange to brown",
    "indicates": "phenethylamine/amphetamine",
    "positive": True,
    "controls": True,
    "reagent": "Marquis",
    "lot": "M-7",
}


def recorded(lab, by="ana", **more):
    return bench_tests.record(lab, by, a_sample(lab).number, **{**FACTS, **more})


def test_recorded_test_waits_for_a_second_person(lab):
    made = recorded(lab)
    assert made.state is FindingState.SUBMITTED
    with pytest.raises(PermissionDenied):
        bench_tests.review(lab, "ana", made.id, accept=True)
    done = bench_tests.review(lab, "rex", made.id, accept=True)
    assert (done.state, done.reviewer) == (FindingState.REVIEWED, "rex")
    with pytest.raises(StateError):
        bench_tests.review(lab, "rex", made.id, accept=True)


def test_sending_back_needs_a_reason(lab):
    made = recorded(lab)
    with pytest.raises(RecordError, match="reason"):
        bench_tests.review(lab, "rex", made.id, accept=False)
    back = bench_tests.review(lab, "rex", made.id, accept=False, remark="no blank")
    assert back.state is FindingState.SENT_BACK


def test_only_the_holding_analyst_tests(lab):
    sample = a_sample(lab).number
    with pytest.raises(CustodyError):
        bench_tests.record(lab, "abe", sample, **FACTS)
    with pytest.raises(PermissionDenied):
        bench_tests.record(lab, "olga", sample, **FACTS)


@pytest.mark.parametrize("technique", ["thin-layer chromatography", "microcrystalline test"])
def test_technique_of_category_b_needs_a_picture_on_record(lab, technique):
    sample = a_sample(lab).number
    facts = {**FACTS, "technique": technique}
    with pytest.raises(RecordError, match="photograph"):
        bench_tests.record(lab, "ana", sample, **facts)
    with pytest.raises(NotFoundError, match="hash"):
        bench_tests.record(lab, "ana", sample, **facts, photo="0" * 64)
    digest = attachments.add_photo(lab, "ana", sample, "plate.png", PNG)
    assert bench_tests.record(lab, "ana", sample, **facts, photo=digest).raw_sha256 == digest


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"technique": "raman"}, "not recorded by hand"),
        ({"indicates": "something bad"}, "no class and no substance"),
        ({"indicates": ""}, "what the test is for"),
        ({"observed": ""}, "what was observed"),
        ({"observed": "x\x1b[2J"}, "observed"),
        ({"portion": "nowhere"}, "no portion"),
    ],
)
def test_what_makes_no_sense_is_refused(lab, more, words):
    with pytest.raises(RecordError, match=words):
        recorded(lab, **more)


def test_test_for_a_substance_covers_its_own_name_only(lab):
    for_one = recorded(lab, indicates="cocaine")
    for_class = recorded(lab, indicates="Phenethylamine/Amphetamine")
    assert for_one.covers("cocaine")
    assert not for_one.covers("heroin")
    assert for_class.indicates == "phenethylamine/amphetamine"
    assert for_class.covers("methamphetamine")
    assert not for_class.covers("unheard-of substance")


def test_tests_replay_to_the_same_rows(lab):
    made = recorded(lab)
    bench_tests.review(lab, "rex", made.id, accept=True, remark="seen")
    assert audit.replay(lab) == audit.projected(lab)


def test_same_key_records_once(lab):
    sample = a_sample(lab).number
    first = bench_tests.record(lab, "ana", sample, **FACTS, key="k")
    assert bench_tests.record(lab, "ana", sample, **FACTS, key="k") == first
    assert bench_tests.tests(lab.db, sample) == (first,)
