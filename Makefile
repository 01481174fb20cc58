# make demo: the main job on the bundled model. make test: everything the tests need, then the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test lint clean

help:
	@echo "make demo   set up $(VENV) and compare the bundled model with its fp16 network (writes runs/demo)"
	@echo "make test   set up what the tests need and run them"
	@echo "make lint   ruff and mypy"
	@echo "make clean  remove $(VENV) and runs/"

demo: $(VENV)/.ready
	$(BIN)/parity demo --out runs/demo

# One thread a worker: two workers with two threads each wait for one another most of the time.
test: $(VENV)/.ready-for-tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist loadfile

lint: $(VENV)/.ready-for-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) runs

$(VENV)/.ready: pyproject.toml constraints.txt
	@echo "setting up $(VENV): the first time takes minutes, most of them for PyTorch"
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 10) else "Python 3.10 or later is needed: make PYTHON=python3.11 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) torch
	$(PIP) -e .
	@touch $@

$(VENV)/.ready-for-tests: $(VENV)/.ready
	$(PIP) -e ".[test]"
	@touch $@

$(VENV)/.ready-for-lint: $(VENV)/.ready-for-tests
	$(PIP) -e ".[test,lint]"
	@touch $@
