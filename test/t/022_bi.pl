# What is offered to BI tools: every query of the Grafana dashboard and of
# doc/bi-tools.md is run, as a tool would run it, and has the columns it should.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP qw();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $node = new_node('bi');
make_runs($node, 'runs', 300);
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE reader LOGIN;
GRANT SELECT ON runs TO reader;
CREATE SCHEMA "a lab";
CREATE VIEW "a lab"."it's ""odd""" AS SELECT config AS "con'fig", val_loss AS "lo'ss" FROM runs;
GRANT USAGE ON SCHEMA "a lab" TO reader;
GRANT SELECT ON "a lab"."it's ""odd""" TO reader;
CREATE TABLE tracked AS
SELECT 1 AS line, config, jsonb_build_object('val_loss', val_loss, 'steps', 3, 'note', 'x', 'test', jsonb_build_object('a<b&"', 0.5, 'who', 'me')) AS summary FROM runs
UNION ALL SELECT 2, '{}', NULL UNION ALL SELECT 3, '{}', '[1]';
GRANT SELECT ON tracked TO reader;
CREATE TABLE unreadable (config jsonb, loss float8);
CREATE TABLE plain (lr float8, loss float8);
GRANT SELECT ON plain TO reader;
SQL

# The rows of a query, by one who may only read, in a transaction that may not write.
sub read_only
{
	my ($sql, @options) = @_;
	local $ENV{PGOPTIONS} = '-c default_transaction_read_only=on -c client_min_messages=warning';
	my ($status, $out, $err) = $node->psql('postgres', $sql, extra_params => [ '-U', 'reader', @options ], timeout => 120);

	is($err, '', 'no complaint') or diag($sql);
	return split /\n/, $out;
}

# Its columns and their types, and that it is nothing that a tool cannot draw.
sub columns_of
{
	my ($sql, $what) = @_;
	my %columns = map { split /\|/ } read_only("$sql \\gdesc");

	is_deeply([ grep { !/^(text|double precision|bigint|integer|boolean|timestamp with time zone)$/ } values %columns ], [], "$what: plain types");
	return \%columns;
}

# Names that Grafana, and others, take for something else.
sub no_magic
{
	my ($columns, $what) = @_;
	is_deeply([ grep { /^(time|timeend|metric|name)$/ } keys %$columns ], [], "$what: no names that mean something else");
	return;
}

#
# The dashboards
#
sub literal { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }

# As Grafana puts in variables, and its filter by time.
sub filled
{
	my ($sql, %values) = @_;
	$sql =~ s/\$\{(\w+):sqlstring\}/literal($values{$1} \/\/ die "no $1")/ge;
	$sql =~ s/\$\{(\w+):raw\}/$values{$1} \/\/ die "no $1"/ge;
	$sql =~ s/\$__timeFilter\((\w+)\)/$1 BETWEEN now() - interval '90 days' AND now()/g;
	return $sql;
}

