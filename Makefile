# Works with GNU make 3.81. `make demo` and `make test` need Python 3.11 or newer and set everything else up.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	if $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; then echo $$p; break; fi; done)
READY := $(VENV)/.ready
DEMO := out/demo

.PHONY: demo test test-all lint setup clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 is needed and was not found; install it, or name it: make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' || { echo "$(PYTHON) is not Python 3.11 to 3.14; name another: make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments; install the package python3-venv (Debian, Ubuntu) and try again" >&2; exit 1; }
	@echo "Setting up $(VENV) (once; takes a minute or two) ..."
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $(READY)

demo: $(READY)
	@$(BIN)/desireline demo -o $(DEMO)

test: $(READY)
	$(BIN)/python -m pytest -n 2 -m "not browser"

test-all: $(READY)
	$(BIN)/python -m pytest -n 2

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) out dist
