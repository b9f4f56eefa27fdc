"""The scan side's place on disk: its folder, its keys, its lock, and how a file gets there so that it stays."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EDQUOT, EFBIG, ENOSPC
from hmac import digest
from pathlib import Path

from tallyroll.register.keys import Authority, KeyRing
from tallyroll.register.store import RegisterStore
from tallyroll.vocab.durable import sync
from tallyroll.vocab.errors import InputProblem, Problem, UsageProblem, VerificationProblem
from tallyroll.vocab.periods import AcademicYear

_NO_ROOM = frozenset({ENOSPC, EDQUOT, EFBIG})


@dataclass(frozen=True, slots=True)
class ScanSide:
    """A folder of the scan side, and the ring that holds its keys."""

    folder: Path
    ring: KeyRing

    @classmethod
    def of(cls, store: RegisterStore) -> "ScanSide":
        """The scan side of a store: `<name of the store>.scan` beside it."""
        return cls(store.path.with_name(f"{store.path.name}.scan"), store.ring)

    def bound(self, name: str, epoch: int) -> bytes:
        """What is authenticated with a file: its place, which holds its version, and the epoch of its key."""
        return f"tallyroll scan 1 {name} {epoch}".encode()

    def key(self, name: str, epoch: int, *, make: bool = False) -> bytes:
        """The key of a file: made of its authority's key and its place, so that no two files share one.

        Raises: VerificationProblem when the authority's key is gone and none may be made.
        """
        year, la, _ = name.split("/")
        holder, when = Authority(la, epoch), AcademicYear(int(year[:4]))
        key = self.ring.key(holder, when) if make else self.ring.find(holder, when)
        if key is None:
            raise VerificationProblem("The key of this authority and year is not here.", where=name, mend=ANEW)
        return digest(key, self.bound(name, epoch), "sha256")

    def put(self, name: str, data: bytes) -> None:
        """Write a file, on disk when this returns; only a manifest that names it makes it part of the scan side."""
        path = self.folder / name
        with said_plainly(self.folder):
            _make_folder(path.parent)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(handle)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """A block in which nobody else changes the scan side. The system lifts the lock when its process dies.

        Raises: UsageProblem when somebody else is at it, or when nothing may be written here.
        """
        with said_plainly(self.folder):
            _make_folder(self.folder)
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                what = "Another process is changing the scan side."
                raise UsageProblem(what, where=str(self.folder), mend="Wait for it, then try again.") from error
            yield
        finally:
            os.close(handle)


ANEW = "The scan side is made from the store: remove its folder, then run `tallyroll store compact`."


@contextmanager
def said_plainly(where: Path) -> Iterator[None]:
    """Turn what the system says into words that a person can act on."""
    try:
        yield
    except OSError as error:
        raise _problem(where, error) from error


def _problem(where: Path, error: OSError) -> Problem:
    if error.errno in _NO_ROOM:
        mend = "Make room, then compact again: what was there before still is."
        return InputProblem("There is no room left on the disk.", where=str(where), mend=mend)
    what = f"The scan side may not be written to: {error.strerror}."
    return UsageProblem(what, where=str(where), mend="See to the rights of the folder, then compact again.")


def _make_folder(folder: Path) -> None:
    """Make a folder that only its owner may enter, and those above it, each on disk before what lies in it."""
    if not folder.exists():
        if not folder.parent.exists():
            _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync(folder.parent)
