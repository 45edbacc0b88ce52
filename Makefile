# `make` sets everything up and builds the graph; `make test` sets everything up and runs every test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: build test clean

build: $(VENV)/installed
	$(BIN)/mil2mil schema
	$(BIN)/mil2mil build

test: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src tests benchmarks
	$(BIN)/pytest -n auto

$(VENV)/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "mil2mil needs Python 3.11 or later; name one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/installed: $(VENV)/bin/pip pyproject.toml
	$(BIN)/pip install --quiet --editable '.[junit,publish,serve,site,source,watch]'
	touch $@

$(VENV)/installed-dev: $(VENV)/installed pyproject.toml
	$(BIN)/pip install --quiet --editable '.[dask,junit,notebook,publish,serve,site,source,tables,watch]' --group dev
	if command -v npm >/dev/null; then npm install --silent --prefix $(VENV)/editor yaml-language-server@1.25.0; fi
	touch $@

clean:
	rm -rf build dist $(VENV)
