"""DuckDB as an engine: in this process, in memory, over Arrow tables without copying them."""

from collections.abc import Mapping
from types import TracebackType

import duckdb
import pyarrow as pa

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

    def run(self, sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
        """The statement's result over the named tables."""
        for name, table in tables.items():
            self._connection.register(name, table)
        try:
            return self._connection.sql(sql).to_arrow_table()
        finally:
            for name in tables:
                self._connection.unregister(name)
