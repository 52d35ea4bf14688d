"""Nothing that names a person leaves the laboratory in a report, whatever was typed and whatever
went wrong: parties, officers, tools, circumstances, readings."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from datetime import timedelta
from pathlib import Path

import pypdf
from hypothesis import given, settings
from hypothesis import strategies as st

from lims import (
    clock,
    conclusion,
    custody,
    irregular,
    people,
    records,
    shipment_checks,
    weighing,
)
from lims.errors import CustodyError
from lims.model import Role
from reports import publish
from tests.lims_builders import a_finding, a_lab, a_sample, a_shipment, an_entry, handed

PERSONAL = ("consignor", "consignee", "consignee_address", "notify_party", "carrier", "conveyance",
            "container", "tracking", "concealment")  # fmt: skip
NAMES = st.text(alphabet="abcdefghijklmnop", min_size=6, max_size=12).map(lambda t: f"zq{t}")


def printed(paths) -> str:
    """Everything a report's files say, in lower case."""
    parts = []
    for kind, path in paths.items():
        data = Path(path).read_bytes()
        if kind == "pdf":
            pages = pypdf.PdfReader(io.BytesIO(data)).pages
            # A line may be broken anywhere: blanks do not count.
            parts.append("".join("".join(page.extract_text() for page in pages).split()))
        else:
            parts.append(data.decode("utf-8"))
    return "\n".join(parts).casefold()


def a_bad_day(folder: Path, name: str):
    """A lab where everything is typed with one person's name and much goes wrong."""
    lab = a_lab(folder / "lab")
    people.add_person(lab, "lee", f"{name}o", f"{name} o", (Role.OFFICER,))
    people.add_person(lab, "lee", f"{name}c", f"{name} c", (Role.CUSTODIAN,))
    weighing.record_balance(
        lab, "ana", "scale", serial=name, repeatability_ug=1, calibration_ug=1, certificate=name
    )
    parcel = a_shipment(
        lab, gross_weight="1.500 kg", hs_code="9999", port_of_loading="QQABC",
        **{field: f"{name} {field}" for field in PERSONAL if field != "tracking"},
        tracking="176-12345676",
    ).number  # fmt: skip
    shipment_checks.weigh(lab, "ana", parcel, of="gross", mass_ug=10**9, balance="scale")
    told = {"field_tool": f"{name}'s TruScan", "field_result": "no match", "officer": f"{name}o"}
    first = a_sample(lab, shipment=parcel, seal="A1", **told).number
    lost = a_sample(lab, shipment=parcel, **told).number
    a_finding(lab, folder, first, an_entry("match", "xylazine"), reviewed=True)
    conclusion.conclude(lab, "ana", first)
    with contextlib.suppress(CustodyError):
        custody.open_sample(lab, "ana", first, seal=f"{name}9")
    handed(lab, lost, "ana", f"{name}c")
    irregular.report_lost(lab, "ana", lost, circumstances=f"{name} had it last")
    irregular.report_found(lab, f"{name}c", lost, where=f"in {name}'s locker")
    again = a_sample(lab, held_by=f"{name}c", shipment=parcel, **told).number
    irregular.report_lost(lab, f"{name}c", again, circumstances=f"{name} again")
    return lab, again


@settings(max_examples=4, deadline=None)
@given(NAMES)
def test_no_name_of_a_person_reaches_a_report(name):
    with tempfile.TemporaryDirectory() as place:
        lab, lost = a_bad_day(Path(place), name)
        day = clock.now().astimezone(lab.zone).date()
        made = publish.publish_daily(lab, "lee", day)
        said = printed(made.paths)
        lab.close()
    assert name not in said
    assert "17612345676" not in said.replace("-", "").replace(" ", "")
    assert lost.casefold() in said  # told, and told as lost
    assert "not found yet" in said


def test_lost_sample_is_told_in_the_next_report_and_its_return_in_the_one_after(tmp_path):
    lab, lost = a_bad_day(tmp_path, "zqnobody")
    noon = clock.now().replace(hour=12)
    with clock.running_from(lambda: noon + timedelta(days=1)):
        irregular.report_found(lab, "ana", lost, where="in the safe")
        day = clock.now().astimezone(lab.zone).date()
        made = publish.publish_daily(lab, "lee", day)
    told = json.loads(made.paths["json"].read_bytes())["exceptions"]
    of_it = {(each["kind"], bool(each["resolved_at"])) for each in told["lines"]
             if each["sample"] == lost}  # fmt: skip
    assert of_it == {("lost", True), ("found", False)}
    assert told["lost"] == 0
    assert told["unresolved"] == records.value(
        lab.db, "SELECT count(*) FROM discrepancy WHERE resolved_at=''"
    )
    lab.close()
