"""The public door of the assessments, over real HTTP: every version, what follows from it, and the ledger itself."""

import asyncio
import re
from hashlib import sha256

import aiohttp
import pytest
from aiohttp import web
from tests.lib.assessed import enact, house
from tests.lib.builders import CLOCK, manifest

from tallyroll.flows.mirroring import mirror
from tallyroll.flows.office import say
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind
from tallyroll.web import assessments

COLLECTION = "test-attendance"
BASE = f"/assessments/{COLLECTION}/"


@pytest.fixture
def held(tmp_path):
    made = house(tmp_path / "ledger")
    enact(made, manifest())
    return made


def ask(held, *paths, act=None):
    """Status, kind and body of each path, asked of a running server in turn; `act` is given its address at the end."""

    async def run():
        application = web.Application()
        assessments.add_routes(application, held.folder, held.roles, clock=CLOCK)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            answers = []
            async with aiohttp.ClientSession() as session:
                for path in paths:
                    async with session.get(base + path) as answer:
                        answers.append((answer.status, answer.content_type, await answer.read()))
            return answers if act is None else await act(base)
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def withdraw(held):
    keys, facts = [held.keys[Role.APPROVER]], {"reason": "An urgent edit of the second page."}
    say(held.office(CLOCK), Kind.WITHDRAWN, collection=COLLECTION, manifest=manifest(), keys=keys, facts=facts)


def test_one_collection_leads_straight_to_its_page(held):
    ((status, kind, body),) = ask(held, "/assessments")
    assert (status, kind) == (200, "text/html")
    assert manifest().digest.encode() in body


def test_every_link_of_the_catalogue_leads_somewhere(held):
    ((_, _, page),) = ask(held, BASE)
    links = set(re.findall(r'href="([^"#]+)"', page.decode()))
    assert len(links) > 10
    answers = ask(held, *(BASE + link for link in sorted(links)))
    assert {status for status, _, _ in answers} == {200}


def test_the_bytes_that_were_signed_are_there_for_anybody(held):
    ((status, kind, body),) = ask(held, f"{BASE}{manifest().digest}/manifest.json")
    assert (status, kind) == (200, "application/json")
    assert sha256(body).hexdigest() == manifest().digest


def test_a_withdrawn_version_stays_with_the_reason(held):
    withdraw(held)
    (_, _, page), (status, _, _) = ask(held, BASE, f"{BASE}{manifest().digest}/assessment.html")
    assert b"An urgent edit of the second page." in page
    assert status == 200


def test_what_is_not_a_document_is_not_found(held):
    paths = (f"{BASE}nothing.html", "/assessments/another/", "/ledger/../ledger.key", "/ledger/.lock/x")
    assert {status for status, _, _ in ask(held, *paths)} == {404}


def test_a_ledger_that_does_not_hold_is_not_shown(held):
    document = held.folder / "documents" / manifest().digest
    document.write_bytes(document.read_bytes().replace(b"trust", b"nation", 1))
    ((status, _, body),) = ask(held, BASE)
    assert status == 503
    assert manifest().digest.encode() in body


def test_the_ledger_can_be_mirrored_from_the_same_address(held, tmp_path):
    async def copy(base):
        return await mirror(f"{base}/ledger", tmp_path / "mirror", key=held.roles.log_key)

    assert ask(held, act=copy).size == held.log.append(at=CLOCK.moment, event="one more", facts={}).index
