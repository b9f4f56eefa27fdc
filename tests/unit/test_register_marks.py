"""Screening of marks: each check by the smallest example that shows it, and what is kept of doubtful ones."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.lib.assessed import shared_gate
from tests.lib.builders import NOW, manifest_text, permit, school
from tests.lib.registers import CALENDAR, FRIDAY, MONDAY, THURSDAY, WEDNESDAY, checks, extract, screened

from tallyroll.governance import Door, Request, require
from tallyroll.register import CHECKS, Known, Screened, screen
from tallyroll.register.sieve import TOLD_SINGLY
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.codes import BY_TEXT, CODES
from tallyroll.vocab.errors import InputProblem, Refused, VerificationProblem
from tallyroll.vocab.findings import Finding, Severity
from tallyroll.vocab.items import ESSENTIAL, Item
from tallyroll.vocab.schools import SchoolCalendar, Term

ROLL = [
    ("ann", None, "F", "2026-09-01"),
    ("new", None, "F", "2026-11-18"),
    ("old", None, "M", "2026-09-01", "2026-11-17"),
]
GOOD = ("ann", "2026-11-16", "AM", "/")


def kept(judged: Screened) -> list[tuple[str, str, int, str]]:
    """Kept marks as (key, date, session, code)."""
    texts = {0: "", **{code.number: code.text for code in CODES}}
    return [
        (judged.keys[row["pupil"]], str(row["date"]), row["session"], texts[row["code"]])
        for row in judged.marks.to_pylist()
    ]


ON_MONDAY = "On 2026-11-16, morning:"
REJECTED = [
    ("no pupil", ("", "2026-11-16", "AM", "/"), "mark_blank", ON_MONDAY, ""),
    ("no date", ("ann", None, "AM", "/"), "mark_blank", "", ""),
    ("no session", ("ann", "2026-11-16", " ", "/"), "mark_blank", "On 2026-11-16:", ""),
    ("no code", ("ann", "2026-11-16", "AM", None), "mark_blank", ON_MONDAY, ""),
    ("date of the wrong form", ("ann", "16.11.26", "AM", "/"), "mark_date_unreadable", "", ""),
    ("words for a date", ("ann", "Ann Smith", "AM", "/"), "mark_date_unreadable", "", ""),
    ("lunch time", ("ann", "2026-11-16", "EVE", "/"), "mark_session_unknown", "On 2026-11-16:", "EVE"),
    ("a number for a session", ("ann", "2026-11-16", "3", "/"), "mark_session_unknown", "On 2026-11-16:", "3"),
    ("a name for a session", ("ann", "2026-11-16", "Jane", "/"), "mark_session_unknown", "On 2026-11-16:", ""),
    ("a short name for a session", ("ann", "2026-11-16", "Zoe", "/"), "mark_session_unknown", "On 2026-11-16:", ""),
    ("a code of the school's own", ("ann", "2026-11-16", "AM", "SP"), "mark_code_unknown", ON_MONDAY, "SP"),
    ("a name for a code", ("ann", "2026-11-16", "AM", "Zoe"), "mark_code_unknown", ON_MONDAY, ""),
    ("next week", ("ann", "2026-11-23", "AM", "/"), "mark_in_future", "On 2026-11-23, morning:", ""),
    ("last month", ("ann", "2026-10-16", "AM", "/"), "mark_outside_period", "On 2026-10-16, morning:", ""),
    ("the year before", ("ann", "01/09/2025", "AM", "/"), "mark_outside_period", "On 2025-09-01, morning:", ""),
    ("two years before", ("ann", "31/08/2025", "AM", "/"), "mark_outside_period", "", ""),
    ("a birthday", ("ann", "12/05/2014", "AM", "/"), "mark_outside_period", "", ""),
    ("the year after", ("ann", "2028-08-31", "PM", "/"), "mark_in_future", "On 2028-08-31, afternoon:", ""),
    ("two years after", ("ann", "2028-09-01", "PM", "/"), "mark_in_future", "", ""),
    ("Saturday", ("ann", "2026-11-14", "AM", "/"), "mark_on_closed_day", "On 2026-11-14, morning:", ""),
    ("closure mark on Saturday", ("ann", "2026-11-14", "AM", "#"), "mark_on_closed_day", "On 2026-11-14, morning:", ""),
    ("INSET day", ("ann", "2026-11-13", "AM", "/"), "mark_on_closed_day", "On 2026-11-13, morning:", ""),
    ("half term", ("ann", "2026-10-28", "AM", "/"), "mark_on_closed_day", "On 2026-10-28, morning:", ""),
    ("closed afternoon", ("ann", "2026-11-18", "PM", "/"), "mark_in_closed_session", "On 2026-11-18, afternoon:", ""),
    ("nobody", ("zoe", "2026-11-16", "AM", "/"), "mark_not_on_roll", ON_MONDAY, ""),
    ("before admission", ("new", "2026-11-17", "AM", "/"), "mark_before_admission", "On 2026-11-17, morning:", ""),
    ("after leaving", ("old", "2026-11-18", "AM", "/"), "mark_after_leaving", "On 2026-11-18, morning:", ""),
]


@pytest.mark.parametrize(
    ("row", "check", "lead", "shown"), [case[1:] for case in REJECTED], ids=[c[0] for c in REJECTED]
)
def test_a_bad_row_is_rejected_alone(row, check, lead, shown):
    first = MONDAY if check == "mark_outside_period" else date(2026, 10, 19)
    judged = screened(extract(roll=ROLL, first=first, marks=[GOOD, row]))
    errors = [finding for finding in judged.findings if finding.severity is Severity.ERROR]
    assert [(finding.check, finding.row, finding.n_rows) for finding in errors] == [(check, 3, 1)]
    assert (judged.received, judged.kept, judged.rejected) == (2, 1, 1)
    assert kept(judged) == [("ann", "2026-11-16", 0, "/")]
    (rule,) = (one.rule for one in CHECKS if one.name == check)
    said = f"This row says '{shown}'." if shown else ""
    assert errors[0].message == f"{lead} {rule} {said}".strip()


@pytest.mark.parametrize("row", [case[1] for case in REJECTED], ids=[c[0] for c in REJECTED])
def test_no_message_holds_a_key_or_a_name(row):
    judged = screened(extract(roll=ROLL, marks=[row]))
    said = {word for finding in judged.findings for word in re.findall(r"\w+", str(finding).lower())}
    assert said.isdisjoint({"ann", "zoe", "new", "old", "smith", "jane", "2014"})


KEPT = [
    ("code withdrawn in 2024", "H", "AM", "mark_code_withdrawn"),
    ("morning mark", "/", "AM", None),
    ("morning mark in the afternoon", "/", "PM", "mark_wrong_half"),
    ("afternoon mark in the morning", "\\", "AM", "mark_wrong_half"),
    ("small letters", "l", "am", None),
    ("code of two characters", " y1 ", "Pm", None),
]


@pytest.mark.parametrize(("code", "session", "check"), [case[1:] for case in KEPT], ids=[c[0] for c in KEPT])
def test_a_doubtful_mark_is_kept_as_it_came(code, session, check):
    judged = screened(extract(marks=[("ann", "2026-11-16", session, code)]))
    assert kept(judged) == [("ann", "2026-11-16", int(session.upper() == "PM"), code.strip().upper())]
    assert [name for name in checks(judged) if name.startswith("mark")] == ([check] if check else [])


def test_a_birthday_in_the_roll_or_the_status_is_in_no_message():
    roll = [("ann", None, "F", "12/05/2014 ?"), ("bob", None, "M", "2026-09-01", "Jane")]
    judged = screened(extract(roll=[*ROLL, *roll], status=[("new", "fsm", "Y", "2014-05-12?")]))
    assert {"roll_admission_unreadable", "roll_leaving_unreadable", "status_date_unreadable"} <= set(checks(judged))
    assert not re.search("2014|Jane", str(judged.findings))


def test_a_code_used_before_its_day_is_kept_and_noted():
    day, clock = date(2024, 6, 3), FixedClock(datetime(2024, 6, 4, 9, 0, tzinfo=UTC))
    text = manifest_text().replace("2026-0", "2023-0").replace("2027-", "2024-")
    request = Request(Door.PULL, "attendance-statistics", frozenset({school().urn}), frozenset(Item), day, day)
    allowed = require(shared_gate(text, clock=clock, told=request.schools), request, authorities={})
    calendar = SchoolCalendar((Term("Summer", day, date(2024, 7, 19), date(2024, 7, 1), date(2024, 7, 1)),))
    given = extract(
        roll=[("ann", None, "F", "2023-09-01")], first=day, last=day, marks=[("ann", "2024-06-03", "AM", "Y1")]
    )
    judged = screen(allowed, given, calendar=calendar, now=clock.now())
    assert kept(judged) == [("ann", "2024-06-03", 0, "Y1")]
    assert "mark_code_not_yet" in checks(judged)


def test_the_closure_mark_may_stand_on_a_closed_weekday_and_in_a_closed_session():
    marks = [("ann", "2026-11-13", "AM", "#"), ("ann", "2026-11-18", "PM", "#")]
    judged = screened(extract(first=date(2026, 11, 9), marks=marks))
    assert judged.rejected == 0


def test_equal_rows_for_one_session_are_one_mark():
    marks = [("ann", "2026-11-16", "AM", "I"), ("ann", "16/11/2026", "am", "i")]
    judged = screened(extract(marks=marks))
    assert kept(judged) == [("ann", "2026-11-16", 0, "I")]
    assert [f.row for f in judged.findings if f.check == "mark_duplicate"] == [2]


def test_of_marks_that_differ_for_one_session_the_last_stands():
    marks = [("ann", "2026-11-16", "AM", "N"), ("ann", "2026-11-16", "AM", "I"), ("ann", "2026-11-16", "AM", "I")]
    judged = screened(extract(marks=marks))
    assert kept(judged) == [("ann", "2026-11-16", 0, "I")]
    errors = [(f.check, f.row) for f in judged.findings if f.severity is Severity.ERROR]
    assert errors == [("mark_duplicate", 3), ("mark_conflicting", 2)]


def test_a_rejected_row_does_not_overrule_a_good_one():
    judged = screened(extract(marks=[GOOD, ("ann", "2026-11-16", "AM", "SP")]))
    assert kept(judged) == [("ann", "2026-11-16", 0, "/")]


def test_marks_between_two_enrolments_are_rejected():
    roll = [("ann", None, "F", "2026-09-01", "2026-11-16"), ("ann", None, "F", "2026-11-18")]
    marks = [("ann", f"2026-11-{day}", "AM", "/") for day in (16, 17, 18)]
    judged = screened(extract(roll=roll, marks=marks))
    assert [(f.check, f.row) for f in judged.findings if f.severity is Severity.ERROR] == [("mark_after_leaving", 3)]


def test_many_bad_rows_are_told_singly_up_to_a_limit_and_then_together():
    limit = TOLD_SINGLY[Severity.ERROR]
    judged = screened(extract(marks=[("ann", "2026-11-16", "AM", "SP")] * (limit + 7)))
    told = [(f.row, f.n_rows) for f in judged.findings if f.check == "mark_code_unknown"]
    assert told == [*((row, 1) for row in range(2, limit + 2)), (None, 7)]
    assert judged.rejected == limit + 7


def test_rows_that_the_connector_could_not_read_are_counted_and_their_findings_kept():
    lost = Finding("csv_fields_few_mark_row", Severity.ERROR, "Too few cells.", "Export again.", row=9, n_rows=3)
    noted = Finding("csv_delimiter", Severity.WARNING, "Semicolons.", "Use commas.")
    judged = screened(extract(marks=[GOOD], findings=(lost, noted)))
    assert (judged.received, judged.kept, judged.rejected) == (4, 1, 3)
    assert judged.findings[:2] == (lost, noted)


def test_a_full_extract_without_any_row_is_screened():
    judged = screened(extract(roll=[], marks=[]))
    assert (judged.received, judged.keys, checks(judged)) == (0, (), ["roll_empty"])


def test_in_changes_a_mark_without_a_code_takes_the_earlier_one_away():
    judged = screened(extract(full=False, marks=[("ann", "2026-11-16", "AM", "")]))
    assert kept(judged) == [("ann", "2026-11-16", 0, "")]
    assert checks(judged) == ["mark_withdrawn"]


def test_marks_of_changes_are_judged_by_the_roll_known_before():
    full = screened(extract(roll=ROLL))
    known = Known(full.keys, full.spans)
    marks = [("ann", "2026-11-16", "AM", "/"), ("new", "2026-11-17", "AM", "/"), ("old", "2026-11-18", "AM", "/")]
    judged = screened(extract(full=False, roll=[], marks=marks), known=known)
    errors = [f.check for f in judged.findings if f.severity is Severity.ERROR]
    assert (judged.kept, errors) == (1, ["mark_before_admission", "mark_after_leaving"])


def test_a_pupil_whom_changes_name_is_judged_by_the_new_row():
    full = screened(extract(roll=ROLL))
    changes = extract(
        full=False, roll=[("old", None, "M", "2026-09-01")], marks=[("old", "2026-11-18", "AM", "/"), GOOD]
    )
    judged = screened(changes, known=Known(full.keys, full.spans))
    assert judged.rejected == 0


def test_marks_of_a_removed_pupil_are_not_on_the_roll():
    full = screened(extract(roll=ROLL))
    changes = extract(full=False, roll=[], marks=[GOOD], removed=("ann",))
    judged = screened(changes, known=Known(full.keys, full.spans))
    assert [f.check for f in judged.findings if f.severity is Severity.ERROR] == ["mark_not_on_roll"]
    assert judged.removed == ("ann",)


def test_a_removed_pupil_whom_the_same_changes_name_is_not_removed():
    assert screened(extract(full=False, removed=("ann",))).removed == ()


def test_today_is_the_day_in_london():
    late = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    judged = screened(extract(marks=[("ann", "2026-11-20", "AM", "/")]), now=late)
    assert judged.kept == 1


def test_a_code_has_the_number_of_the_code_table():
    judged = screened(extract(marks=[("ann", "2026-11-16", "AM", "C1")]))
    assert judged.marks.column("code").to_pylist() == [BY_TEXT["C1"].number]


def test_what_the_permit_does_not_cover_is_refused():
    narrow = permit(schools=[school().urn], items=ESSENTIAL, first=MONDAY, last=THURSDAY)
    inside = extract(roll=[("ann", None, None, "2026-09-01")], last=THURSDAY)
    assert screen(narrow, inside, calendar=CALENDAR, now=NOW).roll_rows.kept == 1
    for beyond in (
        extract(last=THURSDAY),  # holds sex
        extract(roll=[("ann", "C201200126001", None, "2026-09-01")], last=THURSDAY),
        extract(roll=[("ann", None, None, "2026-09-01")], last=THURSDAY, status=[("ann", "fsm", "Y")]),
        extract(roll=[("ann", None, None, "2026-09-01")], last=FRIDAY),
        extract(roll=[("ann", None, None, "2026-09-01")], last=THURSDAY, of=school(100002)),
    ):
        with pytest.raises(Refused):
            screen(narrow, beyond, calendar=CALENDAR, now=NOW)
    assert Item.SEX not in narrow.request.items


def test_a_table_of_another_shape_is_a_fault_of_the_connector():
    given = extract()
    with pytest.raises(VerificationProblem, match="marks"):
        screened(replace(given, marks=given.roll))


def test_a_period_that_runs_backwards_is_refused():
    with pytest.raises(InputProblem, match="before"):
        screened(extract(first=WEDNESDAY, last=MONDAY))
