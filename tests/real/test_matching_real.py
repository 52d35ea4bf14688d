from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from instruments import read
from libraries.library import Library
from lims import library_care, matching, statements
from tests.real.library_data import data

pytestmark = [pytest.mark.real, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("libraries")
    library_care.install(made, [data("ms", "ei_swgdrug_dev.msp")], "swgdrug")
    library_care.install(
        made, [data("libraries", "ir", "rruff-infrared.zip")], "rruff", technique="ftir"
    )
    return made


@pytest.fixture(scope="module")
def opened(folder: Path) -> Iterator[list[Library]]:
    libraries = matching.open_libraries(folder)
    yield libraries
    for each in libraries:
        each.close()


def test_every_answer_is_a_document_the_record_takes(opened: list[Library]) -> None:
    export = read(data("ms", "ei_nist_fentanyl_dev.msp"))
    result = matching.match_export(export, opened, 5)
    assert [each["title"] for each in result["spectra"]] == [s.title for s in export.spectra]
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert len(statements.of_match(result)) == len(export.spectra)
    for each in result["spectra"]:
        decision = each["decision"]
        assert bool(decision["substances"]) == (decision["state"] in matching.NAMING_STATES)
        # Fentanyls all: whatever is decided, the notice must be there.
        assert each["hazard"]["group"] == "H1" or each["decision"]["state"] == "class_only"


def test_butyryl_and_isobutyryl_fluorofentanyl_are_not_told_apart(opened: list[Library]) -> None:
    export = read(data("ms", "ei_nist_fentanyl_dev.msp"))
    at = [s.title for s in export.spectra].index("para-Fluoroisobutyryl fentanyl")
    result = matching.match_export(export, opened)["spectra"][at]
    assert result["decision"]["state"] == "match_group"
    assert {"para-fluoroisobutyrylfentanyl", "meta-fluorobutyrylfentanyl"} <= set(
        result["decision"]["isomer_group"]
    )


def test_a_real_run_gives_peaks_with_answers(opened: list[Library]) -> None:
    export = read(data("instruments", "gcms", "andi-cdf", "CENTSCNH.CDF"))
    result = matching.match_export(export, opened)
    times = [each["retention_time_s"] for each in result["peaks"]]
    assert times == pytest.approx([316.6, 385.6, 464.2, 537.1, 586.4], abs=0.5)
    named = {name for each in result["peaks"] for name in each["decision"]["substances"]}
    assert "Biphenyl" in named  # the second component of the test mix in this file
    assert "consistent with Biphenyl" in matching.headline(result)


def test_a_run_without_drugs_names_none(opened: list[Library]) -> None:
    export = read(data("instruments", "gcms", "agilent-D", "GC01_0812_066.D"))
    result = matching.match_export(export, opened)
    states = [each["decision"]["state"] for each in result["peaks"]]
    assert len(states) >= 120
    assert states.count("analogue_candidate") <= 0.01 * len(states)
    # At five in a hundred false accepts a run of peaks may hold a few; this one is quiet.
    named = [s for s in states if s in matching.NAMING_STATES]
    assert len(named) <= 0.08 * len(states)


def test_one_answer_needs_none_of_the_heavy_packages(folder: Path, tmp_path: Path) -> None:
    text = data("ms", "ei_nist_fentanyl_dev.msp").read_text(encoding="utf-8").split("\n\n")[3]
    query = tmp_path / "one.msp"
    query.write_text(text + "\n", encoding="utf-8")
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from instruments import read\n"
        "from lims.matching import headline, match_export, open_libraries\n"
        "libraries = open_libraries(Path(sys.argv[2]), ['swgdrug'])\n"
        "print(headline(match_export(read(sys.argv[1]), libraries)))\n"
        "heavy = {'matchms', 'rdkit', 'numba', 'pandas', 'sqlite_utils', 'matplotlib', 'textual'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(query), str(folder)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.splitlines() == ["consistent with fentanyl", "[]"]
