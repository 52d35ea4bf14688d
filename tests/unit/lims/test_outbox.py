from datetime import UTC, datetime, timedelta

import pytest

from lims import audit, clock, keys, outbox
from lims.errors import NotFoundError, PermissionDenied, RecordError, StateError
from lims.model import OutboxState


def put(lab, name="NOG-d1", body=b"{}", actor="lee"):
    return outbox.queue(lab, actor, name, "daily", body, keys.sign(lab, body))


def test_reports_are_numbered_without_gaps_and_kept_as_bytes(lab):
    bodies = [b"\x00\xff" * 10, b"two", b"three"]
    for at, body in enumerate(bodies):
        put(lab, f"r{at}", body)
    waiting = outbox.pending(lab)
    assert [item.seq for item in waiting] == [1, 2, 3]
    assert [item.body for item in waiting] == bodies
    assert all(keys.verify(lab.public_key, i.body, i.signature) for i in waiting)
    assert [item.seq for item in outbox.items(lab)] == [3, 2, 1]


def test_the_same_report_is_queued_once_and_other_bytes_need_another_number(lab):
    first = put(lab)
    assert put(lab) == first
    with pytest.raises(StateError, match="other content"):
        put(lab, body=b"{1}")
    assert len(outbox.items(lab)) == 1


def test_two_reports_with_the_same_bytes_are_two(lab):
    assert [put(lab, "a").seq, put(lab, "b").seq] == [1, 2]
    assert audit.verify(lab).ok


def test_sent_once_with_its_receipt(lab):
    put(lab)
    sent = outbox.mark_sent(lab, "lee", 1, "receipt 7")
    assert (sent.state, sent.receipt) == (OutboxState.SENT, "receipt 7")
    assert outbox.mark_sent(lab, "lee", 1, "receipt 7") == sent
    with pytest.raises(StateError, match="another receipt"):
        outbox.mark_sent(lab, "lee", 1, "receipt 8")
    with pytest.raises(StateError, match="sent already"):
        outbox.mark_parked(lab, "lee", 1, "x")
    assert outbox.pending(lab) == ()


def test_parked_waits_for_a_person(lab):
    put(lab)
    parked = outbox.mark_parked(lab, "lee", 1, "refused: unknown schema \x1b[2J")
    assert (parked.state, "\x1b" in parked.reason) == (OutboxState.PARKED, False)
    assert outbox.pending(lab) == ()
    assert outbox.requeue(lab, "lee", 1, "headquarters was updated").state is OutboxState.QUEUED


def test_waits_double_up_to_a_quarter_of_an_hour_and_are_no_events(lab):
    put(lab)
    size = audit.verify(lab).events
    moment = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    waits = []
    with clock.running_from(lambda: moment):
        for _ in range(10):
            item = outbox.mark_failed(lab, "lee", 1, "no route")
            waits.append(int((item.next_try - moment).total_seconds()))
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert not outbox.due(item, moment + timedelta(seconds=899))
    assert outbox.due(item, moment + timedelta(seconds=900))
    assert audit.verify(lab).events == size


def test_roles_and_limits(lab):
    with pytest.raises(PermissionDenied):
        put(lab, actor="olga")
    with pytest.raises(PermissionDenied):
        put(lab, actor="root")
    with pytest.raises(RecordError):
        put(lab, body=b"")
    put(lab)
    assert outbox.mark_sent(lab, "root", 1, "receipt").state is OutboxState.SENT
    with pytest.raises(NotFoundError):
        outbox.mark_sent(lab, "lee", 2, "x")
