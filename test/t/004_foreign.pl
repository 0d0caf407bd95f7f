# Runs on other servers, behind postgres_fdw: one foreign table, partitions on
# several servers, aggregates that travel, trees that are grown there.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use Runs;
use Test::More;

my $node = new_node('foreign');
if ($node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'") eq '0')
{
	plan skip_all => 'postgres_fdw is not installed';
}
make_runs($node, 'runs', 600);
my $want = $node->safe_psql('postgres', 'SELECT ' . answer("'runs', 'val_loss'"));

# two other servers, one of them with two databases
my @remote = map { new_node("remote$_") } 0 .. 1;
push @remote, $remote[0];
foreach my $i (0 .. 2)
{
	my $remote = $remote[$i];
	my ($host, $port) = ($remote->host, $remote->port);

	$remote->safe_psql('postgres', "CREATE DATABASE remote$i");
	$remote->safe_psql("remote$i", <<'SQL');
CREATE EXTENSION hpimp;
CREATE TABLE runs (id int, sweep text, config jsonb, val_loss float8);
CREATE TABLE work (node int, part int, parts int, method text, uncertainty boolean, study hp_study);
CREATE VIEW forests AS SELECT node, method, hp_forest(study, part => part, parts => parts, method => method, uncertainty => uncertainty) AS forest FROM work;
SQL
	my $rows = $node->safe_psql('postgres', "COPY (SELECT * FROM runs WHERE sweep = 'sweep $i') TO STDOUT");
	$remote->safe_psql("remote$i", "COPY runs FROM STDIN;\n$rows\n\\.\n");
	$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SERVER remote$i FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'remote$i', async_capable 'true');
CREATE USER MAPPING FOR CURRENT_USER SERVER remote$i;
SQL
}
$node->safe_psql('postgres', <<'SQL');
CREATE FOREIGN TABLE one (id int, sweep text, config jsonb, val_loss float8) SERVER remote1 OPTIONS (table_name 'runs');
CREATE TABLE spread (id int, sweep text, config jsonb, val_loss float8) PARTITION BY LIST (sweep);
CREATE FOREIGN TABLE spread0 PARTITION OF spread FOR VALUES IN ('sweep 0') SERVER remote0 OPTIONS (table_name 'runs');
CREATE FOREIGN TABLE spread1 PARTITION OF spread FOR VALUES IN ('sweep 1') SERVER remote1 OPTIONS (table_name 'runs');
CREATE FOREIGN TABLE spread2 PARTITION OF spread FOR VALUES IN ('sweep 2') SERVER remote2 OPTIONS (table_name 'runs');
CREATE TABLE work (node int, part int, parts int, method text, uncertainty boolean, study hp_study) PARTITION BY LIST (node);
CREATE FOREIGN TABLE work0 PARTITION OF work FOR VALUES IN (0) SERVER remote0 OPTIONS (table_name 'work');
CREATE FOREIGN TABLE work1 PARTITION OF work FOR VALUES IN (1) SERVER remote1 OPTIONS (table_name 'work');
CREATE FOREIGN TABLE work2 PARTITION OF work FOR VALUES IN (2) SERVER remote2 OPTIONS (table_name 'work');
CREATE TABLE forests (node int, method text, forest hp_forest) PARTITION BY LIST (node);
CREATE FOREIGN TABLE forests0 PARTITION OF forests FOR VALUES IN (0) SERVER remote0 OPTIONS (table_name 'forests');
CREATE FOREIGN TABLE forests1 PARTITION OF forests FOR VALUES IN (1) SERVER remote1 OPTIONS (table_name 'forests');
CREATE FOREIGN TABLE forests2 PARTITION OF forests FOR VALUES IN (2) SERVER remote2 OPTIONS (table_name 'forests');
SQL

sub ask { return $node->safe_psql('postgres', join(' ', @_)); }

