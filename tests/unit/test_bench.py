"""The benches do honest work: every work runs, rivals agree, nothing is left behind. Their speed is not tested."""

import json
import tempfile

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from tallyroll.cli.main import command
from tallyroll.engines import open_file_store
from tallyroll.flows.bench.catalogue import BENCHES, run
from tallyroll.flows.bench.machine import look, peak_memory_mb
from tallyroll.flows.bench.measuring import Goal, Line, Times, agree, compare, interleave, spread
from tallyroll.vocab.errors import UsageProblem, VerificationProblem
from tallyroll.vocab.progress import unwatched
from tallyroll.vocab.shapes import MARKS

SCALE = 0.004

WORKS = {
    "parse": 9,
    "screen": 4,
    "upsert": 3,
    "count": 3,
    "tabulate": 3,
    "collect": 6,
    "check": 2,
    "simulate": 2,
    "ledger": 15,
    "gate": 5,
}


def test_every_bench_is_tried_here():
    assert [*WORKS, "rota", "queue"] == list(BENCHES)  # these start processes and a server: run by hand


@pytest.mark.parametrize("name", WORKS)
def test_bench_measures_each_of_its_works_and_leaves_nothing_behind(name, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    facts = json.loads(json.dumps(run(name, scale=SCALE, runs=1).facts()))
    assert list(tmp_path.iterdir()) == []
    assert set(facts) == {"lines", "ratios", "goals", "sizes"}
    assert len(facts["lines"]) == WORKS[name]
    for line in facts["lines"]:
        assert line["n"] > 0
        assert line["runs"] == 1
        assert line["wall_s"]["median"] > 0
        assert line["per_second"] == pytest.approx(line["n"] / line["wall_s"]["median"])
    for goal in facts["goals"]:
        assert goal["held"] == (goal["measured"] >= goal["hold_to"])


def test_command_writes_the_figures_with_the_machine(tmp_path):
    file = tmp_path / "bench.json"
    asked = ["bench", "tabulate", "--scale", "0.01", "--runs", "1", "--json", str(file)]
    done = CliRunner().invoke(command("bench"), asked)
    assert done.exit_code == 0, done.output
    assert "Bench tabulate" in done.output
    facts = json.loads(file.read_text(encoding="utf-8"))
    assert facts["scale"] == 0.01
    (bench,) = facts["benches"].values()
    assert bench["peak_memory_mb"] > 1
    assert {"processor", "cpus", "python", "libraries", "load"} <= set(bench["machine"])


def test_unknown_bench_and_scale_of_nothing_are_refused():
    with pytest.raises(UsageProblem, match="no bench 'speed'"):
        run("speed")
    with pytest.raises(UsageProblem, match="above 0"):
        run("parse", scale=0)


def test_works_take_turns_and_every_other_round_goes_backwards():
    seen = []
    works = {"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}
    times = interleave(works, runs=3, advance=unwatched)
    assert "".join(seen) == "ab" + "ab" + "ba" + "ab"  # the first round warms up
    assert {name: len(its.wall_s) for name, its in times.items()} == {"a": 3, "b": 3}


def test_work_that_answers_differently_is_no_measure():
    answers = iter([1, 1, 2])
    with pytest.raises(VerificationProblem, match="answers otherwise"):
        interleave({"a": lambda: next(answers)}, runs=2, advance=unwatched)


def test_rivals_that_disagree_are_not_compared():
    with pytest.raises(VerificationProblem, match="not do the same work"):
        agree({"a": Times((1.0,), (1.0,), 7), "b": Times((1.0,), (1.0,), 8)})


def test_ratio_is_taken_round_by_round():
    times = {"ours": Times((1.0, 2.0, 4.0), (1.0, 1.0, 1.0)), "rival": Times((10.0, 8.0, 12.0), (5.0, 6.0, 9.0))}
    ratio = compare("ours", "rival", times)
    assert ratio.of_wall == (10.0, 4.0, 3.0)
    assert (ratio.wall, ratio.cpu) == (4.0, 6.0)


def test_rate_is_work_by_median_time():
    line = Line("x", 100, "marks", Times((1.0, 2.0, 10.0), (0.5, 0.5, 4.0)))
    assert (line.per_second, line.per_cpu_second) == (50.0, 200.0)
    assert spread((3.0, 1.0, 2.0)) == {"median": 2.0, "min": 1.0, "max": 3.0, "p95": 3.0}


def test_goal_is_held_from_its_own_value_on():
    assert Goal("x", 10, 10.0).held
    assert not Goal("x", 10, 9.9).held


def test_file_store_replaces_one_school_s_days_only(tmp_path):
    def marks(*rows):
        return pa.table(
            [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), MARKS.types, strict=True)],
            schema=MARKS,
        )

    day, other = 20_000, 20_001
    with open_file_store(tmp_path / "marks.duckdb") as store:
        store.add(marks((100001, 0, day, 0, 1), (100001, 0, other, 0, 1), (100002, 0, day, 0, 1)))
        new = marks((100001, 0, day, 1, 5))
        (first,) = set(new["date"].to_pylist())
        store.replace(new, urn=100001, first=first, last=first)
        found = store.cells()
    cells = zip(
        found["urn"].to_pylist(),
        found["date"].cast(pa.int32()).to_pylist(),
        found["session"].to_pylist(),
        found["code"].to_pylist(),
        strict=True,
    )
    assert list(cells) == [(100001, day, 1, 5), (100001, other, 0, 1), (100002, day, 0, 1)]


def test_machine_is_looked_at_and_not_made_up():
    machine = look()
    assert machine.cpus >= 1
    assert machine.libraries["pyarrow"] == pa.__version__
    assert peak_memory_mb() > 10
