"""Proofs in a file of their own, to be checked by anybody who holds the public keys. Source: C2SP tlog-proof v1.

Our proofs carry the entry itself as the extra data, so that the file says what was logged; the hash path proves it.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tallyroll.ledger import merkle, tilefiles
from tallyroll.ledger.checkpoints import Checkpoint, cosigned_at, decimal, log_key, open_checkpoint, witness_keys
from tallyroll.ledger.entries import Entry, entry_of
from tallyroll.ledger.merkle import LONGEST_PATH
from tallyroll.ledger.notes import unbase64
from tallyroll.ledger.tiles import WIDTH
from tallyroll.vocab.errors import UsageProblem, VerificationProblem

_HEAD = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Proof:
    """That entry `index` is in the tree of this checkpoint; `extra` holds the entry's bytes."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def text(self) -> str:
        """The proof as a file."""
        extra = [f"extra {_base64(self.extra)}"] if self.extra else []
        lines = [_HEAD, *extra, f"index {self.index}", *map(_base64, self.path)]
        return "\n".join(lines) + f"\n\n{self.checkpoint}"

    @classmethod
    def parse(cls, text: str, *, where: str) -> "Proof":
        """The proof in a file; VerificationProblem when it is out of form."""
        head, _, checkpoint = text.partition("\n\n")
        try:
            title, *lines = head.split("\n")
            extra = unbase64(lines.pop(0).removeprefix("extra ")) if lines[0].startswith("extra ") else b""
            word, _, index = lines.pop(0).partition(" ")
            path = tuple(map(unbase64, lines))
            if (title, word) == (_HEAD, "index") and len(path) <= LONGEST_PATH and checkpoint:
                return cls(decimal(index), path, checkpoint, extra)
        except (ValueError, IndexError):
            pass
        mend = "Ask for it again: `tallyroll ledger prove`."
        raise VerificationProblem("This is not a proof of a log.", where=where, mend=mend)


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof proves: this entry is in the log, as these witnesses saw."""

    entry: Entry
    checkpoint: Checkpoint
    at: Mapping[str, datetime]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def prove(folder: Path, index: int, *, key: str) -> Proof:
    """The proof that entry `index` is in the log, against the cosigned checkpoint where that reaches so far.

    Raises: UsageProblem when there is no such entry, VerificationProblem when the log does not prove it.
    """
    found, note = tilefiles.newest_checkpoint(folder, key=log_key(key))
    if not 0 <= index < found.size:
        held = f"The log holds entries 0 to {found.size - 1}." if found.size else "The log is empty."
        raise UsageProblem(f"There is no entry {index}.", where=str(folder), mend=held)
    seen = tilefiles.witnessed_checkpoint(folder, key=log_key(key))
    if seen is not None and index < seen[0].size <= found.size:
        found, note = seen
    n, place = divmod(index, WIDTH)
    leaf = tilefiles.bundle(folder, n, width=min(WIDTH, found.size - n * WIDTH))[0][place]
    path = merkle.inclusion_path(tilefiles.tree(folder, found.size), index=index, size=found.size)
    proof = Proof(index, tuple(path), note.data.decode(), leaf)
    check_proof(proof, key=key, where=str(folder))
    return proof


def check_proof(proof: Proof, *, key: str, witnesses: Mapping[str, str] = {}, where: str = "") -> Proved:
    """What the proof proves, by the keys of the log and of the witnesses one trusts.

    Raises: VerificationProblem when it proves nothing.
    """
    found, note = open_checkpoint(proof.checkpoint.encode(), key=log_key(key), where=where)
    leaf = merkle.leaf_hash(proof.extra)
    if not merkle.is_included(leaf, index=proof.index, size=found.size, path=proof.path, root=found.root):
        what = f"This does not prove that the log holds such an entry {proof.index}."
        mend = "The proof was changed, or its log. Ask for it again, and compare with a mirror."
        raise VerificationProblem(what, where=where, mend=mend)
    at = cosigned_at(note, witness_keys(witnesses), where=where)
    return Proved(entry_of(proof.extra, index=proof.index, where=where), found, at)
