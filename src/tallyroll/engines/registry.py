"""The interface of an engine, and the one place where an engine is chosen."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
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
