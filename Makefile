# Everything runs from here; each line only says what is run. Paths are relative, so the folder may be called anything.
PYTHON ?= python3
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo demo-fix test test-editors test-editors-newest test-long check format bench tables docs docs-check vsix test-vscode docs-record site dist coverage clean

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile

demo: .venv/.installed ## watch a real model answer about this repository through the real daemon
	@$(PY) -m chatls_client.demo

demo-fix: .venv/.installed ## watch a scripted model mend a failing test in a scratch project, asking as it goes
	@$(PY) -m chatls_client.demo fix

test: .venv/.dev ## run all tests
	$(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

test-editors: .venv/.dev ## run the tests of the Neovim plugin in a real Neovim, which is fetched if there is none
	$(PY) tests/editors/fetch.py
	$(PY) -m pytest tests/editors
	CHATLS_EMACS="$$($(PY) -m tests.editors.others emacs)" $(PY) -m pytest tests/docs/test_clients.py -k emacs

test-editors-newest: .venv/.dev ## the same in the newest Neovim that Debian has
	CHATLS_NVIM="$$($(PY) tests/editors/fetch.py newest)" $(PY) -m pytest tests/editors

vsix: ## package the VS Code extension
	@PATH="$$(tests/vscode/prepare.sh tools):$$PATH" tests/vscode/package.sh

test-vscode: .venv/.dev ## check the VS Code extension, and run its tests in a real VS Code, which is fetched
	@PATH="$$(tests/vscode/prepare.sh editor):$$PATH" tests/vscode/run.sh

test-long: .venv/.dev ## run what takes minutes: long chats in the oldest and in the newest Neovim
	CHATLS_LONG=1 $(PY) -m pytest tests/daemon/test_killed.py
	$(PY) tests/editors/fetch.py
	CHATLS_LONG=1 $(PY) -m pytest tests/editors/test_stress.py
	CHATLS_LONG=1 CHATLS_NVIM="$$($(PY) tests/editors/fetch.py newest)" $(PY) -m pytest tests/editors/test_stress.py
	PATH="$$(tests/vscode/prepare.sh editor):$$PATH" tests/vscode/run.sh flood

coverage: .venv/.dev ## run all tests and measure what they reach, in child processes too
	$(PY) -m coverage erase
	$(PY) -m coverage run -m pytest
	$(PY) -m coverage combine --quiet
	$(PY) -m coverage report --fail-under=90

check: .venv/.dev ## lint, format and types, without changing anything
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pyright
	$(PY) tests/editors/lint.py

format: .venv/.dev ## mend what can be mended
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(PY) tests/editors/lint.py --fix

bench: .venv/.dev ## measure, each figure beside its floor
	$(PY) tests/benchmarks/run.py

tables: .venv/.dev ## ask the programs that are installed for their options, and say which ones the tables of permissions do not know
	$(PY) -m tests.agent.permission.helptexts.renew
	$(PY) -m pytest --quiet tests/agent/permission/test_helptexts.py

docs: .venv/.dev ## write what is generated: reference, schema, types
	$(PY) docs/generate.py
	$(PY) tests/editors/fetch.py run --clean -l docs/generation/help.lua

docs-check: .venv/.dev ## say what is stale, and write nothing
	$(PY) docs/generate.py --check
	$(PY) tests/editors/fetch.py run --clean -l docs/generation/help.lua --check

docs-record: .venv/.dev ## record the conversation of docs/protocol.md anew
	$(PY) docs/generate.py --record

site: .venv/.dev ## write the documents as a website with a search, that needs no server: build/site
	$(PY) docs/website.py build/site

dist: .venv/.dev vsix ## make all that is handed out, try it in clean places, and say how large it is: dist
	@PATH="$$(tests/vscode/prepare.sh tools):$$PATH" node --no-warnings --test tests/vscode/unit/package.test.ts
	$(PY) tests/packages/make.py dist $(PYTHONS)

clean: ## forget everything that was installed
	rm -rf .venv

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml | .venv/bin/python
	@echo "installing into .venv ..."
	@$(PIP) install -e '.[local]'
	@touch $@

.venv/.dev: pyproject.toml | .venv/bin/python
	@echo "installing into .venv ..."
	@$(PIP) install --quiet --upgrade 'pip>=25.1'
	@$(PIP) install --quiet -e '.[local]' --group dev
	@touch $@ .venv/.installed
