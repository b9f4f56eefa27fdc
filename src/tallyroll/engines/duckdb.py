"""DuckDB as an engine: in this process, in memory, over Arrow tables without copying them; and as a bench's rival."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import TracebackType

import duckdb
import pyarrow as pa

from tallyroll.engines.plan import Statement

_CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,  # a statement sees the tables it is given, and neither files nor networks …
    "python_enable_replacements": False,  # … nor this program's variables, which it would take for tables
}


class DuckDbEngine:
    """An in-memory DuckDB. Use it in a `with` block."""

    name = "duckdb"

    def __init__(self, *, threads: int) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": threads, **_CLOSED})

    def __enter__(self) -> "DuckDbEngine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def run(self, statement: Statement, tables: Mapping[str, pa.Table]) -> pa.Table:
        """See Engine."""
        return self.query(statement.sql, tables)

    def query(self, sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
        """What a piece of SQL gives over the named tables."""
        for name, table in tables.items():
            self._connection.register(name, table)
        try:
            return self._connection.sql(sql).to_arrow_table()
        finally:
            for name in tables:
                self._connection.unregister(name)


class DuckDbFile:
    """Marks in a DuckDB file, one row a mark: the rival of the register's store in `bench upsert`, and nothing else."""

    def __init__(self, path: Path, *, threads: int) -> None:
        self._connection = duckdb.connect(str(path), config={"threads": threads, "python_enable_replacements": False})
        self._connection.execute(
            "CREATE TABLE marks (urn INTEGER, pupil INTEGER, date DATE, session UTINYINT, code UTINYINT)"
        )

    def __enter__(self) -> "DuckDbFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def add(self, marks: pa.Table) -> None:
        """See FileStore."""
        self._insert(marks)

    def replace(self, marks: pa.Table, *, urn: int, first: date, last: date) -> None:
        """See FileStore."""
        self._connection.begin()
        self._connection.execute("DELETE FROM marks WHERE urn = ? AND date BETWEEN ? AND ?", [urn, first, last])
        self._insert(marks)
        self._connection.commit()

    def cells(self) -> pa.Table:
        """See FileStore."""
        return self._connection.sql(
            "SELECT urn, date, session, code, COUNT(*) AS n FROM marks GROUP BY ALL ORDER BY ALL"
        ).to_arrow_table()

    def _insert(self, marks: pa.Table) -> None:
        self._connection.register("given", marks)
        self._connection.execute("INSERT INTO marks SELECT * FROM given")
        self._connection.unregister("given")
