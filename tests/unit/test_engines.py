"""Engines: one interface, chosen by name; a failed statement leaves nothing behind."""

import pyarrow as pa
import pytest

from tallyroll.engines import open_engine
from tallyroll.vocab.errors import UsageProblem

NUMBERS = pa.table({"n": pa.array([1, 2, 3], pa.int64())})


def test_a_statement_runs_over_the_named_tables():
    with open_engine("duckdb", threads=1) as engine:
        assert engine.query("SELECT CAST(sum(n) AS BIGINT) AS s FROM t", {"t": NUMBERS}).to_pylist() == [{"s": 6}]


def test_tables_are_forgotten_after_the_statement_even_when_it_fails():
    with open_engine() as engine:
        with pytest.raises(Exception, match="nothing"):
            engine.query("SELECT nothing FROM t", {"t": NUMBERS})
        with pytest.raises(Exception, match="does not exist"):
            engine.query("SELECT * FROM t", {})
        assert engine.query("SELECT count(*) AS c FROM t", {"t": NUMBERS.slice(0, 1)}).to_pylist() == [{"c": 1}]


def test_a_statement_sees_neither_files_nor_variables(tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    with open_engine() as engine:
        for sql in (f"SELECT * FROM '{secret}'", "SELECT * FROM NUMBERS", f"COPY (SELECT 1) TO '{tmp_path}/out.csv'"):
            with pytest.raises(Exception, match=r"Cannot access file|does not exist"):
                engine.query(sql, {})
    assert [one.name for one in tmp_path.iterdir()] == ["secret.csv"]


def test_an_engine_that_does_not_exist_names_those_that_do():
    with pytest.raises(UsageProblem, match="duckdb"):
        open_engine("oracle")
