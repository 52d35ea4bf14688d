"""``fol law`` and ``fol substance`` as a script calls them: documents, exit codes, no traceback."""

import json

import pytest

from tests.lims_builders import a_finding, a_lab, a_sample, an_entry
from tui.cli import main

BUTYRYL = "CCCC(=O)N(c1ccccc1)C1CCN(CC1)CCc1ccccc1"


@pytest.fixture(autouse=True)
def no_lab_of_mine(monkeypatch, tmp_path):
    monkeypatch.setenv("FOL_LAB", str(tmp_path / "none"))


def run(capsys, *arguments):
    code = main([str(each) for each in arguments])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, captured.out, captured.err


def the_document(capsys, *arguments):
    code, out, err = run(capsys, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def test_classify_has_its_documented_shape(capsys):
    found = the_document(capsys, "substance", "classify", BUTYRYL)
    assert found["schema"] == "fol.substance.classify/1"
    assert found["classes"] == ["fentanyl"]
    assert "Not legal advice" in found["advice"]
    for rule in found["rules"]:
        assert {"jurisdiction", "rule", "valid_from", "valid_to", "applies", "letters"} <= set(rule)
        assert rule["reasons"]
    (frs,) = [r for r in found["rules"] if r["rule"] == "fentanyl-related substances"]
    assert (frs["applies"], frs["letters"]) == (True, ["E"])
    assert "N-propionyl" in frs["reasons"][0]


def test_the_day_decides(capsys):
    then = the_document(capsys, "substance", "classify", BUTYRYL, "--on", "2018-01-01")
    frs = next(r for r in then["rules"] if r["rule"] == "fentanyl-related substances")
    assert (frs["applies"], frs["outcome"]) == (False, "not yet in force")
    assert then["on"] == "2018-01-01"


def test_classify_in_words_shows_what_speaks_and_says_it_is_no_advice(capsys):
    code, out, _ = run(capsys, "substance", "classify", BUTYRYL)
    assert code == 0
    assert "United States: fentanyl-related substances: applies (E)" in out
    assert "Not legal advice" in out


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("substance", "classify", "(((("), 4, "not a structure"),
        (("substance", "classify", "C" * 100_000), 4, "not a SMILES"),
        (("substance", "classify", "C", "--on", "soon"), 2, "not a day"),
        (("substance", "show", "437-38-8"), 4, "check digit would be 7"),
        (("substance", "show", "fentanly"), 4, "Near: fentanyl"),
        (("law", "show", "uk-nitazens"), 4, "uk-nitazenes"),
        (("law", "list", "--on", "2018-99-01"), 2, "not a day"),
        (("law", "review", "--dry-run"), 2, ""),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(capsys, arguments, code, word):
    found, _, err = run(capsys, *arguments)
    assert found == code, err
    assert word in err


def test_search_says_why(capsys):
    found = the_document(capsys, "substance", "search", "fentanly")
    assert found["read_as"] == "name"
    assert found["substances"][0]["name"] == found["why"][0]["name"] == "fentanyl"
    assert "1 slip" in found["why"][0]["why"]
    code, out, _ = run(capsys, "substance", "search", "336.2202", "--tolerance", "0.01")
    assert code == 0
    assert "monoisotopic mass" in out


def test_show_names_the_group_that_is_not_distinguished(capsys):
    found = the_document(capsys, "substance", "show", "ephedrine")
    assert found["stereo_group"]["name"] == "ephedrine or pseudoephedrine (not distinguished)"
    assert found["hazard"]["group"] == found["substance"]["hazard_group"]
    assert any(salt["words"] == "hydrochloride" for salt in found["salts"])
    code, out, _ = run(capsys, "substance", "show", "ephedrine")
    assert code == 0
    assert "ephedrine or pseudoephedrine (not distinguished)" in out


def test_rules_are_listed_and_shown_with_source_and_what_is_open(capsys):
    rules = the_document(capsys, "law", "list", "--on", "2018-01-01")["rules"]
    status = {rule["id"]: rule["status"] for rule in rules}
    assert status["us-fentanyl-related"] == "not yet"
    assert status["uk-cathinones"] == "in force"
    code, out, _ = run(capsys, "law", "show", "us-fentanyl-related")
    assert code == 0
    assert "Public Law 119-26" in out
    assert "open: Is a carbamate an acyl group?" in out
    shown = the_document(capsys, "law", "show", "uk-nitazenes")["rule"]
    assert shown["versions"][0]["valid_from"] == "2025-01-15"


def test_a_lab_imports_a_rule_and_reviews_its_findings(capsys, tmp_path, monkeypatch):
    from instruments import registry, sandbox

    monkeypatch.setattr(sandbox, "read_guarded_bytes", registry.read_bytes)
    bench = tmp_path / "bench"
    bench.mkdir()
    lab = a_lab(tmp_path / "lab")
    number = a_sample(lab).number
    a_finding(lab, bench, number, an_entry("match", "xylazine", hazard="H3"))
    lab.close()
    where = ("--lab", tmp_path / "lab")
    assert run(capsys, "law", "review", *where, "--as", "lee")[0] == 0

    rule = the_document(capsys, "law", "show", "uk-nitazenes-named", *where)["rule"]
    document = {
        "schema": "fol.law/1",
        "id": "xx-veterinary",
        "jurisdiction": "Utopia",
        "rule": "veterinary sedatives",
        "classes": [],
        "schedule": "List 1",
        "pointer": "Utopia",
        "version": [
            {
                name: rule["versions"][0][name]
                for name in ("valid_from", "valid_to", "source", "text", "text_status", "sure")
            }
        ],
        "test": {"kind": "listed", "as_of": "2024-01-01", "entries": [{"name": "xylazine"}]},
    }
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    taken = the_document(capsys, "law", "import", path, "--reason", "Act 1", *where, "--as", "lee")
    assert (taken["id"], taken["revision"]) == ("xx-veterinary", 1)
    assert taken["said"] == {"applies": ["xylazine"]}
    code, out, _ = run(capsys, "law", "show", "xx-veterinary", "--as-file", *where)
    assert (code, json.loads(out)) == (0, document)
    classified = the_document(capsys, "substance", "classify", "Cc1cccc(C)c1NC1=NCCCS1", *where)
    mine = next(r for r in classified["rules"] if r["id"] == "xx-veterinary")
    assert (mine["applies"], mine["revision"]) == (True, 1)

    looked = the_document(capsys, "law", "review", "--dry-run", *where)["review"]
    assert not looked["recorded"]
    review = the_document(capsys, "law", "review", *where, "--as", "lee")["review"]
    (change,) = review["changes"]
    assert review["recorded"]
    assert (change["sample"], change["subject"], change["new"]) == (number, "xylazine", "applies")
    assert run(capsys, "law", "import", path, "--reason", "r", *where, "--as", "olga")[0] == 3
    code, _, err = run(capsys, "law", "review", *where, "--as", "lee")
    assert code == 0
    assert "nothing written" in err
    assert run(capsys, "audit", "verify", *where)[0] == 0
