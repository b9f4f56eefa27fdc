"""How the simulated service fails: late, half, wrong, or not at all."""

from asyncio import sleep
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from tallyroll.simulate.mis_awkward import Awkward, fault
from tallyroll.simulate.mis_pages import bad_request, error
from tallyroll.simulate.mis_world import Access, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

N_BEFORE_REVOKED = 2  # data requests that are still answered when access is withdrawn midway
_STATUS = {
    Awkward.UNAUTHORIZED: (401, "Unauthenticated."),
    Awkward.FORBIDDEN: (403, "Permission has not been granted."),
    Awkward.NOT_FOUND: (404, "Not found."),
    Awkward.SERVER_ERRORS: (503, "Upstream is away."),
}


async def answer(world: World, urn: int, request: web.Request, handler: Handler) -> web.StreamResponse:
    """The answer to a request about one school, once access and misfortune have had their say."""
    if request.method != "GET" or request.path.count("/") == 3:
        return await handler(request)  # the school's own record, and requests for access, are always answered
    if _revokes(world, urn):
        world.withdraw(urn)
    if world.access(urn) is not Access.APPROVED:
        return error(403, "The school has not approved this.")
    name = f"{request.method} {request.path}?{sorted(request.query.items())}"
    struck = fault(
        world.on(urn),
        seed=world.seed,
        request=name,
        attempt=world.attempt(name),
        rate=world.fault_rate,
        burst=world.fault_burst,
    )
    return await (handler(request) if struck is None else _strike(world, struck, request, handler))


def _revokes(world: World, urn: int) -> bool:
    return Awkward.REVOKED in world.on(urn) and world.attempt(f"revoked {urn}") >= N_BEFORE_REVOKED


async def _strike(world: World, struck: Awkward, request: web.Request, handler: Handler) -> web.StreamResponse:
    match struck:
        case Awkward.UNAUTHORIZED | Awkward.FORBIDDEN | Awkward.NOT_FOUND | Awkward.SERVER_ERRORS:
            return error(*_STATUS[struck])
        case Awkward.INVALID:
            return bad_request("include")
        case Awkward.RATE_LIMIT:
            return error(429, "Too many requests.", headers={"Retry-After": str(world.retry_after_s)})
        case Awkward.WRONG_SHAPE:
            return web.json_response({"data": [{"id": {"not": "agreed"}}]})
        case _:
            await sleep(world.slow_s if struck is Awkward.SLOW else 0)
            whole = await handler(request)
            return whole if struck is Awkward.SLOW else await _half(request, whole, closing=struck is Awkward.CUT_OFF)


async def _half(request: web.Request, whole: web.StreamResponse, *, closing: bool) -> web.StreamResponse:
    """Half of an answer: the connection closes in the middle, or the text simply ends."""
    body = whole.body if isinstance(whole, web.Response) else b""
    assert isinstance(body, bytes)
    half = body[: len(body) // 2]
    if not closing:
        return web.Response(body=half, content_type="application/json")
    cut = web.StreamResponse(headers={"Content-Type": "application/json"})
    cut.content_length = len(body)
    with suppress(ConnectionResetError):  # who asked may have gone meanwhile: a collection that was suspended
        await cut.prepare(request)
        await cut.write(half)
    if request.transport is not None:
        request.transport.close()
    return cut
