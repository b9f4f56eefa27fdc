"""The public door: serves a published release as pages and files. Reaches releases only, never a step before them.

A first, plain form: the year to date as a table, every file to download. The pages for schools, statisticians and
protection officers are rooms of a later issue.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from aiohttp import web

from tallyroll import release
from tallyroll.flows import hosting
from tallyroll.governance.roles import Roles
from tallyroll.release import TITLES, headline
from tallyroll.vocab.clock import Clock
from tallyroll.web import assessments

_STYLE = """
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #0b0c0c }
h1 { font-size: 2rem; margin: 0 0 .5rem } h2 { margin-top: 2.5rem }
table { border-collapse: collapse; width: 100% } caption { text-align: left; font-weight: 600; padding: .5rem 0 }
th, td { padding: .4rem .6rem; border-bottom: 1px solid #b1b4b6; text-align: left }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
.bar { display: inline-block; height: .7rem; background: #1d70b8; vertical-align: middle }
th[scope=row] { white-space: nowrap }
.note { border-left: .4rem solid #f47738; padding: .3rem 1rem; background: #fef7f2 }
a { color: #1d70b8 } a:focus { outline: 3px solid #fd0; background: #fd0; color: #0b0c0c }
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_WAY = (
    "<p><a href=/assessments>Why this may be collected</a>: the impact assessment, what families were told, all "
    "letters to and from the regulator, and the ledger by which anyone can check it.</p>"
)
_WIDEST = 12.0  # percent absence that fills a bar


@dataclass(frozen=True, slots=True)
class PublicLedger:
    """The ledger that the public may read, and the roles that it is verified against."""

    folder: Path
    roles: Roles
    clock: Clock


def serve(
    folder: Path, *, host: str, port: int, bound: Callable[[str], None], ledger: PublicLedger | None = None
) -> None:
    """Serve the release in this folder until stopped, and the assessments behind it; `bound` is told its address.

    Raises: UsageProblem when there is no release or the port is taken; VerificationProblem when a file was changed.
    """
    release.verify(folder)
    asyncio.run(hosting.serve(app(folder, ledger), host=host, port=port, bound=bound))


def app(folder: Path, ledger: PublicLedger | None = None) -> web.Application:
    """The pages of one release: `/`, `/files/NAME` for each file that release.json names, and the assessments."""
    names = {*release.verify(folder), release.MANIFEST}

    async def index(_: web.Request) -> web.Response:
        text = page(folder, with_assessments=ledger is not None)
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

    async def file(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in names:
            raise web.HTTPNotFound(text="This release has no such file.")
        return web.FileResponse(folder / name, headers={"Access-Control-Allow-Origin": "*"})

    application = web.Application()
    application.add_routes([web.get("/", index), web.get("/files/{name}", file)])
    if ledger is not None:
        assessments.add_routes(application, ledger.folder, ledger.roles, clock=ledger.clock)
    return application


def page(folder: Path, *, with_assessments: bool = False) -> str:
    """The release as one page of HTML, with the way to the assessments where they are served too."""
    about = json.loads((folder / release.MANIFEST).read_text(encoding="utf-8"))
    notes = "".join(f"<p class=note>{escape(note)}</p>" for note in about["notes"])
    hidden = "can be found again by subtraction" if about["open_to_subtraction"] else "cannot be found again"
    return f"""<!doctype html>
<html lang=en><head><meta charset=utf-8><title>Pupil attendance</title>
<meta name=viewport content="width=device-width"><style>{_STYLE}</style></head>
<body><main>
<h1>Pupil attendance, year to date</h1>
{notes}
{_about(about["about"])}
{_WAY if with_assessments else ""}
<p>Method {escape(about["method"])}. Hidden cells show <code>c</code>; under the profile
{escape(about["disclosure_profile"])} they {hidden}.</p>
{_figures(folder / "attendance_ytd.csv")}
<h2>Files</h2>
{_files(about["tables"])}
</main></body></html>
"""


def _about(facts: dict[str, object]) -> str:
    """Which days, who answers for them, and how complete they are; nothing where the release does not say."""
    if not facts:
        return ""
    told = {name: escape(str(value)) for name, value in facts.items()}
    return (
        f"<p>{told['first']} to {told['last']}, published by {told['controller']}. {told['schools_counted']} of "
        f"{told['schools_in_scope']} schools counted. Collected under the assessment {told['assessment']}.</p>"
    )


def _figures(path: Path) -> str:
    if not path.exists():
        return ""
    heads = [f"<th scope=col{' class=n' if place > 1 else ''}>{name}" for place, name in enumerate(TITLES)]
    heads.insert(4, "<td aria-hidden=true>")
    rows = "".join(_row(row) for row in headline(path))
    caption = "Percent of possible sessions; persistent absence in percent of enrolments"
    return f"<table><caption>{caption}</caption><thead><tr>{''.join(heads)}<tbody>{rows}</table>"


def _row(row: tuple[str, ...]) -> str:
    area, phase, schools, absence, *others = row
    cells = "".join(f"<td class=n>{escape(value)}" for value in others)
    return (
        f"<tr><th scope=row>{escape(area)}<td>{escape(phase)}<td class=n>{escape(schools)}"
        f"<td class=n>{escape(absence)}<td aria-hidden=true>{_bar(absence)}{cells}"
    )


def _bar(percent: str) -> str:
    """A bar beside the number; it says nothing that the number does not, so screen readers skip it."""
    try:
        share = min(float(percent) / _WIDEST, 1.0)
    except ValueError:
        return ""
    return f'<span class=bar style="width:{share * 5:.2f}rem"></span>'


def _files(tables: list[dict[str, object]]) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(str(table['name']))}"
        f"<td class=n>{table['rows']:,}<td class=n>{table['hidden_rows']:,}"
        f"<td>{_link(table['data'])} and {_link(table['meta'])}"
        for table in tables
    )
    heads = "<th scope=col>table<th scope=col class=n>rows<th scope=col class=n>hidden rows<th scope=col>files"
    caption = "In the standard of Explore Education Statistics"
    return f"<table><caption>{caption}</caption><thead><tr>{heads}<tbody>{rows}</table>"


def _link(file: object) -> str:
    assert isinstance(file, dict)
    name = escape(str(file["file"]), quote=True)
    return f'<a href="/files/{name}">{name}</a>'
