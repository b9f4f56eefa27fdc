"""Checkpoints: a log's signed word on how large it is and what is in it; and the cosignatures of its witnesses.

Source: C2SP tlog-checkpoint v1.0.0, tlog-cosignature v1.0.1 (Ed25519).
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tallyroll.ledger.merkle import HASH_BYTES
from tallyroll.ledger.notes import COSIGNATURE, PLAIN, Note, NoteKey, Signature, Verifier, unbase64
from tallyroll.vocab.errors import UsageProblem, VerificationProblem

LARGEST_SIZE = 2**63 - 1
_LATEST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log of this origin holds so many entries, and this is their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, key: NoteKey) -> bytes:
        """The checkpoint as a note, signed by its log."""
        return f"{self.text}\n{key.sign(self.text)}".encode()

    @classmethod
    def of(cls, note: Note, *, where: str) -> "Checkpoint":
        """What a note says, whoever signed it; VerificationProblem when it is no checkpoint."""
        origin, size, root, *more = (*note.text.removesuffix("\n").split("\n"), "", "")
        try:
            found = cls(origin, decimal(size), unbase64(root))
            if origin and len(found.root) == HASH_BYTES and all(more[:-2]):
                return found
        except ValueError:
            pass
        mend = "Restore it from a mirror; do not edit it."
        raise VerificationProblem("This note is not a checkpoint.", where=where, mend=mend)


def decimal(text: str) -> int:
    """A size in plain decimal digits, without zeros before it; ValueError for anything else."""
    if not _DECIMAL.fullmatch(text) or int(text) > LARGEST_SIZE:
        raise ValueError(text)
    return int(text)


def log_key(vkey: str) -> Verifier:
    """The key of a log; UsageProblem when it is a witness's."""
    return _of_kind(vkey, PLAIN, "a log")


def witness_key(vkey: str) -> Verifier:
    """The key of a witness; UsageProblem when it is a log's."""
    return _of_kind(vkey, COSIGNATURE, "a witness")


def witness_keys(vkeys: Mapping[str, str]) -> dict[str, Verifier]:
    """The keys of witnesses, by name; UsageProblem when one is a log's."""
    return {name: witness_key(vkey) for name, vkey in vkeys.items()}


def _of_kind(vkey: str, kind: int, whose: str) -> Verifier:
    key = Verifier.parse(vkey)
    if key.kind != kind:
        raise UsageProblem(
            f"The key of '{key.name}' is not that of {whose}.", mend="`tallyroll ledger key` makes both."
        )
    return key


def open_checkpoint(data: bytes, *, key: Verifier, where: str) -> tuple[Checkpoint, Note]:
    """The checkpoint in these bytes and its note, once the log's signature was verified.

    Raises: VerificationProblem when the form, the signature or the origin is wrong.
    """
    note = Note.parse(data, where=where)
    note.check(key, where=where)
    found = Checkpoint.of(note, where=where)
    if found.origin != key.name:
        mend = "Give the key of this log, or the folder of that one."
        raise VerificationProblem(f"This checkpoint is of {found.origin}, not of {key.name}.", where=where, mend=mend)
    return found, note


def cosign(text: str, *, key: NoteKey, at: datetime) -> Signature:
    """A witness's word that it saw this checkpoint at this time, and nothing that contradicts it."""
    time = int(at.timestamp())
    blob = time.to_bytes(8) + key.private.sign(_cosigned(text, time))
    return Signature(key.name, key.verifier(COSIGNATURE).key_id, blob)


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosigned_at(note: Note, witnesses: Mapping[str, Verifier], *, where: str) -> dict[str, datetime]:
    """When each of these witnesses cosigned the note; those that did not are left out.

    Raises: VerificationProblem when a line of theirs does not verify.
    """
    times: dict[str, datetime] = {}
    for name, key in witnesses.items():
        for one in note.signatures:
            if key.is_author_of(one):
                time = int.from_bytes(one.blob[:8])
                if not time <= _LATEST or not key.verifies(one.blob[8:], _cosigned(note.text, time)):
                    mend = "It was changed. Ask the witness for a new one, or restore it from a mirror."
                    raise VerificationProblem(f"The cosignature of {name} does not verify.", where=where, mend=mend)
                times[name] = max(datetime.fromtimestamp(time, UTC), times.get(name, datetime.fromtimestamp(0, UTC)))
    return times
