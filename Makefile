# hpimp: which hyperparameters matter?
#
#	make && make install		build, and install into the server of PG_CONFIG
#	make installcheck			its tests, on that server (running)
#	make test					everything, on a private throw-away server
#	make unit					the tests of the numeric core; needs a C compiler only
#	make demo					a tour on a real sweep; make demo-stop ends its server
#	make pictures				the pictures of README, drawn anew
#
# longer ones
#	make bench					speed beside the peers
#	make bench-instructions		instructions of training: the same on a busy machine
#	make quality				nearness to known truth beside the peers; QUICK=1 for a look
#	make fuzz					hostile input, some five minutes of it
#	make soak					faults by the thousand, 10,000 calls of each function
#	make test-sanitizers		the regression tests under ASan and UBSan
#	make test-valgrind			some of them under valgrind; REGRESS=all for all
#	make coverage				how many lines of src the tests run
#	make unit-32				the unit tests for a 32-bit machine
#	make unit-big-endian		the same for a big-endian machine, emulated
#	make test-versions			make test with each PostgreSQL that is installed
#	make test-debian			with each that Debian or Ubuntu has, by gcc and clang, with and
#								without assertions, in a Debian of its own each (root)
#	make test-upgrade			pg_upgrade of stored studies and forests (root)
#	make dist, make deb			the release: archives of the last commit, Debian packages
#
# make test and make demo install what they need from Debian's packages when run
# as root or with sudo; without make, call test/run and test/demo/run themselves.

MODULE_big = hpimp
EXTENSION = hpimp
DATA = $(sort $(wildcard sql/hpimp--*.sql))
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/core/*.c src/pg/*.c)))

# -ffp-contract=off stands here rather than in PG_CFLAGS because JIT bitcode is
# built with CPPFLAGS only: results must be the same to the last bit everywhere.
# The server's headers are named as system headers so that all of -Wextra holds
# for our files and not for theirs.
# On 32-bit x86 numbers are kept in SSE registers for the same reason.
PG_CPPFLAGS = -I$(srcdir)/src -isystem $(includedir_server) -ffp-contract=off \
	$(if $(filter i%86,$(host_cpu)),-msse2 -mfpmath=sse)
# The signatures of callbacks are not ours to choose: unused parameters are fine.
PG_CFLAGS = -std=gnu11 -Wall -Wextra -Wno-unused-parameter $(clang_flags)
# A server built with gcc passes on options that clang does not know.
clang_flags = $(if $(findstring clang,$(CC)),-Wno-unknown-warning-option -Wno-ignored-optimization-argument)
# PostgreSQL 15 loads modules with all their symbols global: bind our calls to
# our functions, whatever another extension calls its own. (16+ hides them.)
SHLIB_LINK = $(if $(filter linux freebsd netbsd openbsd,$(PORTNAME)),-Wl$(comma)-Bsymbolic-functions) -lm
comma = ,

REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test
ENCODING = UTF8
NO_LOCALE = 1
PROVE_TESTS = $(sort $(wildcard test/t/*.pl))
# TAP tests need a Perl module that servers do not bring along
ifneq (,$(filter installcheck,$(MAKECMDGOALS)))
ifeq (yes,$(shell perl -MIPC::Run -e 'print "yes"' 2>/dev/null))
TAP_TESTS = 1
else
$(info The TAP tests are left out: Perl has no IPC::Run (Debian: libipc-run-perl).)
endif
endif
EXTRA_CLEAN = results regression.diffs regression.out test/unit/build test/bench/core test/fuzz/build

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
DELEGATED = check test unit unit-32 unit-big-endian \
	test-versions test-debian test-upgrade test-sanitizers test-valgrind coverage fuzz soak \
	demo demo-stop pictures bench bench-instructions quality dist deb

ifneq (,$(wildcard $(PGXS)))

# the delegated targets look for a server themselves
ifneq (,$(filter-out $(DELEGATED),$(or $(MAKECMDGOALS),all)))
ifneq (,$(filter 7 8 9 10 11 12 13 14,$(shell $(PG_CONFIG) --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')))
$(error hpimp needs PostgreSQL 15 or later; $(PG_CONFIG) is of $(shell $(PG_CONFIG) --version))
endif
endif

# A server built with LLVM wants bitcode made by the clang it was built with:
# where that is not installed the extension works as well without.
llvm_tools := $(shell sed -n 's/^CLANG *= *//p; s/^LLVM_BINPATH *= *\(..*\)/\1\/llvm-lto/p' \
	'$(dir $(PGXS))../Makefile.global')
