# SPDX-License-Identifier: GPL-2.0-or-later
# make            the command: ./timersnoop
# make check      unit tests, without root
# make coverage   how much of the code they run
# make check-readers  recordings, as trace-cmd and KernelShark read them
# make check-faults   memory refused wherever it is asked for, without root
# make check-docs     the manual, --help and completions, against the code
# make check-hardening  what makes mistakes hard to use, in the binary (HARDENING=no)
# make check-guests   the same command on real kernels, under emulation
# make check-guests-all   with every test on each of them
# make check-arm64    the main tests of those on an arm64 kernel (scripts/arm64.sh)
# make check-kernels  some of the tests on other kernels: PREEMPT_RT, Debian's usual one, the newest,
#                 and one without kprobes, which is built
# make check-kernels-short  a little of the two
# make check-soak an hour of the guests' time, while programs come and go
# make check-valgrind  command lines under memcheck, in guests
# make bench      what it costs beside others, under emulation (doc/BENCHMARKS.md)
# make fuzz       fuzzers, FUZZ_SECONDS= each
# make lint       format and static analysis
# make analyse    more of it, for minutes: each path through src/, by gcc and clang (analyse-short: by gcc)
# make install    DESTDIR= PREFIX=
# make dist       timersnoop-VERSION.tar.xz, of what git tracks
# make check-builds   with the compilers and libraries of Debian's releases, also for arm64
# make check-dist     the same tarball and binary, wherever they are made
# make check-package  Debian packages, and what lintian says (scripts/package.sh makes them)
VERSION := 0.1.0
PREFIX ?= /usr/local
BUILD ?= build
# Where the command is put; where BUILD is of another machine it is in there.
PROGRAM ?= timersnoop
CC ?= gcc
PKG_CONFIG ?= pkg-config

LIBS := libtracefs libtraceevent libzstd zlib
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat-security

# refuses FLAGS,SOURCE: what the compiler has against FLAGS, beside those that are given.
refuses = $(shell echo '$(2)' | $(CC) -Werror $(1) $(CPPFLAGS) $(CFLAGS) -x c -o /dev/null - 2>&1 || echo no)
compiler_takes = $(foreach flag,$(1),$(if $(call refuses,-c $(flag),typedef int some;),,$(flag)))
linker_takes = $(foreach flag,$(1),\
	$(if $(call refuses,-fPIE $(LDFLAGS) $(flag),int main(void) { return 0; }),,$(flag)))

# A mistake of ours shall be hard to use: root runs this. Each flag where it is taken.
HARDENING ?= yes
ifeq ($(HARDENING),yes)
HARDENED_CFLAGS := -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection \
	-mbranch-protection=standard
HARDENED_CFLAGS := $(call compiler_takes,$(HARDENED_CFLAGS))
HARDENED_LDFLAGS := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code
HARDENED_LDFLAGS := $(call linker_takes,$(HARDENED_LDFLAGS))
# None without optimization, and no other level than CPPFLAGS or CFLAGS have.
fortify = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(1)
refuses_level = $(call refuses,-c -include features.h $(call fortify,$(1)),\
	_Static_assert(__USE_FORTIFY_LEVEL == $(1), "");)
FORTIFY_LEVEL := $(firstword $(foreach level,3 2,$(if $(call refuses_level,$(level)),,$(level))))
HARDENED_CFLAGS += $(if $(FORTIFY_LEVEL),$(call fortify,$(FORTIFY_LEVEL)))
endif

