"""Headquarters answers the laboratories: codes, merges and names come back, each once."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lims import (
    alerts,
    audit,
    conclusion,
    hub_answer_form,
    hub_answers,
    keys,
    office_notices,
    trust,
    unknown_care,
    unknown_queries,
)
from lims.errors import AnswerRefusedError, PermissionDenied, StateError
from lims.hub_answer_form import Answer, NetworkUnknown, Signed
from lims.lab import Lab
from reports import delivery, hub, hub_digest, hub_keys, hub_merges, hub_pull, publish
from reports import hub_answers as desk
from reports.errors import DeliveryError
from reports.hub_store import SqliteHubStore, opened
from tests.lims_builders import a_finding, a_lab, a_sample
from tests.services.hub_builders import at_moment
from tests.unknown_builders import BENZYL, ENERGIES, FURAN, an_ion, an_unknown, diluted

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOMORROW = START + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A laboratory with one unknown after another, and headquarters' folder."""

    lab: Lab
    folder: Path
    hq: Path

    def meets(self, *entries, officer: str = "olga") -> str:
        sample = a_sample(self.lab).number
        a_finding(self.lab, self.folder, sample, *entries, reviewed=True)
        conclusion.conclude(self.lab, "ana", sample)
        return sample

    def reports(self, moment: datetime = START) -> None:
        made = publish.publish_daily(self.lab, "lee", moment.date())
        [(_, receipt)] = hub.ingest(self.hq, [made.paths["json"]], vocabulary=lambda _: True)
        assert receipt.acknowledged, receipt

    def file(self, name: str = "a.json", *, after: int = 0) -> Path:
        return desk.write(self.hq, self.lab.site, self.folder / name, after=after).path

    def takes(self, path: Path, *, trusting: bool = False):
        typed = hub_keys.fingerprint(self.hq) if trusting else ""
        return hub_pull.take_file(self.lab, "lee", path, trusting=typed)

    def network(self, code: str = "1"):
        return unknown_queries.show(self.lab, code).cluster.network


@pytest.fixture
def ports(tmp_path):
    made = []

    def port(site: str) -> Port:
        folder = tmp_path / site
        folder.mkdir()
        lab = a_lab(folder / "lab", site=site, timezone="UTC")
        hub_keys.enroll(tmp_path / "hq", site, lab.public_key)
        made.append(Port(lab=lab, folder=folder, hq=tmp_path / "hq"))
        return made[-1]

    with at_moment(START):
        yield port
    for each in made:
        each.lab.close()


def candidate(ions=FURAN):
    return an_unknown(ions, class_name="fentanyl")


def test_code_of_headquarters_stands_beside_the_labs_own(ports):
    nog, jfk = ports("NOG"), ports("JFK")
    nog.meets(candidate(BENZYL))
    nog.meets(candidate())
    jfk.meets(candidate(diluted(FURAN)))
    for port in (nog, jfk):
        port.reports()
    nog.takes(nog.file(), trusting=True)
    jfk.takes(jfk.file(), trusting=True)
    ours, theirs = nog.network("2"), jfk.network("1")
    assert (ours.lab_code, theirs.lab_code) == ("UNK-FEN-0002", "UNK-FEN-0001")
    assert ours.code == theirs.code == "HQ-UNK-FEN-0002"
    assert [(lab.site, lab.codes, lab.samples) for lab in ours.labs] == [
        ("JFK", ("UNK-FEN-0001",), 1),
        ("NOG", ("UNK-FEN-0002",), 1),
    ]
    assert nog.network("1").code == "HQ-UNK-FEN-0001"
    assert unknown_queries.show(nog.lab, "2").cluster.code == "UNK-FEN-0002"
    for port in (nog, jfk):
        assert audit.verify(port.lab).ok


def test_an_answer_counts_once_however_often_it_is_carried(ports):
    nog = ports("NOG")
    nog.meets(candidate())
    nog.reports()
    path = nog.file()
    assert nog.takes(path, trusting=True).outcomes[0].state == "taken"
    before = nog.lab.db.execute("SELECT max(seq) FROM event").fetchone()
    assert [each.state for each in nog.takes(path).outcomes] == ["duplicate"]
    assert nog.lab.db.execute("SELECT max(seq) FROM event").fetchone() == before


def test_nothing_new_makes_no_new_answer(ports):
    nog = ports("NOG")
    nog.meets(candidate())
    nog.reports()
    first = nog.file("a.json").read_bytes()
    assert nog.file("b.json").read_bytes() == first
    with opened(nog.hq) as store:
        assert len(store.shelf.answers("NOG")) == 1


