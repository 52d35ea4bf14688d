import hashlib
import shutil

import pytest

from lims import (
    alerts,
    attachments,
    audit,
    audit_apart,
    audit_rows,
    canonical,
    chain,
    conclusion,
    custody,
    events,
    intake,
    keys,
    outbox,
    sqlite,
)
from lims.errors import AuditBrokenError, CustodyError, PermissionDenied
from lims.lab import open_lab
from tests.lims_builders import a_finding, a_sample, a_shipment, an_entry


@pytest.fixture
def full(lab, bench):
    """A lab in which every kind of thing has happened."""
    parcel = a_shipment(lab, declared_goods="sand").number
    sample = a_sample(lab, shipment=parcel, seal="A1").number
    a_finding(lab, bench, sample, an_entry("match", "fentanyl", hazard="H1"), reviewed=True)
    conclusion.conclude(lab, "ana", sample)
    alerts.acknowledge(lab, "olga", alerts.open_alerts(lab)[0].id)
    intake.add_note(lab, "olga", sample, "heavy for its size")
    attachments.add_photo(lab, "olga", sample, "a.jpg", b"\xff\xd8\xff picture")
    custody.open_sample(lab, "ana", sample, seal="A1", witness="olga")
    intake.add_portion(lab, "ana", sample, "neat", mass_ug=10)
    with pytest.raises(CustodyError):
        custody.open_sample(lab, "abe", a_sample(lab, held_by="abe", seal="B1").number, seal="B2")
    outbox.queue(lab, "lee", "NOG-d1", "daily", b"report", keys.sign(lab, b"report"))
    audit.checkpoint(lab, "lee")
    a_shipment(lab)
    return lab


@pytest.fixture
def enemy(full):
    """A connection such as any program with the file can have: no authorizer, no honour."""
    from lims.sqlite import sqlite3

    raw = sqlite3.connect(str(full.folder / "lab.db"), isolation_level=None)
    yield raw
    raw.close()


def unguard(raw):
    for (name,) in raw.execute("SELECT name FROM sqlite_schema WHERE type='trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {name}")


def problems(lab):
    report = audit.verify(lab)
    assert report.ok is (not report.problems)
    return "\n".join(report.problems)


def test_untouched_record_verifies_and_replays_to_the_same_bytes(full):
    report = audit.verify(full)
    assert report.problems == ()
    assert report.events == len(events.read(full.db, 0, 1000))
    assert (report.checkpoints, report.files) == (1, 3)
    assert audit.replay(full) == audit.projected(full)


def test_root_and_head_are_those_of_the_events(full):
    report = audit.verify(full)
    leaves = [
        events.leaf_of(
            full.lab_id, e.seq, e.event_id, e.at, e.actor, e.kind, canonical.dumps(e.body), e.key
        )
        for e in events.read(full.db, 0, 1000)
    ]
    assert report.root == chain.merkle_root(leaves).hex()
    assert report.head == events.read(full.db, 0, 1000)[-1].hash.hex()


@pytest.mark.parametrize("column", ["at", "actor", "kind", "body", "key", "event_id"])
def test_edited_event_is_named(full, enemy, column):
    unguard(enemy)
    value = {"body": "json_set(body,'$.x',1)", "at": "'2020-01-01T00:00:00.000Z'"}
    enemy.execute(
        f"UPDATE event SET {column}={value.get(column, chr(39) + 'zz' + chr(39))} WHERE seq=12"
    )
    assert "event 12" in problems(full)
    assert "was edited" in problems(full)


def test_edited_hash_is_named(full, enemy):
    unguard(enemy)
    enemy.execute("UPDATE event SET hash=zeroblob(32) WHERE seq=12")
    found = problems(full)
    assert "event 12" in found
    assert "event 13" in found


def test_deleted_event_is_named(full, enemy):
    unguard(enemy)
    enemy.execute("DELETE FROM event WHERE seq=12")
    assert "event 12 is missing" in problems(full)


def test_deleted_range_is_named(full, enemy):
    unguard(enemy)
    enemy.execute("DELETE FROM event WHERE seq BETWEEN 12 AND 14")
    assert "event 12 to 14 are missing" in problems(full)


def test_cut_tail_is_named(full, enemy):
    unguard(enemy)
    last = audit.verify(full).events
    enemy.execute("DELETE FROM event WHERE seq=?", (last,))
    assert "the log was cut" in problems(full)


