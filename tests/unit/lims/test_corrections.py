import pytest

from lims import attachments, audit, corrections, queries, records
from lims.errors import NotFoundError, PermissionDenied, RecordError, StateError
from tests.lims_builders import a_sample, a_shipment


def set_right(lab, subject, field, to, actor="lee"):
    return corrections.correct(lab, actor, subject, field, to, reason="typed for another bag")


def test_a_correction_names_what_it_corrects_and_the_first_stays(lab):
    sample = a_sample(lab, description="white powder", officer="olga").number
    first = set_right(lab, sample, "description", "brown powder")
    second = set_right(lab, sample, "description", "grey powder")
    received = next(e for e in audit.events(lab, 0, 100) if e.kind == "sample.received")
    assert first.corrects == received.seq
    assert second.corrects == first.seq
    assert (first.was, second.was) == ("white powder", "brown powder")
    assert received.body["draft"]["description"] == "white powder"
    assert records.sample(lab.db, sample).draft.description == "grey powder"
    assert queries.work_count(lab, find="grey") == 1
    assert queries.work_count(lab, find="white") == 0
    assert [each.now for each in corrections.corrections(lab, sample)] == [
        "brown powder",
        "grey powder",
    ]
    assert audit.replay(lab) == audit.projected(lab)


def test_a_shipment_s_notes_follow_its_corrected_figures(lab):
    parcel = a_shipment(lab, declared_value="10 USD", freight="38 USD").number
    a_sample(lab, shipment=parcel)
    assert "freight above goods value" in records.shipment(lab.db, parcel).notes
    set_right(lab, parcel, "declared_value", "100 USD")
    assert "freight above goods value" not in records.shipment(lab.db, parcel).notes
    set_right(lab, parcel, "declared_goods", "silicon dioxide")
    assert queries.work_page(lab, find="silicon")[0].declared == "silicon dioxide"
    assert audit.replay(lab) == audit.projected(lab)


@pytest.mark.parametrize(
    ("field", "to", "why"),
    [
        ("holder", "ana", "not corrected like this"),
        ("seal", "A1", "not corrected like this"),
        ("gross_ug", "5", "not corrected like this"),
        ("description", "", "missing"),
        ("description", "a\x1b[2J", "hidden character"),
        ("lane", "fast", "quick or full"),
        ("description", "white powder", "already"),
    ],
)
def test_what_cannot_be_corrected_is_refused(lab, field, to, why):
    sample = a_sample(lab).number
    with pytest.raises(RecordError, match=why):
        set_right(lab, sample, field, to)


def test_officers_do_not_correct_and_a_country_stays_a_country(lab):
    parcel = a_shipment(lab).number
    with pytest.raises(PermissionDenied):
        set_right(lab, parcel, "origin", "CN", actor="olga")
    with pytest.raises(RecordError, match="not a country code"):
        set_right(lab, parcel, "origin", "China")
    assert set_right(lab, parcel, "origin", "cn").now == "CN"


def test_an_event_is_set_right_by_naming_it(lab):
    sample, other = a_sample(lab).number, a_sample(lab).number
    seq = audit.events(lab, 0, 100)[-1].seq
    with pytest.raises(NotFoundError, match="is not about"):
        corrections.correct_event(lab, "lee", sample, seq, "x", reason="y")
    made = corrections.correct_event(lab, "lee", other, seq, "taken at gate 4", reason="misheard")
    assert (made.corrects, made.now) == (seq, "taken at gate 4")


def test_a_file_is_kept_by_its_hash_and_its_name_is_only_data(lab):
    sample = a_sample(lab).number
    data = b"#!/bin/sh\nrm -rf /"
    made = attachments.attach(lab, "olga", sample, "../../e\x1bvil.sh", data, what="note", key="k")
    assert (
        attachments.attach(lab, "olga", sample, "../../e\x1bvil.sh", data, what="note", key="k")
        == made
    )
    assert made.file_name == "../../e\\x1bvil.sh"
    kept = [path for path in lab.raw_folder.rglob("*") if path.is_file()]
    assert [path.name for path in kept] == [made.raw_sha256]
    assert not kept[0].stat().st_mode & 0o111
    assert attachments.content(lab, made.raw_sha256[:8])[1] == data
    assert attachments.attachments(lab, sample) == (made,)
    assert audit.verify(lab).files == 1
    kept[0].chmod(0o644)
    kept[0].write_bytes(b"other")
    assert any("was altered" in p or "hash" in p for p in audit.verify(lab).problems)


def test_files_that_make_no_sense_are_refused(lab, monkeypatch):
    sample = a_sample(lab).number
    monkeypatch.setattr(attachments, "MAX_BYTES", 10)
    for data, what, why in (
        (b"", "x", "is empty"),
        (b"x" * 11, "x", "at most 10"),
        (b"x", "", "missing"),
    ):
        with pytest.raises(RecordError, match=why):
            attachments.attach(lab, "olga", sample, "a", data, what=what)
    with pytest.raises(NotFoundError):
        attachments.content(lab, "zz")
    with pytest.raises(NotFoundError):
        attachments.content(lab, "ab" * 32)
    with pytest.raises((NotFoundError, StateError)):
        attachments.attach(lab, "olga", "NOG-26-S000099-0", "a", b"x", what="x")
