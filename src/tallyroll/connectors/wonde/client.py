"""The HTTP side: asks, waits, asks again within bounds, follows pages, and gives the token to nobody else.

No message of this module holds the token, a query, or a value from an answer: only addresses and paths of faults.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from random import Random
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import msgspec
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from yarl import URL

from tallyroll.connectors.wonde.misfits import Decodes
from tallyroll.connectors.wonde.records import Meta, Page
from tallyroll.connectors.wonde.settings import Settings
from tallyroll.vocab.errors import SourceProblem

T = TypeVar("T")
Query = Mapping[str, str]

LONGEST_PAUSE_S = 60.0
LARGEST_ANSWER = 256 * 2**20  # bytes; a page of 10,000 students with all includes is about 20 MB
MOST_PAGES = 10_000
READ_AT_ONCE = 2**16
LONG_TO_DECODE = 2**15  # bytes; below, decoding takes less than handing it to a thread


class Missing(SourceProblem):
    """The service knows nothing at this address: the school may have moved to another system."""


class Again(SourceProblem):
    """Asking again may help; `after_s` is how long the service wants us to wait."""

    def __init__(self, what: str, *, where: str, mend: str = "", after_s: float | None = None) -> None:
        super().__init__(what, where=where, mend=mend or "Try again later.", retriable=True)
        self.after_s = after_s


class Client:
    """A session with the service. Use it in an `async with` block."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._open_session: aiohttp.ClientSession | None = None
        self.n_bytes = 0
        """Bytes of all answers so far."""

    async def __aenter__(self) -> Self:
        self._open_session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._settings.token}", "Accept": "application/json"},
            connector=aiohttp.TCPConnector(limit=self._settings.concurrency),
            timeout=aiohttp.ClientTimeout(total=self._settings.timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=READ_AT_ONCE * 4,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open_session is not None:
            await self._open_session.close()

    async def one(self, url: URL, decoder: Decodes[T]) -> T:
        """One record."""
        return await self._ask("GET", url, decoder)

    async def post(self, url: URL, body: bytes, decoder: Decodes[T]) -> T:
        """The answer to a request for access: the only thing we ever post. Asked once, for people may be mailed."""
        return await self._once("POST", url, decoder, body)

    async def pages(self, url: URL, query: Query, decoder: Decodes[Page[Any]]) -> AsyncIterator[list[Any]]:
        """The records of every page in turn. Rows are as the decoder makes them."""
        place, seen = url.update_query({**query, "per_page": str(self._settings.per_page)}), set[URL]()
        while True:
            seen.add(place)
            page = await self._ask("GET", place, decoder)
            yield page.data
            following = _next(page)
            if following is None:
                return
            place = _checked(following, here=url)
            if place in seen or len(seen) >= MOST_PAGES:
                raise SourceProblem(
                    "The pages of this answer go round in a circle.",
                    where=_name("GET", url),
                    mend="Tell Wonde support.",
                )

    async def _ask(self, method: str, url: URL, decoder: Decodes[T]) -> T:
        """The answer, asking again where that may help, at most `max_tries` times."""
        jitter = Random(f"{self._settings.seed} {url}")  # noqa: S311 - spreads load, guards nothing
        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, Again)),
            stop=stop_after_attempt(self._settings.max_tries),
            wait=lambda state: pause_s(
                state.attempt_number, _error_of(state), first_s=self._settings.backoff_s, jitter=jitter
            ),
            reraise=True,
        )
        return await retrying(self._once, method, url, decoder)

    async def _once(self, method: str, url: URL, decoder: Decodes[T], body: bytes | None = None) -> T:
        where = _name(method, url)
        async with self._slots:  # a request's time begins when it is sent, not while it queues
            status, headers, answer = await self._exchange(method, url, body, where)
        if status != 200:
            raise _refusal(status, headers, answer, where)
        try:
            if len(answer) < LONG_TO_DECODE:
                return decoder.decode(answer)
            return await asyncio.to_thread(decoder.decode, answer)
        except msgspec.ValidationError as fault:  # its text names a path and types, never a value
            raise Again(f"The answer is not as agreed: {fault}.", where=where, mend="Tell Wonde support.") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Again(f"The answer is not whole JSON ({len(answer)} bytes).", where=where) from None

    async def _exchange(
        self, method: str, url: URL, body: bytes | None, where: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        if self._open_session is None:
            raise RuntimeError("The connector is used outside its `async with` block.")
        try:
            async with self._open_session.request(method, url, data=body, allow_redirects=False) as answer:
                content = await _read(answer, where)
                self.n_bytes += len(content)
                return answer.status, answer.headers, content
        # `from None`: what aiohttp raises may carry the request's headers, and so the token
        except TimeoutError:
            raise Again(f"No answer within {self._settings.timeout_s:g} seconds.", where=where) from None
        except (aiohttp.ClientError, OSError) as fault:
            raise Again(f"The connection failed ({type(fault).__name__}).", where=where) from None


def _name(method: str, url: URL) -> str:
    """A request for people: what was asked where, without its query."""
    return f"{method} {url.host}{url.path}"


async def _read(answer: aiohttp.ClientResponse, where: str) -> bytes:
    """The answer's body, within bounds."""
    parts, size = [], 0
    async for part in answer.content.iter_chunked(READ_AT_ONCE):
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            raise SourceProblem("The answer is larger than we can take.", where=where, mend="Lower 'per_page'.")
    return b"".join(parts)


def _next(page: Page[Any]) -> str | None:
    pagination = page.meta.pagination if isinstance(page.meta, Meta) else None
    return None if pagination is None or pagination.more is False else pagination.next or None


def _checked(text: str, *, here: URL) -> URL:
    """The next page's address, if it lies at the host that gave this one; anything else would leak the token."""
    try:
        place = URL(text)
        same = place.origin() == here.origin()
    except ValueError:
        same = False
    if not same:
        raise SourceProblem(
            "The next page of this answer lies at another host.",
            where=_name("GET", here),
            mend="We do not follow it, for it would be given the token. Tell Wonde support.",
        )
    return place


def _error_of(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def pause_s(attempt: int, error: BaseException | None, *, first_s: float, jitter: Random) -> float:
    """How long to wait after an attempt (from 1): as the service asks, or twice as long each time, less up to half."""
    if isinstance(error, Again) and error.after_s is not None:
        return min(error.after_s, LONGEST_PAUSE_S)
    longest: float = min(first_s * 2 ** (attempt - 1), LONGEST_PAUSE_S)
    return longest * jitter.uniform(0.5, 1.0)


_REFUSALS: dict[int, tuple[type[SourceProblem], str, str]] = {
    401: (SourceProblem, "The service does not accept our token.", "Set a valid one (token_file or token_env)."),
    403: (
        SourceProblem,
        "The school has not granted this, or no longer does.",
        "Ask the school to approve access to students and attendance, or take it off the list.",
    ),
    404: (Missing, "The service knows nothing by this key.", "List the schools again."),
}


def _refusal(status: int, headers: Mapping[str, str], answer: bytes, where: str) -> SourceProblem:
    """What an answer other than 200 means, and what to do about it."""
    if status in _REFUSALS:
        kind, what, mend = _REFUSALS[status]
        return kind(what, where=where, mend=mend)
    if status in (408, 429) or status >= 500:
        return Again(f"The service is busy or failing (HTTP {status}).", where=where, after_s=_after_s(headers))
    if status == 422:
        what = f"The service does not understand our request{_fields(answer)}."
        return SourceProblem(what, where=where, mend="Lower 'per_page'; if that does not help, report a bug.")
    what = f"The service gives an answer we cannot use (HTTP {status})."
    return SourceProblem(what, where=where, mend="Check 'base_url'.")


def _after_s(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds; its form with a date is passed over for our own pause."""
    text = headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None


def _fields(answer: bytes) -> str:
    """The parameters that a 422 complains of, by name; never what it says of them."""
    try:
        errors = msgspec.json.decode(answer, type=dict[str, msgspec.Raw]).get("errors", msgspec.Raw(b"{}"))
        names = sorted(msgspec.json.decode(errors, type=dict[str, msgspec.Raw]))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return f" ({', '.join(name for name in names if name.replace('_', '').isalnum())})" if names else ""
