"""Where a report stands, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lims.certificate_model import Certificate

_WORDS = {
    "draft": "waits: technical review",
    "sent_back": "sent back to its author",
    "tech_reviewed": "waits: administrative review",
    "admin_reviewed": "waits: issue",
}


def state_words(of: Certificate) -> str:
    """Return where a report stands, and what it waits for."""
    if of.state == "issued" and of.withdrawal_asked_by:
        return f"issued; {of.withdrawal_asked_by} asks to withdraw"
    if of.state == "issued" and of.expired:
        return f"issued; ended on {of.expires_on}"
    if of.state == "amended":
        return f"amended by {of.amended_by}"
    return _WORDS.get(of.state, of.state.value)


def author_words(of: Certificate) -> str:
    """Return who wrote a report: everybody who wrote a revision of it."""
    return ", ".join(of.authors)
