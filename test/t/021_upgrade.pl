# Values on their way: logical replication of a table of studies and forests, in
# text and in binary; the extension updated along every path that its scripts make,
# with stored values in use, ending as if it had been installed at once.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $node = new_node('upgrade', "wal_level = logical\nmax_wal_senders = 4\n");
make_runs($node, 'runs', 300);
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE studies (name text PRIMARY KEY, study hp_study, forest hp_forest);
ALTER TABLE studies REPLICA IDENTITY FULL;
INSERT INTO studies SELECT sweep, hp_study_agg(config, val_loss) FROM runs GROUP BY sweep;
INSERT INTO studies VALUES ('nothing', NULL), ('empty', (SELECT hp_study_agg(config, NULL) FROM runs));
UPDATE studies SET forest = hp_forest(study, trees => 30);
CREATE PUBLICATION all_studies FOR TABLE studies;
SQL
my $all = "SELECT md5(string_agg(concat_ws(' ', name, study::text, forest::text), ' ' ORDER BY name)) FROM studies";
my $answers = "SELECT string_agg(name || ': ' || " . answer('forest') . ", ' ' ORDER BY name) FROM studies";

#
# Logical replication
#
foreach my $binary ('false', 'true')
{
	my $subscriber = new_node("subscriber_$binary");
	my $name = $binary eq 'true' ? 'binary' : 'text';

	$subscriber->safe_psql('postgres', <<"SQL");
CREATE TABLE studies (name text PRIMARY KEY, study hp_study, forest hp_forest);
CREATE SUBSCRIPTION by_$name CONNECTION '@{[ $node->connstr ]} dbname=postgres' PUBLICATION all_studies WITH (binary = $binary);
SQL
	$subscriber->wait_for_subscription_sync($node, "by_$name");
	is($subscriber->safe_psql('postgres', $all), $node->safe_psql('postgres', $all), "$name: the first copy");
	$node->safe_psql('postgres', <<'SQL');
UPDATE studies SET study = hp_study_add_run(study, '{"lr": 0.3, "new": "ü"}', 1);
UPDATE studies SET forest = hp_forest(study, trees => 10, method => 'fanova') WHERE name = 'sweep 1';
INSERT INTO studies SELECT name || ' again', study, forest FROM studies WHERE name = 'sweep 2';
DELETE FROM studies WHERE name = 'sweep 0';
SQL
	$node->wait_for_catchup("by_$name");
	is($subscriber->safe_psql('postgres', $all), $node->safe_psql('postgres', $all), "$name: what changed, byte for byte");
	is($subscriber->safe_psql('postgres', $answers), $node->safe_psql('postgres', $answers), "$name: the answers");
	$subscriber->safe_psql('postgres', "DROP SUBSCRIPTION by_$name");
	unlike(slurp_file($subscriber->logfile), qr/terminated by signal|TRAP:|PANIC/, "$name: nothing crashed");
	$subscriber->stop;
	$node->safe_psql('postgres', <<'SQL');
DELETE FROM studies WHERE name LIKE '%again';
INSERT INTO studies SELECT 'sweep 0', hp_study_agg(config, val_loss) FROM runs WHERE sweep = 'sweep 0';
SQL
}

#
# ALTER EXTENSION UPDATE, from every version there is a script for
#

# What the extension consists of: everything that a script can get wrong.
my $parts = <<'SQL';
SELECT string_agg(part, E'\n' ORDER BY part COLLATE "C") FROM (
	SELECT pg_describe_object(classid, objid, objsubid) || coalesce(': ' || (SELECT concat_ws('|', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), prokind, provolatile,
			proparallel, proisstrict, procost, prorows, prosrc, probin, proacl::text) FROM pg_proc p WHERE classid = 'pg_proc'::regclass AND p.oid = objid),
		': ' || (SELECT concat_ws('|', typlen, typbyval, typalign, typstorage, typinput, typoutput, typreceive, typsend) FROM pg_type t WHERE classid = 'pg_type'::regclass AND t.oid = objid),
		': ' || (SELECT concat_ws('|', pg_get_viewdef(c.oid), relacl::text, (SELECT string_agg(col_description(c.oid, attnum), '|' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid))
			FROM pg_class c WHERE classid = 'pg_class'::regclass AND c.oid = objid AND relkind = 'v'), '')
		|| coalesce(' -- ' || obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid)), '')
		|| coalesce(' ' || (SELECT concat_ws('|', aggtransfn, aggcombinefn, aggfinalfn, aggserialfn, aggdeserialfn, aggtranstype::regtype, aggtransspace) FROM pg_aggregate WHERE classid = 'pg_proc'::regclass AND aggfnoid = objid), '') AS part
	FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'hpimp') AND deptype = 'e'
		AND NOT EXISTS (SELECT FROM pg_type WHERE classid = 'pg_type'::regclass AND oid = objid AND typrelid <> 0)) q
