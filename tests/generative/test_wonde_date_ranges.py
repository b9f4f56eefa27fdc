"""Date ranges become dated attributes that say the same on every day of the enrolment."""

from datetime import date, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.lib.mis import BASICS, evening, permit_at

from tallyroll.connectors.wonde import records
from tallyroll.connectors.wonde.rolls import Roll
from tallyroll.vocab.items import Item

START = date(2026, 9, 1)
SPAN = 30
ITEMS = BASICS | {Item.SEN}
NOW = evening(date(2026, 11, 20))
PERMIT = permit_at(NOW, urns=[100001], items=ITEMS, last=date(2026, 11, 20))
days = st.integers(-5, SPAN + 5)


def stamp(n: int | None) -> str | None:
    return None if n is None else str(START + timedelta(days=n))


def status_of(spans, leaving):
    """The status rows that the connector makes of these ranges."""
    student = {
        "id": "A1",
        "upi": "u",
        "education_details": {"data": {"admission_date": stamp(0), "leaving_date": stamp(leaving)}},
        "extended_details": {"data": {"sen_status": "N"}},
        "sen_date_ranges": {
            "data": [{"start_date": stamp(a), "end_date": stamp(b), "sen_status": v} for v, a, b in spans]
        },
    }
    page = records.student_pages(ITEMS).decode(msgspec.json.encode({"data": [student]}))
    roll = Roll(ITEMS)
    roll.add(PERMIT, page.data, now=NOW, since=date(2026, 9, 1))
    return roll.status().to_pylist()


def holds(row, n, leaving):
    """Whether a status row speaks of day n; blank ends are those of the enrolment."""
    first = row["first"] or stamp(0)
    last = row["last"] or stamp(SPAN + 10 if leaving is None else leaving)
    return first <= stamp(n) <= last


def by_hand(spans, n):
    """The value on day n: of the range that holds it, of several the one that began last; of none, no."""
    value = "N"
    for v, a, b in sorted(spans, key=lambda span: span[1]):
        if a <= n and (b is None or n <= b):
            value = v
    return value


@given(
    st.lists(st.tuples(st.sampled_from("KE"), days, st.none() | days), max_size=4, unique_by=lambda span: span[1]),
    st.none() | st.integers(0, SPAN),
)
def test_every_day_of_the_enrolment_has_one_value(spans, leaving):
    rows = status_of(spans, leaving)
    for n in range(SPAN + 1 if leaving is None else leaving + 1):
        assert [row["value"] for row in rows if holds(row, n, leaving)] == [by_hand(spans, n)]
    assert all((row["first"] or stamp(0)) >= stamp(0) for row in rows)
    assert leaving is None or all((row["last"] or stamp(leaving)) <= stamp(leaving) for row in rows)
