"""The command itself: its groups of verbs, and the one place where a Problem becomes a message and an exit code."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import entry_points

import typer

from tallyroll import __version__
from tallyroll.cli.output import say_problem
from tallyroll.vocab.errors import Problem

VERBS = {
    "demo": ("demo",),
    "collecting": ("connect", "collect", "tally"),
    "screening": ("screen",),
    "statistics": ("tabulate",),
    "releasing": ("merge", "release"),
    "governing": ("dpia", "ledger"),
    "simulating": ("simulate",),
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
    for module in chosen or VERBS:
        import_module(f"tallyroll.cli.{module}").join(app)
    if not chosen:
        for point in entry_points(group="tallyroll.verbs"):  # verbs of the web door, and of anybody's plugin
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
    try:
        typer.main.get_command(command(given[0] if given else "")).main(args=given, prog_name="tallyroll")
    except Problem as problem:
        say_problem(problem, as_json="--json" in given)
        sys.exit(problem.exit_code)
