# Every target does its own set-up: packages (packaging/packages.txt), configuring, building. As root on a fresh Debian 12 it
# needs nothing but git and make; without root, a missing package is named with the command that installs it.
.DEFAULT_GOAL := help
.PHONY: help run test bench crash model sanitize fuzz lint format clean

FUZZ_SECONDS ?= 60
KILLS ?= 200
MODEL_SEEDS ?= 1-1000
MODEL_EXCHANGES ?= 100000

help:
	@echo 'make run       collector, agent and, where no provider key is set, a provider simulator; prints the lines to paste'
	@echo 'make test      every test; closes with "N passed, N failed, N skipped"'
	@echo 'make bench     the agent against nginx and HAProxy; writes build/bench/results.json'
	@echo 'make crash     kills the agent at random instants; KILLS=200'
	@echo 'make model     the simulator of budgets over a fleet; MODEL_SEEDS=1-1000, MODEL_EXCHANGES=100000'
	@echo 'make sanitize  the tests under AddressSanitizer and UndefinedBehaviorSanitizer, then under ThreadSanitizer'
	@echo 'make fuzz      each fuzzer for FUZZ_SECONDS=60'
	@echo 'make lint      format, includes, texts, clang-tidy; LINT=quick looks only at what has changed since the last commit'
	@echo 'make format    formats the C++ files'
	@echo 'make clean     removes build/ (not var/, where make run keeps its state)'

run:
	@packaging/setup build
	@packaging/build dev postern-agent postern-collector postern postern-provider
	@packaging/run-local

test:
	@packaging/setup build test
	@tests/peers/install
	@packaging/build dev
	@packaging/run-tests dev

bench:
	@packaging/setup build bench
	@packaging/build release
	@build/release/bin/postern-bench

crash:
	@packaging/setup build test
	@packaging/build dev
	@POSTERN_CRASHES=$(KILLS) packaging/run-tests dev --label-regex '^crash$$'

model:
	@packaging/setup build
	@packaging/build release postern-model
	@build/release/bin/postern-model --seeds $(MODEL_SEEDS) --exchanges $(MODEL_EXCHANGES) --jobs $$(nproc)

sanitize:
	@packaging/setup build test
	@packaging/build asan
	@packaging/run-tests asan
	@packaging/build tsan
	@packaging/run-tests tsan

fuzz:
	@packaging/setup build fuzz
	@packaging/build fuzz fuzzers
	@packaging/fuzz $(FUZZ_SECONDS)

lint:
	@packaging/setup build lint
	@packaging/lint/all $(LINT)

format:
	@packaging/setup lint
	@packaging/lint/format --fix

clean:
	rm -rf build
