"""Answers as the service writes them: pages, single records, errors."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import msgspec
from aiohttp import web
from yarl import URL

from tallyroll.simulate.mis_awkward import Awkward

DEFAULT_PER_PAGE = 50
ELSEWHERE = "elsewhere.invalid"


class BadQuery(Exception):
    """A parameter that cannot be used: answered with 422; its text is the parameter's name."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Records to be paged: how many there are, and what writes those from one place up to another."""

    n: int
    write: Callable[[int, int], list[bytes]]
    includes: tuple[str, ...] = ()
    bare: bool = False  # a single record, written as it is


def page(request: web.Request, listing: Listing, *, on: Collection[Awkward] = (), largest: int = 5000) -> web.Response:
    """One page of a listing. With 50 records or fewer and no `per_page` there is no pagination object."""
    if listing.bare:
        return single(listing.write(0, 1)[0])
    query = request.query
    per_page = min(_number(query, "per_page", DEFAULT_PER_PAGE), largest)
    start = _start(query, per_page)
    stop = min(start + per_page, listing.n)
    meta: dict[str, object] = {"includes": listing.includes}
    if "per_page" in query or listing.n > DEFAULT_PER_PAGE:
        meta["pagination"] = _pagination(request, start, per_page, more=stop < listing.n, on=on)
    body = b'{"data":[%b],"meta":%b}' % (b",".join(listing.write(start, stop)), msgspec.json.encode(meta))
    return web.Response(body=body, content_type="application/json")


def _start(query: Mapping[str, str], per_page: int) -> int:
    if "cursor" in query and query["cursor"] != "true":
        try:
            return int(urlsafe_b64decode(query["cursor"]))
        except ValueError:
            raise BadQuery("cursor") from None
    return (_number(query, "page", 1) - 1) * per_page


def _number(query: Mapping[str, str], name: str, without: int) -> int:
    text = query.get(name, str(without))
    if not text.isdecimal() or int(text) < 1:
        raise BadQuery(name)
    return int(text)


def _pagination(
    request: web.Request, start: int, per_page: int, *, more: bool, on: Collection[Awkward]
) -> dict[str, object]:
    return {
        "next": str(_place(request, start + per_page, per_page, on=on)) if more else None,
        "previous": str(_place(request, start - per_page, per_page)) if start else None,
        "more": more,
        "per_page": per_page,
        "current_page": start // per_page + 1,
    }


def _place(request: web.Request, start: int, per_page: int, *, on: Collection[Awkward] = ()) -> URL:
    """The address of the page that begins there; it holds the filters of this one."""
    here = request.url
    if Awkward.LOOPING_NEXT in on:
        return here
    if Awkward.FOREIGN_NEXT in on:
        here = here.with_host(ELSEWHERE)
    if "cursor" in request.query:
        return here.update_query(cursor=urlsafe_b64encode(str(max(start, 0)).encode()).decode())
    return here.update_query(page=start // per_page + 1)


def single(record: bytes) -> web.Response:
    """One record."""
    return web.Response(body=b'{"data":%b,"meta":{"includes":[]}}' % record, content_type="application/json")


def error(status: int, message: str, *, headers: Mapping[str, str] | None = None) -> web.Response:
    """An error with a JSON body."""
    return web.json_response({"error": message}, status=status, headers=headers)


def bad_request(name: str) -> web.Response:
    """422, naming the parameter that cannot be used."""
    return web.json_response({"message": "Invalid.", "errors": {name: ["This cannot be used."]}}, status=422)
