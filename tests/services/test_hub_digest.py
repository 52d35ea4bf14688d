"""Fourteen laboratories, one picture."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from lims.errors import NotFoundError, RecordError
from reports import hub_digest, hub_notes, hub_view, watch
from reports.document import Issue
from reports.hub_store import SqliteHubStore
from reports.signals import SignalKind
from reports.silence import Presence
from tests.services.hub_builders import DAY, NOW, a_site, at_moment, day_before
from tests.unit.reports.builders import a_candidate, a_row, many

NAMES = [f"L{number:02d}" for number in range(1, 15)]


@pytest.fixture
def hub(tmp_path):
    store = SqliteHubStore(tmp_path)
    with at_moment(NOW + timedelta(hours=8)):
        yield tmp_path, store, {name: a_site(name, store) for name in NAMES}
    store.close()


def numbered(name, *substances, n=1, day=DAY):
    return [
        a_row(day, *([s] if s else []), sample=f"{name}-{day}-{n}-{i}")
        for i, s in enumerate(substances)
    ]


def test_late_lab_is_missing_and_a_report_sent_twice_counts_once(hub):
    folder, store, sites = hub
    own = 0
    for index, (name, site) in enumerate(sites.items()):
        if name == "L07":
            continue
        rows = numbered(name, *["fentanyl"] * index, "")
        own += len(rows)
        body = site.body(rows)
        assert site.send(store, body).code == "stored"
        if name == "L03":
            assert site.send(store, body).code == "duplicate"
    made = hub_digest.digest(folder, DAY)
    by_site = {lab.site: lab for lab in made.labs}
    assert by_site["L07"].presence is Presence.NO_REPORT
    assert by_site["L07"].late
    assert by_site["L07"].tested is None
    assert made.reported == 13
    assert made.tested == own == sum(lab.tested or 0 for lab in made.labs)
    assert by_site["L03"].tested == 3
    assert [lab.site for lab in hub_digest.missing(folder, DAY)] == ["L07"]
    assert "no report received, late" in by_site["L07"].line()


def test_three_kinds_of_silence_stand_side_by_side(hub):
    folder, store, sites = hub
    sites["L01"].send(store, sites["L01"].body(numbered("L01", "", "")))
    sites["L02"].send(store, sites["L02"].body([]))
    states = [lab.presence for lab in hub_digest.digest(folder, DAY).labs[:3]]
    assert states == [Presence.TESTED_NONE_FOUND, Presence.NOTHING_SUBMITTED, Presence.NO_REPORT]


def test_not_yet_late_before_six_hours(hub):
    folder, _, _ = hub
    with at_moment(NOW):  # three hours after the end of the day
        assert not any(lab.late for lab in hub_digest.missing(folder, DAY))


def test_signal_shows_over_labs_where_no_single_lab_has_it(hub):
    folder, store, sites = hub
    for name in NAMES[:3]:
        site = sites[name]
        for sequence, back in enumerate(range(120, 30, -1), start=1):
            day = day_before(back)
            body = site.body(numbered(name, "cocaine", day=day), day=day, sequence=sequence)
            assert site.send(store, body).code == "stored"
        body = site.body(numbered(name, "protonitazene", "protonitazene"), sequence=91)
        assert site.send(store, body).code == "stored"
    made = hub_digest.digest(folder, DAY)
    kinds = {(signal.name, signal.kind) for signal in (*made.signals, *made.first_seen)}
    assert ("protonitazene", SignalKind.FIRST_SEEN) in kinds
    assert ("protonitazene", SignalKind.INCREASE) in kinds
    (rise,) = [signal for signal in made.signals if signal.kind is SignalKind.INCREASE]
    assert (rise.count, rise.total) == (6, 6)


def test_latest_correction_counts_once_and_is_listed(hub):
    folder, store, sites = hub
    site = sites["L01"]
    site.send(store, site.body(numbered("L01", "fentanyl", "fentanyl")))
    for number in (1, 2):
        before = "L01-2026-11-23-d" + (".c1" if number == 2 else "")
        issue = Issue(
            report_id=f"L01-2026-11-23-d.c{number}", kind="correction", sequence=number + 1,
            supersedes=before, reason="confirmed", corrections=("withdrawn: fentanyl: new",),
        )  # fmt: skip
        rows = numbered("L01", "cocaine") if number == 2 else numbered("L01", "heroin")
        assert site.send(store, site.body(rows, issue=issue)).code == "stored"
    made = hub_digest.digest(folder, DAY)
    assert made.day_counts == (("cocaine", 1),)
    assert made.tested == 1
    assert [each.report_id[-2:] for each in made.corrections] == ["c1", "c2"]
    assert "withdrawn: fentanyl: new" in made.corrections[0].changes


def test_gap_in_the_numbers_is_named_until_it_is_filled(hub):
    folder, store, sites = hub
    site = sites["L01"]
    site.send(store, site.body([], sequence=1, day=day_before(3)))
    site.send(store, site.body([], sequence=4))
    assert hub_digest.digest(folder, DAY).labs[0].missing_sequences == (2, 3)
    site.send(store, site.body([], sequence=3, day=day_before(1)))
    assert hub_digest.digest(folder, DAY).labs[0].missing_sequences == (2,)


def test_held_row_counts_when_its_name_is_accepted(hub):
    folder, store, sites = hub
    sites["L01"].send(store, sites["L01"].body(numbered("L01", "unknownazene")))
    made = hub_digest.digest(folder, DAY)
    assert made.day_counts == ()
    assert [row.names for row in made.held] == ["unknownazene"]
    assert made.found == 1  # the site's own total
    store.accept_name("Unknownazene", "liaison1")
    made = hub_digest.digest(folder, DAY)
    assert made.day_counts == (("unknownazene", 1),)
    assert made.held == ()


def test_watch_list_of_headquarters_is_met_by_substance_and_place(hub):
    folder, store, sites = hub
    watch.add(folder, substance="xylazine", areas=["New Jersey", "Philadelphia"])
    sites["L01"].send(store, sites["L01"].body(numbered("L01", "xylazine")))
    made = hub_digest.digest(folder, DAY)
    assert SignalKind.WATCH_LIST in [signal.kind for signal in made.signals]


def test_candidate_of_a_lab_has_no_name_in_the_digest(hub):
    folder, store, sites = hub
    sites["L01"].send(store, sites["L01"].body([a_candidate(sample="L01-1")]))
    made = hub_digest.digest(folder, DAY)
    assert made.day_counts == ()
    assert made.candidate_rows[0].classes == ("fentanyl analogue",)


def test_confirmed_later_counts_on_its_first_day(hub):
    folder, store, sites = hub
    site, number = sites["L01"], "L01-26-1"
    first = a_row(day_before(1), "fentanyl", sample=number)
    site.send(store, site.body([first], day=day_before(1)))
    later = a_row(day_before(1), "fentanyl", sample=number, level="confirmed")
    assert site.send(store, site.body([later], sequence=2)).code == "stored"
    made = hub_digest.digest(folder, DAY)
    assert made.day_counts == ()
    assert [(c.now.count, c.now.total) for c in made.shares] == [(1, 1)]


def test_digest_prints_in_three_forms_and_marks_training(hub):
    folder, store, sites = hub
    rows = [*many(DAY, 3, "fentanyl", training=True), a_candidate()]
    sites["L01"].send(store, sites["L01"].body(rows))
    made = hub_digest.digest(folder, DAY)
    assert made.training_labs == ("L01",)
    page = hub_view.render_html(made).decode("utf-8")
    assert "training, not for casework: L01" in page
    assert "no report received" in page
    assert hub_view.render_pdf(made).startswith(b"%PDF")
    document = json.loads(hub_digest.to_json(made))
    assert document["schema"] == "fol.digest/1"
    assert any("no report received" in text for text in made.lines())


def test_same_store_gives_the_same_digest(hub):
    folder, store, sites = hub
    sites["L01"].send(store, sites["L01"].body(numbered("L01", "fentanyl")))
    first, second = (hub_digest.to_json(hub_digest.digest(folder, DAY)) for _ in range(2))
    assert first == second


def test_flag_drafts_a_query_on_parcel_shipper_and_receiver(hub):
    folder, store, sites = hub
    row = a_row(DAY, "xylazine", sample="L01-1", shipment="L01-P9")
    sites["L01"].send(store, sites["L01"].body([row]))
    made = hub_notes.flag(folder, "liaison1", "L01-1", "New Jersey cluster")
    for word in (
        "Parcel L01-P9",
        "Shipper",
        "Receiver",
        "xylazine",
        "1.5 kg",
        "New Jersey cluster",
    ):
        assert word in made.query
    assert [each["sample"] for each in store.flags()] == ["L01-1"]
    with pytest.raises(NotFoundError):
        hub_notes.flag(folder, "liaison1", "L01-99", "x")
    with pytest.raises(RecordError):
        hub_notes.flag(folder, "", "L01-1", "x")


def test_query_on_a_candidate_names_no_substance(hub):
    folder, store, sites = hub
    sites["L01"].send(store, sites["L01"].body([a_candidate(sample="L01-1")]))
    assert "not identified" in hub_notes.flag(folder, "liaison1", "L01-1", "new class").query


def test_partner_notice_says_which_standard_is_needed(hub):
    folder, store, sites = hub
    for name in ("L01", "L02"):
        rows = numbered(name, "protonitazene")
        sites[name].send(store, sites[name].body(rows))
    made = hub_digest.digest(folder, DAY)
    text = hub_notes.partner_notice(made, made.first_seen[0])
    assert "Reference standard needed: protonitazene" in text
    assert "2 laboratories (L01, L02)" in text
    assert "First seen: 2026-11" in text
    assert "Origins: CN" in text
