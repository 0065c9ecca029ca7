# SPDX-License-Identifier: GPL-3.0-or-later
# Needs git, python3 (3.11 or newer), python3-venv and make. Everything else is fetched into .venv,
# by the hashes in requirements-dev.txt.

PYTHON ?= python3
PORT   ?= 8080
STORIES ?= 1
HOURS  ?= 168
MINUTES ?= 60
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Compiled once, not in each process that a test starts: a fifth of the time that evsed needs to begin.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup broker check check-wheel release fix demo bench solar cars browser fire pilot-faults matrix mutants fuzz languages diagram walk week busy dist parts deb systemd-test first-charge arm-test arm-suite vm-test pipx-test ocpp-test ha-test clean hw hashes

help: ## this menu
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# pip's report as one line that moves: the number, the name and the size of each file.
define fetch
@{ $(BIN)/python -m pip --disable-pip-version-check install --progress-bar off --no-input \
    --require-hashes --no-deps $(1) 2>&1; echo "rc $$?"; } \
  | awk '/^ *(Downloading|Using cached) / {printf "\r\033[K  %d %s", ++n, $$0; fflush()} \
         /^ERROR/ {print} /^rc / {printf "\r\033[K"; exit $$2}'
endef

setup: .venv/evsed.stamp ## the tools and evsed itself, in .venv

# The demo needs what evsed needs to run, and what builds it; the other tools are for `make check`.
BUILDS_WITH := hatchling editables youplot packaging pathspec pluggy trove-classifiers

.venv/run.stamp: requirements.txt requirements-dev.txt pyproject.toml hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "evsed needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version)." >&2; exit 1; }
	@echo "Setting up .venv for the demo (once; again only when the pins change): 9 MB to fetch"
	@$(PYTHON) -m venv .venv \
	  || { echo "No .venv without venv. On Debian: sudo apt install python3-venv" >&2; exit 1; }
	@awk -v names=" $(BUILDS_WITH) " '/^[a-z]/ {split($$1, part, "=="); kept = index(names, " " part[1] " ")} kept' \
	  requirements-dev.txt >.venv/build-requirements.txt
	$(call fetch,-r requirements.txt)
	$(call fetch,-r .venv/build-requirements.txt)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/pins.stamp: requirements-dev.txt tests/frontends/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "evsed needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version)." >&2; exit 1; }
	@echo "Setting up .venv with all tools (once; again only when the pins change): 55 MB to fetch"
	@$(PYTHON) -m venv .venv \
	  || { echo "No .venv without venv. On Debian: sudo apt install python3-venv" >&2; exit 1; }
	$(call fetch,-r requirements-dev.txt)
	@$(PIP) install --require-hashes --no-deps --ignore-requires-python -r tests/frontends/requirements.txt
	@touch $@

# --no-build-isolation: hatchling is among the pins, so nothing unpinned is fetched to build with.
.venv/evsed.stamp: .venv/pins.stamp pyproject.toml evsed/__init__.py hatch_build.py evsed/frontends/web/parts.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

OTHERS := mosquitto nginx caddy prometheus jq
broker: ## mosquitto, nginx, caddy, prometheus: tests talk to them; without them those are skipped
	@PATH=$$PATH:/usr/sbin; for program in $(OTHERS); do command -v $$program >/dev/null \
	  || missing="$$missing $$program"; done; [ -z "$$missing" ] || { [ "$$(id -u)" = 0 ] \
	  && apt-get update -qq && apt-get install --yes --no-install-recommends $$missing >/dev/null; } \
	  || echo "Some tests are skipped: sudo apt install$$missing" >&2

# Tracing every branch takes a test of core/ three to five times as long, so only core/'s own stories
# are traced; what walks or wanders through its states for minutes, or plays hours of failed parts and
# rare bursts, is not. Two files run at a time, in this order: the walk takes longest, so it begins
# first. mypy has one core's work and runs beside core/'s tests.
# Those of tests/processes/ start several processes each and wait half of the time: six run beside
# each other, and all of them beside the rest.
WANDERING := tests/core/pilot/test_evse_walk.py tests/core/pilot/test_evse_stateful.py
UNTRACED  := $(WANDERING) tests/core/pilot/test_part_faults.py tests/core/pilot/test_week.py
APART     := $(UNTRACED) tests/core/ tests/browser/ tests/processes/ tests/home_assistant/
PYTEST    := $(BIN)/python -m pytest
TWO       := -n 2 --dist loadfile --no-loadscope-reorder

