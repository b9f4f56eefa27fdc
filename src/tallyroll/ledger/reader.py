"""Following a log's folder: every entry, proved against the log's own signature, and the word of its witnesses."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import RLock

from tallyroll.ledger import files, merkle, tilefiles
from tallyroll.ledger.checkpoints import cosigned_at, log_key, open_checkpoint, witness_keys
from tallyroll.ledger.entries import Entry, entry_of
from tallyroll.ledger.notes import Verifier
from tallyroll.ledger.tiles import Frontier
from tallyroll.vocab.errors import VerificationProblem


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What witnesses vouch for: the first `size` entries, and when each of them said so last."""

    size: int = 0
    at: Mapping[str, datetime] = field(default_factory=dict)


class Reader:
    """A view of a log that only ever grows, and remembers what it saw for as long as it lives."""

    def __init__(self, folder: Path, *, key: str) -> None:
        self._folder = folder
        self._key: Verifier = log_key(key)
        self._read = b""
        self._frontier = Frontier()
        self._root = merkle.EMPTY_ROOT
        self._entries: tuple[Entry, ...] = ()
        self._lock = RLock()  # permits are checked in several threads
        self._witnessed: tuple[bytes, Mapping[str, str], Witnessed] | None = None

    @property
    def size(self) -> int:
        """How many entries have been seen and proved."""
        return len(self._entries)

    def refresh(self) -> tuple[Entry, ...]:
        """All entries up to the present checkpoint. Cheap when nothing changed: one small file is read.

        Raises: UsageProblem where there is no log; VerificationProblem on a wrong signature, a torn or missing file, a
            root that the entries do not have, and a log that forgot or changed what was seen before.
        """
        with self._lock:
            data = tilefiles.read_checkpoint(self._folder)
            if data != self._read:
                self._follow(data)
            return self._entries

    def _follow(self, data: bytes) -> None:
        where = os.fspath(self._folder / files.CHECKPOINT)
        found, _ = open_checkpoint(data, key=self._key, where=where)
        if found.size < self.size:
            what = f"This log holds {found.size} entries, and held {self.size} before: it was set back."
            raise VerificationProblem(what, where=where, mend="Restore the newest copy from a mirror.")
        frontier, new = self._frontier.copy(), []
        for index, leaf, file in tilefiles.leaves(self._folder, start=self.size, size=found.size):
            frontier.add(merkle.leaf_hash(leaf))
            new.append(entry_of(leaf, index=index, where=file))
        root = frontier.root()
        if root != found.root:
            what = f"The {found.size} entries are not those that the log signed for."
            if self.size:
                what += f" Either one after {self.size} was changed, or one before: two views of one log."
            mend = "`tallyroll ledger verify` says where. Restore it from a mirror."
            raise VerificationProblem(what, where=where, mend=mend)
        self._read, self._frontier, self._root = data, frontier, root
        self._entries = (*self._entries, *new)

    def witnessed(self, witnesses: Mapping[str, str]) -> Witnessed:
        """What these witnesses (verifier keys by name) vouch for; nothing, when no cosigned checkpoint is there.

        Raises: VerificationProblem when a cosignature is wrong, or stands below a log that is not ours.
        """
        path = self._folder / files.WITNESSED
        with self._lock:
            data = files.read(path)
            if data is None:
                return Witnessed()
            if self._witnessed is None or self._witnessed[:2] != (data, witnesses):
                self._witnessed = (data, dict(witnesses), self._check_witnessed(data, witnesses, where=str(path)))
            return self._witnessed[2]

    def _check_witnessed(self, data: bytes, witnesses: Mapping[str, str], *, where: str) -> Witnessed:
        found, note = open_checkpoint(data, key=self._key, where=where)
        at = cosigned_at(note, witness_keys(witnesses), where=where)
        if found.size > self.size:
            self.refresh()  # it may have grown between two questions
        if found.size > self.size:
            what = f"This log holds {self.size} entries, and its witnesses saw {found.size}: it was set back."
            raise VerificationProblem(what, where=where, mend="Restore the newest copy from a mirror.")
        if not self.holds(found.size, found.root.hex()):
            what = f"The witnesses saw other entries than these {found.size}: two views of one log."
            raise VerificationProblem(what, where=where, mend="Keep both copies, and ask the log's owner.")
        return Witnessed(found.size, at)

    @property
    def root(self) -> str:
        """The root of the tree of the entries that were seen, in hexadecimal."""
        return self._root.hex()

    def holds(self, size: int, root: str) -> bool:
        """Whether the first `size` entries have this root: the tiles give a proof, and our own root decides."""
        path = merkle.consistency_path(tilefiles.tree(self._folder, self.size), old=size, size=self.size)
        old = bytes.fromhex(root)
        return merkle.is_consistent(old=size, size=self.size, old_root=old, root=self._root, path=path)

    def document(self, sha256: str) -> bytes:
        """A document that an entry names; VerificationProblem when it is missing or is not what its name says."""
        return files.document(self._folder, sha256)