def test_cut_behind_a_checkpoint_is_named_even_when_the_head_was_mended(full, enemy):
    unguard(enemy)
    size = audit.checkpoints(full)[0].size
    enemy.execute("DELETE FROM event WHERE seq>=?", (size,))
    row = enemy.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    enemy.execute("UPDATE log_head SET size=?, head=?", row)
    assert f"a checkpoint was signed at {size} events" in problems(full)


def test_swapped_events_are_named(full, enemy):
    unguard(enemy)
    enemy.execute("UPDATE event SET seq=-1 WHERE seq=11")
    enemy.execute("UPDATE event SET seq=11 WHERE seq=12")
    enemy.execute("UPDATE event SET seq=12 WHERE seq=-1")
    found = problems(full)
    assert "event 11" in found
    assert "event 12" in found


def test_inserted_event_is_named(full, enemy):
    unguard(enemy)
    last = audit.verify(full).events
    enemy.execute(
        "INSERT INTO event SELECT seq+1,'0-0',at,actor,kind,body,'',hash,randomblob(32) "
        "FROM event WHERE seq=?",
        (last,),
    )
    assert f"event {last + 1}" in problems(full)


def test_event_before_the_first_is_named(full, enemy):
    unguard(enemy)
    enemy.execute(
        "INSERT INTO event SELECT 0,'0-0',at,actor,kind,body,'',zeroblob(32),randomblob(32) "
        "FROM event WHERE seq=1"
    )
    assert "event 0" in problems(full)


def test_whole_chain_made_again_by_an_administrator_is_caught_by_the_checkpoint(full, enemy):
    unguard(enemy)
    enemy.execute("UPDATE event SET actor='abe' WHERE actor='ana'")
    prev, frontier, size = chain.GENESIS, b"", 0
    for row in events.read(full.db, 0, 1000):
        text = enemy.execute("SELECT body FROM event WHERE seq=?", (row.seq,)).fetchone()[0]
        leaf = events.leaf_of(
            full.lab_id, row.seq, row.event_id, row.at, row.actor, row.kind, text.encode(), row.key
        )
        hash_ = chain.link(prev, leaf)
        enemy.execute("UPDATE event SET prev=?, hash=? WHERE seq=?", (prev, hash_, row.seq))
        prev, frontier, size = hash_, chain.grow(frontier, size, leaf), size + 1
    enemy.execute("UPDATE log_head SET head=?, frontier=?", (prev, frontier))
    assert "is not the one its checkpoint signed" in problems(full)


def test_forged_checkpoint_is_named(full, enemy):
    unguard(enemy)
    enemy.execute("UPDATE checkpoint SET at='2020-01-01T00:00:00.000Z'")
    assert "does not carry the lab's signature" in problems(full)


@pytest.mark.parametrize(
    "trigger", ["event_nu", "event_nd", "event_ni", "document_nd", "checkpoint_nu"]
)
def test_dropped_trigger_is_named(full, enemy, trigger):
    enemy.execute(f"DROP TRIGGER {trigger}")
    assert f"trigger {trigger} is missing" in problems(full)


def test_added_and_redefined_parts_are_named(full, enemy):
    enemy.execute("CREATE TRIGGER spy AFTER INSERT ON event BEGIN DELETE FROM note; END")
    assert "an unknown trigger spy was added" in problems(full)
    enemy.execute("DROP TRIGGER spy")
    enemy.execute("DROP TRIGGER event_nu")
    enemy.execute("CREATE TRIGGER event_nu BEFORE UPDATE ON event BEGIN SELECT 1; END")
    assert "was redefined" in problems(full)


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("UPDATE sample SET holder='abe'", "sample"),
        ("UPDATE sample SET hazard=''", "sample"),
        ("UPDATE shipment SET notes='[]'", "shipment"),
        ("UPDATE finding SET headline='no match'", "finding"),
        ("UPDATE conclusion SET text='confirmed: gold'", "conclusion"),
        ("UPDATE person SET roles='[\"lead\"]' WHERE id='abe'", "person"),
        ("UPDATE alert SET acknowledged_by='ana'", "alert"),
        ("UPDATE custody SET reason='x'", "custody"),
        ("DELETE FROM custody", "custody"),
        ("DELETE FROM note", "note"),
        ("DELETE FROM discrepancy", "discrepancy"),
        ("UPDATE counter SET last=0", "counter"),
        ("UPDATE run SET raw_sha256=hex(randomblob(32))", "run"),
        ("UPDATE outbox SET state='sent'", "outbox"),
        ("UPDATE lab SET training=1", "lab"),
        ("UPDATE portion SET mass_ug=NULL", "portion"),
    ],
)
def test_row_that_does_not_follow_from_the_events_is_named(full, enemy, sql, table):
    enemy.execute("PRAGMA foreign_keys=OFF")
    enemy.execute(sql)
    assert f"table {table} holds rows" in problems(full)


