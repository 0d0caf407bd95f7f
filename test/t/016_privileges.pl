# Who may do what with the extension itself, and with tables that change hands
# under a call: installed by the owner of a database, into a schema where others
# lie in wait, dropped, moved, dumped; tables that swap names while a call waits.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $node = new_node('privileges');
my $dir = PostgreSQL::Test::Utils::tempdir;
my $super = $node->safe_psql('postgres', 'SELECT current_user');
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE owner LOGIN;
CREATE ROLE stranger LOGIN;
CREATE DATABASE owned OWNER owner;
CREATE DATABASE restored OWNER owner;
CREATE DATABASE ambushed;
SQL

# What a user gets from commands in a database: output, or the errors.
sub as
{
	my ($user, $database, $sql) = @_;
	my ($status, $stdout, $stderr) = $node->psql($database, $sql, extra_params => [ '-U', $user ], on_error_stop => 1);
	return $status == 0 ? $stdout : join(' ', $stderr =~ /ERROR:  ([^\n]*)/g);
}

#
# Trusted: who owns a database installs it; what it consists of belongs to the
# superuser, so that nobody can put other code in its place
#
like(as('stranger', 'owned', 'CREATE EXTENSION hpimp'), qr/permission denied to create extension/, 'a stranger cannot install it');
is(as('owner', 'owned', <<'SQL'), '25', 'the owner of a database can');
CREATE EXTENSION hpimp;
CREATE TABLE runs AS SELECT jsonb_build_object('a', i, 'b', i % 3) AS config, i::float8 AS loss FROM generate_series(1, 25) i;
CREATE TABLE kept AS SELECT hp_study('runs', 'loss') AS study;
SELECT runs FROM kept, hp_study_runs(study);
SQL
as('owner', 'owned', 'CREATE SCHEMA tools');
is(as('owner', 'owned', <<'SQL'), $super, 'its parts are the superuser\'s');
SELECT DISTINCT pg_get_userbyid(owner) FROM pg_depend,
	LATERAL (SELECT proowner FROM pg_proc WHERE classid = 'pg_proc'::regclass AND oid = objid
		UNION ALL SELECT typowner FROM pg_type WHERE classid = 'pg_type'::regclass AND oid = objid
		UNION ALL SELECT relowner FROM pg_class WHERE classid = 'pg_class'::regclass AND oid = objid) o (owner)
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'hpimp')
SQL
foreach my $theft (
	"CREATE OR REPLACE FUNCTION hp_number(document jsonb, path text DEFAULT '') RETURNS float8 LANGUAGE sql AS 'SELECT 0.0::float8'",
	'ALTER FUNCTION hp_number(jsonb, text) SECURITY DEFINER',
	'ALTER FUNCTION hp_number(jsonb, text) LEAKPROOF',
	'ALTER FUNCTION hp_number(jsonb, text) OWNER TO owner',
	'ALTER AGGREGATE hp_study_agg(jsonb, float8) RENAME TO mine',
	'ALTER TYPE hp_study OWNER TO owner',
	'CREATE CAST (hp_study AS bytea) WITHOUT FUNCTION',
	'CREATE OR REPLACE VIEW hp_progress AS SELECT 1 AS pid',
	"CREATE FUNCTION steal(internal) RETURNS hp_study AS '\$libdir/hpimp', 'hp_study_recv' LANGUAGE c")
{
	like(as('owner', 'owned', $theft), qr/must be owner of|must be superuser|permission denied for language c|only superuser/, "refused: $theft");
}
like(as('stranger', 'owned', 'DROP EXTENSION hpimp'), qr/must be owner of extension/, 'a stranger cannot drop it');
like(as('stranger', 'owned', 'SELECT count(*) FROM runs; SELECT hp_study(\'runs\', \'loss\')'), qr/permission denied for table runs/, 'nor read by it');
like(as('owner', 'owned', 'ALTER EXTENSION hpimp SET SCHEMA tools'), qr/must be owner of (type|function)/, 'only a superuser moves what is a superuser\'s');
$node->safe_psql('owned', 'ALTER EXTENSION hpimp SET SCHEMA tools');
is(as('owner', 'owned', q{SELECT count(*) FROM tools.hp_importance('runs', 'loss')}), '2', 'the owner uses it where it is now');

# dumped and restored by the same owner
$node->command_ok([ 'pg_dump', '-Fc', '-U', 'owner', '-f', "$dir/owned", 'owned' ], 'the owner dumps it');
$node->command_ok([ 'pg_restore', '-U', 'owner', '--exit-on-error', '-d', 'restored', "$dir/owned" ], '... and restores it');
is(as('owner', 'restored', 'SELECT parameter FROM kept, tools.hp_importance(tools.hp_forest(study)) ORDER BY importance DESC LIMIT 1'), 'a', '... whole');

