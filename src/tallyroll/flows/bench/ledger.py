"""The ledger: how fast a log grows on this disk, and its trees and proofs against pymerkle's, both in memory."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Protocol, cast

from tallyroll import ledger
from tallyroll.flows.bench.ground import NOW, SEED
from tallyroll.flows.bench.measuring import Line, Outcome, Ratio, Work, agree, compare, interleave
from tallyroll.ledger import merkle
from tallyroll.ledger.merkle import Node
from tallyroll.ledger.tiles import Frontier, nodes
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.progress import Advance

SIZES, APPENDS, PROOFS, RUNS = (10_000, 100_000), 200, 200, 5
OURS, RIVAL = "ours", "pymerkle"


class _Path(Protocol):
    path: list[bytes]


class _Tree(Protocol):
    """What is used of the rival's tree; it counts leaves from 1."""

    def append_entry(self, data: bytes) -> int: ...
    def get_root(self, size: int | None = None) -> bytes: ...
    def prove_inclusion(self, index: int, size: int | None = None) -> _Path: ...
    def prove_consistency(self, prior_size: int, later_size: int | None = None) -> _Path: ...


def ledger_bench(scale: float, *, folder: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Durable appends a second; leaves, inclusion and consistency proofs a second at each size."""
    new_rival = _rival()
    lines = list(_durable(folder, n=max(1, round(APPENDS * scale)), runs=runs, advance=advance))
    ratios: list[Ratio] = []
    for size in SIZES:
        n = max(2, round(size * scale))
        leaves = [b'{"at":"2026-11-20T16:00:00Z","event":"gate","facts":{"n":%d}}' % number for number in range(n)]
        for what, units, unit, works in _works(leaves, new_rival=new_rival):
            times = interleave(works, runs=runs, advance=advance)
            agree(times)
            lines += [Line(f"{what}, {n:,} leaves: {name}", units, unit, its) for name, its in times.items()]
            ratios.append(_named(compare(OURS, RIVAL, times), f"{what}, {n:,} leaves"))
    return Outcome(tuple(lines), tuple(ratios))


def _rival() -> Callable[[], _Tree]:
    try:
        return cast(Callable[[], _Tree], import_module("pymerkle").InmemoryTree)  # it has no types
    except ModuleNotFoundError as error:
        mend = "Run `make setup`: it is a dependency of development only."
        raise UsageProblem("The rival of this bench, pymerkle, is not installed.", mend=mend) from error


def _durable(folder: Path, *, n: int, runs: int, advance: Advance) -> list[Line]:
    """Appends to a log on this disk, a reader that follows, and one that finds nothing new."""
    key = ledger.NoteKey.new("bench.example/log")
    log = ledger.Log.found(folder / "log", key)
    reader = ledger.Reader(folder / "log", key=key.vkey)

    def append() -> None:
        for _ in range(n):
            log.append(at=NOW, event="gate", facts={"clause": "purposes.daily", "door": "pull", "schools": 1})

    def follow() -> None:
        for _ in range(n):
            reader.refresh()

    append_times = interleave({"append": append}, runs=runs, advance=advance)["append"]
    reader.refresh()
    works: dict[str, Work] = {
        "refresh, nothing new": follow,
        "verify the folder": lambda: ledger.verify(folder / "log", key=key.vkey).checkpoint.size,
    }
    times = interleave(works, runs=runs, advance=advance)
    return [
        Line("append, on disk", n, "entries", append_times),
        Line("refresh, nothing new", n, "refreshes", times["refresh, nothing new"]),
        Line("verify the folder", reader.size, "entries", times["verify the folder"]),
    ]


def _works(leaves: list[bytes], *, new_rival: Callable[[], _Tree]) -> list[tuple[str, int, str, Mapping[str, Work]]]:
    """Each comparison: what, how many of what a run, and the two works, whose answers must be the same."""
    n, random = len(leaves), Random(SEED)  # noqa: S311 - which proofs are asked for is no secret
    node, theirs = _tree(leaves)[0], _grown(leaves, new_rival)
    indices = [random.randrange(n) for _ in range(PROOFS)]
    older = [random.randrange(1, n) for _ in range(PROOFS)]
    roots = {size: theirs.get_root(size) for size in {*older, n}}

    def is_consistent(old: int) -> bool:
        path = merkle.consistency_path(node, old=old, size=n)
        return merkle.is_consistent(old=old, size=n, old_root=roots[old], root=roots[n], path=path)

    def is_consistent_for_rival(old: int) -> bool:
        proof = theirs.prove_consistency(old, n)
        import_module("pymerkle").verify_consistency(roots[old], roots[n], proof)
        return True

    return [
        ("grow", n, "leaves", {OURS: lambda: _tree(leaves)[1], RIVAL: lambda: _grown(leaves, new_rival).get_root()}),
        (
            "inclusion proof",
            PROOFS,
            "proofs",
            {
                OURS: lambda: [merkle.inclusion_path(node, index=index, size=n) for index in indices],
                RIVAL: lambda: [theirs.prove_inclusion(index + 1, n).path[1:] for index in indices],
            },
        ),
        (
            "consistency proof, made and checked",
            PROOFS,
            "proofs",
            {
                OURS: lambda: [is_consistent(old) for old in older],
                RIVAL: lambda: [is_consistent_for_rival(old) for old in older],
            },
        ),
    ]


def _tree(leaves: list[bytes]) -> tuple[Node, bytes]:
    """Our tree, its tiles in memory, and its root."""
    frontier, tiles = Frontier(), {}
    for leaf in leaves:
        for tile in frontier.add(merkle.leaf_hash(leaf)):
            tiles[tile.level, tile.n] = tile.hashes
    tiles |= {(tile.level, tile.n): tile.hashes for tile in frontier.edge()}
    return nodes(lambda level, n: tiles[level, n]), frontier.root()


def _grown(leaves: list[bytes], new_rival: Callable[[], _Tree]) -> _Tree:
    tree = new_rival()
    for leaf in leaves:
        tree.append_entry(leaf)
    return tree


def _named(ratio: Ratio, what: str) -> Ratio:
    return Ratio(f"{what}: {ratio.name}", ratio.of_wall, ratio.of_cpu)
