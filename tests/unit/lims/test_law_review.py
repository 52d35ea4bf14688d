"""A lab's own legal rules, and stored findings read against them again."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from libraries import legal_rules, legal_trial
from libraries.errors import LibraryError
from lims import alerts, audit, clock, law, law_review, records
from lims.errors import NotFoundError, PermissionDenied, RecordError, StateError
from tests.lims_builders import a_finding, a_sample, an_entry

NIGHT = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)


def a_rule(**changes):
    """A class rule of an invented country that names xylazine."""
    return {
        "schema": "fol.law/1",
        "id": "xx-veterinary",
        "jurisdiction": "Utopia",
        "rule": "veterinary sedatives",
        "classes": ["sedative/adulterant (alpha-2 agonist)"],
        "schedule": "List 1",
        "pointer": "Utopia: veterinary sedatives",
        "version": [
            {
                "valid_from": "2026-01-01",
                "valid_to": "",
                "source": "Act 1 of 2025",
                "text": "Xylazine and what is built like it.",
                "text_status": "paraphrase",
                "sure": "invented for a test",
            }
        ],
        "test": {"kind": "listed", "as_of": "2026-01-01", "entries": [{"name": "xylazine"}]},
        **changes,
    }


def a_file(folder, name="rule.json", **changes):
    path = folder / name
    path.write_text(json.dumps(a_rule(**changes)), encoding="utf-8")
    return path


@pytest.fixture
def night():
    """A clock that a test moves: one night in March, a minute for each act."""
    moments = [NIGHT]

    def tick():
        moments[0] += timedelta(minutes=1)
        return moments[0]

    with clock.running_from(tick):
        yield moments


@pytest.fixture
def found_xylazine(lab, bench, night):
    number = a_sample(lab).number
    return a_finding(lab, bench, number, an_entry("match", "xylazine", hazard="H3"))


def test_a_labs_rule_is_read_from_the_day_it_is_imported(lab, tmp_path, night):
    rule = law.import_rule(lab, "lee", a_file(tmp_path), reason="Act 1 of 2025").rule
    assert (rule.revision, rule.jurisdiction) == (1, "Utopia")
    assert law.rules(lab).get("xx-veterinary").digest == rule.digest
    assert len(law.rules(lab)) == len(legal_rules.packaged()) + 1
    before = clock.stamp(NIGHT)
    assert len(law.rules(lab, at=before)) == len(legal_rules.packaged())


def test_a_correction_is_the_next_revision_and_the_first_stays(lab, tmp_path, night):
    law.import_rule(lab, "lee", a_file(tmp_path), reason="first")
    between = clock.stamp(clock.now())
    again = law.import_rule(lab, "ana", a_file(tmp_path, pointer="Utopia: kin"), reason="typo").rule
    assert again.revision == 2
    assert law.rules(lab, at=between).get("xx-veterinary").revision == 1
    kept = records.rows(lab.db, "SELECT revision, reason, by FROM law_rule ORDER BY revision")
    assert [(r["revision"], r["reason"], r["by"]) for r in kept] == [
        (1, "first", "lee"),
        (2, "typo", "ana"),
    ]


def test_a_packaged_rule_can_be_corrected_by_the_lab(lab, tmp_path, night):
    path = a_file(tmp_path, id="uk-nitazenes")
    law.import_rule(lab, "qm", path, reason="our counsel reads it so")
    assert law.rules(lab).get("uk-nitazenes").jurisdiction == "Utopia"
    assert legal_rules.packaged().get("uk-nitazenes").jurisdiction == "United Kingdom"


def test_numbers_keep_their_digest_through_the_record(lab, tmp_path, night):
    test = {
        "kind": "screen",
        "largest_mass": 500.0,
        "patterns": ["[#7]~C1~[#7]CCCS1"],
        "reason_met": "a thiazoline",
        "reason_not_met": "no thiazoline",
    }
    taken = law.import_rule(lab, "lee", a_file(tmp_path, test=test), reason="r")
    rule = taken.rule
    assert taken.said == {"may apply": ("xylazine",)}
    stored = records.value(lab.db, "SELECT digest FROM law_rule")
    assert stored == rule.digest == law.rules(lab).get(rule.id).digest


def test_the_same_rule_twice_is_refused_and_the_same_act_twice_is_one(lab, tmp_path, night):
    path = a_file(tmp_path)
    law.import_rule(lab, "lee", path, reason="r", key="k1")
    assert law.import_rule(lab, "lee", path, reason="r", key="k1").rule.revision == 1
    with pytest.raises(StateError, match="says this already"):
        law.import_rule(lab, "lee", path, reason="r")


@pytest.mark.parametrize("person", ["olga", "cus", "rex", "lia", "root"])
def test_who_may_not_change_law_may_not(lab, tmp_path, night, person):
    with pytest.raises(PermissionDenied):
        law.import_rule(lab, person, a_file(tmp_path), reason="r")
    with pytest.raises(PermissionDenied):
        law_review.record(lab, person)
    assert records.value(lab.db, "SELECT count(*) FROM law_rule") == 0


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", RecordError),
        (b"[1, 2", RecordError),
        (b'{"schema": "fol.law/1", "schema": "fol.law/1"}', RecordError),
        (b'{"a": NaN}', RecordError),
        (b"[" * 100_000, RecordError),
        (b"\xff\xfe\x00", RecordError),
        (b" " * 2_000_001, RecordError),
        (b"{}", LibraryError),
        (b"[]", LibraryError),
        (json.dumps(a_rule(id="a/../b")).encode(), LibraryError),
        (json.dumps(a_rule(test={"kind": "screen", "patterns": ["C("]})).encode(), LibraryError),
        (json.dumps(a_rule(more=1)).encode(), LibraryError),
    ],
)
def test_a_damaged_or_hostile_rule_file_changes_nothing(lab, tmp_path, night, content, error):
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(error):
        law.import_rule(lab, "lee", path, reason="r")
    assert records.value(lab.db, "SELECT count(*) FROM law_rule") == 0


def test_a_pattern_that_never_ends_is_refused_before_it_is_kept(lab, tmp_path, night, monkeypatch):
    monkeypatch.setattr(legal_trial, "try_rule", partial(legal_trial.try_rule, seconds=2.0))
    endless = {
        "kind": "screen",
        "patterns": [".".join("*" * 9) + ".[U]"],
        "reason_met": "a",
        "reason_not_met": "b",
    }
    with pytest.raises(LibraryError, match="within 2 seconds"):
        law.import_rule(lab, "lee", a_file(tmp_path, test=endless), reason="r")
    assert records.value(lab.db, "SELECT count(*) FROM law_rule") == 0


def test_a_rule_needs_a_reason_and_a_file(lab, tmp_path, night):
    with pytest.raises(RecordError, match="reason is missing"):
        law.import_rule(lab, "lee", a_file(tmp_path), reason=" ")
    with pytest.raises(NotFoundError, match="cannot be opened"):
        law.import_rule(lab, "lee", tmp_path / "none.json", reason="r")


def test_a_new_rule_lists_the_findings_it_changes_and_tells_once(
    lab, bench, tmp_path, found_xylazine
):
    assert law_review.review(lab).changes == ()
    law.import_rule(lab, "lee", a_file(tmp_path), reason="Act 1 of 2025")
    before = records.finding(lab.db, found_xylazine.id)
    review = law_review.record(lab, "lee")
    (change,) = review.changes
    assert (change.sample, change.finding) == (found_xylazine.sample, found_xylazine.id)
    assert (change.kind, change.subject) == ("substance", "xylazine")
    assert (change.old, change.new) == ("does not apply", "applies")
    assert (change.rule, change.old_revision, change.new_revision) == ("xx-veterinary", 0, 1)
    assert review.recorded
    # The finding is what it was; the notice names no substance in its headline.
    assert records.finding(lab.db, found_xylazine.id) == before
    (notice,) = [each for each in alerts.open_alerts(lab) if each.kind == "law"]
    assert notice.sample == found_xylazine.sample
    assert "xylazine" not in notice.headline
    assert "veterinary sedatives (Utopia): does not apply -> applies" in notice.detail
    assert "xylazine" not in notice.detail
    # Told once: the same law again says nothing new.
    again = law_review.record(lab, "lee")
    assert (again.changes, again.recorded) == ((), False)
    assert len([each for each in alerts.open_alerts(lab) if each.kind == "law"]) == 1


def test_no_substance_is_shown_before_its_hazard_notice_is_seen(lab, bench, tmp_path, night):
    number = a_sample(lab).number
    a_finding(lab, bench, number, an_entry("match", "carfentanil", hazard="H1"))
    entries = {"kind": "listed", "as_of": "2026-01-01", "entries": [{"name": "carfentanil"}]}
    law.import_rule(lab, "lee", a_file(tmp_path, test=entries), reason="r")
    review = law_review.record(lab, "lee")
    (change,) = law_review.shown(lab, review).changes
    assert change.subject == law_review.UNSEEN
    for notice in alerts.open_alerts(lab):
        assert "carfentanil" not in f"{notice.headline} {notice.detail}"
        if notice.kind == "hazard":
            alerts.acknowledge(lab, "ana", notice.id)
    assert law_review.shown(lab, review).changes[0].subject == "carfentanil"


def test_a_look_writes_nothing(lab, bench, tmp_path, found_xylazine):
    law.import_rule(lab, "lee", a_file(tmp_path), reason="r")
    events = records.value(lab.db, "SELECT count(*) FROM event")
    assert len(law_review.review(lab).changes) == 1
    assert records.value(lab.db, "SELECT count(*) FROM event") == events


def test_a_rule_that_comes_into_force_later_changes_the_reading_on_its_day(
    lab, bench, tmp_path, found_xylazine, night
):
    version = a_rule()["version"][0] | {"valid_from": "2026-06-01"}
    law.import_rule(lab, "lee", a_file(tmp_path, version=[version]), reason="Act 2")
    (early,) = law_review.record(lab, "lee").changes
    assert (early.old, early.new) == ("does not apply", "not yet in force")
    night[0] = datetime(2026, 6, 2, tzinfo=UTC)
    (late,) = law_review.record(lab, "lee").changes
    assert (late.old, late.new) == ("not yet in force", "applies")


def test_a_withdrawn_reading_is_listed_too(lab, bench, tmp_path, found_xylazine):
    law.import_rule(lab, "lee", a_file(tmp_path), reason="r")
    law_review.record(lab, "lee")
    entries = {"kind": "listed", "as_of": "2026-01-01", "entries": [{"name": "romifidine"}]}
    law.import_rule(lab, "lee", a_file(tmp_path, test=entries), reason="correction")
    (change,) = law_review.record(lab, "lee").changes
    assert (change.old, change.new) == ("applies", "does not apply")
    assert (change.old_revision, change.new_revision) == (1, 2)


def test_a_finding_made_under_the_new_rule_is_no_change(lab, bench, tmp_path, found_xylazine):
    law.import_rule(lab, "lee", a_file(tmp_path), reason="r")
    law_review.record(lab, "lee")
    number = a_sample(lab).number
    a_finding(lab, bench, number, an_entry("match", "xylazine", hazard="H3"))
    assert law_review.record(lab, "lee").changes == ()


def test_a_candidate_is_read_by_its_class(lab, bench, tmp_path, night):
    number = a_sample(lab).number
    a_finding(lab, bench, number, an_entry("analogue_candidate", class_name="nitazene"))
    law.import_rule(lab, "lee", a_file(tmp_path, classes=["nitazene"]), reason="r")
    (change,) = law_review.record(lab, "lee").changes
    assert (change.kind, change.subject) == ("class", "nitazene")
    assert change.new == "concerns this class"


def test_the_letters_of_a_definition_are_part_of_the_reading(lab, bench, tmp_path, night):
    number = a_sample(lab).number
    a_finding(lab, bench, number, an_entry("match", "butyrylfentanyl", hazard="H1"))
    law_review.record(lab, "lee")
    stored = records.value(
        lab.db, "SELECT reading FROM law_reading WHERE subject='substance:butyrylfentanyl'"
    )
    assert json.loads(stored)["us-fentanyl-related"]["said"] == "applies (E)"


def test_a_substance_without_a_structure_is_said_to_be_unread(lab, bench, night):
    number = a_sample(lab).number
    a_finding(lab, bench, number, an_entry("match", "unobtainium"))
    review = law_review.record(lab, "lee")
    assert (review.unread, review.findings) == (("unobtainium",), 1)


def test_the_record_replays_to_the_same_bytes_after_law_events(
    lab, bench, tmp_path, found_xylazine
):
    law.import_rule(lab, "lee", a_file(tmp_path), reason="r")
    law_review.record(lab, "lee")
    report = audit.verify(lab)
    assert report.ok, report.problems
