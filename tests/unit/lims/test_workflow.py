from itertools import combinations

import pytest

from lims import workflow
from lims.errors import PermissionDenied
from lims.model import Person, Role
from lims.workflow import Verb

# Written out once more by hand: the table in the code must say the same, cell by cell.
O, C, A, R, L, Q, I, H = (  # noqa: E741
    Role.OFFICER, Role.CUSTODIAN, Role.ANALYST, Role.REVIEWER,
    Role.LEAD, Role.QUALITY, Role.IT_ADMIN, Role.LIAISON,
)  # fmt: skip
TRUTH = {
    Verb.REGISTER_SHIPMENT: {O, C, A, L},
    Verb.REGISTER_SAMPLE: {O, C, A, L},
    Verb.ADD_NOTE: {O, C, A, R, L, Q},
    Verb.TRANSFER: {O, C, A, L},
    Verb.OPEN_SAMPLE: {A},
    Verb.RESEAL_SAMPLE: {A},
    Verb.WEIGH_SAMPLE: {A, C},
    Verb.RESOLVE_DISCREPANCY: {Q, L},
    Verb.ISSUE_SEALS: {C, L, Q},
    Verb.HANDLE_CONTAINER: {O, C, A, L},
    Verb.RECORD_BALANCE: {A, L, Q},
    Verb.DIVIDE_SAMPLE: {A},
    Verb.AUTHORISE_CONSUMPTION: {L, Q},
    Verb.CONSUME_SAMPLE: {A},
    Verb.CONFIRM_CONSUMPTION: {R},
    Verb.HOLD_EVIDENCE: {L, Q},
    Verb.ORDER_DISPOSAL: {L},
    Verb.DESTROY_SAMPLE: {C, L},
    Verb.REPORT_LOSS: {C, A, L, Q},
    Verb.ENTER_LATE: {C, A, L},
    Verb.CORRECT_RECORD: {C, A, L, Q},
    Verb.SET_CUSTODY: {L, Q},
    Verb.PREPARE_PORTION: {A},
    Verb.PLAN_SAMPLING: {A},
    Verb.PROPOSE_STRUCTURES: {A},
    Verb.SET_PRIORITY: {A, L},
    Verb.RECORD_RUN: {A},
    Verb.DISMISS_FILE: {A, L, Q},
    Verb.REVIEW_FINDING: {R},
    Verb.JUDGE_CANDIDATE: {A, R},
    Verb.SEND_CANDIDATE: {A, R, L},
    Verb.ANSWER_CANDIDATE: {A, R, L, Q},
    Verb.SORT_UNKNOWNS: {A, R, L},
    Verb.NAME_UNKNOWN: {R, L},
    Verb.CONCLUDE: {A, R, L},
    Verb.ACKNOWLEDGE_ALERT: {O, C, A, R, L, Q},
    Verb.RELEASE_SHIPMENT: {O, L},
    Verb.SEIZE_SHIPMENT: {O, L},
    Verb.MANAGE_LIBRARY: {A, L, Q},
    Verb.PROPOSE_REFERENCE: {A, R, L, Q},
    Verb.APPROVE_REFERENCE: {R},
    Verb.WITHDRAW_REFERENCE: {R, L, Q},
    Verb.RELEASE_LIBRARY: {L, Q},
    Verb.TRUST_LAB: {L, Q},
    Verb.SEARCH_AGAIN: {A, L, Q},
    Verb.MANAGE_LAW: {A, L, Q},
    Verb.ADD_INSTRUMENT: {A, L, Q},
    Verb.CONFIRM_MAPPING: {A, Q},
    Verb.VERIFY_INSTRUMENT: {A, Q},
    Verb.SET_INTERVAL: {L, Q},
    Verb.MANAGE_MATERIAL: {A, L, Q},
    Verb.DEFINE_CONTROL: {L, Q},
    Verb.RECORD_CONTROL: {A, Q},
    Verb.RELEASE_HOLD: {Q},
    Verb.QUEUE_REPORT: {A, R, L, Q, H},
    Verb.DELIVER_REPORT: {A, R, L, Q, H, I},
    Verb.CHECKPOINT_LOG: set(Role),
    Verb.MANAGE_PEOPLE: {L, I},
    Verb.APPROVE_PEOPLE: {R, L, Q, I},
    Verb.SET_SIGN_IN: {L},
    Verb.BACK_UP: {L, Q, I},
    Verb.MANAGE_CASE: {O, L, A, H},
    Verb.WRITE_OUTCOME: {O, L, A, H},
    Verb.SET_SHIFTS: {L},
    Verb.PLAN_COVER: {A, L},
    Verb.SEND_TO_LAB: {C, A, L},
    Verb.SEND_NOTICE: {O, L, A, H},
    Verb.STOP_CLOCK: {A, L},
    Verb.DRAFT_CERTIFICATE: {A, L},
    Verb.REVIEW_CERTIFICATE: {R},
    Verb.CHECK_CERTIFICATE: {R, L, Q},
    Verb.ACCEPT_OPEN_MATTER: {L, Q},
    Verb.ISSUE_CERTIFICATE: {R, L},
    Verb.GIVE_CERTIFICATE: {A, R, L, Q},
    Verb.WITHDRAW_CERTIFICATE: {L, Q},
}


def a_person(*roles, active=True):
    return Person(id="p", name="Pat", roles=frozenset(roles), active=active)


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("role", Role)
def test_every_role_and_verb_is_decided(verb, role):
    person = a_person(role)
    allowed = role in TRUTH[verb]
    assert workflow.may(person, verb) is allowed
    assert (verb in workflow.verbs_of(person.roles)) is allowed
    if allowed:
        workflow.require(person, verb)
        return
    with pytest.raises(PermissionDenied) as refused:
        workflow.require(person, verb)
    assert verb.value in refused.value.message
    assert role.value in refused.value.message
    for name in TRUTH[verb]:
        assert name.value in refused.value.hint


@pytest.mark.parametrize("verb", Verb)
def test_two_roles_may_what_either_may_and_no_more(verb):
    for first, second in combinations(Role, 2):
        expected = first in TRUTH[verb] or second in TRUTH[verb]
        assert workflow.may(a_person(first, second), verb) is expected


@pytest.mark.parametrize("verb", Verb)
def test_nobody_without_a_role_or_inactive_may_anything(verb):
    assert not workflow.may(a_person(), verb)
    assert not workflow.may(a_person(*Role, active=False), verb)


def test_it_admin_touches_no_evidence():
    assert set(workflow.verbs_of(frozenset((Role.IT_ADMIN,)))) <= workflow.OFFICE_VERBS
