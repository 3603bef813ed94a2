# Parlour. Each target makes .venv when it is missing and installs what it needs, again only when setup.py has changed.
#
#   make demo      a furnished salon on SQLite, on port 6543 (make demo PORT=8000)
#   make test      all tests; what a missing server or browser leaves out is named (make test ARGS="tests/core -x")
#   make lint      ruff, its formatter, mypy
#   make chaos     kill site, workers and brokers under load, and count what became of the jobs (make chaos ARGS="--seconds 600")
#   make bench     speed against plain SQLAlchemy doing the same work (make bench ARGS="--size tiny")
#   make messages  collect the texts to be translated and bring the .po files up to date
#   make docs      the guides as HTML, in build/docs, with every link and command checked

PORT ?= 6543
ARGS ?=
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLE := tests/vendor_sample

# A bare machine may speak no UTF-8 and have no place for pip's news.
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The tests start the program some hundred times: it is compiled once, whatever the machine is set to.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip install --quiet

.PHONY: help demo test lint chaos bench messages docs clean

help:
	@sed -n 's/^#   \(make .*\)/\1/p' Makefile

demo: $(VENV)/parlour.done
	@$(BIN)/parlour demo --port $(PORT)

test: $(VENV)/test.done
	@$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

lint: $(VENV)/test.done $(VENV)/lint.done .typing/parlour
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

chaos: $(VENV)/test.done
	@$(BIN)/python -m tests.chaos $(ARGS)

bench: $(VENV)/test.done
	@$(BIN)/parlour bench $(ARGS)

messages: $(VENV)/test.done
	@$(BIN)/python -m parlour.testing.messages

docs: $(VENV)/test.done
	@$(BIN)/python docs/build.py

# mypy does not follow package_dir, so it is shown a tree of links in the shape in which the packages are imported.
.PHONY: .typing/parlour
.typing/parlour:
	@rm -rf .typing && mkdir -p .typing/parlour
	@cd .typing/parlour && ln -s ../../core/* .
	@ln -s ../../plugins ../../themes .typing/parlour/

$(VENV)/parlour.done: setup.py | $(BIN)/python
	@echo "Installing Parlour and what it stands on ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/test.done: setup.py $(SAMPLE)/setup.py | $(BIN)/python
	@echo "Installing Parlour and what its tests need ..."
	@$(PIP) --editable ".[test,postgresql]"
	@$(PIP) --no-deps --editable $(SAMPLE)
	@touch $(VENV)/parlour.done $@

$(VENV)/lint.done: setup.py | $(BIN)/python
	@$(PIP) --editable ".[lint]"
	@touch $@

$(BIN)/python:
	@sh scripts/make_venv.sh $(VENV) $(PYTHON)

clean:
	rm -rf $(VENV) .typing build dist