# What is built shall not tell where.
PLACE := $(call compiler_takes,-ffile-prefix-map=$(CURDIR)=.)
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DTIMERSNOOP_VERSION='"$(VERSION)"' -Iinclude \
	$(WARNINGS) $(shell $(PKG_CONFIG) --cflags $(LIBS)) $(PLACE) $(HARDENED_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(COVERAGE)
ALL_LDFLAGS = $(HARDENED_LDFLAGS) $(LDFLAGS)
ALL_LIBS = $(shell $(PKG_CONFIG) --libs $(LIBS)) $(LDLIBS)

# Sorted, as older makes do not: what is built is the same wherever it is.
SOURCES := $(sort $(filter-out src/main.c,$(wildcard src/*.c)))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/src/%.o)
UNIT_OBJECTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%.o,$(wildcard tests/unit/*.c))
# Programs for the guests: each file is one, linked with nothing of ours.
GUEST_PROGRAMS := $(patsubst tests/guest/programs/%.c,$(BUILD)/tests/guest/bin/%,\
	$(wildcard tests/guest/programs/*.c))
# One knows the registers of x86-64 alone.
ifeq ($(filter x86_64-%,$(shell $(CC) -dumpmachine)),)
GUEST_PROGRAMS := $(filter-out %/inject,$(GUEST_PROGRAMS))
endif
# CC32: makes 32-bit ones of those that have a part of their own to play there (entries.h).
CC32 ?=
GUEST_PROGRAMS += $(if $(CC32),$(addprefix $(BUILD)/tests/guest/bin/,everycall32 workload32))
# And what is preloaded there into the command.
GUEST_PRELOADS := $(patsubst tests/guest/preload/%.c,$(BUILD)/tests/guest/bin/%.so,\
	$(wildcard tests/guest/preload/*.c))

all: $(PROGRAM)

$(PROGRAM): $(BUILD)/src/main.o $(BUILD)/libtimersnoop.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(BUILD)/libtimersnoop.a: $(OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

ANALYSIS := build/analysed
# doctor tells of them.
VERSION_OF = $(shell $(PKG_CONFIG) --modversion $(1))
$(BUILD)/src/cmd_doctor.o $(ANALYSIS)/src/cmd_doctor.o: ALL_CFLAGS += -DLIBTRACEFS_BUILT='"$(call VERSION_OF,libtracefs)"' \
	-DLIBTRACEEVENT_BUILT='"$(call VERSION_OF,libtraceevent)"'

# Allocations that fail: tests/unit/short_memory.h.
WRAPPED := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray
$(BUILD)/tests/unit/run: $(UNIT_OBJECTS) $(BUILD)/libtimersnoop.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(WRAPPED) -o $@ $^ $(ALL_LIBS) -lcunit

$(BUILD)/tests/guest/bin/%: tests/guest/programs/%.c $(wildcard tests/guest/programs/*.h) Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -O1 -g -o $@ $< -lpthread

$(BUILD)/tests/guest/bin/%32: tests/guest/programs/%.c $(wildcard tests/guest/programs/*.h) Makefile
	@mkdir -p $(@D)
	$(CC32) -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 $(WARNINGS) -O1 -g \
		-static -o $@ $< -lpthread

$(BUILD)/tests/guest/bin/%.so: tests/guest/preload/%.c Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -O1 -g -fPIC -shared -o $@ $< -ldl

guest-programs: $(GUEST_PROGRAMS) $(GUEST_PRELOADS)

# Static: what they need to start is the same beside every tool.
BENCH_PROGRAMS := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/bin/%,$(wildcard tests/bench/*.c))
$(BUILD)/tests/bench/bin/%: tests/bench/%.c Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -O2 -g -static -o $@ $< -lpthread

bench-programs: $(BENCH_PROGRAMS)

bench: timersnoop bench-programs
	scripts/bench.sh

# Its headers are not ours: no warnings.
$(BUILD)/tests/readers/kshark: tests/readers/kshark.c Makefile
	@mkdir -p $(@D)
	$(CC) -O1 -g -o $@ $< $(shell $(PKG_CONFIG) --cflags --libs libkshark)

check-readers: timersnoop $(BUILD)/tests/readers/kshark
	tests/readers/run.sh $(BUILD)/tests/readers/kshark

# What is written about the program, against what it knows.
$(BUILD)/tests/docs/facts: tests/docs/facts.c $(BUILD)/libtimersnoop.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

check-docs: timersnoop $(BUILD)/tests/docs/facts
	tests/docs/run.sh $(BUILD)/tests/docs/facts

check-hardening: timersnoop
	tests/builds/hardening.sh ./timersnoop \
		$(CC) $(WARNINGS) $(HARDENED_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(ALL_LDFLAGS)

check-faults: timersnoop $(GUEST_PRELOADS)
	tests/faults/run.sh $(BUILD)/tests/guest/bin/faults.so

check: $(BUILD)/tests/unit/run
	$(BUILD)/tests/unit/run

check-guests: timersnoop guest-programs
	tests/guest/run-all.sh

check-guests-all: timersnoop guest-programs
	tests/guest/run-all.sh --all

check-arm64:
	scripts/arm64.sh

# KERNELS= and KERNEL_TESTS= for others. What is not here is the same on every kernel, or is tested
# on those of the matrix.
KERNELS ?= 6.1-rt 6.12-generic experimental
KERNEL_TESTS ?= ^(accuracy|lives_expiries|kernel_counts|doctor|behaviour_refuse)/
check-kernels: timersnoop guest-programs
	tests/guest/run-all.sh -j 1 -t '$(KERNEL_TESTS)' $(KERNELS)
	tests/guest/run-all.sh -t '/(no_kprobe_events|help_and_version)$$' 6.1-no-kprobes

# Where time is counted in instructions, what is waited for takes none. What memory each
# mode had meanwhile is left in build/soak.
SOAK_KERNELS ?= 6.1 7.2
# The main job and the life of a timer on each of them.
SHORT_TESTS := accuracy/(known|calls|errors|compat|registers|threads)$$
SHORT_TESTS := $(SHORT_TESTS)|lives_expiries/(periodic|signals|threads|clocks|timerfds|itimers|endings)$$
check-kernels-short: timersnoop guest-programs
	scripts/arm64.sh --build
	tests/guest/run-all.sh -t '^($(SHORT_TESTS)|behaviour_killed/names_like_ours$$)' \
		6.12-arm64 6.1-rt experimental 6.12-generic

check-soak: timersnoop guest-programs
	for kernel in $(SOAK_KERNELS); do \
		scripts/guest.sh $$kernel --icount --timeout 5400 --out build/soak/$$kernel -- \
			env T_SOAK=1 T_TIMES=1 bash /tests/soak.sh || exit; done

check-valgrind: timersnoop guest-programs
	scripts/valgrind.sh

# Not hardened: the sanitizers see less of calls that are checked already.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# Freed memory waits for less than by default, and stacks are short: half of the time.
check-sanitized:
	ASAN_OPTIONS=quarantine_size_mb=4:malloc_context_size=8:allocator_release_to_os_interval_ms=-1 \
	$(MAKE) check BUILD=build/sanitized HARDENING=no COVERAGE=--coverage CFLAGS='-O1 -g $(SANITIZE)'

# Of the same run.
coverage: check-sanitized
	tests/unit/coverage.sh build/sanitized

# Fuzzers of whatever reads bytes from outside; FUZZ_SECONDS each.
FUZZ_SECONDS ?= 15
FUZZERS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
$(BUILD)/fuzz_%: tests/fuzz/fuzz_%.c $(BUILD)/libtimersnoop.a
	$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(ALL_LIBS)

fuzz:
	$(MAKE) BUILD=build/fuzz CC=clang HARDENING=no CFLAGS='-O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link' \
		$(FUZZERS)
	tests/fuzz/run.sh build/fuzz $(FUZZ_SECONDS)

FORMATTED := $(wildcard src/*.c include/timersnoop/*.h tests/unit/*.[ch] tests/fuzz/*.c tests/fixtures/*.c \
	tests/guest/programs/*.[ch] tests/guest/preload/*.c tests/readers/*.c tests/docs/*.c tests/bench/*.c tests/builds/*.c)
format:
	clang-format -i $(FORMATTED)

lint:
	clang-format --dry-run -Werror $(FORMATTED)
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr --force \
		--enable=warning,performance,portability \
		--suppress=missingIncludeSystem -D_GNU_SOURCE -Iinclude src
	mandoc -T lint -W warning doc/timersnoop.8
	shellcheck -x scripts/*.sh scripts/bench/*.sh scripts/examples/*.sh scripts/completion/*.bash tests/guest/*.sh \
		tests/fuzz/*.sh tests/readers/*.sh tests/docs/*.sh tests/builds/*.sh tests/faults/*.sh tests/unit/*.sh .ci/run

# Two analysers; what they say differs with their versions: these are of Debian 12. Each
# source by itself, so that -j helps and only what was changed is looked at again. gcc 12
# takes what has gone into a list for leaked: leaks are for clang, and LeakSanitizer in
# check-sanitized.
ANALYSED := $(patsubst %.c,$(ANALYSIS)/%.o,$(wildcard src/*.c))
$(ANALYSIS)/%.o: %.c .clang-tidy Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Werror -fanalyzer -Wno-analyzer-malloc-leak -MMD -MP -c -o $@.gcc $<
	clang-tidy --quiet $(TIDY) $< -- $(ALL_CFLAGS)
	mv $@.gcc $@

analysed: $(ANALYSED)

analyse:
	$(MAKE) HARDENING=no CFLAGS='-O2 -g' analysed

# Without clang's analyser, which takes four of five minutes.
analyse-short:
	$(MAKE) HARDENING=no CFLAGS='-O2 -g' ANALYSIS=build/analysed-short TIDY='--checks=-clang-analyzer-*' analysed

BASH_COMPLETION := share/bash-completion/completions/timersnoop
ZSH_COMPLETION := share/zsh/site-functions/_timersnoop
FISH_COMPLETION := share/fish/vendor_completions.d/timersnoop.fish

install: timersnoop
	install -D -m 755 timersnoop $(DESTDIR)$(PREFIX)/sbin/timersnoop
	install -D -m 644 doc/timersnoop.8 $(DESTDIR)$(PREFIX)/share/man/man8/timersnoop.8
	install -D -m 644 scripts/completion/timersnoop.bash $(DESTDIR)$(PREFIX)/$(BASH_COMPLETION)
	install -D -m 644 scripts/completion/_timersnoop $(DESTDIR)$(PREFIX)/$(ZSH_COMPLETION)
	install -D -m 644 scripts/completion/timersnoop.fish $(DESTDIR)$(PREFIX)/$(FISH_COMPLETION)

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/timersnoop $(DESTDIR)$(PREFIX)/share/man/man8/timersnoop.8 \
		$(DESTDIR)$(PREFIX)/$(BASH_COMPLETION) $(DESTDIR)$(PREFIX)/$(ZSH_COMPLETION) \
		$(DESTDIR)$(PREFIX)/$(FISH_COMPLETION)

dist:
	scripts/dist.sh

check-dist:
	tests/builds/dist.sh

check-package:
	tests/builds/package.sh

check-builds:
	scripts/builds.sh

clean:
	rm -rf build timersnoop timersnoop-$(VERSION).tar.xz

.PHONY: all analyse analyse-short analysed bench bench-programs check check-arm64 check-builds check-dist check-docs check-faults check-guests check-guests-all check-hardening check-kernels check-kernels-short check-package check-readers check-sanitized check-soak check-valgrind clean coverage dist format fuzz guest-programs install lint uninstall
.SECONDARY:

-include $(ANALYSED:.o=.d) $(OBJECTS:.o=.d) $(UNIT_OBJECTS:.o=.d) $(BUILD)/src/main.d
