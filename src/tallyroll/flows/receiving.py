"""The centre's door for tallies: read, ask the gate, check, store whole or not at all, give a receipt.

Nothing of a body is logged or answered, and no file stays of one that was not taken.
"""

import asyncio
import csv
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
from aiohttp import hdrs, web

from tallyroll import submission, tally
from tallyroll.flows import hosting
from tallyroll.governance import Door, Gate, Permit, Request, in_force, require
from tallyroll.submission import LARGEST_PAYLOAD, Claims, Receipt
from tallyroll.tally import Tally
from tallyroll.vocab.clock import Clock, today
from tallyroll.vocab.durable import sync
from tallyroll.vocab.errors import InputProblem, Problem, Refused, UsageProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.places import BY_OLD_CODE

TALLY, RECEIPT = "tally", "receipt.json"
LONGEST_BODY_S = 60.0
LONGEST_REACH = timedelta(days=400)  # more than a permit may reach back, and less than the age of any pupil

_DESKS = ".desks"  # what is being written; nothing in it has a receipt


class Conflict(VerificationProblem):
    """Another payload was taken for the same contributor and revision."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """A centre that takes tallies: for which purpose, from which schools (their old LA codes), and where they stay."""

    gate: Gate
    purpose: str
    contributors: Mapping[Urn, str]
    folder: Path
    clock: Clock


def read_contributors(path: Path) -> dict[Urn, str]:
    """The schools that a CSV file with the columns `urn` and `la` lists, each once."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines, strict=True))
    except FileNotFoundError as error:
        raise UsageProblem("There is no list of contributors here.", where=str(path), mend="Check the path.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputProblem("This is not CSV in UTF-8.", where=str(path), mend="Save it anew.") from error
    found = {}
    for line, row in enumerate(rows, start=2):
        urn, la = row.get("urn") or "", row.get("la") or ""
        if not (urn.isascii() and urn.isdecimal() and len(urn) == 6 and la in BY_OLD_CODE):
            mend = "Write a URN of six digits and an LA code of three, under the heads urn and la."
            raise InputProblem("This is no contributor.", where=f"{path} line {line}", mend=mend)
        if Urn(int(urn)) in found:
            raise InputProblem("This contributor stands twice.", where=f"{path} line {line}", mend="Keep one line.")
        found[Urn(int(urn))] = la
    return found


def take(inbox: Inbox, body: bytes) -> tuple[Receipt, bool]:
    """The receipt for a payload, and whether it is new. It is on disk when this returns.

    The gate is asked for exactly what the payload claims, and the permit checked again just before the tally appears:
    an assessment that is suspended in between keeps it out.
    Raises: Refused by the gate; InputProblem or VerificationProblem for a payload that is none; Conflict.
    """
    claimed = submission.claims(body)
    _check_known(inbox, claimed)
    permit = require(inbox.gate, _request(claimed), authorities=inbox.contributors)
    counts = submission.decode(permit, body, now=inbox.clock.now())
    return _keep(inbox, permit, claimed, Tally(counts.cells, counts.persistent), digest=sha256(body).hexdigest())


def _check_known(inbox: Inbox, claimed: Claims) -> None:
    """What the gate will write down must be ours: a listed purpose and school, and days that are nobody's birthday."""
    day = today(inbox.clock)
    faults = {
        "purpose": claimed.purpose != inbox.purpose,
        "contributor": claimed.contributor not in inbox.contributors,
        "la": inbox.contributors.get(claimed.contributor) != claimed.la,
        "first": claimed.first < day - LONGEST_REACH,
        "last": claimed.last > day,
    }
    place = next((name for name, wrong in faults.items() if wrong), None)
    if place:
        raise InputProblem("This is not one that the centre takes.", where=place, mend="Ask the centre what it takes.")


def _request(claimed: Claims) -> Request:
    return Request(
        door=Door.RECEIVE,
        purpose=claimed.purpose,
        schools=frozenset({claimed.contributor}),
        items=frozenset(),  # no item of a pupil crosses here
        first=claimed.first,
        last=claimed.last,
        characteristics=claimed.breakdowns,
    )


def _keep(inbox: Inbox, permit: Permit, claimed: Claims, held: Tally, *, digest: str) -> tuple[Receipt, bool]:
    place = inbox.folder / str(claimed.contributor) / str(claimed.revision)
    if place.exists():
        return _kept_before(place, digest), False
    (inbox.folder / _DESKS).mkdir(mode=0o700, parents=True, exist_ok=True)
    desk = Path(tempfile.mkdtemp(dir=inbox.folder / _DESKS))
    try:
        tally.save(held, desk / TALLY)
        receipt = Receipt(sha256=digest, stored_at=inbox.clock.now())
        (desk / RECEIPT).write_bytes(msgspec.json.encode(receipt))
        for path in (*(desk / TALLY).iterdir(), desk / TALLY, desk / RECEIPT, desk):
            sync(path)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        permit.check(Door.RECEIVE, now=inbox.clock.now(), schools=[claimed.contributor])
        try:
            desk.rename(place)
        except OSError:
            if not place.exists():
                raise
            return _kept_before(place, digest), False  # the same moment brought another
        sync(place.parent)
        sync(inbox.folder)
        return receipt, True
    finally:
        shutil.rmtree(desk, ignore_errors=True)


def _kept_before(place: Path, digest: str) -> Receipt:
    receipt = msgspec.json.decode((place / RECEIPT).read_bytes(), type=Receipt)
    if receipt.sha256 != digest:
        what = "Another payload of this contributor and revision was taken before."
        raise Conflict(what, where="revision", mend="Count again, which gives a new revision, and submit that.")
    return receipt


def app(inbox: Inbox) -> web.Application:
    """The door over HTTP: `POST /tallies` takes one payload, `GET /health` says whether the door is open."""

    async def health(_: web.Request) -> web.Response:
        try:
            await asyncio.to_thread(in_force, inbox.gate)
        except Refused as no:
            return _answer(200, status="closed", clause=no.clause, reason=no.what)
        return _answer(200, status="open")

    async def post(request: web.Request) -> web.Response:
        body = await _body(request)
        if isinstance(body, web.Response):
            return body
        receipt, new = await asyncio.to_thread(take, inbox, body)
        return web.Response(
            status=201 if new else 200, body=msgspec.json.encode(receipt), content_type="application/json"
        )

    shutil.rmtree(inbox.folder / _DESKS, ignore_errors=True)  # what a crash left, without a receipt
    application = web.Application(middlewares=[_problems], client_max_size=LARGEST_PAYLOAD + 1)
    application.add_routes([web.get("/health", health), web.post("/tallies", post)])
    return application


async def _body(request: web.Request) -> bytes | web.Response:
    """The whole body, or why it was not read."""
    if request.content_type != "application/json" or hdrs.CONTENT_ENCODING in request.headers:
        return _answer(415, reason="A payload is plain application/json.", mend="Send it as it was encoded.")
    try:
        if (request.content_length or 0) <= LARGEST_PAYLOAD:
            async with asyncio.timeout(LONGEST_BODY_S):
                return await request.read()
    except web.HTTPRequestEntityTooLarge:
        pass
    except TimeoutError:
        return _answer(408, reason=f"The body took over {LONGEST_BODY_S:g} seconds.", mend="Send it again.")
    return _answer(413, reason=f"A payload has at most {LARGEST_PAYLOAD:,} bytes.", mend="Send fewer days.")


@web.middleware
async def _problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Problems as answers; what is wrong with this machine is said to nobody outside it."""
    try:
        return await handler(request)
    except Refused as no:
        return _answer(403, clause=no.clause, reason=no.what, mend=no.mend)
    except Conflict as no:
        return _answer(409, place=no.where, reason=no.what, mend=no.mend)
    except (InputProblem, VerificationProblem) as no:
        return _answer(422, place=no.where, reason=no.what, mend=no.mend)
    except (Problem, OSError):
        return _answer(503, reason="The centre cannot keep this now; nothing was kept.", mend="Send it again later.")


def _answer(status: int, /, **facts: str) -> web.Response:
    return web.json_response(facts, status=status)


async def serve(inbox: Inbox, *, host: str, port: int, bound: Callable[[str], None]) -> None:
    """Keep the door open until cancelled; `bound` is told its address.

    Raises: UsageProblem when the port is taken.
    """
    await hosting.serve(app(inbox), host=host, port=port, bound=bound)
