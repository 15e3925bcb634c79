# `make` lists the words. Everything lives in .venv, var and node_modules of this folder.

# The first Python that is new enough; or say which: make PYTHON=python3.13 setup
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11

.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo demo-reset test check simulate crashes bench lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 14

setup: ## make the environment (first time: a minute and the network)
	@test -n "$(PYTHON)" || { echo "Kontuar needs Python 3.11 or newer (Debian: sudo apt-get install python3 python3-venv)"; exit 2; }
	@$(PYTHON) scripts/setup.py run

setup-test: ## the same with what the tests need, Chromium included
	@test -n "$(PYTHON)" || { echo "Kontuar needs Python 3.11 or newer (Debian: sudo apt-get install python3 python3-venv)"; exit 2; }
	@$(PYTHON) scripts/setup.py test

demo: setup ## a head office and two stores with two tills each, on this machine
	@$(BIN)/kontuar demo

demo-reset: setup ## forget what was sold in the demo and begin anew
	@$(BIN)/kontuar demo --reset

test: setup-test check ## everything that must hold
	@scripts/test.sh

check: ## style, types and floors, without running anything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

simulate: setup ## whole chains in virtual time while everything breaks; SEED=1 SEEDS=20 OPS=300
	@$(BIN)/kontuar simulate --seed $(SEED) --seeds $(or $(SEEDS),20) --ops $(or $(OPS),300)

crashes: setup-test ## kill real processes a thousand times while tills sell (half an hour)
	@$(BIN)/kontuar crashes --rounds 10 --kills 100 --hub-kills 10

SEED ?= 1
simulate-long: setup ## a million operations over a thousand seeds, going on where the last run ended; SEED=1 SEEDS=1000
	@$(BIN)/kontuar simulate --seed $(SEED) --seeds $(or $(SEEDS),1000) --ops 1000 --results benchmarks/simulation.jsonl --resume
	@$(BIN)/kontuar simulate --summary benchmarks/simulation.jsonl

bench: setup-test ## measure, and print the figures as JSON
	@$(BIN)/kontuar bench

lock: setup-test ## choose the newest allowed versions and write them down with their hashes
	$(COMPILE) --upgrade pyproject.toml -o requirements/run.txt
	$(COMPILE) --upgrade --extra replay pyproject.toml requirements/test.in -c requirements/run.txt -o requirements/test.txt
	$(COMPILE) --upgrade requirements/setup.in -c requirements/test.txt -o requirements/setup.txt
	$(COMPILE) --upgrade requirements/node.in -c requirements/test.txt -o requirements/node.txt
	npm install --package-lock-only --ignore-scripts

clean: ## remove the environment and everything made by tools; the demo's data stay
	rm -rf .venv node_modules build dist src/*.egg-info src/kontuar/web/assets/vendor
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
