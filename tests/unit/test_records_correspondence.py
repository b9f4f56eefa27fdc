"""The correspondence with the regulator: all of it, with what is late, what is open, and the clock of Article 36."""

import csv
import io
from datetime import date

import pytest
from tests.lib.builders import manifest
from tests.lib.tellings import Telling, enacted

from tallyroll.governance.records.correspondence import files, progress, working_days_after
from tallyroll.governance.statements import Kind

ON = date(2026, 11, 20)
LETTER = {"on": "2026-09-04", "text": "Ten pages of concerns."}


def table(made: Telling, name: str, *, on: date = ON) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files(made.history, made.entries, on=on)[name])))


def consulted() -> Telling:
    made = Telling().advised(manifest())
    made.say(Kind.REGULATOR_SUBMITTED, manifest(), {"on": "2026-09-04"})
    return made


def test_every_letter_is_listed_with_its_days_its_place_and_its_documents() -> None:
    made = enacted(manifest())
    made.say(Kind.REGULATOR_LETTER, manifest(), LETTER | {"letter": "ab" * 32}, taken=date(2026, 9, 8))
    (row,) = table(made, "correspondence.csv")
    assert row == {
        "Entry": "7",
        "What": "Letter",
        "Date": "2026-09-04",
        "Recorded": "2026-09-08",
        "Due": "2026-09-18",
        "Late": "no",
        "Version": "1",
        "It says": "Ten pages of concerns.",
        "Signed by": "Kim (approver)",
        "Documents": f"{7:064x} {'ab' * 32}",
    }


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2026, 9, 4), date(2026, 9, 18)),  # a Friday
        (date(2026, 9, 5), date(2026, 9, 18)),  # a Saturday: Monday is the first working day after it
        (date(2026, 9, 6), date(2026, 9, 18)),
        (date(2026, 9, 7), date(2026, 9, 21)),  # a Monday
    ],
)
def test_ten_working_days_are_two_weeks_of_weekdays(day: date, due: date) -> None:
    assert working_days_after(day, 10) == due


@pytest.mark.parametrize(("taken", "late"), [(date(2026, 9, 18), "no"), (date(2026, 9, 19), "late")])
def test_what_is_recorded_after_ten_working_days_is_marked_late(taken: date, late: str) -> None:
    made = enacted(manifest())
    made.say(Kind.REGULATOR_LETTER, manifest(), LETTER, taken=taken)
    assert table(made, "correspondence.csv")[0]["Late"] == late


def test_every_kind_of_entry_about_the_regulator_is_listed() -> None:
    made = consulted()
    advised = {"on": "2026-09-06", "advice": "proceed", "text": "x"}
    made.say(Kind.REGULATOR_EXTENDED, manifest(), {"on": "2026-09-06"})
    made.say(Kind.REGULATOR_ADVISED, manifest(), advised)
    for kind in (Kind.REGULATOR_ACKNOWLEDGED, Kind.REGULATOR_LETTER, Kind.REGULATOR_CONCERN, Kind.CONCERN_ANSWERED):
        made.say(kind, manifest(), LETTER | {"concern": "retention"})
    made.say(Kind.PAUSE_REQUESTED, manifest(), LETTER)
    about = [one for one in Kind if one.name.startswith(("REGULATOR", "CONCERN", "PAUSE"))]
    assert len(table(made, "correspondence.csv")) == len(about) == 8


@pytest.mark.parametrize(
    ("on", "status"),
    [(date(2026, 9, 24), "open"), (date(2026, 9, 25), "overdue")],  # twenty days after 4 September
)
def test_a_concern_is_open_and_then_overdue(on: date, status: str) -> None:
    made = enacted(manifest())
    made.say(Kind.REGULATOR_CONCERN, manifest(), LETTER | {"concern": "retention"})
    (row,) = table(made, "concerns.csv", on=on)
    assert (row["Concern"], row["Answer due"], row["Status"]) == ("retention", "2026-09-24", status)


@pytest.mark.parametrize(("answered", "status"), [("2026-09-24", "answered"), ("2026-09-25", "answered late")])
def test_an_answer_stands_beside_its_concern(answered: str, status: str) -> None:
    made = enacted(manifest())
    made.say(Kind.REGULATOR_CONCERN, manifest(), LETTER | {"concern": "retention"})
    made.say(Kind.REGULATOR_CONCERN, manifest(), LETTER | {"concern": "necessity"})
    said = {"on": answered, "concern": "retention", "text": "One year."}
    made.say(Kind.CONCERN_ANSWERED, manifest(), said, taken=date.fromisoformat(answered))
    first, second = table(made, "concerns.csv")
    assert (first["Status"], first["Answered"], first["Answer"]) == (status, answered, "One year.")
    assert (first["Entry"], first["Answer entry"]) == ("7", "9")
    assert (second["Concern"], second["Status"], second["Answer"]) == ("necessity", "overdue", "")


@pytest.mark.parametrize(
    ("extended", "due", "in_time"),
    [("", "2026-10-30", ""), ("2026-10-04", "2026-12-11", "yes"), ("2026-10-05", "2026-12-11", "no")],
)
def test_the_clock_of_article_36_is_eight_weeks_and_six_more(extended: str, due: str, in_time: str) -> None:
    made = consulted()
    if extended:
        made.say(Kind.REGULATOR_EXTENDED, manifest(), {"on": extended}, taken=date.fromisoformat(extended))
    (row,) = table(made, "prior-consultation.csv")
    assert (row["Sent"], row["Advice due"], row["Told in time"]) == ("2026-09-04", due, in_time)
    assert row["Status"] == ("open" if extended else "overdue")


def test_advice_ends_the_clock() -> None:
    made = consulted()
    advised = {"on": "2026-10-30", "advice": "do-not-proceed", "text": "x"}
    made.say(Kind.REGULATOR_ADVISED, manifest(), advised, taken=date(2026, 10, 30))
    (row,) = table(made, "prior-consultation.csv")
    assert (row["Status"], row["Advised"], row["Advice"]) == ("answered", "2026-10-30", "do not proceed")


def test_what_has_no_due_day_is_never_late() -> None:
    assert progress(due=None, answered=None, on=ON) == "open"
    assert progress(due=None, answered=ON, on=ON) == "answered"


def test_an_empty_correspondence_is_published_too() -> None:
    made = enacted(manifest())
    found = files(made.history, made.entries, on=ON)
    assert set(found) == {"correspondence.html", "correspondence.csv", "concerns.csv", "prior-consultation.csv"}
    assert "The ledger holds no correspondence with the regulator." in found["correspondence.html"]
    assert len(found["correspondence.csv"].splitlines()) == 1


def test_what_a_letter_says_is_neither_markup_nor_formula() -> None:
    made = enacted(manifest())
    made.say(Kind.REGULATOR_LETTER, manifest(), LETTER | {"text": "=HYPERLINK(1)<b>"})
    found = files(made.history, made.entries, on=ON)
    assert "<b>" not in found["correspondence.html"]
    assert table(made, "correspondence.csv")[0]["It says"] == "'=HYPERLINK(1)<b>"
