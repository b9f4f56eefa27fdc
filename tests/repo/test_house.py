"""The house rules that no linter knows. Each reads the source as text or as a syntax tree; none runs it."""

import ast
import re
import shutil
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "tallyroll"
MODULES = sorted(SRC.rglob("*.py"))
PUPIL_ROOMS = ("connectors", "register", "tally", "insight", "submission")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(path)))


def short(path: Path, node: ast.AST | None = None) -> str:
    line = getattr(node, "lineno", None)
    return f"{path.relative_to(ROOT)}{f':{line}' if line else ''}"


def functions(path: Path) -> Iterator[tuple[Function, bool]]:
    """Every function of a module and whether it is a method; those inside functions are left out."""

    def within(body: list[ast.stmt], *, in_class: bool) -> Iterator[tuple[Function, bool]]:
        for node in body:
            if isinstance(node, Function):
                yield node, in_class
            elif isinstance(node, ast.ClassDef):
                yield from within(node.body, in_class=True)

    yield from within(tree(path).body, in_class=False)


def names_in(node: ast.AST | None) -> set[str]:
    """Every name in an expression, those inside quoted annotations too."""
    found: set[str] = set()
    for part in ast.walk(node) if node else ():
        if isinstance(part, ast.Name):
            found.add(part.id)
        elif isinstance(part, ast.Attribute):
            found.add(part.attr)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            found |= set(re.findall(r"[A-Za-z_]\w*", part.value))
    return found


