"""Whether the terms of a reference allow passing it on to another lab. Texts only, no law advice.

Whatever is not known to allow it stays at home until a named person says that it may travel.
"""

from __future__ import annotations

import re

OWN = "own measurement; may be passed on to other laboratories"
"""Of a lab's own references, unless they are proposed under other terms."""

_ALLOWS = re.compile(
    r"(?i)\b(?:cc0|cc[ -]?by\b|creative commons|public domain|pddl|odc-by|odbl|mit licen[cs]e"
    r"|apache[ -]2|us government work|may be (?:passed on|shared|redistributed))"
)
_FORBIDS = re.compile(
    r"(?i)\b(?:proprietary|confidential|all rights reserved|(?:for )?internal (?:use|only)"
    r"|commercial licen[cs]e|single[ -](?:site|user)|site licen[cs]e|no sharing"
    r"|(?:not|no|never|non)[ -](?:for )?(?:re-?)?distribut\w*"
    r"|(?:do not|may not|must not|not to|cannot|not) (?:be )?"
    r"(?:re-?distribute|distribute|share|copy|copie|pass)\w*)"
)


def why_not_shared(licence: str, also: frozenset[str] = frozenset()) -> str:
    """Return why an entry under these terms is not passed on; empty when it may be.

    Parameters
    ----------
    licence : str
        As the entry's source or the import states it.
    also : frozenset of str
        Terms a named person said to allow it, exactly as written. They never outweigh words that
        forbid it.
    """
    text = " ".join(licence.split())
    if not text:
        return "no licence is stated"
    if _FORBIDS.search(text):
        return "its licence forbids passing it on"
    if text in also or _ALLOWS.search(text):
        return ""
    return "its licence is not known to allow passing it on"
