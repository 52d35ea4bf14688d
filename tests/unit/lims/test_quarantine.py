import pytest

from lims import audit, pickup, quarantine, queries
from lims.errors import CustodyError, NotFoundError, PermissionDenied, RecordError, StateError
from lims.model import QuarantineState
from tests.lims_builders import a_file, a_match, a_sample, an_entry, handed

FENTANYL = a_match(an_entry("match", "fentanyl", hazard="H1"))


def kept(lab, bench, title="x", **facts):
    path = a_file(bench, f"{title}.jdx", title=title)
    return quarantine.keep(lab, "ana", path.name, path.read_bytes(), "no number", **facts)


def kinds(lab):
    return [event.kind for event in audit.events(lab, 0, 1_000)]


def test_numbers_are_given_in_order_with_a_check_character(lab, bench):
    rows = [kept(lab, bench, title) for title in ("a", "b", "c")]
    assert [row.number[:3] for row in rows] == ["Q1-", "Q2-", "Q3-"]
    assert quarantine.find(lab, rows[1].number.lower().replace("-", "")) == rows[1]
    assert quarantine.find(lab, rows[1].raw_sha256[:9]) == rows[1]
    assert quarantine.waiting(lab) == 3
    assert [row.number for row in quarantine.listed(lab)] == [row.number for row in rows[::-1]]


def test_the_number_of_a_neighbour_is_caught(lab, bench):
    first, second = kept(lab, bench, "a"), kept(lab, bench, "b")
    slip = f"Q2-{first.number[-1]}"
    assert slip != second.number
    with pytest.raises(NotFoundError, match="mistyped"):
        quarantine.find(lab, slip)


@pytest.mark.parametrize("typed", ["", "12", "Q", "abc", "%", "' OR 1=1", "f" * 65])
def test_what_is_no_number_is_told(lab, typed):
    with pytest.raises(NotFoundError):
        quarantine.find(lab, typed)


def test_the_same_bytes_wait_once_whatever_their_name_and_reason(lab, bench):
    first = kept(lab, bench)
    again = quarantine.keep(lab, "ana", "other.jdx", (bench / "x.jdx").read_bytes(), "other")
    assert again == first
    assert len(quarantine.listed(lab, everything=True)) == 1


def test_linking_records_a_run_and_closes_the_row_in_one_act(lab, bench):
    sample = a_sample(lab).number
    row = kept(lab, bench)
    found = pickup.link(lab, "ana", row.number, sample, match=FENTANYL)
    record = queries.sample_record(lab, sample)
    assert [run.file_name for run in record.runs] == ["x.jdx"]
    assert record.findings == (found,)
    closed = quarantine.find(lab, row.number)
    assert (closed.state, closed.run) == (QuarantineState.LINKED, record.runs[0].id)
    assert closed.closed_by == "ana"
    assert kinds(lab).count("quarantine.linked") == 1
    linked = audit.events(lab, 0, 1_000)[kinds(lab).index("quarantine.linked")]
    recorded = audit.events(lab, 0, 1_000)[kinds(lab).index("run.recorded")]
    assert linked.at == recorded.at
    assert quarantine.waiting(lab) == 0
    assert audit.verify(lab).ok


def test_a_closed_row_is_not_linked_or_dismissed_again(lab, bench):
    sample = a_sample(lab).number
    row = kept(lab, bench)
    quarantine.dismiss(lab, "lee", row.number, "dust")
    with pytest.raises(StateError, match="dismissed"):
        pickup.link(lab, "ana", row.number, sample, match=FENTANYL)
    with pytest.raises(StateError, match="dismissed"):
        quarantine.dismiss(lab, "ana", row.number, "again")
    assert quarantine.find(lab, row.number).remark == "dust"
    assert queries.sample_record(lab, sample).runs == ()


def test_bytes_that_are_a_run_already_only_close_the_row(lab, bench):
    first, other = a_sample(lab).number, a_sample(lab).number
    row = kept(lab, bench, sample=other)
    found = pickup.link(lab, "ana", row.number, first, match=FENTANYL)
    assert quarantine.find(lab, row.number).run == found.run
    assert kinds(lab).count("run.recorded") == 1


def test_linking_needs_the_analyst_who_held_it_and_a_reason_to_dismiss(lab, bench):
    sample = a_sample(lab, held_by="cus").number
    row = kept(lab, bench)
    with pytest.raises(CustodyError, match="never held"):
        pickup.link(lab, "ana", row.number, sample, match=FENTANYL)
    with pytest.raises(PermissionDenied):
        pickup.link(lab, "olga", row.number, sample, match=FENTANYL)
    with pytest.raises(PermissionDenied):
        quarantine.dismiss(lab, "olga", row.number, "x")
    with pytest.raises(RecordError, match="reason"):
        quarantine.dismiss(lab, "ana", row.number, "  ")
    assert quarantine.waiting(lab) == 1
    handed(lab, sample, "cus", "ana")
    assert pickup.link(lab, "ana", row.number, sample, match=FENTANYL).sample == sample


def test_what_cannot_be_read_goes_on_waiting(lab, bench):
    from instruments.errors import FormatError

    sample = a_sample(lab).number
    row = quarantine.keep(lab, "ana", "a.bin", b"\x00junk", "unreadable", sample=sample)
    with pytest.raises(FormatError):
        pickup.link(lab, "ana", row.number, sample)
    assert quarantine.find(lab, row.number) == row
    assert quarantine.waiting(lab) == 1


def test_replaying_the_log_gives_the_same_rows(lab, bench):
    sample = a_sample(lab).number
    for title in ("a", "b", "c"):
        kept(lab, bench, title)
    pickup.link(lab, "ana", quarantine.listed(lab)[0].number, sample, match=FENTANYL)
    quarantine.dismiss(lab, "qm", quarantine.listed(lab)[0].number, "empty cell")
    assert audit.verify(lab).ok
