# fol: `make demo` sets up and plays a night, `make test` sets up and runs the tests.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check fast real bench docs shots lint clean

demo: $(READY)          ## set up, then play one night at the port in ./demo-lab
	$(BIN)/fol demo --lab demo-lab

test: $(READY)          ## set up, then run every test
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: lint test        ## what CI runs

lint: $(READY)          ## format, lint, types, import contracts, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

fast: $(READY)          ## unit and contract tests only
	$(BIN)/python -m pytest -n 2 -m "not slow and not real" tests/unit tests/contracts

real: $(READY)          ## only the tests on real instrument files (FOL_REAL_DATA or ../shared/data)
	$(BIN)/python -m pytest -n 2 -m real

bench: $(READY)         ## every benchmark, one table each
	@for module in benchmarks/*.py; do \
	  name=$$(basename $$module .py); [ $$name = __init__ ] || $(BIN)/python -m benchmarks.$$name || exit 1; done

docs: $(READY)          ## rewrite the generated part of the command reference
	$(BIN)/python -m tui.reference docs/commands.md

shots: $(READY)         ## the README's pictures, made from the running app
	$(BIN)/python -m docs.pictures.make

$(READY): requirements/run.txt requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("fol needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $(READY)

clean:                  ## forget the environment and the demonstration lab
	rm -rf $(VENV) demo-lab
