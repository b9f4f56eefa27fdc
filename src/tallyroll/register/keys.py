"""Keys: one file of 32 random bytes for each school and academic year, in a folder apart from the store.

The scan side, which is made from the store, has a key for each local authority and academic year in the same folder.

Whoever copies the store without this folder copies nothing that can be read, and a key that is destroyed takes every
copy of its year with it. So back the keys up apart from the store, and keep no copy of a key longer than its year.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tallyroll.vocab.durable import sync
from tallyroll.vocab.errors import UsageProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.periods import AcademicYear

KEY_BYTES = 32
_NAME = re.compile(r"(\d{6})-(\d{4})\d{2}\.key", re.ASCII)
_NAME_OF_AUTHORITY = re.compile(r"la(\d{3})\.(\d+)-(\d{4})\d{2}\.key", re.ASCII)
_OTHERS = 0o077

_Stamp = tuple[int, int]  # inode and time of change: what shows that a file is still the one that was read


@dataclass(frozen=True, slots=True, order=True)
class Authority:
    """A local authority on the scan side: its old code, and the `epoch` since which its key is in use.

    A school that leaves takes nothing with it, so what stays gets a new key, and the old one is destroyed.
    """

    la: str
    epoch: int

    def __str__(self) -> str:
        return f"la{self.la}.{self.epoch}"


Holder = Urn | Authority


class KeyRing:
    """The keys in one folder. Each is read once and remembered for as long as its file stays as it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, tuple[_Stamp, bytes]] = {}
        if folder.exists():
            _check_private(folder, folder.stat().st_mode)

    def key(self, holder: Holder, year: AcademicYear) -> bytes:
        """The key of this school (or authority) and year, made where there is none; on disk when this returns.

        Raises: UsageProblem when it cannot be read or made, or when others can read it.
        """
        found = self.find(holder, year)
        if found is not None:
            return found
        with _said_plainly(self.folder):
            return self._make(self.folder / _name(holder, year))

    def find(self, holder: Holder, year: AcademicYear) -> bytes | None:
        """The key of this school (or authority) and year; None where there is none: none is made to read with."""
        name = _name(holder, year)
        path = os.path.join(self.folder, name)
        try:
            found = os.stat(path)  # plain text: once a block, and a Path takes four times as long
        except FileNotFoundError:
            self._read.pop(name, None)
            return None
        except OSError as error:
            raise _unusable(self.folder, error) from error
        stamp = (found.st_ino, found.st_mtime_ns)
        read = self._read.get(name)
        if read is None or read[0] != stamp:
            _check_private(Path(path), found.st_mode)
            with _said_plainly(self.folder):
                read = self._read[name] = (stamp, _whole(Path(path)))
        return read[1]

    def destroy(self, holder: Holder, year: AcademicYear) -> bool:
        """Whether there was a key, which is now overwritten and gone. Broken off at any moment, call it again."""
        path = self.folder / _name(holder, year)
        self._read.pop(path.name, None)
        with _said_plainly(self.folder):
            remains = list(self.folder.glob(f"{path.stem}.*"))  # what a making that broke off left behind goes too
            for one in remains:
                _overwrite(one)
                one.unlink()
            if remains:
                sync(self.folder)
        return path in remains

    def years(self) -> tuple[tuple[Urn, AcademicYear], ...]:
        """The schools and years of which there is a key, in order."""
        return tuple(sorted((Urn(int(name[1])), AcademicYear(int(name[2]))) for name in self._names(_NAME)))

    def authorities(self) -> tuple[tuple[Authority, AcademicYear], ...]:
        """The authorities and years of the scan side of which there is a key, in order."""
        names = self._names(_NAME_OF_AUTHORITY)
        return tuple(sorted((Authority(one[1], int(one[2])), AcademicYear(int(one[3]))) for one in names))

    def _names(self, form: re.Pattern[str]) -> Iterator[re.Match[str]]:
        names = os.listdir(self.folder) if self.folder.exists() else ()
        return (found for name in names if (found := form.fullmatch(name)))

    def _make(self, path: Path) -> bytes:
        """A new key under this name, or that of another process that was quicker: a name appears with its key whole."""
        if not self.folder.exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync(self.folder.parent)  # a key is of no use in a folder that a power cut takes away
        _check_private(self.folder, self.folder.stat().st_mode)
        draft = path.with_suffix(f".{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, secrets.token_bytes(KEY_BYTES))
            os.fsync(handle)
        finally:
            os.close(handle)
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
        sync(self.folder)
        return _whole(path)


def _name(holder: Holder, year: AcademicYear) -> str:
    return f"{holder}-{year}.key"


def _whole(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise VerificationProblem(
            f"A key has {KEY_BYTES} bytes; this one has {len(key)}.", where=str(path), mend="Restore it from a copy."
        )
    return key


def _overwrite(path: Path) -> None:
    """Put random bytes over a key: were they taken for a key before the file is gone, they would be a good one."""
    handle = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(handle, secrets.token_bytes(KEY_BYTES), 0)
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _said_plainly(folder: Path) -> Iterator[None]:
    """Turn what the system says into words that a person can act on."""
    try:
        yield
    except OSError as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: OSError) -> UsageProblem:
    what = f"The keys of the store cannot be used: {error.strerror}."
    return UsageProblem(what, where=str(folder), mend="See to the rights of the folder and to room on the disk.")


def _check_private(path: Path, mode: int) -> None:
    if mode & _OTHERS:
        raise UsageProblem("Others may read these keys.", where=str(path), mend=f"Run: chmod -R go= '{path}'")
