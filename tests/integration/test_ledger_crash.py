"""A log under fire: processes that write at once, one that is killed, a disk that is full."""

import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.lib.ledgers import KEY, NEARLY_FULL, NOW, filled, grow

from tallyroll.ledger import Log, Reader, verify, write_key
from tallyroll.vocab.errors import UsageProblem

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tallyroll.ledger import Log, NoteKey, read_key
folder, key_file, name, n = sys.argv[1:]
log = Log.open(Path(folder), NoteKey("schools.example/gate", read_key(Path(key_file))))
for number in range(int(n)):
    facts = {"of": name, "n": number, "document": log.keep_document(f"{name} {number}".encode())}
    log.append(at=datetime(2026, 11, 20, 17, tzinfo=UTC), event="gate", facts=facts)
    print(number, flush=True)
"""


@pytest.fixture
def key():
    return KEY


@pytest.fixture
def busy(tmp_path):
    """A log whose first tile will soon be full."""
    return filled(tmp_path / "log", NEARLY_FULL).folder


@pytest.fixture
def started(tmp_path):
    """Start writers in processes of their own; whatever still runs at the end is killed."""
    write_key(tmp_path / "key.pem", KEY.private)
    running = []

    def start(folder: Path, name: str, n: int) -> subprocess.Popen:
        command = [sys.executable, "-c", WRITER, str(folder), str(tmp_path / "key.pem"), name, str(n)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def test_two_processes_append_at_once_and_nothing_is_lost(busy, started):
    folder, key = busy, KEY
    reader = Reader(folder, key=key.vkey)
    writers = [started(folder, name, 20) for name in "ab"]  # past 256: tiles become full and partial ones go
    while any(writer.poll() is None for writer in writers):
        reader.refresh()  # follows all the while
        time.sleep(0.002)
    assert [writer.wait() for writer in writers] == [0, 0]
    seen = [(one.facts["of"], one.facts["n"]) for one in reader.refresh()[NEARLY_FULL:]]
    assert sorted(seen) == [(name, number) for name in "ab" for number in range(20)]
    assert [number for name, number in seen if name == "a"] == list(range(20))
    assert verify(folder, key=key.vkey).documents == 40


@pytest.mark.parametrize("after", [3, 20])
def test_a_writer_that_is_killed_loses_nothing_it_acknowledged(busy, started, after):
    folder, key = busy, KEY
    writer = started(folder, "a", 10_000)
    said = -1
    for _ in range(after):
        said = int(writer.stdout.readline())
    time.sleep(0.001 * after)  # somewhere within an append
    writer.kill()
    rest = writer.stdout.read().split()
    said = int(rest[-1]) if rest else said
    entries = Reader(folder, key=key.vkey).refresh()
    assert [one.facts["n"] for one in entries[NEARLY_FULL:]][: said + 1] == list(range(said + 1))
    assert len(entries) - NEARLY_FULL - (said + 1) in {0, 1}  # one may be signed for and not yet said
    verify(folder, key=key.vkey)
    log = Log.open(folder, key)
    for _ in range(3):
        log.append(at=entries[-1].at, event="after", facts={})
    assert verify(folder, key=key.vkey).checkpoint.size == len(entries) + 3


@pytest.mark.parametrize("name", ["tile/entries/000.p/4", "tile/0/000.p/4", ".checkpoint.new"])
def test_what_a_crash_left_behind_is_written_over(tmp_path, key, name):
    folder = tmp_path / "log"
    log = filled(folder, 3, key=key)
    (folder / name).write_bytes(b"torn")
    assert verify(folder, key=key.vkey).leftovers == (name,)
    grow(log, 1, start=3)
    assert verify(folder, key=key.vkey).leftovers == ()


def test_a_full_disk_refuses_and_keeps_what_was_there(tmp_path, key):
    folder = tmp_path / "log"
    log = filled(folder, 20, key=key)
    before = (folder / "checkpoint").read_bytes()
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for limit in (0, 100, 300, 700):  # at the document, the checkpoint, the tile or the bundle
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, usual[1]))
            with pytest.raises(UsageProblem, match="was not done"):
                log.append(at=NOW, event="gate", facts={"n": 20})
            with pytest.raises(UsageProblem, match="was not done"):
                log.keep_document(b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        signal.signal(signal.SIGXFSZ, handler)
    assert (folder / "checkpoint").read_bytes() == before
    assert len(Reader(folder, key=key.vkey).refresh()) == 20
    grow(log, 1, start=20)
    found = verify(folder, key=key.vkey)
    assert (found.checkpoint.size, found.documents) == (21, 0)
    assert found.leftovers == ()


def test_a_checkpoint_that_cannot_be_written_refuses_and_the_next_append_goes_on(tmp_path, key):
    """Everything is on disk but the commit: nothing happened."""
    folder = tmp_path / "log"
    log = filled(folder, 2, key=key)
    (folder / ".checkpoint.new").mkdir()
    with pytest.raises(UsageProblem, match="was not done"):
        grow(log, 1, start=2)
    assert len(Reader(folder, key=key.vkey).refresh()) == 2
    (folder / ".checkpoint.new").rmdir()
    assert log.append(at=NOW, event="other", facts={}).index == 2
    assert verify(folder, key=key.vkey).leftovers == ()
