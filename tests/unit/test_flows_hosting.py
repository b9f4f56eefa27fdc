"""Small servers: where they answer, and what is said when one does not start."""

import asyncio
import time

import aiohttp
import pytest
from aiohttp import web

from tallyroll.flows.hosting import hosted, serve
from tallyroll.vocab.errors import UsageProblem


def saying(text: str) -> web.Application:
    async def say(_: web.Request) -> web.Response:
        return web.Response(text=text)

    made = web.Application()
    made.add_routes([web.get("/", say)])
    return made


def failing() -> web.Application:
    async def fail(_: web.Application) -> None:
        raise UsageProblem("The key is not here.")

    made = web.Application()
    made.on_startup.append(fail)
    return made


async def said_at(address: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return await answer.text()


def test_each_address_is_that_of_its_application():
    with hosted([saying("one"), saying("two")]) as addresses:
        assert [asyncio.run(said_at(address)) for address in addresses] == ["one", "two"]
    with pytest.raises(aiohttp.ClientConnectionError):
        asyncio.run(said_at(addresses[0]))


def test_an_application_that_does_not_start_says_so_at_once():
    begun = time.monotonic()
    with pytest.raises(UsageProblem, match="The key is not here"), hosted([saying("one"), failing()]):
        raise AssertionError
    assert time.monotonic() - begun < 10


def test_a_port_that_is_taken_is_refused():
    with hosted([saying("one")]) as (address,):
        port = int(address.rpartition(":")[2])
        with pytest.raises(UsageProblem, match=f"The port {port} cannot be used"):
            asyncio.run(serve(saying("two"), host="127.0.0.1", port=port, bound=print))
