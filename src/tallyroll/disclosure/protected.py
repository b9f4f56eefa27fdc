"""Protected tables: the proof that disclosure control was applied. Publishing accepts nothing else.

Only `disclosure.protect` makes one: built anywhere else it fails at once, and a test of the repository looks too.
The seal is not kept, so `dataclasses.replace` cannot hand it on; nothing protected is copied or pickled.
"""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from typing import NoReturn

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
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise ProtectionProblem("Only disclosure control makes protected tables.", mend="Use disclosure.protect.")

    def __reduce__(self) -> NoReturn:
        raise ProtectionProblem("Protected tables are not copied or sent.", mend="Write them as files.")


def sealed(tables: Sequence[ProtectedTable], *, profile: str, open_to_subtraction: bool) -> Protected:
    """Protected tables. For `disclosure.protect` only."""
    return Protected(tuple(tables), profile, open_to_subtraction, _SEAL)
