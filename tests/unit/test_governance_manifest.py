"""The manifest: what it refuses, and that it says everything that is wrong at once."""

import hashlib

import pytest
from tests.lib.builders import manifest_text

from tallyroll.governance.manifest import Status, Tier, parse, read
from tallyroll.vocab.errors import InputProblem, UsageProblem

TEXT = manifest_text()


def changed(*swaps: tuple[str, str]) -> str:
    text = TEXT
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def faults(text: str) -> str:
    with pytest.raises(InputProblem) as caught:
        parse(text, where="our.toml")
    assert caught.value.where == "our.toml"
    assert caught.value.mend
    return str(caught.value)


def test_a_whole_manifest_is_read_and_named_by_its_bytes():
    one = parse(TEXT, where="our.toml")
    assert (one.collection.id, one.collection.status, one.collection.tier) == (
        "test-attendance",
        Status.ACTIVE,
        Tier.AUTHORITY,
    )
    assert one.digest == hashlib.sha256(TEXT.encode()).hexdigest()
    assert parse(TEXT + "\n", where="our.toml").digest != one.digest


def test_a_digest_is_computed_and_never_taken_from_the_file():
    assert "'digest' is computed" in faults(f'digest = "{"0" * 64}"\n{TEXT}')
    assert "this key is not known" in faults(changed(("[retention]", '[retention]\ndigest = "0"')))


@pytest.mark.parametrize(
    ("swap", "said"),
    [
        (("[collection]", "[collection]\nowner = 'x'"), "collection.owner: this key is not known"),
        (("[frequency]", "colour = 1\n[frequency]"), "not known"),
        (("pulls_a_day = 2\n", ""), "frequency.pulls_a_day: this key is missing"),
        (('title = "Attendance for tests"\n', ""), "collection.title: this key is missing"),
        (('legal_basis = "Education Act 1996 section 537A"', 'legal_basis = ""'), "purposes.0.legal_basis"),
        (('name = "mark"', 'name = "surname"'), "items.1.name"),
        (('name = "mark"', 'name = "pupil"'), "items.pupil stands twice"),
        (('purposes = ["attendance-statistics"]', "purposes = []"), "items.0.purposes"),
        (('purposes = ["attendance-statistics"]', 'purposes = ["marketing"]'), "the purpose 'marketing'"),
        (('status = "active"', 'status = "approved"'), "collection.status"),
        (('tier = "authority"', 'tier = "cloud"'), "collection.tier"),
        (("version = 1", "version = 0"), "collection.version"),
        (("pulls_a_day = 2", "pulls_a_day = 13"), "frequency.pulls_a_day"),
        (("window_days = 300", "window_days = 0"), "frequency.window_days"),
        (("roll_days = 366", "roll_days = 24090"), "retention.roll_days"),  # 66 years
        (('method = "dfe-pooled"', 'method = "ours"'), "release.method"),
        (('disclosure_profile = "dfe-single-school"', 'disclosure_profile = "none"'), "release.disclosure_profile"),
        (("characteristics = [", 'characteristics = ["height", '), "names 'height'"),
        (("expires = 2027-08-31", "expires = 2026-09-01"), "collection.expires must be after valid_from"),
        (("expires = 2027-08-31", "expires = 2027-09-03"), "within a year"),
        (("expires = 2027-08-31", 'expires = "31/08/2027"'), "collection.expires"),
        (("expires = 2027-08-31", "expires = 2027-02-31"), "not TOML"),
        (("signed_on = 2026-08-20\n", ""), "collection.signed_on is missing, but the status is active"),
        (("published_on = 2026-08-25\n", ""), "collection.published_on is missing, but the status is active"),
        (("published_on = 2026-08-25", "published_on = 2026-08-19"), "published_on lies before signed_on"),
        (("[collection]", "[collection"), "not TOML"),
        (("[frequency]", '[scope]\nauthorities = ["E09000001"]\n[frequency]'), "scope.authorities.0"),
    ],
)
def test_what_the_schema_does_not_know_is_refused_with_its_place(swap, said):
    assert said in faults(changed(swap))


def test_several_faults_are_told_at_once():
    said = faults(
        changed(
            ("[collection]", "[collection]\nowner = 'x'"),
            ("pulls_a_day = 2\n", ""),
            ("roll_days = 366", "roll_days = 0"),
        )
    )
    assert all(place in said for place in ("collection.owner", "frequency.pulls_a_day", "retention.roll_days"))
    said = faults(
        changed(
            ("signed_on = 2026-08-20\n", ""),
            ("characteristics = [", 'characteristics = ["height", '),
            ('name = "mark"', 'name = "pupil"'),
        )
    )
    assert all(place in said for place in ("collection.signed_on", "'height'", "items.pupil stands twice"))


def test_nothing_at_all_is_a_list_of_what_is_missing():
    said = faults("")
    assert all(f"{name}: this key is missing" in said for name in ("collection", "purposes", "items", "retention"))


@pytest.mark.parametrize(
    ("status", "needs_signature", "needs_publication"),
    [
        ("draft", False, False),
        ("signed", True, False),
        ("published", True, True),
        ("active", True, True),
        ("suspended", True, True),
        ("withdrawn", False, False),
    ],
)
def test_every_status_has_the_dates_it_needs(status, needs_signature, needs_publication):
    unsigned = ("signed_on = 2026-08-20\n", "")
    unpublished = ("published_on = 2026-08-25\n", "")
    text = changed(('status = "active"', f'status = "{status}"'))
    assert parse(text, where="our.toml").collection.status == status
    for needed, missing in ((needs_signature, unsigned), (needs_publication, unpublished)):
        without = text.replace(*missing, 1)
        if needed:
            assert f"is missing, but the status is {status}" in faults(without)
        else:
            assert parse(without, where="our.toml")


def test_a_manifest_cannot_be_changed_after_it_was_read():
    one = parse(TEXT, where="our.toml")
    with pytest.raises(ValueError, match="frozen"):
        one.collection.status = Status.DRAFT
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
    path.write_text(TEXT, encoding="utf-8")
    assert read(path) == parse(TEXT, where="elsewhere")


def test_the_same_file_has_the_same_digest_on_every_machine(tmp_path):
    path = tmp_path / "manifest.toml"
    path.write_bytes(TEXT.replace("\n", "\r\n").encode())
    assert read(path).digest == hashlib.sha256(path.read_bytes()).hexdigest()
