"""A report on one sample or shipment as headed sections of plain text, ready to be laid out.

Reads the signed document and nothing else; where the report stands now is said beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lims import certificate_wording
from lims.certificate_model import Certificate, CertificateKind, CertificateState
from reports.certificate_items import TECHNIQUES, hazards, item_sections
from reports.document import TRAINING_MARK
from reports.layout import NONE, Column, Section, View, clean
from reports.records import zone
from reports.wording import visible

Document = Mapping[str, Any]

ABOUT = (
    "The signed report is the JSON document of the same number; this page is made from it and "
    "says nothing else. Both are signed with the laboratory's Ed25519 key.",
    "To check a file: minisign -V -p lab.minisign.pub -m FILE, or fol report certificate verify "
    "FILE. The laboratory or its headquarters says whether the key is the laboratory's.",
    "Raw files are named by the SHA-256 of their bytes; fol bundle hands them out with proofs.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a report stands when it is printed: its mark stands on every page, in words."""

    mark: str = ""
    text: str = ""


def standing(of: Certificate) -> Standing:
    """Return how copies of a report are marked now."""
    if of.state is CertificateState.WITHDRAWN:
        day = of.withdrawn_at.date().isoformat() if of.withdrawn_at else ""
        return Standing(
            mark="WITHDRAWN, do not use",
            text=f"Withdrawn on {day} by {of.withdrawal_asked_by} and {of.withdrawn_by}: "
            f"{of.withdrawal_reason}",
        )
    if of.state is CertificateState.AMENDED:
        return Standing(
            mark=f"AMENDED by {of.amended_by}",
            text=f"Amended: report {of.amended_by} stands in its place.",
        )
    if of.state is CertificateState.DROPPED:
        return Standing(mark="DROPPED, never issued", text="Given up before it was issued.")
    if of.is_open:
        return Standing(
            mark="DRAFT, not issued",
            text=f"Draft, revision {of.revision}: not issued. It must not leave the laboratory.",
        )
    if of.expired:
        return Standing(mark=f"EXPIRED on {of.expires_on}", text="A preliminary report has ended.")
    if of.kind is CertificateKind.PRELIMINARY:
        return Standing(mark=f"PRELIMINARY, until {of.expires_on}")
    return Standing()


def build(document: Document, now: Standing) -> View:
    """Return a document as a view.

    Parameters
    ----------
    document : mapping
        ``fol.certificate/1``, or the content of a draft (without signatures and issue).
    now : Standing
        As `standing` has it.
    """
    lab = document["lab"]
    issued = document.get("issued")
    made = str(issued["at"] if issued else document["record"]["at"])
    number = visible(document["number"])
    return View(
        title=visible(f"{document['title']} {number}"),
        subtitle=visible(f"{lab['name']}, {_site(lab)}"),
        report_id=number,
        language="en",
        training=TRAINING_MARK if lab["training"] else "",
        mark=visible(now.mark),
        banner=visible(" ".join(part for part in (_kind_banner(document), now.text) if part)),
        facts=tuple((label, visible(text)) for label, text in _facts(document) if text),
        tiles=(),
        sections=tuple(_sections(document)),
        end_mark=f"End of report {number}",
        created=datetime.fromisoformat(made).replace(microsecond=0),
    )


def _site(lab: Mapping[str, Any]) -> str:
    return f"{lab['site']} ({lab['locode']})" if lab["locode"] else str(lab["site"])


def _kind_banner(document: Document) -> str:
    if document["kind"] != CertificateKind.PRELIMINARY.value:
        return ""
    return f"{certificate_wording.PRELIMINARY} It ends on {document['expires_on']}."


def moment(stamp: str, timezone: str) -> str:
    """Return a stamp of the record in the laboratory's time zone, with its offset."""
    if not stamp:
        return NONE
    return datetime.fromisoformat(stamp).astimezone(zone(timezone)).strftime("%Y-%m-%d %H:%M %z")


