SHELL := /bin/bash
PYTHON := .venv/bin/python
TOPOLOGY ?= pair
# The lab and the stack of a topology have one name; where it is not dev, the lab writes the stack file
STACK := $(if $(filter pair,$(TOPOLOGY)),dev,$(TOPOLOGY))
STACK_FILE = $(if $(filter dev,$(STACK)),Pulumi.dev.yaml,$${HA_REGISTRY_LAB:-$$HOME/.cache/ha-registry/lab/$(STACK)}/stack.yaml)
CONFIG_FILE = $(if $(filter dev,$(STACK)),,--config-file "$(STACK_FILE)")
TOOLS := curl haproxy iproute2 jq keepalived nftables openssh-client openssh-server skopeo socat systemd

# Only stacks in a cluster need this plugin of the engine
ENGINE_WITH := $(if $(filter kubernetes,$(TOPOLOGY)),--with kubernetes)

# The lab's state is thrown away with the lab, so its passphrase is no secret
LAB_STACK = eval "$$($(MAKE) -s env)" && mkdir -p "$${PULUMI_BACKEND_URL\#file://}"

# The Go of the engine, in the module of our own command plugin
GO_COMMAND = GOFLAGS=-mod=readonly $$($(PYTHON) -m engine go) -C engine/command

.DEFAULT_GOAL := help
.PHONY: help up env down test test-fast test-full golden schema lint bench tools

help: ## what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.venv/.done: requirements.txt requirements-dev.txt
	@echo "python: packages into .venv"
	@python3 -m venv .venv
	@.venv/bin/pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@

up: .venv/.done ## lab hosts, then `pulumi up` on them, proved by a push and a pull: TOPOLOGY=pair, fronted or kubernetes
	@$(PYTHON) -m lab up $(TOPOLOGY)
	@$(PYTHON) -m engine build $(ENGINE_WITH)
	@$(if $(CONFIG_FILE),$(LAB_STACK) && $(PYTHON) -m lab secrets --name $(STACK))
	@$(LAB_STACK) && $(PYTHON) -m ops up --stack $(STACK) $(CONFIG_FILE)
	@$(LAB_STACK) && $(PYTHON) -m ops show --stack $(STACK)
	@echo 'for pulumi eval "$$(make -s env)"'

env: .venv/.done ## what a shell needs to run pulumi on the lab's stack; use: eval "$(make -s env)"
	@$(PYTHON) -m engine env $(ENGINE_WITH)
	@echo 'export PULUMI_CONFIG_PASSPHRASE=lab PULUMI_BACKEND_URL='"file://$${HA_REGISTRY_CACHE:-$$HOME/.cache/ha-registry}/state"

down: .venv/.done ## destroys the stack of a TOPOLOGY, then its lab
	@[ ! -e "$(STACK_FILE)" ] || { $(LAB_STACK) && $(PYTHON) -m ops destroy --stack $(STACK) $(CONFIG_FILE); }
	@$(PYTHON) -m lab down --name $(STACK)

tools: ## the programs that tests run, as Debian packages
	@missing=$$(for tool in $(TOOLS); do dpkg-query -Wf '$${db:Status-Status}' $$tool 2>/dev/null | grep -qx installed || echo $$tool; done); \
	  [ -z "$$missing" ] || { echo installing $$missing; apt-get -q update; DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends $$missing; }

test: tools .venv/.done ## every check a change must pass: quick ones and one whole story on real hosts
	@$(PYTHON) -m engine build
	@$(GO_COMMAND) test ./...
	@$(PYTHON) -m pytest tests -m "not full"

test-fast: tools .venv/.done ## the checks that need no engine and no hosts
	@$(PYTHON) -m pytest tests/unit tests/golden tests/scripts

test-full: tools .venv/.done ## every story and every fault on real hosts; STORY=name for one
	@$(PYTHON) -m engine build --with kubernetes
	@$(GO_COMMAND) test ./...
	@$(PYTHON) -m pytest tests $(if $(STORY),-k $(STORY))

golden: .venv/.done ## writes the rendered files that tests compare with
	@$(PYTHON) -m tests.golden

schema: .venv/.done ## writes the JSON schema of stack files from the models
	@$(PYTHON) -m settings.schema

lint: .venv/.done ## ruff, pyright, shellcheck, go vet
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@.venv/bin/pyright
	@.venv/bin/shellcheck .ci/run
	@$(GO_COMMAND) vet ./...

bench: .venv/.done ## the figures of docs/numbers.md, against a control: TOPOLOGY=pair ROW=name
	@$(PYTHON) -m engine build $(ENGINE_WITH)
	@$(PYTHON) -m bench $(TOPOLOGY) $(if $(ROW),--row $(ROW))
