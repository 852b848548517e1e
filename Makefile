# SPDX-License-Identifier: Apache-2.0
# setup: .venv with the `lipsync` command · demo: a dubbed sample · test: the fast tests · test-all: every test
# scripts: the generated part of nuke_scripts · lint: ruff and mypy · bench: the quality and speed figures · clean: forget what was built

PYTHON ?= python3
BIN := .venv/bin
NATIVE := pyproject.toml setup.py $(wildcard kernels/*.cu kernels/*.h ofx_lipsync/plugin/*.c ofx_lipsync/plugin/*.h)
DEMO := out/demo
LINE := samples/lines/english.flac

.DEFAULT_GOAL := setup
.PHONY: setup dev demo test test-all lint docs scripts bench clean

setup: .venv/.installed

dev: .venv/.installed-dev

demo: setup
	@mkdir -p $(DEMO)
	$(BIN)/python samples/make_plate.py $(DEMO)/plate.####.exr
	$(BIN)/lipsync analyse $(DEMO)/plate.####.exr $(LINE) $(DEMO)/shot.lipsync --overwrite
	$(BIN)/lipsync dub $(DEMO)/plate.####.exr $(LINE) $(DEMO)/dub.####.exr --analysis $(DEMO)/shot.lipsync
	$(BIN)/lipsync dub $(DEMO)/plate.####.exr $(LINE) $(DEMO)/dub.mp4 --analysis $(DEMO)/shot.lipsync
	@echo "Watch $(CURDIR)/$(DEMO)/dub.mp4; the frames are dub.1001.exr to dub.1096.exr beside it, the plate too."

test: dev
	$(BIN)/pytest

test-all: dev
	$(BIN)/pytest -m "not gpu"

lint: dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy -p ofx_lipsync

docs: dev
	$(BIN)/lipsync nodes --markdown > docs/nodes.md

scripts: dev
	$(BIN)/python -m ofx_lipsync.export.scripts nuke_scripts

bench: dev
	$(BIN)/lipsync bench quality && $(BIN)/lipsync bench speed

clean:
	rm -rf .venv build dist out *.egg-info kernels/libkernels.so ofx_lipsync/plugin/*.bundle

# A stamp a folder: a second call costs nothing, and a changed kernel or dependency is built again.
# The editable install builds the kernels' library with the same compiler that is looked for here.
.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed ($(PYTHON) is `$(PYTHON) --version 2>&1`); name one with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; echo "python's venv module is needed (Debian: apt install python3-venv)"; exit 1; }

.venv/.installed: .venv/bin/pip $(NATIVE)
	@$(PYTHON) -c 'import os, shutil, sys, sysconfig as s; sys.exit(not shutil.which((os.environ.get("CC") or s.get_config_var("CC") or "cc").split()[0]))' || \
	  { echo "A C compiler is needed to build the kernels (Debian: apt install gcc libc6-dev; Fedora: dnf install gcc)"; exit 1; }
	$(BIN)/pip install "torch==2.13.0"
	$(BIN)/pip install -e .
	@touch $@

.venv/.installed-dev: .venv/.installed
	$(BIN)/pip install "setuptools>=77" wheel -e ".[dev]"
	@touch $@