SQL

my $newest = $node->safe_psql('postgres', "SELECT default_version FROM pg_available_extensions WHERE name = 'hpimp'");
my @versions = split /\n/, $node->safe_psql('postgres', "SELECT version FROM pg_available_extension_versions WHERE name = 'hpimp' ORDER BY string_to_array(version, '.')::int[]");
my $want = $node->safe_psql('postgres', $parts);
ok((grep { $_ eq $newest } @versions), "version $newest can be installed at once");
is($versions[-1], $newest, '... and is the newest');
like($want, qr/^function hp_number\(jsonb,text\): document jsonb/m, 'its parts are told');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_extension_update_paths('hpimp') WHERE target = '$newest' AND path IS NULL"), '0',
	'every version can be brought to the newest');

foreach my $from (@versions)
{
	my $database = "from_$from" =~ s/\W/_/gr;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	# values that the old version stored, or, as there is none of its module here, this one
	$node->safe_psql($database, <<"SQL");
CREATE EXTENSION hpimp VERSION '$from';
CREATE TABLE runs AS SELECT jsonb_build_object('a', i, 'b', i % 3) AS config, i::float8 AS loss FROM generate_series(1, 50) i;
CREATE TABLE kept AS SELECT hp_study_agg(config, loss) AS study FROM runs;
CREATE VIEW asked AS SELECT parameter, importance FROM kept, hp_importance(hp_forest(study));
CREATE TABLE before AS TABLE asked;
SQL
	# step by step, every script on the longest way
	my @steps = grep { $_ ne $from } split /--/,
	  $node->safe_psql($database, "SELECT coalesce(path, '') FROM pg_extension_update_paths('hpimp') WHERE source = '$from' AND target = '$newest'");
	foreach my $step (@steps)
	{
		$node->safe_psql($database, "ALTER EXTENSION hpimp UPDATE TO '$step'");
		is($node->safe_psql($database, 'SELECT count(*) FROM (TABLE before EXCEPT TABLE asked) q'), '0', "from $from, at $step: stored values answer");
	}
	$node->safe_psql($database, 'ALTER EXTENSION hpimp UPDATE');
	is($node->safe_psql($database, "SELECT extversion FROM pg_extension WHERE extname = 'hpimp'"), $newest, "from $from: updated to $newest");
	is($node->safe_psql($database, $parts), $want, "from $from: as if installed at once");
	is($node->safe_psql($database, 'SELECT count(*) FROM (TABLE before EXCEPT TABLE asked) q'), '0', "from $from: stored values answer");
}

# the scripts and the control file say the same
my %script = map { m{/hpimp--([^/]*)\.sql$} ? ($1 => $_) : () } glob("$FindBin::RealBin/../../sql/hpimp--*.sql");
my %made = map { (s/.*--//r => 1) } keys %script;
is(join(' ', sort keys %made), join(' ', sort @versions), 'every version has its script in the tree');
foreach my $name (sort keys %script)
{
	my $text = slurp_file($script{$name});

	like($text, qr/^\\echo Use "(CREATE|ALTER) EXTENSION hpimp/m, "$name: not to be run by psql");
	# (bodies of functions aside: an IF of PL/pgSQL there makes nothing)
	unlike($text =~ s/^\s*--.*$//gmr =~ s/\$\$.*?\$\$//gsr =~ s/'(?:[^']|'')*'//gr, qr/\bOR\s+REPLACE\b|\bIF\s+NOT\s+EXISTS\b|\bSECURITY\s+DEFINER\b|\bLEAKPROOF\b|\bDO\s+\$/i,
		"$name: replaces nothing, lends nobody rights");
}

unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP:|PANIC/, 'nothing crashed');
$node->stop;
done_testing();
