# The commands that README.md and CONTRIBUTING.md name. Meson and Vite build; this only says what is run when.
# Every build folder is build*: build (gcc, what runs), build-asan (gcc, sanitizers: unit tests), build-fuzz (clang).
SHELL := /bin/bash
PYTHON := /usr/bin/python3
CLANG := clang-19
CLANG_FORMAT := clang-format-19
export PATH := $(CURDIR)/.cache/node/bin:$(PATH)
export SWISSPHOTO_BUILD := build

SOURCES := $(shell find src gen apps tests -name '*.c' 2>/dev/null | LC_ALL=C sort)
WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts web/svelte.config.js web/tsconfig.json -type f 2>/dev/null)
# Configured again when the list of files or the build's own description has changed: Meson has no wildcard of its own.
CONFIGURE_FROM := .cache/sources meson.build meson_options.txt apps/meson.build tests/unit/meson.build tests/tools/meson.build tests/fuzz/meson.build tools/layers.txt

.PHONY: all product web gen check test bench fuzz drift layers format clang unit generators integration web-check e2e clean FORCE
.DELETE_ON_ERROR:

all: product

# What ./start runs: the programs and the web app, without tests.
product: build/configured web
	@ninja -C build --quiet

.cache/sources: FORCE
	@mkdir -p .cache && echo '$(SOURCES)' | cmp -s - $@ || echo '$(SOURCES)' >$@

build/configured: $(CONFIGURE_FROM)
	@if [ -f build/build.ninja ]; then meson setup --reconfigure build >/dev/null; else meson setup build -Dtests=false >/dev/null; fi
	@touch $@

build-asan/configured: $(CONFIGURE_FROM)
	@[ ! -f build-asan/build.ninja ] || r=--reconfigure; \
	meson setup $$r build-asan -Db_sanitize=address,undefined >/dev/null
	@touch $@

build-fuzz/configured: $(CONFIGURE_FROM)
	@[ ! -f build-fuzz/build.ninja ] || r=--reconfigure; \
	CC=$(CLANG) meson setup $$r build-fuzz -Dfuzzers=true -Dtests=false -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	@touch $@

web: web/dist/index.html
web/node_modules/.installed: web/package-lock.json
	@cd web && npm ci --no-audit --no-fund --silent
	@touch $@
web/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	@cd web && npm run --silent build
	@touch $@

gen:
	$(PYTHON) tools/gen_api.py
	$(PYTHON) tools/gen_sql.py
	$(PYTHON) tools/gen_jobs.py
	$(PYTHON) tools/gen_options.py

# Everything that must hold, the quick answers first.
check: drift format tested layers unit clang generators integration web-check e2e fuzz
	@echo "check: everything holds"

test: tested unit generators integration web-check e2e

drift:
	$(PYTHON) tools/gen_api.py --check
	$(PYTHON) tools/gen_sql.py --check
	$(PYTHON) tools/gen_jobs.py --check
	$(PYTHON) tools/gen_options.py --check

format:
	git ls-files -z '*.c' '*.h' | grep -zv '^gen/' | xargs -0 $(CLANG_FORMAT) --dry-run -Werror

# The product with the programs that only tests run.
tested: build/configured web
	@meson configure build -Dtests=true
	ninja -C build --quiet

layers: tested
	$(PYTHON) tools/check_layers.py --build build

unit: build-asan/configured
	ninja -C build-asan --quiet
	tools/with_redis.sh tools/with_postgres.sh meson test -C build-asan --no-rebuild --print-errorlogs

clang: build-fuzz/configured
	ninja -C build-fuzz --quiet

generators: tested
	$(PYTHON) -m pytest -q tests/generators tests/oracle

integration: tested
	$(PYTHON) -m pytest -q tests/integration

web-check: web
	cd web && npm run --silent check && npm run --silent test

e2e: tested
	cd web && SWISSPHOTO_BIN=../build/apps/swissphoto npm run --silent e2e

# Every fuzzer for a few seconds from its corpus; longer: see tests/fuzz/meson.build.
fuzz: clang
	meson test -C build-fuzz --suite fuzz --no-rebuild --print-errorlogs

bench: tested
	$(PYTHON) bench/derivatives.py
	$(PYTHON) bench/memory.py
	bench/start.sh bookworm
	bench/start.sh trixie

clean:
	rm -rf build build-asan build-fuzz web/dist