# A dashboard, its panels by their ids; all of what needs no database is tested.
sub dashboard
{
	my ($file) = @_;
	my $text = slurp_file("$top/dashboards/$file");
	my $dashboard = JSON::PP->new->decode($text);
	my @panels = @{ $dashboard->{panels} };
	my %panel = map { $_->{id} => $_ } @panels;
	my %variables = map { $_->{name} => $_ } @{ $dashboard->{templating}{list} };

	is(scalar(keys %panel), scalar(@panels), "$file: panels have ids of their own");
	is($variables{datasource}{query}, 'grafana-postgresql-datasource', "$file: the source of data can be chosen");
	foreach my $p (@panels)
	{
		my ($x, $y, $w, $h) = @{ $p->{gridPos} }{qw(x y w h)};
		cmp_ok($x + $w, '<=', 24, "$p->{title}: within the grid");
		my @over = grep { my $o = $_->{gridPos}; $_->{id} != $p->{id} && $o->{x} < $x + $w && $x < $o->{x} + $o->{w} && $o->{y} < $y + $h && $y < $o->{y} + $o->{h} } @panels;
		is(scalar(@over), 0, "$p->{title}: over no other");
		is(scalar(@{ $p->{targets} }), 1, "$p->{title}: one query");
		# it may take the rows of another panel
		my $other = $p->{targets}[0]{panelId};
		is($p->{datasource}{uid}, defined $other ? '-- Dashboard --' : '${datasource}', "$p->{title}: source of data");
		$p->{sql} = $panel{ $other // $p->{id} }{targets}[0]{rawSql};
		like($p->{sql}, qr/\S/, "$p->{title}: has a query");
	}
	# every variable that is used is there, is quoted where SQL has it, and all are used
	my %used = map { $_ => 1 } $text =~ /\$\{(\w+)/g;
	is_deeply([ sort keys %used ], [ sort keys %variables ], "$file: the variables");
	unlike(join("\n", map { $_->{sql} } @panels), qr/\$(?!\{\w+:sqlstring\}|\{history:raw\}|__timeFilter\()/, "$file: all are quoted");
	is_deeply([ sort map { $_->{id} } grep { $_->{type} eq 'panel' } @{ $dashboard->{__requires} } ], [ sort keys %{ { map { $_->{type} => 1 } @panels } } ], "$file: the kinds of panels");
	return ($dashboard, %panel);
}

# What a user sees first: Grafana takes the first of each list. Also the lists.
sub first_seen
{
	my ($dashboard) = @_;
	my (%first, %lists);

	foreach my $variable (@{ $dashboard->{templating}{list} })
	{
		my $name = $variable->{name};
		$first{$name} = $variable->{current}{value} if $variable->{type} =~ /^(textbox|custom)$/;
	}
	foreach my $variable (grep { $_->{type} eq 'query' } @{ $dashboard->{templating}{list} })
	{
		my $name = $variable->{name};
		$lists{$name} = [ read_only(filled($variable->{query}, %first)) ];
		$first{$name} = $lists{$name}[0];
	}
	return (\%first, \%lists);
}

# The columns that the settings of a panel speak of.
sub spoken_of
{
	my ($p) = @_;
	my @names = (map { $_->{matcher}{options} } @{ $p->{fieldConfig}{overrides} });

	push @names, grep { defined } @{ $p->{options} }{qw(xField colorByField)};
	push @names, map { @{ $_->{options}{include}{names} } } grep { $_->{id} eq 'filterFieldsByName' } @{ $p->{transformations} // [] };
	push @names, split(/\|/, $1) if ($p->{options}{reduceOptions}{fields} // '') =~ m{^/\^\((.*)\)\$/$};
	return @names;
}

# The rows of a panel; its settings must speak of columns that are there, and its
# columns be what its kind draws.
sub rows_of
{
	my ($p, %values) = @_;
	my $sql = filled($p->{sql}, %values);
	my $columns = columns_of($sql, $p->{title});

	is_deeply([ grep { !exists $columns->{$_} } spoken_of($p) ], [], "$p->{title}: speaks of columns that are there");
	if (($p->{targets}[0]{format} // '') eq 'time_series')
	{
		is($columns->{time}, 'timestamp with time zone', "$p->{title}: has a time");
		is_deeply([ grep { $_ eq 'text' } values %{ { %$columns, metric => '' } } ], [], "$p->{title}: and numbers");
	}
	else
	{
		no_magic($columns, $p->{title});
		is($columns->{ $p->{options}{xField} }, 'text', "$p->{title}: bars have names") if $p->{type} eq 'barchart';
	}
	return read_only($sql);
}

{
	my ($dashboard, %panel) = dashboard('grafana.json');
	my ($first, $lists) = first_seen($dashboard);
	my %odd = (%$first, relation => '"a lab"."it\'s ""odd"""', metric => "lo'ss", config => "{con'fig}", axis => 'log', goal => 'maximize');

	is_deeply($lists->{relation}, [ 'runs', 'tracked', '"a lab"."it\'s ""odd"""' ], 'relations that can be read and have a config');
	is_deeply($lists->{metric}, [ 'val_loss', 'id' ], 'metrics, those first that sound like one');
	my ($metrics) = map { $_->{query} } grep { $_->{name} eq 'metric' } @{ $dashboard->{templating}{list} };
	is_deeply([ read_only(filled($metrics, relation => 'tracked')) ], [ 'val_loss', 'steps', 'test.a<b&"', 'line' ], 'keys of a summary too');
	is($first->{parameter}, 'lr', 'the most important parameter');
	foreach my $p (values %panel)
	{
		my @rows = rows_of($p, %$first);
		# what a parameter does is drawn by one panel if it is a number, by another if a category
		my $levels = $p->{title} =~ /levels\)$/;
		my $of_one = $p->{title} =~ /^What/;
		cmp_ok(scalar(@rows), $levels ? '==' : '>', 0, "$p->{title}: of a number");
		is(scalar(my @odd = read_only(filled($p->{sql}, %odd))), scalar(@rows), "$p->{title}: of a view with odd names");
		my @category = read_only(filled($p->{sql}, %$first, parameter => 'optimizer.name'));
		is(scalar(@category), !$of_one ? scalar(@rows) : $levels ? 3 : 0, "$p->{title}: of a category");
	}
}

SKIP:
{
	my ($dashboard, %panel) = dashboard('grafana-history.json');
	skip 'this hpimp keeps no history', 1 if $node->safe_psql('postgres', "SELECT to_regproc('hp_history_create') IS NULL") eq 't';
	$node->safe_psql('postgres', <<'SQL');
SET client_min_messages = warning;
SELECT hp_history_create('my history');
SELECT hp_history_add('runs', 'val_loss', schema => 'my history');
CALL hp_snapshot(schema => 'my history');
CREATE TABLE more AS TABLE runs;
INSERT INTO runs SELECT id, sweep, config, val_loss + 1 FROM runs LIMIT 20;
CALL hp_snapshot(schema => 'my history');
TRUNCATE runs;
INSERT INTO runs TABLE more;
GRANT USAGE ON SCHEMA "my history" TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA "my history" TO reader;
SQL
	my ($first, $lists) = first_seen($dashboard);
	is_deeply($lists->{history}, ['"my history"'], 'histories that can be read');
	is(scalar(@{ $lists->{panel} }), 1, 'panels of it');
	my %count = map { $_->{title} => scalar(my @rows = rows_of($_, %$first)) } values %panel;
	is_deeply(\%count, { 'Importance' => 14, 'Out-of-bag R²' => 2, 'Runs' => 2, 'Latest importance' => 7, 'What has changed since the snapshot before' => 7, 'All panels' => 1 }, 'their rows');
}

#
# The document: all of its SQL, in its order, by the owner of the runs; what only
# reads is asked by the reader, too, as it stands and as tools wrap it
#
my @blocks = slurp_file("$top/doc/bi-tools.md") =~ /^```sql\n(.*?)^```/msg;
cmp_ok(scalar(@blocks), '>', 12, 'the document has SQL');
my ($asked, $made) = (0, 0);
foreach my $sql (@blocks)
{
	my ($what) = $sql =~ /^(.*)/;

	# what a tool puts for its own parameters
	$sql =~ s/'\{\{ *relation *\}\}'|\{\{ *relation *\}\}/'runs'::text/g;
	$sql =~ s/'\{\{ *metric *\}\}'|\{\{ *metric *\}\}/'val_loss'::text/g;
	if ($sql =~ /;\s*$/)
	{
		$node->safe_psql('postgres', "SET client_min_messages = warning; $sql");
		$made++;
		next;
	}
	$asked++;
	no_magic(columns_of($sql, $what), $what);
	cmp_ok(scalar(my @rows = read_only($sql)), '>', 0, "$what: has rows");
	is_deeply([ read_only("SELECT * FROM (\n$sql\n) AS virtual_table\n LIMIT 10000") ], [@rows], "$what: in a subselect");
	is_deeply([ read_only("SELECT count(*) FROM (\n$sql\n) AS counted") ], [ scalar(@rows) ], "$what: counted");
}
cmp_ok($asked, '>', 8, 'queries were asked');
cmp_ok($made, '>', 3, 'statements were run');

# what the document says of views: with the reader's rights, and with comments
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace AND nspname = 'bi' WHERE relkind IN ('v', 'm') AND obj_description(c.oid, 'pg_class') IS NULL"),
	'0', 'every view of the document has a comment');
$node->safe_psql('postgres', 'CREATE ROLE outsider LOGIN; GRANT USAGE ON SCHEMA bi TO outsider; GRANT SELECT ON ALL TABLES IN SCHEMA bi TO outsider');
my ($status, $out, $err) = $node->psql('postgres', 'SELECT count(*) FROM bi.importance', extra_params => [ '-U', 'outsider' ]);
like($err, qr/permission denied for (table|view) runs/, 'a view does not lend its owner\'s rights to the function');
is($node->safe_psql('postgres', 'SELECT count(*) FROM bi.importance_snapshot', extra_params => [ '-U', 'outsider' ]), '7', 'a materialized view does');

$node->stop;
done_testing();
