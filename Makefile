# make run    build, compare all detectors on data/, write a submission
# make test   build and run every test; TESTS="--filter NAME" for some
# make test-debug     the small rooms with checks of bounds and overflow
# make test-sanitize  the same and more, with those of memory and threads
# make sanitize       every test under each sanitizer: for the night
# make test-faults    what fails at the n-th read, write, rename, allocation
# make fuzz   made-up files for every reader;  make coverage: lines they reach
# make test-docs    run every command of the documentation
# make docs-update  rewrite what is stale in it;  make figures: its pictures
# make docs   the API reference, as pages in out/reference
# make lint   check the format of the sources
# make mpi    the command as several processes;  make test-mpi: shows that
# make bench  measure beside the peers; ROWS="--quick iforest" for some
# make study-tables TABLES=folder   every detector on labelled tables
# make study-false-alarms SPLITS=200  whether thresholds keep their word
# make install PREFIX=/usr/local
# make deb    a Debian package in out/;  make test-deb: in a clean system
# make dist   the same as a tarball

PREFIX ?= /usr/local
OUTPUT ?= out

# Lets the compiler use this machine's vector units. Leave it empty
# (make NATIVE= install) for a binary that other machines can run too.
NATIVE ?= -Xcc -march=native
# A room that imports what it does not declare does not build.
IMPORTS = --explicit-target-dependency-import-check error
# What debuggers read takes an eighth of the time of a build.
RELEASE = -c release -debug-info-format none $(NATIVE) $(IMPORTS)
BUILD = swift build $(RELEASE)
LIBRARIES = libopenblas-dev liblapacke-dev libpng-dev \
  libjpeg62-turbo-dev zlib1g-dev pkg-config

.PHONY: run test test-debug test-sanitize sanitize test-faults fuzz \
  coverage test-docs docs-update figures docs \
  lint bench study-tables study-false-alarms build install completions manual \
  mpi test-mpi staged deb test-deb dist packages clean

run: build
	@bin=$$($(BUILD) --show-bin-path)/anomaly && \
	  "$$bin" compare data/inspection --output $(OUTPUT)/inspection && \
	  "$$bin" compare data/inspection-hard --output $(OUTPUT)/inspection-hard && \
	  "$$bin" compare data/fashion-mnist --output $(OUTPUT)/fashion-mnist && \
	  "$$bin" submit data/inspection --pool \
	    --format id-prediction --output $(OUTPUT)/submission.csv && \
	  echo "Open $(OUTPUT)/inspection/report.html in a browser."

# Tests see internal names, so they are built apart.
test: packages
	swift test $(RELEASE) --scratch-path .build/test $(TESTS)

# Without NATIVE, so that what runs without AVX-512 is tested too.
test-debug: packages
	swift test $(IMPORTS) $(SMALL:%=--filter '^%Tests[.]') $(SLOW)

SMALL = Diagnostics Parameters Files Execution LinearAlgebra PNGDecoding \
  Images Datasets Features AnomalyConformance Evaluation Experiments Plots \
  Documentation FuzzReaders
SLOW = --skip SyntheticInspection --skip ConformanceTests/violations

# Memory: what `test-debug` runs, with its checks of bounds and overflow too.
# Threads: what uses several. XCTest leaks 144 bytes of its own.
test-sanitize: packages
	ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build/address \
	  $(SMALL:%=--filter '^%Tests[.]') $(SLOW)
	swift test --sanitize=thread --scratch-path .build/thread \
	  $(THREADED:%=--filter '^%') $(SLOW)

# Swift has checks of its own for what is undefined, and no sanitizer for it on
# Linux; the C between it and the libraries traps. SANITIZERS=undefined
# TESTS="--filter '^FilesTests'" for a part of it.
SANITIZERS = address thread undefined
TESTS =
sanitize: packages
	@for sanitizer in $(SANITIZERS); do \
	  echo "$$sanitizer"; \
	  case $$sanitizer in \
	    undefined) flags="-Xcc -fsanitize=undefined \
	      -Xcc -fsanitize-trap=undefined" ;; \
	    *) flags=--sanitize=$$sanitizer ;; \
	  esac; \
	  ASAN_OPTIONS=detect_leaks=0 swift test -c release $$flags \
	    --scratch-path .build/release-$$sanitizer $(TESTS) || exit 1; \
	done

THREADED = ExecutionTests AnomalyConformanceTests ImagesTests.ImageFolder

# Every STEP-th call of each kind fails once.
STEP ?= 1
test-faults: build
	$(BUILD) --product Faults
	@bin=$$($(BUILD) --show-bin-path) && \
	$(CC) -shared -fPIC -O1 -Wall -Wextra -Werror -o $$bin/interpose.so \
	  Tests/Faults/interpose.c -ldl && \
	$$bin/Faults $$bin/anomaly $$bin/interpose.so data $(STEP)

