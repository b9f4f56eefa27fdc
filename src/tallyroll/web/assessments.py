"""The public door of the assessments: every version from the first moment, all that follows from it, and the ledger.

It reads the ledger, verified, and nothing else; what somebody withdraws stays here with the reason.
"""

import asyncio
import mimetypes
from collections.abc import Mapping
from html import escape
from pathlib import Path

from aiohttp import web

from tallyroll.governance import Assessments
from tallyroll.governance.records import collection_documents
from tallyroll.governance.roles import Roles
from tallyroll.vocab.clock import Clock, today
from tallyroll.vocab.errors import VerificationProblem

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "X-Content-Type-Options": "nosniff",
}
mimetypes.add_type("application/ld+json", ".jsonld")


class Shelf:
    """The documents of every collection in a ledger, made anew when the ledger has grown or the day has changed."""

    def __init__(self, folder: Path, roles: Roles, clock: Clock) -> None:
        self._assessments, self._clock = Assessments(folder, roles), clock
        self._made: tuple[object, Mapping[str, Mapping[str, bytes]]] | None = None

    def documents(self) -> Mapping[str, Mapping[str, bytes]]:
        """The files of each collection by their paths; VerificationProblem when the ledger does not hold."""
        standing, on = self._assessments.standing(), today(self._clock)
        if self._made is None or self._made[0] != (standing.size, standing.witnessed, on):
            entries = self._assessments.entries()
            made = {
                name: collection_documents(history, entries, on=on)
                for name, history in standing.histories.items()
                if name
            }
            self._made = ((standing.size, standing.witnessed, on), made)
        return self._made[1]


def add_routes(application: web.Application, folder: Path, roles: Roles, *, clock: Clock) -> None:
    """Serve `/assessments/…` and, for whoever wants to verify or mirror it, `/ledger/…`."""
    shelf = Shelf(folder, roles, clock)

    async def held() -> Mapping[str, Mapping[str, bytes]]:
        try:
            return await asyncio.to_thread(shelf.documents)
        except VerificationProblem as problem:  # what cannot be verified is not shown as if it could
            raise web.HTTPServiceUnavailable(text=f"The ledger does not hold. {problem}") from problem

    async def index(_: web.Request) -> web.Response:
        names = sorted(await held())
        if len(names) == 1:
            raise web.HTTPFound(f"/assessments/{names[0]}/")
        links = "".join(f'<li><a href="/assessments/{escape(name)}/">{escape(name)}</a>' for name in names)
        text = f"<!doctype html><html lang=en><title>Assessments</title><h1>Assessments</h1><ul>{links}</ul>"
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    async def document(request: web.Request) -> web.Response:
        found = (await held()).get(request.match_info["collection"], {})
        name = request.match_info["name"] or "index.html"
        if name not in found:
            raise web.HTTPNotFound(text="There is no such document.")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        charset = "utf-8" if kind.startswith("text/") else None
        return web.Response(body=found[name], content_type=kind, charset=charset, headers=HEADERS)

    application.router.add_get("/assessments", index)
    application.router.add_get("/assessments/{collection}/{name:.*}", document)
    application.router.add_static("/ledger", folder, follow_symlinks=False)
