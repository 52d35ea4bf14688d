"""One lab's find becomes every lab's library, by hand on the command line (scenario S-19)."""

import json

import numpy as np
import pytest

from instruments.writers import write
from libraries.training import entries
from spectra.spectrum import Technique
from tui.cli import main
from tui.demo.bench import measured


@pytest.fixture
def run(capsys):
    def _run(lab, person, *arguments, code=0):
        given = ["--lab", str(lab), "--as", person, *map(str, arguments)]
        found = main(given)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert found == code, captured.err
        return captured.out, captured.err

    return _run


@pytest.fixture
def labs(tmp_path, run):
    """Two labs whose library holds everything but xylazine, each with a powder that is xylazine."""
    known = [e.measurement for e in entries(Technique.FTIR) if "xylazine" not in e.name]
    library = tmp_path / "street.jdx"
    library.write_bytes(write(known, "jcamp"))
    made = []
    for at, site in enumerate(("NOG", "TIJ")):
        lab = tmp_path / site
        run(lab, "ana", "init", "--site", site, "--name", site, "--person", "ana")
        run(lab, "ana", "person", "add", "rex", "--name", "Rex", "--role", "reviewer")
        run(lab, "ana", "library", "import", library, "--name", "street", "--licence", "CC0")
        out, _ = run(lab, "ana", "shipment", "add", "--declared", "silicon dioxide", "--json")
        parcel = json.loads(out)["shipments"][0]["number"]
        out, _ = run(
            lab, "ana", "sample", "add", "--shipment", parcel, "--description", "sand", "--json"
        )
        sample = json.loads(out)["samples"][0]["number"]
        powder = tmp_path / f"{site}.jdx"
        curve = measured("xylazine", Technique.FTIR, np.random.default_rng(at))
        powder.write_bytes(write([curve], "jcamp"))
        out, _ = run(lab, "ana", "ingest", powder, "--sample", sample)
        assert "no match" in out
        run(lab, "rex", "review", f"{sample}.F1", "--accept")
        run(lab, "ana", "conclude", sample)
        made.append((lab, sample))
    return made


def test_confirmed_spectrum_of_one_lab_answers_the_other_labs_old_sample(labs, run, tmp_path):
    (nog, ours), (tij, theirs) = labs
    said = ("--substance", "xylazine", "--salt", "hydrochloride", "--source", "reference, lot 7")
    run(nog, "ana", "reference", "propose", f"{ours}.R1", *said, "--library", "street")
    _, err = run(nog, "ana", "reference", "approve", f"{ours}.L1", code=3)
    assert "may not approve" in err
    out, _ = run(nog, "rex", "reference", "approve", f"{ours}.L1", "--json")
    assert json.loads(out)["reference"]["version"] == "2"
    out, _ = run(nog, "ana", "reference", "list", "--json")
    assert [each["state"] for each in json.loads(out)["references"]] == ["entered"]

    package = tmp_path / "street-2.folpkg"
    out, _ = run(nog, "ana", "library", "release", "street", "--out", package, "--json")
    assert json.loads(out)["release"]["sequence"] == 1
    run(nog, "ana", "library", "release", "street", "--out", package, code=2)

    _, err = run(tij, "ana", "library", "add", package, "--name", "street-NOG", code=3)
    out, _ = run(nog, "ana", "library", "keys", "--json")
    fingerprint = json.loads(out)["fingerprint"]
    assert fingerprint in err
    out, _ = run(
        tij, "ana", "library", "add", package, "--name", "street-NOG", "--trust", fingerprint,
        "--json",
    )  # fmt: skip
    document = json.loads(out)
    assert document["schema"] == "fol.library.add/1"
    (found,) = document["again"]["found"]
    assert (found["sample"], found["gain"]) == (theirs, "named")
    assert "xylazine hydrochloride" in found["now"]
    out, _ = run(tij, "ana", "library", "keys")
    assert "NOG" in out

    out, _ = run(tij, "ana", "alerts")
    assert "again" in out
    assert "xylazine" not in out
    out, _ = run(tij, "ana", "again", "list", "--library", "street-NOG")
    assert theirs in out
    run(tij, "rex", "review", f"{theirs}.F2", "--accept")
    out, _ = run(tij, "ana", "conclude", theirs)
    assert "presumptive: xylazine" in out
    out, _ = run(tij, "ana", "again", "--json")
    assert json.loads(out)["report"] == {"searched": 0, "found": [], "problems": [], "left": 0}
    for lab in (nog, tij):
        run(lab, "ana", "audit", "verify")

    _, err = run(tij, "ana", "library", "add", package, "--name", "street-NOG", code=4)
    assert "added here before" in err
    run(tij, "ana", "library", "distrust", fingerprint, "--reason", "key was lost")
    out, _ = run(tij, "ana", "library", "keys", "--all")
    assert "key was lost" in out


