"""A journal: one JSON line per event, each holding the hash of the line before, forced to disk before we go on.

A changed, added, moved or removed line shows, except at the very end: whoever may write the file may cut its tail or
forge a new one, so keep the last digest elsewhere. A line without its line feed was never acknowledged: it is a write
that a crash tore, readers pass over it and the next writer cuts it off.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tallyroll.vocab.errors import UsageProblem, VerificationProblem

START = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: its place in the journal (from 1), when, what kind, and the facts as plain values."""

    place: int
    at: datetime
    event: str
    facts: Mapping[str, object]


def _line(*, previous: str, place: int, at: datetime, event: str, facts: Mapping[str, object]) -> bytes:
    record = {"place": place, "at": at.isoformat(), "event": event, "facts": facts, "previous": previous}
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _last_line(handle: int) -> bytes:
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
            return tail[:whole].rsplit(b"\n", 1)[-1]
    os.ftruncate(handle, 0)
    return b""


def append(journal: Path, *, at: datetime, event: str, facts: Mapping[str, object]) -> Entry:
    """Write one event at the end of the journal; it is on disk when this returns. One writer at a time, by lock.

    Raises: UsageProblem when it cannot be written (no room, no right), VerificationProblem when its end is broken.
    """
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(journal, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            last = _last_line(handle)
            place = _place_of(last, journal) + 1 if last else 1
            line = _line(previous=_digest(last) if last else START, place=place, at=at, event=event, facts=facts)
            _write(handle, line + b"\n")
        finally:
            os.close(handle)
        if place == 1:
            _sync_folder(journal.parent)
    except OSError as error:
        raise UsageProblem(
            f"The journal cannot be written: {error.strerror}. What was to be written down was not done.",
            where=str(journal),
            mend="Make room, or name a place that can be written.",
        ) from error
    return Entry(place, at, event, facts)


def _place_of(line: bytes, journal: Path) -> int:
    try:
        return int(json.loads(line)["place"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _broken(f"{journal} last line") from error


def _write(handle: int, line: bytes) -> None:
    """All of the line, on disk, or none of it: a disk that is full takes a part and refuses the rest."""
    end = os.lseek(handle, 0, os.SEEK_END)
    written = 0
    try:
        while written < len(line):
            written += os.write(handle, line[written:])
        os.fsync(handle)
    except OSError:
        with suppress(OSError):  # a tail that stays is torn: the next writer cuts it off
            os.ftruncate(handle, end)
        raise


def _sync_folder(folder: Path) -> None:
    """Put a new file's name on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def entries(journal: Path) -> Iterator[Entry]:
    """Every event in order, each checked against the one before; VerificationProblem names the first bad line."""
    previous = START
    try:
        with journal.open("rb") as lines:
            for place, text in enumerate(lines, start=1):
                if not text.endswith(b"\n"):
                    return
                line = text[:-1]
                yield _entry(line, place=place, previous=previous, journal=journal)
                previous = _digest(line)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageProblem(f"The journal cannot be read: {error.strerror}.", where=str(journal)) from error


def _entry(line: bytes, *, place: int, previous: str, journal: Path) -> Entry:
    try:
        record = json.loads(line)
        if record["previous"] == previous and record["place"] == place:
            return Entry(place, datetime.fromisoformat(record["at"]), record["event"], record["facts"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _broken(f"{journal} line {place}") from error
    raise _broken(f"{journal} line {place}")


def _broken(where: str) -> VerificationProblem:
    return VerificationProblem(
        "This line does not follow from the line before it.",
        where=where,
        mend="The journal was changed or torn here. Restore it from a copy; do not edit it.",
    )


def verify(journal: Path) -> int:
    """The number of events, when every line follows from the line before; VerificationProblem otherwise."""
    return sum(1 for _ in entries(journal))