def raw_file(lab):
    digest = lab.db.execute("SELECT raw_sha256 FROM run").fetchone()[0]
    return lab.raw_folder / digest[:2] / digest[2:4] / digest


def test_missing_raw_file_is_named(full):
    raw_file(full).unlink()
    assert "the raw file of run" in problems(full)
    assert "is missing" in problems(full)


def test_one_altered_raw_byte_is_named(full):
    path = raw_file(full)
    data = bytearray(path.read_bytes())
    data[10] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    assert "was altered" in problems(full)
    assert audit.verify(full, files=False).ok


def test_altered_report_in_the_outbox_is_named(full, enemy):
    unguard(enemy)
    enemy.execute("UPDATE document SET body=?", (b"rosy report",))
    assert "the bytes of report NOG-d1 were altered" in problems(full)


def test_old_backup_put_back_is_caught_by_a_newer_checkpoint(full, tmp_path):
    full.close()
    shutil.copy(full.folder / "lab.db", tmp_path / "old.db")
    opened = open_lab(full.folder)
    a_shipment(opened)
    signed = audit.checkpoint(opened, "lee")
    opened.close()
    shutil.copy(tmp_path / "old.db", full.folder / "lab.db")
    opened = open_lab(full.folder)
    # The lab's own file cannot know; whoever holds the signed checkpoint can.
    assert audit.verify(opened).events < signed.size
    assert keys.verify(opened.public_key, audit.statement(opened, signed), signed.signature)
    opened.close()


def test_events_of_another_lab_do_not_fit(full, tmp_path):
    from tests.lims_builders import a_lab

    other = a_lab(tmp_path / "other")
    hashes = [event.hash for event in events.read(full.db, 0, 5)]
    assert not set(hashes) & {event.hash for event in events.read(other.db, 0, 5)}
    other.close()


def test_clock_set_back_is_a_notice_and_no_problem(full):
    from datetime import timedelta

    from lims import clock

    moment = clock.now() - timedelta(hours=3)
    with clock.running_from(lambda: moment):
        a_shipment(full)
    report = audit.verify(full)
    assert report.ok
    assert "the clock went back" in report.notices[0]


def test_wrecked_body_ends_in_a_report(full, enemy):
    unguard(enemy)
    enemy.execute("PRAGMA ignore_check_constraints=ON")
    enemy.execute("UPDATE event SET body='{\"a\":' WHERE seq=12")
    enemy.execute("UPDATE event SET kind='moon.landed' WHERE seq=13")
    assert "event 12" in problems(full)
    assert "cannot be replayed" in problems(full)


def test_checkpoint_is_signed_once_per_size_and_by_anybody_named(full):
    first = audit.checkpoint(full, "root")
    assert audit.checkpoint(full, "lee") == first
    text = audit.statement(full, first)
    assert text.decode().splitlines()[:2] == [f"lims/{full.lab_id}", str(first.size)]
    assert keys.verify(full.public_key, text, first.signature)
    with pytest.raises(PermissionDenied):
        audit.checkpoint(full, "stranger")


def test_require_whole_raises_with_the_first_problem(full, enemy):
    assert audit.require_whole(full).ok
    enemy.execute("DROP TRIGGER event_nd")
    with pytest.raises(AuditBrokenError, match="event_nd"):
        audit.require_whole(full)


def test_raw_store_is_named_by_its_hash(full):
    path = raw_file(full)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def test_pages_overwritten_by_chance_end_in_a_report_or_a_clear_error(full, monkeypatch):
    import random

    from lims import queries, store
    from spectra.errors import LabError

    monkeypatch.setattr(store, "CHECKED_BYTES", 0)  # as for a file too large to look at on opening
    full.close()
    path = full.folder / "lab.db"
    whole = path.read_bytes()
    named = 0
    for seed in range(25):
        dice, data = random.Random(seed), bytearray(whole)
        for _ in range(3):
            at = dice.randrange(4096, len(data) - 400)
            data[at : at + 300] = dice.randbytes(300)
        path.write_bytes(data)
        try:
            opened = open_lab(full.folder, for_inspection=True)
        except LabError:
            named += 1
            continue
        report = audit.verify(opened)
        named += not report.ok
        for read in (queries.work_page, queries.board, audit.events, queries.shipments):
            try:
                read(opened)
            except LabError:
                named += 1
        opened.close()
    assert named > 6


