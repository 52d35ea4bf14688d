"""A night by hand on the command line, and what it says when something is wrong."""

import json
import os
from pathlib import Path

import pytest

from tui.cli import main


@pytest.fixture
def run(capsys):
    def _run(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return _run


@pytest.fixture
def lab(tmp_path, run, monkeypatch):
    monkeypatch.setenv("FOL_LAB", str(tmp_path / "lab"))
    monkeypatch.setenv("FOL_PERSON", "rivera")
    code, _, said = run("init", "--site", "NOG", "--name", "Nogales", "--person", "rivera")
    assert code == 0, said
    code, _, said = run("person", "add", "okafor", "--name", "A. Okafor", "--role", "reviewer")
    assert code == 0, said
    return tmp_path / "lab"


@pytest.fixture
def library(tmp_path, run, lab):
    from tui.demo.bench import write_library

    paths = write_library(tmp_path / "references")
    code, _, said = run("library", "import", *paths, "--name", "training")
    assert code == 0, said


def exports(folder: Path) -> Path:
    import numpy as np

    from tui.demo.bench import write_exports

    write_exports(folder, np.random.default_rng(7))
    return folder


def document(text, schema):
    found = json.loads(text)
    assert found["schema"] == schema
    return found


def test_a_night_by_hand(tmp_path, run, library):
    bench = exports(tmp_path / "exports")
    code, out, _ = run("shipment", "add", "--declared", "organic pigment set", "--json")
    assert code == 0
    shipment = document(out, "fol.shipment.add/1")["shipments"][0]["number"]
    code, out, _ = run("sample", "add", "--shipment", shipment, "--description", "powder", "--json")
    sample = document(out, "fol.sample.add/1")["samples"][0]["number"]
    code, out, said = run("ingest", bench / "parcel-1-gcms.cdf", "--sample", sample, "--json")
    assert code == 0, said
    finding = document(out, "fol.ingest/1")["findings"][0]
    assert "butyrylfentanyl" in finding["headline"]
    assert "isobutyrylfentanyl" in finding["headline"]
    code, out, _ = run("alerts", "--json")
    alert = document(out, "fol.alerts/1")["alerts"][0]
    assert "butyryl" not in alert["headline"]
    code, _, said = run("review", finding["id"], "--accept")
    assert code == 3, "nobody reviews own work"
    assert run("alerts", "acknowledge", alert["id"])[0] == 0
    assert run("review", finding["id"], "--accept", "--as", "okafor")[0] == 0
    code, out, _ = run("conclude", sample, "--json")
    assert document(out, "fol.conclude/1")["conclusion"]["level"] == "presumptive"
    code, _, said = run("release", shipment, "--reason", "mistaken")
    assert code == 3
    assert run("seize", shipment, "--reason", "presumptive")[0] == 0
    code, out, _ = run("board", "--json")
    board = document(out, "fol.board/1")
    assert board["rows"][0]["sample"] == sample
    assert board["rows"][0]["answer"].startswith("presumptive")
    code, out, said = run("report", "daily", "--json")
    assert code == 0, said
    paths = document(out, "fol.report.daily/1")["paths"]
    assert all(Path(path).is_file() for path in paths.values())
    code, out, _ = run("outbox", "--json")
    assert [item["state"] for item in document(out, "fol.outbox/1")["items"]] == ["queued"]
    code, out, _ = run("audit", "verify", "--json")
    assert code == 0
    assert document(out, "fol.audit.verify/1")["report"]["ok"] is True


def test_candidate_never_carries_a_name(tmp_path, run, library):
    bench = exports(tmp_path / "exports")
    code, out, said = run("match", bench / "parcel-3-gcms.mzML", "-l", "training", "--json")
    assert code == 0, said
    peaks = document(out, "fol.match/1")["results"][0]["peaks"]
    candidates = [peak for peak in peaks if peak["decision"]["state"] == "analogue_candidate"]
    assert len(candidates) == 1
    assert candidates[0]["decision"]["substances"] == []
    assert candidates[0]["analogue"]["class"] == "fentanyl"
    assert candidates[0]["hazard"]["group"] == "H1"


def test_honest_goods_are_found_as_declared_and_released(tmp_path, run, library):
    bench = exports(tmp_path / "exports")
    _, out, _ = run("shipment", "add", "--declared", "calcium carbonate filler", "--json")
    shipment = document(out, "fol.shipment.add/1")["shipments"][0]["number"]
    _, out, _ = run("sample", "add", "--shipment", shipment, "--description", "powder", "--json")
    sample = document(out, "fol.sample.add/1")["samples"][0]["number"]
    _, out, _ = run("ingest", bench / "parcel-4-raman.csv", "--sample", sample, "--json")
    finding = document(out, "fol.ingest/1")["findings"][0]
    assert run("sign", finding["id"], "--as", "okafor")[0] == 0
    assert run("conclude", sample)[0] == 0
    assert run("release", shipment, "--reason", "found as declared")[0] == 0


def test_read_tells_one_bad_file_and_reads_the_others(tmp_path, run):
    bench = exports(tmp_path / "exports")
    broken = tmp_path / "broken.cdf"
    broken.write_bytes((bench / "parcel-1-gcms.cdf").read_bytes()[:4000])
    code, out, _ = run("read", broken, bench / "parcel-2-ftir.jdx", tmp_path / "gone", "--json")
    assert code == 4
    found = document(out, "fol.read/1")
    assert [item["technique"] for item in found["files"]] == ["ftir"]
    assert len(found["errors"]) == 2
    assert all(set(item) == {"path", "error", "message", "hint"} for item in found["errors"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["board", "--lab", "nowhere"], 2),
        (["match", "x.jdx", "--library", "missing"], 4),
        (["sample", "show", "NOG-26-S000009-9"], 3),
        (["ingest", "gone.jdx", "--sample", "NOG-26-S000001-K"], 3),
        (["push"], 2),
        (["report", "daily", "--day", "yesterday"], 2),
        (["shipment", "add", "--from-csv", "gone.csv"], 2),
    ],
)
def test_each_mistake_has_one_clear_error_and_its_code(run, lab, arguments, code):
    got, out, said = run(*arguments)
    assert (got, out) == (code, "")
    assert said.startswith("Error: ")


