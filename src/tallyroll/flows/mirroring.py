"""Mirroring a log over HTTP: a copy that can be verified alone, and that a log which forgets cannot talk round."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tallyroll.flows.fetching import body_of
from tallyroll.ledger import ENTRIES, LARGEST_BUNDLE, LARGEST_NOTE, Copy, growing, path_of
from tallyroll.vocab.errors import SourceProblem, VerificationProblem

LARGEST_DOCUMENT = 32 * 1024 * 1024
WAIT = aiohttp.ClientTimeout(total=60, connect=10)


@dataclass(frozen=True, slots=True)
class Mirrored:
    """How many entries the copy holds now, and by how many it has grown."""

    size: int
    grown: int


async def mirror(url: str, folder: Path, *, key: str, session: aiohttp.ClientSession | None = None) -> Mirrored:
    """Bring the copy in a folder up to the log at an address; whatever fails leaves the copy as it was.

    Raises: SourceProblem when the network or the server fails, VerificationProblem when what comes is torn, is not
        signed, or is another history than the one that is held; UsageProblem when the folder cannot be written.
    """
    async with AsyncExitStack() as stack:
        asking = session
        if asking is None:
            asking = await stack.enter_async_context(aiohttp.ClientSession(timeout=WAIT))
        base = url.rstrip("/")
        # in this order: the log may grow between the two, and its witnesses never saw more than it holds
        cosigned = await _get(asking, f"{base}/checkpoint.witnessed", limit=LARGEST_NOTE)
        checkpoint = await _get(asking, f"{base}/checkpoint", limit=LARGEST_NOTE)
        if checkpoint is None:
            raise SourceProblem("There is no log here.", where=base, mend="Give the address above its `checkpoint`.")
        with growing(folder, key=key, checkpoint=checkpoint, where=f"{base}/checkpoint") as copy:
            await _fill(copy, asking, base)
            copy.commit(cosigned)
            return Mirrored(copy.new.size, copy.new.size - copy.held.size)


async def _fill(copy: Copy, session: aiohttp.ClientSession, base: str) -> None:
    for n, width in copy.bundles():
        data, where = await _first(
            session, base, (path_of(ENTRIES, n, width=width), path_of(ENTRIES, n)), LARGEST_BUNDLE
        )
        copy.take(n, width=width, data=data, where=where)
    for name in copy.documents():
        data, where = await _first(session, base, (f"documents/{name}",), LARGEST_DOCUMENT)
        copy.take_document(name, data=data, where=where)


async def _first(session: aiohttp.ClientSession, base: str, paths: tuple[str, ...], limit: int) -> tuple[bytes, str]:
    """The first of these files that is there: a full bundle stands in for a partial one that has gone."""
    for path in dict.fromkeys(paths):
        data = await _get(session, f"{base}/{path}", limit=limit)
        if data is not None:
            return data, f"{base}/{path}"
    what, mend = "The log signed for this file and does not hand it out.", "Nothing was changed here. Ask its owner."
    raise VerificationProblem(what, where=f"{base}/{paths[0]}", mend=mend)


async def _get(session: aiohttp.ClientSession, url: str, *, limit: int) -> bytes | None:
    """A file, or None where there is none."""
    try:
        async with session.get(url, timeout=WAIT, allow_redirects=False) as answer:
            if answer.status == 404:
                return None
            if answer.status != 200:
                raise SourceProblem(
                    f"The server answers {answer.status}.", where=url, mend="Try later.", retriable=answer.status >= 500
                )
            return await body_of(answer, limit=limit)
    except (TimeoutError, aiohttp.ClientError) as error:
        reason = str(error) or type(error).__name__
        raise SourceProblem(
            f"The log cannot be reached: {reason}.", where=url, mend="Try later.", retriable=True
        ) from error
