"""A witness: what it answers, by the statuses of tlog-witness, and that it never cosigns two histories."""

import threading
from collections import Counter
from datetime import timedelta
from hashlib import sha256

import pytest
from tests.lib.ledgers import NOW, ORIGIN, filled, grow

from tallyroll.ledger import Log, NoteKey, Witness, request_of
from tallyroll.ledger.checkpoints import Checkpoint, cosigned_at, log_key, open_checkpoint, witness_key
from tallyroll.ledger.merkle import EMPTY_ROOT
from tallyroll.ledger.notes import Note
from tallyroll.vocab.errors import VerificationProblem

LOG, KEY = NoteKey.new(ORIGIN), NoteKey.new("witness.example/w1")


@pytest.fixture
def log(tmp_path):
    return filled(tmp_path / "log", 5, key=LOG)


@pytest.fixture
def witness(tmp_path):
    return Witness(tmp_path / "memory", KEY, {ORIGIN: LOG.vkey})


def asking(log: Log, *, old: int) -> bytes:
    return request_of(log.folder, key=LOG.vkey, old=old, checkpoint=(log.folder / "checkpoint").read_bytes())


def test_it_cosigns_a_log_from_the_start_and_as_it_grows(log, witness):
    first = witness.add_checkpoint(asking(log, old=0), now=NOW)
    assert first.status == 200
    grow(log, 4, start=5)
    text = (log.folder / "checkpoint").read_text(encoding="utf-8").partition("\n\n")[0] + "\n"
    second = witness.add_checkpoint(asking(log, old=5), now=NOW)
    note = Note.parse(f"{text}\n{second.body}".encode(), where="x")
    assert cosigned_at(note, {"w": witness_key(witness.vkey)}, where="x") == {"w": NOW}


def test_the_request_has_the_form_of_the_specification(log):
    lines = asking(log, old=3).decode().split("\n")
    assert lines[0] == "old 3"
    assert [len(line) for line in lines[1:6]] == [
        44,
        44,
        44,
        44,
        0,
    ]  # leaves 2 and 3, a pair, leaf 4
    assert lines[6:8] == [ORIGIN, "5"]


def test_a_wrong_old_size_is_told_the_right_one(log, witness):
    witness.add_checkpoint(asking(log, old=0), now=NOW)
    grow(log, 1, start=5)
    answer = witness.add_checkpoint(asking(log, old=3), now=NOW)
    assert (answer.status, answer.body, answer.content_type) == (409, "5\n", "text/x.tlog.size")


def test_the_same_checkpoint_is_cosigned_again_with_a_newer_time(log, witness):
    witness.add_checkpoint(asking(log, old=0), now=NOW)
    again = witness.add_checkpoint(asking(log, old=5), now=NOW + timedelta(minutes=1))
    assert again.status == 200
    latest = witness.latest(sha256(ORIGIN.encode()).hexdigest())
    found, note = open_checkpoint(latest, key=log_key(LOG.vkey), where="x")
    assert found.size == 5
    assert cosigned_at(note, {"w": witness_key(witness.vkey)}, where="x") == {"w": NOW + timedelta(minutes=1)}


def test_other_keys_and_other_logs_are_turned_away(tmp_path, log, witness):
    stranger = filled(tmp_path / "other", 1, key=NoteKey.new("elsewhere"))
    body = b"old 0\n\n" + (stranger.folder / "checkpoint").read_bytes()
    assert witness.add_checkpoint(body, now=NOW).status == 404
    thief = NoteKey.new(ORIGIN)
    forged = b"old 0\n\n" + Checkpoint(ORIGIN, 5, bytes(32)).signed(thief)
    assert witness.add_checkpoint(forged, now=NOW).status == 403
    good = asking(log, old=0)
    assert witness.add_checkpoint(good.replace(b"\n5\n", b"\n6\n"), now=NOW).status == 403


@pytest.mark.parametrize(
    "spoil",
    [
        lambda b: b"",
        lambda b: b[:40],
        lambda b: b.replace(b"old 0", b"old 00"),
        lambda b: b.replace(b"old 0", b"old -1"),
        lambda b: b.replace(b"old 0", b"old 9"),
        lambda b: b.replace(b"old 0\n", b"old 0\nAAAA\n"),
        lambda b: b.replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n" * 64),
        lambda b: b"\xff" + b,
    ],
)
def test_requests_out_of_form_are_400(log, witness, spoil):
    assert witness.add_checkpoint(spoil(asking(log, old=0)), now=NOW).status == 400


def test_what_does_not_follow_is_422_and_is_not_cosigned(tmp_path, log, witness):
    line = b"A" * 43 + b"=\n"
    assert witness.add_checkpoint(asking(log, old=0).replace(b"old 0\n", b"old 0\n" + line), now=NOW).status == 422
    empty = b"old 0\n\n" + Checkpoint(ORIGIN, 0, bytes(32)).signed(LOG)
    assert witness.add_checkpoint(empty, now=NOW).status == 422
    assert witness.add_checkpoint(b"old 0\n\n" + Checkpoint(ORIGIN, 0, EMPTY_ROOT).signed(LOG), now=NOW).status == 200
    assert witness.add_checkpoint(asking(log, old=0), now=NOW).status == 200
    same = b"old 5\n\n" + Checkpoint(ORIGIN, 5, bytes(32)).signed(LOG)
    assert witness.add_checkpoint(same, now=NOW).status == 422
    fork = Log.found(tmp_path / "fork", LOG)  # signed by the log's own key, and another history
    grow(fork, 7, event="another")
    assert witness.add_checkpoint(asking(fork, old=5), now=NOW).status == 422
    assert witness.add_checkpoint(asking(fork, old=0), now=NOW).status == 409


def test_it_remembers_when_it_is_started_again(tmp_path, log, witness):
    witness.add_checkpoint(asking(log, old=0), now=NOW)
    again = Witness(tmp_path / "memory", KEY, {ORIGIN: LOG.vkey})
    assert again.add_checkpoint(asking(log, old=0), now=NOW).status == 409
    fork = Log.found(tmp_path / "fork", LOG)
    grow(fork, 9, event="another")
    assert again.add_checkpoint(asking(fork, old=5), now=NOW).status == 422


def test_it_cosigns_nothing_when_its_memory_was_changed(tmp_path, log, witness):
    witness.add_checkpoint(asking(log, old=0), now=NOW)
    (memory,) = (tmp_path / "memory").glob("*.checkpoint")
    data = memory.read_bytes()
    memory.write_bytes(Checkpoint(ORIGIN, 0, EMPTY_ROOT).signed(LOG))
    with pytest.raises(VerificationProblem, match="memory"):
        witness.add_checkpoint(asking(log, old=0), now=NOW)
    memory.write_bytes(data[:-5])
    with pytest.raises(VerificationProblem):
        witness.add_checkpoint(asking(log, old=5), now=NOW)


def test_of_two_histories_asked_for_at_once_it_cosigns_one(tmp_path, witness):
    logs = []
    for name in range(4):
        fork = Log.found(tmp_path / f"fork{name}", LOG)
        grow(fork, 3, event=f"history {name}")
        logs.append(asking(fork, old=0))
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda body=body: answers.append(witness.add_checkpoint(body, now=NOW).status))
        for body in logs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answers) == {200: 1, 409: 3}
