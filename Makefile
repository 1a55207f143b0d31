# Each target does all of its own set-up; a second set-up takes no time. `make help` lists the targets.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up-done
PAGE := src/pricetime/page/index.html
# Folders are listed too, because they tell of files that were removed.
PAGE_SOURCES := $(shell find web -mindepth 1 -not -path 'web/node_modules*' 2>/dev/null)
# A file of browser tests stays with one worker, as it shares a browser and a venue. Many tests wait for what takes
# its time, so there is a worker more than processors; those of the services keep a dozen processes busy each.
PROCESSORS := $(shell getconf _NPROCESSORS_ONLN)
PYTEST_FLAGS ?= -n $$(($(PROCESSORS) + 1)) --dist loadgroup
SERVICES_FLAGS ?= -n $(PROCESSORS) --dist loadgroup

.DEFAULT_GOAL := help
.PHONY: help setup demo up test lint format docs bench crash chaos sanitize lock pictures soak-page clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 10

setup: $(STAMP) $(PAGE)  ## make .venv, install pricetime with everything it needs, and build its page
	@:

$(STAMP): requirements.lock pyproject.toml setup.py tools/setup $(wildcard src/pricetime/core/*.p*x*)
	@tools/setup $(VENV)
	@touch $@

$(PAGE): $(PAGE_SOURCES) tools/page | $(STAMP)
	@tools/page build

demo: setup  ## start a venue with a moving market on http://127.0.0.1:8080
	@exec $(BIN)/pricetime demo

up: setup  ## install what is missing, and run the venue as many services on https://127.0.0.1:8080
	@exec $(BIN)/pricetime up

test: lint  ## lint, then run every test; those of a whole venue on the reference rules as well
	tools/page size
	tools/page test
	$(BIN)/python -m pytest $(PYTEST_FLAGS) --ignore=tests/services
	$(BIN)/python -m pytest $(SERVICES_FLAGS) tests/services
	PRICETIME_CORE=rules $(BIN)/python -m pytest $(PYTEST_FLAGS) tests/chaos tests/api tests/contract

lint: setup  ## ruff, mypy, import-linter, and the page's types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	tools/page check

format: setup  ## let ruff lay out the code and fix what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## print the benchmark tables; write bench/results.json, docs/benchmarks.md and docs/capacity.md
	$(BIN)/python -m bench

crash: setup  ## kill a venue under bulk load 200 times, and see that nothing acknowledged is lost or doubled
	$(BIN)/python -m tests.chaos.crash --rounds 200

chaos: setup  ## harm each part of the venue of many services under load, five times, and tell how soon it is back
	$(BIN)/python -m tests.chaos.services --rounds 5

# A copy of the package with a core that stops at the first wrong access or overflow, under the tests that
# compare it with the rules. What the sanitizers say goes past pytest, for the process ends with it.
SANITIZED := build/sanitized
sanitize: setup  ## run the differential tests on a core built with AddressSanitizer and UBSan
	rm -rf $(SANITIZED) && mkdir -p build && cp -r src $(SANITIZED) && rm -f $(SANITIZED)/pricetime/core/*.so
	PRICETIME_SANITIZE=1 $(BIN)/python setup.py -q build_ext --force --build-lib $(SANITIZED) --build-temp build/sanitized-objects
	PYTHONPATH=$(SANITIZED) ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc \
	  LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
	  $(BIN)/python -m pytest --capture=sys tests/property tests/unit/rules tests/unit/core

docs: setup  ## redraw what the docs take from the code
	$(BIN)/python tools/declare_records.py
	$(BIN)/python tools/draw_states.py
	$(BIN)/python tools/draw_collections.py
	$(BIN)/python tools/render_nginx.py
	$(BIN)/pricetime config --markdown > docs/settings.md

# The lock is made from PyPI alone, whatever indexes this machine's pip is set up with.
lock: setup  ## write requirements.lock anew from pyproject.toml
	env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL -u PIP_INDEX_URL PIP_CONFIG_FILE=/dev/null \
	  CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile -q --upgrade --allow-unsafe --generate-hashes \
	  --extra dev --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --output-file requirements.lock pyproject.toml

pictures: setup  ## take the pictures of the page for the docs anew
	$(BIN)/python -m tests.browser.pictures

soak-page: setup  ## leave the page open on a fast market for ten minutes, and see that it stays as small as it was
	SOAK_S=600 $(BIN)/python -m pytest -s tests/browser/test_endurance.py

clean:  ## remove everything that make has made
	rm -rf $(VENV) $(dir $(PAGE)) web/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
