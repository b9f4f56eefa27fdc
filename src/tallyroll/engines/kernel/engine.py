"""The kernel as an engine: statements over Arrow tables, counted in compiled loops instead of a database."""

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.engines.counts import AuthorityCounts
from tallyroll.engines.kernel.counting import (
    count_authority,
    count_sessions,
    count_shares,
    loose_weeks,
)
from tallyroll.engines.kernel.rolls import Ints, Rolls, rolls
from tallyroll.engines.plan import Counted, Plan, Statement


class KernelEngine:
    """Counts in this process, without a lock of Python's. Use it in a `with` block."""

    name = "kernel"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held that would have to be given back."""

    def run(self, statement: Statement, tables: Mapping[str, pa.Table]) -> pa.Table:
        """See Engine."""
        held = rolls(statement.plan, tables["schools"], tables["spans"])
        loose = loose_weeks(held, tables["marks"])
        if statement.counts is Counted.SESSIONS:
            return _cells_table(held, count_sessions(statement.plan, held, loose))
        return _enrolments_table(statement.plan, held, count_shares(statement.plan, held, loose))

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
        """The counts of an authority from its packed weeks; see `count_authority`."""
        return count_authority(plan, tables["schools"], tables["spans"], weeks, phases=phases, first=first, last=last)


def _cells_table(held: Rolls, cells: Mapping[str, Ints]) -> pa.Table:
    named = _named(held, cells["place"])
    day = pa.array(cells["day"].astype(np.int32)).view(pa.date32())
    return pa.table(
        {"urn": held.urns[cells["school"]], "day": day, "session": cells["session"], **named}
        | {"code": cells["code"], "n": cells["n"]}
    )


def _enrolments_table(plan: Plan, held: Rolls, counts: Ints) -> pa.Table:
    school, place = np.nonzero(counts[:, :, 0])
    shares = {name: counts[school, place, 1 + number] for number, name in enumerate(plan.thresholds)}
    return pa.table(
        {"urn": held.urns[school], **_named(held, place), "enrolments": counts[school, place, 0].astype(np.int64)}
        | {name: share.astype(np.int64) for name, share in shares.items()}
    )


def _named(held: Rolls, places: npt.NDArray[np.signedinteger]) -> dict[str, pa.Array]:
    """Breakdown and value of each place."""
    names = pa.array([name for name, _ in held.values], pa.string())
    values = np.array([value for _, value in held.values], dtype=np.int64)
    return {"characteristic": names.take(pa.array(places)), "value": pa.array(values[places])}
