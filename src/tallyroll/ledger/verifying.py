"""Verifying a whole folder: every file of a log, with nothing but the files and the public keys.

The tree is built anew from the entries and compared with the tiles. Which of the two is at fault the signed root
decides: when the entries have it, a tile was changed; when they have not, an entry was, and the tiles say which.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tallyroll.ledger import files, merkle, tilefiles
from tallyroll.ledger.checkpoints import Checkpoint, cosigned_at, log_key, witness_keys
from tallyroll.ledger.entries import check_form, documents_of, entry_of
from tallyroll.ledger.merkle import HASH_BYTES
from tallyroll.ledger.notes import Note, Verifier
from tallyroll.ledger.tiles import ENTRIES, WIDTH, Frontier, Tile, pack, path_of, place_of, spans
from tallyroll.vocab.errors import VerificationProblem

_OUR_FILES = frozenset({files.CHECKPOINT, files.WITNESSED, files.LOCK})


@dataclass(frozen=True, slots=True)
class Verified:
    """What a folder was found to hold, all of it in order."""

    checkpoint: Checkpoint
    last: datetime | None
    documents: int
    witnessed: int
    """How many entries the cosigned checkpoint covers."""
    cosigned: Mapping[str, datetime]
    """When each witness whose key was given cosigned it."""
    unchecked: tuple[str, ...]
    """Names on signatures whose keys were not given."""
    leftovers: tuple[str, ...]
    """Files that no checkpoint refers to: of a write that was never finished, or somebody else's."""


@dataclass(slots=True)
class _Walk:
    """What is known after the entries have been read."""

    frontier: Frontier
    last: datetime | None
    named: dict[str, str]
    fault: tuple[Tile, str, int] | None = None  # the tile as it should be, its file, the first hash that differs


def verify(folder: Path, *, key: str, witnesses: Mapping[str, str] = {}) -> Verified:
    """Check every byte of the log in a folder, by the key of the log and of the witnesses (by name).

    Raises: UsageProblem where there is no log; VerificationProblem with the file and place of the first fault.
    """
    log = log_key(key)
    known = witness_keys(witnesses)
    checkpoint, note = tilefiles.newest_checkpoint(folder, key=log)
    at, strangers = _signers(note, log, known, where=str(folder / files.CHECKPOINT))
    walk = _walk(folder, checkpoint.size)
    _judge(folder, checkpoint, walk)
    leftovers = _others(folder) + _check_earlier(folder, checkpoint.size)
    documents, more = _check_documents(folder, walk.named)
    witnessed, cosigned = 0, at
    if seen := tilefiles.witnessed_checkpoint(folder, key=log):
        where = str(folder / files.WITNESSED)
        cosigned, others = _signers(seen[1], log, known, where=where)
        tilefiles.check_seen(folder, checkpoint, seen[0], where=where)
        witnessed, strangers = seen[0].size, strangers | others
    return Verified(
        checkpoint=checkpoint,
        last=walk.last,
        documents=documents,
        witnessed=witnessed,
        cosigned=cosigned,
        unchecked=tuple(sorted(strangers)),
        leftovers=tuple(sorted([*leftovers, *more])),
    )


def _signers(
    note: Note, log: Verifier, known: Mapping[str, Verifier], *, where: str
) -> tuple[dict[str, datetime], set[str]]:
    """When each witness signed a checkpoint, and who else did."""
    strangers = note.strangers([log, *known.values()], where=where)
    return cosigned_at(note, known, where=where), set(strangers)


def _walk(folder: Path, size: int) -> _Walk:
    """Read every entry, build the tree, and note the first tile that differs from it."""
    walk = _Walk(Frontier(), None, {})
    for index, leaf, where in tilefiles.leaves(folder, start=0, size=size):
        entry = entry_of(leaf, index=index, where=where)
        check_form(leaf, entry, where=where)
        walk.last = entry.at
        walk.named |= dict.fromkeys(documents_of(entry.facts), f"entry {index}")
        for tile in walk.frontier.add(merkle.leaf_hash(leaf)):
            _compare(folder, tile, walk)
    for tile in walk.frontier.edge():
        _compare(folder, tile, walk)
    return walk


