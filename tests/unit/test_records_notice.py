"""Notices: everything that Articles 13 and 14 list is there for each reader, from the manifest and nothing else."""

import re
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from tests.lib.builders import manifest, manifest_text
from tests.lib.tellings import enacted

from tallyroll.governance.lifecycle import Version
from tallyroll.governance.manifest import Manifest, parse
from tallyroll.governance.manifest.parts import Collection
from tallyroll.governance.manifest.words import ForbiddenUse, Receives, Right, Sensitive, Store, Tier
from tallyroll.governance.notices import notice_digest, notice_facts
from tallyroll.governance.records import words
from tallyroll.governance.records.notice import Audience, notice
from tallyroll.vocab.items import Item

SECTIONS = {  # privacy requirement LAW-13, in its order: what Articles 13 and 14 want told
    "controllers": ("The Synthetic Authority",),
    "dpo": ("Data Protection Officer", "dpo@authority.example"),
    "purposes": ("Official statistics of attendance and absence.", "6(1)(e)", "Education Act 1996, section 537A"),
    "categories": (),  # each item: see below
    "recipients": ("The public",),
    "transfers": ("United Kingdom",),
    "retention": ("1 year", "13 months"),
    "rights": (),  # each right: see below
    "complaint": ("The Synthetic Authority", "30 days", "Information Commission", "https://regulator.example"),
    "source": ("The schools of the authority",),
    "automated": (),
    "voluntary": (),
}
_VOID = {"meta", "br", "path", "link"}


def page(audience: Audience, made: Manifest | None = None) -> str:
    return notice(enacted(made or manifest()).history.versions[0], audience)


def section(html: str, name: str) -> str:
    found = re.search(rf'<section id="{name}">(.*?)</section>', html, re.DOTALL)
    assert found, name
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found.group(1))).split())


def changed(old: str, new: str) -> Manifest:
    text = manifest_text()
    assert old in text
    return parse(text.replace(old, new), where="test")


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("name", SECTIONS)
def test_each_field_of_articles_13_and_14_is_told(audience: Audience, name: str) -> None:
    said = section(page(audience), name)
    assert len(said.split()) > 3
    assert [one for one in SECTIONS[name] if one.casefold() not in said.casefold()] == []


@pytest.mark.parametrize("audience", Audience)
def test_each_item_each_right_and_whether_it_applies_is_told(audience: Audience) -> None:
    html, child = page(audience), audience is Audience.CHILD
    items = words.CHILD_ITEMS if child else words.ITEMS
    assert [one for one in Item if items[one] not in section(html, "categories")] == []
    named = words.CHILD_RIGHTS if child else words.RIGHTS
    rights = section(html, "rights")
    assert [one for one in Right if named[one] not in rights] == []
    assert "The collection rests neither on consent nor on a contract." in rights  # why portability does not apply


def test_items_that_may_be_refused_are_marked() -> None:
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th><td>.*?</td><td>(Must|May)</td></tr>", page(Audience.PARENT))
    assert [name for name, word in rows if word == "May"] == ["Ethnic group"]
    assert section(page(Audience.CHILD), "categories").count("Your family can say no to this.") == 1


@pytest.mark.parametrize(
    ("applies", "how"),
    [
        ("true", "No decision is made by a rule: a person at the school decides and writes down why."),
        ("true", "A rule decides who gets a letter."),
        ("false", "No decision about a person is made from these data."),
    ],
)
def test_a_child_is_told_of_machines_what_the_assessment_says_and_no_more(applies: str, how: str) -> None:
    right = 'right = "automated-decisions"\napplies = '
    was = f'{right}false\nhow = "No decision about a person is made from these data."'
    made = parse(manifest_text().replace(was, f'{right}{applies}\nhow = "{how}"'), where="test")
    assert section(page(Audience.CHILD, made), "automated") == f"Does a machine decide about me? {how}"


