import pytest

from lims import audit, confirmations, custody, intake, records
from lims.errors import CustodyError, PermissionDenied, RecordError, StateError
from lims.model import SampleState
from tests.lims_builders import a_finding, a_sample, an_entry, stored


def move(lab, sample, giver, taker, *, actor=None, **more):
    """The step as both record it at one screen, unless the test says who confirms."""
    actor = actor or giver
    others = [each for each in (giver, taker) if each != actor and not custody.is_place(each)]
    more.setdefault("confirmed", confirmations.here(*others))
    return custody.transfer(lab, sample, giver=giver, taker=taker, actor=actor, **more)


def test_person_to_person_and_to_a_place_and_back(lab):
    sample = a_sample(lab, held_by="cus", seal="A1").number
    assert move(lab, sample, "cus", "ana", seal="A1").state is SampleState.CHECKED_OUT
    kept = move(lab, sample, "ana", "place: shelf 2 ", seal="A1")
    assert (kept.holder, kept.state) == ("place:shelf 2", SampleState.STORED)
    back = move(lab, sample, "place:shelf 2", "olga", actor="olga", seal="A1", reason="to court")
    assert (back.holder, back.state) == ("olga", SampleState.RETURNED)
    chain = records.transfers(lab.db, sample)
    assert [step.taker for step in chain] == ["cus", "ana", "place:shelf 2", "olga"]
    assert [step.giver for step in chain[1:]] == [step.taker for step in chain[:-1]]


@pytest.mark.parametrize(
    ("giver", "taker", "actor", "why"),
    [
        ("ana", "ana", "ana", "the same"),
        ("abe", "cus", "abe", "held by ana"),
        ("place:a", "cus", "cus", "held by ana"),
        ("ana", "nobody", "ana", "not a person"),
        ("ana", "", "ana", "taker is missing"),
        ("", "abe", "abe", "giver is missing"),
        ("ana", "place:", "ana", "without a name"),
        ("ana", "root", "ana", "may hold no sample"),
        ("ana", "lia", "ana", "may hold no sample"),
        ("ana", "cus", "olga", "neither gives nor takes"),
        ("ana", "place:a\x1b[2J", "ana", "hidden character"),
    ],
)
def test_step_that_contradicts_custody_is_refused(lab, giver, taker, actor, why):
    sample = a_sample(lab, held_by="ana").number
    with pytest.raises(RecordError, match=why):
        move(lab, sample, giver, taker, actor=actor)
    assert records.sample(lab.db, sample).holder == "ana"


def test_no_sample_goes_from_place_to_place(lab):
    sample = stored(lab, a_sample(lab)).number
    with pytest.raises(CustodyError, match="by itself"):
        move(lab, sample, "place:shelf 1", "place:shelf 2", actor="cus")


def test_custodian_may_record_for_two_others(lab):
    sample = a_sample(lab, held_by="ana").number
    assert move(lab, sample, "ana", "abe", actor="cus").holder == "abe"


def test_sealed_sample_is_not_passed_on_unread(lab):
    sample = a_sample(lab, seal="A1").number
    with pytest.raises(CustodyError, match="must be read") as refused:
        move(lab, sample, "ana", "cus")
    assert "A1" not in refused.value.message + refused.value.hint
    assert not records.sample_row(lab.db, sample)["frozen"]


@pytest.mark.parametrize("act", ["transfer", "open"])
def test_other_seal_is_written_down_and_freezes_the_sample(lab, act):
    sample = a_sample(lab, seal="A1").number
    attempts = {
        "open": lambda: custody.open_sample(lab, "ana", sample, seal="B7", key="k"),
        "transfer": lambda: move(lab, sample, "ana", "cus", seal="B7", key="k"),
    }
    with pytest.raises(CustodyError, match="B7 was read, A1 is on record"):
        attempts[act]()
    assert records.sample(lab.db, sample).holder == "ana"
    for attempt in (
        lambda: move(lab, sample, "ana", "cus", seal="A1"),
        lambda: custody.open_sample(lab, "ana", sample, seal="A1"),
        lambda: custody.weigh(lab, "ana", sample, gross_ug=1),
        lambda: intake.add_portion(lab, "ana", sample, "neat"),
    ):
        with pytest.raises(CustodyError, match="frozen"):
            attempt()
    with pytest.raises(PermissionDenied):
        custody.resolve_discrepancy(lab, "ana", sample, reason="typo")
    custody.resolve_discrepancy(lab, "qm", sample, reason="misread, photo 3", seal="B7")
    assert move(lab, sample, "ana", "cus", seal="B7", key="k").holder == "cus"
    assert audit.verify(lab).ok


