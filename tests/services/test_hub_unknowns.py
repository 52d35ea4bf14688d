"""The same unknown at several laboratories is one line at headquarters."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from reports import hub_digest, hub_view
from reports.document import Issue
from reports.hub_store import SqliteHubStore
from reports.signals import SignalKind
from tests.services.hub_builders import DAY, NOW, a_site, at_moment, day_before
from tests.unit.reports.builders import a_candidate, a_row
from tests.unknown_builders import BENZYL, FURAN, a_signature, diluted

SITES = ("NOG", "JFK", "LAX")


@pytest.fixture
def hub(tmp_path):
    store = SqliteHubStore(tmp_path)
    with at_moment(NOW + timedelta(hours=8)):
        yield tmp_path, store, {name: a_site(name, store) for name in SITES}
    store.close()


def unknown(code: str, *ions: dict[int, float], **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "class_name": "fentanyl",
        "samples": 1,
        "today": [],
        "first_day": None,
        "last_day": None,
        "origins": [],
        "techniques": ["ei"],
        "mass_shifts": [],
        "signatures": [a_signature(each) for each in ions],
        "name": "",
        "named_on": None,
        "merged_into": "",
        **more,
    }


def tell(
    store, site, rows, unknowns, *, day: date = DAY, sequence: int = 1, codes=None, issue=None
):
    """Send a report whose rows all hold the first unknown, or those that ``codes`` gives."""

    def change(document):
        document["unknowns"] = unknowns
        for row in document["rows"]:
            chosen = codes.get(row["sample"], []) if codes else [unknowns[0]["code"]]
            if chosen:
                row["unknowns"] = chosen

    body = site.body(rows, day=day, sequence=sequence, change=change, issue=issue)
    return site.send(store, body)


def candidate(day, sample, **more):
    return a_candidate(day, sample=sample, **more)


def test_three_labs_and_dilutions_are_one_unknown_and_another_compound_is_not(hub):
    folder, store, sites = hub
    spectra = {"NOG": FURAN, "JFK": diluted(FURAN), "LAX": diluted(FURAN, 100.0)}
    for name, ions in spectra.items():
        told = [unknown("UNK-FEN-0001", ions)]
        assert tell(store, sites[name], [candidate(DAY, f"{name}-1")], told).code == "stored"
    other = [unknown("UNK-FEN-0002", BENZYL)]
    assert tell(
        store, sites["NOG"], [candidate(day_before(1), "NOG-0")], other,
        day=day_before(1), sequence=2,
    ).code == "stored"  # fmt: skip
    known = hub_digest.unknowns(folder, DAY)
    assert [(each.code, [lab.site for lab in each.labs]) for each in known] == [
        ("HQ-UNK-FEN-0001", ["JFK", "LAX", "NOG"]),
        ("HQ-UNK-FEN-0002", ["NOG"]),
    ]
    lines = hub_digest.digest(folder, DAY).lines()
    assert any("same unknown at JFK, LAX and NOG; 3 samples" in line for line in lines)


def test_retention_on_one_phase_parts_labs_whose_spectra_are_alike(hub):
    folder, store, sites = hub
    for name, index in (("NOG", 2300.0), ("JFK", 2306.0), ("LAX", 2360.0)):
        told = unknown("UNK-FEN-0001", FURAN)
        told["signatures"] = [a_signature(FURAN, retention_index=index, phase="polar")]
        tell(store, sites[name], [candidate(DAY, f"{name}-1")], [told])
    assert [len(each.labs) for each in hub_digest.unknowns(folder, DAY)] == [2, 1]


def test_digest_names_the_lab_that_met_it_first_and_the_one_that_is_new(hub):
    folder, store, sites = hub
    eve = day_before(3)
    tell(store, sites["NOG"], [candidate(eve, "NOG-1")], [unknown("UNK-FEN-0004", FURAN)], day=eve)
    tell(store, sites["JFK"], [candidate(DAY, "JFK-1")], [unknown("UNK-GEN-0001", FURAN)])
    made = hub_digest.digest(folder, DAY)
    [unknown_] = made.unknowns
    assert (unknown_.samples, unknown_.today, unknown_.first_day) == (2, 1, eve)
    [first] = [each for each in made.first_seen if each.kind is SignalKind.FIRST_HERE]
    assert "first at JFK; the same unknown at NOG since" in first.text
    assert "not identified" in first.text
    page = hub_view.render_html(made).decode()
    assert "HQ-UNK-FEN-0001" in page


def test_new_and_re_emerging_from_another_origin_with_the_gap_in_months(hub):
    folder, store, sites = hub
    old = day_before(900)
    told = [unknown("UNK-FEN-0001", FURAN)]
    tell(store, sites["NOG"], [candidate(old, "NOG-1", origin="CN")], told, day=old)
    [new] = hub_digest.digest(folder, old).first_seen
    assert new.kind is SignalKind.FIRST_SEEN
    tell(store, sites["NOG"], [candidate(DAY, "NOG-2", origin="IN")], told, sequence=2)
    [again] = hub_digest.digest(folder, DAY).first_seen
    assert (again.kind, again.gap_months) == (SignalKind.RE_EMERGENCE, 29)
    assert "before from CN, now from IN" in again.text


def test_what_one_lab_keeps_apart_is_not_made_one_here(hub):
    folder, store, sites = hub
    told = [unknown("UNK-FEN-0001", FURAN), unknown("UNK-FEN-0002", FURAN)]
    codes = {"NOG-1": ["UNK-FEN-0001"], "NOG-2": ["UNK-FEN-0002"]}
    rows = [candidate(DAY, "NOG-1"), candidate(DAY, "NOG-2")]
    tell(store, sites["NOG"], rows, told, codes=codes)
    assert len(hub_digest.unknowns(folder, DAY)) == 2


def test_what_a_lab_merged_counts_where_it_went(hub):
    folder, store, sites = hub
    eve = day_before(1)
    both = [unknown("UNK-FEN-0001", FURAN), unknown("UNK-FEN-0002", BENZYL)]
    codes = {"NOG-1": ["UNK-FEN-0001"], "NOG-2": ["UNK-FEN-0002"]}
    rows = [candidate(eve, "NOG-1"), candidate(eve, "NOG-2")]
    tell(store, sites["NOG"], rows, both, day=eve, codes=codes)
    merged = [
        unknown("UNK-FEN-0001", FURAN),
        unknown("UNK-FEN-0002", samples=0, merged_into="UNK-FEN-0001"),
    ]
    tell(store, sites["NOG"], [candidate(DAY, "NOG-3")], merged, sequence=2)
    [one] = hub_digest.unknowns(folder, DAY)
    assert (one.code, one.samples) == ("HQ-UNK-FEN-0001", 3)


def test_a_circle_of_merges_in_a_report_ends(hub):
    folder, store, sites = hub
    told = [
        unknown("UNK-FEN-0001", FURAN, merged_into="UNK-FEN-0002"),
        unknown("UNK-FEN-0002", BENZYL, merged_into="UNK-FEN-0001"),
    ]
    tell(store, sites["NOG"], [candidate(DAY, "NOG-1")], told)
    assert len(hub_digest.unknowns(folder, DAY)) == 1


def test_a_name_found_at_one_lab_is_told_to_all(hub):
    folder, store, sites = hub
    eve = day_before(1)
    tell(store, sites["JFK"], [candidate(eve, "JFK-1")], [unknown("UNK-FEN-0001", FURAN)], day=eve)
    named = unknown("UNK-FEN-0007", FURAN, name="furanylfentanyl", named_on=str(DAY))
    tell(store, sites["NOG"], [candidate(DAY, "NOG-1")], [named])
    [one] = hub_digest.digest(folder, DAY).unknowns
    assert (one.name, one.named_at) == ("furanylfentanyl", "NOG")
    assert "named furanylfentanyl at NOG" in one.line()


def test_a_retracted_report_takes_its_samples_out_and_its_code_stays_used(hub):
    folder, store, sites = hub
    tell(store, sites["NOG"], [candidate(DAY, "NOG-1")], [unknown("UNK-FEN-0001", FURAN)])
    number = f"NOG-{DAY}-d"
    gone = Issue(
        report_id=f"{number}.c1", kind="retraction", sequence=2, supersedes=number, reason="mistake"
    )
    assert sites["NOG"].send(store, sites["NOG"].body([], issue=gone, sequence=2)).code == "stored"
    assert hub_digest.unknowns(folder, DAY) == ()
    tell(store, sites["JFK"], [candidate(DAY, "JFK-1")], [unknown("UNK-FEN-0001", BENZYL)])
    assert hub_digest.unknowns(folder, DAY)[0].code == "HQ-UNK-FEN-0002"


@pytest.mark.parametrize(
    "harm",
    [
        lambda u: u.update(signatures=[{"kind": "ei", "ions": [[100, 999]]}]),
        lambda u: u.update(signatures=[{"kind": "ei", "ions": [[100, 5], [101, 9]] * 4}]),
        lambda u: u.update(signatures=[{"kind": "ftir", "curve": "AAAA"}]),
        lambda u: u.update(signatures=[{"kind": "nmr"}]),
        lambda u: u.update(code="UNK-fen-1"),
        lambda u: u.update(extra="x"),
        lambda u: u.update(signatures=[{"kind": "ei", "ions": [["a", {}]]}]),
    ],
)
def test_a_malformed_unknown_is_refused_and_nothing_of_it_kept(hub, harm):
    _, store, sites = hub
    bad = unknown("UNK-FEN-0001", FURAN)
    harm(bad)
    receipt = tell(store, sites["NOG"], [candidate(DAY, "NOG-1")], [bad])
    assert receipt.code in ("wrong_schema", "wrong_unknowns")
    assert store.count() == 0
    assert store.unknown_codes() == []


def test_reports_of_the_first_revision_are_taken_as_before(hub):
    folder, store, sites = hub
    body = sites["NOG"].body([a_row(DAY, "fentanyl")])
    assert "unknowns" not in json.loads(body)
    assert "confirmations" not in json.loads(body)
    assert sites["NOG"].send(store, body).code == "stored"
    assert hub_digest.digest(folder, DAY).unknowns == ()


def test_a_hub_of_the_first_schema_is_brought_up_and_keeps_its_reports(tmp_path):
    store = SqliteHubStore(tmp_path)
    site = a_site("NOG", store)
    with at_moment(NOW + timedelta(hours=8)):
        site.send(store, site.body([a_row(DAY, "fentanyl")]))
        added = ("unknown_row", "unknown_code", "unknown_signature", "answer", "unknown_merge")
        for name in added:
            store._db.execute(f"DROP TABLE {name}")
        store._db.execute("PRAGMA user_version=1")
        store.close()
        store = SqliteHubStore(tmp_path)
        assert store.count() == 1
        told = [unknown("UNK-FEN-0001", FURAN)]
        eve = day_before(1)
        assert (
            tell(store, site, [candidate(eve, "NOG-1")], told, day=eve, sequence=2).code == "stored"
        )
        assert [each.code for each in store.unknown_codes()] == ["HQ-UNK-FEN-0001"]
    store.close()