def dotted(node: ast.AST) -> str:
    """`datetime.now` of the expression `datetime.now`; blank of anything but names and dots."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def room(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


# Size and words


def test_no_module_is_over_600_lines():
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    for path, n in sorted(lines.items(), key=lambda pair: -pair[1]):
        if n > 300:
            sys.stdout.write(f"look hard at {short(path)}: {n} lines\n")
    assert [short(path) for path, n in lines.items() if n > 600] == []


def test_no_function_is_over_50_lines():
    long = [
        f"{short(path, node)} {node.name}: {node.end_lineno - node.lineno + 1}"
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, Function) and node.end_lineno - node.lineno + 1 > 50
    ]
    assert long == []


def test_every_public_module_class_and_function_says_what_it_gives():
    def silent(body: list[ast.stmt], path: Path) -> Iterator[str]:
        for node in body:
            if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
                if not ast.get_docstring(node) and not names_in_decorators(node) & {"overload", "setter"}:
                    yield f"{short(path, node)} {node.name}"
                if isinstance(node, ast.ClassDef):
                    yield from silent(node.body, path)

    def names_in_decorators(node: Function | ast.ClassDef) -> set[str]:
        return set().union(*(names_in(one) for one in node.decorator_list))

    assert [short(path) for path in MODULES if not ast.get_docstring(tree(path))] == []
    assert [one for path in MODULES for one in silent(tree(path).body, path)] == []


def test_every_escape_hatch_gives_its_reason():
    """`# noqa: X1 - why`; `# type: ignore[x]  # why`, for mypy takes no other form."""
    hatch = re.compile(r"#.*?(noqa|type: ignore|pragma: no cover)(.*)")
    reason = re.compile(r"(?: - |  # )\S.{3,}")
    bare = []
    for path in [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]:
        with path.open("rb") as source:
            for token in tokenize.tokenize(source.readline):
                found = hatch.search(token.string) if token.type == tokenize.COMMENT else None
                if found and not reason.search(found[2]):
                    bare.append(f"{short(path)}:{token.start[0]} {token.string}")
    assert bare == []


# Imports


def contracts() -> list[dict[str, object]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def test_the_import_contracts_have_no_exceptions_and_name_every_room():
    assert [one["name"] for one in contracts() if any(key.startswith("ignore") for key in one)] == []
    (layers,) = [one for one in contracts() if one["type"] == "layers"]
    assert layers["exhaustive"] is True
    assert set(layers["exhaustive_ignores"]) <= {"__main__"}
    named = {room for layer in layers["layers"] for room in layer.split(" | ")}
    assert named == {room(path) for path in MODULES if path.parent != SRC}


def importers(name: str, module: str) -> set[str]:
    """The modules of the house that import `name` from a module, or reach for it as an attribute of that module."""
    last = module.rsplit(".", 1)[-1]
    found = set()
    for path in MODULES:
        for node in nodes(path):
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(last):
                hit = {alias.name for alias in node.names} & {name, "*"}
            else:
                hit = isinstance(node, ast.Attribute) and dotted(node).endswith(f"{last}.{name}")
            if hit:
                found.add(path.relative_to(SRC).as_posix())
    return found


def test_only_the_gate_grants_and_only_disclosure_control_seals():
    assert importers("grant", "tallyroll.governance.permits") == {"governance/gate.py"}
    assert importers("sealed", "tallyroll.disclosure.protected") == {"disclosure/protect.py"}


def test_seals_and_the_gate_s_memory_are_touched_where_they_are_made_only():
    for name, home in (("_SEAL", {"permits.py", "protected.py"}), ("_GRANTED", {"permits.py"})):
        assert {path.name for path in MODULES if name in names_in(tree(path))} == home


def test_nothing_frozen_is_thawed_but_by_itself_while_it_is_made():
    """`object.__setattr__` goes round `frozen`: allowed on `self` in `__post_init__`, to put its values in form."""
    making = {
        call
        for path in MODULES
        for node, _ in functions(path)
        if node.name == "__post_init__"
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and dotted(call.func) == "object.__setattr__" and dotted(call.args[0]) == "self"
    }
    touching = [(p, node) for p in MODULES for node in nodes(p) if dotted(node) == "object.__setattr__"]
    allowed = {call.func for call in making}
    assert [short(path, node) for path, node in touching if node not in allowed] == []


# Pupil rows


def pupil_types() -> set[str]:
    """The types that hold pupil rows, their subclasses, and aliases of them (`Rows = Extract | Register`)."""
    known = {"Extract", "Register", "Screened"}
    while True:
        more = set()
        for path in MODULES:
            for node in nodes(path):
                if isinstance(node, ast.ClassDef) and set().union(*map(names_in, node.bases), set()) & known:
                    more.add(node.name)
            for node in tree(path).body:
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and names_in(node.value) & known:
                    more |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if more <= known:
            return known
        known |= more


def takes_pupil_rows(node: Function, types: set[str]) -> bool:
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    return node.name == "pull" or any(names_in(one.annotation) & types for one in given if one)


def test_whatever_takes_pupil_rows_takes_a_permit_first():
    types, without = pupil_types(), []
    for path in MODULES:
        if room(path) not in PUPIL_ROOMS:
            continue
        for node, is_method in functions(path):
            if node.name.startswith("_") or not takes_pupil_rows(node, types):
                continue
            first = [*node.args.posonlyargs, *node.args.args][1 if is_method else 0 :][:1]
            if not first or names_in(first[0].annotation) != {"Permit"}:
                without.append(f"{short(path, node)} {node.name}")
    assert without == []


def test_a_permit_that_is_taken_is_checked_or_handed_on():
    idle = []
    for path in MODULES:
        if room(path) not in PUPIL_ROOMS:
            continue
        for node, _ in functions(path):
            taken = {
                one.arg for one in [*node.args.args, *node.args.kwonlyargs] if "Permit" in names_in(one.annotation)
            }
            is_interface = isinstance(node.body[-1], ast.Expr) and isinstance(node.body[-1].value, ast.Constant)
            used = {part.id for one in node.body for part in ast.walk(one) if isinstance(part, ast.Name)}
            if taken - used and not is_interface:
                idle.append(f"{short(path, node)} {node.name}")
    assert idle == []


# Effects


def calls(path: Path) -> Iterator[tuple[ast.Call, str]]:
    for node in nodes(path):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def test_only_the_command_prints():
    prints = [short(p, node) for p in MODULES if room(p) != "cli" for node, name in calls(p) if name == "print"]
    assert prints == []


WALL = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime|ctime|strftime))$"
)
STOPWATCH = re.compile(r"(^|\.)(monotonic|perf_counter)(_ns)?$")


def test_nobody_reads_the_time_but_the_clock():
    read = [
        f"{short(path, node)} {dotted(node)}"
        for path in MODULES
        if path != SRC / "vocab" / "clock.py"
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and WALL.search(dotted(node))
    ]
    read += [
        short(path, node)
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        if {alias.name for alias in node.names} - {"monotonic", "perf_counter", "sleep"}
    ]
    assert read == []


def test_stopwatches_run_only_where_work_is_watched_or_tried_again():
    ours = [p for p in MODULES if "rivals" not in p.parts]  # who is raced is timed where it runs
    rooms = {room(p) for p in ours for node in nodes(p) if STOPWATCH.search(dotted(node) or "")}
    assert rooms <= {"cli", "flows", "simulate", "connectors"}


def test_the_machine_s_clock_is_chosen_at_the_doors():
    rooms = {
        room(p) for p in MODULES if p != SRC / "vocab" / "clock.py" for _, name in calls(p) if name == "SystemClock"
    }
    assert rooms <= {"cli", "flows", "web"}


def imports_random(path: Path) -> bool:
    return any(isinstance(node, ast.Import) and "random" in {a.name for a in node.names} for node in nodes(path))


def test_randomness_has_a_seed_of_its_own():
    """`Random(seed)` and numpy generators only: the functions of the modules share one state that is nobody's."""
    loose = []
    for path in MODULES:
        roots = ("np.random.", "numpy.random.", *(["random."] if imports_random(path) else []))
        for node in nodes(path):
            name = dotted(node) if isinstance(node, ast.Attribute) else ""
            shared = name.startswith(roots) and not (
                name[name.rindex(".") + 1].isupper() or name.endswith("default_rng")
            )
            from_shared = (
                isinstance(node, ast.ImportFrom) and node.module == "random" and node.names[0].name != "Random"
            )
            unseeded = isinstance(node, ast.Call) and not node.args and not node.keywords
            unseeded = unseeded and dotted(node.func).endswith(("default_rng", "Random", "SeedSequence"))
            if shared or from_shared or unseeded:
                loose.append(f"{short(path, node)} {name}")
    assert loose == []


# What lies beside the code


def tracked() -> list[Path]:
    """The files of the repository; in an export without git, those of its folders."""
    if shutil.which("git") and (ROOT / ".git").exists():
        command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    folders = [ROOT / name for name in ("src", "tests", "docs")]
    return [*ROOT.glob("*.*"), *(path for folder in folders for path in folder.rglob("*") if path.is_file())]


def test_no_file_holds_a_path_of_somebody_s_machine():
    machine = re.compile(rb"(?<![\w.%-])/(?:work|farm|home|Users)/")
    found = []
    for path in tracked():
        data = path.read_bytes()
        if b"\0" in data[:8192] or path == Path(__file__):
            continue
        found += [f"{short(path)}:{n}" for n, line in enumerate(data.splitlines(), 1) if machine.search(line)]
    assert found == []


def test_decisions_are_numbered_without_gaps():
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [name[:5] for name in names] == [f"{n:04d}-" for n in range(1, len(names) + 1)]


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_shows_how_to_start(command):
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_changes_are_written_down():
    assert "## " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
