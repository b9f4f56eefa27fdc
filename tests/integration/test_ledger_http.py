"""Witnesses and mirrors over real HTTP."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from tests.lib.ledgers import KEY, NOW, ORIGIN, files_of, filled, grow

from tallyroll.flows.mirroring import Mirrored, mirror
from tallyroll.flows.witnessing import WitnessAt, WitnessSettings, app, cosign, serve
from tallyroll.ledger import Log, NoteKey, Reader, Witness, verify, write_key
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.errors import InputProblem, SourceProblem, UsageProblem, VerificationProblem

W1, W2 = NoteKey.new("w1.example"), NoteKey.new("w2.example")


@asynccontextmanager
async def running(made: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(made, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def witness_app(folder: Path, key: NoteKey) -> web.Application:
    return app(Witness(folder, key, {ORIGIN: KEY.vkey}), clock=FixedClock(NOW))


Spoil = Callable[[str, bytes], bytes | int]


def files_app(folder: Path, spoil: Spoil = lambda _, data: data) -> web.Application:
    """Any web server for files, which may spoil what it hands out or answer with a status."""

    async def get(request: web.Request) -> web.Response:
        path = folder / request.match_info["path"]
        if not path.is_file():
            return web.Response(status=404)
        body = spoil(request.match_info["path"], path.read_bytes())
        return web.Response(status=body) if isinstance(body, int) else web.Response(body=body)

    made = web.Application()
    made.add_routes([web.get("/{path:.*}", get)])
    return made


def mirrored(folder: Path, copy: Path, spoil: Spoil = lambda _, data: data) -> Mirrored:
    async def run() -> Mirrored:
        async with running(files_app(folder, spoil)) as url:
            return await mirror(url, copy, key=KEY.vkey)

    return asyncio.run(run())


# Witnesses


def test_witnesses_cosign_a_log_as_it_grows_and_one_that_is_down_is_named(tmp_path):
    log = filled(tmp_path / "log", 3, key=KEY)
    known = {"one": W1.cosigner_vkey, "two": W2.cosigner_vkey}

    async def run() -> None:
        async with running(witness_app(tmp_path / "m1", W1)) as first:
            asked = [WitnessAt("one", known["one"], first), WitnessAt("two", known["two"], "http://127.0.0.1:1")]
            done = await cosign(log.folder, key=KEY.vkey, witnesses=asked)
            assert (done.size, dict(done.by)) == (3, {"one": NOW})
            assert "cannot be reached" in done.missing["two"]
            grow(log, 30, start=3)
            async with running(witness_app(tmp_path / "m2", W2)) as second:
                asked[1] = WitnessAt("two", known["two"], second)
                done = await cosign(log.folder, key=KEY.vkey, witnesses=asked)
                assert (done.size, set(done.by), dict(done.missing)) == (33, {"one", "two"}, {})

    asyncio.run(run())
    found = verify(log.folder, key=KEY.vkey, witnesses=known)
    assert (found.witnessed, set(found.cosigned)) == (33, {"one", "two"})
    assert (log.folder / "checkpoint").read_bytes() == (log.folder / "checkpoint.witnessed").read_bytes()
    assert Reader(log.folder, key=KEY.vkey).witnessed(known).at == {"one": NOW, "two": NOW}


def test_fewer_than_the_quorum_change_nothing(tmp_path):
    log = filled(tmp_path / "log", 3, key=KEY)

    async def run() -> None:
        async with running(witness_app(tmp_path / "m1", W1)) as url:
            asked = [WitnessAt("one", W1.cosigner_vkey, url), WitnessAt("two", W2.cosigner_vkey, url)]
            done = await cosign(log.folder, key=KEY.vkey, witnesses=asked, quorum=2)
            assert set(done.by) == {"one"}
            assert "own signature" in done.missing["two"]

    asyncio.run(run())
    assert not (log.folder / "checkpoint.witnessed").exists()


def test_a_witness_that_saw_more_or_another_history_does_not_cosign(tmp_path):
    log = filled(tmp_path / "log", 3, key=KEY)
    shutil.copytree(log.folder, tmp_path / "old")
    fork = Log.found(tmp_path / "fork", KEY)
    grow(fork, 9, event="another")

    async def run() -> None:
        async with running(witness_app(tmp_path / "m1", W1)) as url:
            asked = [WitnessAt("one", W1.cosigner_vkey, url)]
            grow(log, 2, start=3)
            await cosign(log.folder, key=KEY.vkey, witnesses=asked)
            back = await cosign(tmp_path / "old", key=KEY.vkey, witnesses=asked)
            assert "saw 5 entries" in back.missing["one"]
            other = await cosign(fork.folder, key=KEY.vkey, witnesses=asked)
            assert "answers 422" in other.missing["one"]

    asyncio.run(run())


def test_a_witness_says_what_it_is_and_hands_out_what_it_cosigned(tmp_path):
    log = filled(tmp_path / "log", 3, key=KEY)

    async def run() -> None:
        async with running(witness_app(tmp_path / "m", W1)) as url, aiohttp.ClientSession() as session:
            latest = f"{url}/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
            async with session.get(latest) as answer:
                assert answer.status == 404
            await cosign(log.folder, key=KEY.vkey, witnesses=[WitnessAt("one", W1.cosigner_vkey, url)])
            async with session.get(latest) as answer:
                assert await answer.read() == (log.folder / "checkpoint.witnessed").read_bytes()
            async with session.get(url) as answer:
                assert W1.cosigner_vkey in await answer.text()
            async with session.post(f"{url}/add-checkpoint", data=b"x" * 300_000) as answer:
                assert answer.status == 413
            body = b"old 0\n\n" + (log.folder / "checkpoint").read_bytes()
            async with session.post(f"{url}/add-checkpoint", data=body) as answer:
                assert (answer.status, answer.headers["Content-Type"]) == (409, "text/x.tlog.size")

    asyncio.run(run())


def test_a_witness_is_run_from_its_settings(tmp_path):
    write_key(tmp_path / "w.pem", W1.private)
    text = f'name = "w1.example"\nkey = "w.pem"\nmemory = "memory"\nlogs = ["{KEY.vkey}"]\nport = 0\n'
    (tmp_path / "witness.toml").write_text(text, encoding="utf-8")
    settings = WitnessSettings.read(tmp_path / "witness.toml")
    log = filled(tmp_path / "log", 1, key=KEY)

    async def run() -> None:
        bound: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(
            serve(
                settings.witness(),
                clock=FixedClock(NOW),
                host=settings.host,
                port=settings.port,
                bound=bound.set_result,
            )
        )
        url = await bound
        done = await cosign(log.folder, key=KEY.vkey, witnesses=[WitnessAt("one", W1.cosigner_vkey, url)])
        assert done.by == {"one": NOW}
        port = int(url.rpartition(":")[2])
        with pytest.raises(UsageProblem, match="cannot be used"):
            await serve(settings.witness(), clock=FixedClock(NOW), host="127.0.0.1", port=port)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(run())


@pytest.mark.parametrize("text", ["name =", 'name = "a"', 'name="a"\nkey="k"\nmemory="m"\nlogs=["x"]\nextra=1'])
def test_settings_of_a_witness_that_are_wrong_are_refused(tmp_path, text):
    (tmp_path / "witness.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputProblem):
        WitnessSettings.read(tmp_path / "witness.toml")


# Mirrors


def test_a_mirror_is_the_log_again_and_grows_with_it(tmp_path):
    log, copy = filled(tmp_path / "log", 250, key=KEY), tmp_path / "copy"
    assert mirrored(log.folder, copy) == Mirrored(250, 250)
    assert mirrored(log.folder, copy) == Mirrored(250, 0)
    for n, size in ((1, 251), (9, 260)):
        for number in range(n):
            log.append(at=NOW.replace(hour=17), event="gate", facts={"n": number})
        assert mirrored(log.folder, copy) == Mirrored(size, n)
        assert verify(copy, key=KEY.vkey).leftovers == ()
    newest = {"checkpoint", "tile/0/000", "tile/0/001.p/4", "tile/entries/001.p/4", "tile/1/000.p/1"}
    for name in newest:
        assert (copy / name).read_bytes() == (log.folder / name).read_bytes()
    assert Log.open(copy, KEY).origin == ORIGIN


def test_a_mirror_takes_the_cosignatures_along_without_growth(tmp_path):
    log, copy = filled(tmp_path / "log", 3, key=KEY), tmp_path / "copy"
    mirrored(log.folder, copy)

    async def ask() -> None:
        async with running(witness_app(tmp_path / "m", W1)) as url:
            await cosign(log.folder, key=KEY.vkey, witnesses=[WitnessAt("one", W1.cosigner_vkey, url)])

    asyncio.run(ask())
    grow(log, 2, start=3)
    assert mirrored(log.folder, copy) == Mirrored(5, 2)
    seen = Reader(copy, key=KEY.vkey).witnessed({"one": W1.cosigner_vkey})
    assert (seen.size, seen.at) == (3, {"one": NOW})


def held(copy: Path) -> dict[str, bytes]:
    return {path.relative_to(copy).as_posix(): path.read_bytes() for path in files_of(copy)}


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("checkpoint", lambda data: data[:-1]),
        ("checkpoint", lambda data: data.replace(b"\n8\n", b"\n9\n")),
        ("checkpoint", lambda data: data * 1000),
        ("tile/entries/000.p/8", lambda data: data[:-1]),
        ("tile/entries/000.p/8", lambda data: data.replace(b'"n":6', b'"n":7')),
        ("tile/entries/000.p/8", lambda data: data.replace(b'"n":1', b'"n":9')),  # an entry that is held already
        ("tile/entries/000.p/8", lambda data: data + b"\0\0"),
        ("tile/entries/000.p/8", lambda _: 404),
        ("documents/", lambda data: data + b"x"),
        ("documents/", lambda _: 404),
    ],
)
def test_what_comes_spoilt_leaves_the_mirror_as_it_was(tmp_path, name, spoil):
    log, copy = filled(tmp_path / "log", 3, key=KEY), tmp_path / "copy"
    mirrored(log.folder, copy)
    before = held(copy)
    grow(log, 4, start=3)
    log.append(at=NOW.replace(hour=17), event="letter", facts={"document": log.keep_document(b"a letter")})
    with pytest.raises(VerificationProblem):
        mirrored(log.folder, copy, lambda path, data: spoil(data) if path.startswith(name) else data)
    assert held(copy) == before
    assert verify(copy, key=KEY.vkey).leftovers == ()
    assert mirrored(log.folder, copy).size == 8


def test_a_log_set_back_or_with_another_history_leaves_the_mirror_as_it_was(tmp_path):
    log, copy = filled(tmp_path / "log", 3, key=KEY), tmp_path / "copy"
    shutil.copytree(log.folder, tmp_path / "old")
    grow(log, 2, start=3)
    mirrored(log.folder, copy)
    before = held(copy)
    forks = []
    for n in (5, 9):
        fork = Log.found(tmp_path / f"fork{n}", KEY)
        grow(fork, n, event="another")
        forks.append(fork.folder)
    with pytest.raises(VerificationProblem, match="set back"):
        mirrored(tmp_path / "old", copy)
    for fork in forks:
        with pytest.raises(VerificationProblem, match="two views"):
            mirrored(fork, copy)
    assert held(copy) == before
    assert mirrored(log.folder, copy) == Mirrored(5, 0)


def test_trouble_with_the_network_can_be_tried_again(tmp_path):
    log, copy = filled(tmp_path / "log", 3, key=KEY), tmp_path / "copy"
    with pytest.raises(SourceProblem) as caught:
        asyncio.run(mirror("http://127.0.0.1:1", copy, key=KEY.vkey))
    assert caught.value.retriable
    with pytest.raises(SourceProblem) as caught:
        mirrored(log.folder, copy, lambda path, data: 503 if path.startswith("tile") else data)
    assert caught.value.retriable
    with pytest.raises(SourceProblem, match="no log here"):
        mirrored(tmp_path / "nothing", copy)


def test_a_full_bundle_stands_in_for_a_partial_one_that_went_meanwhile(tmp_path):
    """The log grows to a full tile between the checkpoint and the bundle that it promised."""
    log, copy = filled(tmp_path / "log", 255, key=KEY), tmp_path / "copy"
    before = (log.folder / "checkpoint").read_bytes()
    grow(log, 2, start=255)
    shutil.rmtree(log.folder / "tile/entries/000.p", ignore_errors=True)
    found = mirrored(log.folder, copy, lambda path, data: before if path == "checkpoint" else data)
    assert found == Mirrored(255, 255)
    assert verify(copy, key=KEY.vkey).checkpoint.size == 255


def test_two_mirrorings_of_one_folder_do_not_mix(tmp_path):
    log, copy = filled(tmp_path / "log", 3, key=KEY), tmp_path / "copy"

    async def run() -> list[object]:
        async with running(files_app(log.folder)) as url:
            both = (mirror(url, copy, key=KEY.vkey) for _ in range(2))
            return list(await asyncio.gather(*both, return_exceptions=True))

    answers = asyncio.run(run())
    assert Mirrored(3, 3) in answers
    assert all(isinstance(one, Mirrored | UsageProblem) for one in answers)
    assert verify(copy, key=KEY.vkey).checkpoint.size == 3
