"""The command itself: its groups of verbs, and the one place where a Problem becomes a message and an exit code."""

import sys
from collections.abc import Sequence
from importlib.metadata import entry_points

import click
import typer

from tallyroll import __version__
from tallyroll.cli import collecting, demo, governing, releasing, screening, simulating, statistics
from tallyroll.cli.output import say_problem
from tallyroll.vocab.errors import Problem

app = typer.Typer(
    help="Daily school-attendance collection and official statistics. The roll stays; the tally travels.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a pretty traceback prints variables, and a variable may hold a pupil's row
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (demo, collecting, screening, statistics, releasing, governing, simulating):
    part.join(app)
for point in entry_points(group="tallyroll.verbs"):  # verbs of the web door, and of anybody's plugin
    point.load().join(app)


def _version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"tallyroll {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *, version: bool = typer.Option(False, "--version", callback=lambda asked: _version(asked=asked), is_eager=True)
) -> None:
    """Daily school-attendance collection and official statistics. The roll stays; the tally travels."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave the process with its exit code."""
    command = typer.main.get_command(app)
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = command.main(args=given, prog_name="tallyroll", standalone_mode=False)
    except Problem as problem:
        say_problem(problem, as_json="--json" in given)
        sys.exit(problem.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit("Stopped.")
    sys.exit(code if isinstance(code, int) else 0)
