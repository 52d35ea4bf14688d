"""Custody on the command line: from three scans to the paper that outlives a rewritten log."""

import json

import pytest

from tui.cli import main

S10 = "RR473124829GB"


@pytest.fixture
def run(capsys):
    def _run(*arguments, code=0, by=""):
        acting = ["--as", by] if by else []
        found = main([*acting, *(str(argument) for argument in arguments)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert found == code, captured.err
        return captured.out if code == 0 else captured.out + captured.err

    return _run


@pytest.fixture
def lab(tmp_path, run, monkeypatch):
    from tests.lims_builders import a_lab

    a_lab(tmp_path / "lab").close()
    monkeypatch.setenv("FOL_LAB", str(tmp_path / "lab"))
    monkeypatch.delenv("FOL_PERSON", raising=False)
    return tmp_path / "lab"


@pytest.fixture
def sample(run, lab):
    """A sealed sample that cus took in by three scans."""
    run("shipment", "add", "--declared", "salt", "--tracking", S10, by="olga")
    return run("sample", "scan", "FB000123", S10, "olga", by="cus").strip()


def document(text, schema):
    found = json.loads(text)
    assert found["schema"] == schema
    return found


def test_a_transfer_both_sign_then_a_receipt_that_fits(run, sample, tmp_path):
    said = run("sample", "transfer", sample, "--to", "ana", "--seal", "FB000123", by="cus", code=3)
    assert "ana did not confirm" in said
    run(
        "sample",
        "transfer",
        sample,
        "--to",
        "ana",
        "--confirm",
        "ana",
        "--seal",
        "FB000123",
        by="cus",
    )
    paper = run("sample", "receipt", sample)
    codes = [line.split()[1] for line in paper.splitlines() if line.startswith(("Event:", "Log:"))]
    found = document(run("audit", "receipt", *codes, "--json"), "fol.audit.receipt/1")
    assert found["ok"]
    assert [each["kind"] for each in found["codes"]] == ["event", "root"]
    wrong = codes[0][:-1] + ("A" if codes[0][-1] != "A" else "B")
    assert "DOES NOT FIT" in run("audit", "receipt", wrong, code=3)
    assert "not a code" in run("audit", "receipt", "hello", code=3)
    run("sample", "receipt", sample, "--to", tmp_path / "r.pdf")
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")


def test_an_offer_is_accepted_declined_and_listed(run, sample):
    run("sample", "propose", sample, "--to", "ana", "--seal", "FB000123", by="cus")
    listed = document(run("sample", "handovers", "--json"), "fol.sample.handovers/1")
    assert [each["taker"] for each in listed["handovers"]] == ["ana"]
    run("sample", "decline", sample, "--reason", "bag is torn", by="ana")
    run("sample", "propose", sample, "--to", "ana", "--seal", "FB000123", by="cus")
    assert "held by ana" in run("sample", "accept", sample, "--seal", "FB000123", by="ana")
    told = document(run("sample", "history", sample, "--json"), "fol.sample.history/1")
    assert [h["state"] for h in told["history"]["handovers"]] == ["declined", "accepted"]


def test_recorded_on_behalf_is_marked_where_people_read(run, sample):
    run(
        "sample", "transfer", sample, "--to", "ana", "--seal", "FB000123", "--on-behalf",
        "--reason", "both called away", by="lee",
    )  # fmt: skip
    assert "RECORDED ON THEIR BEHALF both called away" in run("sample", "show", sample)
    assert "NOT by both" in run("sample", "receipt", sample)


def test_from_weighing_to_the_end_of_the_evidence(run, sample, tmp_path):
    run(
        "custody", "balance", "B1", "--repeatability", "30 ug", "--calibration", "40 ug",
        "--certificate", "K-1", by="qm",
    )  # fmt: skip
    assert document(run("custody", "balances", "--json"), "fol.custody.balances/1")["balances"]
    run(
        "sample",
        "transfer",
        sample,
        "--to",
        "ana",
        "--confirm",
        "ana",
        "--seal",
        "FB000123",
        by="cus",
    )
    run("sample", "open", sample, "--seal", "FB000123", by="ana")
    divided = document(
        run(
            "sample", "divide", sample, "--part", "2 g", "--part", "3 g", "--gross", "12 g",
            "--packaging", "2 g", "--residue", "5 g", "--balance", "B1", "--json", by="ana",
        ),
        "fol.sample.divide/1",
    )  # fmt: skip
    first, second = (item["number"] for item in divided["samples"])
    assert first in run("sample", "tree", sample)
    assert len(document(run("sample", "tree", sample, "--json"), "fol.sample.tree/1")["items"]) == 3
    seq = run(
        "sample", "authorise", first, "--document", "C-1", "--reason", "needed", "--limit", "20 mg",
        by="lee",
    ).strip()  # fmt: skip
    used = (
        "sample",
        "consume",
        first,
        "--authority",
        seq,
        "--purpose",
        "GC-MS",
        "--reviewer",
        "rex",
    )
    assert "confirmed by rex" in run(*used, "--mass", "15 mg", by="ana")
    assert "is too much" in run(*used, "--mass", "15 mg", by="ana", code=3)
    run("hold", "set", sample, "--document", "C-7", "--reason", "trial", by="lee")
    assert document(run("hold", "list", "--json"), "fol.hold.list/1")["holds"]
    ordered = ("disposal", "order", second, "--document", "C-9", "--reason", "closed")
    assert f"legal hold C-7 on {sample}" in run(*ordered, by="lee", code=3)
    run("hold", "lift", sample, "--document", "C-8", "--reason", "verdict", by="qm")
    run(*ordered, by="lee")
    run("sample", "transfer", second, "--to", "cus", "--confirm", "cus", by="ana")
    burned = ("disposal", "destroy", second, "--place", "plant", "--method", "fire")
    assert "two witnesses" in run(*burned, "--confirm", "rex", by="cus", code=3)
    run(*burned, "--confirm", "rex", "--confirm", "qm", by="cus")
    ended = document(run("disposal", "list", "--all", "--json"), "fol.disposal.list/1")
    assert ended["disposals"][0]["witnesses"] == ["rex", "qm"]
    assert "weighed" in run("sample", "history", sample)
    assert "whole" in run("audit", "verify")


def test_a_box_is_filled_sealed_moved_and_emptied(run, sample):
    box = run("container", "add", "grey box", by="cus").strip()
    run("container", "put", box, sample, by="cus")
    assert f"is inside {box}" in run(
        "sample", "transfer", sample, "--to", "place:safe", "--seal", "FB000123", by="cus", code=3
    )
    run("container", "seal", box, "--seal", "FB000900", by="cus")
    run("container", "move", box, "--to", "ana", "--confirm", "ana", "--seal", "FB000900", by="cus")
    shown = document(run("container", "show", box, "--json"), "fol.container.show/1")
    assert shown["container"]["holder"] == "ana"
    assert [step["kind"] for step in shown["steps"]] == ["made", "put", "sealed", "moved"]
    assert f"in {box}" in run("sample", "show", sample)
    run("container", "open", box, "--seal", "FB000900", by="ana")
    run("container", "take", sample, by="ana")
    assert document(run("container", "list", "--json"), "fol.container.list/1")


def test_lost_found_late_and_corrected(run, sample):
    run("sample", "lost", sample, "--says", "not on the shelf", by="cus")
    run("sample", "found", sample, "--where", "behind it", "--seal", "FB000123", by="cus")
    run("sample", "resolve", sample, "--reason", "seal whole", by="qm")
    late = (
        "sample", "late", sample, "--to", "place:safe", "--seal", "FB000123",
        "--reason", "power was out",
    )  # fmt: skip
    assert "cannot have happened" in run(*late, "--at", "2020-01-01T10:00", by="cus", code=3)
    assert "not a moment" in run(*late, "--at", "yesterday", by="cus", code=2)
    run(
        "sample", "correct", sample, "--field", "description", "--to", "brown resin",
        "--reason", "other bag", by="lee",
    )  # fmt: skip
    assert "brown resin" in run("sample", "show", sample)
    run("sample", "correct", sample, "--to", "x", "--reason", "y", by="lee", code=2)


def test_files_are_given_back_byte_for_byte(run, sample, tmp_path):
    path = tmp_path / "order.pdf"
    path.write_bytes(b"%PDF-1.7 not really")
    sha256 = run("sample", "attach", sample, path, "--what", "court order", by="lee").strip()
    assert document(run("sample", "files", sample, "--json"), "fol.sample.files/1")["files"]
    run("sample", "file", sha256[:12], "--to", tmp_path / "back.pdf")
    assert (tmp_path / "back.pdf").read_bytes() == path.read_bytes()
    assert "is there already" in run("sample", "file", sha256, "--to", path, code=2)


def test_labels_are_written_in_three_forms_and_no_other(run, sample, tmp_path):
    for ending, start in ((".pdf", b"%PDF"), (".png", b"\x89PNG"), (".zpl", b"^XA")):
        path = tmp_path / f"label{ending}"
        run("sample", "label", sample, "--to", path)
        assert path.read_bytes().startswith(start)
    run("sample", "label", sample, "--to", tmp_path / "label.svg", code=2)
    wrong = sample[:-1] + ("A" if sample[-1] != "A" else "B")
    assert sample in run("sample", "label", wrong, "--to", tmp_path / "x.pdf", code=3)


def test_seals_issued_are_checked(run, lab):
    run(
        "seals",
        "issue",
        "--prefix",
        "FB",
        "--first",
        "000100",
        "--last",
        "000199",
        "--class",
        "H",
        by="cus",
    )
    assert "nothing odd" in run("seals", "check", "FB000150")
    odd = document(run("seals", "check", "ZZ1", "--json"), "fol.seals.check/1")["odd"]
    assert odd == ["in no range issued to this lab"]
    assert document(run("seals", "list", "--json"), "fol.seals.list/1")["ranges"]


def test_quota_backlog_and_a_table_of_parcels(run, lab, tmp_path):
    table = tmp_path / "parcels.csv"
    table.write_text("declared_goods,origin\nsalt,CN\nsugar,China\n,MX\n", encoding="utf-8")
    said = run("shipment", "add", "--from-csv", table, "--dry-run", by="olga", code=2)
    assert "row 3" in said
    assert "row 4" in said
    assert "nothing was written" in run("shipment", "add", "--from-csv", table, by="olga", code=2)
    table.write_text("declared_goods,origin\n" + "salt,CN\n" * 3, encoding="utf-8")
    preview = run("shipment", "add", "--from-csv", table, "--dry-run", "--json", by="olga")
    assert document(preview, "fol.shipment.preview/1")["rows"] == 3
    numbers = run("shipment", "add", "--from-csv", table, by="olga").split()
    assert len(numbers) == 3
    run("custody", "set", "quota_per_submitter", "1", "--reason", "two analysts", by="lee")
    settings = document(run("custody", "settings", "--json"), "fol.custody.settings/1")["settings"]
    assert settings["quota_per_submitter"] == 1
    run("sample", "scan", "olga", numbers[0], "X1", by="cus")
    assert "quota is 1" in run("sample", "scan", "olga", numbers[1], "X2", by="cus", code=3)
    found = document(
        run("shipment", "waiting", "--order", "age", "--json"), "fol.shipment.waiting/1"
    )
    assert found["counts"]["registered"] == 3
    assert [parcel["shipment"] for parcel in found["parcels"]] == numbers[1:]
