"""Appending and following: nothing acknowledged is lost, and whoever follows a log sees when it goes back."""

import shutil
import threading
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import pytest
from tests.lib.ledgers import KEY, NOW, ORIGIN, filled, grow, tree_head

from tallyroll.ledger import Log, NoteKey, Reader, verify
from tallyroll.ledger.checkpoints import Checkpoint, cosign, log_key, open_checkpoint
from tallyroll.ledger.cosigning import keep_cosigned
from tallyroll.ledger.notes import Note
from tallyroll.ledger.tiles import unpack
from tallyroll.vocab.errors import Refused, UsageProblem, VerificationProblem


@pytest.fixture
def key():
    return KEY


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "log"


def test_entries_come_back_as_they_were_appended(folder, key):
    log, reader = Log.found(folder, key), Reader(folder, key=key.vkey)
    assert reader.refresh() == ()
    facts = {"n": 1, "é": "\u2028ü", "list": [1, None, True, {"document": "x"}], "half": 0.5}
    made = log.append(at=NOW, event="gate", facts=facts)
    assert (made.index, made.at, made.event, made.facts) == (0, NOW, "gate", facts)
    assert log.append(at=NOW, event="next", facts={}).index == 1
    assert reader.refresh()[0] == made
    assert reader.size == 2


def test_the_folder_is_what_the_specification_says(folder, key):
    filled(folder, 258, key=key)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        ".lock", "checkpoint", "tile/0/000", "tile/0/001.p/1", "tile/0/001.p/2", "tile/1/000.p/1", "tile/entries/000",
        "tile/entries/001.p/1", "tile/entries/001.p/2",
    }  # fmt: skip
    leaves = [
        leaf
        for name, width in (("000", 256), ("001.p/2", 2))
        for leaf in unpack((folder / "tile/entries" / name).read_bytes(), width=width, where="x")
    ]
    assert leaves[1] == b'{"at":"2026-11-20T16:00:01Z","event":"gate","facts":{"n":1}}'
    origin, size, root = (folder / "checkpoint").read_text(encoding="utf-8").split("\n")[:3]
    assert (origin, size) == (ORIGIN, "258")
    checkpoint = open_checkpoint((folder / "checkpoint").read_bytes(), key=log_key(key.vkey), where="x")[0]
    assert checkpoint.root == tree_head(leaves)
    assert root == checkpoint.text.split("\n")[2]


@pytest.mark.parametrize("start", [0, 250])
def test_a_log_is_opened_again_at_any_size(folder, key, start):
    log = filled(folder, start, key=key)
    for number in range(start, start + 9):
        log = Log.open(folder, key)
        log.append(at=NOW + timedelta(seconds=number), event="gate", facts={"n": number})
    assert [one.facts["n"] for one in Reader(folder, key=key.vkey).refresh()] == list(range(start + 9))
    assert verify(folder, key=key.vkey).leftovers == ()


def test_founding_twice_and_opening_nothing_are_refused(folder, key, tmp_path):
    Log.found(folder, key)
    with pytest.raises(UsageProblem, match="ledger here already"):
        Log.found(folder, key)
    for doing in (lambda: Log.open(tmp_path / "none", key), lambda: Reader(tmp_path / "none", key=key.vkey).refresh()):
        with pytest.raises(UsageProblem, match="no ledger here"):
            doing()


def test_another_key_or_name_opens_nothing(folder, key):
    filled(folder, 1, key=key)
    for other in (NoteKey.new(ORIGIN), NoteKey("elsewhere", key.private)):
        with pytest.raises(VerificationProblem, match="is missing"):
            Log.open(folder, other)


def test_a_clock_set_back_by_more_than_a_minute_is_refused(folder, key):
    log = filled(folder, 1, key=key)
    log.append(at=NOW - timedelta(seconds=60), event="slack", facts={})
    log.append(at=NOW, event="gate", facts={})
    with pytest.raises(Refused) as caught:
        Log.open(folder, key).append(at=NOW - timedelta(seconds=61), event="late", facts={})
    assert caught.value.clause == "clock"
    assert Reader(folder, key=key.vkey).refresh()[-1].event == "gate"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"x": float("nan")}, "cannot be written"),
        ({"x": 2**53}, "cannot be written"),
        ({"x": object()}, "cannot be written"),
        ({"x": "\ud800"}, "cannot be written"),
        ({"x": "y" * 65_536}, "65,535 fit"),
    ],
)
def test_facts_that_cannot_be_written_are_refused_and_change_nothing(folder, key, facts, said):
    log = filled(folder, 1, key=key)
    before = (folder / "checkpoint").read_bytes()
    with pytest.raises(UsageProblem, match=said):
        log.append(at=NOW, event="gate", facts=facts)
    assert (folder / "checkpoint").read_bytes() == before
    with pytest.raises(UsageProblem, match="no time zone"):
        log.append(at=datetime(2026, 11, 20), event="gate", facts={})  # noqa: DTZ001 - that is the fault


