"""S-06, S-07 and S-11 by command: an unknown at three ports, one line at headquarters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instruments.writers import write
from lims import clock
from spectra import simulate
from spectra.spectrum import MassSpectrum, Technique
from tui.cli import main

LONG_AGO = datetime(2023, 6, 1, 9, 0, tzinfo=UTC)
TODAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LEFT_OUT = "para-chlorofentanyl"
"""Of the training library: a second compound that no library holds."""


@pytest.fixture
def run(capsys):
    def _run(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return _run


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from libraries.training import entries

    path = tmp_path_factory.mktemp("references") / "ei.msp"
    held = [each.measurement for each in entries(Technique.MS) if each.name != LEFT_OUT]
    path.write_bytes(write(held, "msp"))
    return path


def export(
    folder: Path, name: str, drug: MassSpectrum, *, drug_area: float, cut_area: float, seed: int
) -> Path:
    """A run as one of our instruments would write it; each seed is tuned a little differently."""
    from libraries.training import entry

    random = np.random.default_rng(seed)
    cut = entry("caffeine", Technique.MS).measurement
    seen = simulate.mass_spectrum("drug", drug, random, ions=2e6, tilt=0.1, noise_peaks=0)
    parts = [
        simulate.RunComponent(spectrum=spectrum, retention_time_s=time_s, area=area)
        for spectrum, time_s, area in ((cut, 310.0, cut_area), (seen, 452.0, drug_area))
        if isinstance(spectrum, MassSpectrum) and area
    ]
    path = folder / f"{name}.cdf"
    path.write_bytes(write([simulate.gcms_run(name, parts, random, duration_s=480.0)], "andi"))
    return path


class Port:
    """One laboratory worked through the command line."""

    def __init__(self, folder: Path, site: str, run: Callable[..., tuple[int, str, str]]) -> None:
        self.folder = folder / site
        self.site = site
        self._run = run
        self.ok("init", "--site", site, "--name", f"Port {site}", "--person", "rivera")
        for person, role in (("okafor", "reviewer"), ("haddad", "officer"), ("vega", "officer")):
            self.ok("person", "add", person, "--name", person.title(), "--role", role)

    def ok(self, *arguments: object) -> str:
        words = [arguments[0], *arguments[1:]]
        code, out, said = self._run("--lab", self.folder, "--as", "rivera", *words)
        assert code == 0, f"{words}: {said}"
        return out

    def json(self, *arguments: object) -> Any:
        return json.loads(self.ok(*arguments, "--json"))

    def parcel(self, *, origin: str = "CN", **more: str) -> tuple[str, str]:
        options = [f"--{key}={value}" for key, value in more.items()]
        made = self.json("shipment", "add", "--declared", "pigment", "--origin", origin, *options)
        number = made["shipments"][0]["number"]
        made = self.json("sample", "add", "--shipment", number, "--description", "powder")
        return number, made["samples"][0]["number"]

    def examined(self, path: Path, *, origin: str = "CN") -> dict[str, Any]:
        """A parcel through hazard notice, review and conclusion; returns the finding."""
        _, sample = self.parcel(origin=origin)
        finding = self.json("ingest", path, "--sample", sample)["findings"][0]
        for alert in self.json("alerts")["alerts"]:
            self.ok("alerts", "acknowledge", alert["id"], "--as", "haddad")
        self.ok("review", finding["id"], "--accept", "--as", "okafor")
        self.ok("conclude", sample)
        return dict(finding)

    def report(self) -> Path:
        return Path(self.json("report", "daily")["paths"]["json"])


class Ports(dict[str, Port]):
    """Laboratories enrolled at one hub, each made when it is first asked for."""

    def __init__(self, folder: Path, run: Any, references: Path) -> None:
        super().__init__()
        self._folder, self._run, self._references = folder, run, references

    def __missing__(self, site: str) -> Port:
        port = self[site] = Port(self._folder, site, self._run)
        port.ok("library", "import", self._references, "--name", "bench")
        key = port.folder / "keys" / "lab.ed25519.pub"
        hub = self._folder / "hq"
        code, _, said = self._run(
            "hub", "enroll", "--folder", hub, "--lab-site", site, "--key", key
        )
        assert code == 0, said
        return port


@pytest.fixture
def ports(tmp_path, run, references) -> Ports:
    return Ports(tmp_path, run, references)


@contextmanager
def on(moment: datetime) -> Iterator[None]:
    with clock.running_from(lambda: moment):
        yield


def test_the_same_unknown_at_three_ports_is_one_line_at_headquarters(tmp_path, run, ports):
    from libraries.training import entry, hidden_analogue

    novel = hidden_analogue().measurement
    other = entry(LEFT_OUT, Technique.MS).measurement
    amounts = {"NOG": (2e6, 0.0), "JFK": (3e5, 3e6), "LAX": (1.2e6, 4e5)}
    with on(TODAY):
        found = {}
        for seed, (site, (drug, cut)) in enumerate(amounts.items()):
            path = export(tmp_path, site, novel, drug_area=drug, cut_area=cut, seed=seed)
            found[site] = ports[site].examined(path)
        path = export(tmp_path, "other", other, drug_area=2e6, cut_area=4e5, seed=9)
        ports["NOG"].examined(path)
        for finding in found.values():
            assert "not in library: candidate analogue of fentanyl" in finding["headline"]
        known = ports["NOG"].json("unknown", "list")["unknowns"]
        assert sorted((each["code"], len(each["samples"])) for each in known) == [
            ("UNK-FEN-0001", 1),
            ("UNK-FEN-0002", 1),
        ]
        ports["JFK"].ok("confirmation", "send", found["JFK"]["id"], "--to", "Northeast Regional")
        reports = [port.report() for port in ports.values()]
        code, _, said = run("hub", "ingest", *reports, "--folder", tmp_path / "hq")
        assert code == 0, said
        code, out, said = run("hub", "digest", "--folder", tmp_path / "hq", "--json")
        assert code == 0, said
    digest = json.loads(out)["digest"]
    shared, single = digest["unknowns"]
    assert shared["code"] == "HQ-UNK-FEN-0001" or single["code"] == "HQ-UNK-FEN-0001"
    assert sorted(lab["site"] for lab in shared["labs"]) == ["JFK", "LAX", "NOG"]
    assert (shared["samples"], shared["class_name"]) == (3, "fentanyl")
    assert [lab["site"] for lab in single["labs"]] == ["NOG"]
    with on(TODAY):
        code, out, _ = run("hub", "digest", "--folder", tmp_path / "hq")
        assert "same unknown at JFK, LAX and NOG" in out
        code, out, _ = run("hub", "unknowns", "--folder", tmp_path / "hq", "--several", "--json")
        assert len(json.loads(out)["unknowns"]) == 1
    said = json.loads(reports[1].read_text())
    assert said["candidates"][0]["way"].startswith("sent for confirmation to Northeast Regional")
    assert hidden_analogue().name.casefold() not in reports[0].read_text().casefold()


def test_an_old_unknown_from_another_origin_re_emerges_with_the_gap(tmp_path, run, ports):
    from libraries.training import hidden_analogue

    novel, port = hidden_analogue().measurement, ports["NOG"]
    for moment, origin, seed in ((LONG_AGO, "CN", 1), (TODAY, "IN", 2)):
        with on(moment):
            path = export(tmp_path, origin, novel, drug_area=2e6, cut_area=4e5, seed=seed)
            port.examined(path, origin=origin)
            made = port.report()
            code, _, said = run("hub", "ingest", made, "--folder", tmp_path / "hq")
            assert code == 0, said
    first_seen = json.loads(made.read_text())["first_seen"]
    [again] = [each for each in first_seen if each["name"].startswith("UNK-FEN-0001")]
    assert (again["kind"], again["gap_months"]) == ("re_emergence", 41)
    assert "before from CN, now from IN" in again["text"]
    with on(TODAY):
        _, out, _ = run("hub", "digest", "--folder", tmp_path / "hq", "--json")
    [again] = json.loads(out)["digest"]["first_seen"]
    assert (again["kind"], again["gap_months"]) == ("re_emergence", 41)


def test_named_by_an_own_reference_every_sample_of_the_cluster_is_told(tmp_path, run, ports):
    from libraries.training import hidden_analogue

    novel, port = hidden_analogue().measurement, ports["NOG"]
    first = port.examined(
        export(tmp_path, "pure", novel, drug_area=2e6, cut_area=0.0, seed=1), origin="CN"
    )
    second = port.examined(
        export(tmp_path, "cut", novel, drug_area=3e5, cut_area=3e6, seed=2), origin="CN"
    )
    port.ok(
        "reference", "propose", first["id"], "--substance", hidden_analogue().name,
        "--source", "certified standard", "--purity", "98 %",
    )  # fmt: skip
    proposed = port.json("reference", "list")["references"][0]["id"]
    port.ok("reference", "approve", proposed, "--as", "okafor")
    shown = port.json("unknown", "show", "1")["unknown"]["cluster"]
    assert (shown["code"], shown["state"]) == ("UNK-FEN-0001", "named")
    assert shown["name"] == hidden_analogue().name
    assert shown["named_by"] == "okafor"
    told = {
        alert["sample"]
        for alert in port.json("alerts")["alerts"]
        if alert["kind"] == "unknown_named"
    }
    assert told == {first["sample"], second["sample"]}
    port.ok("reference", "withdraw", proposed, "--reason", "wrong vial", "--as", "okafor")
    assert any(each["kind"] == "unknown_conflict" for each in port.json("alerts")["alerts"])
    assert port.json("unknown", "show", "1")["unknown"]["cluster"]["state"] == "named"
    assert port.json("audit", "verify")["report"]["ok"] is True


def test_a_grown_library_names_the_unknown_once_a_second_person_has_looked(tmp_path, ports):
    from libraries.training import entries, entry

    other, port = entry(LEFT_OUT, Technique.MS).measurement, ports["NOG"]
    samples = []
    for seed, (drug, cut) in enumerate(((2e6, 0.0), (5e5, 3e6))):
        path = export(tmp_path, f"run{seed}", other, drug_area=drug, cut_area=cut, seed=seed)
        samples.append(port.examined(path)["sample"])
    assert port.json("unknown", "show", "1")["unknown"]["cluster"]["samples"] == sorted(samples)
    grown = tmp_path / "grown.msp"
    grown.write_bytes(write([each.measurement for each in entries(Technique.MS)], "msp"))
    port.ok("library", "import", grown, "--name", "bench", "--version", "2")
    found = port.json("again")["report"]["found"]
    assert [each["gain"] for each in found] == ["named", "named"]
    assert port.json("unknown", "show", "1")["unknown"]["cluster"]["name"] == ""
    port.ok("review", found[0]["new_finding"], "--accept", "--as", "okafor")
    shown = port.json("unknown", "show", "1")["unknown"]["cluster"]
    assert (shown["code"], shown["state"]) == ("UNK-FEN-0001", "named")
    assert LEFT_OUT in shown["name"]
    told = {
        alert["sample"]
        for alert in port.json("alerts")["alerts"]
        if alert["kind"] == "unknown_named"
    }
    assert told == set(samples)
    said = json.loads(port.report().read_text())
    assert said["unknowns"][0]["name"] == shown["name"]


def test_a_class_flag_warns_everybody_with_a_parcel_of_the_batch_or_the_shipper(
    tmp_path, run, ports
):
    from libraries.training import hidden_analogue

    port = ports["NOG"]
    batch = tmp_path / "batch.csv"
    batch.write_text(
        "declared_goods,consignor,origin\npigment,Blue Sky Ltd,CN\npigment,Red Sun Ltd,CN\n"
    )
    made = port.json("sample", "batch", "--from-csv", batch, "--officer", "haddad")["samples"]
    dangerous, neighbour = (each["number"] for each in made)
    shipment = port.json(
        "shipment", "add", "--declared", "ink", "--consignor", "BLUE SKY LTD", "--as", "vega"
    )["shipments"][0]["number"]
    assert shipment
    path = export(
        tmp_path, "run", hidden_analogue().measurement, drug_area=2e6, cut_area=4e5, seed=3
    )
    finding = port.json("ingest", path, "--sample", dangerous)["findings"][0]
    assert finding["hazard"] == "H1"
    for person in ("haddad", "vega"):
        near = port.json("alerts", "--for", person)["alerts"]
        [hazard] = [each for each in near if each["kind"] == "hazard"]
        assert hazard["sample"] == dangerous
        assert "fentanyl" not in hazard["headline"]
    assert neighbour
    rows = port.json("board")["rows"]
    [row] = [each for each in rows if each["sample"] == dangerous]
    assert row["answer"] == "hazard notice not yet acknowledged"
    port.ok("alerts", "acknowledge", hazard["id"], "--as", "vega")
