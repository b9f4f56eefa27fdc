"""A journal: one JSON line per event, each holding the hash of the line before, forced to disk before we go on."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tallyroll.vocab.errors import VerificationProblem

START = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: its place in the journal (from 1), when, what kind, and the facts as plain values."""

    place: int
    at: datetime
    event: str
    facts: Mapping[str, object]


def _line(*, previous: str, place: int, at: datetime, event: str, facts: Mapping[str, object]) -> str:
    record = {"place": place, "at": at.isoformat(), "event": event, "facts": facts, "previous": previous}
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def _last_line(handle: int) -> str:
    """The last whole line of the file; a tail torn by a crash is cut off, for it was never acknowledged."""
    size = os.fstat(handle).st_size
    tail = b""
    start = size
    while start > 0:
        step = min(start, 65536)
        start -= step
        tail = os.pread(handle, step, start) + tail
        whole = tail.rfind(b"\n")
        if whole >= 0 and (tail.rfind(b"\n", 0, whole) >= 0 or start == 0):
            os.ftruncate(handle, start + whole + 1)
            return tail[:whole].rsplit(b"\n", 1)[-1].decode()
    os.ftruncate(handle, 0)
    return ""


def append(journal: Path, *, at: datetime, event: str, facts: Mapping[str, object]) -> Entry:
    """Write one event at the end of the journal; it is on disk when this returns. One writer at a time, by lock."""
    journal.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(journal, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        last = _last_line(handle)
        place = json.loads(last)["place"] + 1 if last else 1
        line = _line(previous=_digest(last) if last else START, place=place, at=at, event=event, facts=facts)
        os.lseek(handle, 0, os.SEEK_END)
        os.write(handle, line.encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    return Entry(place, at, event, facts)


def entries(journal: Path) -> Iterator[Entry]:
    """Every event in order, each checked against the one before; VerificationProblem names the first bad line."""
    previous = START
    if not journal.exists():
        return
    with journal.open(encoding="utf-8") as lines:
        for place, text in enumerate(lines, start=1):
            line = text.rstrip("\n")
            try:
                record = json.loads(line)
                whole = record["previous"] == previous and record["place"] == place
                entry = Entry(place, datetime.fromisoformat(record["at"]), record["event"], record["facts"])
            except (ValueError, KeyError, TypeError):
                whole = False
            if not whole:
                raise VerificationProblem(
                    "This line does not follow from the line before it.",
                    where=f"{journal} line {place}",
                    mend="The journal was changed or torn here. Restore it from a copy; do not edit it.",
                )
            previous = _digest(line)
            yield entry


def verify(journal: Path) -> int:
    """The number of events, when every line follows from the line before; VerificationProblem otherwise."""
    return sum(1 for _ in entries(journal))