def _facts(document: Document) -> Iterator[tuple[str, str]]:
    at = document["lab"]["timezone"]
    issued, amends = document.get("issued"), document["amends"]
    done, parcel = document["performed"], document["shipment"]
    items = document["items"]
    yield "Report", f"{document['number']}, revision {document['revision']}"
    yield "Customer", document["customer"]
    yield "Customer's reference", document["reference"]
    yield "Subject", document["subject"]
    yield "Shipment", f"{parcel['number']}, declared {parcel['declared_goods'] or 'nothing'}"
    yield "Place of the work", document["place"]
    received = sorted(item["received_at"] for item in items)
    yield "Items received", _span(received[0], received[-1], at)
    yield "Work performed", _span(done["first"], done["last"], at)
    yield "Issued", moment(issued["at"], at) if issued else "not issued"
    yield "Amends", amends["number"] if amends else ""
    yield "Ends on", document["expires_on"]
    earlier = (
        f"{each['number']} ({each['kind']}, {each['state']})" for each in document["earlier"]
    )
    yield "Earlier reports", ", ".join(earlier)
    yield "Record", _log(document)
    yield "Software", document["software"]


def _span(first: str, last: str, timezone: str) -> str:
    one, other = moment(first, timezone), moment(last, timezone)
    return one if one == other else f"{one} to {other}"


def _log(document: Document) -> str:
    log = document["issued"]["log"] if document.get("issued") else document["record"]
    return f"event {log['size']}, hash {log['head'][:16]}"


def _sections(document: Document) -> Iterator[Section]:
    items = document["items"]
    yield from hazards(items)
    if document["amends"]:
        yield _amendment(document)
    yield _overview(document)
    for at, each in enumerate(items, 1):
        yield from item_sections(at, each, lambda stamp: moment(stamp, document["lab"]["timezone"]))
    yield _rules(document)
    yield _external(document)
    opinion = "What follows is the author's opinion, not a result."
    yield _marked("opinions", "Opinions and interpretations", document, opinion, "None are given.")
    yield _marked("departures", "Departures from the methods", document, "", "None were reported.")
    yield _stated(document)
    yield _marked("limitations", "Limitations", document, "", "")
    yield _custody(document)
    yield _files(document)
    yield _signatures(document)
    yield Section(id="about", heading="About this report", items=(*ABOUT, _key(document)))


def _amendment(document: Document) -> Section:
    amends = document["amends"]
    return Section(
        id="amendment",
        heading=f"Amends report {visible(amends['number'])}",
        intro=visible(f"Reason: {amends['reason']}"),
        empty="No change is listed.",
        items=tuple(visible(each) for each in amends["changes"]),
    )


