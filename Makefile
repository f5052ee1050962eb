# The project's commands. Each one installs first where that is needed.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
export OMP_NUM_THREADS ?= 2

.PHONY: install demo test lint docs bench clean

install: $(STAMP)

$(STAMP): requirements/constraints.txt requirements/runtime.txt setup.py
	python3 -m venv $(VENV)
	$(PY) -m pip install -q --upgrade 'pip>=23'
	# torch first and pinned: a bare `torch` would pull CUDA builds
	$(PY) -m pip install -q -c requirements/constraints.txt torch setuptools
	$(PY) -m pip install -q -c requirements/constraints.txt \
	    -e '.[lite,dev,vis,export,docs]'
	touch $(STAMP)

demo: $(STAMP)
	$(PY) tools/demo.py

test: $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m pytest

lint: $(STAMP)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

docs: $(STAMP)
	$(PY) -m mkdocs build --strict
	$(PY) tools/docs/check_links.py --site site

bench: $(STAMP)
	$(PY) benchmarks/run_all.py

clean:
	rm -rf $(VENV) build dist site *.egg-info