def test_a_key_is_trusted_only_by_its_fingerprint(ports):
    nog = ports("NOG")
    nog.meets(candidate())
    nog.reports()
    path = nog.file()
    with pytest.raises(AnswerRefusedError) as caught:
        nog.takes(path)
    assert caught.value.code == "untrusted_key"
    assert hub_keys.fingerprint(nog.hq) in caught.value.hint
    with pytest.raises(AnswerRefusedError, match="untrusted_key"):
        hub_pull.take_file(nog.lab, "lee", path, trusting="0" * 40)
    with pytest.raises(PermissionDenied):
        hub_pull.take_file(nog.lab, "ana", path, trusting=hub_keys.fingerprint(nog.hq))
    assert nog.network() is None
    assert hub_answers.trusted(nog.lab) is None


def sealed(key: Ed25519PrivateKey, lab: Lab, /, **change) -> bytes:
    """An envelope with one answer, made by whoever holds a key."""
    facts = {
        "lab": lab.site,
        "lab_key": trust.own_fingerprint(lab),
        "sequence": 1,
        "previous": "",
        "made_at": "2026-11-23T10:00:00.000000Z",
        "unknowns": (NetworkUnknown(lab_code="UNK-FEN-0001", code="HQ-UNK-FEN-0001"),),
    }
    body = hub_answer_form.to_bytes(Answer(**{**facts, **change}))
    signed = Signed(body=body, signature=key.sign(body))
    return hub_answer_form.envelope(key.public_key().public_bytes_raw(), [signed])


def refused(lab: Lab, data: bytes) -> str:
    before = lab.db.execute("SELECT max(seq) FROM event").fetchone()
    with pytest.raises(AnswerRefusedError) as caught:
        hub_answers.take(lab, "lee", data)
    assert lab.db.execute("SELECT max(seq) FROM event").fetchone() == before
    return caught.value.code


@pytest.fixture
def trusting(ports):
    """A lab that has taken answer 1, and headquarters' key."""
    nog = ports("NOG")
    nog.meets(candidate())
    nog.reports()
    nog.takes(nog.file(), trusting=True)
    return nog, hub_keys.own_key(nog.hq)


def first_hash(port: Port) -> str:
    with opened(port.hq) as store:
        return store.shelf.answers(port.lab.site)[0].sha256


def test_forged_misdirected_and_missing_answers_are_refused_each_by_its_code(trusting):
    nog, key = trusting
    stranger = Ed25519PrivateKey.generate()
    last = first_hash(nog)
    assert refused(nog.lab, sealed(stranger, nog.lab)) == "untrusted_key"
    forged = json.loads(sealed(stranger, nog.lab, sequence=2, previous=last))
    forged["public_key"] = key.public_key().public_bytes_raw().hex()
    assert refused(nog.lab, json.dumps(forged).encode()) == "bad_signature"
    altered = sealed(key, nog.lab, sequence=2, previous=last).replace(b"FEN-0001", b"FEN-0009")
    assert refused(nog.lab, altered) == "bad_signature"
    for change, code in (
        ({"lab": "JFK", "sequence": 2, "previous": last}, "wrong_lab"),
        ({"lab_key": "0000 " * 9 + "0000", "sequence": 2, "previous": last}, "wrong_key"),
        ({"sequence": 3, "previous": "0" * 64}, "gap"),
        ({"sequence": 2, "previous": "0" * 64}, "fork"),
        ({"sequence": 2, "previous": ""}, "fork"),
        ({"sequence": 1}, "other_bytes"),
        (
            {
                "sequence": 2, "previous": last,
                "unknowns": (NetworkUnknown(lab_code="UNK-FEN-0042", code="HQ-UNK-FEN-0001"),),
            },
            "unknown_code",
        ),
    ):  # fmt: skip
        assert refused(nog.lab, sealed(key, nog.lab, **change)) == code
    good = sealed(key, nog.lab, sequence=2, previous=last)
    assert hub_answers.take(nog.lab, "lee", good).outcomes[0].state == "taken"
    assert audit.verify(nog.lab).ok


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"),
        (b"[]", "wrong_schema"),
        (b"null", "wrong_schema"),
        (b"{" * 5_000, "not_json"),
        (b'{"schema":"fol.hub-answers/2"}', "wrong_schema"),
        (b'{"schema":"fol.hub-answers/1","public_key":"zz","answers":[]}', "wrong_schema"),
        (b'{"schema":"fol.hub-answers/1","schema":"x"}', "not_json"),
        (b" " * (hub_answer_form.MOST_BYTES + 1), "too_large"),
    ],
)
def test_what_is_no_envelope_is_refused(trusting, data, code):
    assert refused(trusting[0].lab, data) == code


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 0},
        {"sequence": True},
        {"sequence": "2"},
        {"previous": "x"},
        {"made_at": "yesterday"},
        {"unknowns": []},
        {"unknowns": ["x"]},
        {"unknowns": None},
        {"lab": None},
        {"name": "x\u202ey"},
        {"name": "x" * 301},
        {"code": "HQ-UNK-FEN-1"},
        {"lab_code": "UNK-FEN-0001\n"},
        {"earlier": "HQ"},
        {"labs": [{"site": "nog", "codes": [], "samples": 1}]},
        {"labs": [{"site": "NOG", "codes": [], "samples": -1}]},
        {"samples": 1.5},
    ],
)
def test_an_answer_that_is_malformed_is_refused_though_it_is_signed(trusting, change):
    nog, key = trusting
    said = json.loads(json.loads(sealed(key, nog.lab, sequence=2))["answers"][0]["body"])
    inside = {"name", "code", "lab_code", "earlier", "labs", "samples"} & set(change)
    (said["unknowns"][0] if inside else said).update(change)
    body = json.dumps(said).encode()
    signed = Signed(body=body, signature=key.sign(body))
    data = hub_answer_form.envelope(key.public_key().public_bytes_raw(), [signed])
    assert refused(nog.lab, data) == "wrong_schema"


