"""HTTP servers: one that runs until it is stopped, and small ones that last as long as a block."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from aiohttp import web

from tallyroll.vocab.errors import UsageProblem


def ledger_app(folder: Path) -> web.Application:
    """The files of a ledger, as anybody may copy them."""
    made = web.Application()
    made.router.add_static("/", folder, follow_symlinks=False)
    return made


async def serve(app: web.Application, *, host: str, port: int, bound: Callable[[str], None]) -> None:
    """Serve an application until cancelled; `bound` is told its address.

    Raises: UsageProblem when the port is taken.
    """
    runner = web.AppRunner(app, access_log=None)
    try:
        bound(await _start(runner, host=host, port=port))
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


@contextmanager
def hosted(apps: Sequence[web.Application]) -> Iterator[tuple[str, ...]]:
    """The addresses of these applications, each on a free port of this machine.

    What keeps one from starting is raised here, at once.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runners = [web.AppRunner(app, access_log=None, shutdown_timeout=1.0) for app in apps]

    async def start() -> tuple[str, ...]:
        return tuple([await _start(runner, host="127.0.0.1", port=0) for runner in runners])

    async def stop() -> None:
        for runner in runners:
            await runner.cleanup()

    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result(timeout=30)
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(timeout=30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=30)
        loop.close()


async def _start(runner: web.AppRunner, *, host: str, port: int) -> str:
    """The address at which the application answers from now on."""
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise UsageProblem(f"The port {port} cannot be used.", where=host, mend="Choose another one.") from error
    return f"http://{host}:{runner.addresses[0][1]}"
