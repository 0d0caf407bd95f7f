# Forests in parallel workers: really in workers, the same to the byte with any
# number of them, and with none to be had; in the places a query can put a
# function; and when a worker is told to go.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $node = new_node('workers', <<'CONF');
max_worker_processes = 8
max_parallel_workers = 8
log_min_messages = debug1
CONF
make_runs($node, 'runs', 10000);
$node->safe_psql('postgres', "CREATE TABLE kept AS SELECT hp_study('runs', 'val_loss') AS study");

my $alone = 'SET max_parallel_workers_per_gather = 0;';
my $three = 'SET max_parallel_workers_per_gather = 3;';
my $forest = 'SELECT md5(hp_forest(study, trees => 150)::text) FROM kept';
my $want = $node->safe_psql('postgres', "$alone $forest");
my $rows = $node->safe_psql('postgres', "$alone SELECT " . answer('(SELECT hp_forest(study, trees => 150) FROM kept)'));

sub same
{
	my ($settings, $name) = @_;
	is($node->safe_psql('postgres', "$settings $forest"), $want, "$name: the same forest");
	return;
}

sub launched
{
	my ($settings, $query) = @_;
	return workers_launched($node, "$settings " . ($query // $forest));
}

is(launched($alone), 0, 'no workers when parallelism is off');
is(launched($three), 3, 'three workers when three may come');
is(launched("$three SET hpimp.max_parallel_workers = 2;"), 2, 'fewer by hpimp.max_parallel_workers');
is(launched("$alone SET hpimp.max_parallel_workers = 2;"), 0, 'max_parallel_workers_per_gather = 0 is obeyed');
is(launched("$three SET max_parallel_workers = 1;"), 1, 'so is max_parallel_workers');
is(launched("$three SET temp_file_limit = '100kB';"), 0, 'where temporary files are limited, trees to keep are grown alone');
is(launched($three, 'SELECT count(*) FROM hp_importance(hp_forest((SELECT hp_study_agg(config, val_loss) FROM runs WHERE id < 300)))'),
	0, 'little work stays alone');

same("SET max_parallel_workers_per_gather = $_;", "$_ workers") foreach (1 .. 4);
same("$three SET max_parallel_workers = 0;", 'none to be had');
foreach my $trees ('NULL', 3)
{
	my $query = "SELECT md5(hp_forest(study, trees => $trees)::text) FROM kept";

	is($node->safe_psql('postgres', "$three $query"), $node->safe_psql('postgres', "$alone $query"), "trees => $trees: the same forest");
}

# standard errors and p-values are the forest's too, by replicates that are shared out round by round
foreach my $settings ('trees => 20', "trees => 20, method => 'impurity'", "trees => 20, method => 'corrected', depth => 1")
{
	my $query = "SELECT md5(hp_forest(study, uncertainty => true, $settings)::text) FROM kept";
	my $alone_forest = $node->safe_psql('postgres', "$alone $query");

	cmp_ok(launched($three, $query), '>', 3, "uncertainty, $settings: workers for trees and for replicates");
	is($node->safe_psql('postgres', "$three $query"), $alone_forest, "uncertainty, $settings: the same with three workers");
	is($node->safe_psql('postgres', "SET max_parallel_workers_per_gather = 1; $query"), $alone_forest, "uncertainty, $settings: with one");
	is($node->safe_psql('postgres', "$three SET max_parallel_workers = 0; $query"), $alone_forest, "uncertainty, $settings: with none to be had");
}

# methods and groups report more than the default: it comes through as well
foreach my $settings ("method => 'corrected'", "method => 'corrected', depth => 1", 'trees => 150, depth => 1', "depth => 1, method => 'impurity'")
{
	my $query = "SELECT md5(f::text), " . answer('f') . " FROM (SELECT hp_forest(study, $settings) AS f FROM kept OFFSET 0) s";

	is(launched($three, $query), 3, "$settings: three workers");
	is($node->safe_psql('postgres', "$three $query"), $node->safe_psql('postgres', "$alone $query"), "$settings: the same forest");
}

# where a function may be called
my $importances = answer('(SELECT hp_forest(study, trees => 150) FROM kept)');
is($node->safe_psql('postgres', "$three BEGIN; DECLARE c CURSOR FOR SELECT $importances; FETCH c; COMMIT"), $rows, 'in a cursor');
is($node->safe_psql('postgres', "$three BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY; SELECT $importances; COMMIT"), $rows,
	'in a serializable, read-only transaction');
is($node->safe_psql('postgres', "$three BEGIN; CREATE TEMP TABLE x AS SELECT 1 AS y; INSERT INTO x VALUES (2); SELECT $importances; ROLLBACK"),
	$rows, 'after writing');
is($node->safe_psql('postgres', <<"SQL"), $rows, 'in an exception block');
$three
CREATE FUNCTION guarded() RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE answer text;
BEGIN
	BEGIN
		SELECT $importances INTO answer;
		PERFORM 1 / 0;
	EXCEPTION WHEN division_by_zero THEN
		RETURN answer;
	END;
END \$\$;
SELECT guarded();
SQL
my $plan = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
my $grouped = 'SELECT string_agg(md5(f::text), \' \' ORDER BY sweep) FROM'
  . ' (SELECT sweep, hp_forest(hp_study_agg(config, val_loss)) AS f FROM runs GROUP BY sweep) s';
is($node->safe_psql('postgres', "$three $plan $grouped"), $node->safe_psql('postgres', "$alone $grouped"),
	'above a parallel scan, for each group');
my $force = $node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
same("$three SET $force = on;", 'inside a worker');

# a worker is terminated: the call fails, the session and the next call do not
my $background = $node->background_psql('postgres', on_error_stop => 0);
$background->query_safe($three) if $background->can('query_safe');
SKIP:
{
	skip 'the TAP modules of this server have no background queries', 3 if !$background->can('query_safe');
	$background->query_until(qr/started/, "\\echo started\nSELECT length(hp_forest(study, trees => 10000)::text) FROM kept;\n");
	ok($node->poll_query_until('postgres', "SELECT count(*) = 3 FROM pg_stat_activity WHERE backend_type = 'parallel worker'"),
		'three workers at work');
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'parallel worker' LIMIT 1");
	like($background->query("SELECT 'the session lives'"), qr/the session lives/, 'after a worker was terminated');
	is($background->query($forest), $want, 'and trains the same forest');
}
$background->quit;

# nothing is left behind
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'"),
	'no worker is left');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'no temporary file is left');
unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP:|PANIC|leaked/, 'nothing crashed or leaked');
$node->stop;
done_testing();
