"""Spark's engine without a Spark: what it prints, what its executors refuse, and counts as rows and back."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("pyspark")

from tallyroll.engines.counts import AuthorityCounts
from tallyroll.engines.plan import Breakdown, Plan
from tallyroll.engines.spark.counts import COUNTS, counts_of, rows_of
from tallyroll.engines.spark.engine import printed
from tallyroll.engines.spark.executor import check_apart, check_known
from tallyroll.vocab.errors import VerificationProblem

MONDAY = date(2026, 9, 14).toordinal() - date(1970, 1, 1).toordinal()
PLAN = Plan((Breakdown("sex", "sex", 2),), frozenset(), 0, frozenset(), frozenset(), 0, 9, {"persistent": (1, 10)})
PHASES = ("Primary", "Special")


def test_tables_become_places_and_common_table_expressions_do_not():
    sql = "WITH counted AS (SELECT marks.urn FROM marks JOIN spans ON spans.urn = marks.urn) SELECT urn FROM counted"
    assert printed(sql, ["marks", "spans"]) == (
        "WITH counted AS (SELECT marks.urn FROM {marks} AS marks JOIN {spans} AS spans ON spans.urn = marks.urn) "
        "SELECT urn FROM counted"
    )


def counts() -> AuthorityCounts:
    """Two weeks, of which nothing counted in the second: 3 marks of code 7 on a Tuesday at special schools."""
    made = AuthorityCounts(
        mondays=(MONDAY, MONDAY + 7),
        values=(("all", 0), ("sex", 0), ("sex", 1)),
        codes=(7,),
        cells=np.zeros((2, 2, 5, 3, 1), dtype=np.int32),
        schools=np.zeros((2, 2, 3, 32), dtype=np.uint16),
        on_roll=np.zeros((2, 2, 5), dtype=np.int32),
        enrolments=np.zeros((2, 3, 2), dtype=np.int32),
        enrolment_schools=np.zeros((2, 3), dtype=np.int32),
    )
    made.cells[1, 0, 1, 2, 0] = 3
    made.schools[1, 0, 2, 0b00010] = 1
    made.on_roll[1, 0, 1] = 2
    made.enrolments[1, 2] = (2, 1)
    made.enrolment_schools[1, 2] = 1
    return made


def test_every_count_is_a_row_that_says_what_it_counts():
    rows = rows_of(counts(), la="301", phases=PHASES, received={MONDAY: 4, MONDAY + 7: 5})
    assert rows.schema == COUNTS
    monday, tuesday = date(2026, 9, 14), date(2026, 9, 15)
    assert [tuple(row.values()) for row in rows.to_pylist()] == [
        ("received", "301", None, monday, None, None, None, 4),
        ("received", "301", None, date(2026, 9, 21), None, None, None, 5),
        ("marks", "301", "Special", tuesday, "sex", 1, 7, 3),
        ("on_roll", "301", "Special", tuesday, None, None, None, 2),
        ("schools", "301", "Special", monday, "sex", 1, 2, 1),
        ("enrolments", "301", "Special", None, "sex", 1, 0, 2),
        ("enrolments", "301", "Special", None, "sex", 1, 1, 1),
        ("enrolment_schools", "301", "Special", None, "sex", 1, None, 1),
    ]


def test_rows_in_any_order_are_the_counts_they_were():
    made = counts()
    rows = rows_of(made, la="301", phases=PHASES, received={MONDAY: 4, MONDAY + 7: 5})
    again = counts_of(rows.take(list(range(rows.num_rows))[::-1]), PLAN, phases=PHASES)
    for name in AuthorityCounts.__slots__:
        np.testing.assert_array_equal(getattr(again, name), getattr(made, name), strict=True)


def test_a_week_of_a_school_that_is_not_listed_is_refused():
    weeks, schools = (pa.table({"urn": pa.array(urns, pa.int32())}) for urns in ([100001, 100002], [100001]))
    check_known(schools, weeks, la="301")
    with pytest.raises(VerificationProblem, match="authority 301: 1 schools have marks"):
        check_known(weeks, schools, la="301")


def test_stretches_that_share_a_day_are_refused():
    def spans(*days: tuple[date, date]) -> pa.Table:
        first, last = (pa.array(column, pa.date32()) for column in zip(*days, strict=True))
        ones = pa.array([1] * len(days), pa.int32())
        return pa.table({"urn": ones, "pupil": ones, "first_day": first, "last_day": last})

    one, two, three = (date(2026, 9, day) for day in (1, 2, 3))
    check_apart(spans((two, three), (one, one)), la="301")
    with pytest.raises(VerificationProblem, match="1 stretches of an enrolment overlap"):
        check_apart(spans((two, three), (one, two)), la="301")