my $want1 = ask('SELECT', answer("hp_forest((SELECT hp_study_agg(config, val_loss) FROM runs WHERE sweep = 'sweep 1'))"));
is(ask('SELECT', answer("'one', 'val_loss'")), $want1, 'a foreign table');
is(ask('SELECT', answer("'spread', 'val_loss'")), $want, 'foreign partitions');

ask("ALTER SERVER remote$_ OPTIONS (ADD extensions 'hpimp')") foreach 0 .. 2;
like(ask('EXPLAIN VERBOSE SELECT hp_study_agg(config, val_loss) FROM one'), qr/Remote SQL: SELECT .*hp_study_agg/,
	'with the extension on both sides the aggregate travels');
is(ask('SELECT', answer("'one', 'val_loss'")), $want1, '... and gives the same');

my $two_steps = 'SELECT hp_study_agg(s) FROM (SELECT sweep, hp_study_agg(config, val_loss) AS s FROM spread GROUP BY sweep) q';
my $wise = 'SET enable_partitionwise_aggregate = on;';
my $plan = ask($wise, "EXPLAIN VERBOSE $two_steps");
is(scalar(() = $plan =~ /Remote SQL: SELECT .*hp_study_agg/g), 3, 'two steps: every server makes its study');
is(scalar(() = $plan =~ /Async Foreign Scan/g), 3, '... beside the others');
is(ask($wise, 'SELECT', answer("hp_forest(($two_steps))")), $want, '... and together they give the same');

# the study goes to the servers; a view there grows some of the trees, more or fewer
ask("INSERT INTO work SELECT node, part, 5, method, uncertainty, study FROM ($two_steps) s (study), (VALUES (0, 4), (0, 2), (1, 1), (2, 5), (2, 3)) AS share (node, part), (VALUES ('permutation', true), ('fanova', false)) AS settings (method, uncertainty)");
is($remote[1]->safe_psql('remote1', 'SELECT count(*) FROM work'), '2', 'the study is where the trees will be grown');
foreach my $settings ([ 'permutation', 'true' ], [ 'fanova', 'false' ])
{
	my ($method, $uncertainty) = @$settings;
	my $merged = "SELECT hp_forest_agg(forest) FROM forests WHERE method = '$method'";
	my $at_once = "hp_forest(($two_steps), method => '$method', uncertainty => $uncertainty)";

	$plan = ask("EXPLAIN VERBOSE $merged");
	is(scalar(() = $plan =~ /Async Foreign Scan.*\n.*Output.*\n.*Remote SQL: SELECT forest FROM public\.forests/g), 3, "$method: every server grows its trees beside the others") or diag($plan);
	is(ask("SELECT md5(($merged)::text)"), ask("SELECT md5($at_once\::text)"), '... and together they are the forest that one grows');
}
# what a server has is one value, if it merges first
my $by_server = "SELECT hp_forest_agg(f) FROM (SELECT node, hp_forest_agg(forest) AS f FROM forests WHERE method = 'fanova' GROUP BY node) q";
# (whatever a planner without statistics takes the grouping of a few rows here to cost)
$wise .= 'SET enable_sort = off; SET enable_hashagg = off;';
like(ask($wise, "EXPLAIN VERBOSE $by_server"), qr/Remote SQL: SELECT .*hp_forest_agg\(forest\)/, 'forests are merged where they are');
is(ask($wise, "SELECT md5(($by_server)::text)"), ask("SELECT md5(hp_forest(($two_steps), method => 'fanova')::text)"), '... and come to the same');
my ($status, $stdout, $stderr) = $node->psql('postgres', "SELECT * FROM hp_importance((SELECT hp_forest_agg(forest) FROM forests WHERE node <> 1 AND method = 'fanova'))");
like($stderr, qr/ERROR:  forest is not whole: 1 of 5 parts are missing\nDETAIL:  Missing: 1\./, 'without one server there is no answer');

$_->stop foreach $node, @remote[0 .. 1];
done_testing();
