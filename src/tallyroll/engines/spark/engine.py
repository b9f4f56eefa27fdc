"""Spark as an engine: a counting statement, printed in Spark's own dialect, over Arrow tables."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import sqlglot
from pyspark.sql import DataFrame, SparkSession
from sqlglot import exp

from tallyroll.engines.plan import Statement
from tallyroll.engines.spark.session import spark_session

_SIGNED = {pa.uint8(): pa.int16(), pa.uint16(): pa.int32(), pa.uint32(): pa.int64()}


class SparkEngine:
    """Counts on the session that is there, or on one of its own on this machine. Use it in a `with` block."""

    name = "spark"

    def __init__(self, *, threads: int) -> None:
        self._master = f"local[{threads}]"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._session: SparkSession = self._stack.enter_context(spark_session(master=self._master))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self, statement: Statement, tables: Mapping[str, pa.Table]) -> pa.Table:
        """See Engine."""
        frames: dict[str, Any] = {name: frame_of(self._session, table) for name, table in tables.items()}
        return self._session.sql(printed(statement.sql, tables), **frames).toArrow()


def printed(sql: str, tables: Iterable[str]) -> str:
    """A statement in Spark's dialect, its tables as the places where `SparkSession.sql` puts data frames."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for table in tree.find_all(exp.Table):
        if table.name in tables:
            place = exp.to_identifier(f"{{{table.name}}}", quoted=False)
            table.replace(exp.alias_(exp.Table(this=place), table.name, table=True))
    return tree.sql(dialect="spark", comments=False)


def frame_of(session: SparkSession, table: pa.Table) -> DataFrame:
    """A table as a data frame; Spark knows signed numbers only."""
    columns = [pa.field(one.name, _SIGNED.get(one.type, one.type)) for one in table.schema]
    return session.createDataFrame(table.cast(pa.schema(columns)))