def _compare(folder: Path, tile: Tile, walk: _Walk) -> None:
    found, where = tilefiles.hashes(folder, tile.level, tile.n, width=tile.width)
    if found != tile.hashes and walk.fault is None:
        place = next(at for at, (one, other) in enumerate(zip(found, tile.hashes, strict=True)) if one != other)
        walk.fault = tile, where, place // HASH_BYTES


def _judge(folder: Path, checkpoint: Checkpoint, walk: _Walk) -> None:
    """Return when entries, tiles and the signed root agree; otherwise say which of them is at fault, and where."""
    is_signed = walk.frontier.root() == checkpoint.root
    if is_signed and walk.fault is None:
        return
    mend = "It was changed. Restore it from a mirror; do not edit it."
    if walk.fault is None:
        what = (
            f"The root of these {checkpoint.size} entries is not the one that was signed; their tiles were changed too."
        )
        raise VerificationProblem(what, where=str(folder), mend=mend)
    tile, where, place = walk.fault
    if is_signed:
        what = "This hash is not that of the entries below it."
        raise VerificationProblem(what, where=f"{where} hash {place}", mend=mend)
    reach = WIDTH**tile.level  # leaves below one hash of the tile
    first = (tile.n * WIDTH + place) * reach
    last = min(first + reach, checkpoint.size) - 1
    bundle = path_of(ENTRIES, first // WIDTH, width=min(WIDTH, checkpoint.size - first // WIDTH * WIDTH))
    where = f"{folder / bundle} entry {first}" + (f" to {last}" if last > first else "")
    raise VerificationProblem("This is not what was signed.", where=where, mend=mend)


def _check_earlier(folder: Path, size: int) -> list[str]:
    """Check the tiles kept of earlier sizes against the present ones; the names of files that no size refers to."""
    kinds = [(ENTRIES, 0), *((str(level), level) for level in range(8))]
    widths = {(kind, n): width for kind, level in kinds for n, width in spans(size, level=level)}
    leftovers = []
    for path in (folder / "tile").rglob("*"):
        if path.is_dir():
            continue
        name = path.relative_to(folder).as_posix()
        place = place_of(name)
        now = widths.get(place[:2], 0) if place else 0
        if place is None or place[2] > now:
            leftovers.append(name)
        elif place[2] < now:
            _check_start(folder, path, place, now=now)
    return leftovers


def _check_start(folder: Path, path: Path, place: tuple[str, int, int], *, now: int) -> None:
    """Return when a partial tile is the start of the one that holds `now`; VerificationProblem when it is not."""
    kind, n, width = place
    data = files.read(path)
    if kind == ENTRIES:
        expected = pack(tilefiles.bundle(folder, n, width=now)[0][:width])
    else:
        expected = tilefiles.hashes(folder, int(kind), n, width=now)[0][: width * HASH_BYTES]
    if data not in {expected, None}:  # None: its log removed it since, for the full one is there
        mend = "It was changed, or torn. Remove it when nobody needs the older tree."
        raise VerificationProblem("This is not the start of the tile as it is now.", where=str(path), mend=mend)


def _check_documents(folder: Path, named: Mapping[str, str]) -> tuple[int, list[str]]:
    """Check every document against its name, and that those named by entries are there; how many, and other files."""
    for name, entry in named.items():
        if not (folder / files.DOCUMENTS / name).is_file():
            what, mend = f"The document that {entry} names is not here.", "Restore it from a mirror."
            raise VerificationProblem(what, where=str(folder / files.DOCUMENTS / name), mend=mend)
    held = [path for path in (folder / files.DOCUMENTS).glob("*") if path.is_file()]
    proper = [path for path in held if re.fullmatch(r"[0-9a-f]{64}", path.name)]
    for path in proper:
        files.document(folder, path.name)
    return len(proper), [path.relative_to(folder).as_posix() for path in held if path not in proper]


def _others(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file() and path.name not in _OUR_FILES]
