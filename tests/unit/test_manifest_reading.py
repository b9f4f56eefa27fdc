"""The manifest as it is read: what its schema refuses, all at once, and how its digest names what it says."""

import hashlib
import json
from datetime import date

import pytest
from tests.lib.builders import manifest_text

from tallyroll.governance.manifest import from_canonical, parse, read
from tallyroll.governance.manifest.reading import readable, tree_of
from tallyroll.governance.manifest.rules import judge
from tallyroll.governance.manifest.words import Level, Store, Tier
from tallyroll.vocab.errors import InputProblem, UsageProblem, VerificationProblem
from tallyroll.vocab.items import Item

TEXT = manifest_text()
ON = date(2026, 11, 20)


def changed(*swaps: tuple[str, str]) -> str:
    text = TEXT
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def refused(text: str) -> str:
    with pytest.raises(InputProblem) as caught:
        parse(text, where="our.toml")
    assert caught.value.where == "our.toml"
    assert caught.value.mend
    return str(caught.value)


def test_a_whole_manifest_is_read():
    one = parse(TEXT, where="our.toml")
    assert (one.collection.id, one.controller) == ("test-attendance", "The Synthetic Authority")
    assert one.items_for("attendance-statistics") == frozenset(Item)
    assert one.items_for("marketing") == frozenset()
    assert one.residual is Level.MEDIUM
    kept = one.kept(Store.TALLIES)
    assert kept is not None
    assert kept.keep.words == "13 months"
    assert one.kept(Store.SHARES) is None


def test_the_text_that_tests_build_upon_has_no_fault():
    assert judge(TEXT, where="tests", on=ON).faults == ()
    few = manifest_text(items=[Item.PUPIL, Item.MARK, Item.SEN], characteristics=["sen"])
    assert judge(few, where="tests", on=ON).faults == ()


def test_the_digest_is_that_of_the_values_as_sorted_json():
    """RFC 8785 of text, whole numbers, truth values, lists and tables is sorted JSON without blanks."""
    one = parse(TEXT, where="our.toml")
    plain = json.dumps(tree_of(TEXT, where=""), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert one.canonical == plain
    assert one.digest == hashlib.sha256(plain).hexdigest()


def test_what_is_logged_is_read_back_and_nothing_else_is():
    one = parse(TEXT, where="our.toml")
    again = from_canonical(one.canonical, digest=one.digest)
    assert (again.collection, again.items, again.digest) == (one.collection, one.items, one.digest)
    with pytest.raises(VerificationProblem, match="not what their digest names"):
        from_canonical(one.canonical + b" ", digest=one.digest)
    for content, said in (
        (one.canonical + b" ", "not in canonical form"),
        (b"\xff", "no manifest"),
        (b"[]", "no manifest"),
    ):
        with pytest.raises(VerificationProblem, match=said):
            from_canonical(content, digest=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("swap", "said"),
    [
        (("[collection]", "[collection]\nshoe_size = 42"), "collection.shoe_size: This key is not known."),
        (("[collection]", "[collection]\nstatus = 'active'"), "collection.status: The ledger says this"),
        (("[collection]", "[collection]\nversion = 1"), "collection.version: The ledger says this"),
        (("[collection]", "digest = 'x'\n[collection]"), "digest: The ledger says this"),
        (("pulls_a_day = 2\n", ""), "frequency.pulls_a_day: This key is missing."),
        (("pulls_a_day = 2", 'pulls_a_day = "2"'), "frequency.pulls_a_day"),
        (("pulls_a_day = 2", "pulls_a_day = 49"), "frequency.pulls_a_day"),
        (("pulls_a_day = 2", "pulls_a_day = nan"), "A number cannot be written exactly"),
        (("window_days = 300", "window_days = 0"), "frequency.window_days"),
        (("mandatory = false", "mandatory = 0"), "collection.mandatory"),
        (("tier = ", 'tier = "cloud" # '), "collection.tier: 'cloud' is not known here; known are 'school'"),
        (('keep = "P13M"', 'keep = "13 months"'), "retention.tallies.keep: '13 months' is not a duration"),
        (('name = "mark"', 'name = "surname"'), "items.surname.name: 'surname' is not known here"),
        (('method = "dfe-pooled"', 'method = "ours"'), "release.method: 'ours'"),
        (("expires = 2027-08-31", 'expires = "31/08/2027"'), "collection.expires"),
        (("expires = 2027-08-31", "expires = 2027-02-31"), "not TOML"),
        (("[collection]", "[collection"), "not TOML"),
        (("[collection]", f"x = {'[' * 5000}{']' * 5000}\n[collection]"), "nested too deeply"),
        (("[frequency]", '[scope]\nauthorities = ["E09000001"]\n[frequency]'), "scope.authorities.0"),
    ],
)
def test_what_the_schema_does_not_know_is_refused_with_its_place(swap, said):
    assert said in refused(changed(swap))


def test_several_misfits_are_told_at_once():
    said = refused(changed(("[collection]", "[collection]\nowner_of = 'x'"), ("pulls_a_day = 2\n", "")))
    assert "collection.owner_of" in said
    assert "frequency.pulls_a_day" in said


def test_nothing_at_all_is_a_list_of_what_is_missing():
    said = refused("")
    assert all(f"{name}: This key is missing" in said for name in ("collection", "purposes", "items", "release"))
    manifest, misfits = readable({})
    assert manifest is None
    assert {one.kind for one in misfits} == {"missing"}


def test_misfits_are_left_out_and_the_rest_is_judged():
    text = changed(
        ('name = "pupil"', 'name = "forename"'),
        ('name = "mark"', 'name = "surname"'),
        ("[collection]", "[collection]\nstatus = 'signed'"),
        ('keep = "P1Y"\nstarts = "the day of the entry"', 'keep = "P66Y"\nstarts = "the day of the entry"'),
    )
    judged = judge(text, where="our.toml", on=ON)
    assert judged.manifest is not None
    assert {one.name for one in judged.manifest.items} == set(Item) - {Item.PUPIL, Item.MARK}
    assert [(one.clause, one.rows) for one in judged.faults] == [
        ("collection.status", ("MAN-01", "ACC-A09")),
        ("items.forename.name", ("LAW-04", "MAN-04", "ACC-A35")),
        ("items.surname.name", ("LAW-04", "MAN-04", "ACC-A35")),
        ("retention.registers.keep", ("LAW-07", "ACC-A15", "ACC-C06")),
    ]


def test_a_manifest_cannot_be_changed_after_it_was_read():
    one = parse(TEXT, where="our.toml")
    with pytest.raises(ValueError, match="frozen"):
        one.collection.tier = Tier.NATION
    with pytest.raises(ValueError, match="frozen"):
        one.digest = "0"


def test_files_that_are_not_there_or_not_text_are_problems(tmp_path):
    path = tmp_path / "manifest.toml"
    with pytest.raises(UsageProblem, match="no manifest here"):
        read(path)
    with pytest.raises(UsageProblem, match="cannot be read"):
        read(tmp_path)
    path.write_bytes(TEXT.encode("utf-16"))
    with pytest.raises(InputProblem, match="not UTF-8"):
        read(path)
    path.write_bytes(TEXT.replace("\n", "\r\n").encode())
    assert read(path).digest == parse(TEXT, where="elsewhere").digest
