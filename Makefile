# make help    these lines
# make demo    light runtime (no torch), a dehazed sample and a page to look at it in demo/
# make test    everything the tests need, then the tests
# make quick   the tests of two minutes, for between two thoughts
# make lint    ruff and mypy
# make train   a student from scratch (docs/training.md), in place of the shipped one in eid_stream/weights
# make quality the quality benchmark with pyiqa's measures beside our own
# make browser the student in a web page of its own in build/browser (needs npm)
# make site    the pages of docs/ as a site in build/site
# make dist    wheel, source archive, list of parts (SBOM) and their hashes in dist/
# make audit   known weaknesses of everything that is installed with the product
# make papers  the pages that are made from what is there: hazards, software, options
# make image   container images, TARGET=cpu or nvidia (docker, podman or buildah)
# make tryimage  run such an image once: its help, a file, a live run and its health
# make trysteps  the steps of an image in a clean root, where nothing builds images (as root; bubblewrap, debootstrap)
# make lock    what setup.cfg asks for with exact versions and hashes, into deploy/locks; newest: make lock LOCK=--upgrade

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PACKAGED := setup.cfg setup.py eid_stream/core/kernels/loops.c
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCKS := deploy/locks
QUICK := tests/core tests/flow tests/archive tests/smoke tests/dehazing tests/deploy/test_lock.py tests/deploy/test_papers.py \
	$(wildcard tests/test_*.py) --ignore tests/archive/test_ray_run.py

.PHONY: demo help test quick lint train quality browser site dist audit papers lock image tryimage trysteps clean

demo: $(VENV)/runtime
	$(BIN)/python -m benchmarks.demo

help:
	@grep '^# make' $(firstword $(MAKEFILE_LIST))

test: $(VENV)/dev
	$(BIN)/python -m pytest

quick: $(VENV)/dev
	$(BIN)/python -m pytest $(QUICK)

lint: $(VENV)/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

train: $(VENV)/dev
	$(BIN)/python -m training.student.train_student --threads 1
	$(BIN)/python -m training.export.export_student

# pyiqa brings opencv-python-headless, which would take the window away from opencv-python: put that back last.
quality: $(VENV)/dev
	$(PIP) --require-hashes --requirement $(LOCKS)/quality.txt
	$(BIN)/python -m pip uninstall --quiet --yes opencv-python-headless
	$(PIP) --force-reinstall --no-deps opencv-python
	$(BIN)/python -m benchmarks.quality

browser: $(VENV)/dev
	$(BIN)/python -m deploy.browser

site: $(VENV)/dev
	PYTHONPATH=. NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --config-file deploy/site/mkdocs.yml

dist: $(VENV)/dev
	$(BIN)/python -m deploy.distributions

audit: $(VENV)/dev
	$(BIN)/python -m deploy.papers.audit

papers: $(VENV)/dev
	$(BIN)/python -m deploy.papers

lock: $(VENV)/dev
	$(BIN)/python -m deploy.lock $(LOCK)

image:
	deploy/image/build.sh $(TARGET)

tryimage:
	deploy/image/try.sh $(TARGET)

trysteps: | $(BIN)/python
	$(BIN)/python -m deploy.image.try_clean_root $(TARGET)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: $(PACKAGED) $(LOCKS)/runtime.txt | $(BIN)/python
	$(PIP) --require-hashes --requirement $(LOCKS)/runtime.txt
	$(PIP) --no-deps --editable .
	touch $@

$(VENV)/dev: $(PACKAGED) $(LOCKS)/development.txt | $(BIN)/python
	$(PIP) --require-hashes --requirement $(LOCKS)/development.txt
	$(PIP) --no-deps --editable .
	touch $@ $(VENV)/runtime

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache demo
