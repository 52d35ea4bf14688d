"""In a lab where people sign in, a report is signed by each, under the words of its step."""

from __future__ import annotations

import pytest

from lims import certificate_copies, certificate_release, certificates, meanings
from lims.certificate_model import CertificateState
from lims.errors import SignatureNeeded
from tests.certificate_builders import a_reportable
from tests.signing_builders import a_lab_with_passwords, by_password, require_sign_in, sit_down


@pytest.fixture
def lab(tmp_path):
    made = a_lab_with_passwords(tmp_path / "lab")
    yield made
    made.close()


def signed(lab, person, act):
    """Sign somebody in; without a proof the act is refused, with one it is done."""
    sit_down(lab, person)
    with pytest.raises(SignatureNeeded) as asked:
        act(person)
    with by_password(lab, person):
        return asked.value.meaning, act(person)


def test_every_step_of_a_report_is_signed_under_its_own_words(lab, bench):
    sample = a_reportable(lab, bench)
    require_sign_in(lab)
    said, made = signed(lab, "ana", lambda who: certificates.draft(lab, who, sample))
    assert said == meanings.MEANINGS["certificate.drafted"]
    number = made.number
    for person in ("rex", "qm"):
        said, _ = signed(
            lab, person, lambda who: certificate_release.review(lab, who, number, accept=True)
        )
        assert said == meanings.MEANINGS["certificate.reviewed"]
    said, made = signed(lab, "lee", lambda who: certificate_release.issue(lab, who, number))
    assert said == meanings.MEANINGS["certificate.issued"]
    assert made.state is CertificateState.ISSUED
    for person, kind in (("qm", "withdrawal_asked"), ("lee", "withdrawn")):
        said, made = signed(
            lab, person, lambda who: certificate_copies.withdraw(lab, who, number, reason="x")
        )
        assert said == meanings.MEANINGS[f"certificate.{kind}"]
    assert made.state is CertificateState.WITHDRAWN
    rows = lab.db.execute(
        "SELECT s.meaning FROM signature s JOIN event e ON e.seq=s.seq "
        "WHERE e.kind LIKE 'certificate.%'"
    ).fetchall()
    assert len(rows) == 6


def test_sending_back_has_words_of_its_own(lab, bench):
    sample = a_reportable(lab, bench)
    made = certificates.draft(lab, "ana", sample)
    require_sign_in(lab)
    said, _ = signed(
        lab,
        "rex",
        lambda who: certificate_release.review(lab, who, made.number, accept=False, remark="no"),
    )
    assert said == meanings.MEANINGS["certificate.reviewed, sent back"]
