# The commands of the book: `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help setup book test lint lab site-check lists record study campaign stamp versions clean lock

PYTHON ?= python3
PROFILE ?= laptop
CHAPTER ?=
PARAMETERS ?=
FRESH ?=
LAB_ARGS ?=
BENCHMARK ?= shapes3d
MODEL ?= qlae
SEEDS ?= 0
SETTINGS ?=
NAME ?=
STUDY_ARGS ?=
MINUTES ?=
FROM ?=
TO ?= _build/campaign
CAMPAIGN_ARGS ?=
REPOSITORY ?=
ENVIRONMENTS ?=

# Where it is set, every process compiles the source of all that it imports once more.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin/python
UV := $(VENV)/bin/uv
READY := $(VENV)/.ready

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 20
	@echo
	@echo '  make book PROFILE=smoke                              one of smoke, laptop (the default), workstation, paper'
	@echo '  make book FRESH=1                                    execute chapters that have not changed, too'
	@echo '  make book JOBS=1                                     one chapter at a time (else one a core, up to 4)'
	@echo '  make book CHAPTER=shapes3d                           execute this chapter alone'
	@echo '  make book CHAPTER=shapes3d PARAMETERS="seed=3"       and with these parameters'
	@echo '  $(BIN) -m lib.chapters list                the chapters; run NAME executes one'
	@echo '  make record BENCHMARK=shapes3d MODEL=qlae SEEDS="0 1 2" SETTINGS="num_values=6"'
	@echo '  make study NAME=main STUDY_ARGS="--workers 2"         go on with a study; $(BIN) -m lib.studies lists them'
	@echo '  make campaign MINUTES=12 FROM=folder TO=other         go on from what a campaign wrote'
	@echo '  make lab LAB_ARGS="--no-browser --allow-root"        with options of JupyterLab'

setup: $(READY) ## install the locked packages into .venv, which all other commands do too

book: $(READY) ## execute the chapters and render the site to _build/html
	@$(BIN) -m tools.build_book --profile "$(PROFILE)" $(if $(CHAPTER),--chapter "$(CHAPTER)") $(if $(PARAMETERS),--parameters $(PARAMETERS)) $(if $(FRESH),--fresh) $(if $(JOBS),--jobs "$(JOBS)")

test: lint ## lint, then run all tests
	$(BIN) -m pytest --numprocesses auto

lint: $(READY) ## check style and format, notebooks too, and what imports what
	$(BIN) -m ruff check .
	$(BIN) -m ruff format --check .
	$(VENV)/bin/lint-imports --no-cache --no-logo

lists: $(READY) ## write anew what follows from other files: lists, first cells
	@$(BIN) -m tools.lists

stamp: $(READY) ## write the public address of the repository, REPOSITORY=owner/name, where it is needed
	@$(BIN) -m tools.address "$(REPOSITORY)"
	@$(BIN) -m tools.lists

versions: $(READY) ## run the core tests with the oldest, Colab's, the locked and the newest packages
	@$(BIN) -m tools.versions $(ENVIRONMENTS)

site-check: $(READY) ## open the built site in headless Chromium
	@$(BIN) -m tools.check_site _build/html

lab: $(READY) ## open the chapters in JupyterLab
	$(BIN) -m jupyterlab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/book $(LAB_ARGS)

# The recorded runs are those of the paper profile, which wants an accelerator. Each goes on where it
# was interrupted, so the same command may be given again and again.
record: PROFILE = paper
record: $(READY) ## train runs and keep their records in book/results
	$(BIN) -m lib.runs $(BENCHMARK) $(MODEL) --profile $(PROFILE) --seeds $(SEEDS) --set $(SETTINGS) --record book/results

study: $(READY) ## make and record the runs of the study NAME that are not recorded yet
	$(BIN) -m lib.studies run "$(NAME)" $(STUDY_ARGS)

# A machine that is lent for minutes has no network: without .venv its own Python does it, and no package is
# fetched. Lend it some minutes more than MINUTES.
campaign: NAME = published_networks
campaign: ## measure, then go on with a study, for MINUTES=12 of an accelerator; TO=folder, FROM=folder
	$(if $(wildcard $(READY)),$(BIN),$(PYTHON)) -m tools.campaign "$(MINUTES)" --study "$(NAME)" --to "$(TO)" $(if $(FROM),--from "$(FROM)") $(CAMPAIGN_ARGS)

clean: ## remove what is built; runs/ and .venv stay
	rm -rf _build build .pytest_cache .ruff_cache *.egg-info

# requirements.txt is the lock: one set of versions for Python 3.11, one for 3.12 to 3.14. To renew it after a
# change of the ranges in pyproject.toml, or to move to newer versions, run `make lock`.
lock: $(READY) ## renew requirements.txt from the ranges in pyproject.toml
	$(UV) pip compile pyproject.toml --universal --python-version 3.11 --extra book --extra dev --extra study --extra tensorboard --no-header --upgrade --output-file requirements.txt

# uv is quick, but knows nothing of pip's own settings, such as a mirror: then pip does it.
$(READY): requirements.txt
	@command -v "$(PYTHON)" >/dev/null || { echo 'Error: no $(PYTHON) found; install Python >= 3.11, or name it: make PYTHON=/path/to/python' >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; v = sys.version.split()[0]; sys.exit(0 if (3, 11) <= sys.version_info < (3, 15) else f"Error: Python 3.11 to 3.14 is needed, and $(PYTHON) is {v}; name another: make PYTHON=python3.11")'
	@echo 'setting up $(VENV)'; started=$$SECONDS; \
	$(BIN) -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV); \
	$(BIN) -m pip install -qq --constraint requirements.txt uv; \
	$(UV) pip install -q --python $(BIN) --requirement requirements.txt || \
	  $(BIN) -m pip install -qq --requirement requirements.txt; \
	$(BIN) -m pip install -qq --no-deps --no-build-isolation --editable .; \
	touch $@; \
	echo "set-up took $$((SECONDS - started)) s"
