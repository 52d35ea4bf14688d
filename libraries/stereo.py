"""Substances of one skeleton that differ in stereochemistry only, and how a result prints them.

Most spectra show the skeleton: "ephedrine or pseudoephedrine (not distinguished)" is what can be
said. Knows names and InChIKeys; needs no RDKit.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from libraries import substances
from libraries.errors import LibraryError

_NOT_DISTINGUISHED = "(not distinguished)"


@dataclass(frozen=True, slots=True, kw_only=True)
class StereoGroup:
    """Substances of one skeleton that differ in stereochemistry only.

    Parameters
    ----------
    inchikey_block : str
        The first block of the InChIKey they share.
    members : tuple of str
        Names; some may stand in no table.
    why : str
        What they are to each other, and what tells them apart.
    """

    inchikey_block: str
    members: tuple[str, ...]
    why: str

    @property
    def name(self) -> str:
        """The group as a result prints it: ``ephedrine or pseudoephedrine (not distinguished)``."""
        return f"{' or '.join(self.members)} {_NOT_DISTINGUISHED}"


@cache
def stereo_groups() -> Mapping[str, StereoGroup]:
    """Return the named groups of stereoisomers by the InChIKey block they share.

    Raises
    ------
    LibraryError
        The package's own file is missing or damaged.
    """
    try:
        text = (substances.DATA_FOLDER / "stereo_groups.toml").read_text(encoding="utf-8")
        return MappingProxyType(
            {
                each["inchikey_block"]: StereoGroup(
                    inchikey_block=each["inchikey_block"],
                    members=tuple(each["members"]),
                    why=each["why"],
                )
                for each in tomllib.loads(text)["group"]
            }
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError) as fault:
        raise LibraryError(
            f"the groups of stereoisomers cannot be read: {fault}", hint="Install fol-lims again."
        ) from fault


def stereo_group(inchikey: str) -> StereoGroup | None:
    """Return the named group of an InChIKey's skeleton, or None."""
    return stereo_groups().get(inchikey.strip().upper()[:14])


def printed(names: Iterable[str]) -> tuple[str, ...]:
    """Return names as a result prints them: those of one skeleton as one, not distinguished.

    Examples
    --------
    >>> printed(["pseudoephedrine", "caffeine", "ephedrine"])
    ('ephedrine or pseudoephedrine (not distinguished)', 'caffeine')
    """
    table = substances.table()
    groups: dict[str, list[str]] = {}
    for name in names:
        row = table.find(name)
        groups.setdefault(row.inchikey_block if row else name, []).append(name)
    return tuple(_printed(sorted(set(each))) for each in groups.values())


def _printed(together: list[str]) -> str:
    one = " or ".join(together)
    return one if len(together) == 1 else f"{one} {_NOT_DISTINGUISHED}"