check: setup broker ## all that a change has to pass: format, lint, types, layers, tests
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted: make fix" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports
	@$(BIN)/mypy >.venv/types.txt 2>&1 & types=$$!; \
	$(PYTEST) $(TWO) tests/core $(UNTRACED:%=--ignore=%) --cov --cov-report=; tests=$$?; \
	wait $$types || { cat .venv/types.txt; exit 1; }; cat .venv/types.txt; exit $$tests
	@$(BIN)/coverage report --include='evsed/core/**' --fail-under=100 >.venv/core-coverage.txt 2>&1 \
	  || { cat .venv/core-coverage.txt; echo "core/ must be covered to the last branch." >&2; exit 1; }
	@$(PYTEST) tests/processes >.venv/processes.txt 2>&1 & processes=$$!; trap 'kill $$processes; exit 1' INT TERM; \
	$(PYTEST) $(TWO) $(UNTRACED) $(filter-out $(APART),$(wildcard tests/*/)); tests=$$?; \
	wait $$processes || { cat .venv/processes.txt; exit 1; }; cat .venv/processes.txt; exit $$tests

# The wheel as a user installs it, without the source beside it. What `make check` has just run on
# this Python is not run again there: only what an installation can break.
INSTALLED := tests/cli tests/settings tests/deb tests/frontends/web/test_assets.py tests/processes/test_demo.py
WHEELS    := .venv/wheels

check-wheel: dist ## the tests against the installed wheel, on Python 3.11 and 3.13 where they are there
	@rm -rf $(WHEELS)/tree && mkdir -p $(WHEELS)/tree
	@git ls-files -z --cached --others --exclude-standard ':!evsed' | xargs -0 cp --parents -t $(WHEELS)/tree
	@for python in python3.11 python3.13; do \
	  "$$python" -c '' 2>/dev/null || { echo "no $$python here: the wheel is not tried on it"; continue; }; \
	  "$$python" -m venv --clear $(WHEELS)/$$python || exit 1; \
	  at=$$PWD/$(WHEELS)/$$python/bin/python; \
	  pip="$$at -m pip --disable-pip-version-check --quiet install --no-deps"; \
	  $$pip --require-hashes -r requirements-dev.txt || exit 1; \
	  $$pip --require-hashes --ignore-requires-python -r tests/frontends/requirements.txt || exit 1; \
	  $$pip dist/evsed-*.whl || exit 1; \
	  if [ "$$("$$python" -V)" = "$$($(BIN)/python -V)" ]; then \
	    ran="$(INSTALLED)"; else ran="$(filter-out tests/docs/ tests/hw/ $(APART),$(wildcard tests/*/)) tests/core $(WANDERING:%=--ignore=%) tests/processes/test_demo.py"; fi; \
	  echo "$$($$at -V), evsed from $$(cd / && $$at -c 'import evsed; print(evsed.__file__)')"; \
	  (cd $(WHEELS)/tree && $$at -m pytest -m "not source" $(TWO) $$ran) || exit 1; \
	done

fix: setup ## mend what ruff can mend by itself
	@$(BIN)/ruff check --fix --show-fixes . || true
	@$(BIN)/ruff format .

demo: $(if $(wildcard .venv/evsed.stamp),setup,.venv/run.stamp) ## a whole charger on a simulated Pi; PORT=8080
	@exec $(BIN)/evsed demo --port $(PORT)

bench: setup ## the numbers, each with the command that repeats it
	@$(BIN)/python -m tests.benchmarks

solar: setup ## the solar rules on the days of a folder, beside those before; DAYS=tests/days/places
	@nice $(BIN)/python -m tests.benchmarks solar_choice --days $(or $(DAYS),tests/days/places)

cars: setup ## every reported car under three skies, into docs/cars.md; some minutes
	@nice $(BIN)/python -m tests.benchmarks cars --write docs/cars.md

languages: setup ## bring the translations in evsed/locale/ up to date; ONLY="it" begins another
	@$(BIN)/python -m tests.languages $(ONLY)

diagram: setup ## draw ARCHITECTURE.md's state diagram from the code
	@$(BIN)/python -m tests.core.pilot.walk --redraw

walk: setup ## every state the state machine can reach; STORIES=3 follows more ways to each
	@$(BIN)/python -m tests.core.pilot.walk --stories $(STORIES)

pilot-faults: setup ## one failed part of the pilot's reading after the other; some minutes
	@nice $(BIN)/python -m tests.core.pilot.part_faults
	@nice $(BIN)/python -m tests.core.pilot.timed_faults

matrix: setup ## one failed part of the contactor's drive, on both boards, into SAFETY.md; some minutes
	@nice $(BIN)/python -m tests.boards.single_parts --write

mutants: setup ## take each barrier away and see which test finds it; MUTANT=name tries one
	@nice $(BIN)/python -m tests.mutants $(MUTANT)

fire: setup ## ten minutes of everything going wrong at once
	@$(BIN)/python -m tests.benchmarks fire --minutes 10

# An hour or two. atheris is not among the pins of `make setup`: it has no wheel for a Pi.
fuzz: setup ## millions of bad pages, answers, settings and requests
	@$(PIP) install --require-hashes --no-deps -r tests/fuzz/requirements.txt
	@$(BIN)/python -m tests.fuzz

