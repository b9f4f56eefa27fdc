"""Reading an answer of somebody else's server: all of it, and never more than one is ready for."""

import aiohttp

from tallyroll.vocab.errors import VerificationProblem

_CHUNK = 64 * 1024


async def body_of(answer: aiohttp.ClientResponse, *, limit: int) -> bytes:
    """The whole body; VerificationProblem as soon as it is longer than `limit` bytes."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > limit:
            what = f"The answer has more than {limit:,} bytes."
            raise VerificationProblem(what, where=str(answer.url), mend="Nothing was changed here. Ask who sent it.")
    return bytes(body)
