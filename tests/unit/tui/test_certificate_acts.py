"""The screens' acts on reports reach the same services as the commands."""

from __future__ import annotations

import pytest

from instruments import registry, sandbox
from lims import conclusion
from lims.certificate_model import CertificateState, CopyForm
from lims.errors import ConfigError, PermissionDenied, RecordError
from tests.certificate_builders import a_reportable
from tests.lims_builders import a_lab
from tui.certificate_acts import wanted
from tui.certificate_words import author_words, state_words
from tui.record import Record


@pytest.fixture
def lab(tmp_path):
    made = a_lab(tmp_path / "lab")
    yield made
    made.close()


@pytest.fixture
def sample(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "read_guarded_bytes", registry.read_bytes)
    return a_reportable(lab, tmp_path)


def test_a_report_from_draft_to_withdrawal_at_the_screens(lab, sample, tmp_path):
    ana, rex, qm, lee = (Record(lab, person) for person in ("ana", "rex", "qm", "lee"))
    made = ana.draft_certificate(sample, {"reference": "HSI-42", "opinion": "x"}, preliminary=False)
    assert state_words(made) == "waits: technical review"
    assert any("HSI-42" in each for each in ana.certificate_lines(made.number))
    assert author_words(made) == "ana"
    with pytest.raises(PermissionDenied):
        ana.review_certificate(made.number, {}, accept=True)
    rex.review_certificate(made.number, {"remark": "", "remote": "HQ"}, accept=True)
    assert state_words(qm.review_certificate(made.number, {}, accept=True)) == "waits: issue"
    done = lee.issue_certificate(made.number)
    assert (lab.folder / "reports" / done.number / f"{done.number}.pdf").is_file()
    typed = {"to": "Court", "form": "Paper", "how": "by hand"}
    assert lee.give_certificate(done.number, typed).form is CopyForm.PAPER
    with pytest.raises(RecordError, match="no form"):
        lee.give_certificate(done.number, typed | {"form": "fax"})
    second = ana.amend_certificate(done.number, {"reason": "x", "customer": "Court"})
    assert second.amends == done.number
    assert state_words(qm.withdraw_certificate(done.number, "bad")) == "issued; qm asks to withdraw"
    assert lee.withdraw_certificate(done.number, "").state is CertificateState.WITHDRAWN
    assert [c.number for c in lee.certificates(sample)] == [second.number, done.number]
    target = lee.print_certificate(done.number, tmp_path)
    assert target.read_bytes().startswith(b"%PDF")
    with pytest.raises(ConfigError, match="is there already"):
        lee.print_certificate(done.number, tmp_path)


def test_an_empty_field_changes_nothing():
    typed = {"customer": " ", "reference": "", "opinion": "one"}
    found = wanted(typed)
    assert (found.customer, found.reference, found.departures) == (None, None, None)
    assert found.opinions == ("one",)


def test_a_preliminary_report_at_the_screen_ends_and_says_what_is_concluded(lab, sample):
    made = Record(lab, "ana").draft_certificate(sample, {}, preliminary=True)
    assert made.expires_on is not None
    said = conclusion.conclude(lab, "ana", sample).text.removeprefix("presumptive: ")
    assert said in "\n".join(Record(lab, "lee").certificate_lines(made.number))
