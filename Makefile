# Every target sets up what it needs on a machine with only Python 3.11, make and git.
PYTHON ?= python3
UV := .tools/bin/uv
RUN := .venv/bin/

.PHONY: help demo test check bench serve setup setup-all setup-bench clean fix docs

help:            ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ —/'

setup: .venv/.ready

setup-all: .venv/.ready-all

setup-bench: .venv/.ready-bench

.tools/bin/uv:
	@echo "Installing uv into .tools"
	@$(PYTHON) -c 'import sys; sys.exit("Tallyroll needs Python 3.11 or later.") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5'

.venv/.ready: .tools/bin/uv pyproject.toml uv.lock
	@echo "Installing Tallyroll into .venv"
	@$(UV) sync --quiet --locked --inexact --no-dev --python $(PYTHON)
	@touch $@

.venv/.ready-all: .venv/.ready
	@echo "Installing what tests and checks need: PostgreSQL, Spark with its Java, and the tools"
	@$(UV) sync --quiet --locked --inexact --all-extras --python $(PYTHON)
	@touch $@

.venv/.ready-bench: .venv/.ready-all
	@echo "Installing the products that the benches race"
	@$(UV) sync --quiet --locked --inexact --all-extras --group bench --python $(PYTHON)
	@touch $@

demo: setup      ## the whole chain on a synthetic authority over HTTP; writes demo/summary.json
	@$(RUN)tallyroll demo --out demo

test: setup-all  ## every test
	@$(RUN)pytest --numprocesses 2 --quiet

check: setup-all ## format, lint, types, import contracts, lock, stale docs
	@$(RUN)ruff format --check --quiet .
	@$(RUN)ruff check --quiet .
	@$(RUN)mypy
	@$(RUN)lint-imports --no-cache > .import-linter.log || (cat .import-linter.log; exit 1)
	@$(UV) lock --check --quiet
	@$(RUN)python -m tests.lib.stale_docs
	@echo "Everything is in order."

bench: setup-bench ## the tables of docs/performance.md
	@$(RUN)tallyroll bench all --json bench.json

serve: setup     ## the site on the demo's data at http://127.0.0.1:8000
	@test -d demo/release || $(RUN)tallyroll demo --out demo
	@$(RUN)tallyroll serve demo/release --ledger demo/ledger --roles demo/roles.toml

fix: setup-all   ## format and mend what can be mended
	@$(RUN)ruff format --quiet .
	@$(RUN)ruff check --quiet --fix .

docs: setup-all  ## write the generated pages anew
	@$(RUN)python -m tests.lib.stale_docs --write

clean:           ## remove what was installed and made
	rm -rf .venv .tools demo bench.json .mypy_cache .ruff_cache .pytest_cache .hypothesis .import-linter.log
