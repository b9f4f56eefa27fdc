"""Witnesses over HTTP: one to run, and what a log asks of them. Source: C2SP tlog-witness v1.0.0."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, ClassVar

import aiohttp
from aiohttp import web
from pydantic import Field

from tallyroll.flows import hosting
from tallyroll.flows.fetching import body_of
from tallyroll.flows.settings import Settings
from tallyroll.ledger import (
    LARGEST_NOTE,
    Checkpoint,
    Note,
    NoteKey,
    Verifier,
    Witness,
    cosigned_at,
    decimal,
    keep_cosigned,
    log_key,
    newest_checkpoint,
    read_key,
    request_of,
    witness_key,
    witness_keys,
)
from tallyroll.vocab.clock import Clock
from tallyroll.vocab.errors import Problem

WAIT = aiohttp.ClientTimeout(total=20, connect=5)
_TRIES = 3  # the first tells how far the witness is; between the second and that another one may have asked


class WitnessSettings(Settings):
    """A witness: its name and key, where it remembers, the logs it serves."""

    paths: ClassVar[tuple[str, ...]] = ("key", "memory")
    guide: ClassVar[str] = "docs/how-to/run-a-witness.md"

    name: str
    key: Path
    memory: Path
    logs: Annotated[tuple[str, ...], Field(min_length=1)]
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8090

    def witness(self) -> Witness:
        """The witness that these settings describe."""
        logs = {log_key(vkey).name: vkey for vkey in self.logs}
        return Witness(self.memory, NoteKey(self.name, read_key(self.key)), logs)


def app(witness: Witness, *, clock: Clock) -> web.Application:
    """The witness as an application: `POST /add-checkpoint`, `GET /<hash of an origin>/checkpoint`, `GET /`."""

    async def add(request: web.Request) -> web.Response:
        body = await request.read()
        try:
            # in a thread: it waits for the disk
            answer = await asyncio.to_thread(witness.add_checkpoint, body, now=clock.now())
        except Problem as problem:
            return web.Response(status=500, text=f"{problem}\n")
        return web.Response(
            status=answer.status, body=answer.body.encode(), headers={"Content-Type": answer.content_type}
        )

    async def latest(request: web.Request) -> web.Response:
        held = witness.latest(request.match_info["origin"])
        return (
            web.Response(status=404)
            if held is None
            else web.Response(body=held, content_type="text/plain", charset="utf-8")
        )

    async def about(_: web.Request) -> web.Response:
        logs = "".join(f"  {origin}\n" for origin in witness.origins)
        return web.Response(
            text=f"A witness of transparency logs (c2sp.org/tlog-witness).\n{witness.vkey}\nLogs:\n{logs}"
        )

    made = web.Application(client_max_size=2 * LARGEST_NOTE)
    made.add_routes([web.post("/add-checkpoint", add), web.get("/{origin}/checkpoint", latest), web.get("/", about)])
    return made


async def serve(
    witness: Witness, *, clock: Clock, host: str, port: int, bound: Callable[[str], None] = lambda _: None
) -> None:
    """Run a witness until cancelled; `bound` is called once with its address. UsageProblem when the port is taken."""
    await hosting.serve(app(witness, clock=clock), host=host, port=port, bound=bound)


@dataclass(frozen=True, slots=True)
class WitnessAt:
    """A witness and where it is asked."""

    name: str
    vkey: str
    url: str


@dataclass(frozen=True, slots=True)
class Cosigned:
    """Which witnesses cosigned a log of `size` entries and when, and why others did not."""

    size: int
    by: Mapping[str, datetime]
    missing: Mapping[str, str]


async def cosign(log_folder: Path, *, key: str, witnesses: Sequence[WitnessAt], quorum: int = 1) -> Cosigned:
    """Ask each witness to cosign the log as it is now; keep their word beside it when there are enough of them.

    Fewer than `quorum` change nothing: an older checkpoint with enough cosignatures is worth more.
    Raises: UsageProblem where there is no log, VerificationProblem when it is broken.
    """
    found, note = newest_checkpoint(log_folder, key=log_key(key))
    async with aiohttp.ClientSession(timeout=WAIT) as session:
        asked = _Asked(log_folder, key, found, note, session)
        answers = await asyncio.gather(*(_ask(asked, one) for one in witnesses))
    known = witness_keys({one.name: one.vkey for one in witnesses})
    lines = tuple(line for answer in answers if isinstance(answer, Note) for line in answer.signatures)
    by = cosigned_at(Note(note.text, lines), known, where="answers of the witnesses")
    missing = {one.name: answer for one, answer in zip(witnesses, answers, strict=True) if isinstance(answer, str)}
    if len(by) >= quorum:
        own = tuple(one for one in note.signatures if log_key(key).is_author_of(one))
        await asyncio.to_thread(keep_cosigned, log_folder, Note(note.text, (*own, *lines)), key=key)
    return Cosigned(found.size, by, missing)


@dataclass(frozen=True, slots=True)
class _Asked:
    folder: Path
    key: str
    found: Checkpoint
    note: Note
    session: aiohttp.ClientSession


async def _ask(asked: _Asked, witness: WitnessAt) -> Note | str:
    """The witness's line under the checkpoint, or why there is none."""
    verifier, old = witness_key(witness.vkey), 0
    try:
        for _ in range(_TRIES):
            status, body = await _post(asked, witness.url, old=old)
            if status == 200:
                return _line(asked.note.text, body, verifier)
            if status != 409:
                return f"answers {status}: {body.decode(errors='replace')[:200].strip()}"
            old = decimal(body.decode("ascii").removesuffix("\n"))
            if old > asked.found.size:
                return f"saw {old} entries already, more than the {asked.found.size} of this checkpoint"
    except (TimeoutError, aiohttp.ClientError) as error:
        return f"cannot be reached: {str(error) or type(error).__name__}"
    except ValueError:
        return "answers out of form"
    return "moved on while it was asked"


async def _post(asked: _Asked, url: str, *, old: int) -> tuple[int, bytes]:
    request = request_of(asked.folder, key=asked.key, old=old, checkpoint=asked.note.data)
    async with asked.session.post(f"{url.rstrip('/')}/add-checkpoint", data=request, allow_redirects=False) as answer:
        return answer.status, await body_of(answer, limit=LARGEST_NOTE)


def _line(text: str, body: bytes, verifier: Verifier) -> Note | str:
    """The witness's own lines of its answer, once verified."""
    try:
        note = Note.parse(f"{text}\n".encode() + body, where="answer")
        if cosigned_at(note, {verifier.name: verifier}, where="answer"):
            return Note(text, tuple(one for one in note.signatures if verifier.is_author_of(one)))
    except Problem as problem:
        return f"answers what does not verify: {problem.what}"
    return "does not answer with its own signature"
