# Darkroom's two commands: `make serve` and `make test`. Each sets up what it needs.

SWIFT_BUILD = swift build --configuration release
# The executable then needs no Swift where it runs. On macOS Swift is a part of the system.
ifeq ($(shell uname),Linux)
SWIFT_BUILD += --static-swift-stdlib
endif
PORT ?= 8080

.PHONY: serve test test-browser test-clients build dependencies test-dependencies format lint

## Builds, then serves the embedded model on 127.0.0.1:8080.
serve: build
	@exec "$$($(SWIFT_BUILD) --show-bin-path)/darkroom" serve --print-key --port $(PORT)

## Checks the format, builds with warnings as errors, runs every test, and builds what `serve` runs.
test: export DARKROOM_WARNINGS_AS_ERRORS = 1
# Many tests wait for other processes, but all of them at once leave none of them its time.
test: export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH = 8
test: lint test-dependencies
	swift build --build-tests
	swift test --skip-build
	Tests/Browser/run
	Tests/Clients/run
# Every query of the dashboard and every alert, where there is a Prometheus.
	Scripts/check-monitoring --darkroom .build/debug/darkroom || [ $$? = 77 ]
# A short form of the campaign on several machines, where this one can play them.
	Scripts/cluster-fault-campaign --darkroom .build/debug/darkroom --faults 12 || [ $$? = 77 ]
# What people run is built otherwise, and an optimising compiler can fail where another does not.
	$(MAKE) build

## Tests the pages in a browser; `make test` does that too.
test-browser: test-dependencies
	swift build --product darkroom
	Tests/Browser/run

## Tests the service with the clients of other services, on the debug build; `make test` does that too.
test-clients: test-dependencies
	swift build --product darkroom
	Tests/Clients/run

build: dependencies
	$(SWIFT_BUILD) --product darkroom

dependencies:
	@Scripts/install-dependencies

test-dependencies:
	@Scripts/install-dependencies tests

SWIFT_SOURCES = Sources Tests Benchmarks Package.swift

lint: dependencies
	swift format lint --strict --parallel --recursive $(SWIFT_SOURCES)

format:
	swift format --in-place --parallel --recursive $(SWIFT_SOURCES)
