"""What was never received is never attendance. Each test is a register with something missing, and its figures.

In marks `-` is a session that came for others and not for this pupil, who is on roll without a possible session; `.`
is one that came for nobody, which is no session of anybody. Each register is counted by the kernel and by DuckDB from
rows of marks, and by the kernel from packed weeks.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from tests.lib.builders import NOW, school
from tests.lib.registers import COUNT, FRIDAY, MONDAY, TUESDAY, extract, kept, mark_rows, opened, reading
from tests.lib.small_registers import ONE_SCHOOL, as_blocks, register, rows_of
from tests.lib.tallies import FIRST, LAST, count_permit, drawn, shown

from tallyroll.engines import Engine, open_engine
from tallyroll.engines.kernel import KernelEngine
from tallyroll.governance import Permit
from tallyroll.register.scan import ScanSide, compact, scan
from tallyroll.tally import Areas, Tally, area_daily, areas_of, count, count_persistent
from tallyroll.tally.area_counts import count_areas
from tallyroll.tally.area_tables import area_persistent
from tallyroll.tally.definitions import Definition
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.shapes import Register

TWO_SCHOOLS = """
    school | la  | phase
    100001 | 302 | Primary
    100002 | 302 | Primary
"""
TWO_PUPILS = """
    school | pupil | year_group
    100001 | 1     | 4
    100001 | 2     | 4
"""
DAY = ("attendance_date", "num_schools", "enrolments", "possible_sessions", "overall_attendance", "overall_absence")
SHARES = ("ytd_enrolments", "pa_flag", "severe_flag")


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[str, Engine]]:
    """Those that count rows of marks."""
    with open_engine("kernel") as kernel, open_engine("duckdb", threads=1) as duckdb:
        yield {"kernel": kernel, "duckdb": duckdb}


def _tally(engine: Engine, given: Register, permit: Permit) -> Tally:
    what = {"definition": Definition(), "now": NOW, "revision": 1}
    cells = count(permit, engine, given, **what).cells
    return Tally(cells, count_persistent(permit, engine, given, first=FIRST, last=LAST, **what))


def _packed(partitions: list[Partition], permit: Permit) -> Areas:
    what = {"definition": Definition(), "first": FIRST, "last": LAST, "now": NOW}
    return count_areas(permit, KernelEngine(), partitions, **what, threads=1)


@pytest.fixture(params=["kernel, rows", "duckdb, rows", "kernel, packed"])
def areas(request: pytest.FixtureRequest, engines: dict[str, Engine]) -> Callable[[Register], Areas]:
    """Counts a register into areas, each way in its turn."""
    engine, what = request.param.split(", ")

    def counted(given: Register) -> Areas:
        if what == "rows":
            return areas_of(_tally(engines[engine], given, count_permit()))
        return _packed([Partition("302", given.schools, given.spans, as_blocks(given).packed)], count_permit())

    return counted


def _days(areas: Areas) -> list[dict[str, str]]:
    """The authority's days."""
    return _of_authority(area_daily(areas), *DAY)


def _shares(areas: Areas) -> list[dict[str, str]]:
    """The authority's enrolments over the whole term."""
    return _of_authority(area_persistent(areas), *SHARES)


def _of_authority(rows: pa.Table, *columns: str) -> list[dict[str, str]]:
    mine = [row for row in rows.to_pylist() if row["geographic_level"] == "Local authority"]
    return [{name: str(row[name]) for name in columns} for row in mine]


Count = Callable[[Register], Areas]


def test_a_week_that_never_came_is_no_session_of_anybody(areas: Count) -> None:
    """The school was open from 14 to 25 September, and of its second week nothing is known but the Friday."""
    found = areas(
        register(
            roll=TWO_PUPILS,
            marks="""
                school | pupil | 2026-09-17 | 2026-09-18 | 2026-09-21 | 2026-09-22 | 2026-09-25
                100001 | 1     | / \\       | / \\       | . .        | . .        | / \\
                100001 | 2     | I I        | / \\       | . .        | . .        | I I
            """,
        )
    )
    assert _days(found) == drawn("""
        attendance_date | num_schools | enrolments | possible_sessions | overall_attendance | overall_absence
        2026-09-17      | 1           | 2          | 4                 | 2                  | 2
        2026-09-18      | 1           | 2          | 4                 | 4                  | 0
        2026-09-25      | 1           | 2          | 4                 | 2                  | 2
    """)
    # Pupil 2 missed 4 of the 6 sessions that came; 4 of 10 had the missing days been taken for attendance.
    assert _shares(found) == rows_of("""
        ytd_enrolments | pa_flag | severe_flag
        2              | 1       | 1
    """)


