# make run    install what is missing, start everything, print the address and the demo accounts
# make test   install what the tests need, then lint, types, import rules and all tests
# make lock   write the lock files again from requirements*.in
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --require-hashes --progress-bar on

.PHONY: run test check lock clean
.DEFAULT_GOAL := run

run: .venv/installed
	@exec $(PY) -m dashboard run

test: .venv/installed-dev
	@bash tests/system_packages.sh
	$(MAKE) --no-print-directory check
	$(PY) -m pytest --ignore tests/e2e
	$(PY) -m pytest -n 0 tests/e2e  # a browser plays video true to the clock on a machine that has the time

check: .venv/installed-dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-cache

lock: .venv/installed-dev
	.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" requirements.in -o requirements.txt
	.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf .venv

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=..."; exit 1; }
	@echo "Making the virtual environment in .venv ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update && apt-get -qqy install python3-venv && $(PYTHON) -m venv .venv; } || \
	  { rm -rf .venv; echo "The venv module is missing: apt-get install python3-venv"; exit 1; }

.venv/installed: requirements.txt | .venv/bin/python
	@echo "Installing the locked packages (about a minute the first time) ..."
	@$(PIP) -r requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	@echo "Installing the packages of the checks and tests ..."
	@$(PIP) -q -r requirements-dev.txt
	@touch $@