def test_seal_on_an_unsealed_sample_is_a_discrepancy_too(lab):
    sample = a_sample(lab).number
    with pytest.raises(CustodyError, match="no seal is on record"):
        move(lab, sample, "ana", "cus", seal="A1")


def test_who_met_a_discrepancy_does_not_resolve_it(lab):
    sample = a_sample(lab, held_by="lee", seal="A1").number
    with pytest.raises(CustodyError):
        move(lab, sample, "lee", "cus", seal="XX")
    with pytest.raises(CustodyError, match="may not resolve"):
        custody.resolve_discrepancy(lab, "lee", sample, reason="fine")
    custody.resolve_discrepancy(lab, "qm", sample, reason="fine")
    with pytest.raises(StateError, match="no open discrepancy"):
        custody.resolve_discrepancy(lab, "qm", sample, reason="again")


def test_open_then_reseal_then_go_on(lab):
    sample = a_sample(lab, seal="A1", gross_ug=12_000_000).number
    opened = custody.open_sample(lab, "ana", sample, seal="A1")
    assert (opened.state, opened.seal) == (SampleState.OPENED, "")
    with pytest.raises(StateError, match="open already"):
        custody.open_sample(lab, "ana", sample)
    with pytest.raises(StateError, match="is open"):
        move(lab, sample, "ana", "cus")
    closed = custody.reseal(lab, "ana", sample, seal="A2", gross_ug=11_900_000)
    assert (closed.state, closed.seal) == (SampleState.RESEALED, "A2")
    with pytest.raises(StateError, match="is sealed"):
        custody.reseal(lab, "ana", sample, seal="A3")
    assert move(lab, sample, "ana", "cus", seal="A2").holder == "cus"
    assert records.sample_row(lab.db, sample)["gross_ug"] == 11_900_000


def test_only_the_holder_opens_reseals_and_weighs(lab):
    sample = a_sample(lab, held_by="ana").number
    for attempt in (
        lambda: custody.open_sample(lab, "abe", sample),
        lambda: custody.reseal(lab, "abe", sample, seal="Z"),
        lambda: custody.weigh(lab, "abe", sample, gross_ug=1),
    ):
        with pytest.raises(CustodyError, match="held by ana"):
            attempt()


def test_a_seal_number_is_used_once_in_the_lab(lab):
    a_sample(lab, seal="A1")
    other = a_sample(lab).number
    with pytest.raises(CustodyError, match="on record already"):
        custody.reseal(lab, "ana", other, seal="A1")


def test_dangerous_sample_needs_a_second_person(lab, bench):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, an_entry("match", "fentanyl", hazard="H1"))
    with pytest.raises(CustodyError, match="a witness is needed"):
        move(lab, sample, "ana", "place:safe")
    with pytest.raises(CustodyError, match="a witness is needed"):
        custody.open_sample(lab, "ana", sample)
    for witness in ("ana", "nobody"):
        with pytest.raises(CustodyError):
            move(lab, sample, "ana", "place:safe", witness=witness)
    assert move(lab, sample, "ana", "abe").holder == "abe"
    assert move(lab, sample, "abe", "place:safe", witness="olga").holder == "place:safe"


def test_the_same_step_twice_is_one(lab):
    sample = a_sample(lab, held_by="ana").number
    first = move(lab, sample, "ana", "cus", key="k1")
    assert move(lab, sample, "ana", "cus", key="k1") == first
    assert len(records.transfers(lab.db, sample)) == 2
