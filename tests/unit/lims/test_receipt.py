import shutil
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims import audit, chain, custody, events, intake, projections, receipt, sqlite
from lims.errors import NotFoundError, RecordError
from lims.lab import open_lab
from tests.lims_builders import a_sample, handed


@pytest.fixture
def sample(lab):
    number = a_sample(lab, held_by="cus", seal="A1", officer="olga").number
    handed(lab, number, "cus", "ana", seal="A1", reason="to test")
    return number


def test_receipt_says_who_gave_what_to_whom_and_its_codes_fit(lab, sample):
    made = receipt.receipt(lab, sample)
    said = dict(receipt.lines(made))
    assert (said["From"], said["To"]) == ("Cus (cus)", "Ana (ana)")
    assert said["Confirmed"] == "Cus (cus) signed in; Ana (ana) confirmed at the same screen"
    first = receipt.receipt(lab, sample, event=made.step.seq - 1)
    assert first.step.kind == "received"
    report = audit.verify(lab)
    assert made.event_code == f"{made.step.seq}:{receipt.short(bytes.fromhex(report.head))}"
    assert made.root_code == f"{report.events}:{receipt.short(bytes.fromhex(report.root))}"
    checks = receipt.check(lab, [made.event_code, made.root_code, first.event_code])
    assert [(each.kind, each.fits) for each in checks] == [
        ("event", True),
        ("root", True),
        ("event", True),
    ]


def test_an_old_receipt_still_fits_after_more_was_written(lab, sample):
    made = receipt.receipt(lab, sample)
    custody.open_sample(lab, "ana", sample, seal="A1")
    intake.add_note(lab, "ana", sample, "torn")
    codes = [made.event_code, made.root_code]
    assert all(each.fits for each in receipt.check(lab, codes))


def rebuilt(folder, change):
    """A log that an administrator wrote anew: edited, and whole in itself again."""
    connection = sqlite.sqlite3.connect(str(folder / "lab.db"))
    lab_id = connection.execute("SELECT lab_id FROM lab").fetchone()[0]
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type='trigger'")
    triggers = triggers.fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    rows = connection.execute(
        "SELECT seq, event_id, at, actor, kind, body, key FROM event ORDER BY seq"
    ).fetchall()
    connection.execute("DELETE FROM event")
    prev = chain.GENESIS
    for seq, event_id, at, actor, kind, body, key in change(rows):
        leaf = events.leaf_of(lab_id, seq, event_id, at, actor, kind, body.encode(), key)
        hash_ = chain.link(prev, leaf)
        connection.execute(
            "INSERT INTO event(seq, event_id, at, actor, kind, body, key, prev, hash) "
            "VALUES(?,?,?,?,?,?,?,?,?)",
            (seq, event_id, at, actor, kind, body, key, prev, hash_),
        )
        prev = hash_
    fold_again(connection, lab_id)
    for _, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.close()


def fold_again(connection, lab_id):
    """Make every other table follow from the forged events, as a careful forger would."""
    rows = connection.execute(
        "SELECT seq, event_id, at, actor, kind, body, key, prev, hash FROM event ORDER BY seq"
    ).fetchall()
    folded = projections.rebuilt(
        (events.from_row(row), events.leaf_of(lab_id, *row[:5], row[5].encode(), row[6]))
        for row in rows
    )
    for table in projections.TABLES:
        connection.execute(f"DELETE FROM {table}")
        for row in folded.execute(f"SELECT * FROM {table}").fetchall():
            marks = ",".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} VALUES({marks})", tuple(row))


def test_a_rebuilt_log_is_told_by_one_paper_receipt(lab, sample, tmp_path):
    made = receipt.receipt(lab, sample)
    copy = tmp_path / "copy"
    lab.close()
    shutil.copytree(lab.folder, copy)
    rebuilt(copy, lambda rows: [(*r[:5], r[5].replace("to test", "to best"), r[6]) for r in rows])
    inside = open_lab(copy, for_inspection=True)
    try:
        assert audit.verify(inside).ok, "the forger was careful: the log is whole in itself"
        for code in (made.event_code, made.root_code):
            (check,) = receipt.check(inside, [code])
            assert not check.fits
            assert "was rewritten" in check.says
    finally:
        inside.close()


def test_a_log_that_was_cut_is_told(lab, sample, tmp_path):
    made = receipt.receipt(lab, sample)
    copy = tmp_path / "copy"
    lab.close()
    shutil.copytree(lab.folder, copy)
    rebuilt(copy, lambda rows: rows[:-1])
    inside = open_lab(copy, for_inspection=True)
    try:
        assert not any(
            each.fits for each in receipt.check(inside, [made.event_code, made.root_code])
        )
    finally:
        inside.close()


@pytest.mark.parametrize("digit", range(16))
def test_one_wrong_character_does_not_fit(lab, sample, digit):
    made = receipt.receipt(lab, sample)
    seq, _, letters = made.event_code.partition(":")
    other = "B" if letters[digit] == "A" else "A"
    wrong = f"{seq}:{letters[:digit]}{other}{letters[digit + 1 :]}"
    assert not receipt.check(lab, [wrong])[0].fits


def test_codes_are_read_as_people_type_them(lab, sample):
    made = receipt.receipt(lab, sample)
    seq, _, letters = made.event_code.partition(":")
    typed = letters.lower().replace("o", "0").replace("i", "1").replace("b", "8")
    spaced = f" {seq}:{typed[:4]} {typed[4:8]} {typed[8:]} "
    assert receipt.check(lab, [spaced])[0].fits


@given(st.text(string.printable + "é\u0661", max_size=70))
def test_what_is_no_code_is_refused_without_a_crash(text):
    try:
        seq, letters = receipt.parsed(text)
    except RecordError:
        return
    assert seq >= 0
    assert len(letters) == 16


def test_another_event_is_no_step_of_the_sample(lab, sample):
    with pytest.raises(NotFoundError, match="no step of"):
        receipt.receipt(lab, sample, event=1)


def test_a_step_recorded_on_behalf_says_so_on_paper(lab, sample):
    custody.transfer(
        lab,
        sample,
        giver="ana",
        taker="abe",
        actor="cus",
        seal="A1",
        reason="shift",
        on_behalf=True,
    )
    assert "NOT by both" in dict(receipt.lines(receipt.receipt(lab, sample)))["Confirmed"]
