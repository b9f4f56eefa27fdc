"""Count: from registers to cells. The one way from a pupil's row to a figure, and it asks for a permit first."""

from collections.abc import Collection
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.engines import Engine
from tallyroll.governance import Door, Permit
from tallyroll.tally import statements
from tallyroll.tally.algebra import Tally
from tallyroll.tally.definitions import ALL, Definition, column_of
from tallyroll.vocab.characteristics import YEAR_GROUP
from tallyroll.vocab.codes import NOTHING_RECEIVED
from tallyroll.vocab.errors import UsageProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.shapes import CELLS, MARKS, SCHOOLS, SPANS, Register, conform


def count(
    permit: Permit,
    engine: Engine,
    register: Register,
    *,
    definition: Definition,
    now: datetime,
    revision: int,
    days: Collection[date] = (),
) -> Tally:
    """The cells of these registers: one per school, session, breakdown, value and code, as one revision.

    Unit:   marks (one pupil, one session); code 0 counts pupils on roll for whom nothing came.
    Law:    count(A + B) = merge(count(A), count(B)) for schools A and B.
    `days` are days that this tally speaks for: a school without marks on one of them gets one cell with n = 0, so
    that the day replaces an earlier revision in which it had marks.
    A mark outside every span of its pupil is not on roll and does not count.
    Raises: Refused outside the permit; VerificationProblem when the register is not one.
    """
    tables = admit(permit, register, definition=definition, now=now, days=days)
    counted = engine.run(statements.count_sessions(definition), tables)
    cells = _as_cells(counted)
    if days:
        cells = pa.concat_tables([cells, _empty_days(cells, register.schools, days)])
    return Tally(signed(cells, register.schools, revision=revision, shape=CELLS))


def admit(
    permit: Permit, register: Register, *, definition: Definition, now: datetime, days: Collection[date] = ()
) -> dict[str, pa.Table]:
    """The tables that the counting statements take, once the permit covers them and they can be counted.

    Raises: Refused outside the permit; VerificationProblem when spans overlap or a mark's school is not listed.
    """
    conform(register.schools, SCHOOLS, name="of schools")
    conform(register.spans, SPANS, name="of spans")
    conform(register.marks, MARKS, name="of marks")
    marked = set(pc.unique(register.marks["urn"]).to_pylist())
    schools = set(register.schools["urn"].to_pylist())
    edges = pc.min_max(register.marks["date"]).as_py()
    permit.check(
        Door.COUNT,
        now=now,
        schools=[Urn(number) for number in marked | schools],
        items=definition.items,
        days=[day for day in (*edges.values(), *days) if day is not None],
        characteristics=definition.characteristics,
    )
    if not marked <= schools or len(schools) < register.schools.num_rows:
        raise VerificationProblem(
            "A school has marks and no row in the table of schools, or two rows.", mend="Give each school one row."
        )
    _check_apart(register.spans)
    return _inputs(register, definition)


def _check_apart(spans: pa.Table) -> None:
    """Stretches of one enrolment must not overlap: its marks would count twice."""
    rows = spans.select(["urn", "pupil", "first", "last"]).sort_by(
        [("urn", "ascending"), ("pupil", "ascending"), ("first", "ascending")]
    )
    urn, pupil, first, last = (rows[name].combine_chunks() for name in rows.column_names)
    if len(urn) < 2:
        return
    same = pc.and_(pc.equal(urn[1:], urn[:-1]), pc.equal(pupil[1:], pupil[:-1]))
    overlap = pc.and_(same, pc.less_equal(first[1:], last[:-1]))
    if pc.any(overlap).as_py():
        raise VerificationProblem(
            f"{pc.sum(overlap).as_py()} stretches of an enrolment overlap the one before.",
            mend="Build the register again from its extracts.",
        )


def _inputs(register: Register, definition: Definition) -> dict[str, pa.Table]:
    """The tables that the counting statements take; see `sql`."""
    marks = register.marks.rename_columns({"date": "day"})
    return {"marks": marks, **roll_inputs(register.schools, register.spans, definition)}


def roll_inputs(schools: pa.Table, spans: pa.Table, definition: Definition) -> dict[str, pa.Table]:
    """The same but for marks, of any schools and their spans."""
    columns = dict.fromkeys([YEAR_GROUP.name, *(column_of(name) for name in definition.characteristics)])
    away = [definition.population.year_11_away(urn) for urn in schools["urn"].to_pylist()]
    return {
        "spans": spans.select(["urn", "pupil", "first", "last", *columns]).rename_columns(
            {"first": "first_day", "last": "last_day"}
        ),
        "schools": pa.table(
            {
                "urn": schools["urn"],
                "away_first": pa.array([first for first, _ in away], pa.date32()),
                "away_last": pa.array([last for _, last in away], pa.date32()),
            }
        ),
    }


def signed(counted: pa.Table, schools: pa.Table, *, revision: int, shape: pa.Schema) -> pa.Table:
    """Counts by `urn` as rows of the shape: who counted, in which revision, of which authority and phase."""
    if revision < 0:
        raise UsageProblem("A revision is not below 0.", mend="Give the time of counting.")
    place = pc.index_in(counted["urn"], value_set=schools["urn"].combine_chunks())
    table = counted.rename_columns({"urn": "contributor"})
    table = table.append_column("revision", pa.repeat(pa.scalar(revision, pa.int64()), table.num_rows))
    table = table.append_column("la", schools["la"].take(place)).append_column("phase", schools["phase"].take(place))
    return table.select(shape.names).cast(shape)


_COUNTED = pa.schema(
    [("urn", pa.int32()), *(CELLS.field(name) for name in ("date", "session", "characteristic", "value", "code", "n"))]
)


def _as_cells(counted: pa.Table) -> pa.Table:
    return counted.rename_columns({"day": "date"}).cast(_COUNTED)


def _empty_days(cells: pa.Table, schools: pa.Table, days: Collection[date]) -> pa.Table:
    """One cell with n = 0 for each school and day that this tally speaks for and that has no marks."""
    pairs = cells.group_by(["urn", "date"]).aggregate([])
    have = set(zip(pairs["urn"].to_pylist(), pairs["date"].to_pylist(), strict=True))
    lacking = [(urn, day) for urn in schools["urn"].to_pylist() for day in days if (urn, day) not in have]
    cell = {"session": 0, "characteristic": ALL, "value": 0, "code": NOTHING_RECEIVED, "n": 0}
    return pa.Table.from_pylist([{"urn": urn, "date": day, **cell} for urn, day in lacking], schema=_COUNTED)
