"""What an engine gives of a whole authority: its counts as dense arrays, and the interface that gives them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.engines.plan import Plan

Ints = npt.NDArray[np.int32]
Values = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class AuthorityCounts:
    """The counts of one authority over some weeks, by phase, in the order in which phases were named.

    cells[phase, week, day, value, code]: marks, for those codes that occur at all (`codes`).
    schools[phase, week, value, days]: schools by the days (as bits) on which they have a possible session.
    on_roll[phase, week, day]: pupils on roll, per school the more of morning and afternoon.
    enrolments[phase, value, share]: those with a possible session, then those at or above each share of absence.
    enrolment_schools[phase, value]: schools with such an enrolment.
    `values` names the breakdown and value of each place; `mondays` are days since 1970.
    """

    mondays: tuple[int, ...]
    values: Values
    codes: tuple[int, ...]
    cells: Ints
    schools: npt.NDArray[np.uint16]
    on_roll: Ints
    enrolments: Ints
    enrolment_schools: Ints


class AuthorityEngine(Protocol):
    """Counts authorities from packed weeks. Threads may ask at once."""

    def authority(
        self,
        plan: Plan,
        tables: Mapping[str, pa.Table],
        weeks: Iterable[pa.Table],
        *,
        phases: int,
        first: int,
        last: int,
    ) -> AuthorityCounts:
        """The counts of one authority from one day to another (days since 1970)."""
        ...