def test_a_school_that_sent_nothing_is_not_there(areas: Count) -> None:
    found = areas(
        register(
            schools=TWO_SCHOOLS,
            roll=f"{TWO_PUPILS.rstrip()}\n    100002 | 1     | 4",
            marks="""
                school | pupil | 2026-09-14
                100001 | 1     | / \\
                100001 | 2     | / \\
            """,
        )
    )
    assert _days(found) == drawn("""
        attendance_date | num_schools | enrolments | possible_sessions | overall_attendance | overall_absence
        2026-09-14      | 1           | 2          | 4                 | 4                  | 0
    """)
    assert _shares(found) == rows_of("""
        ytd_enrolments | pa_flag | severe_flag
        2              | 0       | 0
    """)


def test_a_session_that_never_came_is_not_possible(areas: Count) -> None:
    found = areas(
        register(
            roll=TWO_PUPILS,
            marks="""
                school | pupil | 2026-09-14 | 2026-09-15
                100001 | 1     | / \\       | / .
                100001 | 2     | I \\       | / .
            """,
        )
    )
    assert _days(found) == drawn("""
        attendance_date | num_schools | enrolments | possible_sessions | overall_attendance | overall_absence
        2026-09-14      | 1           | 2          | 4                 | 3                  | 1
        2026-09-15      | 1           | 2          | 2                 | 2                  | 0
    """)


def test_a_pupil_without_a_mark_in_a_week_that_came_is_on_roll_and_nothing_else(areas: Count) -> None:
    found = areas(
        register(
            roll=TWO_PUPILS,
            marks="""
                school | pupil | 2026-09-14 | 2026-09-15 | 2026-09-16 | 2026-09-17 | 2026-09-18
                100001 | 1     | / \\       | / \\       | / \\       | / \\       | / \\
                100001 | 2     | - -        | - -        | - -        | - -        | - -
            """,
        )
    )
    assert _days(found)[0] == {
        "attendance_date": "2026-09-14",
        "num_schools": "1",
        "enrolments": "2",
        "possible_sessions": "2",
        "overall_attendance": "2",
        "overall_absence": "0",
    }
    assert len(_days(found)) == 5
    assert _shares(found) == rows_of("""
        ytd_enrolments | pa_flag | severe_flag
        1              | 0       | 0
    """)


def test_an_absence_among_marks_that_did_not_come_weighs_what_came(areas: Count) -> None:
    """Of pupil 2 one session came, and it was missed: one of one, not one of ten."""
    found = areas(
        register(
            roll=TWO_PUPILS,
            marks="""
                school | pupil | 2026-09-14 | 2026-09-15 | 2026-09-16 | 2026-09-17 | 2026-09-18
                100001 | 1     | / \\       | / \\       | / \\       | / \\       | / \\
                100001 | 2     | - -        | - -        | - O        | - -        | - -
            """,
        )
    )
    assert [row["possible_sessions"] for row in _days(found)] == ["2", "2", "3", "2", "2"]
    assert _shares(found) == rows_of("""
        ytd_enrolments | pa_flag | severe_flag
        2              | 1       | 1
    """)


def test_who_joined_after_the_last_mark_was_never_there(areas: Count) -> None:
    """Pupil 9 joined on the Thursday, after the last day that came, and has a number beyond every block."""
    found = areas(
        register(
            roll="""
                school | pupil | first      | year_group
                100001 | 1     |            | 4
                100001 | 9     | 2026-09-17 | 4
            """,
            marks="""
                school | pupil | 2026-09-14 | 2026-09-16 | 2026-09-17
                100001 | 1     | / \\       | / \\       | . .
            """,
        )
    )
    assert _days(found) == drawn("""
        attendance_date | num_schools | enrolments | possible_sessions | overall_attendance | overall_absence
        2026-09-14      | 1           | 1          | 2                 | 2                  | 0
        2026-09-16      | 1           | 1          | 2                 | 2                  | 0
    """)
    assert _shares(found)[0]["ytd_enrolments"] == "1"


def test_who_joined_in_a_week_that_came_without_a_mark_is_on_roll_from_that_day(areas: Count) -> None:
    found = areas(
        register(
            roll="""
                school | pupil | first      | year_group
                100001 | 1     |            | 4
                100001 | 9     | 2026-09-17 | 4
            """,
            marks="""
                school | pupil | 2026-09-16 | 2026-09-17 | 2026-09-18
                100001 | 1     | / \\       | / \\       | I I
                100001 | 9     | - -        | - -        | - -
            """,
        )
    )
    assert _days(found) == drawn("""
        attendance_date | num_schools | enrolments | possible_sessions | overall_attendance | overall_absence
        2026-09-16      | 1           | 1          | 2                 | 2                  | 0
        2026-09-17      | 1           | 2          | 2                 | 2                  | 0
        2026-09-18      | 1           | 2          | 2                 | 0                  | 2
    """)
    assert _shares(found)[0]["ytd_enrolments"] == "1"


