# The desk's commands. `make run` and `make test` need nothing but Python 3.11 or newer and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$each"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
# Each of the desk's processes would compile the whole code anew, each worker of the tests all tests besides.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --disable-pip-version-check install --progress-bar off --root-user-action=ignore
# shows how far it is, and only what matters of what pip says
COUNT = awk '/^(Collecting|Requirement already)/ { if (++n % 20 == 0) { print "  " n " packages found"; fflush() } next } \
	/^Installing collected/ { print "  installing"; fflush(); next } /^ *ERROR|^error|^ *No matching/ { print }'

.PHONY: help run test check security sbom lock format faults soak bench backup restore screenshots clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 20

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found. Install python3 (Debian: apt-get install python3 python3-venv) or say where it is: make run PYTHON=/path/to/python3.12"; exit 1; }
	@echo "- making the virtual environment $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "The virtual environment could not be made. On Debian: apt-get install python3-venv"; exit 1; }

# A stamp holds the very content that was installed: a changed file installs again, a touched one does not.
.PHONY: requirements requirements-dev
requirements: $(BIN)/python
	@cmp -s requirements.txt $(VENV)/requirements.installed || { \
	echo "- installing what requirements.txt names (a minute or two)"; \
	$(PIP) -r requirements.txt 2>&1 | $(COUNT) && cp requirements.txt $(VENV)/requirements.installed; }

requirements-dev: requirements
	@cmp -s requirements-dev.txt $(VENV)/requirements-dev.installed || { \
	echo "- installing what requirements-dev.txt names (a minute or two)"; \
	$(PIP) -r requirements-dev.txt 2>&1 | $(COUNT) && cp requirements-dev.txt $(VENV)/requirements-dev.installed; }

run: requirements ## start the whole desk; Ctrl-C stops it
	@exec $(MANAGE) up

test: requirements-dev ## all tests, with databases of their own
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
	echo "*** CHROMIUM IS MISSING: the journeys in a real browser are SKIPPED."; \
	echo "*** Install it to run them (Debian: apt-get install chromium)."; }
	@$(BIN)/pytest -n 3 --dist loadgroup $(ARGS)

check: requirements-dev ## lint, types, import contracts, templates, migrations, translations, deployment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy service_desk tests
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(MANAGE) makemigrations --check --dry-run
	@if command -v xgettext >/dev/null; then echo "$(MANAGE) check_translations"; $(MANAGE) check_translations; \
	else echo "*** XGETTEXT IS MISSING: translations are NOT checked (Debian: apt-get install gettext)."; fi
	SITE_URL=https://desk.example $(MANAGE) check --deploy --fail-level WARNING

security: requirements-dev ## what bandit finds, and known weaknesses of what the desk is built on
	$(BIN)/python -m tests.security.code
	$(BIN)/python -m tests.security.dependencies

sbom: requirements-dev ## write the list of everything the product is built on (CycloneDX) to var/sbom.json
	@mkdir -p var && $(BIN)/cyclonedx-py requirements requirements.txt --output-reproducible --of JSON -o var/sbom.json && echo "var/sbom.json"

# one file for every Python from 3.11 on and every system: what only some of them need is marked
LOCK = UV_NO_CONFIG=1 $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

lock: requirements-dev ## pin what the .in files name, with hashes; UPGRADE=1 takes newer versions
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt

format: requirements-dev ## put code and templates into the house's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

faults: requirements-dev ## the fault matrix with its full figures (docs/faults.md); ROW=01 (or ROW=namespaces) runs one row
	@FAULTS=$(or $(FAULTS),full) $(BIN)/pytest -p no:schemathesis -m faults $(if $(filter short,$(FAULTS)),-n 3 --dist loadfile,-n 0 -s) $(if $(ROW),$(wildcard tests/faults/test_row_$(ROW)_*.py tests/faults/test_$(ROW).py),tests/faults) $(ARGS)

soak: requirements-dev ## hours of work with a fault each minute (docs/faults.md): make soak HOURS=8
	@$(BIN)/python -m tests.faults.soak --hours $(or $(HOURS),8) $(ARGS)

bench: requirements-dev ## measure (see bench/README.md)
	@$(BIN)/python -m bench $(ARGS)

backup: requirements ## write a backup of the database
	@$(MANAGE) backup

restore: requirements ## make restore FILE=... puts a backup in place of the database
	@test -n "$(FILE)" || { echo "Say which file: make restore FILE=var/backups/service-desk-....dump"; exit 1; }
	@$(MANAGE) restore "$(FILE)"

screenshots: requirements-dev ## take the pictures of the README anew
	@$(BIN)/python -m tests.journeys.screenshots

clean: ## remove the virtual environment and caches; the data in var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
