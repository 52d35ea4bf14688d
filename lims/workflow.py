"""Who may do what: one table of verbs and roles, read by the services, by help texts and by tests.

Whatever is not in the table is forbidden. Two-person rules stand beside the acts they bind.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from lims.errors import PermissionDenied
from lims.model import Person, Role


class Verb(StrEnum):
    """Everything a person can ask the record to do; the value reads after "may not"."""

    REGISTER_SHIPMENT = "register a shipment"
    REGISTER_SAMPLE = "register a sample"
    ADD_NOTE = "add a note"
    TRANSFER = "record a transfer"
    OPEN_SAMPLE = "open a sample"
    RESEAL_SAMPLE = "reseal a sample"
    WEIGH_SAMPLE = "weigh a sample"
    RESOLVE_DISCREPANCY = "resolve a discrepancy"
    ISSUE_SEALS = "record seals issued to the lab"
    HANDLE_CONTAINER = "make, fill, seal or move a container"
    RECORD_BALANCE = "record a balance"
    DIVIDE_SAMPLE = "divide a sample"
    AUTHORISE_CONSUMPTION = "authorise that a sample is used up"
    CONSUME_SAMPLE = "use a sample up"
    CONFIRM_CONSUMPTION = "confirm that a sample was used up"
    HOLD_EVIDENCE = "set or lift a legal hold"
    ORDER_DISPOSAL = "order or cancel a disposal"
    DESTROY_SAMPLE = "destroy a sample"
    REPORT_LOSS = "report a sample lost or found"
    ENTER_LATE = "enter a step of custody late"
    CORRECT_RECORD = "correct the record"
    SET_CUSTODY = "change a setting of custody"
    PREPARE_PORTION = "prepare a portion"
    PLAN_SAMPLING = "plan a sampling or record its units"
    SET_PRIORITY = "change a priority"
    RECORD_RUN = "record a run"
    DISMISS_FILE = "dismiss a quarantined file"
    REVIEW_FINDING = "review a finding"
    JUDGE_CANDIDATE = "confirm or dismiss a candidate"
    SEND_CANDIDATE = "send a candidate to a regional lab"
    ANSWER_CANDIDATE = "record what a regional lab answered"
    SORT_UNKNOWNS = "merge or split unknowns"
    NAME_UNKNOWN = "name an unknown"
    PROPOSE_STRUCTURES = "record proposed structures"
    CONCLUDE = "draw a conclusion"
    ACKNOWLEDGE_ALERT = "acknowledge an alert"
    RELEASE_SHIPMENT = "release a shipment"
    SEIZE_SHIPMENT = "seize a shipment"
    MANAGE_LIBRARY = "change a reference library"
    PROPOSE_REFERENCE = "propose a reference"
    APPROVE_REFERENCE = "approve a reference"
    WITHDRAW_REFERENCE = "withdraw a reference"
    RELEASE_LIBRARY = "release a library to other labs"
    TRUST_LAB = "trust another lab's key"
    SEARCH_AGAIN = "search stored unknowns again"
    MANAGE_LAW = "change a legal rule or review findings against the law"
    ADD_INSTRUMENT = "add an instrument"
    CONFIRM_MAPPING = "confirm how an instrument's files are read"
    VERIFY_INSTRUMENT = "record a verification of an instrument"
    SET_INTERVAL = "change how often an instrument is verified"
    MANAGE_MATERIAL = "add a lot of a material or take it out of use"
    DEFINE_CONTROL = "define a control"
    RECORD_CONTROL = "record a control"
    RELEASE_HOLD = "release held results"
    QUEUE_REPORT = "queue a report"
    DELIVER_REPORT = "deliver reports"
    CHECKPOINT_LOG = "sign a checkpoint of the log"
    MANAGE_PEOPLE = "add people or change their roles"
    APPROVE_PEOPLE = "approve a change of roles as a second person"
    SET_SIGN_IN = "change how people sign in"
    BACK_UP = "back up or restore the lab"
    MANAGE_CASE = "open, link or close a case"
    WRITE_OUTCOME = "write an outcome back to a case"
    SET_SHIFTS = "change the windows of the week"
    PLAN_COVER = "plan who is present"
    SEND_TO_LAB = "send a sample to another lab or record its answer"
    SEND_NOTICE = "notify investigators or answer for them"
    STOP_CLOCK = "stop or resume the clock of a sample"
    DRAFT_CERTIFICATE = "write, amend or drop a report on a sample"
    REVIEW_CERTIFICATE = "review a report technically"
    CHECK_CERTIFICATE = "review a report administratively"
    ACCEPT_OPEN_MATTER = "accept that a report states what is open"
    ISSUE_CERTIFICATE = "issue a report"
    GIVE_CERTIFICATE = "give out a copy of a report"
    WITHDRAW_CERTIFICATE = "withdraw a report"


_BENCH = frozenset((Role.ANALYST,))
_INTAKE = frozenset((Role.OFFICER, Role.CUSTODIAN, Role.ANALYST, Role.LEAD))
_HANDS = _INTAKE
_WATCHFUL = frozenset(
    (Role.OFFICER, Role.CUSTODIAN, Role.ANALYST, Role.REVIEWER, Role.LEAD, Role.QUALITY)
)
_DECIDING = frozenset((Role.OFFICER, Role.LEAD))
_REPORTING = frozenset((Role.ANALYST, Role.REVIEWER, Role.LEAD, Role.QUALITY, Role.LIAISON))

ALLOWED: Mapping[Verb, frozenset[Role]] = MappingProxyType(
    {
        Verb.REGISTER_SHIPMENT: _INTAKE,
        Verb.REGISTER_SAMPLE: _INTAKE,
        Verb.ADD_NOTE: _WATCHFUL,
        Verb.TRANSFER: _HANDS,
        Verb.OPEN_SAMPLE: _BENCH,
        Verb.RESEAL_SAMPLE: _BENCH,
        Verb.WEIGH_SAMPLE: frozenset((Role.ANALYST, Role.CUSTODIAN)),
        Verb.RESOLVE_DISCREPANCY: frozenset((Role.QUALITY, Role.LEAD)),
        Verb.ISSUE_SEALS: frozenset((Role.CUSTODIAN, Role.LEAD, Role.QUALITY)),
        Verb.HANDLE_CONTAINER: _HANDS,
        Verb.RECORD_BALANCE: frozenset((Role.ANALYST, Role.LEAD, Role.QUALITY)),
        Verb.DIVIDE_SAMPLE: _BENCH,
        Verb.AUTHORISE_CONSUMPTION: frozenset((Role.LEAD, Role.QUALITY)),
        Verb.CONSUME_SAMPLE: _BENCH,
        Verb.CONFIRM_CONSUMPTION: frozenset((Role.REVIEWER,)),
        Verb.HOLD_EVIDENCE: frozenset((Role.LEAD, Role.QUALITY)),
        Verb.ORDER_DISPOSAL: frozenset((Role.LEAD,)),
        Verb.DESTROY_SAMPLE: frozenset((Role.CUSTODIAN, Role.LEAD)),
        Verb.REPORT_LOSS: frozenset((Role.CUSTODIAN, Role.ANALYST, Role.LEAD, Role.QUALITY)),
        Verb.ENTER_LATE: frozenset((Role.CUSTODIAN, Role.ANALYST, Role.LEAD)),
        Verb.CORRECT_RECORD: frozenset((Role.CUSTODIAN, Role.ANALYST, Role.LEAD, Role.QUALITY)),
        Verb.SET_CUSTODY: frozenset((Role.LEAD, Role.QUALITY)),
        Verb.PREPARE_PORTION: _BENCH,
        Verb.PLAN_SAMPLING: _BENCH,
        Verb.SET_PRIORITY: frozenset((Role.ANALYST, Role.LEAD)),
        Verb.RECORD_RUN: _BENCH,
        Verb.DISMISS_FILE: frozenset((Role.ANALYST, Role.LEAD, Role.QUALITY)),
        Verb.REVIEW_FINDING: frozenset((Role.REVIEWER,)),
        Verb.JUDGE_CANDIDATE: frozenset((Role.ANALYST, Role.REVIEWER)),
        Verb.SEND_CANDIDATE: frozenset((Role.ANALYST, Role.REVIEWER, Role.LEAD)),
        Verb.ANSWER_CANDIDATE: frozenset((Role.ANALYST, Role.REVIEWER, Role.LEAD, Role.QUALITY)),
        Verb.SORT_UNKNOWNS: frozenset((Role.ANALYST, Role.REVIEWER, Role.LEAD)),
        Verb.NAME_UNKNOWN: frozenset((Role.REVIEWER, Role.LEAD)),
        Verb.PROPOSE_STRUCTURES: _BENCH,
        Verb.CONCLUDE: frozenset((Role.ANALYST, Role.REVIEWER, Role.LEAD)),
        Verb.ACKNOWLEDGE_ALERT: _WATCHFUL,
        Verb.RELEASE_SHIPMENT: _DECIDING,
        Verb.SEIZE_SHIPMENT: _DECIDING,
        Verb.MANAGE_LIBRARY: frozenset((Role.ANALYST, Role.LEAD, Role.QUALITY)),
        Verb.PROPOSE_REFERENCE: frozenset((Role.ANALYST, Role.REVIEWER, Role.LEAD, Role.QUALITY)),
        Verb.APPROVE_REFERENCE: frozenset((Role.REVIEWER,)),
        Verb.WITHDRAW_REFERENCE: frozenset((Role.REVIEWER, Role.LEAD, Role.QUALITY)),
        Verb.RELEASE_LIBRARY: frozenset((Role.LEAD, Role.QUALITY)),
        Verb.TRUST_LAB: frozenset((Role.LEAD, Role.QUALITY)),
        Verb.SEARCH_AGAIN: frozenset((Role.ANALYST, Role.LEAD, Role.QUALITY)),
        Verb.MANAGE_LAW: frozenset((Role.ANALYST, Role.LEAD, Role.QUALITY)),
        Verb.ADD_INSTRUMENT: frozenset((Role.ANALYST, Role.LEAD, Role.QUALITY)),
        Verb.CONFIRM_MAPPING: frozenset((Role.ANALYST, Role.QUALITY)),
        Verb.VERIFY_INSTRUMENT: frozenset((Role.ANALYST, Role.QUALITY)),
        Verb.SET_INTERVAL: frozenset((Role.LEAD, Role.QUALITY)),
        Verb.MANAGE_MATERIAL: frozenset((Role.ANALYST, Role.LEAD, Role.QUALITY)),
        Verb.DEFINE_CONTROL: frozenset((Role.LEAD, Role.QUALITY)),
        Verb.RECORD_CONTROL: frozenset((Role.ANALYST, Role.QUALITY)),
        Verb.RELEASE_HOLD: frozenset((Role.QUALITY,)),
        Verb.QUEUE_REPORT: _REPORTING,
        Verb.DELIVER_REPORT: _REPORTING | {Role.IT_ADMIN},
        Verb.CHECKPOINT_LOG: frozenset(Role),
        Verb.MANAGE_PEOPLE: frozenset((Role.LEAD, Role.IT_ADMIN)),
        Verb.APPROVE_PEOPLE: frozenset((Role.REVIEWER, Role.LEAD, Role.QUALITY, Role.IT_ADMIN)),
        Verb.SET_SIGN_IN: frozenset((Role.LEAD,)),
        Verb.BACK_UP: frozenset((Role.LEAD, Role.QUALITY, Role.IT_ADMIN)),
        Verb.MANAGE_CASE: _DECIDING | {Role.ANALYST, Role.LIAISON},
        Verb.WRITE_OUTCOME: _DECIDING | {Role.ANALYST, Role.LIAISON},
        Verb.SET_SHIFTS: frozenset((Role.LEAD,)),
        Verb.PLAN_COVER: frozenset((Role.ANALYST, Role.LEAD)),
        Verb.SEND_TO_LAB: frozenset((Role.CUSTODIAN, Role.ANALYST, Role.LEAD)),
        Verb.SEND_NOTICE: _DECIDING | {Role.ANALYST, Role.LIAISON},
        Verb.STOP_CLOCK: frozenset((Role.ANALYST, Role.LEAD)),
        Verb.DRAFT_CERTIFICATE: frozenset((Role.ANALYST, Role.LEAD)),
        Verb.REVIEW_CERTIFICATE: frozenset((Role.REVIEWER,)),
        Verb.CHECK_CERTIFICATE: frozenset((Role.REVIEWER, Role.LEAD, Role.QUALITY)),
        Verb.ACCEPT_OPEN_MATTER: frozenset((Role.LEAD, Role.QUALITY)),
        Verb.ISSUE_CERTIFICATE: frozenset((Role.REVIEWER, Role.LEAD)),
        Verb.GIVE_CERTIFICATE: frozenset((Role.ANALYST, Role.REVIEWER, Role.LEAD, Role.QUALITY)),
        Verb.WITHDRAW_CERTIFICATE: frozenset((Role.LEAD, Role.QUALITY)),
    }
)

OFFICE_VERBS = frozenset(
    (
        Verb.DELIVER_REPORT,
        Verb.CHECKPOINT_LOG,
        Verb.MANAGE_PEOPLE,
        Verb.APPROVE_PEOPLE,
        Verb.BACK_UP,
    )
)
"""What does not touch evidence; the most an IT administrator may do."""

UNATTENDED = frozenset(
    (
        Verb.RECORD_RUN,
        Verb.SEARCH_AGAIN,
        Verb.DELIVER_REPORT,
        Verb.CHECKPOINT_LOG,
        Verb.BACK_UP,
    )
)
"""What a session of a script may do for the person who opened it; it signs nothing."""

HOLDERS = frozenset((Role.OFFICER, Role.CUSTODIAN, Role.ANALYST, Role.LEAD))
"""Roles that may have a sample in their hands."""

EXAMINERS = frozenset((Role.ANALYST, Role.REVIEWER, Role.LEAD, Role.QUALITY, Role.CUSTODIAN))
"""Roles that see case detail on the screens."""


def may(person: Person, verb: Verb) -> bool:
    """Whether a person may do something; no one may once inactive."""
    return person.active and not person.roles.isdisjoint(ALLOWED.get(verb, frozenset()))


def verbs_of(roles: frozenset[Role]) -> tuple[Verb, ...]:
    """Return what somebody with these roles may do, in the table's order."""
    return tuple(verb for verb, allowed in ALLOWED.items() if not roles.isdisjoint(allowed))


def require(person: Person, verb: Verb) -> None:
    """Raise unless a person may do something.

    Raises
    ------
    PermissionDenied
        Naming the verb, the person's roles and the roles that may.
    """
    if may(person, verb):
        return
    roles = ", ".join(sorted(person.roles)) or "no role"
    allowed = ", ".join(sorted(ALLOWED.get(verb, frozenset())))
    raise PermissionDenied(
        f"{person.name} ({roles}) may not {verb}",
        hint=f"Ask somebody with one of these roles: {allowed}.",
    )
