# Progress of long calls, watched from another session: who, what of, each phase,
# numbers that only grow; nothing of it in the server's own views, nothing in the
# way of the server's own commands, nothing for strangers, nothing left behind.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $runs = 40000;
my $node = new_node('progress', <<'CONF');
max_worker_processes = 8
autovacuum = off
CONF
make_runs($node, 'runs', $runs);

# The watcher notes what it sees, some hundred times a second, for as long as the
# session named caller is there; the caller waits for the watcher to begin.
$node->safe_psql('postgres', <<"SQL");
CREATE TABLE kept AS SELECT hp_study('runs', 'val_loss') AS study;
CREATE UNLOGGED TABLE seen AS SELECT ''::text AS call, 0 AS sample, 0::bigint AS core, * FROM hp_progress;
CREATE FUNCTION named(name text) RETURNS bigint LANGUAGE sql AS
\$\$ SELECT count(*) FROM pg_stat_activity WHERE application_name = name AND backend_type = 'client backend' \$\$;
CREATE PROCEDURE watch(call text) LANGUAGE plpgsql AS \$\$
DECLARE sample int := 0; there bool := false;
BEGIN
	LOOP
		PERFORM pg_stat_clear_snapshot();
		EXIT WHEN there AND named('caller') = 0;
		there := there OR named('caller') > 0;
		sample := sample + 1;
		INSERT INTO seen SELECT call, sample, core.n, p.* FROM
			(SELECT (SELECT count(*) FROM pg_stat_progress_vacuum) + (SELECT count(*) FROM pg_stat_progress_analyze)
				+ (SELECT count(*) FROM pg_stat_progress_cluster) + (SELECT count(*) FROM pg_stat_progress_create_index)
				+ (SELECT count(*) FROM pg_stat_progress_basebackup) + (SELECT count(*) FROM pg_stat_progress_copy) AS n) core
			LEFT JOIN hp_progress p ON true
			WHERE core.n > 0 OR p.pid IS NOT NULL;
		PERFORM pg_sleep(0.002);
	END LOOP;
END \$\$;
CREATE PROCEDURE wait_for_watcher() LANGUAGE plpgsql AS \$\$
BEGIN
	WHILE named('watcher') = 0 LOOP
		PERFORM pg_stat_clear_snapshot();
		PERFORM pg_sleep(0.005);
	END LOOP;
END \$\$;

-- reading that takes its time: a pause in each thousandth run; the second with an
-- exception that is caught, by which the server ends any report of the session
CREATE FUNCTION slow(id int) RETURNS bool LANGUAGE plpgsql VOLATILE PARALLEL SAFE COST 10000 AS
\$\$ BEGIN IF id % 1000 = 0 THEN PERFORM pg_sleep(0.01); END IF; RETURN true; END \$\$;
CREATE FUNCTION catching(id int) RETURNS bool LANGUAGE plpgsql VOLATILE AS
\$\$ BEGIN IF id % 1000 = 0 THEN PERFORM pg_sleep(0.01); PERFORM 1 / 0; END IF; RETURN true;
	EXCEPTION WHEN division_by_zero THEN RETURN true; END \$\$;
CREATE VIEW slow_runs AS SELECT config, val_loss FROM runs WHERE slow(id);
CREATE VIEW catching_runs AS SELECT config, val_loss FROM runs WHERE catching(id);
CREATE TABLE gaps AS SELECT i AS id, u(i, 'loss') AS val_loss,
	(SELECT jsonb_object_agg('p' || p, i::bigint * p * 7919 % 1000003) FROM generate_series(1, 60) p WHERE (i + p) % 7 > p % 5) AS config
	FROM generate_series(1, 5000) i;
CREATE VIEW nested_runs AS SELECT jsonb_build_object('parameter', parameter) AS config, importance AS val_loss
	FROM hp_importance('runs', 'val_loss', trees => 20);
SQL

# Start psql on the commands, in the session named caller.
sub start_caller
{
	my (@commands) = @_;
	my %caller = (stdout => '', stderr => '');
	local $ENV{PGAPPNAME} = 'caller';

	$caller{psql} = IPC::Run::start([ 'psql', '-XAtqd', $node->connstr('postgres'), map { ('-c', $_) } @commands ],
		'<', \undef, '>', \$caller{stdout}, '2>', \$caller{stderr}, IPC::Run::timeout(120));
	return \%caller;
}