def test_unreachable_headquarters_loses_nothing(tmp_path, run, library):
    from reports.hub_tls import ensure

    ca = ensure(tmp_path / "hq").ca
    assert run("report", "daily")[0] == 0
    code, _, said = run("push", "--hub", "https://127.0.0.1:9", "--ca", ca)
    assert code == 3
    assert "Nothing is lost" in said
    _, out, _ = run("outbox", "--json")
    assert document(out, "fol.outbox/1")["items"][0]["state"] == "queued"


def test_a_tampered_lab_can_still_be_verified_and_is_named(run, lab):
    from lims.sqlite import sqlite3

    connection = sqlite3.connect(str(lab / "lab.db"))
    connection.execute("DROP TRIGGER event_nu")
    connection.commit()
    connection.close()
    assert run("board")[0] == 3
    code, out, _ = run("audit", "verify", "--json")
    assert code == 3
    assert any(
        "event_nu" in item for item in document(out, "fol.audit.verify/1")["report"]["problems"]
    )


def test_a_frozen_sample_goes_on_by_a_second_person(run, lab):
    assert run("person", "add", "quinn", "--name", "Q", "--role", "quality")[0] == 0
    _, out, _ = run("shipment", "add", "--declared", "pigment", "--json")
    shipment = document(out, "fol.shipment.add/1")["shipments"][0]["number"]
    _, out, _ = run(
        "sample", "add", "--shipment", shipment, "--description", "bag", "--seal", "A1", "--json"
    )
    sample = document(out, "fol.sample.add/1")["samples"][0]["number"]
    assert run("sample", "transfer", sample, "--to", "place:safe", "--seal", "B2")[0] == 3
    assert run("sample", "transfer", sample, "--to", "place:safe", "--seal", "A1")[0] == 3
    assert run("sample", "resolve", sample, "--reason", "own mistake")[0] == 3
    assert run("sample", "resolve", sample, "--reason", "misread", "--as", "quinn")[0] == 0
    assert run("sample", "transfer", sample, "--to", "place:safe", "--seal", "A1")[0] == 0