def test_a_name_found_at_one_lab_is_told_to_every_sample_at_the_others(ports):
    nog, jfk = ports("NOG"), ports("JFK")
    nog.meets(candidate())
    samples = [jfk.meets(candidate(diluted(FURAN))), jfk.meets(candidate())]
    for port in (nog, jfk):
        port.reports()
    nog.takes(nog.file(), trusting=True)
    jfk.takes(jfk.file(), trusting=True)
    with at_moment(TOMORROW):
        unknown_care.name(nog.lab, "rex", "1", "furanylfentanyl", "certified reference")
        nog.reports(TOMORROW)
        outcome = jfk.takes(jfk.file("b.json", after=1)).outcomes[0]
        assert sorted(outcome.told) == sorted(samples)
        raised = [each for each in alerts.open_alerts(jfk.lab) if each.kind == "unknown_named"]
        assert sorted(each.sample for each in raised) == sorted(samples)
        assert all("at NOG" in each.headline for each in raised)
        assert not any("furanyl" in each.headline + each.detail for each in raised)
        readers = {each.recipient for each in office_notices.listed(jfk.lab, everything=True)}
        assert {"olga", "ana", "rex"} & readers
        shown = unknown_queries.show(jfk.lab, "1").cluster
        # The name is another laboratory's: ours stays open.
        assert (shown.name, shown.state) == ("", "open")
        assert (shown.network.name, shown.network.named_at) == ("2-furanylfentanyl", "NOG")
        # Told once: the next answer says nothing new of it.
        jfk.meets(candidate())
        jfk.reports(TOMORROW)
        assert jfk.takes(jfk.file("c.json", after=2)).outcomes[0].told == ()
        digest = hub_digest.digest(jfk.hq, TOMORROW.date())
        [named] = [each for each in digest.first_seen if each.kind == "unknown_named"]
        assert set(samples) <= set(named.samples)
        assert "was named 2-furanylfentanyl at NOG" in named.text
    assert audit.verify(jfk.lab).ok


def test_a_name_of_headquarters_waits_behind_a_hazard_notice_nobody_has_seen(ports):
    nog, jfk = ports("NOG"), ports("JFK")
    for port in (nog, jfk):
        port.meets(candidate())
        port.reports()
        port.takes(port.file(), trusting=True)
    later = a_sample(jfk.lab).number
    dangerous = an_unknown(FURAN, class_name="fentanyl", hazard="H1")
    a_finding(jfk.lab, jfk.folder, later, dangerous)
    with at_moment(TOMORROW):
        unknown_care.name(nog.lab, "rex", "1", "furanylfentanyl", "certified reference")
        nog.reports(TOMORROW)
        assert later in jfk.takes(jfk.file("b.json", after=1)).outcomes[0].told
        assert "furanyl" not in jfk.network().name
        for each in alerts.open_alerts(jfk.lab):
            alerts.acknowledge(jfk.lab, "olga", each.id)
        assert jfk.network().name == "2-furanylfentanyl"


