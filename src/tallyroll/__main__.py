"""`python -m tallyroll` is the same as the `tallyroll` command."""

from tallyroll.cli import main

main()
