"""The hash tree against the published vectors of Certificate Transparency, and tiles against plain recursion."""

import pytest
from tests.lib.ledgers import tree_head

from tallyroll.ledger import merkle
from tallyroll.ledger.tiles import Frontier, cut, nodes, pack, path_of, place_of, spans, unpack
from tallyroll.vocab.errors import VerificationProblem

LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCY = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def grown(leaves):
    """The frontier after these leaves, every tile by place, and the hashes of the tree."""
    frontier, tiles = Frontier(), {}
    for leaf in leaves:
        for tile in frontier.add(merkle.leaf_hash(leaf)):
            tiles[tile.level, tile.n] = tile.hashes
    tiles |= {(tile.level, tile.n): tile.hashes for tile in frontier.edge()}
    return frontier, tiles, nodes(lambda level, n: tiles[level, n])


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size):
    frontier, _, node = grown(LEAVES[:size])
    assert frontier.root().hex() == ROOTS[size]
    assert merkle.root(node, size).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_those_of_certificate_transparency(index, size):
    path = merkle.inclusion_path(grown(LEAVES[:size])[2], index=index, size=size)
    assert [step.hex() for step in path] == INCLUSION[index, size]
    leaf, root = merkle.leaf_hash(LEAVES[index]), bytes.fromhex(ROOTS[size])
    assert merkle.is_included(leaf, index=index, size=size, path=path, root=root)


@pytest.mark.parametrize(("old", "size"), CONSISTENCY)
def test_consistency_proofs_are_those_of_certificate_transparency(old, size):
    path = merkle.consistency_path(grown(LEAVES)[2], old=old, size=size)
    assert [step.hex() for step in path] == CONSISTENCY[old, size]
    roots = {"old_root": bytes.fromhex(ROOTS[old]), "root": bytes.fromhex(ROOTS[size])}
    assert merkle.is_consistent(old=old, size=size, path=path, **roots)


def test_a_proof_changed_anywhere_proves_nothing():
    path, root = [bytes.fromhex(step) for step in INCLUSION[5, 8]], bytes.fromhex(ROOTS[8])
    leaf = merkle.leaf_hash(LEAVES[5])
    for index, size, steps in [
        (4, 8, path), (6, 8, path), (8, 8, path), (-1, 8, path), (5, 5, path), (5, 8, path[:-1]), (5, 8, [*path, root]),
        (5, 8, []), (5, 8, path[::-1]), (5, 6, path), (5, 2**40, path),
    ]:  # fmt: skip
        assert not merkle.is_included(leaf, index=index, size=size, path=steps, root=root)
    steps = [bytes.fromhex(step) for step in CONSISTENCY[6, 8]]
    six = bytes.fromhex(ROOTS[6])
    for old, size, changed in [
        (5, 8, steps), (6, 16, steps), (6, 8, steps[1:]), (6, 8, [*steps, root]), (6, 8, []), (8, 6, steps),
        (6, 6, steps), (0, 8, steps), (0, 8, []), (8, 8, []),
    ]:  # fmt: skip
        assert not merkle.is_consistent(old=old, size=size, old_root=six, root=root, path=changed)


def test_a_tree_of_70_000_has_the_tiles_of_the_specification():
    """tlog-tiles: 273 full tiles of level 0 and one of 112; one full of level 1 and one of 17; one of 1 in level 2."""
    level = {n: [width for _, width in spans(70_000, level=n)] for n in range(4)}
    assert level == {0: [256] * 273 + [112], 1: [256, 17], 2: [1], 3: []}
    assert path_of("1", 1234067) == "tile/1/x001/x234/067"
    assert path_of("entries", 273, width=112) == "tile/entries/273.p/112"


@pytest.mark.parametrize("size", [255, 256, 257, 512, 65_536, 65_793])
def test_tiles_hold_the_roots_that_the_specification_says(size):
    leaves = [n.to_bytes(3) for n in range(size)]
    frontier, tiles, node = grown(leaves)
    assert sorted(tiles) == sorted((level, n) for level in range(4) for n, _ in spans(size, level=level))
    assert frontier.root() == merkle.root(node, size) == tree_head(leaves)
    for (level, n), hashes in tiles.items():
        if level == 1:
            first = n * 256 * 256
            assert hashes[:32] == tree_head(leaves[first : first + 256])
    for old in (1, 200, size - 1):
        path = merkle.consistency_path(node, old=old, size=size)
        assert merkle.is_consistent(
            old=old, size=size, old_root=tree_head(leaves[:old]), root=frontier.root(), path=path
        )


@pytest.mark.parametrize("path", ["tile/0/000", "tile/entries/x001/234.p/7", "tile/63/999.p/255"])
def test_paths_are_read_back(path):
    kind, n, width = place_of(path)
    assert path_of(kind, n, width=width) == path


@pytest.mark.parametrize(
    "path", ["tile/0/000.p/256", "tile/0/000.p/07", "tile/00/000", "tile/0/x000/001", "tile/0/0001", "tile/0/000.new"]
)
def test_what_is_no_path_of_a_tile_is_told_apart(path):
    assert place_of(path) is None


def test_bundles_torn_at_any_byte_are_refused():
    bundle = pack([b"a", b"", b"long" * 100])
    assert unpack(bundle, width=3, where="x") == [b"a", b"", b"long" * 100]
    for torn in [bundle[:cut_at] for cut_at in range(len(bundle))] + [bundle + b"\0", bundle + b"\0\0"]:
        with pytest.raises(VerificationProblem, match="torn"):
            unpack(torn, width=3, where="x")


def test_a_full_tile_stands_in_for_a_partial_one_and_nothing_else_does():
    full = bytes(range(256)) * 32
    assert cut(full, width=7, where="x") == full[:224]
    assert cut(full[:224], width=7, where="x") == full[:224]
    with pytest.raises(VerificationProblem, match="torn"):
        cut(full[:256], width=7, where="x")