def test_a_report_leaves_a_signed_checkpoint(run, lab):
    from lims.audit import checkpoints
    from lims.lab import open_lab

    assert run("report", "daily")[0] == 0
    opened = open_lab(lab)
    assert len(checkpoints(opened)) == 1
    opened.close()
    assert run("report", "daily")[0] == 0
    assert run("audit", "verify")[0] == 0


def test_what_cannot_be_read_is_kept_in_quarantine(tmp_path, run, library):
    _, out, _ = run("shipment", "add", "--declared", "pigment", "--json")
    shipment = document(out, "fol.shipment.add/1")["shipments"][0]["number"]
    _, out, _ = run("sample", "add", "--shipment", shipment, "--description", "bag", "--json")
    sample = document(out, "fol.sample.add/1")["samples"][0]["number"]
    bench = exports(tmp_path / "exports")
    broken = tmp_path / "broken.cdf"
    broken.write_bytes((bench / "parcel-1-gcms.cdf").read_bytes()[:4000])
    assert run("ingest", broken, "--sample", sample)[0] == 4
    _, out, _ = run("quarantine", "--json")
    kept = document(out, "fol.quarantine/1")["files"]
    assert [(file["sample"], file["file_name"]) for file in kept] == [(sample, "broken.cdf")]
    assert run("sample", "note", sample, "torn at one corner")[0] == 0
    _, out, _ = run("sample", "show", sample, "--json")
    assert document(out, "fol.sample.show/1")["remarks"][0]["text"] == "torn at one corner"


def test_headquarters_takes_a_report_by_hand_and_watches(tmp_path, run, library):
    bench = exports(tmp_path / "exports")
    draft = ["--declared", "silicon dioxide", "--destination", "New Jersey / Philadelphia"]
    _, out, _ = run("shipment", "add", *draft, "--destination-country", "US", "--json")
    shipment = document(out, "fol.shipment.add/1")["shipments"][0]["number"]
    _, out, _ = run("sample", "add", "--shipment", shipment, "--description", "bag", "--json")
    sample = document(out, "fol.sample.add/1")["samples"][0]["number"]
    _, out, _ = run("ingest", bench / "parcel-2-ftir.jdx", "--sample", sample, "--json")
    finding = document(out, "fol.ingest/1")["findings"][0]
    for alert in document(run("alerts", "--json")[1], "fol.alerts/1")["alerts"]:
        run("alerts", "acknowledge", alert["id"])
    assert run("sign", finding["id"], "--as", "okafor")[0] == 0
    assert run("conclude", sample)[0] == 0
    _, out, _ = run("report", "daily", "--json")
    paths = document(out, "fol.report.daily/1")["paths"]
    hub = tmp_path / "hq"
    hub.mkdir()
    key = next((tmp_path / "lab" / "keys").glob("*.pub"))
    assert run("hub", "enroll", "--folder", hub, "--lab-site", "NOG", "--key", key)[0] == 0
    watched = ["--substance", "xylazine", "--area", "New Jersey", "--source", "a partner"]
    assert run("hub", "watchlist", "add", "--folder", hub, *watched)[0] == 0
    code, out, said = run("hub", "ingest", paths["json"], "--folder", hub)
    assert (code, said) == (0, "")
    assert "200" in out
    pdf, html = tmp_path / "digest.pdf", tmp_path / "digest.html"
    code, out, said = run("hub", "digest", "--folder", hub, "--pdf", pdf, "--html", html)
    assert code == 0, said
    assert "xylazine" in out
    assert pdf.read_bytes().startswith(b"%PDF")
    assert "xylazine" in html.read_text(encoding="utf-8")
    code, out, _ = run("hub", "flag", sample, "--folder", hub, "--by", "kl", "--reason", "area")
    assert code == 0
    assert "Shipper" in out
    _, out, _ = run("hub", "watchlist", "list", "--folder", hub, "--json")
    assert document(out, "fol.hub.watchlist/1")["items"][0]["substance"] == "xylazine"
    assert run("hub", "watchlist", "remove", "W1", "--folder", hub)[0] == 0


