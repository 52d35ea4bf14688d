"""The one seat at the app's terminal: who sits there, and the sessions others left there locked.

Shared by the app and every record it opens; holds tokens, never secrets.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Seat:
    """Who acts now, and everybody's token who signed in at this app.

    Parameters
    ----------
    person : str
        Who sits there; empty for nobody, as before the first sign-in.
    tokens : dict
        Person -> token of the session they opened here.
    """

    person: str = ""
    tokens: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def token(self) -> str:
        """The token in use; empty for none."""
        return self.tokens.get(self.person, "")

    def take(self, person: str, token: str) -> None:
        """Let somebody sit down."""
        self.tokens[person] = token
        self.person = person
