"""The journal: nothing acknowledged is lost, nothing changed goes unseen, and what cannot be written is a Problem."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallyroll import ledger
from tallyroll.vocab.errors import UsageProblem, VerificationProblem

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "log" / "journal.jsonl"


def fill(journal: Path, n: int = 5) -> bytes:
    for number in range(n):
        ledger.append(journal, at=NOW + timedelta(seconds=number), event="test", facts={"n": number, "é": "\u2028ü"})
    return journal.read_bytes()


def test_events_come_back_in_order_with_what_they_held(journal):
    fill(journal, 3)
    read = list(ledger.entries(journal))
    assert [(one.place, one.event, one.facts["n"]) for one in read] == [(1, "test", 0), (2, "test", 1), (3, "test", 2)]
    assert read[2].at == NOW + timedelta(seconds=2)
    assert read[0].facts["é"] == "\u2028ü"
    assert ledger.verify(journal) == 3


def test_a_journal_that_is_not_there_holds_nothing(journal):
    assert list(ledger.entries(journal)) == []
    assert ledger.verify(journal) == 0


def test_append_gives_the_entry_it_wrote(journal):
    fill(journal, 2)
    entry = ledger.append(journal, at=NOW, event="last", facts={"a": [1, "b"]})
    assert entry == list(ledger.entries(journal))[-1]
    assert entry.place == 3


def test_lines_longer_than_a_block_are_chained_too(journal):
    for number in range(3):
        ledger.append(journal, at=NOW, event="long", facts={"n": number, "text": "x" * 150_000})
    assert ledger.verify(journal) == 3


# After a crash


def test_a_tail_torn_at_any_byte_is_passed_over_and_cut_off(journal):
    whole = fill(journal, 3)
    second_ends = whole.rindex(b"\n", 0, len(whole) - 1) + 1
    for cut in range(second_ends, len(whole)):
        journal.write_bytes(whole[:cut])
        assert ledger.verify(journal) == 2
        assert ledger.append(journal, at=NOW, event="after", facts={}).place == 3
        assert [one.event for one in ledger.entries(journal)] == ["test", "test", "after"]


def test_a_journal_torn_in_its_first_line_starts_again(journal):
    journal.parent.mkdir()
    journal.write_bytes(b'{"at":"2026-1')
    assert ledger.append(journal, at=NOW, event="first", facts={}).place == 1
    assert ledger.verify(journal) == 1


# After a change


def broken_at(journal: Path) -> str:
    with pytest.raises(VerificationProblem) as caught:
        ledger.verify(journal)
    assert caught.value.exit_code == 6
    return caught.value.where


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_a_changed_line_is_found_by_the_line_after_it(journal, n):
    lines = fill(journal).splitlines(keepends=True)
    lines[n - 1] = lines[n - 1].replace(f'"n":{n - 1}'.encode(), b'"n":9')
    journal.write_bytes(b"".join(lines))
    assert broken_at(journal) == f"{journal} line {n + 1}"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        lambda lines: [lines[0], lines[0], *lines[1:]],
        lambda lines: [lines[0], b"\n", *lines[1:]],
        lambda lines: [lines[0], b"not json\n", *lines[1:]],
        lambda lines: [lines[0], b"\xff\xfe\n", *lines[1:]],
        lambda lines: [lines[0], b"[]\n", *lines[1:]],
        lambda lines: [lines[0], b"[" * 100_000 + b"\n", *lines[1:]],
        lambda lines: [lines[0].replace(b"\n", b"\r\n"), *lines[1:]],
    ],
    ids=["removed", "moved", "doubled", "blank", "no JSON", "no UTF-8", "a list", "very deep", "other line ends"],
)
def test_any_other_change_is_found_at_its_line(journal, spoil):
    journal.write_bytes(b"".join(spoil(fill(journal).splitlines(keepends=True))))
    assert broken_at(journal) == f"{journal} line 2"


def test_the_first_line_cannot_be_cut_off(journal):
    journal.write_bytes(b"".join(fill(journal).splitlines(keepends=True)[1:]))
    assert broken_at(journal) == f"{journal} line 1"


def test_nothing_is_added_to_a_journal_whose_end_is_broken(journal):
    whole = fill(journal)
    journal.write_bytes(whole + b"not json\n")
    with pytest.raises(VerificationProblem):
        ledger.append(journal, at=NOW, event="after", facts={})
    assert journal.read_bytes() == whole + b"not json\n"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_byte_before_the_last_line_can_change_unseen(tmp_path, data):
    journal = tmp_path / "journal.jsonl"
    journal.unlink(missing_ok=True)
    whole = fill(journal, 3)
    place = data.draw(st.integers(0, whole.rindex(b"\n", 0, len(whole) - 1)))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
    journal.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
    with pytest.raises(VerificationProblem):
        ledger.verify(journal)


# Several writers


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tallyroll import ledger
print("ready", flush=True)
sys.stdin.readline()
for n in range(200):
    ledger.append(Path(sys.argv[1]), at=datetime(2026, 11, 20, tzinfo=UTC), event=sys.argv[2], facts={"n": n})
"""


def test_processes_that_write_at_once_lose_nothing_and_keep_their_order(journal):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(journal), name], **pipes) for name in "abc"]
    for writer in writers:  # all are up before any of them writes
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    assert ledger.verify(journal) == 600
    for name in "abc":
        assert [one.facts["n"] for one in ledger.entries(journal) if one.event == name] == list(range(200))


# Where it cannot be written


def cannot_write(journal: Path) -> None:
    with pytest.raises(UsageProblem, match="journal cannot be written") as caught:
        ledger.append(journal, at=NOW, event="test", facts={})
    assert str(journal) in caught.value.where
    assert caught.value.mend


def test_a_folder_in_its_place_is_a_problem(journal):
    journal.mkdir(parents=True)
    cannot_write(journal)
    with pytest.raises(UsageProblem, match="cannot be read"):
        ledger.verify(journal)


def test_a_file_in_the_place_of_its_folder_is_a_problem(journal):
    journal.parent.write_text("", encoding="utf-8")
    cannot_write(journal)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_that_may_not_be_written_is_a_problem(journal):
    fill(journal, 1)
    journal.chmod(0o400)
    cannot_write(journal)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no device that is always full")
def test_a_full_disk_is_a_problem(tmp_path):
    journal = tmp_path / "journal.jsonl"
    journal.symlink_to("/dev/full")
    cannot_write(journal)


LIMITED = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from tallyroll import ledger
from tallyroll.vocab.errors import UsageProblem
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal, size = Path(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    ledger.append(journal, at=datetime(2026, 11, 20, tzinfo=UTC), event="long", facts={"text": "x" * 1000})
except UsageProblem:
    sys.exit(7)
"""


def test_a_line_for_half_of_which_there_is_room_is_not_acknowledged(journal):
    """The system takes the first bytes and refuses the rest: none of it may stay, and none be taken for written."""
    before = fill(journal, 2)
    command = [sys.executable, "-c", LIMITED, str(journal), str(len(before) + 100)]
    assert subprocess.run(command, check=False, timeout=60).returncode == 7
    assert journal.read_bytes() == before
    assert ledger.append(journal, at=NOW, event="after", facts={}).place == 3


def test_lines_are_plain_json_that_others_can_verify(journal):
    """The form is a contract: sorted keys, no spaces, UTF-8; each line holds the SHA-256 of the line before."""
    fill(journal, 1)
    line = journal.read_bytes().removesuffix(b"\n")
    record = json.loads(line)
    assert record["previous"] == "0" * 64
    assert line == json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
