"""The command itself: its groups of verbs, and the one place where a Problem becomes a message and an exit code."""

import sys
from collections.abc import Sequence
from errno import ENOSPC
from importlib import import_module
from importlib.metadata import entry_points

import typer

from tallyroll import __version__
from tallyroll.cli.output import say_problem, say_stopped
from tallyroll.vocab.errors import Problem, UsageProblem

INTERRUPTED = 130  # what shells expect of a program that Ctrl-C ended

VERBS = {
    "demo": ("demo",),
    "collecting": ("connect", "collect", "tally"),
    "running": ("run", "health"),
    "refreshing": ("refresh",),
    "sparking": ("spark",),
    "screening": ("screen",),
    "statistics": ("tabulate",),
    "releasing": ("merge", "release"),
    "governing": ("dpia",),
    "ledgers": ("ledger",),
    "retaining": ("retain",),
    "storing": ("store",),
    "submitting": ("submit", "receive"),
    "simulating": ("simulate",),
    "benching": ("bench",),
}
"""The verbs of each module. Only the module of the verb that was asked for is loaded: help alone needs them all."""


def command(asked: str = "") -> typer.Typer:
    """The command with the verb that is asked for, or with every verb."""
    app = typer.Typer(
        help="Daily school-attendance collection and official statistics. The roll stays; the tally travels.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # a pretty traceback prints variables, and a variable may hold a pupil's row
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    chosen = [module for module, verbs in VERBS.items() if asked in verbs]
    plugins = entry_points(group="tallyroll.verbs")  # verbs of the web door, and of anybody's plugin
    asked_plugins = plugins.select(name=asked)
    for module in chosen or (VERBS if not asked_plugins else ()):
        import_module(f"tallyroll.cli.{module}").join(app)
    for point in asked_plugins or (plugins if not chosen else ()):
        point.load().join(app)
    return app


def _version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"tallyroll {__version__}")
        raise typer.Exit


def _options(
    *, version: bool = typer.Option(False, "--version", callback=lambda asked: _version(asked=asked), is_eager=True)
) -> None:
    """Daily school-attendance collection and official statistics. The roll stays; the tally travels."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        verb = typer.main.get_command(command(given[0] if given else ""))
        code = verb.main(args=given, prog_name="tallyroll", standalone_mode=False)
    except Problem as problem:
        say_problem(problem, as_json=as_json)
        code = problem.exit_code
    except typer.TyperException as fault:
        _say_usage(fault, as_json=as_json)
        code = UsageProblem.exit_code
    except OSError as error:
        if error.filename is None and error.errno != ENOSPC:
            raise  # nothing that a person could see to: a bug
        say_problem(_refused_by_the_system(error), as_json=as_json)
        code = UsageProblem.exit_code
    if code == INTERRUPTED:
        say_stopped(as_json=as_json)
    sys.exit(code if isinstance(code, int) else 0)


def _say_usage(fault: typer.TyperException, *, as_json: bool) -> None:
    from typer.rich_utils import rich_format_error  # noqa: PLC0415 - a command without a fault does without

    if as_json:
        say_problem(UsageProblem(fault.format_message(), mend="See `tallyroll VERB --help`."), as_json=True)
    else:
        rich_format_error(fault)  # type: ignore[arg-type]  # what typer raises while it reads a command is of its kind


def _refused_by_the_system(error: OSError) -> Problem:
    what = f"The system says no: {error.strerror}."
    return UsageProblem(what, where=str(error.filename or ""), mend="See to the path, its rights and room on the disk.")
