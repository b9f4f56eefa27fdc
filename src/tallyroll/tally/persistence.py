"""Persistent and severe absence: enrolments that missed a tenth, or half, of their own possible sessions."""

from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.engines import Engine
from tallyroll.governance import Permit
from tallyroll.tally import statements
from tallyroll.tally.count import admit, signed
from tallyroll.tally.definitions import ALL, Definition
from tallyroll.tally.form import ENROLMENT_FORM
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.shapes import ENROLMENTS, Register


def count_persistent(
    permit: Permit,
    engine: Engine,
    register: Register,
    *,
    definition: Definition,
    first: date,
    last: date,
    now: datetime,
    revision: int,
    whole: bool = False,
) -> pa.Table:
    """Persistent and severe absence from first to last, by school and breakdown.

    Shape:  ENROLMENTS. Unit: enrolments with at least one possible session; who moved school is two of them.
    An enrolment counts by its status on the last day that it is counted in the window: the status it is known by when
    the window closes, as the termly tables take it from the census in force. By the day, as sessions are counted, it
    would fall into two groups at once. Leavers stay in, with the sessions up to their last day.
    `whole`: a school without any such enrolment gets one row of zeros, so that it replaces an earlier revision.
    Raises: Refused outside the permit; UsageProblem when the window ends before it starts.
    Source: methodology of the department's absence releases: no minimum number of sessions applies.
    """
    if last < first:
        raise UsageProblem(f"The window ends on {last}, before {first}.", mend="Turn the dates round.")
    day = register.marks["date"]
    inside = pc.and_(pc.greater_equal(day, pa.scalar(first)), pc.less_equal(day, pa.scalar(last)))
    held = Register(register.schools, register.spans, register.marks.filter(inside))
    tables = admit(permit, held, definition=definition, now=now, days=(first, last))
    counted = engine.run(statements.count_enrolments(definition), tables)
    if whole:
        counted = _with_empty_schools(counted, register.schools)
    for name, edge in (("first", first), ("last", last)):
        counted = counted.append_column(name, pa.repeat(pa.scalar(edge, pa.date32()), counted.num_rows))
    return ENROLMENT_FORM.canonical(signed(counted, register.schools, revision=revision, shape=ENROLMENTS))


def _with_empty_schools(counted: pa.Table, schools: pa.Table) -> pa.Table:
    """The counts and a row of zeros for each school that has none."""
    empty = set(schools["urn"].to_pylist()) - set(counted["urn"].to_pylist())
    zeros = {"characteristic": ALL, "value": 0, "enrolments": 0, "persistent": 0, "severe": 0}
    rows = [{"urn": urn, **zeros} for urn in sorted(empty)]
    return pa.concat_tables([counted, pa.Table.from_pylist(rows, schema=counted.schema)])
