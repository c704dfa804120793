# make demo     sets everything up, then runs the main job on real data
# make test     sets everything up, then runs every check
# make extras   installs JAX and PyTorch, which are optional; with them `make test` checks their backends too
# make bench    the benchmarks
# make mutants  breaks the engine in hundreds of places; the proof must notice (last line: the counts)
# make marking  wrong answers that must be found and named, right ones in other forms that must be accepted (last line: the figures)
# make cases    the derivative questions of tests/cases, file by file
# Needs Python >= 3.11, pip and make; everything is installed into .venv, at the releases of constraints.txt.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The first interpreter that is new enough: `make PYTHON=/path/to/python` names another.
PYTHON ?= $(shell for p in python3 python python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt

.PHONY: setup extras demo test lint types contract wheel pytest cases marking bench mutants clean

setup: $(READY)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name one with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# hatchling first and no build isolation: the editable install then uses the pinned build tools.
$(READY): pyproject.toml constraints.txt | $(BIN)/python
	@echo "== setting up $(VENV)"
	$(PIP) hatchling editables
	$(PIP) --no-build-isolation --editable '.[dev,demo]'
	@touch $@

# The array libraries that programs can be written for; where they are installed, their tests run too and the benchmarks compare with them.
# torch first and by its exact release, before anything that could ask for another.
extras: $(VENV)/.extras

$(VENV)/.extras: $(READY)
	$(PIP) torch==2.13.0
	$(PIP) jax
	@touch $@

demo: $(READY)
	$(BIN)/python examples/newton.py

# pytest comes last, so that its summary line ends the run.
test: lint types contract wheel pytest

lint: $(READY)
	@echo "== lint"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	@echo "== types"
	$(BIN)/mypy

contract: $(READY)
	@echo "== one direction of flow"
	$(BIN)/lint-imports

# The built wheel, installed with nothing but its declared dependencies, must work.
wheel: $(READY)
	@echo "== wheel"
	rm -rf dist build/smoke
	$(BIN)/python -m build --no-isolation --outdir dist . >/dev/null
	$(BIN)/python -m venv build/smoke
	build/smoke/bin/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt dist/wrt-*.whl
	cd build/smoke && bin/wrt --version && bin/wrt derive "norm(A @ x - b)**2" --wrt x && bin/python -m wrt derive "x**2" --json >/dev/null

pytest: $(READY)
	@echo "== tests"
	$(BIN)/pytest

cases: $(READY)
	$(BIN)/python tests/run_cases.py

marking: $(READY)
	$(BIN)/python tools/marking.py

bench: extras
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

mutants: $(READY)
	$(BIN)/python tools/mutants.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