def test_library_of_one_entry_is_told_as_a_lead_and_names_nothing(labs, run, tmp_path):
    (nog, ours), (tij, theirs) = labs
    said = ("--substance", "xylazine", "--salt", "hydrochloride", "--source", "reference, lot 7")
    run(nog, "ana", "reference", "propose", f"{ours}.R1", *said)
    run(nog, "rex", "reference", "approve", f"{ours}.L1")
    package = tmp_path / "own.folpkg"
    run(nog, "ana", "library", "release", "own-NOG", "--out", package)
    out, _ = run(nog, "ana", "library", "keys", "--json")
    trust = ("--trust", json.loads(out)["fingerprint"])
    out, err = run(tij, "ana", "library", "add", package, *trust)
    assert "0 answer now, 1 with a lead" in err
    assert "not identified; the nearest entry is now xylazine hydrochloride of own-NOG 1" in out
    out, _ = run(tij, "ana", "alerts", "--json")
    (notice,) = json.loads(out)["alerts"]
    assert (notice["kind"], notice["sample"]) == ("again", theirs)
    out, _ = run(tij, "ana", "board")
    assert "xylazine" not in out


def test_import_says_what_waits_and_again_lists_it(labs, run, tmp_path):
    (lab, sample), _ = labs
    more = tmp_path / "more.jdx"
    more.write_bytes(write([e.measurement for e in entries(Technique.FTIR)], "jcamp"))
    _, err = run(lab, "ana", "library", "import", more, "--name", "street", "--licence", "CC0")
    assert "1 stored unknowns were not compared with it yet" in err
    out, err = run(lab, "ana", "again", "--library", "street")
    assert sample in out
    assert "1 answer now" in err
    out, _ = run(lab, "ana", "again", "list", "--json")
    assert json.loads(out)["schema"] == "fol.again.list/1"


def test_lost_bytes_are_told_with_their_own_exit_code(labs, run, tmp_path):
    (lab, _), _ = labs
    for path in (lab / "raw").rglob("*"):
        if path.is_file():
            path.unlink()
    more = tmp_path / "more.jdx"
    more.write_bytes(write([e.measurement for e in entries(Technique.FTIR)], "jcamp"))
    run(lab, "ana", "library", "import", more, "--name", "street", "--licence", "CC0")
    _, err = run(lab, "ana", "again", code=4)
    assert "missing" in err


def test_executor_is_a_number_or_a_scheduler(labs, run, monkeypatch):
    (lab, _), _ = labs
    for wrong in ("many", "-1", "9999", "dask:tcp://localhost:1"):
        _, err = run(lab, "ana", "again", "--executor", wrong, code=2)
        assert "Hint" in err

    import sys
    from concurrent.futures import ThreadPoolExecutor
    from types import ModuleType

    addresses = []

    class Client:
        def __init__(self, address):
            addresses.append(address)
            self.pool = ThreadPoolExecutor(1)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.pool.shutdown()

        def get_executor(self):
            return self.pool

    module = ModuleType("distributed")
    module.Client = Client
    monkeypatch.setitem(sys.modules, "distributed", module)
    run(lab, "ana", "again", "--executor", "dask:tcp://10.0.0.5:8786")
    assert addresses == ["tcp://10.0.0.5:8786"]


def test_reference_can_be_withdrawn_with_its_reason(labs, run):
    (lab, sample), _ = labs
    said = ("--substance", "xylazine", "--source", "reference, lot 7")
    run(lab, "ana", "reference", "propose", f"{sample}.F1", *said)
    out, _ = run(lab, "rex", "reference", "approve", f"{sample}.L1", "--no-again")
    assert "own-NOG 1" in out
    out, _ = run(lab, "rex", "reference", "withdraw", f"{sample}.L1", "--reason", "recalled")
    assert "withdrawn by rex" in out
    out, _ = run(lab, "ana", "reference", "list", "--all")
    assert "recalled" in out