# dropped: not while something depends on it, then without a trace
like(as('owner', 'owned', 'DROP EXTENSION hpimp'), qr/cannot drop extension hpimp because other objects depend on it/, 'tables of studies keep it');
is(as('owner', 'owned', <<'SQL'), '0|t', 'the owner drops it, and what is in its types');
SET client_min_messages = error;
DROP EXTENSION hpimp CASCADE;
SELECT (SELECT count(*) FROM pg_proc WHERE proname LIKE 'hp\_%') + (SELECT count(*) FROM pg_type WHERE typname LIKE '%hp\_%')
	+ (SELECT count(*) FROM pg_class WHERE relname LIKE 'hp\_%') AS left_over,
	(SELECT string_agg(attname, ',') FROM pg_attribute WHERE attrelid = 'kept'::regclass AND attnum > 0 AND NOT attisdropped) IS NULL AS emptied
SQL

#
# A schema that others may create in, when a superuser installs it there: what is
# in its place is an error, what is beside it is not taken
#
$node->safe_psql('ambushed', <<'SQL');
CREATE SCHEMA open;
GRANT ALL ON SCHEMA open TO stranger;
SQL
my @ambushes = (
	"CREATE FUNCTION open.hp_number(jsonb, text) RETURNS float8 LANGUAGE sql AS 'SELECT 0.0::float8'" => 'FUNCTION open.hp_number(jsonb, text)',
	"CREATE FUNCTION open.hp_study(regclass, text, text[]) RETURNS int LANGUAGE sql AS 'SELECT 0'" => 'FUNCTION open.hp_study(regclass, text, text[])',
	'CREATE TYPE open.hp_study AS (a int)' => 'TYPE open.hp_study',
	'CREATE DOMAIN open.hp_forest AS int' => 'DOMAIN open.hp_forest',
	'CREATE VIEW open.hp_progress AS SELECT 1 AS pid' => 'VIEW open.hp_progress',
	"CREATE FUNCTION open.hp_progress(every boolean DEFAULT true) RETURNS TABLE (pid int) LANGUAGE sql AS 'SELECT 0'" => 'FUNCTION open.hp_progress(boolean)');
