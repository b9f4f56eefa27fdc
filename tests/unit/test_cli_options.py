"""Options of the command line and what it prints: no input reaches the ends of the calendar, or the terminal."""

from datetime import date, datetime, timedelta, timezone

import pytest

from tallyroll.cli import output
from tallyroll.cli.main import main
from tallyroll.cli.options import clock, day
from tallyroll.vocab.errors import UsageProblem


@pytest.mark.parametrize("text", ["1999-12-31", "2101-01-01", "0001-01-02", "9999-12-31", "2026-02-30", "today"])
def test_a_day_outside_the_years_is_refused_by_its_option(text):
    with pytest.raises(UsageProblem, match=r"not a day|outside the years 2000 to 2100") as problem:
        day(text, "--to")
    assert problem.value.where == "--to"
    assert text in problem.value.what


def test_the_first_and_the_last_day_of_the_years_stand():
    assert [day(text, "--to") for text in ("2000-01-01", "2100-12-31")] == [date(2000, 1, 1), date(2100, 12, 31)]


@pytest.mark.parametrize("text", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "1999-12-31T23:59", "noon"])
def test_a_moment_outside_the_years_is_refused(text):
    with pytest.raises(UsageProblem) as problem:
        clock(text)
    assert problem.value.where == "--now"


def test_a_moment_at_the_edge_of_the_years_stands_in_any_zone():
    assert clock("2000-01-01T00:00+14:00").now() == datetime(2000, 1, 1, tzinfo=timezone(timedelta(hours=14)))


@pytest.mark.parametrize(
    "line",
    [
        "serve --port 99999",
        "serve --port -1",
        "simulate mis {} --port 99999",
        "collect --settings node.toml --days 401",
        "collect --settings node.toml --days -1",
    ],
)
def test_a_number_out_of_bounds_is_a_matter_of_usage(line, capsys, tmp_path):
    with pytest.raises(SystemExit) as left:
        main(line.format(tmp_path).split())
    assert left.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("checkpoint", "code", "said"),
    [
        (None, 2, "no ledger"),
        ("", 6, "names no roles"),
        ("no line feed", 6, "names no roles"),
        ("an origin\n1\nAAAA\n\n", 6, "missing"),
    ],
)
def test_a_folder_without_a_whole_checkpoint_is_no_ledger(checkpoint, code, said, capsys, tmp_path):
    if checkpoint is not None:
        (tmp_path / "checkpoint").write_text(checkpoint, encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        main(["ledger", "verify", str(tmp_path)])
    told = capsys.readouterr()
    assert (left.value.code, told.out) == (code, ""), told.err
    assert said in told.err
    assert "Traceback" not in told.err


STEERING = "St \x1b]0;title\x07\x1b[31mRed\x9b2J\u202e\x7f\rschool"


def test_what_steers_a_terminal_reaches_none(capsys):
    output.show_table(STEERING, ["school"], [(STEERING,)])
    output.say(STEERING)
    output.say_problem(UsageProblem(STEERING, where=STEERING, mend=STEERING), as_json=False)
    told = capsys.readouterr()
    assert not set(told.out + told.err) & set("\x1b\x07\x9b\u202e\x7f\r")
    assert told.out.count("school") >= 3
    assert "Red" in told.err


def test_names_with_brackets_are_shown_as_they_are(capsys):
    output.say(output.plain("St [/bold] [red]Anne"))
    assert capsys.readouterr().out == "St [/bold] [red]Anne\n"
