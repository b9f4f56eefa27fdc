"""The interfaces of an engine and of a file of marks, and the one place where a product behind them is chosen."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from tallyroll.engines.counts import AuthorityCounts
from tallyroll.engines.plan import Plan, Statement
from tallyroll.vocab.errors import UsageProblem


class Engine(Protocol):
    """Runs a counting statement over Arrow tables; all engines give the same integers."""

    name: str

    def run(self, statement: Statement, tables: Mapping[str, pa.Table]) -> pa.Table:
        """The statement's result over the named tables."""
        ...


ENGINES = ("kernel", "duckdb", "spark")


def open_engine(name: str = "duckdb", *, threads: int = 2) -> AbstractContextManager[Engine]:
    """An engine by name, closed at the end of the `with` block."""
    if name == "kernel":
        from tallyroll.engines.kernel import KernelEngine  # noqa: PLC0415 - an engine is loaded when it is chosen

        return KernelEngine()
    if name == "duckdb":
        from tallyroll.engines.duckdb import DuckDbEngine  # noqa: PLC0415 - as above

        return DuckDbEngine(threads=threads)
    if name == "spark":
        with _extra(name):
            from tallyroll.engines.spark import SparkEngine  # noqa: PLC0415 - as above
        return SparkEngine(threads=threads)
    raise UsageProblem(f"There is no engine '{name}'.", mend=f"Known: {', '.join(ENGINES)}.")


class Lake(Protocol):
    """Registers as Parquet at an address that only a cluster reads: counted there, authority by authority."""

    def schools(self) -> pa.Table:
        """The lake's schools, by urn. Shape: SCHOOLS."""
        ...

    def count(self, plan: Plan, schools: pa.Table, *, phases: Sequence[str], first: date, last: date, out: str) -> None:
        """Write the counts of these schools' authorities, of regions and of the nation into the new folder `out`.

        Takes: schools (urn, la, away_first, away_last, phase: the place in `phases`, -1 for those left out).
        Raises: UsageProblem when something is at `out`; VerificationProblem when registers are not as written.
        """
        ...

    def counts(self, plan: Plan, *, phases: Sequence[str], out: str) -> Iterator[tuple[str, AuthorityCounts]]:
        """The authorities with any count in `out`, by code, each with its counts."""
        ...


def open_lake(url: str, *, master: str = "local[*]") -> AbstractContextManager[Lake]:
    """The lake at an address, read by Spark: by the session that is there, or by a new one at `master`."""
    with _extra("spark"):
        from tallyroll.engines.spark import open_spark_lake  # noqa: PLC0415 - an engine is loaded when it is chosen
    return open_spark_lake(url, master=master)


@contextmanager
def _extra(name: str) -> Iterator[None]:
    """A block that imports what not every installation has."""
    try:
        yield
    except ModuleNotFoundError as error:
        what = f"The engine '{name}' is not installed: there is no {error.name}."
        raise UsageProblem(what, mend=f"pip install 'tallyroll[{name}]'.") from error


class FileStore(Protocol):
    """Marks in a database file, one row a mark: what keeping registers that way would cost. For benches only."""

    def add(self, marks: pa.Table) -> None:
        """Marks of the shape MARKS, durably, beside those that are there."""
        ...

    def replace(self, marks: pa.Table, *, urn: int, first: date, last: date) -> None:
        """These in place of all marks of the school from first to last, durably, in one transaction."""
        ...

    def cells(self) -> pa.Table:
        """How many marks `n` there are by urn, date, session and code, in that order."""
        ...


def open_file_store(path: Path, *, threads: int = 2) -> AbstractContextManager[FileStore]:
    """A new file of marks in DuckDB, closed at the end of the `with` block."""
    from tallyroll.engines.duckdb import DuckDbFile  # noqa: PLC0415 - an engine is loaded when it is chosen

    return DuckDbFile(path, threads=threads)
