"""A lake of registers: packed weeks, rolls and schools as Parquet where only Spark reads them, counted where they lie.

Weeks and rolls meet by authority, and the kernel counts each authority in an executor: what it gives is a few
thousand rows of counts, which Spark writes, and adds up to regions and the nation.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from tallyroll.engines.counts import AuthorityCounts
from tallyroll.engines.plan import Plan
from tallyroll.engines.spark.counts import counts_of
from tallyroll.engines.spark.engine import frame_of
from tallyroll.engines.spark.executor import Task, counting
from tallyroll.engines.spark.session import spark_session
from tallyroll.vocab.errors import UsageProblem, VerificationProblem
from tallyroll.vocab.places import BY_OLD_CODE, COUNTRY_CODE
from tallyroll.vocab.shapes import SCHOOLS

EPOCH = date(1970, 1, 1)
TO_SUNDAY = timedelta(days=6)
AUTHORITIES, AREAS = "authorities", "areas"
"""What is written: counts by `la`, and those of regions and the nation by `area`, their code."""
_COUNTS = "figure string, la string, phase string, date date, characteristic string, value short, code short, n long"
_REGIONS = tuple(one.region.code for one in BY_OLD_CODE.values())
_KEYS = ("figure", "phase", "date", "characteristic", "value", "code")
AUTHORITIES_AT_ONCE = 10
"""Whose counts are brought to this process together: about 3 million rows, 100 MB."""

_is_problem = re.compile(r"VerificationProblem: (.+)").search
_REASONS = {
    "PATH_NOT_FOUND": ("There is nothing here.", "Name a folder that holds weeks, roll and schools."),
    "PATH_ALREADY_EXISTS": ("There is something here already.", "Remove it or name another folder."),
}


class SparkLake:
    """A lake at an address that Spark reads: a folder with `weeks`, `roll` and `schools`, each parted by `la`."""

    def __init__(self, session: SparkSession, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    def schools(self) -> pa.Table:
        """See Lake."""
        with _said_plainly(self._url):
            rows = self._read("schools", "urn int, phase string").select(SCHOOLS.names).toArrow()
        return rows.cast(SCHOOLS).sort_by("urn")

    def count(self, plan: Plan, schools: pa.Table, *, phases: Sequence[str], first: date, last: date, out: str) -> None:
        """See Lake."""
        authorities = sorted(set(schools["la"].to_pylist()))
        weeks, roll = self._weeks(first, last), self._roll(plan, first, last)
        weeks, roll = (one.where(f.col("la").isin(authorities)) for one in (weeks, roll))
        count = counting(Task(plan, phases, (first - EPOCH).days, (last - EPOCH).days, schools))
        with _said_plainly(self._url):
            here, there = (one.repartition(len(authorities), "la").groupBy("la") for one in (weeks, roll))
            here.cogroup(there).applyInArrow(count, _COUNTS).write.partitionBy("la").parquet(f"{out}/{AUTHORITIES}")
        with _said_plainly(out):
            self._add_up(out)

    def counts(self, plan: Plan, *, phases: Sequence[str], out: str) -> Iterator[tuple[str, AuthorityCounts]]:
        """See Lake."""
        with _said_plainly(out):
            rows = self._session.read.schema(_COUNTS).parquet(f"{out}/{AUTHORITIES}")
            known = sorted(rows.select("la").distinct().toArrow()["la"].to_pylist())
            for start in range(0, len(known), AUTHORITIES_AT_ONCE):
                some = known[start : start + AUTHORITIES_AT_ONCE]
                table = rows.where(f.col("la").isin(some)).toArrow()
                for la in some:
                    yield la, counts_of(table.filter(pc.field("la") == la), plan, phases=phases)

    def _weeks(self, first: date, last: date) -> DataFrame:
        """The weeks with one of the days."""
        weeks = self._read("weeks", "urn int, monday date, n_pupils int, marks binary")
        return weeks.where(f.col("monday").between(first - TO_SUNDAY, last))

    def _roll(self, plan: Plan, first: date, last: date) -> DataFrame:
        """The stretches with one of the days, as `count_authority` takes them: what the plan reads and no more."""
        columns = dict.fromkeys(["year_group", *(one.column for one in plan.breakdowns)])
        kinds = "".join(f", {name} short" for name in columns)
        roll = self._read("roll", f"urn int, pupil int, first_date date, last_date date{kinds}")
        roll = roll.withColumnsRenamed({"first_date": "first_day", "last_date": "last_day"})
        return roll.where((f.col("first_day") <= last) & (f.col("last_day") >= first))

    def _read(self, part: str, columns: str) -> DataFrame:
        """A part of the lake; the columns that are named and no others are read."""
        with _said_plainly(f"{self._url}/{part}"):
            return self._session.read.schema(f"{columns}, la string").parquet(f"{self._url}/{part}")

    def _add_up(self, out: str) -> None:
        """Write the counts of regions and of the nation beside those of authorities."""
        places = pa.table({"la": [*BY_OLD_CODE] * 2, "area": [*_REGIONS, *[COUNTRY_CODE] * len(_REGIONS)]})
        rows = self._session.read.schema(_COUNTS).parquet(f"{out}/{AUTHORITIES}")
        of_areas = rows.join(f.broadcast(frame_of(self._session, places)), on="la")
        of_areas.groupBy("area", *_KEYS).agg(f.sum("n").alias("n")).write.parquet(f"{out}/{AREAS}")


@contextmanager
def open_spark_lake(url: str, *, master: str) -> Iterator[SparkLake]:
    """The lake at an address, as long as the block lasts; see `spark_session`."""
    with spark_session(master=master) as session:
        yield SparkLake(session, url)


@contextmanager
def _said_plainly(where: str) -> Iterator[None]:
    """Turn what Spark says into words that a person can act on."""
    try:
        yield
    except AnalysisException as error:
        reason = _REASONS.get(error.getCondition() or "")
        if reason is None:
            raise
        raise UsageProblem(reason[0], where=where, mend=reason[1]) from error
    except PySparkException as error:
        found = _is_problem(str(error))
        if found:
            raise VerificationProblem(found[1]) from error
        if "No module named 'tallyroll'" in str(error):
            mend = "Install the wheel on the cluster: docs/how-to/run-on-databricks.md."
            raise UsageProblem("Spark's executors have no Tallyroll.", where=where, mend=mend) from error
        raise
