# `make demo` and `make test` do all their set-up themselves; nothing else is needed but Python 3.11 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEMO := demo
PARALLEL := --numprocesses 2 --dist loadfile --no-loadscope-reorder
WANTED := --constraint constraints.txt --editable '.[models,s3,gcp,test]'

.PHONY: help demo flink test test-all screenshots check lint types clean

help:  ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' Makefile | sort | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

# uv installs in seconds what takes pip minutes; where it is not to be had, pip does it.
$(INSTALLED): setup.cfg pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv || true
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(WANTED) || $(BIN)/python -m pip install --quiet $(WANTED)
	touch $(INSTALLED)

demo: $(INSTALLED)  ## Draw the sample catalog, run the whole job on it, hold the result against its truth
	rm -rf $(DEMO)
	$(BIN)/eclip sample $(DEMO) --rows 2000 --seed 0
	$(BIN)/eclip run $(DEMO)/catalog.yaml
	$(BIN)/python -m eclip.examples.check $(DEMO) --floors
	@echo "report: $(DEMO)/run/report/index.html"

flink: $(INSTALLED)  ## Start a Flink cluster here, run the sample on it, kill a part of it, compare (needs Java, Maven, Linux)
	$(BIN)/python -m eclip.examples.flink.check

test: $(INSTALLED)  ## Lint, types and the tests that fit into minutes
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest $(PARALLEL)

test-all: $(INSTALLED)  ## All tests, full runs on real data among them (ECLIP_DATA names its folder)
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest $(PARALLEL) -m "slow or not slow"

screenshots: demo  ## Take the README's pictures from the sample catalog's run (needs chromium, fonts-noto-cjk)
	$(BIN)/python -m eclip.examples.screenshots $(DEMO)

check: lint types

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

# The checkout is the package: mypy finds it through a link of the package's name.
types: $(INSTALLED)
	mkdir -p $(VENV)/types && ln -sfn "$(CURDIR)" $(VENV)/types/eclip
	cd $(VENV)/types && MYPYPATH=. ../bin/mypy --config-file "$(CURDIR)/pyproject.toml" -p eclip.schemas -p eclip.quality -p eclip.models -p eclip.beam_pipelines -p eclip.examples

clean:  ## Remove what was made here
	rm -rf $(VENV) $(DEMO) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