def test_the_longest_entry_fits(folder, key):
    log = Log.found(folder, key)
    frame = len('{"at":"2026-11-20T16:00:00Z","event":"long","facts":{"x":""}}')
    log.append(at=NOW, event="long", facts={"x": "y" * (65_535 - frame)})
    with pytest.raises(UsageProblem, match="65,536 bytes"):
        log.append(at=NOW, event="long", facts={"x": "y" * (65_536 - frame)})
    assert Reader(folder, key=key.vkey).refresh()[0].facts == {"x": "y" * (65_535 - frame)}


def test_threads_and_openings_of_one_log_lose_nothing(folder, key):
    shared = Log.found(folder, key)

    def work(name: int) -> None:
        mine = shared if name % 2 else Log.open(folder, key)
        for number in range(15):
            mine.append(at=NOW, event="gate", facts={"of": name, "n": number})

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = [(one.facts["of"], one.facts["n"]) for one in Reader(folder, key=key.vkey).refresh()]
    assert sorted(seen) == [(name, number) for name in range(4) for number in range(15)]
    assert verify(folder, key=key.vkey).checkpoint.size == 60


# Documents


def test_documents_are_kept_once_by_their_hash(folder, key):
    log, reader = Log.found(folder, key), Reader(folder, key=key.vkey)
    name = log.keep_document(b"a letter")
    assert name == sha256(b"a letter").hexdigest()
    assert log.keep_document(b"a letter") == name
    assert reader.document(name) == b"a letter"
    (folder / "documents" / name).write_bytes(b"a lettre")
    with pytest.raises(VerificationProblem, match="not what its name says"):
        reader.document(name)
    assert log.keep_document(b"a letter") == name  # written anew over what is torn
    assert reader.document(name) == b"a letter"


@pytest.mark.parametrize("name", ["0" * 64, "../checkpoint", "", "A" * 64])
def test_documents_that_are_not_there_are_said_to_be_missing(folder, key, name):
    filled(folder, 1, key=key)
    with pytest.raises(VerificationProblem, match="not here"):
        Reader(folder, key=key.vkey).document(name)


# Following


def copy_of(folder: Path) -> Path:
    other = folder.with_name("copy")
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(folder, other)
    return other


