"""A witness: it remembers how far each log has come, and cosigns only what follows from that.

Source: C2SP tlog-witness v1.0.0. Its memory is one file a log: the last checkpoint it cosigned, on disk before it
answers. A witness that loses its memory can be led to cosign two histories: keep the folder.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from tallyroll.ledger import files, merkle
from tallyroll.ledger.checkpoints import Checkpoint, cosign, cosigned_at, decimal, log_key
from tallyroll.ledger.merkle import EMPTY_ROOT, HASH_BYTES, LONGEST_PATH
from tallyroll.ledger.notes import COSIGNATURE, Note, NoteKey, Verifier, unbase64
from tallyroll.vocab.errors import VerificationProblem

_OLD = re.compile(r"old (\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness answers: an HTTP status and a body."""

    status: int
    body: str
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class _Asked:
    old: int
    path: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


class Witness:
    """A witness with its memory in a folder, for the logs whose keys it was given (by origin)."""

    def __init__(self, folder: Path, key: NoteKey, logs: Mapping[str, str]) -> None:
        self.name, self.vkey = key.name, key.cosigner_vkey
        self.origins = tuple(logs)
        self._folder, self._key = folder, key
        self._logs: dict[str, Verifier] = {origin: log_key(vkey) for origin, vkey in logs.items()}
        with files.writing(folder):
            files.make_folder(folder)

    def add_checkpoint(self, body: bytes, *, now: datetime) -> Answer:
        """Cosign the checkpoint in the request when it follows from the last one; otherwise say why not.

        Raises: UsageProblem or VerificationProblem when the memory cannot be written or read: then nothing is cosigned.
        """
        try:
            asked = _parse(body)
        except (ValueError, VerificationProblem) as error:
            return Answer(400, f"This request is out of form: {error}\n")
        log = self._logs.get(asked.checkpoint.origin)
        if log is None:
            return Answer(404, "This witness does not know that log.\n")
        try:
            asked.note.check(log, where="checkpoint")
        except VerificationProblem as problem:
            return Answer(403, f"{problem}\n")
        if asked.old > asked.checkpoint.size:
            return Answer(400, "The old size is above the new one.\n")
        with files.locked(self._folder):
            return self._advance(asked, log, now=now)

    def _advance(self, asked: _Asked, log: Verifier, *, now: datetime) -> Answer:
        origin = asked.checkpoint.origin
        last = self._last(origin)
        if asked.old != last.size:
            return Answer(409, f"{last.size}\n", "text/x.tlog.size")
        follows = merkle.is_consistent(
            old=last.size,
            size=asked.checkpoint.size,
            old_root=last.root,
            root=asked.checkpoint.root,
            path=asked.path,
        )
        if not follows:
            return Answer(422, f"This checkpoint does not follow from the one of size {last.size}.\n")
        mine = cosign(asked.note.text, key=self._key, at=now)
        logs = tuple(one for one in asked.note.signatures if log.is_author_of(one))
        files.replace(self._path(origin), Note(asked.note.text, (*logs, mine)).data)
        return Answer(200, mine.line)

    def latest(self, origin_hash: str) -> bytes | None:
        """The last checkpoint cosigned for the log whose origin has this SHA-256, or None."""
        for origin in self._logs:
            if sha256(origin.encode()).hexdigest() == origin_hash:
                return files.read(self._path(origin))
        return None

    def _last(self, origin: str) -> Checkpoint:
        """The last checkpoint cosigned; that of an empty log where there was none."""
        path = self._path(origin)
        data = files.read(path)
        if data is None:
            return Checkpoint(origin, 0, EMPTY_ROOT)
        where = str(path)
        note = Note.parse(data, where=where)
        mine = self._key.verifier(COSIGNATURE)
        if not cosigned_at(note, {self.name: mine}, where=where):
            mend = "Restore the folder. A witness without its memory must not cosign."
            raise VerificationProblem("This memory of a witness is not its own.", where=where, mend=mend)
        return Checkpoint.of(note, where=where)

    def _path(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()}.checkpoint"


def _parse(body: bytes) -> _Asked:
    """The parts of an add-checkpoint request; ValueError or VerificationProblem when it is out of form."""
    head, blank, rest = body.partition(b"\n\n")
    first, *steps = head.decode("ascii").split("\n")
    old = _OLD.fullmatch(first)
    if not blank or old is None or len(steps) > LONGEST_PATH:
        raise ValueError("it begins with `old SIZE`, a proof of at most 63 lines and a blank line")
    path = tuple(map(unbase64, steps))
    if any(len(step) != HASH_BYTES for step in path):
        raise ValueError("a line of the proof is not a hash")
    note = Note.parse(rest, where="checkpoint")
    return _Asked(decimal(old[1]), path, note, Checkpoint.of(note, where="checkpoint"))
