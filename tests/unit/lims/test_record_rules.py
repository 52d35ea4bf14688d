"""Rules of the record that every later change must keep: custody, the log, who may do what."""

import pytest

from lims import audit, confirmations, custody, intake, people, queries
from lims.errors import (
    BusyError,
    CustodyError,
    PermissionDenied,
    RecordError,
    StateError,
)
from lims.lab import create_lab, open_lab
from lims.model import Person, Role, SampleDraft, ShipmentDraft
from lims.sqlite import sqlite3


@pytest.fixture
def lab(tmp_path):
    founder = Person(id="lead", name="Lea", roles=frozenset({Role.LEAD, Role.QUALITY}))
    made = create_lab(tmp_path / "lab", site="NOG", name="Nogales", timezone="UTC", founder=founder)
    people.add_person(made, "lead", "ana", "Ana", {Role.ANALYST})
    people.add_person(made, "lead", "rev", "Rev", {Role.REVIEWER})
    people.add_person(made, "lead", "off", "Off", {Role.OFFICER})
    yield made
    made.close()


@pytest.fixture
def sample(lab):
    shipment = intake.add_shipment(lab, "off", ShipmentDraft(declared_goods="silicon dioxide"))
    draft = SampleDraft(description="bag", seal="A1", officer="off")
    return intake.add_sample(lab, "off", shipment.number, draft)


def hand_over(lab, sample, giver, taker, actor, seal="A1"):
    both = [each for each in (giver, taker) if each != actor and not custody.is_place(each)]
    confirmed = confirmations.here(*both)
    return custody.transfer(
        lab, sample.number, giver=giver, taker=taker, actor=actor, seal=seal, confirmed=confirmed
    )


def test_transfer_starts_at_the_present_holder(lab, sample):
    with pytest.raises(CustodyError):
        hand_over(lab, sample, "rev", "ana", "ana")
    assert hand_over(lab, sample, sample.holder, "ana", "ana").holder == "ana"


def test_transfer_never_goes_from_place_to_place(lab, sample):
    hand_over(lab, sample, sample.holder, "place:safe", "off")
    with pytest.raises(CustodyError):
        hand_over(lab, sample, "place:safe", "place:shelf", "off")


def test_a_seal_that_does_not_fit_freezes_the_sample(lab, sample):
    with pytest.raises(CustodyError):
        hand_over(lab, sample, sample.holder, "ana", "ana", seal="B9")
    with pytest.raises((CustodyError, StateError)):
        hand_over(lab, sample, sample.holder, "ana", "ana")


def test_only_the_holder_opens(lab, sample):
    with pytest.raises(CustodyError):
        custody.open_sample(lab, "ana", sample.number, seal="A1")


def test_an_officer_may_not_review_and_a_stranger_may_do_nothing(lab, sample):
    from lims.review import review

    with pytest.raises(PermissionDenied):
        review(lab, "off", "F000001", accept=True)
    with pytest.raises(PermissionDenied):
        intake.add_note(lab, "nobody", sample.number, "hello")


def test_it_administration_touches_no_evidence(lab, sample):
    people.add_person(lab, "lead", "admin", "Admin", {Role.IT_ADMIN})
    with pytest.raises(PermissionDenied):
        hand_over(lab, sample, sample.holder, "ana", "admin")


def test_the_same_key_is_the_same_act(lab):
    draft = ShipmentDraft(declared_goods="pigment")
    first = intake.add_shipment(lab, "off", draft, key="scan-1")
    assert intake.add_shipment(lab, "off", draft, key="scan-1").number == first.number
    assert len(queries.shipments(lab)) == 1
    with pytest.raises(RecordError):
        intake.add_shipment(lab, "lead", draft, key="scan-1")


def test_replay_gives_the_same_projections(lab, sample):
    hand_over(lab, sample, sample.holder, "ana", "ana")
    assert audit.replay(lab) == audit.projected(lab)
    assert audit.verify(lab).ok


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE event SET body=json_set(body, '$.reason', 'x') WHERE seq=3",
        "UPDATE event SET actor='rev' WHERE seq=4",
        "DELETE FROM event WHERE seq=(SELECT max(seq) FROM event)",
        "UPDATE sample SET holder='rev'",
        "DROP TRIGGER event_nu",
    ],
)
def test_damage_done_behind_our_back_is_named(lab, sample, damage):
    folder = lab.folder
    lab.close()
    connection = sqlite3.connect(str(folder / "lab.db"))
    names = [
        row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'")
    ]
    statements = {
        name: connection.execute("SELECT sql FROM sqlite_master WHERE name=?", [name]).fetchone()[0]
        for name in names
    }
    if not damage.startswith("DROP"):
        for name in names:
            connection.execute(f"DROP TRIGGER {name}")
    connection.execute(damage)
    if not damage.startswith("DROP"):
        for text in statements.values():
            connection.execute(text)
    connection.commit()
    connection.close()
    try:
        again = open_lab(folder)
    except RecordError:
        return  # refused at the door: the schema or the head does not fit
    report = audit.verify(again)
    again.close()
    assert not report.ok
    assert report.problems


def test_a_second_writer_waits_or_is_told_and_nothing_is_lost(lab, monkeypatch):
    other = sqlite3.connect(str(lab.folder / "lab.db"))
    other.execute("BEGIN IMMEDIATE")
    before = queries.event_count(lab)
    lab.db.conn.set_authorizer(None)  # the record itself never changes its settings
    lab.db.execute("PRAGMA busy_timeout=50")
    with pytest.raises(BusyError):
        intake.add_shipment(lab, "off", ShipmentDraft(declared_goods="x"))
    other.rollback()
    other.close()
    assert queries.event_count(lab) == before
    intake.add_shipment(lab, "off", ShipmentDraft(declared_goods="x"))
    assert queries.event_count(lab) == before + 1


def add_many(lab):
    for _ in range(200):
        intake.add_shipment(lab, "off", ShipmentDraft(declared_goods="x" * 200))


def test_a_full_disk_is_told_and_nothing_is_lost(lab):
    from lims.errors import StorageFullError

    lab.db.conn.set_authorizer(None)  # stands for a disk with that many pages
    pages = lab.db.execute("PRAGMA page_count").fetchone()[0]
    lab.db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StorageFullError):
        add_many(lab)
    lab.db.execute("PRAGMA max_page_count=1000000")
    assert audit.verify(lab).ok
    intake.add_shipment(lab, "off", ShipmentDraft(declared_goods="after"))
