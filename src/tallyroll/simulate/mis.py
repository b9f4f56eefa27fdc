"""A simulated management information system: an HTTP server that speaks the Wonde API, version 1.0.

It answers from synthetic schools, whatever their number, at a moment that a control request can move. It gives
names, dates of birth and comments as the real service does, unasked, so that tests can prove that we never take them.
Source: wondeltd/php-client 3.1.4; Edrolo/pywonde meta/wonde.openapi.yaml; payloads as in CLW tests/Fixtures.
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from tallyroll.simulate import mis_faults, mis_marks, mis_roll
from tallyroll.simulate.mis_awkward import Awkward
from tallyroll.simulate.mis_pages import BadQuery, Listing, bad_request, error, page, single
from tallyroll.simulate.mis_stamps import moment
from tallyroll.simulate.mis_world import Access, Asked, Control, World
from tallyroll.vocab.errors import Problem
from tallyroll.vocab.schools import Phase, School

WORLD: web.AppKey[World] = web.AppKey("world", World)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ROOT = "/v1.0"

PHASE_TEXT = {
    Phase.NURSERY: "NURSERY",
    Phase.PRIMARY: "PRIMARY",
    Phase.SECONDARY: "SECONDARY",
    Phase.SPECIAL: "SPECIAL",
    Phase.ALTERNATIVE: "PUPIL REFERRAL UNIT",
}


def app(world: World) -> web.Application:
    """The service over this world."""
    served = web.Application(middlewares=[_guard])
    served[WORLD] = world
    served.router.add_post("/control", _control)
    for access in (Access.PENDING, Access.DECLINED, Access.REVOKED):
        served.router.add_get(f"{ROOT}/schools/{access}", _schools_with(access))
    served.router.add_get(f"{ROOT}/schools/all", _all_schools)
    served.router.add_get(f"{ROOT}/schools", _schools_with(Access.APPROVED))
    served.router.add_get(f"{ROOT}/schools/{{id}}", _school)
    served.router.add_get(f"{ROOT}/meta/schools/{{id}}", _meta)
    served.router.add_get(f"{ROOT}/meta/schools/{{id}}/permissions", _permissions)
    served.router.add_post(f"{ROOT}/schools/{{id}}/request-access", _request_access)
    served.router.add_delete(f"{ROOT}/schools/{{id}}/revoke-access", _revoke_access)
    for path, data in DATA.items():
        served.router.add_get(f"{ROOT}/schools/{{id}}/{path}", _data_handler(data))
    return served


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write the request down, look at its token, and let the world misbehave."""
    world = request.app[WORLD]
    given = request.headers.get("Authorization", "")
    world.asked.append(Asked(request.method, request.path, dict(request.query), bool(given)))
    basic = b64encode(f"{world.token}:".encode()).decode()
    if given not in (f"Bearer {world.token}", f"Basic {basic}"):
        return error(401, "Unauthenticated.")
    urn = world.urn(request.match_info.get("id", ""))
    try:
        if urn is None or not request.path.startswith(f"{ROOT}/schools/"):
            return await handler(request)
        return await mis_faults.answer(world, urn, request, handler)
    except BadQuery as wrong:
        return bad_request(str(wrong))


async def _control(request: web.Request) -> web.Response:
    try:
        request.app[WORLD].apply(msgspec.json.decode(await request.read(), type=Control))
    except (msgspec.MsgspecError, Problem, KeyError, ValueError) as wrong:
        return error(422, f"The control request cannot be used: {wrong}")
    return web.json_response({"success": True})


def _schools_with(access: Access) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        world = request.app[WORLD]
        return _school_page(request, world.schools(access))

    return handler


async def _all_schools(request: web.Request) -> web.Response:
    return _school_page(request, request.app[WORLD].schools())


def _school_page(request: web.Request, schools: list[School]) -> web.Response:
    query = request.query
    wanted = [
        school
        for school in schools
        if query.get("urn", str(school.urn)) == str(school.urn)
        and query.get("la_code", school.laestab.la) == school.laestab.la
    ]
    return page(request, Listing(len(wanted), lambda a, b: [_school_record(request, s) for s in wanted[a:b]]))


def _school_record(request: web.Request, school: School) -> bytes:
    world, urn = request.app[WORLD], school.urn.number
    key = world.key(urn)
    away = world.other_domain and Awkward.WRONG_REGION in world.on(urn)
    domain = world.other_domain if away else request.host
    la, establishment = school.laestab.la, school.laestab.establishment
    record = {
        "id": key,
        "name": school.name,
        "establishment_number": establishment,
        "urn": urn,
        "phase_of_education": PHASE_TEXT[school.phase],
        "la_code": la,
        "timezone": "Europe/London",
        "mis": ("SIMS", "Arbor")[(urn + int(key[-1])) % 2],
        "address": {"address_country": {"code": "GBR", "name": "England"}},
        "extended": {"allows_writeback": False, "audit_approved_at": msgspec.Raw(moment(1_780_000_000))},
        "region": {
            "code": "GBR",
            "domain": domain,
            "school_url": f"{request.scheme}://{domain}{ROOT}/schools/{key}",
            "identifiers": {"la_code": la, "establishment_number": establishment, "urn": urn},
        },
    }
    return msgspec.json.encode(record)


def _found(request: web.Request) -> tuple[World, int]:
    """The world and the school that the request names; 404 where there is none."""
    world = request.app[WORLD]
    urn = world.urn(request.match_info["id"])
    if urn is None:
        raise web.HTTPNotFound(text='{"error":"not_found"}', content_type="application/json")
    return world, urn


