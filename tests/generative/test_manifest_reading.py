"""Laws of the manifest over random changes: a closed world, a digest of values, a comparison that misses nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallyroll.governance.manifest import build
from tallyroll.governance.manifest.comparison import compare
from tallyroll.governance.manifest.reading import tree_of
from tallyroll.vocab.errors import InputProblem

ROOT = Path(__file__).resolve().parents[2]
TREE = tree_of((ROOT / "examples/trust-local.toml").read_text(encoding="utf-8"), where="example")
MANIFEST = build(TREE, where="example")
Way = tuple[str | int, ...]


def _ways(tree: Any, way: Way = ()) -> Iterator[tuple[Way, Any]]:
    """Every place of a tree with what stands there."""
    yield way, tree
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, below in pairs:
        yield from _ways(below, (*way, step))


TABLES = [way for way, value in _ways(TREE) if isinstance(value, dict)]
TEXTS = [way for way, value in _ways(TREE) if isinstance(value, str) and way[-1] in ("text", "why", "how", "contact")]
TEXTS += [way for way, _ in _ways(TREE) if way[-1:] in (("need",), ("owner",), ("needed_for",), ("basis",))]
KEYS = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12).map(lambda key: f"x{key}")


def _copy() -> Any:
    return json.loads(json.dumps(TREE))


def _at(tree: Any, way: Way) -> Any:
    for step in way:
        tree = tree[step]
    return tree


@settings(max_examples=50, deadline=None)
@given(way=st.sampled_from(TABLES), key=KEYS, value=st.one_of(st.text(), st.integers(0, 9), st.just([]), st.just({})))
def test_a_key_that_the_schema_does_not_know_is_refused_wherever_it_stands(way, key, value):
    tree = _copy()
    _at(tree, way)[key] = value
    with pytest.raises(InputProblem, match="This key is not known"):
        build(tree, where="edited")


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_the_order_of_keys_does_not_change_the_digest(data):
    def shuffled(value: Any) -> Any:
        if isinstance(value, list):
            return [shuffled(one) for one in value]
        if isinstance(value, dict):
            return {key: shuffled(value[key]) for key in data.draw(st.permutations(sorted(value)))}
        return value

    again = build(shuffled(TREE), where="shuffled")
    assert again.digest == MANIFEST.digest
    assert compare(MANIFEST, again) == ()


def test_comments_and_spacing_do_not_change_the_digest():
    text = (ROOT / "examples/trust-local.toml").read_text(encoding="utf-8")
    spaced = "\n\n".join(line.replace(" = ", "   =  ") if '"""' not in line else line for line in text.split("\n"))
    rewritten = "# another comment\n" + spaced.replace("\\\n\n", "\\\n")
    assert build(tree_of(rewritten, where="spaced"), where="spaced").digest == MANIFEST.digest


@settings(max_examples=40, deadline=None)
@given(way=st.sampled_from(TEXTS), word=KEYS)
def test_a_changed_text_changes_the_digest_and_is_told(way, word):
    tree = _copy()
    _at(tree, way[:-1])[way[-1]] = f"Something {word} else."
    other = build(tree, where="edited")
    assert other.digest != MANIFEST.digest
    (change,) = compare(MANIFEST, other)
    assert f"Something {word} else." in change.what
    assert change.clause.split(".")[0] == way[0]
    assert "new version" in change.reopens
    (back,) = compare(other, MANIFEST)
    assert back.clause == change.clause


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_entry_that_is_taken_out_is_told_and_so_is_its_coming_back(data):
    table = data.draw(st.sampled_from(["items", "forbidden", "recipients", "retention", "risks", "rights", "measures"]))
    entries = TREE[table]
    assert isinstance(entries, list)
    out = data.draw(st.sets(st.integers(0, len(entries) - 1), min_size=1, max_size=len(entries) - 1))
    fewer = build({**TREE, table: [one for n, one in enumerate(entries) if n not in out]}, where="edited")
    gone, come = compare(MANIFEST, fewer), compare(fewer, MANIFEST)
    assert len(gone) == len(come) == len(out)
    assert {one.clause for one in gone} == {one.clause for one in come}
    assert all(one.clause.startswith(f"{table}.") for one in gone)


def test_another_order_of_entries_is_told_as_that():
    entries = TREE["items"]
    assert isinstance(entries, list)
    (change,) = compare(MANIFEST, build({**TREE, "items": entries[::-1]}, where="turned"))
    assert change.clause == "manifest"