def _overview(document: Document) -> Section:
    rows = []
    for each in document["items"]:
        made, custody = each["conclusion"], each["custody"]
        seal = custody["seal_received"]
        rows.append(
            clean(
                each["sample"],
                _described(each),
                f"sealed, {seal}" if seal else "not sealed",
                certificate_wording.level_words(made["level"]) if made else "not concluded",
                made["statement"] if made else certificate_wording.NOT_CONCLUDED,
            )
        )
    return Section(
        id="results",
        heading="Items and results",
        intro=visible(
            f"Condition of the items when received: {document['condition']}"
            if document["condition"]
            else "Nothing was noted of the items' condition beyond their seals."
        ),
        columns=(
            Column(label="Item", width=1.5), Column(label="Description", width=1.3),
            Column(label="As received", width=1), Column(label="Level", width=1.1),
            Column(label="Result", width=3.6),
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _described(item: Mapping[str, Any]) -> str:
    text, form = str(item["description"]), str(item["form"])
    return text if not form or form.casefold() in text.casefold() else f"{text}, {form}"


def _rules(document: Document) -> Section:
    return Section(
        id="rules",
        heading="Rule of identification",
        empty="Nothing was concluded.",
        columns=(
            Column(label="Rule", width=3),
            Column(label="Techniques and what they count as", width=3),
        ),
        rows=tuple(
            clean(
                each["rule"],
                "; ".join(map(_counted, each["techniques"])),
            )
            for each in document["rules"]
        ),
    )  # fmt: skip


def _counted(used: Mapping[str, str]) -> str:
    name = TECHNIQUES.get(used["technique"], used["technique"])
    return f"{name}: category {used['category']}, {used['property']}"


def _external(document: Document) -> Section:
    at = document["lab"]["timezone"]
    rows = tuple(
        clean(item["sample"], each["lab"], each["result"], each["reference"],
              moment(each["sent_at"], at), moment(each["answered_at"], at), each["remark"])
        for item in document["items"] for each in item["external"]
    )  # fmt: skip
    return Section(
        id="external",
        heading="Results of other laboratories",
        intro="These are not results of this laboratory; they are given as they were received."
        if rows
        else "",
        empty="None.",
        columns=(
            Column(label="Item", width=1.4), Column(label="Laboratory", width=1.2),
            Column(label="Result", width=1.7), Column(label="Its report", width=1),
            Column(label="Sent", width=1.2), Column(label="Answered", width=1.2),
            Column(label="Remark", width=1.4),
        ),
        rows=rows,
    )  # fmt: skip


def _marked(name: str, heading: str, document: Document, intro: str, empty: str) -> Section:
    texts = document[name]
    return Section(
        id=name,
        heading=heading,
        intro=intro if texts else "",
        empty=empty,
        items=tuple(visible(each) for each in texts),
    )


def _stated(document: Document) -> Section:
    at = document["lab"]["timezone"]
    return Section(
        id="stated",
        heading="Open matters that this report states",
        empty="None.",
        columns=(
            Column(label="What", width=1), Column(label="As recorded", width=2.4),
            Column(label="What is said of it", width=2.4), Column(label="Accepted by", width=1.4),
        ),
        rows=tuple(
            clean(each["what"], each["matter"], each["text"],
                  f"{each['accepted_by']}, {moment(each['accepted_at'], at)}")
            for each in document["stated"]
        ),
    )  # fmt: skip


def _custody(document: Document) -> Section:
    at = document["lab"]["timezone"]
    rows = []
    for item in document["items"]:
        for step in item["custody"]["steps"]:
            seals = " to ".join(s or "none" for s in (step["seal_before"], step["seal_after"]))
            notes = [f"witness {step['witness']}" if step["witness"] else "",
                     "RECORDED ON THEIR BEHALF" if step["on_behalf"] else "",
                     f"happened {moment(step['occurred_at'], at)}" if step["occurred_at"] else "",
                     step["confirmed"], step["reason"]]  # fmt: skip
            rows.append(
                clean(item["sample"], moment(step["at"], at), step["kind"].replace("_", " "),
                      f"{step['giver'] or NONE} to {step['taker']}", seals,
                      "; ".join(note for note in notes if note))
            )  # fmt: skip
    return Section(
        id="custody",
        heading="Custody",
        intro=f"Every step up to event {document['record']['size']} of the record.",
        columns=(
            Column(label="Item", width=1.4), Column(label="When", width=1.3),
            Column(label="Step", width=0.9), Column(label="From and to", width=2),
            Column(label="Seal", width=1.3), Column(label="How confirmed, remarks", width=2.2),
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _files(document: Document) -> Section:
    return Section(
        id="files",
        heading="Files kept",
        empty="None.",
        columns=(
            Column(label="Of", width=1.5), Column(label="File", width=1.5),
            Column(label="What", width=0.8), Column(label="SHA-256", width=4),
        ),
        rows=tuple(
            clean(each["of"], each["name"], each["what"], each["sha256"])
            for item in document["items"] for each in item["files"]
        ),
    )  # fmt: skip


_SIGNED_AS = {
    "author": "Author",
    "technical": "Technical reviewer",
    "administrative": "Administrative reviewer",
    "authoriser": "Authorised by",
}


def _signatures(document: Document) -> Section:
    at = document["lab"]["timezone"]
    return Section(
        id="signatures",
        heading="Signatures",
        intro="Each person acted under their own identity in the laboratory's record; the "
        "meaning of each signature stands beside it.",
        empty=f"Not signed yet. Author: {visible(document['author'])}.",
        columns=(
            Column(label="As", width=1.2), Column(label="Person", width=1.4),
            Column(label="Roles", width=1), Column(label="Meaning", width=3),
            Column(label="When", width=1.4), Column(label="From", width=1.2),
        ),
        rows=tuple(
            clean(_SIGNED_AS.get(each["as"], each["as"]), each["person"],
                  ", ".join(each["roles"]), each["meaning"], moment(each["at"], at),
                  each["from"] or "this laboratory")
            for each in document.get("signatures", ())
        ),
    )  # fmt: skip


def _key(document: Document) -> str:
    lab = document["lab"]
    return visible(f"Public key of laboratory {lab['site']}: {lab['public_key']}")
