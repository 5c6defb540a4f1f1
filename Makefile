# Garm's front door: thin words for CMake presets and the scripts in tools/.
# `make help` prints what stands behind ##.
.DEFAULT_GOAL := release
.PHONY: help release run test quick tsan valgrind fuzz sim bench fmt tidy coverage arm64 install uninstall deb docs clean deps \
	deps-test

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
LIBDIR ?= lib
# Where install, uninstall and deb build.
RELEASE_DIR ?= build/release
PACKAGES ?= build/packages
FUZZ_SECONDS ?= 60
SEEDS ?= 100000

help: ## print this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

deps:
	@tools/deps build

deps-test:
	@tools/deps test

release: deps ## build libgarm.a, libgarm.so, garm and the examples into build/release
	@cmake --preset release -DGARM_TESTS=OFF >/dev/null && cmake --build --preset release -j $(JOBS)

run: release ## build, then serve httpbin on http://localhost:8000
	@build/release/examples/httpbin --listen :8000

test: deps-test ## everything, under ASan and UBSan, with a summary at the end (under ten minutes)
	@tools/test

quick: deps-test ## unit and spec tests only
	@tools/test --quick

tsan: deps-test ## the whole suite under ThreadSanitizer
	@tools/test --preset tsan

valgrind: deps-test ## the unit tests under Valgrind
	@tools/test --preset debug --valgrind

arm64: deps-test ## base, run and codec for arm64, their unit tests under qemu-user
	@tools/deps arm64 && tools/test-arm64

fuzz: deps-test ## each fuzz target for FUZZ_SECONDS (60)
	@tools/deps fuzz && tools/fuzz $(FUZZ_SECONDS)

sim: deps-test ## the simulator's campaign: SEEDS (100000) seeds
	@tools/sim $(SEEDS)

bench: release ## speed against the bare epoll yardstick (and nginx, if it is installed)
	@tools/deps bench && tools/bench

docs: ## pages of the public headers, into build/docs/html (Doxygen)
	@tools/deps docs && tools/docs

coverage: deps-test ## line coverage of the unit and spec tests
	@tools/deps coverage && tools/coverage

fmt: ## format the sources with clang-format
	@git ls-files 'src/*.[ch]' 'include/*.h' 'examples/*.[ch]' 'tests/*.[ch]' 'fuzz/*.[ch]' 'bench/*.c' | xargs clang-format -i

tidy: ## the house's style, as a check
	@tools/tidy

# The dynamic linker finds a new library by its cache, in the places that it looks at.
refresh_linker = case "$(DESTDIR)$(abspath $(PREFIX))" in /usr|/usr/local) ldconfig || true ;; esac

# Without scdoc there are no manual pages, and all else is installed.
install: deps ## install into PREFIX (/usr/local); DESTDIR is heeded
	@tools/deps install || echo "going on without manual pages"
	@cmake --preset release -B $(RELEASE_DIR) -DGARM_TESTS=OFF \
	    -DCMAKE_INSTALL_PREFIX=$(abspath $(PREFIX)) -DCMAKE_INSTALL_LIBDIR=$(LIBDIR) >/dev/null
	@cmake --build $(RELEASE_DIR) -j $(JOBS)
	@DESTDIR=$(DESTDIR) cmake --install $(RELEASE_DIR)
	@$(refresh_linker)

uninstall: ## remove what was installed into PREFIX, with the directories that were made for it
	@DESTDIR=$(DESTDIR) cmake -DBUILD=$(abspath $(RELEASE_DIR)) -DPREFIX=$(abspath $(PREFIX)) -P cmake/uninstall.cmake
	@$(refresh_linker)

deb: ## Debian packages, into PACKAGES (build/packages)
	@tools/deps deb
	@cmake --preset release -B $(RELEASE_DIR) -DGARM_TESTS=OFF -DGARM_DEB=ON -DCMAKE_INSTALL_PREFIX=/usr \
	    -DCMAKE_INSTALL_LIBDIR=lib/$$(dpkg-architecture -qDEB_HOST_MULTIARCH) >/dev/null
	@cmake --build $(RELEASE_DIR) -j $(JOBS)
	@cd $(RELEASE_DIR) && umask 022 && cpack -B $(abspath $(PACKAGES))

clean: ## remove build/
	@rm -rf build
