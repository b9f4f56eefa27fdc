"""The assessment as a Word document in the shape of the regulator's template; the same bytes from the same facts."""

from datetime import UTC, datetime, time
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as Pages
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import _Row

from tallyroll.governance.lifecycle import Version
from tallyroll.governance.records.outline import Block, Heading, Paragraph, Table, said, table
from tallyroll.governance.records.page import name_of, outline

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can name
_FONT = "Arial"


def word(version: Version) -> bytes:
    """The assessment of this version as .docx: seven steps, tables whose headings repeat on every page."""
    document = Document()
    _style(document)
    _describe(document, version)
    document.add_heading("Data protection impact assessment", level=0)
    document.add_paragraph(f"{version.manifest.collection.title}. {name_of(version)}.", style="Subtitle")
    _put(document, _submitting(version))
    for step in outline(version):
        document.add_heading(step.title, level=1)
        document.add_paragraph(step.answers, style="Intense Quote")
        for block in step.blocks:
            _put(document, block)
    return _settled(document)


def _submitting(version: Version) -> Table:
    """The first table of the template: who submits."""
    manifest = version.manifest
    rows = (
        ("Name of controller", manifest.controller),
        ("Subject", manifest.collection.title),
        ("Data protection officer", f"{manifest.officers.dpo.post}, {manifest.officers.dpo.contact}"),
        ("Holds", f"From {said(manifest.collection.valid_from)}; expires on {said(manifest.collection.expires)}"),
        ("Digest of the manifest, SHA-256", version.digest),
    )
    return table("Submitting controller details", ("Matter", "What is said"), rows)


def _put(document: Pages, block: Block) -> None:
    match block:
        case Heading():
            document.add_heading(block.text, level=2)
        case Paragraph():
            document.add_paragraph(block.text)
        case Table():
            caption = document.add_paragraph(block.caption, style="Caption")
            caption.paragraph_format.keep_with_next = True
            _fill(document, block)
            document.add_paragraph()


def _fill(document: Pages, block: Table) -> None:
    """The table under its caption; its headings repeat where it breaks, and no row breaks in two."""
    lines = (block.headings, *(block.rows or (("None", *[""] * (len(block.headings) - 1)),)))
    grid = document.add_table(rows=len(lines), cols=len(block.headings), style="Table Grid")
    for row, line in zip(grid.rows, lines, strict=True):
        is_head = line is block.headings
        _mark(row, "w:tblHeader" if is_head else "w:cantSplit")
        for cell, text in zip(row.cells, line, strict=True):
            run = cell.paragraphs[0].add_run(text)
            run.bold, run.font.size = is_head or None, Pt(9)


def _mark(row: _Row, name: str) -> None:
    """Say of a row that it repeats on every page, or that it does not break over two."""
    row._tr.get_or_add_trPr().append(OxmlElement(name))


def _style(document: Pages) -> None:
    """A4, one plain font, and the language, so that readers aloud pronounce it rightly."""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    styles = document.styles
    for name in ("Normal", "Title", "Subtitle", "Heading 1", "Heading 2", "Caption", "Intense Quote"):
        font = styles[name].font
        font.name = _FONT
        fonts = styles[name].element.get_or_add_rPr().get_or_add_rFonts()
        for theme in [key for key in fonts.attrib if "Theme" in key]:
            del fonts.attrib[theme]  # a theme's font would win over ours
    styles["Normal"].font.size = Pt(10.5)
    for part, name in ((styles.element, "w:lang"), (document.settings.element, "w:themeFontLang")):
        for language in part.iter(qn(name)):
            language.set(qn("w:val"), "en-GB")


def _describe(document: Pages, version: Version) -> None:
    """What the file says of itself: from the manifest, and never the moment at which somebody wrote it."""
    collection = version.manifest.collection
    about = document.core_properties
    about.title = f"Data protection impact assessment: {collection.title}"
    about.author = about.last_modified_by = version.manifest.controller[:255]
    about.subject, about.identifier = collection.id, version.digest
    about.comments, about.keywords, about.language = "", "", "en-GB"
    about.version, about.revision = name_of(version), max(version.number, 1)
    about.created = about.modified = datetime.combine(collection.valid_from, time(), UTC)
    document.sections[0].footer.paragraphs[0].text = f"{name_of(version)} of {collection.id}. Digest {version.digest}"


def _settled(document: Pages) -> bytes:
    """The file with every part dated alike: python-docx writes the moment of saving into it."""
    made, out = BytesIO(), BytesIO()
    document.save(made)
    with ZipFile(made) as parts, ZipFile(out, "w", ZIP_DEFLATED) as settled:
        for name in parts.namelist():
            settled.writestr(ZipInfo(name, _EPOCH), parts.read(name), ZIP_DEFLATED)
    return out.getvalue()