# Some minutes, and a browser. playwright is not among the pins of `make setup`: no wheel for a Pi.
browser: setup ## the page in headless Chromium, by axe and by eye: .browser/, docs/screenshots/
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] \
	  && apt-get install --yes --no-install-recommends chromium fonts-dejavu-core; } \
	  || { echo "No Chromium: sudo apt install chromium fonts-dejavu-core" >&2; exit 1; }
	@$(PIP) install --require-hashes --no-deps -r tests/browser/requirements.txt
	@nice $(BIN)/python -m pytest tests/browser $(BROWSER)

# ocpp-rpc is of npm; it is fetched by the hashes in package-lock.json.
ocpp-test: setup ## OCPP beside central systems of others: ocpp-csms, and ocpp-rpc in strict mode (needs npm)
	@command -v npm >/dev/null || { echo "No npm: sudo apt install npm" >&2; exit 1; }
	@mkdir -p .venv/ocpp-rpc && cp tests/frontends/ocpp/systems/package*.json .venv/ocpp-rpc/
	@npm ci --silent --no-audit --no-fund --prefix .venv/ocpp-rpc
	@$(PIP) install --require-hashes --no-deps -r tests/frontends/ocpp/systems/requirements.txt
	@OCPP_RPC=$(CURDIR)/.venv/ocpp-rpc $(PYTEST) tests/frontends/ocpp/systems

# Some minutes; the first time more, and it keeps 1.3 GB in /var/tmp/evsed-boxes.
ha-test: setup ## beside a real Home Assistant, by MQTT and as an OpenEVSE; needs root
	@nice $(BIN)/python -m tests.home_assistant.run $(HA)

week: setup ## a week of charging at 10 % duty, every burst drawn; HOURS=24 is a day
	@$(BIN)/python -m tests.core.pilot.week --hours $(HOURS)

busy: setup ## an hour of charging beside four busy loops, without and with priority; MINUTES=1
	@$(BIN)/python -m tests.benchmarks busy --minutes $(MINUTES)

dist: setup ## the wheel and the source archive, in dist/
	@rm -f dist/*.whl dist/*.tar.gz
	@$(BIN)/python -m build --no-isolation --outdir dist .

parts: setup ## compare the page's parts of other hands with what npm has (needs npm)
	@$(BIN)/python hatch_build.py --npm

release: setup ## VERSION=0.2.0: changelog, version, commit, tag, wheel, sdist, packages, checksums
	@$(BIN)/python deb/release.py "$(VERSION)"

deb: setup ## the Debian packages of all three architectures, in dist/
	@nice $(BIN)/python deb/build_deb.py

systemd-test: deb ## the package on a real systemd 252 and 257, in a container; needs root
	@nice $(BIN)/python -m pytest -p no:cacheprovider tests/deb/systems/test_systemd.py tests/deb/systems/test_notify_unit.py

# The page is opened from beside the container, by an address of its network.
first-charge: deb ## from a fresh package to the first charge, by Chromium alone, in a container; needs root
	@command -v chromium >/dev/null || apt-get install --yes --no-install-recommends chromium fonts-dejavu-core
	@$(PIP) install --require-hashes --no-deps -r tests/browser/requirements.txt
	@nice $(BIN)/python -m pytest -p no:cacheprovider -s tests/deb/systems/test_first_charge.py

# Each needs root and keeps what it downloads in /var/tmp/evsed-boxes (EVSED_BOXES=... elsewhere).
# Debian packages: systemd-container mmdebstrap; for a Pi's processor qemu-user-static and
# binfmt-support; for the machine qemu-system-x86 qemu-utils openssh-client.
arm-test: deb ## the package on arm64 and armhf, emulated: installed, started, charging; needs root
	@nice $(BIN)/python -m pytest -p no:cacheprovider tests/deb/systems/test_arm.py

arm-suite: deb ## the tests of core, boards and sim on arm64 and armhf, emulated; half an hour; needs root
	@nice $(BIN)/python -m tests.deb.systems.arm_suite

vm-test: deb ## the package in a virtual machine: wrong clocks, a power cut, devices; needs root
	@$(BIN)/python -m pytest -p no:cacheprovider tests/deb/systems/test_machine.py tests/deb/systems/test_machine_devices.py

pipx-test: dist ## the wheel, installed by pipx; asks PyPI
	@nice $(BIN)/python -m pytest -p no:cacheprovider tests/deb/systems/test_wheel.py

hw: ## the circuit: simulated and checked (see hw/)
	@$(MAKE) -C hw

hashes: ## pin the newest versions (needs uv); look at the difference before committing
	@command -v uv >/dev/null || { echo "uv is needed to pin: python3 -m pip install uv" >&2; exit 1; }
	@uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --no-annotate \
	  --python-version 3.11 --extra openevse pyproject.toml -o requirements.txt
	@uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --no-annotate \
	  --python-version 3.11 --constraints requirements.txt --extra openevse --group dev \
	  pyproject.toml -o requirements-dev.txt
	@uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --no-annotate \
	  --python-version 3.13 --no-deps tests/frontends/requirements.in \
	  -o tests/frontends/requirements.txt

clean: ## everything that can be made again
	@rm -rf .venv dist build .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
