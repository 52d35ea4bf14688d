import pytest

from lims import custody, seals
from lims.errors import CustodyError, PermissionDenied, RecordError, StateError
from tests.lims_builders import a_sample


def issued(lab, **more):
    facts = {"prefix": "FB", "first": "000100", "last": "000199", "iso_class": "H"} | more
    return seals.issue(lab, "cus", **facts)


@pytest.mark.parametrize(
    ("seal", "inside"),
    [
        ("FB000100", True),
        ("FB000199", True),
        ("FB000099", False),
        ("FB000200", False),
        ("FB100", False),
        ("FB0001000", False),
        ("FC000100", False),
        ("FB00010\u0661", False),
        ("FB", False),
    ],
)
def test_a_seal_is_in_a_range_digit_by_digit(lab, seal, inside):
    made = issued(lab)
    assert seals.holds(made, seal) is inside
    assert (seals.look(lab, seal) == ()) is inside


def test_without_ranges_no_seal_is_out_of_one(lab):
    assert seals.look(lab, "A1") == ()


def test_a_range_does_not_overlap_another(lab):
    issued(lab)
    for first, last in (("000199", "000300"), ("000000", "000100"), ("000120", "000130")):
        with pytest.raises(StateError, match="overlaps FB000100 to FB000199"):
            issued(lab, first=first, last=last)
    issued(lab, first="000200", last="000299")
    issued(lab, prefix="FC")
    assert len(seals.ranges(lab)) == 3


@pytest.mark.parametrize(
    "facts",
    [
        {"first": "100"},
        {"first": "000200"},
        {"first": "abc", "last": "abx"},
        {"iso_class": "X"},
        {"first": "\u0661\u0661\u0661\u0661\u0661\u0661"},
        {"prefix": "F\x1b"},
    ],
)
def test_a_range_that_makes_no_sense_is_refused(lab, facts):
    with pytest.raises(RecordError):
        issued(lab, **facts)
    assert seals.ranges(lab) == ()


def test_officers_do_not_issue_seals(lab):
    with pytest.raises(PermissionDenied):
        seals.issue(lab, "olga", prefix="", first="1", last="2")


def test_a_foreign_seal_used_twice_is_noted_at_intake_and_not_refused(lab):
    first = a_sample(lab, seal="X1").number
    issued(lab)
    second = a_sample(lab, seal="X1").number
    assert seals.notes(lab, first) == ()
    assert [note.note for note in seals.notes(lab, second)] == [
        f"on record already, on {first}",
        "in no range issued to this lab",
    ]


def test_a_seal_the_lab_puts_on_is_used_once_and_warned_about_outside_a_range(lab):
    issued(lab)
    sample, other = a_sample(lab).number, a_sample(lab).number
    custody.reseal(lab, "ana", sample, seal="ZZ9")
    assert [note.note for note in seals.notes(lab, sample)] == ["in no range issued to this lab"]
    custody.reseal(lab, "ana", other, seal="FB000101")
    assert seals.notes(lab, other) == ()
    custody.open_sample(lab, "ana", sample, seal="ZZ9")
    with pytest.raises(CustodyError, match="on record already"):
        custody.reseal(lab, "ana", sample, seal="FB000101")
