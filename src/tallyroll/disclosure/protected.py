"""Protected tables: the proof that disclosure control was applied. Publishing accepts nothing else.

Only `disclosure.protect` makes one: built anywhere else it fails at once, and a test of the repository looks too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from tallyroll.vocab.errors import ProtectionProblem

_SEAL = object()


@dataclass(frozen=True, slots=True)
class ProtectedTable:
    """One table as it may be published; hidden cells hold the symbol `c`."""

    name: str
    table: pa.Table
    n_hidden: int


@dataclass(frozen=True, slots=True)
class Protected:
    """Tables that went through one disclosure profile together.

    `open_to_subtraction` says that a hidden cell can be found again from the cells that stayed.
    """

    tables: tuple[ProtectedTable, ...]
    profile: str
    open_to_subtraction: bool
    seal: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise ProtectionProblem("Only disclosure control makes protected tables.")


def sealed(tables: Sequence[ProtectedTable], *, profile: str, open_to_subtraction: bool) -> Protected:
    """Protected tables. For `disclosure.protect` only."""
    return Protected(tuple(tables), profile, open_to_subtraction, _SEAL)
