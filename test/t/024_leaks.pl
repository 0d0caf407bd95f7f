# Sessions that live long: each function called again and again in one session
# leaves its memory as large as it was. HPIMP_CALLS says how often (200).
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $calls = $ENV{HPIMP_CALLS} || 200;
my $node = new_node('leaks', <<'CONF');
autovacuum = off
jit = off
max_parallel_workers_per_gather = 0
client_min_messages = error
CONF
make_runs($node, 'runs', 40);

# One call of every function, and ways through some that differ; x is a number that
# changes with the call, so that nothing is the same constant each time.
my @each = (
	"SELECT hp_study_agg(config, val_loss + x) FROM runs",
	"SELECT hp_study_agg(study) FROM kept, generate_series(1, 2)",
	"SELECT hp_study_in(hp_study_out(study)) FROM kept",
	"SELECT hp_study_send(study) FROM kept",
	"SELECT hp_study_add_run(study, '{\"lr\": 1}', x) FROM kept",
	"SELECT hp_study_merge(study, study) FROM kept",
	"SELECT hp_study_runs(study) FROM kept",
	"SELECT hp_fingerprint(study) FROM kept",
	"SELECT count(v) FROM kept, hp_values(study) v",
	"SELECT hp_number('{\"a\": [1, {\"b\": \"2\"}]}', 'a.1.b')",
	"SELECT hp_study('runs', 'val_loss')",
	"SELECT hp_forest(study, trees => 2, seed => x) FROM kept",
	"SELECT hp_forest(study, trees => 2, seed => x, method => 'impurity') FROM kept",
	"SELECT hp_forest(study, trees => 2, seed => x, method => 'corrected', encoding => 'onehot') FROM kept",
	"SELECT hp_forest(study, trees => 2, seed => x, method => 'fanova') FROM kept",
	"SELECT hp_forest(study, method => 'ped_anova') FROM kept",
	"SELECT hp_forest_in(hp_forest_out(forest)) FROM grown",
	"SELECT hp_forest_send(forest) FROM grown",
	"SELECT hp_forest_merge(hp_forest(study, trees => 2, seed => x, part => 1, parts => 2), hp_forest(study, trees => 2, seed => x, part => 2, parts => 2)) FROM kept",
	"SELECT hp_forest_agg(hp_forest(study, trees => 3, seed => x, part => n, parts => 3)) FROM kept, generate_series(1, 3) n",
	"SELECT count(r) FROM grown, hp_importance(forest) r",
	"SELECT count(r) FROM hp_importance('runs', 'val_loss', trees => 2, seed => x) r",
	"SELECT count(r) FROM grown, hp_parameters(forest) r",
	"SELECT count(r) FROM hp_parameters('runs', 'val_loss', trees => 2, seed => x, uncertainty => false) r",
	"SELECT count(r) FROM grown, hp_quality(forest) r",
	"SELECT count(r) FROM hp_quality('runs', 'val_loss', trees => 2, seed => x) r",
	"SELECT count(r) FROM kept, hp_correlation(study) r",
	"SELECT count(r) FROM hp_correlation('runs', 'val_loss') r",
	"SELECT count(r) FROM kept, hp_levels(study) r",
	"SELECT count(r) FROM hp_levels('runs', 'val_loss') r",
	"SELECT count(r) FROM grown, hp_interactions(forest) r",
	"SELECT count(r) FROM hp_interactions('runs', 'val_loss', trees => 2, seed => x) r",
	"SELECT count(r) FROM grown, hp_marginal(forest, 'lr') r",
	"SELECT count(r) FROM hp_marginal('runs', 'val_loss', 'lr', trees => 2, seed => x) r",
	"SELECT hp_space(forest, 'log') FROM grown",
	"SELECT count(r) FROM grown, hp_suggest(forest) r",
	"SELECT count(r) FROM hp_suggest('runs', 'val_loss', trees => 2, seed => x, uncertainty => false) r",
	"SELECT hp_report(forest) FROM grown",
	"SELECT hp_report_as(forest, (ARRAY['text', 'markdown', 'svg', 'html'])[1 + x % 4]) FROM grown",
	"SELECT hp_report('runs', 'val_loss', trees => 2, seed => x, uncertainty => false)",
	"SELECT hp_predict(forest, '{\"lr\": 0.1}') FROM grown",
	"SELECT hp_predict('runs', 'val_loss', '{\"lr\": 0.1}', trees => 2, seed => x)",
	"SELECT hp_fingerprint(study) FROM kept",
	"SELECT hp_forest_merge(a.forest, b.forest) FROM parts a, parts b WHERE a.part = 1 AND b.part = 2",
	"SELECT hp_forest_agg(forest) FROM parts",
	"SELECT hp_history_create()",
	"SELECT hp_history_check('hp_history') AND hp_history_lock('one', 'hp_history') = 'held'",
	"SELECT hp_history_panels(NULL, 'hp_history')",
	"SELECT hp_history_settings('{\"trees\": x}')",
	"SELECT hp_history_store(study, 'x', 'one', now(), 'hp_history') FROM kept",
	"SELECT hp_history_prune('one', 'hp_history')",
	"SELECT hp_history_take('one')",
	"CALL hp_snapshot()",
	"SELECT count(r) FROM hp_progress() r",
	"SELECT count(*) FROM hp_progress",
	# calls that fail leave nothing either
	"SELECT failing(format('SELECT hp_forest(study, trees => -%s) FROM kept', 1 + x))",
	"SELECT failing('SELECT hp_study(''runs'', ''val_los'')')",
	"SELECT failing('SELECT hp_forest(study, trees => 2, include => ''{no such}'') FROM kept')",
	"SELECT failing('SELECT hp_history_add(''runs'', ''val_loss'', panel => ''one'')')",
	"SELECT failing('SELECT hp_forest_agg(forest) FROM parts, generate_series(1, 2)')",
	"SELECT failing('SELECT hp_marginal(forest, ''no such'') FROM grown')",
	"SELECT failing(format('SELECT %L::hp_study', repeat('x', 100 * x)))");

