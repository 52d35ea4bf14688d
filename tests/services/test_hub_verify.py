"""What the hub refuses, with which code, and what it keeps."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from lims.errors import ConfigError
from reports.document import Issue
from reports.hub_keys import enroll, enroll_file
from reports.hub_store import FILE, SqliteHubStore
from reports.hub_verify import MAX_BYTES
from tests.services.hub_builders import DAY, NOW, a_site, at_moment, day_before
from tests.unit.reports.builders import a_row, many


@pytest.fixture
def store(tmp_path):
    made = SqliteHubStore(tmp_path / "hq")
    with at_moment():
        yield made
    made.close()


@pytest.fixture
def site(store):
    return a_site("NOG", store)


def rows(*names):
    return [a_row(DAY, *([name] if name else [])) for name in names or ("fentanyl", "")]


def test_signed_report_is_stored_with_its_exact_bytes(store, site):
    body = site.body(rows())
    receipt = site.send(store, body)
    assert (receipt.status, receipt.code) == (200, "stored")
    assert store.body("NOG-2026-11-23-d") == body


def test_same_bytes_again_are_a_duplicate_and_stored_once(store, site):
    body = site.body(rows())
    site.send(store, body)
    assert site.send(store, body).code == "duplicate"
    assert store.count() == 1
    assert store.alarms() == []


def test_same_number_with_other_bytes_is_refused_and_raises_an_alarm(store, site):
    site.send(store, site.body(rows("fentanyl")))
    receipt = site.send(store, site.body(rows("cocaine")))
    assert (receipt.status, receipt.code) == (409, "other_bytes")
    assert [alarm.code for alarm in store.alarms()] == ["other_bytes"]
    assert store.count() == 1


def test_used_sequence_is_refused(store, site):
    site.send(store, site.body(rows()))
    other = site.body([a_row(day_before(1))], day=day_before(1), sequence=1)
    assert site.send(store, other).code == "sequence_used"


def test_tampered_body_is_refused(store, site):
    body = site.body(rows("fentanyl"))
    changed = body.replace(b"silicon dioxide", b"silicon dioxidE")
    receipt = site.send(store, changed, signature=site.key.sign(body))
    assert (receipt.status, receipt.code) == (422, "bad_signature")
    assert store.count() == 0


def test_stranger_and_closed_lab_are_refused(store, site):
    stranger = a_site("XXX")
    assert stranger.send(store, stranger.body(rows())).code == "unknown_lab"
    assert store.alarms()[0].lab == ""


def test_lab_cannot_report_for_another(store, site):
    other = a_site("MIA", store)
    body = site.body(rows())
    assert other.send(store, body).code == "wrong_lab"
    # Nor under a number of another lab or day.
    renamed = site.body(rows(), issue=Issue(report_id="MIA-2026-11-23-d", sequence=1))
    assert site.send(store, renamed).code == "wrong_lab"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b'{"schema":"fol.daily/1","schema":"fol.daily/1"}', "not_json"),
        (b'{"schema":NaN}', "not_json"),
        (b"[" * 5_000, "not_json"),
        (b"[]", "wrong_schema"),
        (b'{"schema":"fol.daily/2"}', "wrong_schema"),
        (b'{"schema":"fol.daily/1"}', "wrong_schema"),
        (b"x" * (MAX_BYTES + 1), "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value[:20]),
)
def test_bytes_that_are_no_report_are_refused(store, site, body, code):
    assert site.send(store, body).code == code
    assert store.count() == 0


def test_newer_schema_is_told_what_is_known(store, site):
    assert "fol.daily/1" in site.send(store, b'{"schema":"fol.daily/9"}').detail


def test_idempotency_key_must_be_the_number(store, site):
    assert site.send(store, site.body(rows()), idempotency_key="other").code == "wrong_key"


def test_gap_is_accepted_and_told(store, site):
    receipt = site.send(store, site.body(rows(), sequence=4))
    assert receipt.code == "stored"
    assert receipt.warnings == ("sequence 3 has not arrived",)


def test_period_in_the_future_is_refused(store, site):
    later = DAY + timedelta(days=1)
    body = site.body([a_row(later)], day=later)
    assert site.send(store, body).code == "in_the_future"


def test_provisional_report_of_today_is_accepted(store, site):
    def provisional(document):
        document["header"]["complete"] = False

    today = NOW.date()
    body = site.body([], day=today, change=provisional)
    assert site.send(store, body).code == "stored"


def test_period_that_is_not_its_day_is_refused(store, site):
    def shifted(document):
        document["header"]["period_start"] = "2026-11-20T00:00:00.000Z"
        document["header"]["period_end"] = "2026-11-21T00:00:00.000Z"

    assert site.send(store, site.body([], change=shifted)).code == "wrong_schema"


def test_clock_that_differs_is_told_not_refused(store, site):
    receipt = site.send(store, site.body(rows()), sent_at="2026-11-24T02:30:00.000Z")
    assert receipt.code == "stored"
    assert "1800 s" in receipt.warnings[0]


@pytest.mark.parametrize("name", ["submitted", "tested", "found", "candidates", "waiting"])
def test_totals_that_are_not_the_rows_are_refused(store, site, name):
    def more(document):
        document["totals"][name] += 1

    assert site.send(store, site.body(rows(), change=more)).code == "wrong_totals"


def test_sample_listed_twice_is_refused(store, site):
    def twice(document):
        document["rows"].append(document["rows"][0])
        document["totals"].update(submitted=3, tested=3, found=2)
        document["totals"]["by_level"]["presumptive"] = 2

    assert site.send(store, site.body(rows(), change=twice)).code == "wrong_totals"


def test_candidate_with_a_name_is_refused(store, site):
    def named(document):
        row = document["rows"][0]
        row["level"], row["substances"] = "candidate", ["acetylfentanyl"]
        document["totals"].update(found=0, candidates=1, by_level={"candidate": 1})

    assert (
        site.send(store, site.body([a_row(DAY, "fentanyl")], change=named)).code == "wrong_totals"
    )


def test_unknown_substance_holds_the_row_not_the_report(store, site):
    receipt = site.send(store, site.body(rows("fentanyl", "unknownazene")))
    assert receipt.code == "stored"
    assert "held" in receipt.warnings[0]
    held = [row.quarantined for row in store.rows_in_force(DAY.isoformat())]
    assert sorted(held) == ["", "unknownazene"]


def correction(number, supersedes, sequence, **more):
    values = {"kind": "correction", "reason": "confirmed", "supersedes": supersedes, **more}
    return Issue(report_id=number, sequence=sequence, **values)


def test_correction_replaces_what_counts_and_overwrites_nothing(store, site):
    first = site.body(rows("fentanyl", "fentanyl"))
    site.send(store, first)
    issue = correction("NOG-2026-11-23-d.c1", "NOG-2026-11-23-d", 2)
    assert site.send(store, site.body(rows("cocaine"), issue=issue)).code == "stored"
    in_force = [row.body["substances"] for row in store.rows_in_force(DAY.isoformat())]
    assert in_force == [["cocaine"]]
    assert store.body("NOG-2026-11-23-d") == first


@pytest.mark.parametrize(
    "issue",
    [
        correction("NOG-2026-11-23-d.c1", "", 2),
        correction("NOG-2026-11-23-d.c1", "NOG-2026-11-22-d", 2),
        correction("NOG-2026-11-23-d.c1", "NOG-2026-11-23-d.c1", 2),
        correction("NOG-2026-11-23-d.c1", "NOG-2026-11-23-d", 2, reason=""),
        correction("NOG-2026-11-23-d.c1", "NOG-2026-11-23-d", 2, kind="retraction"),
        correction("NOG-2026-11-23-d.c1", "NOG-2026-11-23-d", 2, kind="daily"),
    ],
)
def test_correction_without_sense_is_refused(store, site, issue):
    site.send(store, site.body(rows()))
    assert site.send(store, site.body(rows("cocaine"), issue=issue)).code == "wrong_correction"


def test_retraction_takes_the_rows_out_of_every_later_count(store, site):
    site.send(store, site.body(rows("fentanyl")))
    issue = correction("NOG-2026-11-23-d.c1", "NOG-2026-11-23-d", 2, kind="retraction")
    assert site.send(store, site.body([], issue=issue)).code == "stored"
    assert list(store.rows_in_force(DAY.isoformat())) == []


def test_reports_on_file_cannot_be_changed_or_deleted(store, site, tmp_path):
    site.send(store, site.body(rows()))
    other = sqlite3.connect(tmp_path / "hq" / FILE)
    try:
        for statement in (
            "UPDATE report SET day='2020-01-01'", "DELETE FROM report", "DELETE FROM sample_row",
            "UPDATE sample_row SET concluded=0", "UPDATE lab SET public_key=zeroblob(32)",
        ):  # fmt: skip
            with pytest.raises(sqlite3.IntegrityError):
                other.execute(statement)
    finally:
        other.close()


def test_knocking_does_not_fill_the_disk(store, site, monkeypatch):
    monkeypatch.setattr("reports.hub_store.ALARMS_KEPT", 3)
    for _ in range(9):
        site.send(store, b"[]")
    assert len(store.alarms()) == 3


def test_key_on_file_is_never_exchanged(tmp_path):
    first, second = a_site("NOG"), a_site("NOG")
    enroll(tmp_path, "NOG", first.public)
    assert enroll(tmp_path, "NOG", first.public.hex().encode()).public_key == first.public
    with pytest.raises(ConfigError, match="another key"):
        enroll(tmp_path, "NOG", second.public)


def test_enrolment_by_file_refuses_what_is_no_key(tmp_path):
    path = tmp_path / "key.pub"
    path.write_text(a_site("NOG").public.hex() + "\n")
    assert enroll_file(tmp_path / "hq", "NOG", path).site == "NOG"
    path.write_text("not a key")
    with pytest.raises(ConfigError, match="no public key"):
        enroll_file(tmp_path / "hq", "MIA", path)
    with pytest.raises(ConfigError, match="cannot be a site"):
        enroll(tmp_path / "hq", "../x", b"\0" * 32)


def test_store_of_newer_software_is_refused(tmp_path):
    SqliteHubStore(tmp_path).close()
    other = sqlite3.connect(tmp_path / FILE)
    other.execute("PRAGMA user_version=99")
    other.close()
    with pytest.raises(ConfigError, match="newer"):
        SqliteHubStore(tmp_path)


def test_many_rows_stay_quick_and_whole(store, site):
    body = site.body(many(DAY, 600, "fentanyl"))
    assert site.send(store, body).code == "stored"
    assert len(list(store.rows_in_force(DAY.isoformat()))) == 600
    assert json.loads(store.body("NOG-2026-11-23-d"))["totals"]["tested"] == 600


def test_empty_signature_is_refused(store, site):
    arrived = replace(site.arrived(site.body(rows())), signature=b"")
    assert site.send(store, arrived.body, signature=b"").code == "bad_signature"
