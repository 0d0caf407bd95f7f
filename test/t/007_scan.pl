# How a table is read: by partial aggregation in workers where it is big, and
# each document once a row, however often the query speaks of it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

# the planner's settings are the server's own
my $node = new_node('scan', "max_worker_processes = 8\njit = off\nautovacuum = off\n");
make_runs($node, 'runs', 80_000);
$node->safe_psql('postgres', q{
	CREATE TABLE few AS SELECT * FROM runs WHERE id <= 500;
	CREATE TABLE documents AS SELECT id, config || jsonb_build_object('loss', val_loss) AS config, sweep FROM runs;
	ANALYZE few; ANALYZE documents});

# ---- the plan of the query that a function runs, as it was run ----

# told by auto_explain, which comes with the server's contrib modules
my $explain = q{LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
	SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off; SET auto_explain.log_verbose = on;};

sub plan_of
{
	my ($study) = @_;
	my $offset = -s $node->logfile;

	$node->safe_psql('postgres', "$explain SELECT runs FROM hp_study_runs($study)");
	my $log = slurp_file($node->logfile, $offset);
	my ($plan) = $log =~ /Query Text: (SELECT public\.hp_study_agg\(.*?)^\S/ms;
	return $plan // "no plan in the log: $log";
}

my $partial = qr/Finalize Aggregate.*Gather.*Workers Launched: [12].*Partial Aggregate.*Parallel Seq Scan/s;
my ($loaded) = $node->psql('postgres', "LOAD 'auto_explain'");
SKIP:
{
	skip 'this server has no auto_explain', 6 if $loaded != 0;
	like(plan_of("hp_study('runs', 'val_loss')"), $partial, 'a big table: workers make studies of their own');
	unlike(plan_of("hp_study('few', 'val_loss')"), qr/Gather/, 'a small one: none');
	like(plan_of("hp_study('documents', 'config.loss')"), $partial, 'the metric in the config');
	like(plan_of("hp_study('documents', 'config.loss', '{config, sweep}')"), $partial, 'a plain column beside it');
	$node->safe_psql('postgres', q{CREATE VIEW finished AS SELECT * FROM documents WHERE id % 10 > 0});
	like(plan_of("hp_study('finished', 'config.loss')"), $partial, 'a view');
	my $offset = -s $node->logfile;
	$node->safe_psql('postgres', "$explain SET max_parallel_workers_per_gather = 0; SELECT runs FROM hp_study_runs(hp_study('runs', 'val_loss'))");
	unlike(slurp_file($node->logfile, $offset), qr/Gather/, 'none where workers are not wanted');
}

# ---- documents that lie outside of the row ----

# how many blocks of the table's TOAST table a statement has looked at
sub toast_blocks
{
	my ($table, $sql) = @_;
	my $count = "SELECT toast_blks_hit + toast_blks_read FROM pg_statio_user_tables WHERE relname = '$table'";

	$node->safe_psql('postgres', 'SELECT pg_stat_reset()');
	$node->safe_psql('postgres', "SET max_parallel_workers_per_gather = 0; $sql; SELECT pg_stat_force_next_flush()");
	return $node->safe_psql('postgres', $count);
}

# 8 kB of letters and digits each, which do not compress to a tenth
$node->safe_psql('postgres', q{
	CREATE TABLE wide AS
	SELECT id, sweep, d || jsonb_build_object('notes', n, 'loss', val_loss) AS config, (d || jsonb_build_object('notes', n))::json AS text_config, val_loss
	FROM (SELECT *, config AS d, (SELECT string_agg(md5(id::text || i), '') FROM generate_series(1, 250) i) AS n FROM runs WHERE id <= 200) r;
	CREATE VIEW plain AS SELECT id, sweep, config, val_loss FROM wide;
	ANALYZE wide});
my $once = toast_blocks('wide', 'SELECT sum(jsonb_hash(config)) FROM wide');
cmp_ok($once, '>=', 400, 'the documents lie outside');
my %calls = (
	"hp_study('wide', 'val_loss')" => 'a column',
	"hp_study('wide', 'config.loss')" => 'the metric in the config',
	"hp_study('wide', 'config.loss', '{config, sweep}')" => 'the metric in it, a plain column beside it',
	"hp_study('wide', 'val_loss', '{sweep, config, id}')" => 'plain columns beside it',
	"hp_study('plain', 'config.loss')" => 'by a view');
foreach my $call (sort keys %calls)
{
	is(toast_blocks('wide', "SELECT count(*) FROM hp_study_runs($call)"), $once, "fetched once: $calls{$call}");
}
is(toast_blocks('wide', "SELECT count(*) FROM hp_importance('wide', 'config.loss', exclude => '{loss, notes}', trees => 2)"), $once,
	'fetched once: to be included and excluded later');
my $text = toast_blocks('wide', 'SELECT sum(length(text_config::text)) FROM wide');
is(toast_blocks('wide', "SELECT count(*) FROM hp_study_runs(hp_study('wide', 'config.loss', '{config, text_config}'))"), $once + $text,
	'fetched once: several documents');
is(toast_blocks('wide', "SELECT count(*) FROM hp_study_runs(hp_study('wide', 'val_loss', '{text_config, sweep}'))"), $text,
	'fetched once: text that holds json');
is(toast_blocks('wide', 'SELECT hp_study_agg(config, NULL) IS NULL FROM wide'), 0, 'not fetched where the run is left out');

# ---- and it is the same study ----

sub importances { return $node->safe_psql('postgres', 'SELECT ' . answer($_[0])); }
my $settings = "trees => 3, exclude => '{loss, notes}'";
is(importances("'wide', 'config.loss', $settings"), importances("'wide', 'val_loss', $settings"), 'by the metric in the config');
is(importances("'documents', 'config.loss', $settings"), importances("'runs', 'val_loss', $settings"), 'and by workers');
is(importances("'wide', 'config.loss', '{config, sweep}', $settings"),
	importances("hp_forest((SELECT hp_study_agg(config || jsonb_build_object('sweep', sweep), val_loss) FROM wide), $settings)"), 'with a plain column');

# of two leaves with one path the later counts, numbers among many values too
my $twice = q{(SELECT hp_study_agg(jsonb_build_object('a.b', i * 0.5, 'a', jsonb_build_object('b', i * 0.25), 'c', jsonb_build_object('x', i), 'c.x', 'w' || i,
	'd.x', 'w' || i, 'd', jsonb_build_object('x', i)), i) FROM generate_series(1, 500) i)};
is($node->safe_psql('postgres', "SELECT parameter, count(*), sum(runs), min(value COLLATE \"C\") FROM hp_values($twice) GROUP BY 1 ORDER BY 1"),
	"a.b|500|500|0.5\nc.x|500|500|w1\nd.x|500|500|w1", 'two leaves with one path');

# only what is read must be granted
$node->safe_psql('postgres', q{CREATE ROLE reader; GRANT SELECT (config) ON wide TO reader; GRANT SELECT (config, sweep) ON documents TO reader});
is(importances("'wide', 'config.loss', $settings"), $node->safe_psql('postgres', 'SET ROLE reader; SELECT ' . answer("'wide', 'config.loss', $settings")),
	'the right to read one column is enough');
my ($status, undef, $stderr) = $node->psql('postgres', "SET ROLE reader; SELECT hp_study('wide', 'config.loss', '{config, sweep}')");
like($stderr, qr/permission denied for table wide/, 'the right to read none is not');

$node->stop;
done_testing();
