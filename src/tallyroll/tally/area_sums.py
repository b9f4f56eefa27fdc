"""`areas_of`: a tally added up into areas. Authorities are sums of contributors, those with one school included."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.engines.counts import Ints, Values
from tallyroll.tally.algebra import Tally, check_authorities, contributors
from tallyroll.tally.areas import PHASES, SCHOOL_DAYS, SHARES, AreaCells, Areas, values_of
from tallyroll.tally.definitions import NOT_ON_ROLL, POSSIBLE
from tallyroll.vocab.codes import BY_TEXT, numbers

Numbers = npt.NDArray[np.int64]
Columns = dict[str, Numbers]

_WEEK, _THURSDAY = 7, 3  # 1970-01-01, day 0, was a Thursday
_SESSIONS = 2
_CELL = ("contributor", "phase", "date", "session", "place", "code", "n")
_SHARE = ("first", "last", "phase", "place", *SHARES)


def areas_of(tally: Tally) -> Areas:
    """The tally added up by authority.

    Raises: VerificationProblem when it counts an authority that England does not have.
    """
    named = (tally.cells["characteristic"], tally.persistent["characteristic"])
    values = values_of({name for column in named for name in pc.unique(column).to_pylist()})
    marks = _Rows.of(tally.cells, values, _CELL, counted="n")
    shares = _Rows.of(tally.persistent, values, _SHARE, counted="enrolments")
    authorities = sorted(marks.where.keys() | shares.where.keys())
    check_authorities(authorities)
    windows, shares.columns["window"] = _windows(tally.persistent, shares.columns)
    n_days = _WEEK if np.any(_day(marks.columns["date"]) >= SCHOOL_DAYS) else SCHOOL_DAYS
    return Areas(
        values=values,
        windows=tuple((_date(first), _date(last)) for first, last in windows.tolist()),
        authorities={
            la: AreaCells(
                *_sessions(marks.authority(la), n_days=n_days, n_values=len(values)),
                *_enrolments(shares.authority(la), n_windows=len(windows), n_values=len(values)),
            )
            for la in authorities
        },
        contributors=contributors(tally),
        schools_open=len(np.unique(marks.columns["contributor"][_possible(marks.columns["code"])])),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of a tally's table as numbers, those of an authority together."""

    columns: Columns
    where: dict[str, slice]

    @classmethod
    def of(cls, table: pa.Table, values: Values, names: tuple[str, ...], *, counted: str) -> "_Rows":
        """The rows of published phases that count anything."""
        breakdowns = pa.array(dict.fromkeys(name for name, _ in values), pa.string())
        first = pa.array([values.index((name, 0)) for name in breakdowns.to_pylist()], pa.int32())
        start = first.take(pc.index_in(table["characteristic"], value_set=breakdowns))
        table = table.append_column("place", pc.add(start, table["value"].cast(pa.int32())))
        phase = pc.index_in(table["phase"], value_set=pa.array(PHASES))
        table = table.set_column(table.column_names.index("phase"), "phase", phase)
        table = table.filter(pc.and_(pc.is_valid(phase), pc.greater(table[counted], 0)))
        known = sorted(pc.unique(table["la"]).to_pylist())
        la = pc.index_in(table["la"], value_set=pa.array(known, pa.string())).to_numpy()
        order = np.argsort(la, kind="stable")
        ends = np.cumsum(np.bincount(la, minlength=len(known))).tolist()
        where = dict(zip(known, map(slice, [0, *ends], ends), strict=True))
        return cls({name: _numbers(table[name])[order] for name in names}, where)

    def authority(self, la: str) -> Columns:
        """The rows of one authority."""
        return {name: column[self.where.get(la, slice(0))] for name, column in self.columns.items()}


def _windows(persistent: pa.Table, shares: Columns) -> tuple[Numbers, Numbers]:
    """The windows that were counted at all, in order, and which of them each row is of."""
    windows = np.unique(np.stack([_numbers(persistent["first"]), _numbers(persistent["last"])], axis=1), axis=0)
    first, last = (shares[name][:, None] == windows[:, place] for place, name in enumerate(("first", "last")))
    return windows, np.argmax(first & last, axis=1) if len(windows) else np.zeros(0, dtype=np.int64)


def _numbers(column: pa.ChunkedArray) -> Numbers:
    days = pa.types.is_date32(column.type)
    found: Numbers = (column.cast(pa.int32()) if days else column).to_numpy().astype(np.int64)
    return found


def _date(day: int) -> date:
    found: date = np.datetime64(day, "D").item()
    return found


def _day(date: Numbers) -> Numbers:
    return (date + _THURSDAY) % _WEEK


def _possible(code: Numbers) -> npt.NDArray[np.bool_]:
    return np.isin(code, sorted(numbers(POSSIBLE)))


def _sums(shape: tuple[int, ...], at: tuple[Numbers, ...], n: Numbers | int) -> Ints:
    """So many at each place, added up."""
    sums = np.zeros(shape, dtype=np.int32)
    np.add.at(sums, at, n)
    return sums


def _sessions(
    marks: Columns, *, n_days: int, n_values: int
) -> tuple[tuple[int, ...], tuple[int, ...], Ints, npt.NDArray[np.uint16], Ints]:
    """What AreaCells says of sessions: mondays, codes, cells, schools, on_roll."""
    phase, place, day = marks["phase"], marks["place"], _day(marks["date"])
    mondays, week = np.unique(marks["date"] - day, return_inverse=True)
    codes, code = np.unique(marks["code"], return_inverse=True)
    schools, school = np.unique(marks["contributor"] * len(PHASES) + phase, return_inverse=True)
    phases, n_weeks, n_schools = schools % len(PHASES), len(mondays), len(schools)
    cells = _sums((len(PHASES), n_weeks, n_days, n_values, len(codes)), (phase, week, day, place, code), marks["n"])

    opened = _possible(marks["code"])
    days = np.zeros((n_schools, n_weeks, n_values), dtype=np.int64)
    np.bitwise_or.at(days, (school[opened], week[opened], place[opened]), 1 << day[opened])
    one, its_week, value = np.nonzero(days)
    at = (phases[one], its_week, value, days[one, its_week, value])
    by_days = _sums((len(PHASES), n_weeks, n_values, 1 << n_days), at, 1).astype(np.uint16)

    here = (place == 0) & (marks["code"] != BY_TEXT[NOT_ON_ROLL].number)
    at = (school[here], week[here], day[here], marks["session"][here])
    most = _sums((n_schools, n_weeks, n_days, _SESSIONS), at, marks["n"][here]).max(axis=3)
    on_roll = _sums((len(PHASES), n_weeks, n_days), (phases,), most)
    return tuple(mondays.tolist()), tuple(codes.tolist()), cells, by_days, on_roll


def _enrolments(shares: Columns, *, n_windows: int, n_values: int) -> tuple[Ints, Ints]:
    """What AreaCells says of enrolments, and of the schools that have them."""
    at, shape = (shares["window"], shares["phase"], shares["place"]), (n_windows, len(PHASES), n_values)
    counts = [_sums(shape, at, shares[name]) for name in SHARES]
    return np.stack(counts, axis=-1), _sums(shape, at, 1)
