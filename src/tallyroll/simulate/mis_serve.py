"""Running the simulated service: in this process, or in a child of its own so that it shares no loop with a client."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection

import aiohttp
import msgspec
from aiohttp import web

from tallyroll.simulate.mis import ROOT, app
from tallyroll.simulate.mis_awkward import Awkward
from tallyroll.simulate.mis_world import Control, SchoolSource, World
from tallyroll.vocab.errors import UsageProblem

STARTING_S = 60.0  # a child that has not bound its port by then never will
STOPPING_S = 10.0


@dataclass(frozen=True, slots=True)
class Mis:
    """A running service: where it listens. `base_url` is what a connector is given."""

    host: str
    port: int
    token: str

    @property
    def base_url(self) -> str:
        """The root of the API."""
        return f"http://{self.host}:{self.port}{ROOT}"

    async def control(self, control: Control) -> None:
        """Change the running world; UsageProblem says why it would not."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"http://{self.host}:{self.port}/control"
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(url, data=msgspec.json.encode(control)) as answer,
        ):
            if answer.status != 200:
                raise UsageProblem((await answer.text()), where=url, mend="See simulate.mis_world.Control.")


@asynccontextmanager
async def running(
    world: World, *, host: str = "127.0.0.1", port: int = 0, other_port: int | None = None
) -> AsyncIterator[Mis]:
    """The service in this process, on a free port where none is given; `other_port` adds another region's domain."""
    runner = web.AppRunner(app(world), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        bound = await _bind(runner, host, port)
        if other_port is not None:
            world.other_domain = f"{host}:{await _bind(runner, host, other_port)}"
        yield Mis(host, bound, world.token)
    finally:
        await runner.cleanup()


async def _bind(runner: web.AppRunner, host: str, port: int) -> int:
    before = set(runner.addresses)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise UsageProblem(f"The port {port} cannot be used.", where=host, mend="Choose another one.") from error
    return int(next(address for address in runner.addresses if address not in before)[1])


async def serve(
    source: SchoolSource,
    *,
    now: datetime,
    host: str = "127.0.0.1",
    port: int = 0,
    seed: int = 1,
    token: str = "synthetic-token",  # noqa: S107 - not a secret: everything behind it is made up
    awkward: Sequence[Awkward] = (),
    bound: Callable[[Mis], None] = lambda _: None,
) -> None:
    """Run the service until cancelled; `bound` is called once with where it listens.

    `awkward` behaviours are switched on for every school; `Mis.control` does it school by school.
    """
    world = World(source, now=now, seed=seed, token=token)
    world.apply(Control(awkward=list(awkward)))
    async with running(world, host=host, port=port) as mis:
        bound(mis)
        await asyncio.Event().wait()


@contextmanager
def child(open_source: Callable[[], SchoolSource], *, now: datetime, seed: int = 1, port: int = 0) -> Iterator[Mis]:
    """The service in a process of its own, ended with the block. `open_source` must be picklable.

    The child also ends when this process dies, for then its end of the pipe closes.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_child, args=(theirs, open_source, now, seed, port), daemon=True)
    process.start()
    theirs.close()
    try:
        yield _started(ours)
    finally:
        ours.close()
        process.join(STOPPING_S)
        if process.is_alive():
            process.terminate()
            process.join()


def _started(pipe: "Connection[object, object]") -> Mis:
    try:
        if pipe.poll(STARTING_S):
            mis = pipe.recv()
            if isinstance(mis, Mis):
                return mis
    except EOFError:
        pass
    raise UsageProblem("The simulated information system did not start.", mend="See its message above.")


def _child(
    pipe: "Connection[object, object]", open_source: Callable[[], SchoolSource], now: datetime, seed: int, port: int
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the pipe
    asyncio.run(_serve_until_closed(pipe, open_source(), now, seed, port))


async def _serve_until_closed(
    pipe: "Connection[object, object]", source: SchoolSource, now: datetime, seed: int, port: int
) -> None:
    closed = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), closed.set)
    serving = asyncio.create_task(serve(source, now=now, seed=seed, port=port, bound=pipe.send))
    waiting = asyncio.create_task(closed.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if serving.done():
        serving.result()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