# Watch the commands from beginning to end; returns their output.
sub watch
{
	my ($call, @commands) = @_;
	my $caller = start_caller('CALL wait_for_watcher()', @commands);
	local $ENV{PGAPPNAME} = 'watcher';

	$node->safe_psql('postgres', "CALL watch('$call')");
	IPC::Run::finish($caller->{psql});
	is($caller->{stderr} =~ s/^NOTICE.*\n(HINT.*\n)?//gmr, '', "$call: no error");
	return $caller->{stdout};
}

# A question to what was seen of a call.
sub seen
{
	my ($call, $what) = @_;
	return $node->safe_psql('postgres', "SELECT $what FROM seen WHERE call = '$call'");
}

# Each phase follows on the one before, no number falls back.
my $order = q{array_position('{reading runs,coding values,describing parameters,explaining gaps,training trees,finishing,resampling}', phase)};
sub orderly
{
	my ($call, $runs_may_step_back) = @_;
	my $more = $runs_may_step_back ? '' : ' OR runs_read < lag(runs_read, 1, 0::bigint) OVER w';

	is($node->safe_psql('postgres', <<"SQL"), 0, "$call: phases and numbers only go forward");
SELECT count(*) FROM (SELECT $order < lag($order, 1, 1) OVER w OR $order IS NULL OR trees_done < lag(trees_done, 1, 0) OVER w
	OR seconds < lag(seconds, 1, 0.0::float8) OVER w OR (phase <> 'reading runs' AND runs_read <> runs_total)
	OR runs_read NOT BETWEEN 0 AND $runs OR trees_done NOT BETWEEN 0 AND trees_total$more AS wrong
	FROM seen WHERE call = '$call' WINDOW w AS (ORDER BY sample)) s WHERE wrong IS NOT FALSE AND wrong
SQL
	is(seen($call, q{concat_ws(' ', count(*) - count(DISTINCT sample), count(DISTINCT pid), sum(core))}), '0 1 0',
		"$call: one row, of one process, and none in the views of the server");
	return;
}

my $me = $node->safe_psql('postgres', 'SELECT current_user');
my $alone = 'SET max_parallel_workers_per_gather = 0';
my $three = 'SET max_parallel_workers_per_gather = 3';

is($node->safe_psql('postgres', 'SELECT count(*) FROM hp_progress'), 0, 'nothing where nothing runs');

# a table, alone
watch('alone', $alone, 'SELECT pg_backend_pid()', "SELECT count(*) FROM hp_importance('runs', 'val_loss', trees => 60)");
orderly('alone');
is(seen('alone', q{string_agg(DISTINCT concat_ws(' ', datname, usename, relation, leader_pid), ',')}), "postgres $me runs", 'who, and of what');
is(seen('alone', q{string_agg(DISTINCT runs_total::text, ',')}), $runs, 'the statistics tell how many runs');
is(seen('alone', q{string_agg(DISTINCT trees_total::text, ',') || bool_and((trees_total IS NULL) = (phase < 'training' AND phase <> 'finishing'))}),
	'60true', 'trees in total, from training on');
cmp_ok(seen('alone', 'count(DISTINCT trees_done)'), '>', 5, 'trees are told one by one');

# reading, slowly: alone, in workers only, through exceptions that are caught
my $scan = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;'
  . ' SET parallel_leader_participation = off';
watch('slow', $alone, "SELECT count(*) FROM hp_correlation('slow_runs', 'val_loss')");
orderly('slow');
cmp_ok(seen('slow', "count(DISTINCT runs_read) FILTER (WHERE phase = 'reading runs')"), '>', 10, 'runs are told while they are read');
is(seen('slow', "count(runs_total) FILTER (WHERE phase = 'reading runs')"), 0, 'how many a view has is not known');
is(seen('slow', "count(trees_total)"), 0, 'correlations need no trees');
watch('workers read', $three, $scan, "SELECT count(*) FROM hp_levels('slow_runs', 'val_loss')");
orderly('workers read', 1);
cmp_ok(seen('workers read', "count(DISTINCT runs_read) FILTER (WHERE phase = 'reading runs')"), '>', 5, 'what workers read is counted');
watch('catching', $alone, "SELECT count(*) FROM hp_correlation('catching_runs', 'val_loss')");
orderly('catching');
cmp_ok(seen('catching', "count(DISTINCT runs_read) FILTER (WHERE phase = 'reading runs')"), '>', 10,
	'an exception caught within the reading does not end the report');

# a forest of a stored study, with workers and alone; of an aggregate
watch('workers train', $three, 'SELECT length(hp_forest(study, trees => 100)::text) FROM kept');
orderly('workers train');
is(seen('workers train', q{string_agg(DISTINCT concat_ws(' ', relation, leader_pid, trees_total), ',')}), ',100', 'no relation, the leader reports');
cmp_ok(seen('workers train', 'count(DISTINCT trees_done)'), '>', 5, 'the trees of all processes are told');
watch('aggregate', $alone, 'SELECT length(hp_forest(hp_study_agg(config, val_loss), trees => 20)::text) FROM runs');
orderly('aggregate');
foreach my $set ($alone, $three)
{
	my $name = 'resampling' . ($set eq $three ? ', workers' : '');
	watch($name, $set, 'SELECT length(hp_forest(study, trees => 20, uncertainty => true)::text) FROM kept');
	orderly($name);
	cmp_ok(seen($name, 'count(DISTINCT replicates_done)'), '>', 5, "$name: replicates are told one by one");
	is(seen($name, q{bool_and(replicates_total IS NULL OR (phase = 'resampling' AND replicates_done <= replicates_total)) AND min(replicates_total) = 90}),
		't', "$name: in total, first a round of 90");
}
watch('many gaps', $alone, "SELECT count(*) FROM hp_importance('gaps', 'val_loss', trees => 1)");
is(seen('many gaps', 'count(*) - count(DISTINCT sample)'), 0, 'many gaps to explain: one row');
note($node->safe_psql('postgres', 'SELECT call, phase, count(*) FROM seen GROUP BY call, phase ORDER BY call, min(sample)'));
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT phase, ', ') FROM seen"),
	'coding values, describing parameters, explaining gaps, finishing, reading runs, resampling, training trees', 'every phase was seen');