ifneq (,$(filter-out $(wildcard $(llvm_tools)),$(llvm_tools)))
override with_llvm := no
endif

include $(PGXS)

# PGXS's own "make check" tests nothing and succeeds: let ours stand in for it
check: test
check: private SHELL = true

# PGXS tracks no headers; a build takes seconds, so by the room is fine enough
core_headers := $(wildcard src/core/*.h)
$(OBJS) $(OBJS:.o=.bc): Makefile $(core_headers)
$(filter src/pg/%,$(OBJS) $(OBJS:.o=.bc)): $(wildcard src/pg/*.h)

# The server needs -fno-strict-aliasing; the core keeps to the rules of C and is
# a twentieth faster without.
$(filter src/core/%,$(OBJS)): CFLAGS += -fstrict-aliasing

# Sums that go along rows, each element by itself, two or four at a time: the same
# bits in less than half of the time.
src/core/cholesky.o src/core/regression.o: CFLAGS += -O3

# loops over numbers, in rooms where no sum of floating point depends on it
src/core/screen.o src/core/tiny.o src/core/histogram.o: CFLAGS += $(CFLAGS_VECTORIZE)

# the forest without a server, for the benchmark: of the extension's own objects
test/bench/core: test/bench/core.c $(filter src/core/%,$(OBJS)) $(wildcard test/unit/*.h)
	$(CC) $(CPPFLAGS) -Itest/unit $(CFLAGS) -o $@ $(filter %.c %.o,$^) -lm

else

all install uninstall installcheck:
	@echo 'There are no PostgreSQL server headers here ($(PG_CONFIG) --pgxs names none).' >&2
	@echo 'Install them (Debian: postgresql-server-dev-15, say) or name a server: make PG_CONFIG=/path/to/pg_config' >&2
	@false

check: test

clean distclean:
	rm -rf $(OBJS) $(OBJS:.o=.bc) $(MODULE_big).so $(EXTRA_CLEAN)

endif

# The test command and the demo work on copies: nothing is built here, nothing
# is installed into the system's PostgreSQL. Settings: the heads of the scripts.
test:
	@test/run

test-versions:
	@test/run --all-versions

test-debian:
	@test/versions/run

test-upgrade:
	@test/versions/upgrade

test-sanitizers:
	@test/sanitizers/run asan ubsan

test-valgrind:
	@test/sanitizers/run valgrind

coverage:
	@test/coverage/run

soak:
	@test/soak/run

unit:
	@$(MAKE) -s -C test/unit

unit-32:
	@NEEDS='gcc-i686-linux-gnu libc6-dev-i386-cross' MAKE='$(MAKE)' test/unit/run i686-linux-gnu-gcc

unit-big-endian:
	@NEEDS='gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user' MAKE='$(MAKE)' test/unit/run s390x-linux-gnu-gcc

demo:
	@test/demo/run

demo-stop:
	@test/demo/run --stop

pictures:
	@test/demo/run --pictures

bench:
	@test/bench/run

bench-instructions:
	@test/bench/run --instructions

quality:
	@test/quality/run

fuzz:
	@test/fuzz/run

dist:
	@test/package/run dist

deb:
	@test/package/run deb

.PHONY: $(DELEGATED)
