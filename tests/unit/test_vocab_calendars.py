"""Calendar files: whose terms hold, how closures add up, what is refused; a written file reads back the same."""

from datetime import date

import pytest
from tests.lib.builders import school

from tallyroll.vocab.calendars import read_calendars, render_calendars
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.periods import Session
from tallyroll.vocab.schools import SchoolCalendar, Term

TERM = (
    'name = "Autumn"\nfirst = 2026-09-01\nlast = 2026-12-18\nhalf_term_first = 2026-10-26\nhalf_term_last = 2026-10-30'
)
FILE = f"""
closed = [2026-11-02]

[[terms]]
{TERM}

[authorities.201]
closed = [2026-09-01]

[authorities.202]
terms = [{{ {TERM.replace("2026-09-01", "2026-09-03").replace(chr(10), ", ")} }}]

[schools.100001]
closed = [2026-11-06]
closed_sessions = [{{ date = 2026-12-18, session = "PM" }}]
"""


@pytest.fixture
def read(tmp_path):
    def _read(text):
        path = tmp_path / "calendars.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_calendars(path)

    return _read


def test_closures_of_everyone_the_authority_and_the_school_add_up(read):
    calendar = read(FILE).of(school(100001, la="201"))
    assert calendar.closed == {date(2026, 11, 2), date(2026, 9, 1), date(2026, 11, 6)}
    assert calendar.closed_sessions == {(date(2026, 12, 18), Session.PM)}
    assert read(FILE).of(school(100002, la="203")).closed == {date(2026, 11, 2)}


def test_an_authority_s_terms_replace_those_of_everyone(read):
    assert read(FILE).of(school(100002, la="201")).terms[0].first == date(2026, 9, 1)
    assert read(FILE).of(school(100002, la="202")).terms[0].first == date(2026, 9, 3)
    assert not read(FILE).of(school(100002, la="202")).is_open(date(2026, 9, 2))


def test_what_is_written_reads_back_the_same(read):
    calendar = SchoolCalendar(
        terms=(
            Term("Autumn", date(2026, 9, 1), date(2026, 12, 18), date(2026, 10, 26), date(2026, 10, 30)),
            Term("Spring", date(2027, 1, 4), date(2027, 3, 25), date(2027, 2, 15), date(2027, 2, 19)),
        ),
        closed=frozenset({date(2026, 9, 1), date(2027, 1, 4)}),
        closed_sessions=frozenset({(date(2026, 12, 18), Session.PM), (date(2026, 12, 18), Session.AM)}),
    )
    schools = {school(100001): calendar, school(100002): SchoolCalendar(())}
    back = read(render_calendars(schools))
    assert {one: back.of(one) for one in schools} == schools


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("terms = [", "not TOML"),
        (b"\xff\xfe", "not TOML"),
        ("holidays = []", "holidays is not known"),
        ("[schools.100001]\nshut = [2026-09-01]", "schools.100001"),
        ('closed = ["2026-09-01"]', "is not a date"),
        ("closed = [20260901]", "is not a date"),
        ("closed = 2026-09-01", "cannot be read"),
        ('[[terms]]\nname = "Autumn"', "cannot be read"),
        (f"[[terms]]\n{TERM}\ncolour = 1", "cannot be read"),
        (f"[[terms]]\n{TERM}".replace("first = 2026-09-01", 'first = "soon"', 1), "is not a date"),
        (f"[[terms]]\n{TERM}".replace("last = 2026-12-18", "last = 2026-08-18", 1), "before"),
        (f"[[terms]]\n{TERM}".replace("half_term_last = 2026-10-30", "half_term_last = 2027-10-30", 1), "half term"),
        ('closed_sessions = [{ date = 2026-12-18, session = "EVE" }]', "'EVE'"),
        ("closed_sessions = [{ date = 2026-12-18 }]", "session"),
        ("closed_sessions = [2026-12-18]", "cannot be read"),
        ("schools = 3", "schools"),
        ("[schools.10001]\nclosed = []", "by a code"),
        ("[authorities.Camden]\nclosed = []", "by a code"),
        ("[authorities]\n201 = 3", "authorities.201"),
        ("closed = [2026-09-01T10:00:00]", "is not a date"),
        ('terms = "none"', "cannot be read"),
    ],
)
def test_a_bad_file_is_one_problem_that_names_the_place(read, text, said):
    with pytest.raises(InputProblem) as caught:
        read(text)
    assert said in str(caught.value)
    assert "calendars.toml" in caught.value.where


def test_a_missing_file_is_a_matter_of_the_call(tmp_path):
    with pytest.raises(UsageProblem):
        read_calendars(tmp_path / "none.toml")
    with pytest.raises(UsageProblem, match="cannot be read"):
        read_calendars(tmp_path)
