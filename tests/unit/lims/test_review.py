from itertools import product

import pytest

from lims import custody, intake, people, queries, review
from lims.errors import PermissionDenied, RecordError, StateError
from lims.model import FindingState, Role
from tests.lims_builders import a_finding, a_sample, a_shipment, an_entry, handed

MATCH = an_entry("match", "cocaine", hazard="H3")


@pytest.fixture
def double(lab):
    """Somebody who may do the bench work and review, like most people in a small lab."""
    people.add_person(lab, "lee", "dee", "Dee", [Role.ANALYST, Role.REVIEWER])
    return "dee"


# What a person did with the sample before: any of it makes them unfit to review its findings.
@pytest.mark.parametrize(
    ("submitted", "ran_another", "weighed", "prepared"), list(product((False, True), repeat=4))
)
def test_reviewer_had_no_hand_in_the_work(
    lab, bench, double, submitted, ran_another, weighed, prepared
):
    sample = a_sample(lab, held_by=double).number
    if weighed:
        custody.weigh(lab, double, sample, gross_ug=5)
    if prepared:
        intake.add_portion(lab, double, sample, "neat")
    if ran_another:
        a_finding(lab, bench, sample, MATCH, by=double)
    if not submitted:
        handed(lab, sample, double, "ana")
    found = a_finding(lab, bench, sample, MATCH, by=double if submitted else "ana")
    if submitted or ran_another or weighed or prepared:
        why = "submitted" if submitted else "may not review"
        with pytest.raises(PermissionDenied, match=why):
            review.review(lab, double, found.id, accept=True)
        assert review.review(lab, "rex", found.id, accept=True).reviewer == "rex"
    else:
        assert review.review(lab, double, found.id, accept=True).state is FindingState.REVIEWED


@pytest.mark.parametrize("person", ["lee", "abe", "olga", "cus", "qm", "lia", "root"])
def test_only_a_reviewer_reviews(lab, bench, person):
    found = a_finding(lab, bench, a_sample(lab).number, MATCH)
    with pytest.raises(PermissionDenied, match="review a finding"):
        review.review(lab, person, found.id, accept=True)


def test_sent_back_needs_a_reason_and_is_final(lab, bench):
    found = a_finding(lab, bench, a_sample(lab).number, MATCH)
    with pytest.raises(RecordError, match="with a reason"):
        review.review(lab, "rex", found.id, accept=False, remark="  ")
    back = review.review(lab, "rex", found.id, accept=False, remark="saturated", key="k")
    assert (back.state, back.remark) == (FindingState.SENT_BACK, "saturated")
    assert review.review(lab, "rex", found.id, accept=False, remark="saturated", key="k") == back
    with pytest.raises(StateError, match="already"):
        review.review(lab, "rex", found.id, accept=True)


def test_note_of_a_finding_sent_back_is_taken_back_beside_it(lab, bench):
    parcel = a_shipment(lab, declared_goods="sand").number
    sample = a_sample(lab, shipment=parcel).number
    found = a_finding(lab, bench, sample, MATCH)
    review.review(lab, "rex", found.id, accept=False, remark="wrong bag")
    notes = queries.shipment(lab, parcel).notes
    assert notes == (
        "declared sand, found cocaine (drug)",
        f"finding {found.id} was sent back: what it found does not stand",
    )


def test_accepting_confirms_a_candidate_as_a_candidate(lab, bench):
    entry = an_entry("analogue_candidate", class_name="fentanyl", hazard="H1")
    found = a_finding(lab, bench, a_sample(lab).number, entry, reviewed=True)
    assert (found.verdict, found.substances) == ("confirmed", ())


def test_analyst_does_not_dismiss_their_own_candidate_alone(lab, bench):
    entry = an_entry("analogue_candidate", class_name="fentanyl")
    found = a_finding(lab, bench, a_sample(lab).number, entry)
    with pytest.raises(PermissionDenied, match="alone"):
        review.judge_candidate(lab, "ana", found.id, confirm=False, remark="noise")
    done = review.judge_candidate(lab, "abe", found.id, confirm=False, remark="solvent peak")
    assert done.verdict == "dismissed"
    plain = a_finding(lab, bench, a_sample(lab).number, MATCH)
    with pytest.raises(StateError, match="no analogue candidate"):
        review.judge_candidate(lab, "abe", plain.id, confirm=True, remark="x")
