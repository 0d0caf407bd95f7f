# Faults by the thousand, at random moments, on a server that is under load by
# pgbench: cancels, time-outs, workers and servers killed, shared memory and disks
# full, no workers to be had, tables changed and dropped under a call, a standby.
#
# Each call must end in the right answer, the same to the bit as without faults,
# or in an error that says what happened. After each kind of fault the server
# answers rightly, no worker runs, and no shared memory and no temporary file is
# left. FAULTS=2 makes twice as many of each, FAULTS=0.1 a tenth. A table of what
# was done stands at the end.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../t";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;
use Time::HiRes qw(time sleep);

my $scale = $ENV{FAULTS} || 1;
srand(20261127);
my @table;						# rows to print: fault, injected, calls, failed, took

sub scaled { my ($n) = @_; return int($n * $scale) || 1; }

# shared memory in files, so that one can see what is left of it
my $node = new_node('soak', <<'CONF');
max_worker_processes = 8
max_parallel_workers = 8
max_parallel_workers_per_gather = 2
autovacuum = off
jit = off
restart_after_crash = on
dynamic_shared_memory_type = mmap
client_min_messages = error
max_wal_senders = 4
wal_level = replica
hot_standby = on
CONF
my $data = $node->data_dir;

sub ask { return $node->safe_psql('postgres', join('; ', @_), timeout => 600); }

make_runs($node, 'runs', 4000);
make_runs($node, 'few', 300);
ask("CREATE TABLE kept AS SELECT hp_study('runs', 'val_loss') AS study",
	"CREATE TABLE small AS SELECT hp_study('few', 'val_loss') AS study");
ask("CREATE TABLE grown AS SELECT hp_forest(study, trees => 20) AS forest FROM small");

# What is asked: calls of 5 to 300 ms, in workers and alone.
my %questions = (
	forest => 'hp_forest(study)::text FROM kept',
	doubted => 'hp_forest(study, trees => 10, uncertainty => true)::text FROM small',
	corrected => "hp_forest(study, trees => 20, method => 'corrected')::text FROM kept",
	table => "string_agg(i::text, ' ') FROM hp_importance('few', 'val_loss', trees => 10) i",
	study => 'hp_study_agg(config, val_loss)::text FROM runs',
	merged => 'hp_study_agg(study)::text FROM kept, generate_series(1, 5)',
	suggest => "string_agg(s::text, ' ') FROM grown, hp_suggest(forest) s",
	correlation => "string_agg(c::text, ' ') FROM kept, hp_correlation(study) c",
	report => "hp_report_as(forest, 'html') FROM grown");
my %want;

sub question
{
	my ($name) = @_;
	return "SELECT '$name', md5(q.a) FROM (SELECT $questions{$name}) q (a)";
}
$want{$_} = ask('SET max_parallel_workers_per_gather = 0', question($_)) foreach keys %questions;
my @names = sort keys %questions;

sub any_question { return question($names[ rand @names ]); }

# ---- sessions, what they said, what is left

# psql, given all of its commands, which go on after errors; in and out by files, so
# that it does not wait for us
my $n_started = 0;