def put_back(copy: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    copy.rename(folder)


def test_a_reader_reads_only_what_is_new(folder, key):
    log = filled(folder, 256, key=key)
    reader = Reader(folder, key=key.vkey)
    reader.refresh()
    (folder / "tile/entries/000").unlink()  # seen and proved: never asked for again
    grow(log, 2, start=256)
    assert reader.refresh()[-1].facts == {"n": 257}


def test_asking_again_costs_less_than_fifty_microseconds(folder, key):
    filled(folder, 3, key=key)
    reader = Reader(folder, key=key.vkey)
    reader.refresh()
    times = []
    for _ in range(200):
        start = perf_counter()
        reader.refresh()
        times.append(perf_counter() - start)
    assert min(times) < 50e-6


def test_a_log_set_back_is_noticed_by_its_reader_and_by_itself(folder, key):
    log = filled(folder, 3, key=key)
    reader, copy = Reader(folder, key=key.vkey), copy_of(folder)
    grow(log, 1, start=3)
    assert len(reader.refresh()) == 4
    put_back(copy, folder)
    for _ in range(2):
        with pytest.raises(VerificationProblem, match="set back"):
            reader.refresh()
    with pytest.raises(VerificationProblem, match="set back"):
        log.append(at=NOW, event="gate", facts={})


@pytest.mark.parametrize("n_more", [1, 3])
def test_another_history_is_noticed_by_its_reader_and_by_itself(folder, key, n_more):
    log = filled(folder, 3, key=key)
    reader, copy = Reader(folder, key=key.vkey), copy_of(folder)
    grow(log, 1, start=3)
    reader.refresh()
    grow(Log.open(copy, key), n_more, start=3, event="another")
    put_back(copy, folder)
    with pytest.raises(VerificationProblem, match="two views"):
        reader.refresh()
    with pytest.raises(VerificationProblem, match="a moment ago"):
        log.append(at=NOW, event="gate", facts={})


def test_a_fault_leaves_the_reader_as_it_was(folder, key):
    log = filled(folder, 2, key=key)
    reader = Reader(folder, key=key.vkey)
    before = reader.refresh()
    grow(log, 1, start=2)
    bundle = folder / "tile/entries/000.p/3"
    good = bundle.read_bytes()
    bundle.write_bytes(good[:-1])
    with pytest.raises(VerificationProblem, match="torn"):
        reader.refresh()
    assert reader.size == len(before) == 2
    bundle.write_bytes(good)
    assert len(reader.refresh()) == 3


# Witnesses


def cosigned(folder: Path, key: NoteKey, *witnesses: NoteKey, at: datetime = NOW) -> None:
    _, note = open_checkpoint((folder / "checkpoint").read_bytes(), key=log_key(key.vkey), where="x")
    own = tuple(line for line in note.signatures if line.name == key.name)
    lines = tuple(cosign(note.text, key=one, at=at) for one in witnesses)
    keep_cosigned(folder, Note(note.text, (*own, *lines)), key=key.vkey)


def test_a_reader_tells_what_witnesses_vouch_for(folder, key):
    log, one, other = filled(folder, 5, key=key), NoteKey.new("w1"), NoteKey.new("w2")
    known = {"first": one.cosigner_vkey, "second": other.cosigner_vkey}
    reader = Reader(folder, key=key.vkey)
    assert reader.witnessed(known).size == 0
    cosigned(folder, key, one, at=NOW)
    grow(log, 2, start=5)
    seen = reader.witnessed(known)
    assert (seen.size, seen.at) == (5, {"first": NOW})
    later = NOW + timedelta(minutes=1)
    cosigned(folder, key, other, at=later)
    seen = reader.witnessed(known)
    assert (seen.size, seen.at) == (7, {"second": later})
    cosigned(folder, key, one, at=later)  # the same tree: both lines stay
    assert reader.witnessed(known).at == {"first": later, "second": later}
    assert set(verify(folder, key=key.vkey, witnesses=known).cosigned) == {"first", "second"}
    assert verify(folder, key=key.vkey).unchecked == ("w1", "w2")
    grow(log, 1, start=7)
    assert len(reader.refresh()) == 8


def test_witnesses_who_saw_more_or_something_else_are_a_fault(folder, key):
    log, witness = filled(folder, 2, key=key), NoteKey.new("w")
    known, copy = {"w": witness.cosigner_vkey}, copy_of(folder)
    grow(log, 1, start=2)
    cosigned(folder, key, witness)
    (copy / "checkpoint.witnessed").write_bytes((folder / "checkpoint.witnessed").read_bytes())
    fork = Reader(copy, key=key.vkey)
    with pytest.raises(VerificationProblem, match="its witnesses saw 3"):
        fork.witnessed(known)
    with pytest.raises(VerificationProblem, match="signed for 3 before"):
        Log.open(copy, key)
    with pytest.raises(VerificationProblem, match="saw 3 entries"):
        verify(copy, key=key.vkey, witnesses=known)
    (copy / "checkpoint.witnessed").unlink()
    grow(Log.open(copy, key), 2, start=2, event="another")
    (copy / "checkpoint.witnessed").write_bytes((folder / "checkpoint.witnessed").read_bytes())
    with pytest.raises(VerificationProblem, match="two views"):
        Reader(copy, key=key.vkey).witnessed(known)
    cosigned_note = Note.parse((folder / "checkpoint.witnessed").read_bytes(), where="x")
    with pytest.raises(VerificationProblem, match="not of this log"):
        keep_cosigned(copy, cosigned_note, key=key.vkey)


def test_a_key_stolen_for_a_moment_cannot_shorten_a_log(folder, key):
    """A checkpoint that is signed and smaller is refused all the same."""
    filled(folder, 3, key=key)
    reader = Reader(folder, key=key.vkey)
    reader.refresh()
    (folder / "checkpoint").write_bytes(Checkpoint(ORIGIN, 0, tree_head([])).signed(key))
    with pytest.raises(VerificationProblem, match="set back"):
        reader.refresh()
