"""The national benches do honest work: every layout holds the same marks, every product gives the same answer."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tallyroll.engines.rivals import apart, question
from tallyroll.engines.rivals import duckdb as rival_duckdb
from tallyroll.engines.rivals.apart import Told
from tallyroll.engines.rivals.processes import cpu_seconds_of, family, peak_memory_mb_of
from tallyroll.engines.rivals.question import Asked
from tallyroll.flows.bench import nation_ground, national_year, race_etl, race_ours
from tallyroll.flows.bench.catalogue import AGAINST, BENCHES, NAMES, NATIONAL, run, usual_scale
from tallyroll.flows.bench.etl import write_attendance
from tallyroll.flows.bench.growth import fitted
from tallyroll.flows.bench.nation import Facts, Nation, make_nation
from tallyroll.flows.bench.nation_school import MadeSchool, day_of
from tallyroll.flows.bench.national_year import OURS, OURS_RUN, Contestant, race, ratio, share, times_of
from tallyroll.register.stretches import COLUMNS
from tallyroll.tally.definitions import ABSENT, POSSIBLE
from tallyroll.vocab.codes import BY_TEXT, numbers
from tallyroll.vocab.errors import UsageProblem, VerificationProblem
from tallyroll.vocab.packing import unpack
from tallyroll.vocab.progress import unwatched
from tallyroll.vocab.shapes import MARKS, WEEKS

SCALE = 0.0004
START = day_of(date(2025, 9, 1))
AM, PM, ILL, CLOSED = (BY_TEXT[text].number for text in ("/", "\\", "I", "#"))


@pytest.fixture(scope="module")
def nation(tmp_path_factory):
    return make_nation(tmp_path_factory.mktemp("kept"), scale=SCALE, processes=1)


def test_nation_is_made_once(nation):
    made = (nation.folder / "nation.json").stat().st_mtime_ns
    again = make_nation(nation.folder.parent, scale=SCALE)
    assert again == nation
    assert (nation.folder / "nation.json").stat().st_mtime_ns == made


def test_what_was_broken_off_is_no_nation(tmp_path):
    with pytest.raises(UsageProblem, match="no nation here"):
        Nation.open(tmp_path)


def test_scale_beyond_the_whole_of_england_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(UsageProblem, match="up to 1"):
        make_nation(tmp_path, scale=1.5)
    assert list(tmp_path.iterdir()) == []


def test_scan_side_holds_the_same_marks_as_the_dense_layout(nation):
    def weeks(table):
        return [(one["urn"], one["monday"], one["marks"]) for one in table.to_pylist()]

    dense = [week for path in sorted(nation.dense.iterdir()) for week in weeks(pq.read_table(path, schema=WEEKS))]
    year = nation_ground.YEAR
    packed = {}
    for part in race_ours.scan(
        nation.permit(), nation.side, authorities=(), first=year.first, last=year.last, now=race_ours.NOW
    ):
        for table in part.weeks:
            for one in table.to_pylist():
                packed[one["urn"], one["monday"]] = unpack(one["marks"], n_pupils=one["n_pupils"]).tobytes()
    assert packed == {(urn, monday): marks for urn, monday, marks in dense}
    assert sum(np.count_nonzero(np.frombuffer(marks, np.uint8)) for marks in packed.values()) == nation.facts.marks


def test_exceptions_are_the_long_rows_that_are_not_plain_presence(nation):
    exceptions, long = (f"'{nation.table(name)}'" for name in ("exceptions", "long"))
    kept = f"FROM {long} WHERE code NOT IN ({AM}, {PM})"
    assert (
        duckdb.sql(f"(FROM {exceptions} EXCEPT ALL {kept}) UNION ALL ({kept} EXCEPT ALL FROM {exceptions})").fetchall()
        == []
    )
    sent = f"SELECT stretch, COUNT(*) FROM {long} GROUP BY stretch"
    said = f"SELECT stretch, sessions FROM '{nation.table('stretches')}' WHERE sessions > 0"
    assert duckdb.sql(f"({sent} EXCEPT {said}) UNION ALL ({said} EXCEPT {sent})").fetchall() == []


@pytest.mark.parametrize("marks", ["exceptions", "long"])
def test_ours_and_every_rival_give_one_answer(nation, marks, monkeypatch):
    asked = Asked(nation.folder, marks, 2)
    answer = race_ours.open_session(asked)().reckon()
    assert rival_duckdb.open_session(asked)() == answer
    monkeypatch.setattr(rival_duckdb, "GROUPING_SETS", False)
    assert rival_duckdb.open_session(asked)() == answer
    for name in ("pandas", "datafusion"):
        pytest.importorskip(name)
        rival = __import__(f"tallyroll.engines.rivals.{name}", fromlist=[name])
        assert tuple(rival.open_session(asked)()) == answer


def test_polars_gives_that_answer_in_a_process_of_its_own(nation):
    pytest.importorskip("polars")
    told = apart.run("polars", folder=nation.folder, marks="exceptions")
    assert told.answer == race_ours.open_session(Asked(nation.folder, "exceptions", 2))().reckon()
    assert told.peak_mb > 10
    assert told.wall_s > 0


def test_a_mark_under_another_code_is_another_answer(nation, tmp_path):
    for name in ("exceptions", "stretches"):
        table = pq.read_table(nation.table(name))
        if name == "exceptions":
            code = table["code"].to_pylist()
            code[0] = ILL if code[0] != ILL else CLOSED
            table = table.set_column(table.column_names.index("code"), "code", pa.array(code, pa.uint8()))
        pq.write_table(table, tmp_path / f"{name}.parquet")
    asked = Asked(nation.folder, "exceptions", 1)
    assert rival_duckdb.open_session(replace(asked, folder=tmp_path))() != rival_duckdb.open_session(asked)()


def test_question_counts_by_the_codes_of_the_definition():
    assert set(question.ABSENT) == numbers(ABSENT)
    assert set(question.POSSIBLE) == numbers(POSSIBLE)


def school(*rows, marks):
    """A made school whose roll has these rows of pupil, first and last day since 1 September, year group and fsm."""
    roll = np.zeros((len(rows), len(COLUMNS)), dtype=np.int32)
    for row, (pupil, first, last, year, fsm) in zip(roll, rows, strict=True):
        row[:3] = pupil, START + first, START + last
        row[COLUMNS.index("year_group")], row[COLUMNS.index("fsm")] = year, fsm
    block = np.zeros((max(pupil for pupil, *_ in rows) + 1, 366, 2), dtype=np.uint8)
    for (pupil, day, session), code in marks.items():
        block[pupil, day, session] = code
    return MadeSchool(900001, START, roll, block, block.any(axis=0))


def test_mark_counts_in_the_stretch_of_its_day_and_nothing_received_is_an_exception():
    made = school(
        (0, 0, 3, 4, 1), (0, 4, 365, 4, 2), (1, 0, 365, 4, 1),
        marks={(0, 3, 0): AM, (0, 4, 0): ILL, (0, 4, 1): PM, (1, 3, 0): AM},
    )  # fmt: skip
    counted = made.counted(nation_ground.definition())
    exceptions = made.long_rows(counted, exceptions=True).to_pylist()
    assert [tuple(row.values()) for row in exceptions] == [(1, 4, 0, ILL), (2, 4, 0, 0), (2, 4, 1, 0)]
    stretches = made.stretches(counted, la=201, phase=0).to_pylist()
    assert [(row["pupil"], row["sessions"], row["latest"], row["fsm"]) for row in stretches] == [
        (0, 1, 0, 1),
        (0, 2, 1, 2),
        (1, 3, 1, 1),
    ]


def test_reception_does_not_count_and_year_11_counts_until_it_leaves():
    leaves = (date(2026, 5, 30) - date(2025, 9, 1)).days
    marks = {(pupil, day, 0): AM for pupil in (0, 1) for day in (leaves - 1, leaves)}
    made = school((0, 0, 365, 3, 1), (1, 0, 365, 14, 1), marks=marks)  # Reception is number 3, year 11 number 14
    counted = made.counted(nation_ground.definition())
    assert counted[:, 0].tolist() == [1]
    assert made.long_rows(counted, exceptions=False)["day"].to_pylist() == [leaves - 1]


def test_weeks_are_those_with_any_mark_from_monday_to_friday():
    (week,) = school((0, 0, 365, 4, 1), marks={(0, 8, 1): PM}).weeks()  # 9 September 2025 was a Tuesday
    assert week.monday == day_of(date(2025, 9, 8))
    assert week.marks.tolist() == [[0, 0, 0, PM, 0, 0, 0, 0, 0, 0]]


def told(wall, *, cpu=1.0, peak=100.0, answer=(1,)):
    return Told(start_s=0.0, wall_s=wall, cpu_s=cpu, peak_mb=peak, version="1", laps={}, answer=answer)


def test_ratio_is_of_the_rounds_in_which_both_ran():
    both = {OURS: [told(1.0), told(2.0), told(4.0)], "rival": [told(30.0)]}
    assert ratio(OURS, "rival", both).of_wall == (30.0,)


def test_runs_that_answer_differently_are_no_measure():
    with pytest.raises(VerificationProblem, match="not do the same work"):
        times_of([told(1.0), told(1.0, answer=(2,))])


def test_goals_of_the_whole_and_of_a_tenth():
    every = {OURS: [told(2.0, peak=750.0)], "DuckDB": [told(20.0)], "Polars, streaming": [told(15.0)]}
    every |= {national_year.DENSE: [told(1.5)], national_year.PACKED: [told(0.5)]}
    ratios = {name: ratio(OURS, name, every) for name in every}
    whole = [(goal.hold_to, goal.measured) for goal in national_year._goals(every, ratios, size=1.0, largest=True)]
    assert whole == [(8, 7.5), (1, 2.0), (0.6, 0.75), (0.6, 0.25), (1, 4.5)]
    tenth = national_year._goals(every, ratios, size=0.1, largest=True)
    assert [(goal.hold_to, goal.measured) for goal in tenth][:1] == [(3.5, 7.5)]
    small = {**every, "DuckDB, long rows": [told(50.0)]}
    (long,) = national_year._goals(
        small, {"DuckDB, long rows": ratio(OURS, "DuckDB, long rows", small)}, size=0.1, largest=False
    )
    assert (long.hold_to, long.measured, long.held) == (25, 25.0, True)


def test_growth_is_the_line_through_the_medians(tmp_path):
    def of(pupils):
        return Nation(tmp_path, Facts(0.1, 1, 1, pupils, 1, 1, 1, 1.0, {}))

    nations = [of(1_000_000), of(2_000_000), of(4_000_000)]
    line = fitted(OURS, nations, [{OURS: [told(3.0)]}, {OURS: [told(5.0)]}, {OURS: [told(9.0)]}])
    assert line[f"s, whatever the size: {OURS}"] == pytest.approx(1.0)
    assert line[f"s a million pupils: {OURS}"] == pytest.approx(2.0)


def test_scale_is_said_as_people_say_it():
    assert [share(size) for size in (1.0, 0.1, 0.002)] == ["whole", "1/10", "1/500"]


def test_race_runs_each_in_its_rounds(nation):
    contestants = (Contestant(OURS, OURS_RUN), Contestant("DuckDB", "duckdb", every_round=False))
    found = race(nation, contestants, runs=2, advance=unwatched)
    assert {name: len(its) for name, its in found.items()} == {OURS: 2, "DuckDB": 1}
    assert found[OURS][0].answer == found["DuckDB"][0].answer


def test_product_that_is_not_installed_is_named_with_the_mend():
    with pytest.raises(UsageProblem, match=r"not installed: no_such_product.*uv sync --group bench"):
        apart.check_installed(["duckdb", "no_such_product"])


def test_rival_that_fails_is_no_measure(tmp_path):
    with pytest.raises(VerificationProblem, match="duckdb gave no answer"):
        apart.run("duckdb", folder=tmp_path, marks="exceptions")


def test_every_bench_has_one_name_and_national_ones_are_small_unasked():
    assert len(NAMES) == len(set(NAMES)) == len(BENCHES) + len(AGAINST) + len(NATIONAL)
    assert [usual_scale(name) for name in ("parse", "national-year")] == [1.0, 0.1]
    with pytest.raises(UsageProblem, match="above 0"):
        run("national-year", scale=0)


def test_family_of_a_process_holds_its_children():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert {child.pid} < set(family(os.getpid()))
        assert peak_memory_mb_of(child.pid) > 0
        assert cpu_seconds_of(child.pid) >= 0
        child.stdin.close()


def test_attendance_in_both_tools_gives_the_same_lines(tmp_path):
    pytest.importorskip("earthmover")
    write_attendance(tmp_path / "attendance.tsv", n=500)
    for output in ("events", "weeks"):
        answer = race_etl.open_session(Asked(tmp_path, output, 1))().reckon()
        assert apart.run("earthmover", folder=tmp_path, marks=output).answer == answer
        assert answer[0] > 0


def test_ours_leaves_out_rows_with_a_cell_that_does_not_stand(tmp_path):
    rows = [
        "day\tschool_id\tsession\tstudent_id\tattended\tduration",
        "2025-09-01\t1\t1\t7\tTRUE\t30",
        "2025-02-30\t1\t1\t7\tTRUE\t30",
        "2025-09-01\t1\t1\t7\tYES\t30",
        '2025-09-01\t1\t1\t7"\tTRUE\t30',
        "2025-09-07\t1\t2\t8\tFALSE\t30",
    ]
    (tmp_path / "attendance.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for output in ("events", "weeks"):
        race_etl.open_session(Asked(tmp_path, output, 1))()
    events = (tmp_path / "ours-events.jsonl").read_text(encoding="utf-8").splitlines()
    names = ("day", "schoolId", "session", "studentId", "status", "duration")
    stand = [("2025-09-01", "1", "1", "7", "present", "30"), ("2025-09-07", "1", "2", "8", "absent", "30")]
    assert [json.loads(line) for line in events] == [dict(zip(names, one, strict=True)) for one in stand]
    weeks = (tmp_path / "ours-weeks.jsonl").read_text(encoding="utf-8").splitlines()
    assert weeks == [
        '{"schoolId": "1", "week": "2025-W36", "status": "absent", "n": 1}',
        '{"schoolId": "1", "week": "2025-W36", "status": "present", "n": 1}',
    ]


def test_delta_lake_replaces_one_school_s_days_only(tmp_path):
    pytest.importorskip("deltalake")
    from tallyroll.engines.rivals.delta import DeltaFile

    def marks(*rows):
        return pa.table(
            [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), MARKS.types, strict=True)],
            schema=MARKS,
        )

    day, other = 20_000, 20_001
    store = DeltaFile(tmp_path / "marks")
    store.add(marks((100001, 0, day, 0, 1), (100001, 0, other, 0, 1), (100002, 0, day, 0, 1)))
    new = marks((100001, 0, day, 1, 5))
    (first,) = set(new["date"].to_pylist())
    store.replace(new, urn=100001, first=first, last=first)
    found = store.cells()
    names = ("urn", "date", "session", "code")
    columns = [found[name].cast(pa.int32()).to_pylist() for name in names]
    assert list(zip(*columns, strict=True)) == [
        (100001, day, 1, 5),
        (100001, other, 0, 1),
        (100002, day, 0, 1),
    ]
