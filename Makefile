# make help lists the commands. Everything runs in .venv, made from requirements.lock.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
REPORTS ?= reports

.DEFAULT_GOAL := help
.PHONY: help report test pages lab bench lint lock bundle browser clean

help:  ## what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

report: $(READY)  ## the weekly report on the sample, into reports/
	@$(BIN)/leadreport run data/sample --reports $(REPORTS)

test: $(READY) browser  ## the whole suite: modules, notebooks, pages in a browser
	@$(BIN)/python -m pytest
	@LEADREPORT_DISPLAY=text $(BIN)/python -m pytest --nbval notebooks

pages: $(READY)  ## store the sample's figures in the pages again, when a changed number is meant
	@$(BIN)/python tests/store_pages.py

lab: $(READY)  ## JupyterLab on the notebooks
	$(BIN)/jupyter lab --notebook-dir=. notebooks

bench: $(READY)  ## the benchmarks, as ratios measured in one run
	@for each in benchmarks/*.py; do $(BIN)/python $$each || exit 1; done

lint: $(READY)  ## style of the code and of the notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lock:  ## pin the dependencies again (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --all-extras --python-version 3.11 \
		pyproject.toml -o requirements.lock

bundle: $(READY)  ## bundle Vega into the package again, after an update of Altair
	@$(BIN)/python -m leadreport.publish.template

browser:
	@sh tests/browser/install.sh

clean:  ## forget the environment and the caches
	rm -rf .venv data/sample/facts .pytest_cache .ruff_cache .hypothesis

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "leadreport needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the environment from requirements.lock (about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $(READY)