sub start_psql
{
	my ($on, $name, @commands) = @_;
	my $base = $node->basedir . '/psql' . $n_started++;
	my %run = (base => $base, calls => scalar grep { /^SELECT '/ } @commands);
	local $ENV{PGAPPNAME} = $name;

	append_to_file("$base.sql", join(";\n", @commands, ''));
	$run{psql} = IPC::Run::start([ 'psql', '-XAtqd', $on->connstr('postgres'), '-f', "$base.sql" ],
		'<', \undef, '>', "$base.out", '2>', "$base.err");
	return \%run;
}

# Wait for it to end, whatever its end is.
sub finish_psql
{
	my ($run) = @_;
	IPC::Run::finish($run->{psql});
	$run->{stdout} = slurp_file("$run->{base}.out");
	$run->{stderr} = slurp_file("$run->{base}.err");
	unlink(glob("$run->{base}.*"));
	return;
}

# Wait for it; how many calls failed. No answer may be wrong, no error unforeseen.
sub judge
{
	my ($name, $run, $foreseen) = @_;
	my %right = map { $_ => 1 } values %want;

	finish_psql($run);
	my @answers = split(/\n/, $run->{stdout});
	my @wrong = grep { !$right{$_} } @answers;
	my @errors = grep { /(ERROR|FATAL|PANIC|WARNING):/ } split(/\n/, $run->{stderr});
	my %other;
	$other{$_}++ foreach map { s/^psql:\S+:\d+: //r } grep { $_ !~ $foreseen } @errors;
	is(join("\n", @wrong), '', "$name: no wrong answer");
	is(join("\n", map { "$other{$_} x $_" } sort keys %other), '', "$name: no error that is not foreseen");
	return $run->{calls} - @answers;
}

sub leftovers
{
	# the segment of the server itself stays
	return join(' ', sort map { s/^\Q$data\E//r } glob("$data/pg_dynshmem/* $data/base/pgsql_tmp/*"));
}

sub workers_gone
{
	return $node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'");
}

# All is as it should be, and the next answers are right.
sub all_well
{
	my ($name, $before) = @_;

	is(ask(question($_)), $want{$_}, "$name: then $_ is right") foreach ('forest', 'doubted', 'table');
	ok(workers_gone(), "$name: no worker is left");
	is(leftovers(), $before, "$name: nothing is left") if defined $before;
	return;
}

sub record
{
	my ($what, $injected, $calls, $failed, $start) = @_;
	push @table, sprintf('%-46s %8d %8d %8d %7.0f s', $what, $injected, $calls, $failed, time - $start);
	note($table[-1]);
	return;
}

# While a session named victim is there: now and then do something to a process.
my $harass = <<'SQL';
CREATE FUNCTION harass(pause float8, process text, what text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE began bool := false; there bool; n int := 0; done int;
BEGIN
	FOR i IN 1 .. 1000000 LOOP
		PERFORM pg_stat_clear_snapshot();
		there := EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'victim' AND backend_type = 'client backend');
		EXIT WHEN began AND NOT there;
		began := began OR there;
		PERFORM pg_sleep(pause * random());
		EXECUTE format('SELECT count(*) FROM (%s OFFSET 0) p WHERE %s(pid)', process, what) INTO done;
		n := n + done;
	END LOOP;
	RETURN n;
END $$
SQL
ask($harass);

# Begin to do so, before the victim comes; then what was done is what it says.
sub start_harassing
{
	my ($pause, $process, $what) = @_;
	my $run = start_psql($node, 'harasser', sprintf('SELECT harass(%f, $q$%s$q$, %s)', $pause, $process, "'$what'"));

	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'harasser' AND state = 'active'");
	return $run;
}

sub harassed
{
	my ($run) = @_;
	finish_psql($run);
	is($run->{stderr}, '', 'who does the harm meets none');
	return $run->{stdout} + 0;
}

# pgbench asks without a pause, and stops at a wrong answer or any error.
ask(<<'SQL');
CREATE FUNCTION right_or_die(a text, want text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	IF a IS DISTINCT FROM want THEN
		RAISE EXCEPTION 'wrong answer: %, not %', a, want;
	END IF;
	RETURN true;
END $$
SQL
my $script = $node->basedir . '/load.sql';
append_to_file($script, join('', map { sprintf("SELECT right_or_die((SELECT md5(q.a) FROM (SELECT %s) q (a)), '%s');\n", $questions{$_}, $want{$_} =~ s/.*\|//r) } @names));

sub start_load
{
	my %load = (stdout => '', stderr => '');
	$load{run} = IPC::Run::start([ 'pgbench', '-n', '-c', 2, '-T', 3600, '-f', $script, '-h', $node->host, '-p', $node->port, 'postgres' ],
		'<', \undef, '>', \$load{stdout}, '2>', \$load{stderr});
	return \%load;
}

sub stop_load
{
	my ($load) = @_;
	$load->{run}->signal('TERM') if $load->{run}->pumpable;
	eval { $load->{run}->finish };
	unlike($load->{stderr}, qr/ERROR|aborted|wrong answer/, 'the load of pgbench has met no error and no wrong answer');
	return;
}

ask(question('forest'));
workers_gone();
my $clean = leftovers();

# ---- time-outs and cancels, under load

my $load = start_load();
my $start = time;
my $n = scaled(2000);
my $run = start_psql($node, 'victim', map { ('SET statement_timeout = ' . int(1 + rand(rand() < 0.5 ? 20 : 200)), any_question()) } 1 .. $n);
my $failed = judge('time-outs', $run, qr/ERROR:  canceling statement due to statement timeout/);
record('statement_timeout of 1 to 200 ms', $failed, $n, $failed, $start);

$start = time;
my $harm = start_harassing(0.06, "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim' AND backend_type = 'client backend' AND state = 'active'", 'pg_cancel_backend');
$run = start_psql($node, 'victim', map { any_question() } 1 .. $n);
my $injected = harassed($harm);
$failed = judge('cancels', $run, qr/ERROR:  canceling statement due to user request/);
record('pg_cancel_backend', $injected, $n, $failed, $start);

# ---- workers told to go, under load of one session only: it may meet them as well

stop_load($load);
all_well('time-outs and cancels', $clean);
my $gone = qr/terminating (connection|background worker .*) due to administrator command|lost connection to parallel worker|parallel worker failed to initialize/;
$start = time;
$n = scaled(300);
$harm = start_harassing(0.2, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'parallel worker' ORDER BY random() LIMIT 1", 'pg_terminate_backend');
$run = start_psql($node, 'victim', map { question((qw(forest doubted corrected))[ rand 3 ]) } 1 .. $n);
$injected = harassed($harm);
$failed = judge('workers terminated', $run, $gone);
record('pg_terminate_backend of a parallel worker', $injected, $n, $failed, $start);
all_well('workers terminated', $clean);

# ---- sessions told to go

$start = time;
$n = scaled(100);
$failed = 0;
foreach my $i (1 .. $n)
{
	$run = start_psql($node, 'victim', ('SELECT length(hp_forest(study, trees => 10000)::text) FROM kept') x 3);
	ok(0, 'no victim') if !$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active'");
	sleep(rand(0.3));
	ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim' AND backend_type = 'client backend'");
	finish_psql($run);
	$failed++ if $run->{stderr} =~ /terminating connection due to administrator command/;
}
is($failed, $n, 'sessions terminated: all have ended');
record('pg_terminate_backend of a session', $n, $n, $failed, $start);
all_well('sessions terminated', $clean);

# ---- no worker to be had

$start = time;
$n = scaled(300);
$run = start_psql($node, 'hog', 'SET max_parallel_workers_per_gather = 8',
	map { ('SET statement_timeout = ' . int(20 + rand(400)), 'SELECT length(hp_forest(study, trees => 10000)::text) FROM kept', 'SELECT pg_sleep(' . rand(0.1) . ')') } 1 .. 10 * $n);
my $victim = start_psql($node, 'victim', map { any_question() } 1 .. $n);
$failed = judge('no workers', $victim, qr/^$/);
is($failed, 0, 'no workers: every call is answered');
ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hog' AND backend_type = 'client backend'");
finish_psql($run);
$injected = () = $run->{stderr} =~ /statement timeout/g;
record('another session takes max_worker_processes', $injected, $n, $failed, $start);
all_well('no workers', $clean);

# ---- temporary files limited

$start = time;
$run = start_psql($node, 'victim', map { ('SET temp_file_limit = ' . int(rand(2000)), any_question()) } 1 .. $n);
$failed = judge('temp_file_limit', $run, qr/ERROR:  temporary file size exceeds temp_file_limit/);
record('temp_file_limit of 0 to 2 MB', $n, $n, $failed, $start);
all_well('temp_file_limit', $clean);

# ---- the table is changed

# (a metric that is the same as a numeric)
ask('CREATE TABLE origin AS SELECT id, sweep, config, round(val_loss::numeric, 3)::float8 AS val_loss FROM few',
	'CREATE TABLE changing AS SELECT * FROM origin');
$questions{changing} = "string_agg(i::text, ' ') FROM hp_importance('changing', 'val_loss', trees => 5) i";
$want{changing} = ask(question('changing'));
# TRUNCATE and ALTER TYPE leave nothing to see to snapshots that are older
$want{nothing} = 'changing|';
my @changes = (
	'ALTER TABLE changing ADD COLUMN extra jsonb', 'ALTER TABLE changing DROP COLUMN extra',
	'ALTER TABLE changing RENAME val_loss TO x', 'ALTER TABLE changing RENAME x TO val_loss',
	'ALTER TABLE changing ALTER val_loss TYPE numeric', 'ALTER TABLE changing ALTER val_loss TYPE float8',
	'ALTER TABLE changing RENAME TO changed', 'ALTER TABLE changed RENAME TO changing',
	'BEGIN; TRUNCATE changing; INSERT INTO changing SELECT * FROM origin; COMMIT',
	'BEGIN; DROP TABLE changing; CREATE TABLE changing AS SELECT * FROM origin; COMMIT',
	'DROP TABLE changing', 'CREATE TABLE changing AS SELECT * FROM origin',
	'CREATE INDEX i ON changing (id)', 'DROP INDEX i', 'VACUUM FULL changing', 'ANALYZE changing');
$start = time;
$n = scaled(2000);
$run = start_psql($node, 'ddl', map { ($_, "SELECT 'changed'") } (@changes) x scaled(3000));
$victim = start_psql($node, 'victim', map { question('changing') } 1 .. $n);
$failed = judge('tables changed', $victim,
	qr/ERROR:  (metric "val_loss" is no column of public\.changing|relation "(public\.)?changing" does not exist|relation with OID \d+ does not exist|could not open relation with OID \d+|column r\.val_loss does not exist|deadlock detected)/);
ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ddl' AND backend_type = 'client backend'");
finish_psql($run);
$run->{stderr} =~ s/^.*(terminating connection|server closed|connection to server was lost|no connection to the server|probably means the server|before or while processing).*\n//mg;
is($run->{stderr}, '', 'tables changed: the changes go through');
record('tables changed, truncated, dropped meanwhile', scalar(() = $run->{stdout} =~ /changed/g), $n, $failed, $start);
delete $questions{changing};
delete @want{qw(changing nothing)};

# ... and by what reading it calls, midway
ask(<<'SQL');
CREATE TABLE dropped AS SELECT * FROM few;
CREATE FUNCTION drop_it(i int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	IF i = 150 THEN
		EXECUTE 'DROP TABLE dropped CASCADE';
	END IF;
	RETURN i;
END $$;
CREATE VIEW falling AS SELECT config, val_loss + 0 * drop_it(id) AS val_loss FROM dropped
SQL
my (undef, $out, $err) = $node->psql('postgres', "SELECT hp_study('falling', 'val_loss'); SELECT count(*) FROM dropped", on_error_stop => 0);
like($err, qr/ERROR:  cannot DROP TABLE "?dropped"? because it is being used by active queries/, 'dropped midway by its own view: refused');
is($out, 300, '... and it is still there');
all_well('tables dropped', $clean);

# ---- a worker is killed, and the server itself

$start = time;
$n = scaled(20);
$failed = 0;
foreach my $i (1 .. $n)
{
	$run = start_psql($node, 'victim', 'SELECT length(hp_forest(study, trees => 10000)::text) FROM kept');
	$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'");
	sleep(rand(0.2));
	my $pid = ask("SELECT pid FROM pg_stat_activity WHERE backend_type = 'parallel worker' ORDER BY random() LIMIT 1");
	kill('KILL', $pid);
	finish_psql($run);
	$failed++ if $run->{stderr} =~ /crash of another server process|server closed the connection|connection to server was lost/;
	$node->poll_query_until('postgres', 'SELECT true');
	is(ask(question('forest')), $want{forest}, "kill -9 of a worker, $i: then the right answer");
	workers_gone();
	unlike(leftovers(), qr/pgsql_tmp/, "kill -9 of a worker, $i: no temporary file is left");
}
is($failed, $n, 'each leader has gone with its worker');
record('kill -9 of a parallel worker', $n, $n, $failed, $start);

$start = time;
foreach my $i (1 .. $n)
{
	$run = start_psql($node, 'victim', 'SELECT length(hp_forest(study, trees => 10000)::text) FROM kept');
	$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'");
	sleep(rand(0.2));
	$node->stop('immediate');
	finish_psql($run);
	$node->start;
	is(ask(question('forest')), $want{forest}, "an immediate shutdown, $i: then the right answer");
	workers_gone();
	unlike(leftovers(), qr/pgsql_tmp/, "an immediate shutdown, $i: no temporary file is left");
}
record('immediate shutdown at work, and recovery', $n, $n, $n, $start);
# shared memory of servers that were killed is cleared away: not more than one server has
is(scalar(() = leftovers() =~ /mmap/g), scalar(() = $clean =~ /mmap/g), 'crashes: no shared memory is left');
$clean = leftovers();

# ---- a standby, whose queries are cancelled for the sake of replay

$start = time;
$n = scaled(200);
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = 0\nhot_standby_feedback = off");
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
foreach my $name (@names)
{
	is($standby->safe_psql('postgres', question($name)), $want{$name}, "standby: $name is the same");
}
# locks that are replayed are in the way of whoever reads the tables
my $changes = start_psql($node, 'ddl', map { ("ALTER TABLE few SET (fillfactor = " . (50 + $_ % 50) . ')', 'BEGIN', 'LOCK runs, few, kept, small, grown', 'COMMIT', 'SELECT pg_sleep(' . rand(0.1) . ')') } 1 .. 5 * $n);
# a session that is between two commands when it is in the way is ended altogether
$failed = 0;
foreach my $batch (1 .. $n / 5 + 1)
{
	$run = start_psql($standby, 'victim', map { any_question() } 1 .. 5);
	$failed += judge("standby, $batch", $run, qr/(ERROR:  canceling statement|FATAL:  terminating connection) due to conflict with recovery/);
}
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ddl' AND backend_type = 'client backend'");
finish_psql($changes);
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', question($_)), $want{$_}, "standby: then $_ is right") foreach (@names);
record('conflicts with recovery on a hot standby', $failed, 5 * int($n / 5 + 1), $failed, $start);
$standby->stop;
all_well('standby', $clean);

# ---- shared memory and disk full: in a mount namespace of our own, where allowed

my $space = $node->basedir . '/space';
mkdir $space or die "could not create $space: $!";
my @small = ('unshare', '-rm', 'sh', '-c',
	'mount -t tmpfs -o size=16m tmpfs /dev/shm && mount -t tmpfs -o size=1m,mode=1777 tmpfs "$0" && exec unshare -U --map-user=65000 --map-group=65000 "$@"', $space);
$node->stop;
SKIP:
{
	skip 'no mount namespaces here', 1 if !eval { run_log([ @small, 'true' ]) };
	$node->append_conf('postgresql.conf', "dynamic_shared_memory_type = posix");
	command_ok([ @small, 'pg_ctl', '-w', '-D', $data, '-l', $node->logfile, 'start' ], '16 MB of shared memory');
	my $before = ask("SELECT count(*) FROM pg_ls_dir('/dev/shm') f WHERE f LIKE 'PostgreSQL.%'");

	$start = time;
	$n = scaled(300);
	# a file takes what there is, more or less, and gives it back
	$run = start_psql($node, 'filler', map { ("COPY (SELECT repeat('x', 1000) FROM generate_series(1, " . int(4000 + rand(13000)) . ")) TO '/dev/shm/filler'",
			'SELECT pg_sleep(' . rand(0.1) . ')', "COPY (SELECT) TO '/dev/shm/filler'", 'SELECT pg_sleep(' . rand(0.05) . ')') } 1 .. 20 * $n);
	$victim = start_psql($node, 'victim', map { any_question() } 1 .. $n);
	$failed = judge('shared memory full', $victim, qr/ERROR:  could not resize shared memory segment .* No space left on device/);
	ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'filler' AND backend_type = 'client backend'");
	finish_psql($run);
	record('/dev/shm full', scalar(() = $run->{stderr} =~ /No space left/g), $n, $failed, $start);
	ask("COPY (SELECT) TO '/dev/shm/filler'");
	all_well('shared memory full');
	is(ask("SELECT count(*) FROM pg_ls_dir('/dev/shm') f WHERE f LIKE 'PostgreSQL.%'"), $before, 'shared memory full: no segment is left');

	$start = time;
	$node->safe_psql('postgres', "CREATE TABLESPACE space LOCATION '$space'");
	# temporary files of the forest go there, next to a file that takes what there is
	$victim = start_psql($node, 'victim', map { ("SET temp_tablespaces = 'space'",
			"COPY (SELECT repeat('x', 1000) FROM generate_series(1, " . int(rand(1050)) . ")) TO '$space/filler'",
			"COPY (SELECT) TO '$space/filler2'", question((qw(forest corrected doubted))[ rand 3 ])) } 1 .. $n);
	$failed = judge('disk full', $victim, qr/ERROR:  could not (write|extend|create|close) .*: No space left on device/);
	record('disk full for temporary files', $n, $n, $failed, $start);
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_ls_tmpdir((SELECT oid FROM pg_tablespace WHERE spcname = 'space'))"), 0, 'disk full: no temporary file is left');
	all_well('disk full');
	$node->safe_psql('postgres', 'DROP TABLESPACE space');
	system_or_bail('pg_ctl', '-w', '-D', $data, '-m', 'fast', 'stop');
}

my $log = slurp_file($node->logfile);
is(scalar(() = $log =~ /terminated by signal/g), scaled(20), 'no process has died but those that were killed');
unlike($log, qr/TRAP:|PANIC|leaked|temporary file leak/, 'nothing failed an assertion or leaked');
note('| ' . sprintf('%-46s %8s %8s %8s %9s', 'fault', 'injected', 'calls', 'failed', 'time'));
note("| $_") foreach @table;
$node->clean_node if $node->can('clean_node');
done_testing();
