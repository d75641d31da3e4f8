# make drills   the article's three failures, simulated, in a table
# make lab      JupyterLab with the lessons
# make test     lint, types and the tests, in some ten minutes
# make test-long   the tests that take longest: other daemons on one wire, soak and flood, the wheel, Firefox
# make fuzz     hostile bytes for every reader (FLAGS="--seconds 60 --seed 7")
# make lint     ruff, and the types of the player's scripts where node is
# make bench    how fast the simulator is on this machine
# make lock     renew the lock files (needs uv)
# make release  wheel and source of the newest commit into dist, built twice (VERSION=0.2.0: prepares it)
#
# Each makes its own environment in .venv the first time; tools/environment.sh says how.
# PYTHON=/path/to/python3 chooses the interpreter; FLAGS="-k word" goes to pytest, FLAGS="--no-browser" to JupyterLab.

RUN := .venv/bin/python
CORE := .venv/.ready-core
LAB := .venv/.ready-lab
ALL := .venv/.ready-all
SCRIPTS := node_modules/.ready
FLAGS ?=

# Byte code is cached even where the caller's shell forbids it: without, every start compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help drills lab test test-long fuzz lint types scripts bench pictures lock release venv clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(CORE): tools/environment.sh requirements-core.lock.txt pyproject.toml
	@PYTHON="$(PYTHON)" sh tools/environment.sh core

$(LAB): $(CORE) requirements-lab.lock.txt
	@PYTHON="$(PYTHON)" sh tools/environment.sh lab

$(ALL): $(CORE) requirements.lock.txt
	@PYTHON="$(PYTHON)" sh tools/environment.sh all

venv: $(ALL)

drills: $(CORE)
	@$(RUN) -m vrrplab simulate

# Not `jupyterlab FILE`: that would serve only the folder of the file, and the configurations lie beside it.
lab: $(LAB)
	@$(RUN) -m jupyterlab $(if $(filter 0,$(shell id -u)),--allow-root) \
		--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(FLAGS)

lint: $(ALL) scripts
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: $(ALL)
	$(RUN) -m mypy

# The types of the player's scripts. Nobody needs node to use vrrplab, so without it this is left out; not in CI.
scripts: $(if $(shell command -v node >/dev/null && command -v npm),$(SCRIPTS))
	@if [ -n "$<" ]; then node_modules/.bin/tsc; \
	else echo "Left out: the types of the player's scripts. They need node and npm: sudo apt install nodejs npm"; [ "$$CI" != true ]; fi

$(SCRIPTS): package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# Tests that measure time are marked `alone` and run after the others, with the machine to themselves.
# With FLAGS="-k word" one of the two may find nothing to do (exit code 5).
ALLOW_NONE = $(if $(FLAGS),|| test $$? -eq 5)
test: lint types
	$(RUN) -m pytest -n auto --maxprocesses 8 -m "not alone and not long" $(FLAGS) $(ALLOW_NONE)
	$(RUN) -m pytest -m "alone and not long" $(FLAGS) $(ALLOW_NONE)

# Those marked `waits` do little else, so several run beside each other; a JupyterLab waits for its kernel half the time.
test-long: $(ALL)
	$(RUN) -m pytest -n 4 -m "long and waits" $(FLAGS) $(ALLOW_NONE)
	$(RUN) -m pytest -n 2 --dist loadfile -m "long and jupyterlab" $(FLAGS) $(ALLOW_NONE)
	$(RUN) -m pytest -n auto --maxprocesses 8 -m "long and computes" $(FLAGS) $(ALLOW_NONE)
	$(RUN) -m pytest -m "long and not waits and not jupyterlab and not computes" $(FLAGS) $(ALLOW_NONE)

fuzz: $(ALL)
	@sh tools/environment.sh fuzz
	@$(RUN) fuzz/run.py $(FLAGS)

# The pictures of README, drawn anew.
pictures: $(ALL)
	@$(RUN) tools/pictures.py

bench: $(CORE)
	@for program in benchmarks/*.py; do $(RUN) $$program || exit; done

# In a folder of its own: uv.lock names the registry's hosts, so it is never seen here.
lock:
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; mkdir "$$folder/vrrplab"; \
	cp pyproject.toml README.md "$$folder"; cp vrrplab/__init__.py "$$folder/vrrplab"; \
	uv lock --quiet --project "$$folder"; \
	export="uv export --quiet --frozen --no-emit-project --no-header --no-annotate --project $$folder"; \
	$$export --group build --output-file requirements-core.lock.txt >/dev/null; \
	$$export --group build --extra lab --output-file requirements-lab.lock.txt >/dev/null; \
	$$export --group build --all-extras --output-file requirements.lock.txt >/dev/null; \
	$$export --only-group boot --output-file requirements-uv.lock.txt >/dev/null; \
	grep -c == requirements*.lock.txt

# With the pinned tools of the core, and nothing that is not committed. With VERSION=0.2.0 nothing is built: the files
# that name a version get that one, to be read and committed.
release: $(CORE)
	@$(RUN) $(if $(VERSION),tools/prepare_release.py $(VERSION),tools/release.py)

clean:
	rm -rf .venv .boot node_modules build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis
