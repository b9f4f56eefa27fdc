"""The manifest of the scan side: which files it consists of, and what each was made of. Nothing else belongs to it.

One file, `manifest.json`, replaced at a stroke. A reader opens it once, and locks what it has opened against removal:
the manifest that is replaced stays under the name `manifest-<generation>.json`, with all files that it names, until no
reader holds it any more. The system lifts a reader's lock when its process dies, so nothing needs a period of grace.
"""

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import finalize

import msgspec

from tallyroll.register.keys import Authority
from tallyroll.register.scan.side import ANEW, ScanSide, said_plainly
from tallyroll.vocab.durable import sync
from tallyroll.vocab.errors import UsageProblem, VerificationProblem

VERSION = 1
_NAME = "manifest.json"
_DRAFT = "manifest.draft"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file: its place under the scan side's folder, digest, size, rows, and the digest of what it was made of."""

    name: str
    sha256: str
    n_bytes: int
    n_rows: int
    of: str


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files of one authority and academic year; weeks by the month of their Monday, `2026-09`.

    `epoch` names the key. `revisions` says of what the files were made: each school's revision, by URN, and when that
    was received (microseconds since 1970).
    """

    year: int
    la: str
    epoch: int
    schools: File
    roll: File
    months: dict[str, File]
    revisions: dict[int, tuple[int, int]]

    @property
    def place(self) -> tuple[int, str]:
        """The year and the authority."""
        return self.year, self.la

    @property
    def files(self) -> tuple[File, ...]:
        """Every file of it."""
        return (self.schools, self.roll, *self.months.values())


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of the scan side; `generation` counts its states.

    `waiting` are years of authorities that were destroyed with what was forgotten: they are made again before anybody
    may read them.
    """

    version: int
    generation: int
    parts: tuple[Part, ...]
    waiting: tuple[tuple[int, str], ...] = ()

    @property
    def by_place(self) -> dict[tuple[int, str], Part]:
        """The parts by their years and authorities."""
        return {part.place: part for part in self.parts}


NOTHING = Manifest(VERSION, 0, ())


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Held:
    """A manifest that is held open: as long as this lives, none of its files is removed by a compaction."""

    manifest: Manifest


def hold(side: ScanSide) -> Held:
    """The scan side as it stands now, held.

    Raises: UsageProblem when there is none yet; VerificationProblem when its manifest is torn or foreign.
    """
    path = side.folder / _NAME
    while True:
        try:
            handle = os.open(path, os.O_RDONLY)
        except FileNotFoundError as error:
            mend = "Run `tallyroll store compact`."
            raise UsageProblem("The store has no scan side yet.", where=str(path), mend=mend) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            if _is_at(handle, path):  # else it was replaced before the lock, and its files may be gone
                held = Held(_parsed(os.pread(handle, os.fstat(handle).st_size, 0), path))
                finalize(held, os.close, handle)
                return held
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def current(side: ScanSide) -> Manifest:
    """The scan side as it stands now, for whoever has it locked; nothing where there is none."""
    path = side.folder / _NAME
    return _parsed(path.read_bytes(), path) if path.exists() else NOTHING


def commit(side: ScanSide, manifest: Manifest) -> None:
    """Make this the scan side, at one stroke and durably. For whoever has it locked; its files are on disk already."""
    folder, draft = side.folder, side.folder / _DRAFT
    with said_plainly(folder):
        for inner in {(folder / file.name).parent for part in manifest.parts for file in part.files}:
            sync(inner)
    side.put(_DRAFT, msgspec.json.encode(manifest))
    with said_plainly(folder):
        now = folder / _NAME
        if now.exists():
            with suppress(FileExistsError):
                os.link(now, folder / f"manifest-{manifest.generation - 1}.json")
        draft.replace(now)
        sync(folder)


def remove(side: ScanSide) -> None:
    """Make the scan side nothing at all, whatever its manifest said. For whoever has it locked."""
    with said_plainly(side.folder):
        (side.folder / _NAME).unlink(missing_ok=True)
        sync(side.folder)


def sweep(side: ScanSide, *, spare_readers: bool = True) -> None:
    """Remove every file and key that the scan side does not name, nor any earlier state of it that a reader holds.

    For whoever has it locked. `spare_readers` false: what was forgotten goes, whoever may be reading.
    """
    with said_plainly(side.folder):
        states = [current(side), *_earlier(side, spare_readers=spare_readers)]
        _remove_files(side.folder, {file.name for one in states for part in one.parts for file in part.files})
        keys = {(Authority(part.la, part.epoch), part.year) for one in states for part in one.parts}
        for holder, year in side.ring.authorities():
            if (holder, year.start) not in keys:
                side.ring.destroy(holder, year)


def _earlier(side: ScanSide, *, spare_readers: bool) -> Iterator[Manifest]:
    """The earlier states that a reader holds; those that nobody does are removed."""
    for path in side.folder.glob("manifest-*.json"):
        if spare_readers and _is_held(path):
            yield _parsed(path.read_bytes(), path)
        else:
            path.unlink()


def _is_held(path: Path) -> bool:
    with path.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _remove_files(folder: Path, named: Collection[str]) -> None:
    for path in [*folder.glob("*/*/*"), *folder.glob(_DRAFT)]:
        if path.relative_to(folder).as_posix() not in named:
            path.unlink()
    for inner in [*folder.glob("*/*/"), *folder.glob("*/")]:
        with suppress(OSError):  # it is not empty
            inner.rmdir()


def _parsed(data: bytes, path: Path) -> Manifest:
    try:
        found = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        what = "This is not the manifest of a scan side, or it is torn."
        raise VerificationProblem(what, where=str(path), mend=ANEW) from error
    if found.version != VERSION:
        what = f"This scan side has version {found.version}; this Tallyroll reads version {VERSION} only."
        raise VerificationProblem(what, where=str(path), mend=ANEW)
    return found


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
