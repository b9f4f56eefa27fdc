"""Growing a copy of a log: what somebody hands us is proved as a whole before any of it counts.

What comes in lies in a folder of its own until the tree that it makes has the signed root. Only then is it moved into
place, and the checkpoint last; whatever fails before leaves the old copy as it was.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tallyroll.ledger import files, merkle, tilefiles
from tallyroll.ledger.checkpoints import Checkpoint, log_key, open_checkpoint
from tallyroll.ledger.entries import documents_of, entry_of
from tallyroll.ledger.notes import Verifier
from tallyroll.ledger.tiles import ENTRIES, WIDTH, Tile, pack, path_of, spans, unpack
from tallyroll.vocab.durable import sync
from tallyroll.vocab.errors import VerificationProblem

_INCOMING = ".incoming"


class Copy:
    """A copy of a log on its way from the tree it holds to a newer one."""

    def __init__(self, folder: Path, *, key: Verifier, checkpoint: bytes, where: str) -> None:
        self.folder, self.where = folder, where
        self._key, self._checkpoint = key, checkpoint
        self.new, _ = open_checkpoint(checkpoint, key=key, where=where)
        self.held = self._held()
        _check_grows(self.held, self.new, where)
        self._frontier = tilefiles.frontier(folder, self.held)
        self._incoming = folder / _INCOMING
        self._full: list[Tile] = []
        self._documents: dict[str, None] = {}

    def _held(self) -> Checkpoint:
        if files.read(self.folder / files.CHECKPOINT) is None:
            return Checkpoint(self._key.name, 0, merkle.EMPTY_ROOT)
        return tilefiles.newest_checkpoint(self.folder, key=self._key)[0]

    def bundles(self) -> Iterator[tuple[int, int]]:
        """The number and width of each bundle that is wanted, in order; `take` each before the next."""
        if self.new.size > self.held.size:
            yield from spans(self.new.size, start=self.held.size)

    def take(self, n: int, *, width: int, data: bytes, where: str) -> None:
        """Take in a bundle; VerificationProblem when it is torn, or changes an entry that is held."""
        leaves = unpack(data, width=width, where=where)
        hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
        held = self._frontier.size - n * WIDTH
        if held and b"".join(hashes[:held]) != bytes(self._frontier.rows[0]):
            what = "This bundle changes entries that are held already: two views of one log."
            raise VerificationProblem(what, where=where, mend="Keep both copies, and ask the log's owner.")
        for place in range(held, width):
            entry = entry_of(leaves[place], index=n * WIDTH + place, where=where)
            self._documents |= dict.fromkeys(documents_of(entry.facts))
            for tile in self._frontier.add(hashes[place]):
                self._full.append(tile)
                self._put(tile.path, tile.hashes)
        self._put(path_of(ENTRIES, n, width=width), pack(leaves))

    def documents(self) -> list[str]:
        """The documents that the new entries name and that are not held; `take_document` each.

        Raises: VerificationProblem when the entries that came are not those that were signed.
        """
        root = self._frontier.root()
        if (self._frontier.size, root) != (self.new.size, self.new.root):
            what = f"The {self.new.size} entries that came are not those that the log signed for."
            raise VerificationProblem(what, where=self.where, mend="Nothing was changed here. Ask another mirror.")
        return [name for name in self._documents if not (self.folder / files.DOCUMENTS / name).is_file()]

    def take_document(self, name: str, *, data: bytes, where: str) -> None:
        """Take in a document; VerificationProblem when it is not what its name says."""
        if files.document_name(data) != name:
            what, mend = "This document is not what its name says.", "Nothing was changed here. Ask another mirror."
            raise VerificationProblem(what, where=where, mend=mend)
        self._put(f"{files.DOCUMENTS}/{name}", data)

    def commit(self, cosigned: bytes | None) -> None:
        """Move everything into place, the checkpoint last; then the cosigned checkpoint, if it is newer.

        Raises: VerificationProblem when the cosigned checkpoint is of another log.
        """
        for tile in self._frontier.edge():
            self._put(tile.path, tile.hashes)
        self._move()
        older = self._check_cosigned(cosigned) if cosigned else None
        with files.writing(self.folder):
            files.replace(self.folder / files.CHECKPOINT, self._checkpoint)
            if cosigned and older and older.size >= self._witnessed():
                files.replace(self.folder / files.WITNESSED, cosigned)
        tilefiles.drop_partials(self.folder, self._full)

    def _check_cosigned(self, cosigned: bytes) -> Checkpoint:
        older, _ = open_checkpoint(cosigned, key=self._key, where=self.where)
        tilefiles.check_seen(self.folder, self.new, older, where=self.where)
        return older

    def _witnessed(self) -> int:
        seen = tilefiles.witnessed_checkpoint(self.folder, key=self._key)
        return 0 if seen is None else seen[0].size

    def _put(self, name: str, data: bytes) -> None:
        with files.writing(self.folder):
            files.write(self._incoming / name, data)

    def _move(self) -> None:
        with files.writing(self.folder):
            parents = set()
            for path in sorted(one for one in self._incoming.rglob("*") if one.is_file()):
                place = self.folder / path.relative_to(self._incoming)
                files.make_folder(place.parent)
                path.replace(place)
                parents.add(place.parent)
            for parent in parents:
                sync(parent)


def _check_grows(held: Checkpoint, new: Checkpoint, where: str) -> None:
    """Return when the new checkpoint can follow from the one that is held; larger ones are proved by their entries."""
    if new.size < held.size:
        what = f"The log holds {new.size} entries, and held {held.size} before: it was set back."
    elif new.size == held.size and new.root != held.root:
        what = f"The log shows other entries than the {held.size} that are held: two views of one log."
    else:
        return
    raise VerificationProblem(
        what, where=where, mend="Nothing was changed here. Keep this copy, and ask the log's owner."
    )


@contextmanager
def growing(folder: Path, *, key: str, checkpoint: bytes, where: str) -> Iterator[Copy]:
    """A copy that grows to this checkpoint; what was not committed at the end is thrown away.

    Raises: UsageProblem when another one is at it, VerificationProblem when the checkpoint is not this log's, or older.
    """
    with files.writing(folder):
        files.make_folder(folder)
    with files.locked(folder, wait=False):
        shutil.rmtree(folder / _INCOMING, ignore_errors=True)  # of one that was killed
        try:
            yield Copy(folder, key=log_key(key), checkpoint=checkpoint, where=where)
        finally:
            shutil.rmtree(folder / _INCOMING, ignore_errors=True)