def test_a_small_library_says_it_cannot_tell_and_never_no_match(tmp_path, run, lab):
    import numpy as np

    from instruments.writers import write
    from libraries.training import entries
    from spectra.spectrum import Technique
    from tui.demo.bench import measured

    few = [entry.measurement for entry in entries(Technique.FTIR)[:8]]
    path = tmp_path / "few.jdx"
    path.write_bytes(write(few, "jcamp"))
    assert run("library", "import", path, "--name", "few")[0] == 0
    query = tmp_path / "query.jdx"
    spectrum = measured(few[0].title, Technique.FTIR, np.random.default_rng(3))
    query.write_bytes(write([spectrum], "jcamp"))
    _, out, _ = run("match", query, "-l", "few", "--json")
    part = document(out, "fol.match/1")["results"][0]["spectra"][0]
    assert part["decision"]["state"] == "insufficient"
    assert part["decision"]["substances"] == []
    assert part["hits"][0]["name"] == few[0].title


def test_what_instruments_write_is_taken_linked_or_dismissed(tmp_path, run, library):
    bench = exports(tmp_path / "exports")
    _, out, _ = run("shipment", "add", "--declared", "sand", "--json")
    shipment = document(out, "fol.shipment.add/1")["shipments"][0]["number"]
    _, out, _ = run("sample", "add", "--shipment", shipment, "--description", "powder", "--json")
    sample = document(out, "fol.sample.add/1")["samples"][0]["number"]
    share = tmp_path / "share"
    (share / "tuesday").mkdir(parents=True)
    first, second = sorted(bench.iterdir())[:2]
    named = share / "tuesday" / f"{sample.lower()} run{first.suffix}"
    named.write_bytes(first.read_bytes())
    stray = f"run 7{second.suffix}"
    (share / stray).write_bytes(second.read_bytes())
    (share / os.fsdecode(b"\xff\x1b[2J.csv")).write_bytes(b"junk")
    (share / "copy.tmp").write_bytes(b"half")
    code, out, said = run("watch", share, "--once", "--settle", "0.1", "--json")
    assert code == 4, said
    events = [json.loads(text) for text in out.splitlines()]
    assert {event["schema"] for event in events} == {"fol.watch/1"}
    assert sorted(event["event"] for event in events) == ["quarantined", "quarantined", "run"]
    assert next(e for e in events if e["event"] == "run")["sample"] == sample
    assert run("watch", share, "--once", "--settle", "0.1")[:2] == (0, "")
    _, out, _ = run("quarantine", "--json")
    waiting = {f["file_name"]: f["number"] for f in document(out, "fol.quarantine/1")["files"]}
    number = waiting.pop(stray)
    (junk,) = waiting.values()
    code, out, said = run("quarantine", "link", number, "--sample", sample, "--json")
    assert code == 0, said
    assert document(out, "fol.ingest/1")["findings"][0]["sample"] == sample
    assert run("quarantine", "link", number, "--sample", sample)[0] == 3
    assert run("quarantine", "dismiss", junk, "--reason", "no measurement")[0] == 0
    assert run("quarantine")[1].count("\n") == 1
    assert "no measurement" in run("quarantine", "--all")[1]
    assert run("audit", "verify")[0] == 0


def test_a_watch_says_at_once_what_would_refuse_every_file(tmp_path, run, lab):
    share = tmp_path / "share"
    share.mkdir()
    assert run("watch", tmp_path / "nowhere", "--once")[0] == 2
    assert run("watch", lab, "--once")[0] == 2
    assert run("watch", tmp_path, "--once")[0] == 2
    assert run("watch", share, "--once", "--as", "okafor")[0] == 3
    assert run("watch", share, "--once", "--as", "nobody")[0] == 3
    assert run("watch", share, "--once", "--library", "none")[0] == 4
    assert run("watch", share, "--once", "--instrument", "none")[0] == 3
    assert run("watch", share, "--once")[0] == 0
