"""Mutants of a module: small faults put into it one at a time, to see whether the tests notice.

`python -m tests.lib.mutants governance/gate.py [TEST ...]` prints each mutant that survives as it is found. Each runs
in a process of its own, forked from one that has loaded everything, and takes a second or two: too slow for every day.
"""

import ast
import copy
import importlib
import os
import signal
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60  # a mutant that runs longer counts as noticed
AT_ONCE = 2
TESTS = {
    "governance/gate.py": ("tests/unit/test_governance_gate.py",),
    "governance/memory.py": ("tests/unit/test_governance_memory.py",),
    "governance/limits.py": ("tests/unit/test_governance_gate.py",),
    "governance/lifecycle.py": ("tests/spec/test_life_cycle.py",),
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
TWINS = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: where, what, and the module with it."""

    line: int
    what: str
    tree: ast.Module


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree, seen = ast.parse(source), set[str]()
    for place, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            whole = copy.deepcopy(tree)
            twin = next(one for at, one in enumerate(ast.walk(whole)) if at == place)
            change(twin)
            text = ast.unparse(ast.fix_missing_locations(whole))
            if text not in seen:  # a function within another one is met twice
                seen.add(text)
                yield Mutant(getattr(node, "lineno", 0), what, whole)


Change = tuple[str, Callable[[ast.AST], None]]


def _set(name: str, value: object) -> Callable[[ast.AST], None]:
    return lambda node: setattr(node, name, value)


def _drop(name: str, at: int) -> Callable[[ast.AST], None]:
    return lambda node: getattr(node, name).pop(at)


def _changes(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            for other in COMPARISONS[type(op)]:
                yield f"{type(op).__name__} becomes {other.__name__}", _put("ops", at, other())
    elif isinstance(node, ast.BoolOp):
        yield "and becomes or, or the reverse", _set("op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield "the operator is turned round", _set("op", OPERATORS[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield "not, or minus, is dropped", _set("op", ast.UAdd()) if isinstance(node.op, ast.USub) else _affirm
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int):
        yield (
            "the constant changes",
            _set("value", (not node.value) if isinstance(node.value, bool) else node.value + 1),
        )
    elif isinstance(node, ast.List | ast.Set) and node.elts:
        for at in range(len(node.elts)):
            yield f"element {at} is dropped", _drop("elts", at)
    elif isinstance(node, ast.If | ast.IfExp):
        for value in (True, False):
            yield f"the condition is {value}", _set("test", ast.Constant(value))
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield "the condition of a comprehension is dropped", _drop("ifs", 0)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TWINS:
        yield f"{node.func.id} becomes {TWINS[node.func.id]}", _set("func", ast.Name(TWINS[node.func.id], ast.Load()))
    elif isinstance(node, ast.Tuple) and node.elts and isinstance(getattr(node.elts[0], "value", None), str):
        yield "the clause is another one", _put("elts", 0, ast.Constant("another"))
    if isinstance(node, ast.FunctionDef):
        yield from _of_body(node)


def _of_body(node: ast.FunctionDef) -> Iterator[Change]:
    """A function that does nothing, and each of its statements left out that yields, returns, raises or calls."""
    yield f"{node.name} returns at once", lambda twin: twin.body.insert(0, ast.Return())  # type: ignore[attr-defined]  # a function
    for place, inner in enumerate(ast.walk(node)):
        is_word = isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant)
        if isinstance(inner, ast.Expr | ast.Raise | ast.Return) and not is_word:
            yield f"line {inner.lineno}: {type(inner).__name__} is left out", _without(place)


def _without(place: int) -> Callable[[ast.AST], None]:
    def change(function: ast.AST) -> None:
        target = next(one for at, one in enumerate(ast.walk(function)) if at == place)
        for parent in ast.walk(function):
            for name in ("body", "orelse", "handlers", "finalbody"):
                held = getattr(parent, name, None)
                if isinstance(held, list) and target in held:
                    held[held.index(target)] = ast.Pass()

    return change


def _put(name: str, at: int, value: object) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        getattr(node, name)[at] = value

    return change


def _affirm(node: ast.AST) -> None:
    node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)  # type: ignore[attr-defined]  # a UnaryOp


def infect(module: types.ModuleType, mutant: Mutant) -> None:
    """Put the fault into a module that others have imported from: the code of its functions, and its constants."""
    other = types.ModuleType(module.__name__)
    other.__dict__.update(__file__=module.__file__, __package__=module.__package__)
    sys.modules[module.__name__] = other  # dataclasses look their module up
    exec(compile(mutant.tree, str(module.__file__), "exec"), other.__dict__)
    sys.modules[module.__name__] = module
    for name, new in vars(other).items():
        old = vars(module).get(name)
        if isinstance(new, types.FunctionType) and isinstance(old, types.FunctionType):
            _recode(old, new)
        elif isinstance(new, type) and isinstance(old, type) and new.__module__ == module.__name__:
            for inner, method in vars(new).items():
                made, held = (getattr(one, "fget", one) for one in (method, vars(old).get(inner)))
                if isinstance(made, types.FunctionType) and isinstance(held, types.FunctionType):
                    _recode(held, made)
        elif name.isupper():
            setattr(module, name, new)


def _recode(old: types.FunctionType, new: types.FunctionType) -> None:
    if old.__code__.co_freevars == new.__code__.co_freevars:
        old.__code__ = new.__code__


def survives(module: types.ModuleType, mutant: Mutant, tests: Sequence[str]) -> int:
    """Starts a process that ends with 0 when every test passes in spite of the fault; gives its number."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.alarm(LIMIT_S)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        infect(module, mutant)
        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests]))
    finally:
        os._exit(code)


def hunt(name: str, tests: Sequence[str]) -> tuple[int, list[Mutant]]:
    """How many mutants a module has, and those that no test noticed."""
    path = ROOT / "src" / "tallyroll" / name
    module = importlib.import_module("tallyroll." + name.removesuffix(".py").replace("/", "."))
    if pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]):
        sys.exit("The tests fail without a mutant.")
    waiting, running, alive = [*mutants(path.read_text(encoding="utf-8"))], dict[int, Mutant](), list[Mutant]()
    n = len(waiting)
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            one = waiting.pop(0)
            running[survives(module, one, tests)] = one
        child, status = os.wait()
        one = running.pop(child)
        if status == 0:
            sys.stdout.write(f"{name}:{one.line}: {one.what}\n")
            sys.stdout.flush()
            alive.append(one)
    return n, alive


if __name__ == "__main__":
    which, *chosen = sys.argv[1:]
    count, left = hunt(which, chosen or TESTS[which])
    sys.stdout.write(f"{which}: {count} mutants, {count - len(left)} noticed, {len(left)} not\n")
