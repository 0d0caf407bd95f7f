# The answer does not depend on the plan: workers, row order, partitions, the way
# of grouping, the detour by stored studies. Compared bit for bit.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use Runs;
use Test::More;

my $node = new_node('plans', <<'CONF');
max_worker_processes = 12
max_parallel_workers = 8
parallel_setup_cost = 0
parallel_tuple_cost = 0
min_parallel_table_scan_size = 0
min_parallel_index_scan_size = 0
CONF
make_runs($node, 'runs', 1500);

my $alone = 'SET max_parallel_workers_per_gather = 0;';
my $study = 'SELECT hp_study_agg(config, val_loss) FROM runs';

sub ask { return $node->safe_psql('postgres', join(' ', @_)); }

my $want = ask($alone, 'SELECT', answer("'runs', 'val_loss'"));
like($want, qr/lr\|0\.\d+/, 'there is an answer');

# workers for the scan and for the trees
foreach my $workers (0, 2, 4)
{
	my $set = "SET max_parallel_workers_per_gather = $workers; SET hpimp.max_parallel_workers = $workers;";

	my $plan = ask($set, "EXPLAIN $study");
	if ($workers > 0) { like($plan, qr/Partial Aggregate/, "$workers workers: a parallel plan"); }
	else { unlike($plan, qr/Gather/, 'no workers: a plan without'); }
	is(ask($set, 'SELECT', answer("'runs', 'val_loss'")), $want, "$workers workers: one-liner");
	is(ask($set, 'SELECT', answer("hp_forest(($study))")), $want, "$workers workers: aggregate");
}
my $force = $node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
is(ask("SET $force = on; SELECT", answer("hp_forest(($study))")), $want, 'run inside a worker');
is(ask('SET jit = on; SET jit_above_cost = 0; SET jit_inline_above_cost = 0; SET jit_optimize_above_cost = 0; SELECT',
	answer("hp_forest(($study))")), $want, 'compiled just in time');

# a forest is the same to the byte however many workers grew it
ask("CREATE TABLE kept AS SELECT ($study) AS study");
my @forests = map {
	ask("SET max_parallel_workers_per_gather = $_; SET hpimp.max_parallel_workers = $_;",
		'SELECT md5(hp_forest(study, trees => 300)::text) FROM kept')
} (0, 2, 4);
is($forests[1], $forests[0], 'the same forest by 2 workers');
is($forests[2], $forests[0], 'the same forest by 4 workers');

# other orders of the rows
ask('CREATE TABLE shuffled AS SELECT * FROM runs ORDER BY md5(id::text)');
is(ask('SELECT', answer("'shuffled', 'val_loss'")), $want, 'shuffled table');
ask(q{CREATE TABLE clustered AS SELECT * FROM runs ORDER BY config->'optimizer', (config->>'lr')::float8 DESC});
is(ask('SELECT', answer("'clustered', 'val_loss'")), $want, 'clustered table');
is(ask($alone, 'SELECT', answer('hp_forest((SELECT hp_study_agg(config, val_loss ORDER BY val_loss) FROM runs))')),
	$want, 'ordered aggregate');

# partitions, each with a study of its own
ask('CREATE TABLE parts (LIKE runs) PARTITION BY HASH (id);',
	map({ "CREATE TABLE part$_ PARTITION OF parts FOR VALUES WITH (MODULUS 5, REMAINDER $_);" } 0 .. 4),
	'INSERT INTO parts SELECT * FROM runs; ANALYZE parts;');
foreach my $wise ('off', 'on')
{
	is(ask("SET enable_partitionwise_aggregate = $wise; SELECT", answer("'parts', 'val_loss'")),
		$want, "partitioned table, partitionwise aggregate $wise");
}
ask('ALTER TABLE part3 SET (parallel_workers = 0)');
is(ask('SELECT', answer("'parts', 'val_loss'")), $want, 'partitioned table, parallel append');

# groups: by hash, by sort, in workers; each is what WHERE gives
my $groups = 'SELECT sweep, hp_study_agg(config, val_loss) AS study FROM runs GROUP BY sweep';
my $by_group = "SELECT string_agg(sweep || ': ' || " . answer('hp_forest(study)') . ", ' ' ORDER BY sweep) FROM ($groups) g";
my $grouped = join(' ', map {
	"sweep $_: " . ask($alone, 'SELECT', answer("hp_forest((SELECT hp_study_agg(config, val_loss) FROM runs WHERE sweep = 'sweep $_'))"))
} 0 .. 2);
foreach my $how (['off', 'on', 'HashAggregate'], ['on', 'off', 'GroupAggregate'])
{
	my ($sort, $hash, $node_name) = @$how;
	foreach my $workers (0, 2)
	{
		my $set = "SET enable_sort = $sort; SET enable_hashagg = $hash; SET max_parallel_workers_per_gather = $workers;";

		like(ask($set, "EXPLAIN $groups"), qr/$node_name/, "$node_name is planned, $workers workers");
		is(ask($set, $by_group), $grouped, "$node_name, $workers workers: groups");
	}
}
is(ask('SELECT', answer("hp_forest((SELECT hp_study_agg(study) FROM ($groups) g))")), $want, 'studies of groups, merged');
is(ask('SELECT', answer("hp_forest((SELECT hp_study_agg(study::text::hp_study) FROM ($groups) g))")),
	$want, 'merged after a journey as text');

# many small groups with little memory: the hash table goes to disk and back
my $many = 'SELECT id % 400 AS g, hp_study_agg(config, val_loss) AS study FROM runs GROUP BY 1';
my $sums = "SELECT string_agg(concat_ws('|', g, c.parameter, c.correlation), ' ' ORDER BY g, c.parameter)"
  . " FROM ($many) q, hp_importance(hp_forest(study, trees => 1)) c";
is(ask("SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET enable_sort = off;", "SELECT md5(($sums))"),
	ask($alone, "SET enable_hashagg = off; SELECT md5(($sums))"), 'many groups, by hash and by sort');

# a window that grows to the whole table, its start standing still
is(ask('SELECT', answer('hp_forest((SELECT study FROM (SELECT id, hp_study_agg(config, val_loss) OVER (ORDER BY id) AS study'
	. ' FROM runs) w ORDER BY id DESC LIMIT 1))')), $want, 'growing window');

$node->stop;
done_testing();
