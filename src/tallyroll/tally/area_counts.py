"""`count_areas`: areas straight from registers, authority by authority, for what is too large to tally by school."""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.engines.counts import AuthorityEngine
from tallyroll.governance import Door, Permit
from tallyroll.tally import statements
from tallyroll.tally.algebra import check_authorities
from tallyroll.tally.areas import PHASES, AreaCells, Areas, values_of
from tallyroll.tally.count import roll_inputs
from tallyroll.tally.definitions import BREAKDOWNS, Definition
from tallyroll.vocab.errors import UsageProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.shapes import SCHOOLS, SPANS, WEEKS, conform

UNPUBLISHED = -1
"""The phase of schools that are left out."""


def count_areas(
    permit: Permit,
    engine: AuthorityEngine,
    partitions: Sequence[Partition],
    *,
    definition: Definition,
    first: date,
    last: date,
    now: datetime,
    threads: int = 2,
    advance: Advance = unwatched,
) -> Areas:
    """The areas of these registers from first to last, persistent absence over the same days included.

    Law:    the areas of the tally that counts the same registers.
    Authorities are read and counted side by side, the last first: counties, the largest, have the highest codes.
    Raises: Refused outside the permit; VerificationProblem when a partition is not one.
    """
    if last < first:
        raise UsageProblem(f"The window ends on {last}, before {first}.", mend="Turn the dates round.")
    asked = Admission(permit, in_order(definition), first, last, now)
    parts: list[_Part] = []
    with ThreadPoolExecutor(threads) as pool:
        # by place, not by partition: each is read in its thread and let go there
        for part in pool.map(lambda place: _count(engine, partitions[place], asked), reversed(range(len(partitions)))):
            parts.append(part)
            advance(len(parts), len(partitions))
    parts.sort(key=lambda part: part.la)
    return Areas(
        values=values_of(definition.characteristics),
        windows=((first, last),),
        authorities={part.la: part.cells for part in parts if part.cells.cells.any()},
        contributors={urn: part.la for part in parts for urn in part.schools},
        schools_open=sum(int(part.cells.enrolment_schools[:, :, 0].sum()) for part in parts),
    )


def in_order(definition: Definition) -> Definition:
    """The definition with its breakdowns in their order, so that equal areas have equal axes."""
    names = tuple(name for name in BREAKDOWNS if name in definition.characteristics)
    return replace(definition, characteristics=names)


@dataclass(frozen=True, slots=True)
class Admission:
    """What a permit was given for, and by which definition is counted."""

    permit: Permit
    definition: Definition
    first: date
    last: date
    now: datetime

    def check(self, urns: Collection[int]) -> None:
        """Return when these schools may be counted. Raises: Refused outside the permit."""
        self.permit.check(
            Door.COUNT,
            now=self.now,
            schools=[Urn(urn) for urn in urns],
            items=self.definition.items,
            days=(self.first, self.last),
            characteristics=self.definition.characteristics,
        )

    def admit(self, schools: pa.Table, spans: pa.Table) -> dict[str, pa.Table]:
        """The tables that the kernel takes of these schools, with their phases as numbers.

        Raises: Refused outside the permit; VerificationProblem when a school has two rows, or stretches of an enrolment
                overlap or are not in their order.
        """
        conform(schools, SCHOOLS, name="of schools")
        conform(spans, SPANS, name="of spans")
        urns = schools["urn"].to_pylist()
        self.check(urns)
        if len(set(urns)) < len(urns):
            raise VerificationProblem(
                "A school has two rows in the table of schools.", mend="Give each school one row."
            )
        check_authorities(pc.unique(schools["la"]).to_pylist())
        _check_order(spans)
        tables = roll_inputs(schools, spans, self.definition)
        phase = pc.fill_null(pc.index_in(schools["phase"], value_set=pa.array(PHASES)), UNPUBLISHED)
        return tables | {"schools": tables["schools"].append_column("phase", phase)}


@dataclass(frozen=True, slots=True)
class _Part:
    """One authority, counted."""

    la: str
    schools: tuple[Urn, ...]
    cells: AreaCells


def _count(engine: AuthorityEngine, partition: Partition, asked: Admission) -> _Part:
    """Read and count one authority. Runs in a thread."""
    tables = asked.admit(partition.schools, partition.spans)
    urns = tables["schools"]["urn"]
    counts = engine.authority(
        statements.plan(asked.definition),
        tables,
        (with_schools(weeks, urns) for weeks in partition.weeks),
        phases=len(PHASES),
        first=day_number(asked.first),
        last=day_number(asked.last),
    )
    return _Part(partition.la, tuple(Urn(urn) for urn in urns.to_pylist()), AreaCells.of(counts))


def with_schools(weeks: pa.Table, urns: pa.ChunkedArray) -> pa.Table:
    """The same weeks, once each is of one of these schools."""
    conform(weeks, WEEKS, name="of weeks")
    if not pc.all(pc.is_in(weeks["urn"], value_set=urns.combine_chunks()), min_count=0).as_py():
        raise VerificationProblem(
            "A school has marks and no row in the table of schools.", mend="Give each school one row."
        )
    return weeks


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _check_order(spans: pa.Table) -> None:
    """Stretches of one enrolment must not overlap, for its marks would count twice. Partitions hold them in order."""
    urn, pupil, first, last = (
        (column.cast(pa.int32()) if pa.types.is_date32(column.type) else column).to_numpy().astype(np.int64)
        for column in (spans[name] for name in ("urn", "pupil", "first", "last"))
    )
    who = urn << 32 | pupil  # a number in the school's roll has 32 bits
    if np.any((who[1:] < who[:-1]) | ((who[1:] == who[:-1]) & (first[1:] <= last[:-1]))):
        raise VerificationProblem(
            "Stretches of an enrolment overlap, or are not in their order.",
            mend="Build the register again from its extracts.",
        )
