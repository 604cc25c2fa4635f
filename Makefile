# The only list of commands. Paths are relative, so that the checkout may lie under a path with spaces.
SHELL := /bin/bash
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE  # compiled modules halve every start
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv

UV := .tools/uv/bin/uv
RUN := $(UV) run --frozen --no-sync
FILE ?= examples/sales.xlsx
ASK ?=
export FILE ASK  # handed to the shell as variables: a question may hold quotes and dollars
PORT ?= 8000

BENCH ?= startup
PACK ?= office

.PHONY: help bench cover demo dev eval fuzz lint-deploy sbom soak serve wheels test check web browser-tools netbed-tools office-tools store-tools quick fix types build shots examples litellm-lock

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

$(UV): tools/uv.txt
	@sh tools/get_uv.sh

.venv/ready: $(UV) pyproject.toml uv.lock
	@$(UV) sync --frozen --all-extras
	@touch .venv/ready

demo: .venv/ready ## the whole chain on this machine; ASK="…" [FILE=…] answers one question and exits
	@$(UV) sync --quiet --frozen --all-extras
	@sh tools/get_openmp.sh
	@.venv/bin/chatsheet --data .demo demo --file "$$FILE" --ask "$$ASK" --port $(PORT)

dev: .venv/ready ## server on :8000 and the page with reload on :5173
	@export CHATSHEET_DEV_TOKEN=$$(.venv/bin/python -c 'import secrets; print(secrets.token_urlsafe())') \
	  CHATSHEET_SERVER_TOKEN=env:CHATSHEET_DEV_TOKEN; \
	trap 'kill 0' EXIT; .venv/bin/chatsheet --data .demo demo & $(RUN) python tools/npm.py run dev

test: .venv/ready browser-tools netbed-tools office-tools store-tools check web ## everything: format, lint, types, layers, tests, web, browser
	@$(RUN) pytest -n 2 --dist loadgroup

cover: .venv/ready browser-tools netbed-tools office-tools store-tools web ## the tests again, counting which lines they reach; a fifth slower
	@$(RUN) pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered

check: .venv/ready ## format, lint, types, layers, dependencies, generated files
	@$(UV) lock --check
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) basedpyright
	@$(RUN) lint-imports
	@$(RUN) deptry src
	@$(RUN) python tools/gen_web_types.py --check
	@$(RUN) python tools/gen_reference.py --check

web: .venv/ready ## the page's own checks and tests
	@$(RUN) python tools/npm.py run check
	@$(RUN) python tools/npm.py run test

browser-tools: .venv/ready
	@sh tools/get_browser.sh

netbed-tools:
	@sh tools/get_netbed.sh

office-tools:
	@sh tools/get_office.sh

store-tools: .venv/ready
	@$(RUN) python tools/azurite.py

bench: .venv/ready ## print a benchmark's table beside its baseline; BENCH=startup
	@$(RUN) python benchmarks/$(BENCH).py

eval: .venv/ready ## score the offline model on a pack in every context; hours, goes on where it stopped; PACK=office
	@$(UV) sync --quiet --frozen --extra local
	@sh tools/get_openmp.sh
	@.venv/bin/chatsheet model pull
	@.venv/bin/chatsheet eval $(PACK) --local --ablation --results .eval/$(PACK)-local.jsonl

soak: .venv/ready ## thirty thousand steps on two replicas, then half an hour of people on them; an hour and a half
	@PYTHONPATH=src:. $(RUN) python -m tests.soak.replicas 30000
	@$(RUN) python benchmarks/soak.py

fuzz: .venv/ready ## ten minutes of damaged files against the readers
	@mkdir -p .fuzz && PYTHONPATH=src:. $(RUN) python -m tests.fuzz.readers 600 .fuzz

quick: .venv/ready ## lint, types and the tests that need no server
	@$(RUN) ruff check .
	@$(RUN) basedpyright
	@$(RUN) pytest -q -n 2 -m "not slow"

fix: .venv/ready ## format and fix what can be fixed
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .
	@$(RUN) python tools/npm.py run fix

types: .venv/ready ## write what is generated: the page's types, the reference
	@$(RUN) python tools/gen_web_types.py
	@$(RUN) python tools/gen_reference.py

build: $(UV) ## sdist and wheel, the page inside
	@$(UV) build

lint-deploy: .venv/ready ## the files under deploy/, as far as they can be checked without building them
	@$(RUN) pytest -q tests/deploy

wheels: $(UV) ## everything that an installation without a network needs, by hash, in dist/wheels
	@sh tools/make_wheels.sh dist/wheels

sbom: .venv/ready ## what is in an installation and in LiteLLM's environment, as CycloneDX, in dist/
	@sh tools/make_sbom.sh dist

shots: .venv/ready browser-tools ## screenshots for the docs
	@$(RUN) python tools/shots.py

examples: .venv/ready ## write the sample workbooks again
	@$(RUN) python tools/make_examples.py

litellm-lock: $(UV) ## lock LiteLLM's environment again, by hash
	@echo 'litellm[proxy]==1.106.2' | $(UV) pip compile --universal --generate-hashes --python-version 3.11 \
		--no-header --no-annotate -o src/chatsheet/llm/litellm.lock -