# a call in a call: the outer one is shown, and the inner one takes nothing from it
watch('nested', $alone, "SELECT count(*) FROM hp_importance('nested_runs', 'val_loss')");
is(seen('nested', q{string_agg(DISTINCT concat_ws(' ', relation, phase, runs_read), ',') FILTER (WHERE phase = 'reading runs')}),
	'nested_runs reading runs 0', 'of calls within calls the outermost is shown');

# in a parallel worker
my $force = $node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
my $pid = watch('in a worker', "SET $force = on", 'SELECT pg_backend_pid()', 'SELECT length(hp_forest(study, trees => 20)::text) > 0 FROM kept');
$pid =~ s/\n.*//s;
is(seen('in a worker', "bool_and(leader_pid = $pid AND pid <> $pid) AND count(DISTINCT trees_done) > 1"), 't', 'a worker says whose it is');

# inside the server's own reports
watch('copy', $alone, "COPY (SELECT length(hp_forest(study, trees => 20)::text) FROM kept) TO '/dev/null'");
is(seen('copy', 'count(pid) || bool_and(core = 1)::text || (count(*) > 3)'), '0truetrue', 'COPY keeps its report');
$node->safe_psql('postgres', 'CREATE FUNCTION size(hp_study) RETURNS int LANGUAGE sql IMMUTABLE AS'
	. ' $$ SELECT length(public.hp_forest($1, trees => 20)::text) $$');
watch('index', $alone, 'CREATE INDEX ON kept (size(study))');
is(seen('index', 'count(pid) || bool_and(core = 1)::text || (count(*) > 3)'), '0truetrue', 'CREATE INDEX keeps its report');
watch('silent', $alone, 'SET track_activities = off', 'SELECT length(hp_forest(study, trees => 20)::text) FROM kept');
is(seen('silent', 'count(*)'), 0, 'nothing with track_activities off');

# who fails takes back what it said, though the session's command goes on
my %failing = (
	'failed' => [ "SELECT count(*) FROM hp_importance('runs', 'no_such_metric')", 'OTHERS' ],
	'failed reading' => [ "SELECT hp_study('broken_runs', 'val_loss')", 'OTHERS' ],
	'cancelled' => [ 'SELECT hp_forest(study, trees => 10000) FROM kept', 'query_canceled' ]);
