# make demo    light runtime (no torch), a dehazed sample in demo/
# make test    everything the tests need, then the tests
# make lint    ruff and mypy
# make train   a student from scratch (docs/training.md), in place of the shipped one in eid_stream/weights
# make quality the quality benchmark with pyiqa's measures beside our own

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PACKAGED := setup.cfg setup.py eid_stream/core/kernels/loops.c
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint train quality clean

demo: $(VENV)/runtime
	$(BIN)/python -m benchmarks.demo

test: $(VENV)/dev
	$(BIN)/python -m pytest

lint: $(VENV)/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

train: $(VENV)/dev
	$(BIN)/python -m training.student.train_student --threads 1
	$(BIN)/python -m training.export.export_student

# pyiqa brings opencv-python-headless, which would take the window away from opencv-python: put that back last.
quality: $(VENV)/dev
	$(PIP) --editable '.[quality]'
	$(BIN)/python -m pip uninstall --quiet --yes opencv-python-headless
	$(PIP) --force-reinstall --no-deps opencv-python
	$(BIN)/python -m benchmarks.quality

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: $(PACKAGED) | $(BIN)/python
	$(PIP) --editable .
	touch $@

$(VENV)/dev: $(PACKAGED) | $(BIN)/python
	$(PIP) --editable '.[train,dev,engines]'
	touch $@ $(VENV)/runtime

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache demo
