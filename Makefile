# `make serve` and `make test` set up everything they need; `make help` lists the rest.
#
# Only Python 3.11+ with pip, and make, are assumed. uv comes from PyPI into .tools, everything
# else into .venv; nothing outside this folder is touched. A second call finds its stamps and
# starts at once.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Setting up goes step by step. What only reads a tree that is set up goes side by side.
ifneq ($(MAKECMDGOALS),linters)
.NOTPARALLEL:
endif

UV := .tools/bin/uv
PYTHON := .venv/bin/python
PLUGINS := $(patsubst %/pyproject.toml,%,$(sort $(wildcard plugins/*/pyproject.toml)))

# The caller's environment must not redirect the installation (UV_PYTHON has sent one into the
# system's Python before).
unexport UV_PYTHON VIRTUAL_ENV PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET
# Images for containers often set it. Every process then compiles what it imports: five seconds for
# each of those that tests start, and the same again for each run of the suite.
unexport PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS := never
export UV_CACHE_DIR ?= $(CURDIR)/.tools/cache
export UV_NO_PROGRESS := 1
# Certificates and mirror as pip has them: uv reads neither the system's store nor pip's files.
export UV_SYSTEM_CERTS ?= 1
WITH_MIRROR = mirror=$$('$(PY)' -m pip config get global.index-url 2>/dev/null || true); \
	[ -z "$$mirror" ] || export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$mirror}"

# The first of these that is new enough and has pip; PY=... names another.
PY ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	"$$python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo "$$python" && break; done)

.PHONY: help serve test check bench docs lock clean

help:
	@echo 'make serve   set up and serve the graph at http://127.0.0.1:8000/graphql (PORT=8001 for another)'
	@echo 'make test    set up and run the tests'
	@echo 'make check   everything else that .ci/run asks: format, lint, types, layers, configuration'
	@echo 'make audit   look for known vulnerabilities, write a bill of materials (dist/zhupei.cdx.json)'
	@echo 'make bare    run the tests without any institution: no bases, no plugins'
	@echo 'make fuzz    ask graphql-core and the engine many more random operations (FUZZ=2000)'
	@echo 'make judge-http  audit GraphQL over HTTP with the public suite (needs npm)'
	@echo 'make judge-schema  lint the schema with graphql-eslint (needs npm)'
	@echo 'make judge-clients  ask the graph by Apollo Client, gql and others, run examples/clients (needs npm)'
	@echo 'make judge-federation  compose the graph with others and ask it through gateways (needs npm)'
	@echo 'make judge-schemathesis  ask every field what schemathesis generates (CASES=1000, FIELDS=Query)'
	@echo 'make federation-example  serve a hospital beside zhupei behind a gateway (needs npm)'
	@echo 'make faults  kill servers, workers and databases, fill disks, step clocks (FAULTS=5)'
	@echo 'make bench   run the benchmarks'
	@echo 'make load    half an hour of mixed load: no error, no leak, no growing queue (LOAD=)'
	@echo 'make judge-attacks  attack the server and tell what it came to'
	@echo 'make docs    write the generated files anew'
	@echo 'make lock    choose versions anew (constraints.txt, package-lock.json)'
	@echo 'make lock-check  tell whether the versions of constraints.txt fit each other, and are all of them'
	@echo 'make clean   remove what was set up; the data in .zhupei stays'

serve: .venv/.ready query-page
	@exec .venv/bin/zhupei serve

test: .venv/.ready
	@$(SUITE) -m 'not slow'

check: .venv/.ready query-page
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target linters
	$(SUITE) -m slow

# The longest first; what each says is printed in one piece.
LINTERS := lint-types lint-texts lint-layers lint-configuration lint-documents lint-schema audit
.PHONY: linters $(LINTERS)
linters: $(LINTERS)
$(filter-out audit,$(LINTERS)): .venv/.ready

lint-types:
	$(TYPES)
lint-texts:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
lint-layers:
	.venv/bin/lint-imports
lint-configuration:
	.venv/bin/zhupei check --strict
lint-documents:
	.venv/bin/zhupei docs --check
lint-schema:
	.venv/bin/zhupei schema diff

# Workers get halves of the suite, in its order, and take from each other what is left at the end:
# what modules share is made once, and nobody waits for the other's long file.
SUITE = $(PYTHON) -m pytest -n auto --dist worksteal -q

# Each plugin's src is a root of its own, which mypy's settings cannot say with a pattern.
empty :=
TYPES = MYPYPATH=$(subst $(empty) $(empty),:,$(addsuffix /src,$(PLUGINS))) $(PYTHON) -m mypy

# The suite without any institution: a copy of the tree that has neither bases nor plugins.
.PHONY: bare
bare: .venv/.ready
	@rm -rf .tools/bare && mkdir -p .tools/bare
	@tar --exclude=./.git --exclude=./.venv --exclude=./.tools --exclude=./.zhupei \
		--exclude=./bases --exclude=./plugins --exclude=./node_modules -cf - . | tar -xf - -C .tools/bare
	@cd .tools/bare && PYTHONPATH=src ../../$(SUITE) -m 'not slow and not institutions'

# The same operations as `make check` and FUZZ more for each graph; an operation that is answered
# differently is printed.
.PHONY: fuzz
fuzz: .venv/.ready
	@ZHUPEI_FUZZ=$(or $(FUZZ),2000) $(PYTHON) -m pytest -q -m slow -n 2 tests/graphql/engine

# Public suites judge the graph; they are installed into .tools/judges.
.PHONY: judge-http
judge-http: .venv/.ready
	@$(PYTHON) -m pytest -q -n 0 tests/judges/test_graphql_http.py

.PHONY: judge-schema
judge-schema: .venv/.ready
	@$(PYTHON) -m pytest -q -n 0 tests/judges/test_schema_lint.py

.PHONY: judge-clients
judge-clients: .venv/.ready
	@$(PYTHON) -m pytest -q -n 0 tests/judges/test_clients.py tests/judges/test_client_examples.py

.PHONY: judge-federation
judge-federation: .venv/.ready
	@$(PYTHON) -m pytest -q -n 0 tests/judges/test_federation.py

# CASES=1000 for each field of Query and Mutation; FIELDS='Query.b' for some (it takes an hour).
.PHONY: judge-schemathesis
judge-schemathesis: .venv/.ready
	@ZHUPEI_FUZZ_CASES=$(or $(CASES),1000) ZHUPEI_FUZZ_FIELDS='$(FIELDS)' $(PYTHON) -m pytest -q -n 0 tests/judges/test_schemathesis.py

.PHONY: federation-example
federation-example: .venv/.ready
	@cd examples/federation && npm install --no-audit --no-fund --no-package-lock --silent && npm start --silent

# Known vulnerabilities of what is pinned, a bill of materials, and the container's linter.
.PHONY: audit sbom
audit: .tools/audit/.ready sbom
	.tools/audit/bin/python .ci/audit.py .tools/audit/bin/pip-audit constraints.txt
	.tools/audit/bin/hadolint deploy/Containerfile
	.tools/audit/bin/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml

sbom: .tools/audit/.ready .venv/.ready
	@mkdir -p dist
	.tools/audit/bin/cyclonedx-py environment $(PYTHON) --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-format JSON --output-file dist/zhupei.cdx.json

.tools/audit/.ready: pyproject.toml constraints.txt | $(UV)
	@umask 022; [ -x .tools/audit/bin/python ] || $(UV) venv --quiet --python '$(PY)' .tools/audit
	@umask 022; $(WITH_MIRROR); $(UV) pip install --quiet --python .tools/audit/bin/python \
		--constraint constraints.txt --group audit
	@touch $@

# BENCH='--write' puts the results into docs/performance.md; see its --help for the rest. A missed
# goal is told at the end: what comes after it is measured all the same.
bench: .venv/.ready
	@missed=; for file in benchmarks/bench_*.py; do \
		echo "== $$file"; $(PYTHON) "$$file" || missed="$$missed $$file"; done; \
	echo '== benchmarks/peers'; $(PYTHON) -m benchmarks.peers $(BENCH) || exit 1; \
	[ -z "$$missed" ] || { echo "zhupei: failed, or missed a goal:$$missed" >&2; exit 1; }

# What the server does while something around it breaks, FAULTS times as often as `make check` tries.
.PHONY: faults
faults: .venv/.ready .tools/faketime/libfaketime.so.1
	@ZHUPEI_FAULTS=$(or $(FAULTS),5) $(PYTHON) -m pytest -q -n 0 -m slow tests/faults \
		tests/jobs/test_worker.py tests/jobs/test_webhook_workers.py

# What steps the clock that PostgreSQL and servers see: Debian's package, unpacked and not installed.
# Elsewhere the tests that need it say that it is missing (ZHUPEI_LIBFAKETIME names another).
.tools/faketime/libfaketime.so.1:
	@umask 022; mkdir -p $(@D)/package && cd $(@D) && apt-get download libfaketime >/dev/null 2>&1 \
		&& dpkg-deb -x libfaketime_*.deb package && cp package/usr/lib/*/faketime/libfaketime.so.1 . \
		|| echo 'zhupei: no libfaketime from apt-get; the steps of the machine'"'"'s clock are left out'

# Half an hour of everything at once on a server and a worker of its own (.tools/load). It fails at the
# first answer that is an error, and where memory, files or queues grow. LOAD='--minutes 30 --write'
# puts figures and plot into docs/performance/.
.PHONY: load
load: .venv/.ready
	@$(PYTHON) -m benchmarks.load $(LOAD)

# How long documents hold a server that were written to, and attacks on a real one. ATTACKS='--write'
# puts the figures into docs/security.md.
.PHONY: judge-attacks
judge-attacks: .venv/.ready
	@cd tests && ../$(PYTHON) -m attacks.figures --each $(ATTACKS)
	@$(PYTHON) -m pytest -q tests/attacks

docs: .venv/.ready
	.venv/bin/zhupei docs --write

# Set-up

$(UV):
	@if [ -z '$(PY)' ]; then \
		echo 'zhupei: needs Python 3.11 or newer with pip; found none of python3.13, python3.12,' >&2; \
		echo '        python3.11, python3. Install one, or name it: make PY=/path/to/python' >&2; \
		exit 1; \
	fi
	@echo 'zhupei: setting up (once; about a minute)'
	@umask 022; $(PY) -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
		--root-user-action=ignore --no-cache-dir --upgrade --target .tools \
		--constraint constraints.txt uv

# Changes only when a plugin comes or goes, so that .venv/.ready follows. Written while this file is
# read: as a target it would always count as made anew.
$(shell mkdir -p .tools; echo '$(PLUGINS)' | cmp -s - .tools/plugins || echo '$(PLUGINS)' > .tools/plugins)

# umask: PostgreSQL does not run as root, so that another account must be able to read its files.
.venv/.ready: pyproject.toml constraints.txt Makefile .tools/plugins \
		$(addsuffix /pyproject.toml,$(PLUGINS)) | $(UV)
	@umask 022; [ -x $(PYTHON) ] || $(UV) venv --quiet --python '$(PY)' .venv
	@umask 022; $(WITH_MIRROR); $(UV) pip install --quiet --python $(PYTHON) --constraint constraints.txt \
		--build-constraints constraints.txt --group dev --editable . $(addprefix --editable ./,$(PLUGINS))
	@touch $@

# Without npm's registry the graph is served all the same; the page and the log say why.
.PHONY: query-page
query-page: src/zhupei/web/ide/dist/version
src/zhupei/web/ide/dist/version: package-lock.json src/zhupei/web/ide/unpack.mjs | .venv/.ready
	@umask 022; $(WITH_MIRROR); $(PYTHON) -m zhupei.web.ide.install . --uv $(UV) && touch $@ || true

PINS = { echo '-e .'; for plugin in $(PLUGINS); do echo "-e ./$$plugin"; done; } > .tools/lock.in; \
	$(WITH_MIRROR); $(UV) pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		--group dev --group query-page --group build --group audit .tools/lock.in -o .tools/lock.out
lock: | $(UV)
	@$(PINS) --upgrade
	@grep -v '^-e ' .tools/lock.out > constraints.txt
	npm install --package-lock-only --ignore-scripts

# Whether constraints.txt is what its own pins resolve to: nothing that is needed lacks its pin, and
# nothing is pinned that nobody needs.
.PHONY: lock-check
lock-check: | $(UV)
	@cp constraints.txt .tools/lock.out
	@$(PINS)
	@grep -v '^-e ' .tools/lock.out | diff constraints.txt -

clean:
	rm -rf .venv .tools src/zhupei/web/ide/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
