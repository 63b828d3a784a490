# Each target sets up all it needs by itself, as root or as an ordinary user: see scripts/setup.
.DEFAULT_GOAL := help
.PHONY: help setup demo test slow lint faults truck-alone images clusters clusters-down kubernetes bench fuzz accuracy proto release-contracts settings-reference chart-reference
SHELL := bash
MAKEFLAGS += --no-print-directory

RACE ?=
SPEED ?=
SETUP ?=
TESTS ?=
# Tests run side by side in this many processes; empty: as scripts/test has it.
JOBS ?=
REPORTS ?= build/drills
ONLY ?=
REPORT ?=
SITES ?=
DECODER ?=

help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Gets uv, Python and what uv.lock names, into .tools and .venv (all targets do)
	@scripts/setup

demo: setup ## A race on this machine; RACE=<recording or URL of a stream> SPEED=<times real time> SETUP=<event file>
	@exec .venv/bin/ardoise demo $(if $(RACE),--race '$(RACE)') $(if $(SPEED),--speed '$(SPEED)') $(if $(SETUP),--setup '$(SETUP)')

test: setup ## Tests, the core faults on three sites too; names what it had to skip, and why; TESTS=<some of all>
	@JOBS=$(JOBS) exec scripts/test $(TESTS)

slow: setup ## Tests that are no less needed and take longer: leases that run out, demos, hundreds of kills
	@JOBS=$(JOBS) exec scripts/test slow

lint: setup ## Style, import contracts, gRPC contracts
	@.venv/bin/ruff check && .venv/bin/ruff format --check && .venv/bin/lint-imports && .venv/bin/buf lint proto

faults: setup ## Every drill of the fault catalogue on three sites, their table, the negative controls; about an hour; REPORTS=<directory>
	@exec scripts/faults $(REPORTS)

truck-alone: setup ## Ten real minutes of the truck alone at six times the load, and the way back; REPORTS=<directory>
	@exec scripts/faults $(REPORTS) truck-alone

clusters: setup ## One-node Kubernetes clusters for truck, amsterdam and london on this machine; takes root; SITES=<some of them>
	@exec .venv/bin/python -m tests.kubernetes.bed up $(SITES)

clusters-down: setup ## Ends them and leaves nothing, also after a crash
	@exec .venv/bin/python -m tests.kubernetes.bed down

kubernetes: setup ## The long tests on Kubernetes: three clusters, and the race across them; TESTS=<some of all>
	@exec .venv/bin/pytest $(if $(TESTS),$(TESTS),tests/kubernetes -m long) -rfEs --rerun-show-tracebacks --max-suite-reruns=4

bench: setup ## Figures of this machine, each with its limit or peer from the same run
	@exec .venv/bin/pytest tests/bench -s -rs

fuzz: setup ## Fuzzes every decoder of trackers for an hour each; DECODER=<some of them> SECONDS=<for each>
	@exec .venv/bin/python -m tests.fuzz $(DECODER) $(if $(SECONDS),--seconds $(SECONDS))

accuracy: setup ## Positions, gaps and groups against the truth, in minutes; ONLY=<scenarios> REPORT=<directory for HTML>
	@exec .venv/bin/python -m tests.accuracy $(foreach name,$(ONLY),--only '$(name)') $(if $(REPORT),--report '$(REPORT)')

images: setup ## Our container images, as OCI archives in the user's cache; where their parts changed; IMAGES=<names>
	@exec scripts/images $(IMAGES)

proto: setup ## Generates services/ardoise/pb from proto/
	@.venv/bin/python proto/generate.py

release-contracts: setup ## Keeps the contracts of this version in proto/release: later ones may not break them
	@mkdir -p proto/release && version=$$(.venv/bin/python -c "import importlib.metadata as m; print(m.version('ardoise'))") && \
	.venv/bin/buf build proto --exclude-source-info -o proto/release/v$$version.binpb && echo "proto/release/v$$version.binpb written"

settings-reference: setup ## Writes docs/settings.md, and the names that the chart takes, from the settings classes
	@.venv/bin/python scripts/settings_reference.py

chart-reference: setup ## Writes the table of values in charts/ardoise/README.md from the comments in values.yaml
	@.venv/bin/python scripts/chart_reference.py
