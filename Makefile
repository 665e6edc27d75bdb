# make help lists the commands. Everything runs in .venv: requirements.lock is what a report needs, requirements-dev.lock
# is that and what tests, lint, lab and benchmarks need on top.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
READY_DEV := .venv/.ready-dev
REPORTS ?= reports
WORKERS ?= auto
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11

.DEFAULT_GOAL := help
.PHONY: help report test pages lab bench lint lock bundle browser clean

help:  ## what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

report: $(READY)  ## the weekly report on the sample, into reports/
	@$(BIN)/leadreport run data/sample --reports $(REPORTS)

test: $(READY_DEV) browser  ## the whole suite: modules, notebooks, pages in a browser
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup
	@LEADREPORT_DISPLAY=text $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --nbval notebooks

pages: $(READY_DEV)  ## store the sample's figures in the pages again, when a changed number is meant
	@$(BIN)/python tests/store_pages.py

lab: $(READY_DEV)  ## JupyterLab on the notebooks
	$(BIN)/jupyter lab --notebook-dir=. notebooks

bench: $(READY_DEV)  ## the benchmarks, as ratios measured in one run
	@for each in benchmarks/*.py; do $(BIN)/python $$each || exit 1; done

lint: $(READY_DEV)  ## style of the code and of the notebooks, and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy

lock:  ## pin the dependencies again, for a run and for everything (needs uv)
	$(COMPILE) --extra build pyproject.toml -o requirements.lock
	$(COMPILE) --all-extras --constraints requirements.lock pyproject.toml -o requirements-dev.lock

bundle: $(READY_DEV)  ## bundle Vega into the package again, after an update of Altair
	@$(BIN)/python -m leadreport.publish.template

browser:
	@sh tests/browser/install.sh

clean:  ## forget the environment and the caches
	rm -rf .venv data/sample/facts .pytest_cache .ruff_cache .mypy_cache .hypothesis

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "leadreport needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what a report needs, from requirements.lock (about a minute) ..."
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-build-isolation --no-deps --editable .
	@touch $(READY)

$(READY_DEV): requirements-dev.lock $(READY)
	@echo "Installing what tests need, from requirements-dev.lock (about a minute) ..."
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $(READY_DEV)
