"""The interfaces of an engine and of a file of marks, and the one place where a product behind them is chosen."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from tallyroll.vocab.errors import UsageProblem


class Engine(Protocol):
    """Runs a SQL statement of the house subset over Arrow tables."""

    name: str

    def run(self, sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
        """The statement's result over the named tables."""
        ...


def open_engine(name: str = "duckdb", *, threads: int = 2) -> AbstractContextManager[Engine]:
    """An engine by name, closed at the end of the `with` block."""
    if name == "duckdb":
        from tallyroll.engines.duckdb import DuckDbEngine  # noqa: PLC0415 - an engine is loaded when it is chosen

        return DuckDbEngine(threads=threads)
    raise UsageProblem(f"There is no engine '{name}'.", mend="Known: duckdb.")


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