while (my ($create, $drop) = splice(@ambushes, 0, 2))
{
	as('stranger', 'ambushed', $create);
	like(as($super, 'ambushed', 'CREATE EXTENSION hpimp SCHEMA open'), qr/already exists|is not unique/, "not installed over: $create");
	is(as($super, 'ambushed', "SELECT count(*) FROM pg_extension WHERE extname = 'hpimp'"), '0', '... nor in part');
	is(as('stranger', 'ambushed', "DROP $drop"), '', '... and the stranger\'s own is as it was');
}
is(as('stranger', 'ambushed', <<'SQL'), '', 'more in wait: types of the names the script writes, functions near its own');
CREATE DOMAIN open.jsonb AS int;
CREATE DOMAIN open.text AS int;
CREATE DOMAIN open.float8 AS int;
CREATE DOMAIN open.cstring AS int;
CREATE DOMAIN open.internal AS int;
CREATE DOMAIN open.regclass AS int;
CREATE FUNCTION open.trap(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION open.hp_progress(VARIADIC every int[]) RETURNS TABLE (pid int) LANGUAGE sql AS $$ SELECT open.trap('') $$;
CREATE FUNCTION open.hp_study_in(pg_catalog.text) RETURNS int LANGUAGE sql AS $$ SELECT open.trap('') $$;
SQL
is(as($super, 'ambushed', <<'SQL'), "jsonb|text\n0\n2", 'installed beside them it is made of what PostgreSQL has, and is itself');
CREATE EXTENSION hpimp SCHEMA open;
SELECT string_agg(a::regtype::text, '|' ORDER BY n) FROM pg_proc, unnest(proargtypes::oid[]) WITH ORDINALITY a (a, n) WHERE proname = 'hp_number';
SELECT count(*) FROM open.hp_progress;
CREATE TABLE runs AS SELECT jsonb_build_object('a', i, 'b', i % 3) AS config, i AS loss FROM generate_series(1, 30) i;
SELECT count(*) FROM open.hp_importance('runs', 'loss');
SQL
is(as($super, 'ambushed', q{SELECT pg_get_viewdef('open.hp_progress'::regclass) ~ 'FROM open.hp_progress\(\) '}), 't', 'the view is over its own function');

# to call it, EXECUTE and USAGE are enough; without USAGE also through a view nothing runs
is(as('stranger', 'ambushed', q{SELECT open.hp_number('{"a": 2}', 'a')}), '2', 'everybody may call it');
$node->safe_psql('ambushed', <<'SQL');
GRANT SELECT ON runs TO stranger;
CREATE SCHEMA closed;
ALTER EXTENSION hpimp SET SCHEMA closed;
CREATE VIEW answers AS SELECT parameter FROM closed.hp_importance('runs', 'loss');
GRANT SELECT ON answers TO stranger;
SQL
like(as('stranger', 'ambushed', 'SELECT count(*) FROM answers'), qr/permission denied for schema closed/, 'not out of a schema that is closed to the caller');
$node->safe_psql('ambushed', 'GRANT USAGE ON SCHEMA closed TO stranger');
is(as('stranger', 'ambushed', 'SELECT count(*) FROM answers'), '2', '... once it is open, it runs');
my $function = 'closed.hp_importance(regclass, text, text[], int, int, int, float8, bigint, text[], text[], text[], text, text, text, text, float8, int, boolean)';
my $ask = q{SELECT count(*) FROM closed.hp_importance('runs', 'loss')};
$node->safe_psql('ambushed', 'REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA closed FROM PUBLIC');
like(as('stranger', 'ambushed', $ask), qr/permission denied for function hp_importance/, 'all functions can be closed');
$node->safe_psql('ambushed', "GRANT EXECUTE ON FUNCTION $function TO stranger");
like(as('stranger', 'ambushed', $ask), qr/permission denied for aggregate hp_study_agg/, '... and opened again');
$node->safe_psql('ambushed', 'GRANT EXECUTE ON FUNCTION closed.hp_study_agg(jsonb, float8) TO stranger');
is(as('stranger', 'ambushed', $ask), '2', '... one by one');

#
# Tables under a call: what was named is what is read, with the columns it has
#
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE runs AS SELECT jsonb_build_object('a', i) AS config, i AS loss FROM generate_series(1, 11) i;
CREATE TABLE others AS SELECT jsonb_build_object('secret', i) AS config, i AS loss, i AS more FROM generate_series(1, 22) i;
CREATE TABLE doomed AS TABLE runs;
GRANT SELECT ON runs, others, doomed TO stranger;
SQL

# A call by stranger begins, and waits for a session that changes tables and commits.
sub changed_under
{
	my ($change, $call) = @_;
	my $changing = $node->background_psql('postgres', on_error_stop => 0);
	my ($out, $err) = ('', '');

	$changing->query_safe("BEGIN; $change");
	local $ENV{PGUSER} = 'stranger';
	my $calling = IPC::Run::start([ 'psql', '-XAtqd', $node->connstr('postgres'), '-c', $call ],
		'<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(120));
	$ENV{PGUSER} = $super;
	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'stranger' AND wait_event_type = 'Lock'})
	  or die 'the call does not wait';
	$changing->query_safe('COMMIT');
	$changing->quit;
	IPC::Run::finish($calling);
	return $out . $err;
}
like(changed_under('ALTER TABLE runs RENAME TO former; ALTER TABLE others RENAME TO runs', q{SELECT runs FROM hp_study_runs(hp_study('runs', 'loss'))}),
	qr/^11$/m, 'two tables change names: the one that was meant is read');
like(changed_under('CREATE SCHEMA elsewhere; GRANT USAGE ON SCHEMA elsewhere TO stranger; ALTER TABLE former SET SCHEMA elsewhere',
		q{SELECT runs FROM hp_study_runs(hp_study('former', 'loss'))}), qr/^11$/m, 'a table moves: it is read');
like(changed_under('ALTER TABLE elsewhere.former RENAME loss TO val_loss', q{SELECT hp_study('elsewhere.former', 'loss')}),
	qr/ERROR:  metric "loss" is no column of elsewhere.former/, 'a column changes its name: said in our words');
like(changed_under('REVOKE SELECT ON elsewhere.former FROM stranger; LOCK elsewhere.former', q{SELECT hp_study('elsewhere.former', 'val_loss')}),
	qr/ERROR:  permission denied for table former/, 'a right is taken away: it is gone');
like(changed_under('ALTER TABLE runs ENABLE ROW LEVEL SECURITY', q{SELECT hp_study('runs', 'loss') IS NULL}),
	qr/^t$/m, 'row-level security comes: it holds');
like(changed_under('DROP TABLE doomed', q{SELECT hp_study('doomed', 'loss')}), qr/ERROR:  relation with OID \d+ does not exist/, 'a table goes: an error');

# the temporary tables of others
my $other = $node->background_psql('postgres');
$other->query_safe(q{CREATE TEMP TABLE mine AS SELECT '{"a": 1}'::jsonb AS config, 1 AS loss});
my $oid = $node->safe_psql('postgres', q{SELECT oid FROM pg_class WHERE relname = 'mine'});
like(as('stranger', 'postgres', "SELECT hp_study($oid, 'loss')"), qr/permission denied for schema pg_temp/, 'a temporary table of another session: no');
like(as($super, 'postgres', "SELECT hp_study($oid, 'loss')"), qr/cannot access temporary tables of other sessions/, '... for nobody');
$other->quit;

unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP:|PANIC/, 'nothing crashed');
$node->stop;
done_testing();