$node->safe_psql('postgres', "CREATE VIEW broken_runs AS SELECT config, val_loss / (id - 9999) AS val_loss FROM runs WHERE slow(id)");
foreach my $call (sort keys %failing)
{
	my ($command, $error) = @{ $failing{$call} };
	foreach my $set ($alone, $three)
	{
		my $name = $call . ($set eq $three ? ', workers' : '');
		my ($status, $stdout, $stderr) = $node->psql('postgres', <<"SQL");
$set; SET statement_timeout = @{[ $error eq 'query_canceled' ? 300 : 0 ]};
DO \$\$ BEGIN
	BEGIN
		EXECUTE \$command\$ $command \$command\$;
	EXCEPTION WHEN $error THEN
		RAISE NOTICE 'caught %, left %', SQLERRM, (SELECT count(*) FROM hp_progress);
	END;
END \$\$;
SQL
		like($stderr, qr/caught .* left 0/, "$name: nothing is shown after");
	}
}
foreach my $how ('cancel', 'terminate')
{
	my $caller = start_caller($three, "SELECT length(hp_forest(study, trees => 10000)::text) FROM kept", 'SELECT pg_sleep(10)');

	ok($node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM hp_progress WHERE trees_done > 3'), "$how: at work");
	$node->safe_psql('postgres', "SELECT pg_${how}_backend(pid) FROM hp_progress");
	ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM hp_progress'), "$how: gone");
	$caller->{psql}->kill_kill;
}

# strangers see that somebody is at it, and no more
$node->safe_psql('postgres', 'CREATE ROLE stranger; CREATE ROLE monitor IN ROLE pg_read_all_stats; CREATE ROLE owner LOGIN; CREATE ROLE member IN ROLE owner;'
	. ' GRANT SELECT ON kept TO owner; CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION hpimp');
my $busy = start_caller('SET SESSION AUTHORIZATION owner', "SELECT count(*) FROM hp_importance('kept', 'x')",
	'SELECT length(hp_forest(study, trees => 10000)::text) FROM kept');
sub columns
{
	my ($as, $database) = @_;
	return $node->safe_psql($database // 'postgres', "SET ROLE $as; SELECT pid IS NOT NULL, datname, usename,"
		. ' phase, runs_read, runs_total, trees_done > 0, trees_total, seconds > 0 FROM hp_progress');
}
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM hp_progress WHERE trees_done > 0"), 'a busy session');
my $login = $node->safe_psql('postgres', 'SELECT usename FROM hp_progress');
my $all = "t|postgres|$login|training trees|$runs|$runs|t|10000|t";
is(columns('stranger'), "t|postgres|$login||||||", 'hidden from strangers');
is(columns('monitor'), $all, 'shown to members of pg_read_all_stats');
is(columns($me), $all, 'shown to superusers');
is(columns($me, 'other'), $all, 'shown in another database');
$node->safe_psql('postgres', 'SELECT pg_terminate_backend(pid) FROM hp_progress');
$busy->{psql}->kill_kill;

# a table of another database has no name here; one's own role is enough to see it
my $oid = $node->safe_psql('postgres', "SELECT 'slow_runs'::regclass::oid");
$node->safe_psql('postgres', 'GRANT SELECT ON slow_runs TO owner');
{
	local $ENV{PGUSER} = 'owner';
	$busy = start_caller($alone, "SELECT count(*) FROM hp_levels('slow_runs', 'val_loss')");
}
ok($node->poll_query_until('other', "SELECT count(*) = 1 FROM hp_progress WHERE relation = '$oid' AND runs_read >= 1024"),
	'the relation of another database by its oid');
# at once: it does not last for long
is($node->safe_psql('postgres', join('; ', map { "SET ROLE $_; SELECT relation, usename, phase FROM hp_progress" } qw(owner member stranger))),
	"slow_runs|owner|reading runs\nslow_runs|owner|reading runs\n|owner|", 'shown to its own role and to its members, not to strangers');
IPC::Run::finish($busy->{psql});

is($node->safe_psql('postgres', 'SELECT count(*) FROM hp_progress'), 0, 'nothing is left');
unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP:|PANIC|leaked/, 'nothing crashed or leaked');
$node->stop;
done_testing();
