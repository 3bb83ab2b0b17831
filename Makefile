# Everything a newcomer needs: `make run` and `make test`. `make help` lists the rest.

PORT ?= 8000
AUDIO_PORT ?= 10000
AUDIO_CONTROL_PORT ?= $(shell expr $(PORT) + 1)
BIND ?= 127.0.0.1
SITE_URL ?= http://127.0.0.1:$(PORT)
PYTHON ?= python3
PYTEST_ARGS ?=
JOBS ?= 2
LISTENERS ?= 500
SECONDS ?= 10
BENCH_ARGS ?=
PACKETS ?= 3000000

VENV := .venv
BIN := $(VENV)/bin
CODE := spaces_site accounts rooms recordings moderation audio speech bench tests manage.py
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))

export PORT AUDIO_PORT AUDIO_CONTROL_PORT BIND SITE_URL
export PYTHONUNBUFFERED := 1

.PHONY: help run demo test check bench sound churn joins page fuzz archive requirements messages browser janus nginx model captions

help:  ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.installed $(CATALOGUES)  ## Install, migrate and start everything (PORT=8000 AUDIO_PORT=10000)
	@$(BIN)/python manage.py migrate --verbosity 0
	@echo
	@echo "  Spaces:         $(SITE_URL)"
	@echo "  Demo accounts:  $(BIN)/python manage.py demo --password PW"
	@echo "  Stop:           Ctrl-C"
	@echo
	@exec $(BIN)/honcho start --no-colour --port $(PORT)

demo: $(VENV)/.installed  ## Make the demo accounts: make demo PASSWORD=...
	@$(BIN)/python manage.py demo --password "$(PASSWORD)"

test: $(VENV)/.installed-dev $(CATALOGUES) browser janus nginx model  ## Install what the tests need, and run them
	$(BIN)/pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder \
		$$(scripts/ensure-networks) $(PYTEST_ARGS)

check: $(VENV)/.installed-dev  ## Style, types, imports, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

bench: $(VENV)/.installed-dev  ## Our engine against Janus: make bench LISTENERS=500 SECONDS=10
	@scripts/ensure-janus
	$(BIN)/python -m bench --listeners $(LISTENERS) --seconds $(SECONDS) $(BENCH_ARGS)

many: $(VENV)/.installed-dev  ## Thousands in one room, on one core: how late each tick is (BENCH_ARGS="--workers 1" spreads it)
	$(BIN)/python -m bench.many $(BENCH_ARGS)

fuzz: $(VENV)/.installed-dev  ## Mutated packets against a live engine: make fuzz PACKETS=3000000
	$(BIN)/python -m bench.fuzz --packets $(PACKETS)

sound: $(VENV)/.installed-bench  ## What speech sounds like after losses, ours and Janus's (PESQ; needs a C compiler)
	@scripts/ensure-janus
	$(BIN)/python -m bench.sound $(BENCH_ARGS)

churn: $(VENV)/.installed-dev  ## An hour of 200 joining and leaving a minute, as fast as it goes: memory stays flat
	$(BIN)/python -m bench.churn $(BENCH_ARGS)

joins: $(VENV)/.installed-dev  ## What a join costs in a Space of 100, 1,000 and 3,000
	$(BIN)/python -m bench.joins $(BENCH_ARGS)

captions: $(VENV)/.installed-dev model  ## How long after an utterance its caption is read, beside 100 listeners
	$(BIN)/python -m bench.captions $(BENCH_ARGS)

archive: $(VENV)/.installed-dev  ## What it costs to archive two hours of ten speakers: CPU and memory
	$(BIN)/python -m bench.archive $(BENCH_ARGS)

page: $(VENV)/.installed-dev browser  ## How soon a phone can use the page of a Space, and how smoothly it goes on
	$(BIN)/python -m bench.page $(BENCH_ARGS)

requirements: $(VENV)/.installed-dev  ## Compile requirements*.in with hashes
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url requirements.in --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url requirements-dev.in --output-file requirements-dev.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url requirements-bench.in --output-file requirements-bench.txt

messages: $(VENV)/.installed  ## Bring the translation catalogues up to date with the source
	@scripts/messages


browser:
	@scripts/ensure-chromium
	@scripts/ensure-firefox

janus:
	@scripts/ensure-janus

nginx:
	@scripts/ensure-nginx

model: $(VENV)/.installed
	@scripts/ensure-speech-model

%.mo: %.po | $(VENV)/.installed
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

$(VENV)/bin/python:
	@scripts/ensure-venv $(PYTHON)
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.installed-bench: requirements-bench.txt $(VENV)/.installed-dev
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@