def test_verify_sees_one_moment_while_others_write(full, monkeypatch):
    other = open_lab(full.folder)
    compare = audit_rows.compare

    def write_meanwhile(*given, **named):
        a_shipment(other)
        compare(*given, **named)

    monkeypatch.setattr(audit_rows, "compare", write_meanwhile)
    seen = audit.verify(full)
    monkeypatch.undo()
    assert seen.problems == ()
    assert seen.events + 1 == audit.verify(other).events
    other.close()


def test_second_process_finds_what_the_first_would(full, enemy, monkeypatch):
    whole = audit.verify(full)
    monkeypatch.setattr(audit_apart, "WORTH_IT_FROM", 1)
    monkeypatch.setattr(audit, "walk", None)  # nobody may walk here
    assert audit.verify(full) == whole
    unguard(enemy)
    enemy.execute("UPDATE event SET actor='zz' WHERE seq=12")
    enemy.execute("DELETE FROM event WHERE seq=15")
    found = problems(full)
    assert "event 12 (" in found
    assert "event 15 is missing" in found


def test_walk_is_made_here_where_no_second_process_is_to_be_had(full, monkeypatch):
    monkeypatch.setattr(audit_apart, "WORTH_IT_FROM", 1)
    for executable in ("/nowhere/python", "/bin/false"):
        monkeypatch.setattr(audit_apart.sys, "executable", executable)
        assert audit.verify(full).ok


def test_rows_that_differ_are_named(full, enemy):
    number = enemy.execute("SELECT number FROM sample ORDER BY seq DESC LIMIT 1").fetchone()[0]
    enemy.execute("UPDATE sample SET holder='nobody' WHERE number=?", (number,))
    found = problems(full)
    assert f"table sample holds rows that do not follow from the events ({number})" in found


def test_replay_without_short_cuts_decides(full, monkeypatch):
    # A short cut that went wrong must never be told as a changed record.
    monkeypatch.setattr(audit_rows, "WHOLE", {"shipment.received": "notes"})
    assert audit.verify(full).ok
    monkeypatch.setattr(audit_rows.canonical, "Spelled", lambda text: {"spoiled": text})
    assert audit.verify(full).ok


def test_name_that_stands_twice_in_a_body_is_not_cut_out(full, enemy):
    unguard(enemy)
    enemy.execute(
        'UPDATE event SET body=replace(body,\'"match":{\',\'"match":{},"match":{\') '
        "WHERE kind='finding.submitted'"
    )
    database = sqlite.memory()
    sqlite.attach(database, full.store.path, read_only=False)
    with pytest.raises(audit_rows._NotTaken):
        list(audit_rows._events_in_part(database))
    database.close()


def test_progress_is_told(full):
    told = []
    audit.verify(full, progress=lambda *step: told.append(step))
    assert {"replaying the log", "comparing tables", "hashing files"} <= {step[0] for step in told}


def test_checkpoint_at_an_impossible_size_is_named(full, enemy):
    enemy.execute(
        "INSERT INTO checkpoint SELECT -3, root, head, fingerprint, at, signature FROM checkpoint"
    )
    assert "is not the one its checkpoint signed" in problems(full)


def test_checkpoint_signed_by_another_key_is_named(full, enemy, tmp_path):
    from tests.lims_builders import a_lab

    other = a_lab(tmp_path / "other")
    point = audit.checkpoints(full)[0]
    forged = keys.sign(other, audit.statement(full, point))
    other.close()
    unguard(enemy)
    enemy.execute("UPDATE checkpoint SET signature=?", (forged,))
    assert "does not carry the lab's signature" in problems(full)


def test_forked_log_is_named_by_the_checkpoint_of_the_other_branch(full, enemy):
    a_shipment(full)
    signed = audit.checkpoint(full, "lee")
    unguard(enemy)
    last = enemy.execute("SELECT * FROM event WHERE seq=?", (signed.size,)).fetchone()
    seq, event_id, _, actor, kind, body, key, prev, _ = last
    at = "2031-01-01T00:00:00.000Z"  # the same act, said to have been at another time
    leaf = events.leaf_of(full.lab_id, seq, event_id, at, actor, kind, body.encode(), key)
    hash_ = chain.link(prev, leaf)
    enemy.execute("UPDATE event SET at=?, hash=? WHERE seq=?", (at, hash_, seq))
    enemy.execute("UPDATE log_head SET head=?", (hash_,))
    assert f"the log before event {seq + 1} is not the one its checkpoint signed" in problems(full)
