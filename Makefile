# The two commands: `make run` and `make test`. Everything else serves them; the work is in scripts/.
#
#   make                    release binaries in .build/release
#   make run [DIR=path]     watch DIR (default: a scratch copy of Examples/shop) in the foreground; Ctrl-C ends it
#   make test               every test that this machine can run, and what was left out and why
#   make deps               installs what building, running and testing need from Debian
#   make lint format bench fuzz install deb system-test
#
# Variables: DIR, PREFIX, DESTDIR, ONLY (bench, fuzz), SECONDS (fuzz: for each).

.DEFAULT_GOAL := build
.SUFFIXES:
MAKEFLAGS += --no-print-directory

PREFIX ?= /usr/local
DESTDIR ?=
DIR ?=
ONLY ?=
FUZZ_SECONDS ?= $(or $(SECONDS),20)
export PREFIX DESTDIR ONLY FUZZ_SECONDS

.PHONY: build run test deps lint format bench fuzz install uninstall deb system-test clean help

build:
	@scripts/deps build
	@scripts/build

run:
	@scripts/run "$(DIR)" "$(PWD)"

test:
	@scripts/test

deps:
	@scripts/deps all

lint:
	@scripts/lint

format:
	@scripts/format

bench:
	@scripts/bench

fuzz:
	@scripts/fuzz

install: build
	@scripts/install

uninstall:
	@scripts/install --remove

deb: build
	@scripts/deb

system-test:
	@scripts/system-test

clean:
	rm -rf .build dist Benchmarks/.build

help:
	@sed -n 's/^#   //p' Makefile
