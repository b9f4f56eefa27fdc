"""A node sends its tally: the gate is asked, each contributor is encoded by itself and posted, receipts come back."""

from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from ipaddress import ip_address

import aiohttp
import msgspec
import pyarrow.compute as pc
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential
from yarl import URL

from tallyroll import submission, tally
from tallyroll.governance import Door, Gate, Permit, Request, require
from tallyroll.submission import Counts, Receipt
from tallyroll.tally import Tally
from tallyroll.vocab.errors import InputProblem, Problem, Refused, SourceProblem, UsageProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.progress import Advance, unwatched

LARGEST_ANSWER = 2**16
TIMEOUT = aiohttp.ClientTimeout(total=120)
LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a centre that fails is asked again, and the first pause, which doubles."""

    max_tries: int = 5
    backoff_s: float = 0.5


async def submit(
    held: Tally,
    *,
    gate: Gate,
    purpose: str,
    to: str,
    recipient: str,
    patience: Patience = Patience(),
    advance: Advance = unwatched,
) -> tuple[Receipt, ...]:
    """The receipts for a tally: one for each contributor and revision, in their order.

    `recipient` is who answers at the address, by the name that the assessment gives.

    The gate is asked once, for the whole tally, before anything is encoded; the permit is checked at every attempt, so
    that a suspension stops what is under way. What was sent before a failure may be sent again: the centre knows it.
    Raises: Refused by our gate or the centre's; SourceProblem when the centre does not answer; InputProblem or
            VerificationProblem when it does not take a payload, or gives a receipt for another.
    """
    url = _checked(to) / "tallies"
    parts = submission.parts(held)
    permit = _permit(held, gate=gate, purpose=purpose, recipient=recipient)
    receipts: list[Receipt] = []
    async with aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session:
        for part in parts:
            payload = submission.encode(permit, part, now=gate.clock.now())
            async for attempt in _attempts(patience):
                with attempt:
                    permit.check(Door.SEND, now=gate.clock.now(), schools=[_contributor(part)])
                    receipts.append(await _post(session, url, payload))
            advance(len(receipts), len(parts))
    return tuple(receipts)


def _attempts(patience: Patience) -> AsyncRetrying:
    return AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, SourceProblem) and error.retriable),
        stop=stop_after_attempt(patience.max_tries),
        wait=wait_exponential(multiplier=patience.backoff_s, max=LONGEST_PAUSE_S),
        reraise=True,
    )


def _checked(to: str) -> URL:
    """The address, if what is sent there cannot be read on the way."""
    try:
        url = URL(to)
        host = url.host or ""
    except ValueError:
        url, host = URL(), ""
    if not (host and (url.scheme == "https" or (url.scheme == "http" and _is_this_machine(host)))):
        what = "A tally is sent over https, or over http to this machine itself."
        raise UsageProblem(what, where="--to", mend="Write https://… as the centre gave it.")
    return url.with_query(None).with_fragment(None)


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _permit(held: Tally, *, gate: Gate, purpose: str, recipient: str) -> Permit:
    """A permit to send this tally: its schools, days and breakdowns, and no item of a pupil."""
    authorities = tally.contributors(held)
    if not authorities:
        raise InputProblem("The tally is empty.", mend="Count some days first, with `tallyroll tally`.")
    columns = (held.cells["date"], held.persistent["first"], held.persistent["last"])
    days = [day for column in columns for day in pc.unique(column).to_pylist()]
    request = Request(
        door=Door.SEND,
        purpose=purpose,
        schools=frozenset(authorities),
        items=frozenset(),
        first=min(days),
        last=max(days),
        characteristics=tally.breakdowns(held),
        recipient=recipient,
    )
    return require(gate, request, authorities=authorities)


def _contributor(part: Counts) -> Urn:
    table = part.cells if part.cells.num_rows else part.persistent
    return Urn(table["contributor"][0].as_py())


async def _post(session: aiohttp.ClientSession, url: URL, payload: bytes) -> Receipt:
    headers = {"Content-Type": "application/json"}
    where = f"POST {url.host}{url.path}"
    try:
        async with session.post(url, data=BytesIO(payload), headers=headers, allow_redirects=False) as answer:
            status, body = answer.status, await _read(answer)
    except TimeoutError:
        raise SourceProblem("The centre does not answer in time.", where=where, retriable=True) from None
    except (aiohttp.ClientError, OSError) as fault:
        what = f"The connection failed ({type(fault).__name__})."
        raise SourceProblem(what, where=where, mend="Try again later.", retriable=True) from None
    if status not in (200, 201):
        raise _refusal(status, body, where)
    try:
        receipt = msgspec.json.decode(body, type=Receipt)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise SourceProblem("The answer is not a receipt.", where=where, mend="Tell the centre.") from None
    if receipt.sha256 != sha256(payload).hexdigest():
        raise VerificationProblem("The receipt is for another payload.", where=where, mend="Tell the centre.")
    return receipt


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The beginning of the answer, which is all of any that a centre gives."""
    body = b""
    async for part in answer.content.iter_chunked(LARGEST_ANSWER):
        body += part
        if len(body) > LARGEST_ANSWER:
            break
    return body


class _No(msgspec.Struct):
    """How the centre words a refusal."""

    reason: str = "It gives no reason."
    mend: str = ""
    clause: str = ""
    place: str = ""


def _refusal(status: int, body: bytes, where: str) -> Problem:
    """What an answer other than a receipt means."""
    try:
        no = msgspec.json.decode(body, type=_No)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        no = _No()
    said = f"The centre says (HTTP {status}{f', {no.place}' if no.place else ''}): {no.reason}"
    if status == 403:
        return Refused(said, clause=no.clause or "unknown", where=where, mend=no.mend)
    if status == 409:
        return VerificationProblem(said, where=where, mend=no.mend)
    if status in (413, 415, 422):
        return InputProblem(said, where=where, mend=no.mend)
    may_pass = status in (408, 429) or status >= 500
    return SourceProblem(said, where=where, mend=no.mend or "Check the address.", retriable=may_pass)