# What each reader finds in SECONDS goes into .build/fuzz/corpus; what crashes
# one is kept beside it, and the fuzzer ends. FUZZ_READERS="picture npy" for some.
SECONDS ?= 60
FUZZ_READERS = $(notdir $(wildcard Tests/Fuzz/Corpus/*))
fuzz: packages
	ANOMALYKIT_FUZZ=1 swift build -c release -Xswiftc -sanitize=fuzzer \
	  --scratch-path .build/fuzz --product Fuzz
	@for reader in $(FUZZ_READERS); do \
	  echo "$$reader"; found=.build/fuzz/corpus/$$reader; mkdir -p $$found; \
	  FUZZ_READER=$$reader .build/fuzz/release/Fuzz -max_total_time=$(SECONDS) \
	    -timeout=20 -rss_limit_mb=1024 -max_len=65536 -verbosity=0 \
	    -print_final_stats=1 -artifact_prefix=.build/fuzz/$$reader- \
	    $$found Tests/Fuzz/Corpus/$$reader || exit 1; \
	done

# Of each reader, the lines of its files that its corpus reaches.
COVERAGE = .build/coverage
LLVM = $(dir $(shell readlink -f "$$(command -v swift)"))
coverage: packages
	swift build -Xswiftc -profile-generate -Xswiftc -profile-coverage-mapping \
	  --scratch-path $(COVERAGE) --product Replay
	@printf '%-12s %7s %7s %7s\n' reader files lines covered; \
	grep -v '^#' Tests/Fuzz/readers.txt | while read -r reader files; do \
	  LLVM_PROFILE_FILE=$(COVERAGE)/$$reader.profraw \
	    $(COVERAGE)/debug/Replay $$reader Tests/Fuzz/Corpus/$$reader \
	    >$(COVERAGE)/$$reader.log || exit 1; \
	  $(LLVM)llvm-profdata merge $(COVERAGE)/$$reader.profraw \
	    -o $(COVERAGE)/$$reader.profdata && \
	  $(LLVM)llvm-cov report $(COVERAGE)/debug/Replay \
	    -instr-profile $(COVERAGE)/$$reader.profdata \
	    $$(for file in $$files; do echo Sources/$$file; done) \
	    >$(COVERAGE)/$$reader.txt && \
	  awk -v reader=$$reader -v files="$$(echo $$files | wc -w)" \
	    '/^TOTAL/ {printf "%-12s %7d %7d %7s\n", reader, files, $$8, $$10}' \
	    $(COVERAGE)/$$reader.txt || exit 1; \
	done

# PAGES="README.md" for some of them.
test-docs docs-update figures: packages
	$(BUILD) --product anomaly
	$(BUILD) --product LibraryExamples
	$(BUILD) --product Documentation
	@$$($(BUILD) --show-bin-path)/Documentation $(PAGES) \
	  $(if $(filter docs-update,$@),--update) $(if $(filter figures,$@),--figures)

# The rooms that AnomalyKit exports, in one reference.
ROOMS = $(shell sed -n 's/@_exported import //p' \
  Sources/AnomalyKit/AnomalyKit.swift)

docs: packages
	rm -rf $(OUTPUT)/reference && mkdir -p $(OUTPUT)
	ANOMALYKIT_DOCS=1 swift package --scratch-path .build/docs \
	  --allow-writing-to-directory $(OUTPUT)/reference \
	  generate-documentation --enable-experimental-combined-documentation \
	  $(addprefix --target ,$(ROOMS)) --transform-for-static-hosting \
	  --output-path $(OUTPUT)/reference
	@test -e $(OUTPUT)/reference/index.html
	@echo "Serve it: python3 -m http.server -d $(OUTPUT)/reference," \
	  "then open http://localhost:8000/documentation"

lint:
	swift format lint --strict --recursive Package.swift Sources Tests \
	  Benchmarks/Package.swift Benchmarks/Sources

bench: PACKAGES = python3-venv dataset-fashion-mnist
bench: packages
	@Benchmarks/run $(ROWS)

# The .npz files of ADBench, with X and y.
TABLES ?= adbench
study-tables: PACKAGES = python3-venv
study-tables: packages
	@Benchmarks/run tables.py $(TABLES)

SPLITS ?= 200
study-false-alarms: packages
	@touch Benchmarks/Sources/FalseAlarms/main.swift
	@swift run -c release $(NATIVE) --package-path Benchmarks FalseAlarms $(SPLITS)

build: packages
	$(BUILD) --product anomaly

# As pkg-config calls it: mpich for MPICH.
MPI = ompi-c
mpi test-mpi: PACKAGES = libopenmpi-dev openmpi-bin
mpi: packages
	@# The compiler keeps what it read, whichever MPI it was of.
	find .build -name 'CMPI-*.pcm' -delete
	touch Sources/MPICommunication/MPIProcesses.swift
	ANOMALYKIT_MPI=$(MPI) $(BUILD) --product anomaly-mpi
	install -D "$$($(BUILD) --show-bin-path)/anomaly-mpi" .build/$(MPI)/anomaly
	@echo "mpirun -n 4 .build/$(MPI)/anomaly --help"

# Under both; as root, and with more processes than processors, too.
OPENMPI = env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
  mpirun.openmpi --oversubscribe
test-mpi: PACKAGES += libmpich-dev mpich python3
test-mpi: build
	$(MAKE) mpi MPI=ompi-c
	$(MAKE) mpi MPI=mpich
	@bin=$$($(BUILD) --show-bin-path)/anomaly && \
	Tests/MPI/test-mpi "$$bin" $(CURDIR)/.build/ompi-c/anomaly $(OPENMPI) && \
	Tests/MPI/test-mpi "$$bin" $(CURDIR)/.build/mpich/anomaly mpirun.mpich

install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install "$$($(BUILD) --show-bin-path)/anomaly" $(DESTDIR)$(PREFIX)/bin
	$(MAKE) completions

completions:
	@bin=$(DESTDIR)$(PREFIX)/bin/anomaly && \
	share=$(DESTDIR)$(PREFIX)/share && \
	install -d $$share/bash-completion/completions \
	  $$share/zsh/site-functions $$share/fish/vendor_completions.d && \
	$$bin --generate-completion-script bash \
	  > $$share/bash-completion/completions/anomaly && \
	$$bin --generate-completion-script zsh \
	  > $$share/zsh/site-functions/_anomaly && \
	$$bin --generate-completion-script fish \
	  > $$share/fish/vendor_completions.d/anomaly.fish

# From the help of the commands, by the tool of swift-argument-parser.
PARSER = .build/checkouts/swift-argument-parser
manual:
	swift build -c release --package-path $(PARSER) \
	  --scratch-path $(CURDIR)/.build/manual --product generate-manual
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	.build/manual/release/generate-manual $(DESTDIR)$(PREFIX)/bin/anomaly \
	  --multi-page --date "$$(date -u +%F)" \
	  --output-directory $(DESTDIR)$(PREFIX)/share/man/man1

# For machines without Swift.
VERSION = $(shell sed -n 's/.*anomalyKitVersion = "\(.*\)"/\1/p' \
  Sources/Diagnostics/Version.swift)
STAGED = $(CURDIR)/.build/portable/staged
REVISION = $(VERSION)-1
PACKAGE = $(OUTPUT)/anomalykit_$(REVISION)_$(shell dpkg --print-architecture).deb
TARBALL = anomalykit-$(VERSION)-$(shell uname -m)

staged deb dist: PACKAGES = dpkg-dev chrpath
staged: packages
	rm -rf $(STAGED)
	$(MAKE) install manual BUILD='Packaging/build $(IMPORTS)' \
	  DESTDIR=$(STAGED) PREFIX=/usr
	Packaging/stage $(STAGED) $(REVISION)

deb: staged
	Packaging/deb $(STAGED) $(REVISION) $(PACKAGE)

test-deb: PACKAGES = lintian debootstrap
test-deb: deb
	Packaging/test-deb $(PACKAGE)

dist: staged
	mkdir -p $(OUTPUT)
	cp Packaging/README $(STAGED)/usr
	tar -C $(STAGED) --owner=0 --group=0 --sort=name \
	  --transform 's,^usr,$(TARBALL),' -czf $(OUTPUT)/$(TARBALL).tar.gz usr
	rm $(STAGED)/usr/README

# Installs the Debian packages that are missing: of libraries, unless they are
# there in another way, and what else a target names.
packages:
	@wanted="$(PACKAGES)"; \
	pkg-config --exists openblas lapacke libpng libjpeg zlib 2>/dev/null || \
	  wanted="$(LIBRARIES) $$wanted"; \
	missing=; for package in $$wanted; do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null \
	    | grep -q 'install ok installed' || missing="$$missing $$package"; \
	done; \
	[ -z "$$missing" ] && exit 0; \
	if ! command -v apt-get >/dev/null; then \
	  echo "make: install these by hand, there is no apt-get:$$missing" >&2; \
	  exit 1; \
	fi; \
	if [ "$$(id -u)" = 0 ]; then root=; \
	elif command -v sudo >/dev/null; then root=sudo; \
	else \
	  echo "make: ask an administrator to apt-get install$$missing" >&2; \
	  exit 1; \
	fi; \
	echo "installing$$missing"; \
	$$root apt-get update -qq && \
	$$root env DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends $$missing >/dev/null

clean:
	rm -rf .build $(OUTPUT)
