"""Screening of random dirty extracts, against a second implementation that goes row by row in plain Python."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lib.registers import CALENDAR, extract, screened

from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.findings import Severity
from tallyroll.vocab.periods import Session

FIRST, LAST, TODAY = date(2026, 11, 9), date(2026, 11, 19), date(2026, 11, 20)
FOREVER = date(9999, 12, 31)

KEYS = st.sampled_from(["ann", "bob", "cat", "dan", "", None])
DATES = st.sampled_from(
    [
        *("2026-09-01", "2026-11-10", "10/11/2026", "2026-11-12", "2026-11-16", "2026-11-18", "2026-11-19T08:00:00"),
        *("2026-11-13", "2026-11-14", "2026-11-20", "2026-11-25", "2026-02-30", "November", "", None),
    ]
)
ROLL_ROWS = st.lists(st.tuples(KEYS, st.none(), st.sampled_from(["F", "M", "x", None]), DATES, DATES), max_size=7)
STATUS_ROWS = st.lists(
    st.tuples(KEYS, st.sampled_from(["fsm", "sen", "shoes"]), st.sampled_from(["Y", "N", "K", "?", ""]), DATES, DATES),
    max_size=8,
)
MARK_ROWS = st.lists(
    st.tuples(
        KEYS, DATES, st.sampled_from(["AM", "PM", "pm ", "noon", None]), st.sampled_from([*"/\\LIHN#", "SP", ""])
    ),
    max_size=40,
)


def plain_date(text):
    """A date, None for a blank, or the string `bad`."""
    text = (text or "").strip()
    if not text:
        return None
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - only its date is wanted
        except ValueError:
            pass
    return "bad"


def plain_roll(rows):
    """Enrolments as (key, first, last), and how many rows each check rejects."""
    lost, good = Counter(), []
    for key, _, _, admission, leaving in rows:
        first, last = plain_date(admission), plain_date(leaving)
        if not key:
            lost["roll_pupil_blank"] += 1
        elif first == "bad":
            lost["roll_admission_unreadable"] += 1
        elif last == "bad":
            lost["roll_leaving_unreadable"] += 1
        elif first and last and last < first:
            lost["roll_dates_reversed"] += 1
        else:
            last = last or FOREVER
            good.append((key, first or min(date(2026, 9, 1), last), last))
    kept = []
    for key, first, last in reversed(good):
        if any(key == other and first <= end and start <= last for other, start, end in kept):
            lost["roll_overlap"] += 1
        else:
            kept.append((key, first, last))
    return kept, lost


def plain_mark_fault(row, enrolments):
    """The check that rejects a mark on its own account, or None; and what it says when it is good."""
    key, day_text, session_text, code_text = row
    day, session = plain_date(day_text), (session_text or "").strip().upper()
    code = (code_text or "").strip().upper()
    if not key or day is None or not session or not code:
        return "mark_blank", None
    if day == "bad":
        return "mark_date_unreadable", None
    if session not in ("AM", "PM"):
        return "mark_session_unknown", None
    if code not in BY_TEXT:
        return "mark_code_unknown", None
    return plain_day_fault(key, day, session, code, enrolments), (key, day, session, code)


def plain_day_fault(key, day, session, code, enrolments):
    if day > TODAY:
        return "mark_in_future"
    if not FIRST <= day <= LAST:
        return "mark_outside_period"
    closure = code == "#" and day.weekday() < 5
    if not CALENDAR.is_open(day) and not closure:
        return "mark_on_closed_day"
    if not CALENDAR.is_open(day, Session(session)) and not closure:
        return "mark_in_closed_session"
    mine = [(first, last) for other, first, last in enrolments if other == key]
    if not mine:
        return "mark_not_on_roll"
    if any(first <= day <= last for first, last in mine):
        return None
    return "mark_before_admission" if day < min(first for first, _ in mine) else "mark_after_leaving"


def plain_marks(rows, enrolments):
    """Kept marks by pupil and session, and how many rows each check rejects."""
    lost, standing, good = Counter(), {}, []
    for row in rows:
        fault, mark = plain_mark_fault(row, enrolments)
        if fault:
            lost[fault] += 1
        else:
            good.append(mark)
            standing[mark[:3]] = mark[3]
    doubles = Counter(mark[:3] for mark in good)
    for slot, n in doubles.items():
        equal = sum(1 for mark in good if mark[:3] == slot and mark[3] == standing[slot])
        lost["mark_duplicate"] += equal - 1
        lost["mark_conflicting"] += n - equal
    return standing, +lost


def rejected_by_check(judged, prefix):
    found = Counter()
    for finding in judged.findings:
        if finding.severity is Severity.ERROR and finding.check.startswith(prefix):
            found[finding.check] += finding.n_rows
    return found


@settings(max_examples=100, deadline=None)
@given(roll=ROLL_ROWS, marks=MARK_ROWS)
def test_screening_agrees_with_a_row_by_row_reading(roll, marks):
    judged = screened(extract(roll=roll, marks=marks, first=FIRST, last=LAST))
    enrolments, roll_lost = plain_roll(roll)
    standing, marks_lost = plain_marks(marks, enrolments)
    assert rejected_by_check(judged, "roll_") == roll_lost
    assert rejected_by_check(judged, "mark_") == marks_lost
    kept = {
        (judged.keys[row["pupil"]], row["date"], ("AM", "PM")[row["session"]]): row["code"]
        for row in judged.marks.to_pylist()
    }
    assert kept == {slot: BY_TEXT[code].number for slot, code in standing.items()}
    spans = {(judged.keys[row["pupil"]], row["first"], row["last"]) for row in judged.spans.to_pylist()}
    assert spans <= set(enrolments) or len(spans) < len(enrolments)  # neighbours that do not differ become one


@settings(max_examples=60, deadline=None)
@given(roll=ROLL_ROWS, status=STATUS_ROWS, marks=MARK_ROWS, full=st.booleans(), copies=st.sampled_from([1, 40]))
def test_nothing_vanishes(roll, status, marks, full, copies):
    judged = screened(extract(roll=roll, status=status, marks=marks * copies, first=FIRST, last=LAST, full=full))
    for rows, prefix, received in (
        (judged.mark_rows, "mark_", len(marks) * copies),
        (judged.roll_rows, "roll_", len(roll)),
        (judged.status_rows, "status_", len(status)),
    ):
        assert rows.received == rows.kept + rows.rejected == received
        assert sum(rejected_by_check(judged, prefix).values()) == rows.rejected
    kept = judged.marks.to_pylist()
    assert len(kept) == judged.kept == len({(row["pupil"], row["date"], row["session"]) for row in kept})
    assert all(row["code"] or not full for row in kept)
    assert all(FIRST <= row["date"] <= LAST for row in kept)


@settings(max_examples=60, deadline=None)
@given(roll=ROLL_ROWS, status=STATUS_ROWS)
def test_every_day_of_the_roll_has_the_attributes_of_the_last_row_that_covers_it(roll, status):
    judged = screened(extract(roll=roll, status=status, first=FIRST, last=LAST))
    enrolments, _ = plain_roll(roll)
    spans = judged.spans.to_pylist()
    for day in (date(2026, 8, 31) + timedelta(days=n) for n in range(95)):
        found = {
            judged.keys[span["pupil"]]: (span["fsm"], span["sen"])
            for span in spans
            if span["first"] <= day <= span["last"]
        }
        assert found == {
            key: (
                attribute(status, key, day, "fsm", ["", "N", "Y"]),
                attribute(status, key, day, "sen", ["", "N", "K", "E"]),
            )
            for key, first, last in enrolments
            if first <= day <= last
        }


def attribute(status, key, day, item, codes):
    """The number of the value that the last good row gives for that day."""
    value = 0
    for pupil, name, text, first_text, last_text in status:
        first, last = plain_date(first_text), plain_date(last_text)
        if pupil != key or name != item or "bad" in (first, last):
            continue
        first, last = first or date.min, last or FOREVER
        if first <= day <= last:
            value = codes.index(text) if text in codes else 0
    return value


@settings(max_examples=30, deadline=None)
@given(roll=ROLL_ROWS, status=STATUS_ROWS)
def test_stretches_of_a_pupil_never_overlap(roll, status):
    spans = screened(extract(roll=roll, status=status, first=FIRST, last=LAST)).spans.to_pylist()
    for before, after in pairwise(spans):
        assert before["pupil"] < after["pupil"] or before["last"] < after["first"]
        assert before["first"] <= before["last"]
