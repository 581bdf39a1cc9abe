# Everything one does with a checkout. Each target sets up what it needs, in $(VENV).
#
#   make report PYTHON=python3.12     another interpreter, judged and used to run the suite
#   make test ARGS='-k dispatch -x'   more options for pytest (report: for sockproof run)
#   make test TURN=7                  the part of the long tests that was played at another commit
#   make requirement ID=area/words    begins a requirement (FILE=suites/AREA/test_X.py has its case)

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 4
ARGS ?=
HOSTS ?= python3.10 python3.11 python3.12 python3.13
RUNS ?= 20
INPUTS ?= 100000
TURN ?= $(shell git rev-list --count HEAD 2>/dev/null || echo 0)
IUTS ?= python2.7 python3.6 python3.7 python3.8 python3.9 python3.10 python3.11 python3.12 python3.13 pypy3
UV ?= uv
ID ?=
FILE ?=

# What the shell says to every Python and to pytest is not said here: the same run for everybody.
unexport $(filter-out PYTHON,$(filter PYTHON% PYTEST%,$(.VARIABLES)))

ifneq ($(words $(VENV)),1)
$(error VENV='$(VENV)' has a blank in it, which make cannot have in a name; choose another)
endif
ifneq ($(shell printf %s '$(TURN)' | tr -d 0-9),)
$(error TURN='$(TURN)' is no number)
endif

bin = $(VENV)/bin
sockproof = "$(bin)/python" -m sockproof

# Made for one interpreter and one place: another PYTHON, or a moved checkout, makes it anew.
made_for := $(shell { "$(PYTHON)" -VV; pwd -P; } 2>&1 | cksum | tr -d ' ')
ready = $(VENV)/.ready-$(made_for)

# The interpreter itself: neither a pyenv shim nor a virtual environment's link to it.
iut = iut=$$("$(PYTHON)" -c 'import os, sys; print(os.path.realpath(sys.executable))')

# What fails where a requirement, its case and its mutant do not fit together.
catalogue = $(addprefix suites/selftest/test_,$(addsuffix .py,catalogue titles symptoms coverage_of_catalogue mutant_build reference_of_catalogue import_rules))

.PHONY: help report check-report requirement reference bench proof proof-socket proof-rewrites test check test-all test-hosts flakes \
    fuzz nightly lint types lock clean
.NOTPARALLEL:

help: ## this list (the default)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

report: $(ready) ## judge the socketserver of $(PYTHON); the report is in reports/out
	@$(iut) && $(sockproof) run --iut "$$iut" --report-dir reports/out -n $(WORKERS) $(ARGS)

check-report: $(ready) ## the same on a few cases of every area: does a run work from end to end?
	@$(iut) && $(sockproof) run --iut "$$iut" --report-dir reports/out/check -n $(WORKERS) --spec 'TCP/inet' --spec 'Threading*/path' --spec 'Forking+UDP/inet6' $(ARGS)

requirement: $(ready) ## begin the requirement ID=area/words: its entry, its case (in FILE), its mutant
	@"$(bin)/python" -m sockproof.commands.scaffold -- "$$ID" "$$FILE"

reference: $(ready) ## what those of $(IUTS) that are there do, into reports/reference; the other records stay
	@"$(bin)/python" -m sockproof.commands.refresh --workers $(WORKERS) $(IUTS)

bench: $(ready) ## what a case costs, beside an echo over bare sockets
	@$(iut) && $(sockproof) bench --iut "$$iut" $(ARGS)

proof: $(ready) ## does the suite bite? the socketserver of $(PYTHON) broken in every way; the matrix is in reports/out/proof
	@$(iut) && $(sockproof) selftest --iut "$$iut" --report-dir reports/out/proof -n $(WORKERS) --pairs 40 --against cpython-tests $(ARGS)

proof-socket: $(ready) ## the same of the socket module; the matrix is in reports/out/proof-socket
	@$(iut) && $(sockproof) selftest --area socket --iut "$$iut" --report-dir reports/out/proof-socket -n $(WORKERS) --against cpython-tests --against-every 20 $(ARGS)

