"""Reports on a sample by the command line: from intake to issued, amended and withdrawn."""

import io
import json
import subprocess
import sys
import zipfile

import pytest
from pypdf import PdfReader

from reports import schema
from tests.lims_builders import a_file, a_lab
from tui.cli import main


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
def report(run):
    def _report(*arguments, code=0, by=""):
        return run("report", "certificate", *arguments, code=code, by=by)

    return _report


@pytest.fixture
def sample(run, tmp_path, monkeypatch):
    """A sample of a parcel, measured on a library that cannot name it, reviewed and concluded."""
    a_lab(tmp_path / "lab").close()
    monkeypatch.setenv("FOL_LAB", str(tmp_path / "lab"))
    monkeypatch.delenv("FOL_PERSON", raising=False)
    parcel = run("shipment", "add", "--declared", "pigment", by="olga").split()[0]
    number = run(
        "sample", "add", "--shipment", parcel, "--description", "white powder", "--officer", "olga",
        "--seal", "A1", by="ana",
    ).split()[0]  # fmt: skip
    run("ingest", a_file(tmp_path), "--sample", number, by="ana")
    run("sign", f"{number}.F1", by="rex")
    run("conclude", number, by="ana")
    return number


def document(text, name):
    found = json.loads(text)
    assert found["schema"] == f"fol.report.certificate{name}/1"
    return found


def words(path):
    pages = PdfReader(io.BytesIO(path.read_bytes())).pages
    return " ".join(page.extract_text() for page in pages).replace("\u200b", "")


def test_from_intake_to_issued_amended_and_withdrawn(run, report, sample, tmp_path):
    number = report("draft", sample, "--reference", "HSI-42", by="ana").strip()
    assert "no such review" in report(
        "review", number, "--accept", "--step", "administrative", by="qm", code=3
    )
    assert "Ana wrote" not in report("review", number, "--accept", by="rex")
    assert "tech_reviewed" in report("issue", number, by="lee", code=3)
    report("review", number, "--accept", "--remote", "Headquarters", by="qm")
    made = document(report("issue", number, "--json", by="lee"), "")
    assert made["certificate"]["state"] == "issued"
    folder = tmp_path / "lab" / "reports" / number
    pdf = folder / f"{number}.pdf"
    assert f"End of report {number}" in words(pdf)
    assert "HSI-42" in words(pdf)
    assert "Headquarters" in words(pdf)
    signed = json.loads((folder / f"{number}.json").read_bytes())
    assert schema.problems(signed, schema.load("fol.certificate/1")) == []
    assert "whole" in report("verify", pdf)

    report("give", number, "--to", "A. Ruiz, prosecutor", "--how", "by hand", by="lee")
    second = report(
        "amend", number, "--reason", "wrong reference", "--reference", "HSI-24", by="ana"
    ).strip()
    for person in ("rex", "qm"):
        report("review", second, "--accept", by=person)
    report("issue", second, by="lee")
    new = json.loads((tmp_path / "lab" / "reports" / second / f"{second}.json").read_bytes())
    assert new["amends"]["changes"] == ['reference: was "HSI-42", is "HSI-24"']
    assert f"AMENDED by {second}" in report("verify", pdf)
    assert f"AMENDED by {second}" in words(folder / f"{number}-amended.pdf")

    assert "asked for" in report("withdraw", second, "--reason", "bad control", by="qm")
    assert "asked for" in report("withdraw", second, by="qm", code=3)
    assert "is withdrawn" in report("withdraw", second, by="lee")
    told = json.loads(run("notice", "list", "--all", "--json"))["notices"]
    assert [each["recipient"] for each in told] == ["A. Ruiz, prosecutor"] * 2
    assert "WITHDRAWN" in report("show", second)
    assert second not in report("list")
    every = document(report("list", "--of", sample, "--json"), ".list")["certificates"]
    assert [each["state"] for each in every] == ["withdrawn", "amended"]

    run("bundle", sample, "--out", tmp_path / "case.zip", by="lee")
    with zipfile.ZipFile(tmp_path / "case.zip") as packed:
        packed.extractall(tmp_path / "case")
    checked = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "case" / "verify.py"), tmp_path / "case.zip"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    assert f"report {number}: signed by the lab, amended by {second}" in checked.stdout
    assert f"report {second}: signed by the lab, withdrawn" in checked.stdout
    assert "whole" in run("audit", "verify")


def test_what_is_missing_is_told_with_every_draft(run, report, sample):
    run("sample", "propose", sample, "--to", "cus", "--seal", "A1", by="ana")
    number = report("draft", sample, by="ana").strip()
    shown = document(report("show", number, "--json"), ".show")
    assert [each["what"].split(":")[0] for each in shown["missing"]] == ["handover"]
    assert shown["document"]["number"] == number
    assert "a hand-over" in report("show", number)
    run("sample", "decline", sample, "--reason", "not today", by="cus")
    assert document(report("show", number, "--json"), ".show")["missing"] == []


def test_a_preliminary_report_is_marked_and_is_not_amended(report, sample, tmp_path):
    number = report("draft", sample, "--preliminary", "--valid-days", "7", by="ana").strip()
    for person in ("rex", "qm"):
        report("review", number, "--accept", by=person)
    report("issue", number, by="lee")
    assert "PRELIMINARY" in words(tmp_path / "lab" / "reports" / number / f"{number}.pdf")
    assert "is preliminary" in report(
        "amend", number, "--reason", "now final", "--customer", "Court", by="ana", code=3
    )


def test_a_draft_is_written_to_a_file_only_as_a_draft(report, sample, tmp_path):
    number = report("draft", sample, by="ana").strip()
    report("show", number, "--to", tmp_path / "d.pdf")
    assert "DRAFT, not issued" in words(tmp_path / "d.pdf")
    assert "is there already" in report("show", number, "--to", tmp_path / "d.pdf", code=2)
    assert ".pdf, .html or .json" in report("show", number, "--to", tmp_path / "d.doc", code=2)
    report("drop", number, "--reason", "not wanted", by="ana")
    assert "no such review" in report("review", number, "--accept", by="rex", code=3)


def test_an_altered_file_is_told_by_the_exit_code(report, sample, tmp_path):
    number = report("draft", sample, by="ana").strip()
    for person in ("rex", "qm"):
        report("review", number, "--accept", by=person)
    report("issue", number, by="lee")
    page = tmp_path / "lab" / "reports" / number / f"{number}.html"
    page.write_bytes(page.read_bytes().replace(b"white powder", b"white flour!"))
    assert "NOT WHOLE" in report("verify", page, code=4)
    found = json.loads(report("verify", page, "--json", code=4))
    assert found["checked"]["fits"] is False


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "R000001-Z"), 3),
        (("show", "x" * 500), 3),
        (("draft", "NOG-26-S999999-X"), 3),
        (("verify", "/nowhere"), 2),
        (("review", "R000001-U"), 2),
        (("give", "R000001-U", "--to", "A", "--form", "fax"), 2),
        (("state", "R000001-U", "hold:1", "--text", "\x1b[2J"), 3),
    ],
)
def test_what_cannot_be_is_refused_in_words(report, sample, arguments, code):
    assert report(*arguments, by="qm", code=code)
