"""A lab in a folder and what puts something into its record: a test says only what matters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lims import confirmations, custody, examination, intake, lab, people, review
from lims.lab import Lab
from lims.model import Finding, Person, Role, Sample, SampleDraft, Shipment, ShipmentDraft

STAFF = {
    "lee": (Role.LEAD,),
    "ana": (Role.ANALYST,),
    "abe": (Role.ANALYST,),
    "rex": (Role.REVIEWER,),
    "olga": (Role.OFFICER,),
    "cus": (Role.CUSTODIAN,),
    "qm": (Role.QUALITY,),
    "lia": (Role.LIAISON,),
    "root": (Role.IT_ADMIN,),
}


def a_lab(folder: Path, **facts: Any) -> Lab:
    """A lab with one person for each role; ``lee`` founded it."""
    made = lab.create_lab(
        folder,
        site=facts.pop("site", "NOG"),
        name=facts.pop("name", "Nogales"),
        founder=Person(id="lee", name="Lee", roles=frozenset((Role.LEAD,))),
        **facts,
    )
    for person, roles in STAFF.items():
        if person != "lee":
            people.add_person(made, "lee", person, person.capitalize(), roles)
    return made


def a_shipment(of: Lab, **draft: str) -> Shipment:
    draft.setdefault("declared_goods", "organic pigment set")
    return intake.add_shipment(of, "olga", ShipmentDraft(**draft))


def a_sample(of: Lab, *, held_by: str = "ana", shipment: str = "", **draft: Any) -> Sample:
    draft.setdefault("description", "white powder")
    number = shipment or a_shipment(of).number
    return intake.add_sample(of, held_by, number, SampleDraft(**draft))


def an_entry(state: str, *names: str, hazard: str = "", **more: Any) -> dict[str, Any]:
    """One answer of a match, in the documented shape."""
    return {
        "title": "x",
        "quality": {"ok": True, "reasons": []},
        "decision": {
            "state": state,
            "substances": list(names),
            "isomer_group": more.pop("isomers", []),
            "alpha": 0.05,
            "n_calibration": 100,
            "reasons": [],
        },
        "hits": [],
        "analogue": {"class": more.pop("class_name")} if "class_name" in more else None,
        "mixture": None,
        "hazard": {
            "group": hazard,
            "text": "",
            "because": "",
            "acknowledge": hazard in ("H1", "H2"),
        }
        if hazard
        else None,
        **more,
    }


def a_match(*entries: dict[str, Any], training: bool = False) -> examination.Match:
    """A comparison whose answer is known beforehand."""

    def compare(export: Any, libraries: Any, top: int = 10) -> dict[str, Any]:
        return {
            "path": str(export.path),
            "technique": export.technique.value,
            "spectra": list(entries),
            "libraries": [{"name": "street", "version": "3"}],
            "training": training,
            "elapsed_ms": {"read": 0.0, "search": 0.1, "total": 0.1},
        }

    return compare


_DATA_TYPES = {"ftir": "INFRARED SPECTRUM", "raman": "RAMAN SPECTRUM"}


def a_file(folder: Path, name: str = "a.jdx", *, kind: str = "ftir", title: str = "x") -> Path:
    """A small JCAMP-DX file; another title makes other bytes."""
    y_units = {"ftir": "ABSORBANCE", "raman": "RAMAN INTENSITY"}[kind]
    path = folder / name
    path.write_text(
        f"##TITLE={title}\n##JCAMP-DX=4.24\n##DATA TYPE={_DATA_TYPES[kind]}\n##XUNITS=1/CM\n"
        f"##YUNITS={y_units}\n##FIRSTX=400\n##LASTX=404\n##NPOINTS=5\n##XFACTOR=1\n##YFACTOR=1\n"
        "##XYDATA=(X++(Y..Y))\n400 1 2 3 4 5\n##END=\n",
        encoding="ascii",
    )
    return path


def a_finding(
    of: Lab,
    folder: Path,
    sample: str,
    *entries: dict[str, Any],
    by: str = "ana",
    kind: str = "ftir",
    reviewed: bool = False,
    training: bool = False,
) -> Finding:
    """A recorded run of a sample whose match gave ``entries``."""
    number = len(list(folder.glob("*.jdx")))
    path = a_file(folder, f"run{number}.jdx", kind=kind, title=f"run {number}")
    found = examination.ingest(of, by, path, sample, match=a_match(*entries, training=training))
    return review.review(of, "rex", found.id, accept=True) if reviewed else found


def stored(of: Lab, sample: Sample) -> Sample:
    """The sample after its holder put it on a shelf."""
    return custody.transfer(
        of,
        sample.number,
        giver=sample.holder,
        taker="place:shelf 1",
        actor=sample.holder,
        seal=sample.seal,
    )


def handed(of: Lab, sample: str, giver: str, taker: str, **more: Any) -> Sample:
    """The sample after one person gave it to another, both at the same screen."""
    return custody.transfer(
        of,
        sample,
        giver=giver,
        taker=taker,
        actor=giver,
        confirmed=confirmations.here(taker),
        **more,
    )
