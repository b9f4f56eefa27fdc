"""Pages read as a strict reader of HTML reads them."""

from html.parser import HTMLParser

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Reader(HTMLParser):
    """What a strict reader of HTML finds; it stops at a fault of nesting and at anything from outside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append(tag)
        self.ids += [str(named["id"])] if "id" in named else []
        self.links += [str(named["href"])] if "href" in named else []
        assert "src" not in named, "nothing from outside"
        assert tag != "th" or named.get("scope") in ("row", "col")
        if tag[0] == "h" and tag[1:].isdigit():
            self.headings.append(int(tag[1:]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check_accessible(text: str) -> None:
    """Return when headings nest, tables have captions, links within lead somewhere, and there is no script."""
    found = Reader(text)
    assert text.startswith("<!doctype html>")
    assert '<html lang="en-GB">' in text
    assert found.headings[0] == 1
    assert all(later <= earlier + 1 for earlier, later in zip(found.headings, found.headings[1:], strict=False))
    assert found.headings.count(1) == 1
    assert found.tags.count("table") == found.tags.count("caption")
    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)
    assert "script" not in found.tags
