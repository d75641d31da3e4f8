# make drills   the article's three failures, simulated, in a table
# make lab      JupyterLab with the lessons
# make test     lint, types and the tests, in some ten minutes
# make test-long   the tests that take longest: other daemons on one wire, soak and flood, the wheel, Firefox
# make site     the page with the cluster and its simulator, into dist/site; once before: make site-fetch (from npm)
# make site-lite   after it, the lessons to run in the browser (JupyterLite), into dist/site/lite
# make site-serve   shows it at a port of this machine
# make fuzz     hostile bytes for every reader (FLAGS="--seconds 60 --seed 7")
# make lint     ruff, and the types of the player's scripts where node is
# make man      the man pages, in out/man: man -M out/man vrrplab-config-check
# make bench    how fast the simulator is on this machine, beside SimPy and beside itself as it was (FLAGS=--quick)
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

.PHONY: help drills lab test test-beside test-alone test-long test-fetch test-waits test-jupyterlab test-site \
	test-computes test-rest test-rest-alone site-fetch site site-lite site-serve fuzz lint types scripts man bench pictures lock release venv clean
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
# A test that hangs is ended after so many seconds, and named, instead of holding up all others.
ENDED_AFTER = -o faulthandler_exit_on_timeout=true -o faulthandler_timeout
test: lint types test-beside test-alone

# Half of them wait for something, so three share two processors.
BESIDE = $$(($$(getconf _NPROCESSORS_ONLN) * 3 / 2))
test-beside: $(ALL)
	$(RUN) -m pytest -n $(BESIDE) --maxprocesses 8 -m "not alone and not long" $(ENDED_AFTER)=180 $(FLAGS) $(ALLOW_NONE)

test-alone: $(ALL)
	$(RUN) -m pytest -m "alone and not long" $(ENDED_AFTER)=180 $(FLAGS) $(ALLOW_NONE)

# Without Pyodide (site-fetch) or JupyterLite what tests the page is left out, by name; not in CI.
# With `make -k` one part that fails does not end the others. In parts, each beside what does not disturb it:
# those marked `waits` do little else, so several run beside each other; a JupyterLab waits for its kernel half
# the time; those marked `site` look at one site, which the first of the two processes builds.
test-long: test-fetch test-waits test-jupyterlab test-site test-computes test-rest test-rest-alone

REST = not waits and not jupyterlab and not site and not computes
test-waits: KIND = -n 4 -m "long and waits"
test-jupyterlab: KIND = -n 2 --dist loadfile -m "long and jupyterlab"
test-site: KIND = -n 2 --dist loadfile -m "long and site"
test-computes: KIND = -n auto --maxprocesses 8 -m "long and computes"
test-rest: KIND = -n 2 --dist loadfile -m "long and not alone and $(REST)"
test-rest-alone: KIND = -m "long and alone and $(REST)"

test-waits test-jupyterlab test-site test-computes test-rest test-rest-alone: $(ALL)
	$(RUN) -m pytest $(KIND) $(ENDED_AFTER)=600 $(FLAGS) $(ALLOW_NONE)

test-fetch: $(ALL)
	@$(RUN) tools/site_runtime.py || [ "$$CI" != true ]
	@$(RUN) tools/site_lite.py --fetch || [ "$$CI" != true ]

site-fetch: $(CORE)
	@$(RUN) tools/site_runtime.py

site: $(ALL)
	@$(RUN) tools/site_build.py

# What it needs is fetched once, from PyPI and npm, into build/lite.
site-lite: $(ALL)
	@$(RUN) tools/site_lite.py

site-serve:
	@$(RUN) -m http.server --bind 127.0.0.1 --directory dist/site

fuzz: $(ALL)
	@sh tools/environment.sh fuzz
	@$(RUN) fuzz/run.py $(FLAGS)

# The pictures of README, drawn anew.
pictures: $(ALL)
	@$(RUN) tools/pictures.py

# Not committed and in no wheel: docs/decisions.md says why.
man: $(CORE)
	@$(RUN) tools/man_pages.py out/man/man1

# What CONTRIBUTING.md asks of "faster", in one go; a target that is missed is told, and ends nothing.
BENCHMARKS := yardsticks scale forks drills codec
bench: $(ALL)
	@failed=0; for program in $(BENCHMARKS); do echo "== $$program"; \
		$(RUN) benchmarks/$$program.py $(FLAGS) || failed=1; done; exit $$failed

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