def test_a_name_that_contradicts_our_own_is_told_as_a_doubt_and_changes_nothing(ports):
    nog, jfk = ports("NOG"), ports("JFK")
    for port in (nog, jfk):
        port.meets(candidate())
        port.reports()
    jfk.takes(jfk.file(), trusting=True)
    with at_moment(TOMORROW):
        unknown_care.name(jfk.lab, "rex", "1", "heroin", "own reference")
        unknown_care.name(nog.lab, "rex", "1", "cocaine", "certified reference")
        nog.reports(TOMORROW)
        jfk.takes(jfk.file("b.json", after=1))
        assert any(each.kind == "unknown_conflict" for each in alerts.open_alerts(jfk.lab))
        assert unknown_queries.row_of(jfk.lab.db, "1")["name"] == "heroin"


def test_what_a_lab_merged_has_the_code_of_where_it_went(ports):
    nog = ports("NOG")
    nog.meets(candidate())
    nog.meets(candidate(BENZYL))
    nog.reports()
    nog.takes(nog.file(), trusting=True)
    with at_moment(TOMORROW):
        unknown_care.merge(nog.lab, "ana", "2", "1", "one powder")
        nog.meets(candidate())
        nog.reports(TOMORROW)
        nog.takes(nog.file("b.json", after=1))
        assert nog.network("1").code == "HQ-UNK-FEN-0001"
        assert nog.network("1").earlier == ("HQ-UNK-FEN-0002",)


def test_codes_that_headquarters_merged_are_told_and_can_be_told_apart_again(ports):
    nog, jfk = ports("NOG"), ports("JFK")
    nog.meets(candidate())
    jfk.meets(candidate(BENZYL))
    for port in (nog, jfk):
        port.reports()
        port.takes(port.file(), trusting=True)
    assert jfk.network().code == "HQ-UNK-FEN-0002"
    hub_merges.merge(jfk.hq, "2", "HQ-UNK-FEN-0001", "lindqvist", "same reference standard")
    jfk.takes(jfk.file("b.json", after=1))
    assert (jfk.network().code, jfk.network().earlier) == (
        "HQ-UNK-FEN-0001",
        ("HQ-UNK-FEN-0002",),
    )
    assert [lab.site for lab in jfk.network().labs] == ["JFK", "NOG"]
    [one] = hub_digest.unknowns(jfk.hq, START.date())
    assert len(one.labs) == 2
    hub_merges.tell_apart(jfk.hq, "2", "lindqvist", "two isomers")
    jfk.takes(jfk.file("c.json", after=2))
    assert (jfk.network().code, jfk.network().earlier) == ("HQ-UNK-FEN-0002", ())
    with pytest.raises(StateError):
        hub_merges.tell_apart(jfk.hq, "2", "lindqvist", "again")


def test_headquarters_merges_nothing_that_one_lab_keeps_apart(ports):
    nog = ports("NOG")
    nog.meets(candidate())
    nog.meets(candidate(BENZYL))
    nog.reports()
    with pytest.raises(StateError, match="apart"):
        hub_merges.merge(nog.hq, "2", "1", "lindqvist", "x")
    with pytest.raises(StateError, match="already"):
        hub_merges.merge(nog.hq, "1", "1", "lindqvist", "x")


def test_energies_of_three_labs_become_one_code_once_a_spectrum_lies_between(ports):
    low, high, both = ports("NOG"), ports("JFK"), ports("LAX")
    between = {**ENERGIES[30], **dict.fromkeys((79.0542, 77.0386, 53.0386, 51.0230), 600)}
    for port, peaks in ((low, ENERGIES[10]), (high, ENERGIES[90])):
        port.meets(an_ion(peaks))
        port.reports()
        port.takes(port.file(), trusting=True)
    assert low.network().code != high.network().code
    both.meets(an_ion(between))
    both.reports()
    both.takes(both.file(), trusting=True)
    high.takes(high.file("b.json", after=1))
    low.takes(low.file("b.json", after=1))
    codes = {port.network().code for port in (low, high, both)}
    assert codes == {"HQ-UNK-GEN-0001"}
    assert [lab.site for lab in low.network().labs] == ["JFK", "LAX", "NOG"]
    # A person's word counts more than the rule.
    hub_merges.tell_apart(low.hq, "2", "lindqvist", "two isomers by retention")
    with at_moment(TOMORROW):
        both.meets(an_ion(between))
        both.reports(TOMORROW)
    assert len(hub_digest.unknowns(low.hq, TOMORROW.date())) == 2


@pytest.fixture
def online(ports):
    nog = ports("NOG")
    with hub.running(nog.hq, vocabulary=lambda _: True) as running:
        delivery.configure(nog.lab.folder, running.url, running.ca_file)
        yield nog, running


def test_pull_over_https_brings_what_is_missing_and_then_nothing(online):
    nog, _ = online
    nog.meets(candidate())
    nog.reports()
    with pytest.raises(AnswerRefusedError, match="untrusted_key"):
        hub_pull.pull(nog.lab, "lee")
    typed = hub_keys.fingerprint(nog.hq)
    taken = hub_pull.pull(nog.lab, "lee", trusting=typed)
    assert (taken.newly_trusted, len(taken.outcomes)) == (True, 1)
    assert hub_pull.pull(nog.lab, "lee").outcomes == ()
    nog.meets(candidate(BENZYL))
    nog.reports()
    assert [each.sequence for each in hub_pull.pull(nog.lab, "lee").outcomes] == [2]
    # A file with all of them brings nothing twice.
    assert {each.state for each in nog.takes(nog.file()).outcomes} == {"duplicate"}


def test_a_question_is_answered_only_to_the_lab_that_signed_it_just_now(online, tmp_path):
    nog, running = online
    nog.meets(candidate())
    nog.reports()
    store, key = running.store, hub_keys.own_key(nog.hq)
    stranger = Ed25519PrivateKey.generate()

    def asked(body: bytes, lab: str = "NOG", by=None) -> str:
        signature = by.sign(body) if by else keys.sign(nog.lab, body)
        receipt, data = desk.reply(store, key, desk.Asked(body=body, lab=lab, signature=signature))
        assert (receipt is None) == bool(data)
        return "" if receipt is None else receipt.code

    good = desk.question("NOG", 0)
    assert asked(good) == ""
    assert asked(good, by=stranger) == "bad_signature"
    assert asked(good, lab="XXX") == "unknown_lab"
    assert asked(desk.question("JFK", 0)) == "wrong_lab"
    assert asked(desk.question("NOG", 99)) == "ahead"
    for body in (b"", b"[]", b"{}", good.replace(b": 0", b": -1"), good.replace(b": 0", b": true")):
        assert asked(body) in ("not_json", "wrong_schema")
    with at_moment(START + timedelta(hours=1)):
        assert asked(good) == "stale"


def test_refusals_over_https_are_clear_and_written_down(online):
    nog, running = online
    nog.meets(candidate())
    nog.reports()
    typed = hub_keys.fingerprint(nog.hq)
    hub_pull.pull(nog.lab, "lee", trusting=typed)
    other = SqliteHubStore(nog.hq)
    other._db.execute("UPDATE lab SET closed_at='2026-11-23T00:00:00Z' WHERE site='NOG'")
    other.close()
    with pytest.raises(DeliveryError, match="unknown_lab"):
        hub_pull.pull(nog.lab, "lee")
    assert any(each.code == "answer_unknown_lab" for each in running.store.alarms())


def test_a_new_key_of_headquarters_replaces_the_old_and_starts_its_own_chain(trusting):
    nog, old = trusting
    for path in (nog.hq / "keys").iterdir():
        path.unlink()
    with opened(nog.hq) as store:
        store._db.execute("DROP TABLE answer")
        store._db.execute("PRAGMA user_version=2")
        store._db.execute("DROP TABLE unknown_merge")
    with pytest.raises(AnswerRefusedError, match="untrusted_key"):
        nog.takes(nog.file("n.json"))
    assert nog.takes(nog.folder / "n.json", trusting=True).newly_trusted
    assert hub_answers.last(nog.lab) == 1
    assert refused(nog.lab, sealed(old, nog.lab, sequence=2, previous="")) == "untrusted_key"
    assert audit.verify(nog.lab).ok


def test_a_lost_private_key_is_never_replaced_silently(tmp_path):
    from lims.errors import ConfigError

    hub_keys.own_key(tmp_path)
    (tmp_path / "keys" / "hub.ed25519").unlink()
    with pytest.raises(ConfigError, match="missing"):
        hub_keys.own_key(tmp_path)


def test_an_answer_whose_bytes_were_altered_in_the_record_is_found(trusting):
    nog, _ = trusting
    with sqlite3.connect(nog.lab.folder / "lab.db") as intruder:
        intruder.execute("DROP TRIGGER document_nu")
        intruder.execute("UPDATE document SET body=? WHERE sha256=?", (b"{}", first_hash(nog)))
    intruder.close()
    assert any("headquarters 1" in each for each in audit.verify(nog.lab).problems)


def test_answers_are_never_changed_nor_removed(trusting):
    nog, _ = trusting
    with opened(nog.hq) as store:
        for sql in ("UPDATE answer SET sequence=9", "DELETE FROM answer"):
            with pytest.raises(Exception, match="append-only"):
                store._db.execute(sql)
