"""The demonstration plays a whole night and leaves a lab that verifies."""

import json

import pytest

from tui.cli import main


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_night_is_played_and_leaves_a_whole_lab(tmp_path, capsys):
    folder = tmp_path / "night"
    assert main(["demo", "--lab", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "butyrylfentanyl or isobutyrylfentanyl (not distinguished)" in told
    assert told.index("HAZARD") < told.index("butyrylfentanyl or isobutyrylfentanyl")
    assert "declared silicon dioxide, found xylazine" in told
    assert "not in library: candidate analogue of fentanyl" in told
    assert "declared value 6.67 USD per kg" in told
    assert "freight above goods value" in told
    assert "acknowledged as already stored, after 2 tries" in told
    assert "stored at headquarters: 1 report" in told
    assert main(["audit", "verify", "--lab", str(folder)]) == 0
    capsys.readouterr()
    assert main(["shipment", "list", "--lab", str(folder), "--json"]) == 0
    states = [s["state"] for s in json.loads(capsys.readouterr().out)["shipments"]]
    assert sorted(states[:4]) == ["released", "seized", "seized", "seized"]
    daily = next((folder / "reports").glob("*/*-d.json"))
    said = json.loads(daily.read_text(encoding="utf-8"))
    assert len(said["candidates"]) == 1
    assert "training" in daily.with_suffix(".html").read_text(encoding="utf-8")


def test_a_folder_no_demonstration_made_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("keep")
    assert main(["demo", "--lab", str(tmp_path)]) == 2
    assert (tmp_path / "mine.txt").read_text() == "keep"
    assert "no demonstration made it" in capsys.readouterr().err