@pytest.mark.parametrize("mandatory", ["true", "false"])
@pytest.mark.parametrize("audience", Audience)
def test_what_must_be_given_makes_no_claim_of_law(audience: Audience, mandatory: str) -> None:
    made = changed("mandatory = false\nneed", f"mandatory = {mandatory}\nneed")
    assert re.findall(r"\b(law|legal)\b", section(page(audience, made), "voluntary")) == []


def test_what_must_be_given_is_what_a_school_holds() -> None:
    said = section(page(Audience.PARENT), "voluntary")
    assert "gives what is marked “must” where it holds it" in said
    assert "What is marked “may” you can refuse to give." in said


def test_a_place_abroad_is_told_with_what_protects_it() -> None:
    made = changed(
        'place = "The public site"\ncountry = "United Kingdom"',
        'place = "A mirror"\ncountry = "Norway"\nsafeguard = "Adequacy regulations"',
    )
    assert "A mirror Norway Adequacy regulations" in section(page(Audience.PARENT, made), "transfers")
    assert "Norway" in section(page(Audience.CHILD, made), "transfers")
    assert "Nothing is sent out" not in page(Audience.PARENT, made)


@pytest.mark.parametrize("audience", Audience)
def test_each_names_the_version_its_date_and_both_digests(audience: Audience) -> None:
    made, html = manifest(), " ".join(page(audience).split())
    assert "Version 1 of the assessment, approved on 5 September 2026." in html  # the fourth statement, a day each
    assert made.digest in html
    assert notice_digest(made) in html


def test_a_version_that_nobody_approved_gives_a_draft() -> None:
    assert "Draft: nobody has approved" in " ".join(notice(Version(manifest()), Audience.PARENT).split())


@pytest.mark.parametrize("audience", Audience)
def test_a_notice_tells_nothing_that_its_digest_does_not_cover(audience: Audience) -> None:
    made = manifest()
    facts = notice_facts(made)
    told = facts["collection"]
    assert isinstance(told, dict)
    collection = made.collection.model_copy(update=dict.fromkeys(set(Collection.model_fields) - set(told)))
    rest = dict.fromkeys(set(Manifest.model_fields) - set(facts))
    bare = made.model_copy(update={**rest, "collection": collection})
    assert notice(Version(bare), audience) == notice(Version(made), audience)


def test_what_an_author_writes_is_never_markup() -> None:
    made = changed("Attendance for tests", "<script>alert(1)</script>")
    assert "<script" not in "".join(page(one, made) for one in Audience)


def test_the_page_for_children_has_no_link_button_or_form() -> None:
    html = page(Audience.CHILD).replace('<a class="skip" href="#content">', "")
    assert re.findall(r"<(a|button|form|input|script|img|iframe|link)\b", html) == []


@pytest.mark.parametrize("audience", Audience)
def test_every_tag_is_closed_where_it_was_opened_and_headings_nest(audience: Audience) -> None:
    open_tags: list[str] = []
    levels: list[int] = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in _VOID:
                open_tags.append(tag)
            if re.fullmatch(r"h[1-6]", tag):
                levels.append(int(tag[1]))

        def handle_endtag(self, tag: str) -> None:
            if tag not in _VOID:
                assert open_tags.pop() == tag

    checker = Checker()
    checker.feed(page(audience))
    checker.close()
    assert open_tags == []
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("audience", Audience)
def test_nothing_is_loaded_from_outside(audience: Audience) -> None:
    assert re.findall(r"(src|@import|url\()", page(audience)) == []


@pytest.mark.parametrize(
    ("said", "closed"),
    [
        *((words.ITEMS, Item), (words.CHILD_ITEMS, Item), (words.RIGHTS, Right), (words.CHILD_RIGHTS, Right)),
        *((words.FORBIDDEN, ForbiddenUse), (words.CHILD_FORBIDDEN, ForbiddenUse), (words.STORES, Store)),
        *((words.REVEALS, Sensitive), (words.CHILD_REVEALS, Sensitive), (words.TIERS, Tier)),
        *((words.RECEIVES, Receives), (words.CHILD_RECEIVES, Receives)),
    ],
)
def test_every_closed_word_can_be_said(said: dict[str, str], closed: type) -> None:
    assert set(said) == set(closed)