proof-rewrites: $(ready) ## servers as people write them anew, broken and right; the matrix is in reports/out/proof-rewrites
	@$(iut) && $(sockproof) selftest --rewrites --iut "$$iut" --report-dir reports/out/proof-rewrites -n $(WORKERS) --against cpython-tests $(ARGS)

test: $(ready) ## the tests, the harness's own among them; of the long ones a part, another with each commit
	@"$(bin)/python" -m pytest -n $(WORKERS) --dist worksteal --turn $(TURN) $(ARGS)

test-all: $(ready) ## all of them, the long ones too
	@"$(bin)/python" -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-hosts: ## make test on each of $(HOSTS), names or paths, each a turn further than the one before
	@[ -n '$(strip $(HOSTS))' ] || { echo 'HOSTS names no Python' >&2; exit 1; }
	@turn=$(TURN); status=0; told=; \
	for host in $(HOSTS); do \
	    printf '\n== %s\n' "$$host"; \
	    if ! "$$host" -c '' 2>/dev/null; then \
	        said='missing: not found or does not run; install it, or name it by its path in HOSTS'; \
	    elif $(MAKE) --no-print-directory test PYTHON="$$host" TURN=$$turn \
	            VENV=".venvs/$$(printf %s "$$host" | tr / -)"; then \
	        said="green (turn $$turn)"; \
	    else \
	        said="red (turn $$turn): make test-hosts HOSTS=$$host TURN=$$turn"; \
	    fi; \
	    case $$said in green*) ;; *) status=1 ;; esac; \
	    told="$$told  $$host  $$said\n"; turn=$$((turn + 1)); \
	done; \
	printf '\n%b' "$$told"; exit $$status

flakes: $(ready) ## the harness's own tests $(RUNS) times, each in another order beside busy processes: what is not the same?
	@"$(bin)/python" -m suites.selftest.flakes --runs $(RUNS) --workers $(WORKERS) -- $(ARGS)

fuzz: $(ready) ## $(INPUTS) hostile inputs for each reader of what others wrote: pipes, records, definitions, the page
	@"$(bin)/python" -m pytest -n $(WORKERS) --dist worksteal --inputs $(INPUTS) $(ARGS) suites/selftest/test_fuzz_*.py

nightly: test-all flakes fuzz ## what takes too long for every change
	@$(MAKE) --no-print-directory proof-socket

check: lint types ## in a minute: lint, types, the catalogue with its cases and mutants, and the test files that are not as in HEAD
	@touched=$$(git status --porcelain --untracked-files=all -- 'suites/*/test_*.py' | awk '!/^.?D/ { print $$NF }'); \
	"$(bin)/python" -m pytest -n $(WORKERS) --dist worksteal --turn $(TURN) $(ARGS) $$( \
	    printf '%s\n' $(catalogue) $$touched | sort -u)

lint: $(ready) ## ruff: mistakes and format
	"$(bin)/ruff" check .
	"$(bin)/ruff" format --check .

types: $(ready) ## mypy, strict
	"$(bin)/mypy"

lock: ## requirements.lock anew from pyproject.toml (needs uv; ARGS=--upgrade takes newer versions)
	$(UV) pip compile pyproject.toml --group dev --quiet --universal --python-version 3.10 \
	    --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command 'make lock' --output-file requirements.lock $(ARGS)
	@! grep -nE '://|^-|file:|^[./]' requirements.lock  # no place on this machine, no registry

clean: ## remove what the targets above made
	rm -rf "$(VENV)" .venvs reports/out .sockproof_cache .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(ready): requirements.lock pyproject.toml
	@"$(PYTHON)" -c '' 2>/dev/null || { \
	    echo '$(PYTHON) was not found or does not run; name a Python of 3.10 or newer: make PYTHON=/path/to/python3' >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	    echo '$(PYTHON) is older than Python 3.10, which the suite needs to run; name a newer one: make PYTHON=/path/to/python3' >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo '$(PYTHON) cannot make virtual environments (no venv or ensurepip); install them (Debian: apt install python3-venv) or name another: make PYTHON=/path/to/python3' >&2; exit 1; }
	"$(PYTHON)" -m venv --clear "$(VENV)"
	"$(bin)/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	"$(bin)/python" -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch "$(ready)"
