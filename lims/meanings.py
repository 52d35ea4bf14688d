"""What a signature says: one table from the act to the words its signer puts their name under.

Read by the record (which refuses such an act without a signature), by the screens that show the
words before a secret is typed, and by the manual. Knows no database.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "finding.reviewed": "I reviewed this finding as a second person and accept it.",
        "finding.reviewed, sent back": "I reviewed this finding as a second person and send it "
        "back.",
        "test.reviewed": "I reviewed this test as a second person and accept it.",
        "test.reviewed, sent back": "I reviewed this test as a second person and send it back.",
        "candidate.confirmed": "I confirm this analogue candidate as worth reporting. It is no "
        "identification.",
        "candidate.dismissed": "I dismiss this analogue candidate for the reason given.",
        "conclusion.made": "I conclude this sample from its reviewed findings by the encoded rule.",
        "unknown.named": "I say what this unknown was found to be.",
        "shipment.released": "I release this shipment.",
        "shipment.seized": "I record the seizure of this shipment.",
        "sample.transferred": "I took this sample over and read its seal myself.",
        "container.moved": "I took this container over and read its seal myself.",
        "discrepancy.resolved": "I looked into this discrepancy; work on the sample may go on.",
        "container.resolved": "I looked into this discrepancy; work on the container may go on.",
        "consumption.authorised": "I authorise that this sample is used up.",
        "sample.consumed": "I used this much of the sample up.",
        "hold.set": "I set this legal hold.",
        "hold.lifted": "I lift this legal hold.",
        "disposal.ordered": "I order that this sample is destroyed.",
        "disposal.carried_out": "I destroyed this sample as described.",
        "results.freed": "I release the held results for the reason given.",
        "record.corrected": "I correct the record for the reason given; what stood there stays.",
        "sample.late_entry": "I enter this step late; it happened as described.",
        "reference.approved": "I approve this reference as a second person.",
        "library.released": "I release this library version to other labs.",
        "library.key_trusted": "I compared this lab's key with its holder and trust it.",
        "hub.key_trusted": "I compared headquarters' key with its holder and trust it.",
        "outbox.queued": "I issue this report for the lab.",
        "certificate.drafted": "I wrote this report from the laboratory's record.",
        "certificate.reviewed": "I reviewed this report as the step says and agree.",
        "certificate.reviewed, sent back": "I reviewed this report and send it back.",
        "certificate.stated": "I accept that this report states what is open.",
        "certificate.issued": "I authorise the release of this report.",
        "certificate.withdrawal_asked": "I ask that this report is withdrawn.",
        "certificate.withdrawn": "I withdraw this report as a second person.",
        "role.proposed": "I propose this change of roles.",
        "role.approved": "I approve this change of roles as a second person.",
        "signin.proposed": "I propose this change of signing in.",
        "signin.approved": "I approve this change of signing in as a second person.",
    }
)
"""Kind of event -> what the acting person signs. Sending back has words of its own."""

CONFIRMING: Mapping[str, str] = MappingProxyType(
    {
        "sample.transferred": "I gave or took this sample over, as the step says.",
        "container.moved": "I gave or took this container over, as the step says.",
        "sample.consumed": "I confirm that this much of the sample was used up.",
        "disposal.carried_out": "I saw that this sample was destroyed as described.",
    }
)
"""Kind of event -> what somebody signs who confirms another person's act at the same screen."""

CONFIRM = "I confirm this act at this screen."

FOLLOWS = frozenset(("conclusion.made", "candidate.confirmed"))
"""What may follow by rule from another act; only as an act of its own it asks for a signature."""

_ACCEPTING = frozenset(("finding.reviewed", "test.reviewed", "certificate.reviewed"))
_TAKING = frozenset(("sample.transferred", "container.moved"))
_ALWAYS = frozenset(("signin.proposed", "signin.approved"))
_SHOWN = (
    "finding", "sample", "shipment", "container", "subject", "test", "reference", "library",
    "name", "version", "report_id", "taker", "giver", "matter", "person", "roles", "required",
    "substance", "document", "reason", "remark", "number", "step",
)  # fmt: skip


def meaning_of(kind: str, body: Mapping[str, Any], actor: str, *, is_first: bool) -> str:
    """Return what the acting person signs with an event; empty where none is asked for.

    Parameters
    ----------
    is_first : bool
        The event opens its act; what follows by rule is covered by the act's own signature.
    """
    if kind in FOLLOWS and not is_first:
        return ""
    if kind in _TAKING and body.get("taker") != actor:
        return ""  # giving away needs no more than being signed in; taking over does
    if kind in _ACCEPTING and not body.get("accept"):
        return MEANINGS[f"{kind}, sent back"]
    return MEANINGS.get(kind, "")


def is_always_signed(kind: str) -> bool:
    """Whether an act needs a signature even in a lab where nobody has to sign in."""
    return kind in _ALWAYS


def confirming(kind: str) -> str:
    """Return what somebody signs who confirms another person's act."""
    return CONFIRMING.get(kind, CONFIRM)


def shown(body: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what of an event stands beside its meaning before a secret is typed."""
    found = []
    for name in _SHOWN:
        said = body.get(name)
        if isinstance(said, (list, tuple)):
            said = ", ".join(str(each) for each in said)
        if isinstance(said, (str, int)) and str(said):
            found.append((name.replace("_", " "), str(said)))
    return tuple(found)
