"""What a log does with the cosignatures of its witnesses, and what it sends them."""

import base64
from pathlib import Path

from tallyroll.ledger import files, merkle, tilefiles
from tallyroll.ledger.checkpoints import log_key, open_checkpoint
from tallyroll.ledger.notes import Note, Signature
from tallyroll.vocab.errors import VerificationProblem


def request_of(folder: Path, *, key: str, old: int, checkpoint: bytes) -> bytes:
    """What a witness that saw `old` entries is asked: to cosign this checkpoint of the log.

    Source: C2SP tlog-witness v1.0.0, add-checkpoint.
    """
    found, _ = open_checkpoint(checkpoint, key=log_key(key), where=str(folder / files.CHECKPOINT))
    path = merkle.consistency_path(tilefiles.tree(folder, found.size), old=old, size=found.size)
    lines = [f"old {old}", *(base64.b64encode(step).decode() for step in path), "", ""]
    return "\n".join(lines).encode() + checkpoint


def keep_cosigned(folder: Path, note: Note, *, key: str) -> None:
    """Put a cosigned checkpoint beside the log, and in the place of its own where it has not grown meanwhile.

    Of two for the same tree the lines of both are kept, the newer one of each witness. An older one changes nothing.
    Raises: VerificationProblem when it is not of this log.
    """
    verifier, where = log_key(key), str(folder / files.WITNESSED)
    with files.locked(folder):
        now, _ = tilefiles.newest_checkpoint(folder, key=verifier)
        found, _ = open_checkpoint(note.data, key=verifier, where=where)
        if not tilefiles.begins(folder, now, found):
            what, mend = "This cosigned checkpoint is not of this log.", "Keep it, and ask the log's owner."
            raise VerificationProblem(what, where=where, mend=mend)
        held = tilefiles.witnessed_checkpoint(folder, key=verifier)
        if held is not None:
            older, before = held
            if older.size > found.size:
                return
            if older == found:
                note = joined(before, note)
        files.replace(folder / files.WITNESSED, note.data)
        if found.size == now.size:
            files.replace(folder / files.CHECKPOINT, note.data)


def joined(before: Note, note: Note) -> Note:
    """The note with the signatures of an earlier one of the same text, where it has no newer ones of the same keys."""
    lines: dict[tuple[str, bytes], Signature] = {}
    for one in (*before.signatures, *note.signatures):
        lines[one.name, one.key_id] = one
    return Note(note.text, tuple(lines.values()))