@pytest.mark.parametrize("holiday", [". .", "# #"], ids=["nothing came", "marked closed"])
def test_a_holiday_has_no_sessions(areas: Count, holiday: str) -> None:
    found = areas(
        register(
            roll=TWO_PUPILS,
            marks=rf"""
                school | pupil | 2026-10-23 | 2026-10-26 | 2026-10-27 | 2026-11-02
                100001 | 1     | / \        | {holiday}  | {holiday}  | / \
                100001 | 2     | / \        | {holiday}  | {holiday}  | I I
            """,
        )
    )
    assert _days(found) == drawn("""
        attendance_date | num_schools | enrolments | possible_sessions | overall_attendance | overall_absence
        2026-10-23      | 1           | 2          | 4                 | 4                  | 0
        2026-11-02      | 1           | 2          | 4                 | 2                  | 2
    """)


def test_a_week_of_nothing_but_unknowns_gives_no_figures(areas: Count) -> None:
    """Nobody of those who count has a mark: the only one is of a pupil who is not on the roll."""
    found = areas(
        register(
            roll=TWO_PUPILS,
            marks="""
                school | pupil | 2026-09-14
                100001 | 1     | - -
                100001 | 2     | - -
                100001 | 3     | / \\
            """,
        )
    )
    assert _days(found) == []
    assert _shares(found) == []


@pytest.mark.parametrize("name", ["kernel", "duckdb"])
def test_cells_of_a_school_say_what_did_not_come(engines: dict[str, Engine], name: str) -> None:
    given = register(
        roll=TWO_PUPILS,
        schools=ONE_SCHOOL,
        marks="""
            school | pupil | 2026-09-14 | 2026-09-15
            100001 | 1     | / \\       | . .
            100001 | 2     | - I        | . .
        """,
    )
    tally = _tally(engines[name], given, count_permit())
    assert shown(tally.cells, "date", "session", "code", "n") == drawn("""
        date       | session | code | n
        2026-09-14 | AM      | /    | 1
        2026-09-14 | AM      | -    | 1
        2026-09-14 | PM      | \\   | 1
        2026-09-14 | PM      | I    | 1
    """)


# From the store


def test_what_a_store_never_got_is_in_no_figure(tmp_path: Path, engines: dict[str, Engine]) -> None:
    """Ann has Monday only, Ben nothing; the week before was never asked for, and another school never answered."""
    with opened(tmp_path) as store:
        marks = [("ann", str(MONDAY), session, code) for session, code in (("AM", "/"), ("PM", "I"))]
        year = [(who, "year_group", "4", "", "") for who in ("ann", "ben")]
        roll = [(who, None, "F", "2026-09-01") for who in ("ann", "ben")]
        kept(store, extract(roll=roll, status=year, marks=marks))
        kept(store, extract(of=school(100002), roll=roll, status=year))
        held = reading(store, urns=(100001, 100002, 100003), first=FIRST)
        there, ill = BY_TEXT["/"].number, BY_TEXT["I"].number
        assert mark_rows(held) == [
            *((0, str(MONDAY), session, code) for session, code in ((0, there), (1, ill))),
            *((1, str(MONDAY), session, 0) for session in (0, 1)),
        ]
        compact(COUNT, store, now=NOW)
        partitions = scan(COUNT, ScanSide.of(store), authorities=(), first=FIRST, last=FRIDAY, now=NOW)
        every = [areas_of(_tally(engine, held, COUNT)) for engine in engines.values()]
        for found in (*every, _packed([*partitions], COUNT)):
            assert _days(found) == drawn("""
                attendance_date | num_schools | enrolments | possible_sessions | overall_attendance | overall_absence
                2026-11-16      | 1           | 2          | 2                 | 1                  | 1
            """)
            assert _shares(found) == rows_of("""
                ytd_enrolments | pa_flag | severe_flag
                1              | 1       | 1
            """)


def test_a_session_came_when_the_school_sent_anything_at_all(tmp_path: Path, engines: dict[str, Engine]) -> None:
    """On Tuesday only Ben had a mark, and was then removed from the roll: the session came, and Ann has none in it."""
    with opened(tmp_path) as store:
        year = [(who, "year_group", "4", "", "") for who in ("ann", "ben")]
        roll = [(who, None, "F", "2026-09-01") for who in ("ann", "ben")]
        marks = [("ann", str(MONDAY), "AM", "/"), ("ben", str(TUESDAY), "AM", "/")]
        kept(store, extract(roll=roll, status=year, marks=marks))
        kept(store, extract(roll=roll[:1], status=year[:1], full=False, removed=("ben",)))
        compact(COUNT, store, now=NOW)
        packed = _packed([*scan(COUNT, ScanSide.of(store), authorities=(), first=FIRST, last=FRIDAY, now=NOW)], COUNT)
        for engine in engines.values():
            assert areas_of(_tally(engine, reading(store, first=FIRST), COUNT)).authorities == packed.authorities
