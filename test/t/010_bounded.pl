# Samples where they are more than one process's affair: the same between
# databases of different encodings and servers' parallel workers; the limit on
# memory over all processes that train; a cancelled query.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $node = new_node('bounded', <<'CONF');
hpimp.max_runs = 1000
max_worker_processes = 8
max_parallel_workers = 8
log_min_messages = debug1
client_min_messages = warning
CONF

sub ask { return $node->safe_psql('postgres', join(' ', @_)); }

# ---- encodings: names and values with letters that Latin 1 writes otherwise

my $made = <<'SQL';
SELECT hp_study_agg(jsonb_build_object('lr', i / 7.0, U&'sch\00e9ma', U&'\00e9t\00e9 ' || i % 50, 'list', jsonb_build_array(U&'\00fc', i % 3)), i % 100) AS study
FROM generate_series(1, 5000) i
SQL
ask("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
$node->safe_psql('latin', 'CREATE EXTENSION hpimp');
my $utf8 = ask("SELECT study FROM ($made) s");
my $latin = $node->safe_psql('latin', "SELECT study FROM ($made) s");
isnt($latin, $utf8, 'another encoding, other bytes');
is(ask("SELECT '$latin'::hp_study"), $utf8, 'but the sample is the same when it is moved');
is($node->safe_psql('latin', "SELECT '$utf8'::hp_study"), $latin, 'there and back');
is(ask("SELECT r.runs, r.sampled, hp_study_agg(s)::text = (SELECT hp_study_agg(s)::text FROM unnest(ARRAY['$utf8', '$utf8']::hp_study[]) s)"
	  . " FROM unnest(ARRAY['$latin', '$utf8']::hp_study[]) s, LATERAL hp_study_runs(s) r GROUP BY 1, 2"),
	'5000|1000|t', 'and so is what both are merged to');

# letters whose bytes sort otherwise there, among names and values: nothing is looked up in vain
$made = <<'SQL';
SELECT jsonb_build_object(U&'\0430', i % 5, U&'\0431', (ARRAY[U&'\044F', U&'\0446', U&'\044E'])[1 + i % 3], U&'\0446', i % 2, U&'\044E', i % 7, U&'\044F', i % 4) AS config,
       i % 5 + 2 * (i % 3) + i % 2 + 0.1 * (i % 7) + i % 4 AS m
FROM generate_series(1, 200) i
SQL
ask("CREATE DATABASE koi8 ENCODING 'KOI8R' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
$node->safe_psql('koi8', 'CREATE EXTENSION hpimp');
my $forest = ask("SELECT hp_forest(hp_study_agg(config, m), trees => 10) FROM ($made) r");
my $predicted = "SELECT string_agg(hp_predict(f, config)::text, ' ' ORDER BY m, config->U&'\044E', config->U&'\0430') FROM ($made) r,";
is($node->safe_psql('koi8', "$predicted CAST('$forest' AS hp_forest) f"), ask("$predicted CAST('$forest' AS hp_forest) f"),
	'a forest of another encoding predicts the same');
is($node->safe_psql('koi8', "$predicted hp_space('$forest'::hp_forest, 'observed') f"), ask("$predicted CAST('$forest' AS hp_forest) f"),
	'... and when it was written there');

# ---- parallel scans, the whole way

make_runs($node, 'runs', 20000);
my $answers = "SELECT " . answer("'runs', 'val_loss', trees => 10");
my $want = ask('SET max_parallel_workers_per_gather = 0;', $answers);
my $plan = 'SET max_parallel_workers_per_gather = 3; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
like(ask($plan, 'EXPLAIN SELECT hp_study_agg(config, val_loss) FROM runs'), qr/Partial Aggregate/, 'a parallel plan');
is(ask($plan, $answers), $want, "... $_: the same importances and correlations") foreach (1 .. 3);

# ---- memory: workers that would not fit are not started, and change nothing

ask("CREATE TABLE kept AS SELECT set_config('hpimp.max_runs', '100000', false),"
	  . " (SELECT hp_study_agg(jsonb_build_object('x', i % 1000, 'y', i % 7, 'z', i % 13), i % 997) FROM generate_series(1, 60000) i) AS study");
$forest = 'SELECT md5(hp_forest(study, trees => 20, min_samples_leaf => 50)::text) FROM kept';

sub launched
{
	my ($settings) = @_;
	my $offset = -s $node->logfile;
	my $answer = ask('SET max_parallel_workers_per_gather = 3;', $settings, $forest);
	my @workers = slurp_file($node->logfile, $offset) =~ /(?<!un)registering background worker "parallel worker for PID \d+"/g;
	return (scalar @workers, $answer);
}
my ($all, $first) = launched('');
my ($some, $second) = launched("SET hpimp.max_memory = '24MB';");
is($all, 3, 'three workers where there is memory for them');
cmp_ok($some, '<', $all, 'fewer where there is not');
is($second, $first, 'and the same forest');
my ($status, undef, $refused) = $node->psql('postgres', "SET hpimp.max_memory = '16MB'; SELECT hp_forest(study, trees => 20) FROM kept");
isnt($status, 0, 'none where not even one process fits');
like($refused, qr/ERROR:  training needs more memory than hpimp\.max_memory allows\nDETAIL:  It needs at least \d+ kB, the limit is 16384 kB\.\nHINT:  /,
	'with both figures and a hint');

# ---- a query that is cancelled while the sample is taken

my $many = 'SELECT hp_study_runs(hp_study_agg(jsonb_build_object(\'x\', i, \'y\', md5(i::text)), i)) FROM generate_series(1, 50000000) i';
my ($cancelled, undef, $why) = $node->psql('postgres', "SET hpimp.max_runs = 300000; SET statement_timeout = '3s'; $many");
isnt($cancelled, 0, 'a long query');
like($why, qr/statement timeout/, 'ends when it is to end');
is(ask($answers), $want, 'and the next is answered');
unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP:|PANIC|leaked/, 'nothing crashed or leaked');
$node->stop;
done_testing();
