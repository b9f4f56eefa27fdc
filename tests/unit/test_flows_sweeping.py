"""Tallies whose time is over: which go whole, which lose days, and that nothing else is touched."""

import shutil
from datetime import UTC, date, datetime

import pytest
from tests.unit.test_flows_centre import a_tally

from tallyroll import tally
from tallyroll.flows import sweeping
from tallyroll.flows.receiving import RECEIPT, TALLY
from tallyroll.tally import merge
from tallyroll.vocab.durations import Duration
from tallyroll.vocab.errors import InputProblem, UsageProblem

KEEP = Duration.parse("P13M")
FIRST, LAST = date(2026, 11, 2), date(2026, 11, 13)  # ten school days: 40 cells of each of three schools
MIDDLE = date(2027, 12, 6)  # 6 November and 13 months: five days are due, five are not
OVER = date(2027, 12, 13)
NOW = datetime(2028, 1, 1, tzinfo=UTC)


def due(*roots, on):
    return sweeping.aged(roots, retention=KEEP, as_of=on)


def sweep(*roots, on):
    return sweeping.sweep(roots, due(*roots, on=on), now=NOW).rows


def taken(inbox, *, urn, revision, held):
    place = inbox / str(urn) / str(revision)
    tally.save(held, place / TALLY)
    (place / RECEIPT).write_text("{}")
    return place


@pytest.fixture
def folder(tmp_path):
    tally.save(a_tally(FIRST, LAST), tmp_path / "tally")
    return tmp_path / "tally"


@pytest.fixture
def inbox(tmp_path):
    """An inbox that has served: one revision of the first days, one of days a month later."""
    inbox = tmp_path / "inbox"
    (inbox / ".desks").mkdir(parents=True)
    taken(inbox, urn=100001, revision=1, held=a_tally(FIRST, LAST))
    taken(inbox, urn=100001, revision=2, held=a_tally(date(2026, 12, 7), date(2026, 12, 11), revision=2))
    taken(inbox, urn=100002, revision=1, held=a_tally(FIRST, LAST))
    return inbox


def days(folder):
    return sorted({str(day) for day in tally.load(folder).cells["date"].to_pylist()})


def test_nothing_is_due_the_day_before_the_time_of_the_oldest_day_is_over(folder):
    assert due(folder, on=date(2027, 12, 1)) == ()
    (first,) = due(folder, on=date(2027, 12, 2))
    assert (first.whole, first.since) == (False, date(2027, 12, 2))
    assert first.rows == {"tally": 0, "cell": 12, "enrolment cell": 0}


def test_a_tally_loses_the_days_that_are_due_and_keeps_every_other_count(folder):
    before = tally.load(folder)
    assert sweep(folder, on=MIDDLE) == {"tally": 0, "cell": 60, "enrolment cell": 0}
    assert days(folder) == [f"2026-11-{day:02}" for day in range(9, 14)]
    assert merge(tally.load(folder), before) == before  # what is left stands as it stood
    assert tally.load(folder).persistent.equals(before.persistent)  # their window is not over before its last day
    assert (folder / "cells.parquet").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.parent.iterdir()] == ["tally"]
    assert sweep(folder, on=MIDDLE) == {"tally": 0, "cell": 0, "enrolment cell": 0}


def test_a_tally_of_which_every_day_is_due_goes_whole_and_again_changes_nothing(folder):
    assert [one.whole for one in due(folder, on=date(2027, 12, 12))] == [False]
    assert sweep(folder, on=OVER) == {"tally": 1, "cell": 120, "enrolment cell": 3}
    assert list(folder.parent.iterdir()) == []
    assert sweep(folder, on=OVER) == sweeping.inventory([folder]) == {"tally": 0, "cell": 0, "enrolment cell": 0}


def test_a_window_of_enrolments_that_is_over_goes_while_a_longer_one_stays(tmp_path):
    both = merge(a_tally(FIRST, LAST), a_tally(FIRST, date(2026, 11, 20), revision=2))
    tally.save(both, tmp_path / "tally")
    sweep(tmp_path / "tally", on=OVER)
    left = tally.load(tmp_path / "tally").persistent
    assert {str(day) for day in left["last"].to_pylist()} == {"2026-11-20"}


def test_an_inbox_loses_the_revisions_that_are_due_with_their_receipts(inbox):
    assert sweeping.inventory([inbox]) == {"tally": 3, "cell": 300, "enrolment cell": 9}
    assert sweep(inbox, on=OVER) == {"tally": 2, "cell": 240, "enrolment cell": 6}
    assert sweeping.inventory([inbox]) == {"tally": 1, "cell": 60, "enrolment cell": 3}
    assert sorted(path.relative_to(inbox).as_posix() for path in inbox.rglob("*") if path.is_file()) == [
        f"100001/2/{RECEIPT}",
        *(f"100001/2/{TALLY}/{name}" for name in ("cells.parquet", "enrolments.parquet")),
    ]


def test_a_revision_with_some_days_due_keeps_its_receipt(inbox):
    sweep(inbox, on=MIDDLE)
    assert days(inbox / "100002" / "1" / TALLY) == [f"2026-11-{day:02}" for day in range(9, 14)]
    assert (inbox / "100002" / "1" / RECEIPT).read_text() == "{}"


def test_a_folder_named_twice_is_swept_once(folder):
    assert sweeping.inventory([folder, folder / ".." / "tally"])["tally"] == 1


def test_what_a_broken_run_put_aside_is_gone_after_the_next(folder, inbox):
    """A run dies after a tally was moved aside, and while it writes one anew."""
    aside = folder.with_name(".tally.retaining")
    shutil.copytree(folder, aside / "tally")
    shutil.copytree(inbox / "100001" / "1", inbox / ".retaining" / "1")
    assert sweeping.inventory([folder, inbox])["tally"] == 4
    sweep(folder, inbox, on=date(2027, 1, 1))
    assert not aside.exists()
    assert not (inbox / ".retaining").exists()
    assert sweeping.inventory([folder, inbox])["tally"] == 4


def test_a_tally_of_which_one_file_was_cut_before_the_run_died_is_finished(folder, tmp_path):
    whole = tally.load(folder)
    sweep(folder, on=MIDDLE)
    shutil.copytree(folder, tmp_path / "cut")
    tally.save(whole, folder)
    (tmp_path / "cut" / "enrolments.parquet").replace(folder / "enrolments.parquet")
    assert sweep(folder, on=MIDDLE)["cell"] == 60
    assert len(days(folder)) == 5


@pytest.mark.parametrize("stray", ["notes.txt", "2026/a.txt", "100001/1/other.txt", "100001/3/other.txt"])
def test_a_folder_that_holds_anything_else_is_refused_and_stays(inbox, stray):
    (inbox / stray).parent.mkdir(parents=True, exist_ok=True)
    (inbox / stray).write_text("mine")
    with pytest.raises(UsageProblem, match="neither a tally nor an inbox"):
        due(inbox, on=OVER)
    assert (inbox / stray).read_text() == "mine"


def test_a_file_in_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageProblem, match="cannot be looked through"):
        due(tmp_path / "file", on=OVER)


def test_a_file_of_a_tally_that_is_not_whole_is_named(folder):
    (folder / "cells.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputProblem, match="not a whole table") as refused:
        due(folder, on=OVER)
    assert refused.value.where.endswith("cells.parquet")