# what no function of SQL may call: only by the types' input from a client
my %not_callable = map { $_ => 1 } qw(hp_study_recv hp_forest_recv);
# what keeps a history is plpgsql of calls to the others, and a procedure that commits
$not_callable{$_} = 1 foreach qw(hp_snapshot), map { "hp_history_$_" } qw(add check create panels prune settings store take);
# ones that others add are asked for as well
my $names = $node->safe_psql('postgres', <<'SQL');
SELECT DISTINCT proname FROM pg_proc p JOIN pg_depend ON classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e'
JOIN pg_extension e ON refobjid = e.oid WHERE extname = 'hpimp' ORDER BY 1
SQL
is(join(' ', grep { my $name = $_; !$not_callable{$name} && !grep { /\b$name\b/ } @each } split(/\n/, $names)), '', 'every function is called');

# Memory of the session: bytes in contexts, and pages the process has. The loop runs
# 50 times first, for what is kept for good: caches, and what malloc() holds on to.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE kept AS SELECT hp_study('runs', 'val_loss') AS study;
CREATE TABLE grown AS SELECT hp_forest(study, trees => 3, uncertainty => true) AS forest FROM kept;
CREATE TABLE parts AS SELECT part, hp_forest(study, trees => 4, part => part, parts => 3, uncertainty => true) AS forest FROM kept, generate_series(1, 3) part;
SELECT hp_history_create(), hp_history_add('runs', 'val_loss', panel => 'one', settings => '{"trees": 2, "uncertainty": false}', keep_count => 2);
CREATE FUNCTION failing(query text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	RETURN false;
EXCEPTION WHEN OTHERS THEN
	RETURN true;
END $$;
CREATE PROCEDURE call_often(query text, times int) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. times LOOP
		EXECUTE regexp_replace(query, '\mx\M', (i % 100)::text, 'g');
		COMMIT;
	END LOOP;
END $$;
-- (the session's own memory: what is written touches buffers that all share)
CREATE FUNCTION resident() RETURNS int LANGUAGE sql AS $$
SELECT substring(pg_read_file(format('/proc/%s/status', pg_backend_pid())) FROM 'RssAnon:\s+(\d+)')::int $$;
SQL
my $linux = -e '/proc/self/status';
my $memory = 'SELECT (SELECT sum(used_bytes) FROM pg_backend_memory_contexts), ' . ($linux ? 'resident()' : '0') . ';';

# What the session has more after many calls than after a few: bytes, resident kB.
sub measure
{
	my ($query) = @_;
	my $call = "CALL call_often('" . ($query =~ s/'/''/gr) . "', ";
	my @lines = split(/\n/, $node->safe_psql('postgres', "$memory ${call}50); $memory ${call}$calls); $memory", timeout => 3600));
	my @warm = split(/\|/, $lines[-2]);
	my @late = split(/\|/, $lines[-1]);

	return ($late[0] - $warm[0], $late[1] - $warm[1]);
}

foreach my $query (@each)
{
	my $name = substr($query =~ s/^SELECT //r, 0, 90);
	my ($bytes, $resident) = measure($query);

	# what is lost with each call would be as much as this after 200 of them
	cmp_ok($bytes, '<', 20 * 200, "$name: $bytes bytes more");
	cmp_ok($resident, '<', 1024, "$name: $resident kB more resident");
}

# and in one statement
foreach my $query ("SELECT sum(length(hp_forest(study, trees => 1, seed => i)::text)) FROM kept, generate_series(1, %d) i",
	"SELECT sum((SELECT count(*) FROM hp_parameters(forest) p WHERE p.runs > i)) FROM grown, generate_series(1, %d) i",
	"SELECT sum(hp_predict(forest, jsonb_build_object('lr', i))) FROM grown, generate_series(1, %d) i",
	"SELECT sum(hp_number(jsonb_build_object('lr', i), 'lr')) FROM generate_series(1, %d) i",
	"SELECT sum(length((SELECT hp_study_agg(config, val_loss + i) FROM runs)::text)) FROM generate_series(1, %d) i",
	"SELECT sum(length((SELECT hp_forest_agg(forest ORDER BY part * (i %% 2)) FROM parts)::text)) FROM generate_series(1, %d) i",
	"SELECT sum(length(hp_report_as(forest, 'html', width => 50 + i %% 50))) FROM grown, generate_series(1, %d) i")
{
	my $name = substr($query =~ s/^SELECT //r =~ s/%%/%/gr, 0, 90);
	my @lines = split(/\n/, $node->safe_psql('postgres', join(' ', map { sprintf($query, $_) . ';' . $memory } (20, 20, $calls + 20)), timeout => 3600));
	my @warm = split(/\|/, $lines[3]);
	my @late = split(/\|/, $lines[-1]);

	cmp_ok($late[1] - $warm[1], '<', 2048, sprintf('%s: %d kB more resident', $name, $late[1] - $warm[1]));
}
$node->stop;
done_testing();