async def _school(request: web.Request) -> web.Response:
    world, urn = _found(request)
    school = world.school(urn)
    assert school is not None
    return single(_school_record(request, school))


async def _meta(request: web.Request) -> web.Response:
    world, urn = _found(request)
    approved = world.access(urn) is Access.APPROVED
    custom = Awkward.CUSTOM_CODES in world.on(urn)
    record = {"online": True, "approved": approved, "audited": approved, "custom_attendance_codes": custom}
    return single(msgspec.json.encode(record))


async def _permissions(request: web.Request) -> web.Response:
    world, urn = _found(request)
    approved = world.access(urn) is Access.APPROVED
    rows = [
        msgspec.json.encode({"identity": name, "name": name, "approved": approved, "optional": False})
        for name in ("students.read", "education-details.read", "extended-details.read", "attendance.read")
    ]
    return page(request, Listing(len(rows), lambda a, b: rows[a:b]))


async def _request_access(request: web.Request) -> web.Response:
    world, urn = _found(request)
    state = world.ask(urn)
    return web.json_response({"success": True, "state": state, "message": "The school has been asked."})


async def _revoke_access(request: web.Request) -> web.Response:
    world, urn = _found(request)
    return web.json_response({"success": True, "state": world.withdraw(urn), "message": "Access has ended."})


# ---- data of one school ------------------------------------------------------------------------------------------

Data = Callable[[World, int, web.Request], Listing]


def _data_handler(data: Data) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        world, urn = _found(request)
        if Awkward.WRONG_REGION in world.on(urn) and request.host != world.other_domain:
            return page(request, Listing(0, lambda _a, _b: []))
        return page(request, data(world, urn, request), on=world.on(urn), largest=world.max_per_page)

    return handler


def _window(request: web.Request) -> tuple[int, int]:
    """The moments after and before which the request wants changes."""
    return _second(request, "updated_after", -(2**62)), _second(request, "updated_before", 2**62)


def _second(request: web.Request, name: str, without: int) -> int:
    text = request.query.get(name)
    if text is None:
        return without
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise BadQuery(name) from None
    return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())


def _includes(request: web.Request, known: tuple[str, ...]) -> tuple[str, ...]:
    asked = [name for name in request.query.get("include", "").split(",") if name]
    if any(name not in known for name in asked):
        raise BadQuery("include")
    return tuple(asked)


def _students_on(listing: mis_roll.Listing) -> Data:
    def data(world: World, urn: int, request: web.Request) -> Listing:
        after, before = _window(request)
        includes = _includes(request, mis_roll.INCLUDES)
        found = [s for s in world.students(urn) if s.listing is listing and after < s.updated <= before]
        return Listing(len(found), lambda a, b: [student.json(includes) for student in found[a:b]], includes)

    return data


def _session_marks(world: World, urn: int, request: web.Request) -> Listing:
    includes = _includes(request, ("student", "employee", "attendance_code"))
    positions = world.timeline(urn).between(*_window(request))
    writer = world.marks(urn)
    return Listing(len(positions), lambda a, b: writer.rows(positions[a:b], frozenset(includes)), includes)


def _codes(world: World, urn: int, _request: web.Request) -> Listing:
    rows = mis_marks.codes(world.history(urn))
    return Listing(len(rows), lambda a, b: rows[a:b])


def _summaries(world: World, urn: int, _request: web.Request) -> Listing:
    rows = mis_marks.summaries(world.timeline(urn))
    return Listing(len(rows), lambda a, b: rows[a:b])


def _deletions(world: World, urn: int, request: web.Request) -> Listing:
    after, before = _window(request)
    rows = [row for kind, changed, row in _deleted(world, urn) if after < changed <= before]
    return Listing(len(rows), lambda a, b: rows[a:b])


def _deleted(world: World, urn: int) -> list[tuple[str, int, bytes]]:
    """Every deletion so far: its type, when it last changed, and its JSON."""
    history, now = world.history(urn), int(world.now.timestamp())
    gone = [
        ("student", history.key("student", d.place * 2), d.at, d.restored if d.restored and d.restored <= now else None)
        for d in history.deletions
        if d.at <= now
    ]
    if Awkward.SILENT_RESTORE in history.on:
        gone = [deletion for deletion in gone if deletion[3] is None]
    gone += [("attendance", key, at, None) for key, at in mis_marks.removed(world.timeline(urn), now)]
    return [(kind, restored or at, _deletion(kind, key, at, restored)) for kind, key, at, restored in gone]


def _deletion(kind: str, key: str, at: int, restored: int | None) -> bytes:
    record = {
        "type": kind,
        "id": key,
        "mis_id": key[-6:],
        "deleted_at": msgspec.Raw(moment(at)),
        "restored_at": None if restored is None else msgspec.Raw(moment(restored)),
    }
    return msgspec.json.encode(record)


def _counts(world: World, urn: int, request: web.Request) -> Listing:
    includes = _includes(request, ("students",))
    current = sum(student.listing is mis_roll.Listing.CURRENT for student in world.students(urn))
    counts = msgspec.json.encode({name: {"data": {"count": current}} for name in includes})
    return Listing(1, lambda _a, _b: [counts], includes, bare=True)


DATA: dict[str, Data] = {
    **{str(listing): _students_on(listing) for listing in mis_roll.Listing},
    "attendance/session": _session_marks,
    "attendance-codes": _codes,
    "attendance-summaries": _summaries,
    "deletions": _deletions,
    "counts": _counts,
}
