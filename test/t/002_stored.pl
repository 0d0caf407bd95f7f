# Stored studies and forests survive dump and restore, COPY in both formats, a
# crash; a user who is no superuser can have all of it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $node = new_node('stored');
make_runs($node, 'runs', 400);
my $dir = PostgreSQL::Test::Utils::tempdir;

sub ask
{
	my ($sql, $database) = @_;
	return $node->safe_psql($database // 'postgres', $sql);
}

ask(<<'SQL');
CREATE TABLE studies (name text PRIMARY KEY, study hp_study);
INSERT INTO studies SELECT sweep, hp_study_agg(config, val_loss) FROM runs GROUP BY sweep;
INSERT INTO studies VALUES ('nothing', NULL), ('empty', (SELECT hp_study_agg(config, val_loss) FROM runs WHERE id < 0));
CREATE TABLE models AS SELECT name, hp_forest(study, trees => 50) AS forest FROM studies WHERE name LIKE 'sweep%';
SQL
my $all = "SELECT md5(string_agg(name || coalesce(study::text, '-'), ' ' ORDER BY name)) FROM studies";
my $models = "SELECT md5(string_agg(name || forest::text, ' ' ORDER BY name)) FROM models";
my $answers = "SELECT string_agg(name || ': ' || " . answer('forest') . ", ' ' ORDER BY name) FROM models";
my @want = map { ask($_) } ($all, $models, $answers);
like($want[2], qr/sweep 0: .*lr\|0\.\d+/, 'stored forests answer');

sub same
{
	my ($what, $database) = @_;

	is(ask($all, $database), $want[0], "$what: studies");
	is(ask($models, $database), $want[1], "$what: forests");
	is(ask($answers, $database), $want[2], "$what: answers");
	return;
}

# a crash
$node->stop('immediate');
$node->start;
same('after a crash');

# dump and restore, custom format and script
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/dump", 'postgres' ], 'dump');
ask('CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-d', 'restored', "$dir/dump" ], 'restore');
same('after restore', 'restored');
$node->command_ok([ 'pg_dump', '--inserts', '-f', "$dir/dump.sql", 'postgres' ], 'dump as a script');
my $script = slurp_file("$dir/dump.sql");
like($script, qr/CREATE EXTENSION IF NOT EXISTS hpimp/, 'the script makes the extension');
unlike($script, qr/CREATE (FUNCTION|TYPE|AGGREGATE) public\.hp_/, '... and none of its parts');
ask('CREATE DATABASE scripted');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', 'scripted', '-f', "$dir/dump.sql" ], 'run the script');
same('after the script', 'scripted');

# COPY, binary (send and recv) and text (out and in)
foreach my $format ('binary', 'text', 'csv')
{
	my $database = "by_$format";

	ask("CREATE DATABASE $database");
	ask('CREATE EXTENSION hpimp; CREATE TABLE studies (name text, study hp_study); CREATE TABLE models (name text, forest hp_forest)',
		$database);
	foreach my $table ('studies', 'models')
	{
		ask("COPY $table TO '$dir/$table.$format' (FORMAT $format)");
		ask("COPY $table FROM '$dir/$table.$format' (FORMAT $format)", $database);
	}
	same("after COPY in $format format", $database);
}

# the type is checked on input, whatever comes
my ($status, $stdout, $stderr) = $node->psql('postgres', "SELECT 'rubbish'::hp_study");
isnt($status, 0, 'rubbish is refused');
like($stderr, qr/ERROR:  \S/, '... by an error');

# trusted: the owner of a database who is no superuser installs it and uses it
ask('CREATE ROLE owner LOGIN');
ask('CREATE DATABASE owned OWNER owner TEMPLATE template0');
is($node->safe_psql('owned', <<'SQL', extra_params => [ '-U', 'owner' ]), '1', 'a database owner may install it');
CREATE EXTENSION hpimp;
CREATE TABLE runs AS SELECT jsonb_build_object('a', i) AS config, i::float8 AS loss FROM generate_series(1, 50) i;
SELECT count(*) FROM hp_importance('runs', 'loss');
SQL

# in a schema of its own, which nobody has on the search path; moved while in use
ask('CREATE DATABASE elsewhere');
my $first = "SELECT parameter FROM %s.hp_importance('public.runs', 'loss') ORDER BY importance DESC LIMIT 1";
ask(<<'SQL', 'elsewhere');
CREATE SCHEMA "Our tools";
CREATE EXTENSION hpimp SCHEMA "Our tools";
CREATE TABLE runs AS SELECT jsonb_build_object('a', i, 'b', i % 7) AS config, i::float8 AS loss FROM generate_series(1, 80) i;
CREATE TABLE kept AS SELECT "Our tools".hp_study('runs', 'loss') AS study;
SQL
is(ask(sprintf($first, '"Our tools"'), 'elsewhere'), 'a', 'in another schema');
ask('CREATE SCHEMA moved; ALTER EXTENSION hpimp SET SCHEMA moved', 'elsewhere');
is(ask(sprintf("SET search_path = ''; $first", 'moved'), 'elsewhere'), 'a', 'moved, with an empty search path');
is(ask("SET search_path = ''; SELECT count(*) FROM public.kept, moved.hp_importance(moved.hp_forest(study))", 'elsewhere'), '2',
	'a stored study moves along');

$node->stop;
done_testing();
