# Runs on another server, behind postgres_fdw: one foreign table, partitions on
# several servers, aggregates that travel.
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

# the other servers are databases of this one
my ($host, $port) = ($node->host, $node->port);
foreach my $i (0 .. 2)
{
	$node->safe_psql('postgres', "CREATE DATABASE remote$i");
	$node->safe_psql("remote$i", 'CREATE EXTENSION hpimp; CREATE TABLE runs (id int, sweep text, config jsonb, val_loss float8)');
	my $rows = $node->safe_psql('postgres', "COPY (SELECT * FROM runs WHERE sweep = 'sweep $i') TO STDOUT");
	$node->safe_psql("remote$i", "COPY runs FROM STDIN;\n$rows\n\\.\n");
	$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SERVER remote$i FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'remote$i');
CREATE USER MAPPING FOR CURRENT_USER SERVER remote$i;
SQL
}
$node->safe_psql('postgres', <<'SQL');
CREATE FOREIGN TABLE one (id int, sweep text, config jsonb, val_loss float8) SERVER remote1 OPTIONS (table_name 'runs');
CREATE TABLE spread (id int, sweep text, config jsonb, val_loss float8) PARTITION BY LIST (sweep);
CREATE FOREIGN TABLE spread0 PARTITION OF spread FOR VALUES IN ('sweep 0') SERVER remote0 OPTIONS (table_name 'runs');
CREATE FOREIGN TABLE spread1 PARTITION OF spread FOR VALUES IN ('sweep 1') SERVER remote1 OPTIONS (table_name 'runs');
CREATE FOREIGN TABLE spread2 PARTITION OF spread FOR VALUES IN ('sweep 2') SERVER remote2 OPTIONS (table_name 'runs');
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
is(ask($wise, 'SELECT', answer("hp_forest(($two_steps))")), $want, '... and together they give the same');

$node->stop;
done_testing();
