"""Small logs for tests, and the tree of RFC 6962 once more, in its own words: by recursion over the list of leaves."""

import atexit
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from tallyroll.ledger import Log, NoteKey

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
ORIGIN = "schools.example/gate"
KEY = NoteKey.new(ORIGIN)
NEARLY_FULL = 245  # entries: soon a first tile will be full


def filled(folder: Path, n: int, *, key: NoteKey = KEY, document: bytes | None = None) -> Log:
    """A new log of `n` entries, the last of which names the document."""
    if n >= NEARLY_FULL and key is KEY and document is None:
        shutil.copytree(_nearly_full(), folder)
        log = Log.open(folder, key)
        grow(log, n - NEARLY_FULL, start=NEARLY_FULL)
        return log
    log = Log.found(folder, key)
    grow(log, n - 1 if document else n)
    if document:
        facts = {"letter": {"document": log.keep_document(document)}}
        log.append(at=NOW + timedelta(seconds=n), event="letter", facts=facts)
    return log


@cache
def _nearly_full() -> Path:
    """A log to copy: making it waits for the disk some seconds."""
    folder = Path(tempfile.mkdtemp(prefix="tallyroll-ledger-"))
    atexit.register(shutil.rmtree, folder)
    log = Log.found(folder / "log", KEY)
    grow(log, NEARLY_FULL)
    return folder / "log"


def grow(log: Log, n: int, *, start: int = 0, event: str = "gate") -> None:
    """Append `n` entries, one a second."""
    for number in range(start, start + n):
        log.append(at=NOW + timedelta(seconds=number), event=event, facts={"n": number})


def tree_head(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\x01" + tree_head(leaves[:k]) + tree_head(leaves[k:])).digest()


def subproof(m: int, leaves: list[bytes], *, is_whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2."""
    if m == len(leaves):
        return [] if is_whole else [tree_head(leaves)]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m <= k:
        return [*subproof(m, leaves[:k], is_whole=is_whole), tree_head(leaves[k:])]
    return [*subproof(m - k, leaves[k:], is_whole=False), tree_head(leaves[:k])]


def files_of(folder: Path) -> list[Path]:
    """Every file of a log that is not empty."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
