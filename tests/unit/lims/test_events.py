import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import rfc8785

from lims import audit, chain, clock, events, intake, people, projections, sqlite
from lims.errors import BusyError, RecordError, StorageFullError
from lims.lab import open_lab
from lims.model import Role, ShipmentDraft
from tests.lims_builders import a_shipment

DRAFT = ShipmentDraft(declared_goods="pigment")


def test_hash_is_that_of_the_whole_canonical_event(lab):
    a_shipment(lab, consignor="Großhandel „Ł” & Söhne")
    prev = chain.GENESIS
    for event in events.read(lab.db, 0, 100):
        whole = {
            "actor": event.actor,
            "at": event.at,
            "body": event.body,
            "event_id": event.event_id,
            "key": event.key,
            "kind": event.kind,
            "lab": lab.lab_id,
            "seq": event.seq,
        }
        assert event.prev == prev
        assert event.hash == chain.link(prev, chain.leaf_hash(rfc8785.dumps(whole)))
        prev = event.hash


def test_body_in_the_file_is_canonical(lab):
    a_shipment(lab)
    for (body,) in lab.db.execute("SELECT body FROM event").fetchall():
        assert body.encode() == rfc8785.dumps(json.loads(body))


def test_event_ids_are_time_ordered_uuids_of_version_7():
    moment = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    made = [events.new_event_id(moment + timedelta(milliseconds=n)) for n in range(50)]
    assert made == sorted(made)
    assert len(set(made)) == 50
    shape = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(shape.fullmatch(text) for text in made)
    assert int(made[0].replace("-", "")[:12], 16) == int(moment.timestamp() * 1000)


def test_pages_of_the_log_are_whole_and_in_order(lab):
    total = audit.verify(lab).events
    pages = [e.seq for offset in range(0, total, 4) for e in audit.events(lab, offset, 4)]
    assert pages == list(range(1, total + 1))
    assert audit.events(lab, total, 4) == []
    assert audit.events(lab, 0, -1) == []


def test_act_that_fails_leaves_nothing(lab):
    parcel = a_shipment(lab).number
    before = audit.projected(lab)
    with pytest.raises(RecordError, match="does not know"):
        half_an_act(lab, parcel)
    assert audit.projected(lab) == before
    assert audit.verify(lab).ok


def half_an_act(lab, parcel):
    with lab.writing("lee") as act:
        act.append("shipment.noted", {"shipment": parcel, "note": "x"})
        act.append("moon.landed", {})


def test_the_same_act_twice_returns_the_first_result(lab):
    first = intake.add_shipment(lab, "olga", DRAFT, key="scan-1")
    count = audit.verify(lab).events
    assert intake.add_shipment(lab, "olga", DRAFT, key="scan-1") == first
    assert audit.verify(lab).events == count


def test_a_key_is_unique_in_the_file_itself(lab):
    intake.add_shipment(lab, "olga", DRAFT, key="scan-1")
    with lab.writing("lee") as act:
        act.key = "scan-1"
        with pytest.raises(sqlite.sqlite3.IntegrityError):
            act.append("note.added", {"subject": "x", "text": "y"})
    assert audit.verify(lab).ok


def test_numbers_are_never_used_again_and_start_anew_each_year(lab):
    def at(year):
        return clock.running_from(lambda: datetime(year, 6, 1, tzinfo=UTC))

    with at(2026):
        numbers = [a_shipment(lab).number for _ in range(3)]
    with at(2027):
        numbers.append(a_shipment(lab).number)
    with at(2026):
        numbers.append(a_shipment(lab).number)
    assert [number[:14] for number in numbers] == [
        "NOG-26-P000001", "NOG-26-P000002", "NOG-26-P000003", "NOG-27-P000001", "NOG-26-P000004",
    ]  # fmt: skip


def test_year_of_a_number_is_the_lab_s_own(tmp_path):
    from tests.lims_builders import a_lab

    lab = a_lab(tmp_path / "west", timezone="America/Phoenix")
    with clock.running_from(lambda: datetime(2027, 1, 1, 3, 0, tzinfo=UTC)):
        assert a_shipment(lab).number.startswith("NOG-26-")
    lab.close()


def test_other_writer_gives_busy_and_nothing_is_written(lab):
    impatient = open_lab(lab.folder, busy_ms=50)
    with lab.writing("lee"), pytest.raises(BusyError, match="nothing was written"):
        intake.add_shipment(impatient, "olga", DRAFT)
    assert intake.add_shipment(impatient, "olga", DRAFT).number.startswith("NOG-")
    impatient.close()


def test_readers_go_on_while_somebody_writes(lab):
    if not sqlite.safe_for_wal(sqlite.library_version()):
        pytest.skip("this SQLite runs in DELETE mode, where readers wait")
    other = open_lab(lab.folder, busy_ms=50)
    with lab.writing("lee") as act:
        act.append("person.added", {"id": "new", "name": "N", "roles": ["analyst"]})
        assert "new" not in {p.id for p in people.people(other)}
    assert "new" in {p.id for p in people.people(other)}
    other.close()


def test_full_disk_is_said_and_what_was_written_stays(lab):
    lab.db.conn.set_authorizer(None)
    pages = lab.db.execute("PRAGMA page_count").fetchone()[0]
    lab.db.conn.execute(f"PRAGMA max_page_count={pages + 2}")
    kept, full = 0, ""
    while not full and kept < 1_000:
        try:
            people.add_person(lab, "lee", f"p{kept}", "P" * 200, [Role.ANALYST])
            kept += 1
        except StorageFullError as error:
            full = error.message
    assert "nothing was written" in full
    assert kept
    lab.db.conn.execute("PRAGMA max_page_count=1000000")
    assert f"p{kept}" not in {p.id for p in people.people(lab)}
    assert f"p{kept - 1}" in {p.id for p in people.people(lab)}
    assert audit.verify(lab).ok
    assert people.add_person(lab, "lee", f"p{kept}", "P", [Role.ANALYST]).active


def test_oversized_event_is_refused(lab):
    with pytest.raises(RecordError, match="more than the record takes"), lab.writing("lee") as act:
        act.append("note.added", {"subject": "x", "text": "x" * (17 * 1024 * 1024)})


def test_every_kind_of_event_has_one_handler():
    kinds = list(projections.HANDLERS)
    assert len(kinds) == len(set(kinds))
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", kind) for kind in kinds)
