# Forests in parallel workers when things go wrong, or scarce: no worker to be had,
# workers told to go or killed, calls cancelled at any moment, shared memory of
# every kind and too little of it, no place for temporary files. The answer is the
# same to the byte or there is a clean error; then the next answer is right, and
# nothing is left behind.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

# shared memory in files, so that one can see what is left of it
my $node = new_node('faults', <<'CONF');
max_worker_processes = 5
max_parallel_workers = 8
autovacuum = off
log_min_messages = debug1
restart_after_crash = on
dynamic_shared_memory_type = mmap
CONF
make_runs($node, 'runs', 8000);
$node->safe_psql('postgres', "CREATE TABLE kept AS SELECT hp_study('runs', 'val_loss') AS study");
my $data = $node->data_dir;
my $alone = 'SET max_parallel_workers_per_gather = 0;';
my $three = 'SET max_parallel_workers_per_gather = 3;';
my $forest = 'SELECT md5(hp_forest(study, trees => 150)::text) FROM kept';
my $want = $node->safe_psql('postgres', "$alone $forest");

sub same
{
	my ($settings, $name) = @_;
	is($node->safe_psql('postgres', "$settings $forest"), $want, "$name: the same forest");
	return;
}

# what lies in the folders of shared memory and temporary files
sub leftovers
{
	return join(' ', sort map { s/^\Q$data\E//r } glob("$data/pg_dynshmem/* $data/base/pgsql_tmp/*"));
}

# a session that had workers keeps a segment of its own until it has ended,
# which takes a moment longer than its psql
sub workers_gone
{
	return $node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type IN ('parallel worker', 'client backend') AND pid <> pg_backend_pid()");
}

sub nothing_left
{
	my ($name, $before) = @_;
	ok(workers_gone(), "$name: no worker is left");
	is(leftovers(), $before, "$name: no shared memory and no temporary file is left");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM hp_progress'), 0, "$name: nobody is said to be at work");
	return;
}

# Run psql on the commands, one statement each, whatever their errors.
sub start_psql
{
	my ($name, @commands) = @_;
	my %run = (stdout => '', stderr => '');
	local $ENV{PGAPPNAME} = $name;

	$run{psql} = IPC::Run::start([ 'psql', '-XAtqd', $node->connstr('postgres'), map { ('-c', $_) } @commands ],
		'<', \undef, '>', \$run{stdout}, '2>', \$run{stderr}, IPC::Run::timeout(120));
	return \%run;
}

# Do something to a process now and then, until the session named victim ends.
sub harass
{
	my ($seconds, $process, $what) = @_;
	$node->safe_psql('postgres', <<"SQL");
DO \$\$
DECLARE began bool := false; there bool;
BEGIN
	LOOP
		PERFORM pg_stat_clear_snapshot();
		there := EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'victim' AND backend_type = 'client backend');
		EXIT WHEN began AND NOT there;
		began := began OR there;
		PERFORM pg_sleep($seconds * random());
		PERFORM $what(pid) FROM ($process) p;
	END LOOP;
END \$\$
SQL
	return;
}

same($three, 'three workers');
workers_gone();
my $clean = leftovers();

#
# Where a query may put it
#
is($node->safe_psql('postgres', "$three BEGIN; DECLARE c CURSOR WITH HOLD FOR $forest; COMMIT; FETCH c"), $want, 'in a cursor that is held');
is($node->safe_psql('postgres', "$three BEGIN; DECLARE c SCROLL CURSOR FOR $forest; FETCH c; MOVE BACKWARD ALL IN c; FETCH c; COMMIT"),
	"$want\n$want", 'in a cursor that is read twice');
is($node->safe_psql('postgres', "$three BEGIN ISOLATION LEVEL SERIALIZABLE; INSERT INTO runs SELECT -1, 'x', '{}', 1; $forest; ROLLBACK"), $want,
	'in a serializable transaction that has written');
is($node->safe_psql('postgres', "$three BEGIN READ ONLY; SAVEPOINT a; $forest; ROLLBACK TO a; $forest; COMMIT"), "$want\n$want",
	'in a subtransaction of a read-only transaction');
is($node->safe_psql('postgres', "$three PREPARE p AS $forest; EXECUTE p; EXECUTE p"), "$want\n$want", 'in a prepared statement');
is($node->safe_psql('postgres', <<"SQL"), "$want\n$want\n$want", 'in a procedure that commits');
$three
CREATE TABLE answers (answer text);
CREATE PROCEDURE committing() LANGUAGE plpgsql AS \$\$
DECLARE s hp_study; answer text;
BEGIN
	SELECT study INTO s FROM kept;
	FOR i IN 1 .. 3 LOOP
		COMMIT;
		answer := md5(hp_forest(s, trees => 150)::text);
		INSERT INTO answers VALUES (answer);
	END LOOP;
END \$\$;
CALL committing();
SELECT * FROM answers;
SQL

# final functions in the workers of a Parallel Append, each over a table of its own
my $plan = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
$node->safe_psql('postgres', "CREATE TABLE sweep$_ AS SELECT * FROM runs WHERE sweep = 'sweep $_'; ALTER TABLE sweep$_ SET (parallel_workers = 0); ANALYZE sweep$_")
  foreach 0 .. 2;
my $append = join(' UNION ALL ', map { "SELECT $_ AS i, md5(hp_forest(hp_study_agg(config, val_loss))::text) AS f FROM sweep$_" } 0 .. 2);
like($node->safe_psql('postgres', "$three $plan EXPLAIN (COSTS off) $append"), qr/Gather.*Parallel Append.*Aggregate/s, 'forests under a Parallel Append');
is($node->safe_psql('postgres', "$three $plan SELECT string_agg(f, ' ' ORDER BY i) FROM ($append) s"),
	$node->safe_psql('postgres', "$alone SELECT string_agg(f, ' ' ORDER BY i) FROM ($append) s"), '... are the same');

# a time-out in the middle of the training, which is caught, and asked again
is($node->safe_psql('postgres', <<"SQL"), "caught $want", 'a time-out caught in an exception block');
$three
CREATE FUNCTION catching() RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE answer text := 'not caught';
BEGIN
	BEGIN
		PERFORM hp_forest(study, trees => 10000) FROM kept;
	EXCEPTION WHEN query_canceled THEN
		answer := 'caught';
	END;
	RETURN answer || ' ' || (SELECT md5(hp_forest(study, trees => 150)::text) FROM kept);
END \$\$;
SET statement_timeout = '200ms';
SELECT catching();
SQL

#
# None to be had: another session has them all
#
my $hog = start_psql('hog', 'SET max_parallel_workers_per_gather = 8', 'SELECT length(hp_forest(study, trees => 10000)::text) FROM kept');
ok($node->poll_query_until('postgres', "SELECT count(*) >= 4 FROM pg_stat_activity WHERE backend_type = 'parallel worker'"), 'another session has all workers');
same($three, 'no worker to be had');
is(workers_launched($node, "$three $forest"), 0, '... really');
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'hog' AND backend_type = 'client backend'");
IPC::Run::finish($hog->{psql});
like($hog->{stderr}, qr/canceling statement due to user request/, 'the other session is cancelled');
same("$three SET temp_file_limit = '10kB';", 'temporary files limited');
nothing_left('scarce workers', $clean);

#
# Cancelled at any moment
#
my ($status, $stdout, $stderr) = $node->psql('postgres',
	join("\n", $three, map({ "SET statement_timeout = $_; $forest;" } map { 1 + 15 * $_ } 0 .. 19), 'SET statement_timeout = 0;', "$forest;"),
	on_error_stop => 0);
like($stdout, qr/^($want\n)*$want$/, 'cancelled by time-outs of 1 to 286 ms: the right answer or none');
is(scalar(() = $stderr =~ /ERROR/g), scalar(() = $stderr =~ /ERROR:  canceling statement due to statement timeout/g), '... and no other error');
note(scalar(() = $stderr =~ /ERROR/g) . ' of 20 were cancelled');
nothing_left('time-outs', $clean);

# what says the end is not to be cancelled itself
my $victim = start_psql('victim', $three, ($forest) x 20, '\echo end');
harass(0.2, "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim' AND backend_type = 'client backend'", 'pg_cancel_backend');
IPC::Run::finish($victim->{psql});
like($victim->{stdout}, qr/^($want\n)*end\n$/, 'cancelled by another session: the right answer or none');
is(scalar(() = $victim->{stderr} =~ /ERROR/g), scalar(() = $victim->{stderr} =~ /ERROR:  canceling statement due to user request/g), '... and no other error');
same($three, 'after that');
nothing_left('cancels', $clean);

#
# Workers told to go at any moment, from their start on
#
$victim = start_psql('victim', $three, ($forest) x 14, '\echo end');
harass(0.3, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'parallel worker' ORDER BY random() LIMIT 1", 'pg_terminate_backend');
IPC::Run::finish($victim->{psql});
like($victim->{stdout}, qr/^($want\n)*end\n$/, 'workers terminated: the right answer or none');
is(join("\n", grep { /ERROR|FATAL/ && !/terminating (connection|background worker .*) due to administrator command|lost connection to parallel worker|parallel worker failed to initialize/ } split(/\n/, $victim->{stderr})),
	'', '... and only errors that say so');
note(scalar(() = $victim->{stderr} =~ /(ERROR|FATAL):/g) . ' of 14 failed');
same($three, 'after that');
nothing_left('terminated workers', $clean);

#
# No place for temporary files
#
my $space = $node->basedir . '/space';
mkdir $space or die "could not create $space: $!";
$node->safe_psql('postgres', "CREATE TABLESPACE space LOCATION '$space'");
same("$three SET temp_tablespaces = 'space';", 'temporary files elsewhere');
my ($tmp) = glob("$space/*/pgsql_tmp");
chmod 0500, $tmp or die "could not change $tmp: $!";
($status, $stdout, $stderr) = $node->psql('postgres', "$three SET temp_tablespaces = 'space'; $forest; RESET temp_tablespaces; $forest", on_error_stop => 0);
like($stderr, qr/ERROR:  .*create temporary .*Permission denied/, 'no temporary files: an error');
is($stdout, $want, '... and the next answer right');
is($node->safe_psql('postgres', "$alone SET temp_tablespaces = 'space'; $forest"), $want, '... as is that of one process, which needs none');
chmod 0700, $tmp;
is(join(' ', glob("$tmp/*")), '', '... and nothing is left');
nothing_left('temporary files', $clean);

#
# A worker is killed: the server starts anew
#
my $offset = -s $node->logfile;
$victim = start_psql('victim', $three, 'SELECT length(hp_forest(study, trees => 10000)::text) FROM kept');
ok($node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM hp_progress WHERE trees_done > 20'), 'workers at work');
my $pid = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'parallel worker' LIMIT 1");
is(kill('KILL', $pid), 1, 'one is killed');
IPC::Run::finish($victim->{psql});
like($victim->{stderr}, qr/terminating connection because of crash of another server process|server closed the connection/, 'its leader goes with it');
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM kept"), 'the server comes back');
like(slurp_file($node->logfile, $offset), qr/all server processes terminated; reinitializing/, '... having started anew');
workers_gone();
$clean = leftovers();
is(scalar(() = $clean =~ /pgsql_tmp/g), 0, 'no temporary file is left');
same($three, 'after a crash');
nothing_left('a crash', $clean);
is(scalar(() = slurp_file($node->logfile) =~ /terminated by signal/g), 1, 'nothing else has crashed');

#
# Shared memory of other kinds
#
foreach my $how ('dynamic_shared_memory_type = posix', 'dynamic_shared_memory_type = sysv', "dynamic_shared_memory_type = posix\nmin_dynamic_shared_memory = '32MB'")
{
	my $name = $how =~ s/\n/, /r;
	$node->append_conf('postgresql.conf', $how);
	$node->restart;
	is(workers_launched($node, "$three $forest"), 3, "$name: three workers");
	same($three, $name);
}
$node->stop;

# Too little of it: in a mount namespace of our own, where that is allowed, with
# folders of shared memory that hold 1.2 MB or 64
my @small = ('unshare', '-rm', 'sh', '-c',
	'mount -t tmpfs -o size=$0 tmpfs /dev/shm && mount -t tmpfs -o size=$0,mode=1777 tmpfs "$1/pg_dynshmem" && shift && exec unshare -U --map-user=65000 --map-group=65000 "$@"');
SKIP:
{
	skip 'no mount namespaces here', 9 if !eval { run_log([ @small, '64m', $data, 'true' ]) };
	foreach my $how ([ 'posix', '1200k', 0 ], [ 'posix', '64m', 3 ], [ 'mmap', '1200k', 0 ])
	{
		my ($type, $size, $workers) = @$how;

		$node->append_conf('postgresql.conf', "dynamic_shared_memory_type = $type\nmin_dynamic_shared_memory = 0");
		command_ok([ @small, $size, $data, 'pg_ctl', '-w', '-D', $data, '-l', $node->logfile, 'start' ], "$size of $type shared memory");
		is(workers_launched($node, "$three $forest"), $workers, '... decides whether workers are asked for');
		same($three, "$size of $type shared memory");
		system_or_bail('pg_ctl', '-w', '-D', $data, '-m', 'fast', 'stop');
	}
}
unlike(slurp_file($node->logfile), qr/TRAP:|PANIC|leaked/, 'nothing failed an assertion or leaked');
done_testing();
