"""A log in the hands of its owner: append only, one writer at a time, durable before it answers.

The commit of an append is the atomic replacement of the file `checkpoint`. Whatever it needs is on disk before; what
a crash leaves beyond it was never acknowledged, and the next append writes over it. Every append looks at the
checkpoint first, so that several processes can hold the same log.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from tallyroll.ledger import files, merkle, tilefiles
from tallyroll.ledger.checkpoints import Checkpoint, open_checkpoint
from tallyroll.ledger.entries import Entry, entry_of, leaf_of
from tallyroll.ledger.notes import NoteKey
from tallyroll.ledger.tiles import ENTRIES, WIDTH, Frontier, pack, path_of
from tallyroll.vocab.durable import sync
from tallyroll.vocab.errors import Refused, UsageProblem, VerificationProblem

SLACK = timedelta(seconds=60)
"""How far the clock may be set back between two entries: what keeping a machine's time right may need."""


class Log:
    """A log that is open for appending. Make one with `found` or `open`."""

    folder: Path
    origin: str

    def __init__(self, folder: Path, key: NoteKey) -> None:
        self.folder, self.origin = folder, key.name
        self._key = key
        self._read = b""
        self._frontier = Frontier()
        self._bundle: list[bytes] = []
        self._last: datetime | None = None

    @classmethod
    def found(cls, folder: Path, key: NoteKey) -> "Log":
        """A new, empty log, named and signed by its key.

        Raises: UsageProblem when there is one already, or the folder cannot be written.
        """
        log = cls(folder, key)
        with files.writing(folder):
            files.make_folder(folder)
        with files.locked(folder):
            if files.read(folder / files.CHECKPOINT) is not None:
                raise UsageProblem("There is a ledger here already.", where=str(folder), mend="Name a new folder.")
            log._read = Checkpoint(key.name, 0, merkle.EMPTY_ROOT).signed(key)
            files.replace(folder / files.CHECKPOINT, log._read)
        return log

    @classmethod
    def open(cls, folder: Path, key: NoteKey) -> "Log":
        """The log in a folder.

        Raises: UsageProblem where there is none, VerificationProblem when it is not this key's or its end is broken.
        """
        log = cls(folder, key)
        tilefiles.read_checkpoint(folder)
        with files.locked(folder):
            log._catch_up()
        return log

    def append(self, *, at: datetime, event: str, facts: Mapping[str, object]) -> Entry:
        """Write one entry at the end; it is on disk, and signed for, when this returns.

        Where another process was quicker and `at` lies up to a minute before the last entry, it gets the time of that
        one: time in a ledger never goes back.
        Raises: Refused when `at` is over a minute before the last entry, UsageProblem when it cannot be written,
            VerificationProblem when the end of the log is broken.
        """
        leaf_of(at=at, event=event, facts=facts)  # what cannot be written is refused before anything is locked
        with files.locked(self.folder):
            self._catch_up()
            self._check_clock(at)
            return self._commit(leaf_of(at=max(at, self._last or at), event=event, facts=facts))

    def keep_document(self, content: bytes) -> str:
        """Keep a document beside the log, before the entry that names it, and give its SHA-256. Twice changes nothing.

        Raises: UsageProblem when it cannot be written.
        """
        with files.locked(self.folder):
            return files.put_document(self.folder, content)

    def _catch_up(self) -> None:
        """See what others appended since; the state is that of the checkpoint on disk afterwards."""
        data = tilefiles.read_checkpoint(self.folder)
        if data == self._read:
            return
        where = str(self.folder / files.CHECKPOINT)
        found, _ = open_checkpoint(data, key=self._key.verifier(), where=where)
        self._check_not_set_back(found)
        frontier = tilefiles.frontier(self.folder, found)
        bundle, last = self._end(found.size, frontier)
        self._read, self._frontier, self._bundle, self._last = data, frontier, bundle, last

    def _end(self, size: int, frontier: Frontier) -> tuple[list[bytes], datetime | None]:
        """The entries of the bundle that is not full, and the time of the last entry."""
        if size == 0:
            return [], None
        n, place = divmod(size - 1, WIDTH)
        bundle, where = tilefiles.bundle(self.folder, n, width=place + 1)
        row = frontier.rows[0] or tilefiles.hashes(self.folder, 0, n, width=WIDTH)[0]
        if b"".join(map(merkle.leaf_hash, bundle)) != row:
            mend = "`tallyroll ledger verify` says where; restore it from a mirror."
            raise VerificationProblem("This bundle is not the one that was signed.", where=where, mend=mend)
        return bundle if place + 1 < WIDTH else [], entry_of(bundle[-1], index=size - 1, where=where).at

    def _check_not_set_back(self, found: Checkpoint) -> None:
        """A log that forgot entries it had signed for must not sign again: it would contradict itself."""
        least = self._frontier.size
        seen = tilefiles.witnessed_checkpoint(self.folder, key=self._key.verifier())
        if seen is not None:
            least = max(least, seen[0].size)
        if found.size < least:
            what = f"This ledger holds {found.size} entries, and signed for {least} before."
            mend = "It was set back. Restore the newest copy from a mirror before anything is appended."
            raise VerificationProblem(what, where=str(self.folder), mend=mend)
        if merkle.root(tilefiles.tree(self.folder, found.size), self._frontier.size) != self._frontier.root():
            what, mend = "This ledger is not the one that it was a moment ago.", "Restore it from a mirror."
            raise VerificationProblem(what, where=str(self.folder), mend=mend)

    def _check_clock(self, at: datetime) -> None:
        if self._last is not None and at < self._last - SLACK:
            what = (
                f"The last entry is of {self._last.isoformat()}, this one of {at.isoformat()}: the clock was set back."
            )
            raise Refused(what, clause="clock", where=str(self.folder), mend="Set the clock of this machine right.")

    def _commit(self, leaf: bytes) -> Entry:
        index = self._frontier.size
        frontier, bundle = self._frontier.copy(), [*self._bundle, leaf]
        full = frontier.add(merkle.leaf_hash(leaf))
        new = [*full, *(tile for tile in frontier.edge() if tile.level == len(full))]
        entries = self.folder / path_of(ENTRIES, index // WIDTH, width=len(bundle))
        entry = entry_of(leaf, index=index, where=str(entries))
        files.write(entries, pack(bundle))
        for parent in tilefiles.write_tiles(self.folder, new) | {entries.parent}:
            sync(parent)
        data = Checkpoint(self.origin, frontier.size, frontier.root()).signed(self._key)
        files.replace(self.folder / files.CHECKPOINT, data)
        self._read, self._frontier, self._last = data, frontier, entry.at
        self._bundle = bundle if len(bundle) < WIDTH else []
        tilefiles.drop_partials(self.folder, full)
        return entry
