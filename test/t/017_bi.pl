# What is offered to BI tools: every query of the Grafana dashboard and of
# doc/bi-tools.md is run, as a tool would run it, and has the columns it should.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP;
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

# Its columns and their types, and that it is nothing that a tool cannot draw: plain
# types, and none of the names that Grafana takes for something else.
sub columns_of
{
	my ($sql, $what) = @_;
	my %columns = map { split /\|/ } read_only("$sql \\gdesc");

	is_deeply([ grep { !/^(text|double precision|bigint|integer|timestamp with time zone)$/ } values %columns ], [], "$what: plain types");
	is_deeply([ grep { /^(time|timeend|metric|name)$/ } keys %columns ], [], "$what: no names that mean something else");
	return \%columns;
}

#
# The dashboard
#
my $dashboard = decode_json(slurp_file("$top/dashboards/grafana.json"));
my @panels = @{ $dashboard->{panels} };
my %panel = map { $_->{id} => $_ } @panels;
my %variables = map { $_->{name} => $_ } @{ $dashboard->{templating}{list} };

sub literal { my ($text) = @_; $text =~ s/'/''/g; return "'$text'"; }

# As Grafana puts in ${name:sqlstring}.
sub filled
{
	my ($sql, %values) = @_;
	$sql =~ s/\$\{(\w+):sqlstring\}/literal($values{$1} \/\/ die "no $1")/ge;
	return $sql;
}

is(scalar(keys %panel), scalar(@panels), 'panels have ids of their own');
my @source = grep { $_->{type} eq 'datasource' } values %variables;
is($source[0]{query}, 'grafana-postgresql-datasource', 'one source of data, to be chosen');
foreach my $p (@panels)
{
	my ($x, $y, $w, $h) = @{ $p->{gridPos} }{qw(x y w h)};
	cmp_ok($x + $w, '<=', 24, "$p->{title}: within the grid");
	my @over = grep { my $o = $_->{gridPos}; $_->{id} != $p->{id} && $o->{x} < $x + $w && $x < $o->{x} + $o->{w} && $o->{y} < $y + $h && $y < $o->{y} + $o->{h} } @panels;
	is(scalar(@over), 0, "$p->{title}: over no other");
}
# every variable that is used is there, is quoted where SQL has it, and all are used
my $text = slurp_file("$top/dashboards/grafana.json");
my %used = map { $_ => 1 } $text =~ /\$\{(\w+)/g;
is_deeply([ sort keys %used ], [ sort keys %variables ], 'the variables');
my @queries = map { $_->{rawSql} } grep { exists $_->{rawSql} } map { @{ $_->{targets} } } @panels;
my @lists = grep { $_->{type} eq 'query' } @{ $dashboard->{templating}{list} };
unlike(join("\n", @queries, map { $_->{query} } @lists), qr/\$(?!\{\w+:sqlstring\})/, 'all are quoted');

# what a user sees first: Grafana takes the first of each list
my %first = map { $_->{name} => $_->{current}{value} } grep { $_->{type} =~ /^(textbox|custom)$/ } values %variables;
foreach my $list (@lists)
{
	my @rows = read_only(filled($list->{query}, %first));
	$first{ $list->{name} } = $rows[0];
	is_deeply(\@rows, [ 'runs', '"a lab"."it\'s ""odd"""' ], 'relations that can be read and have a config') if $list->{name} eq 'relation';
	is_deeply(\@rows, [ 'val_loss', 'id' ], 'metrics') if $list->{name} eq 'metric';
	is(scalar(@rows), 7, 'parameters') if $list->{name} eq 'parameter';
}
is($first{parameter}, 'lr', 'the most important parameter');

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

my %rows;
foreach my $p (@panels)
{
	my ($target) = @{ $p->{targets} };
	is(scalar(@{ $p->{targets} }), 1, "$p->{title}: one query");
	if (exists $target->{panelId})
	{
		my $other = $panel{ $target->{panelId} };
		is($target->{datasource}{uid}, '-- Dashboard --', "$p->{title}: takes the rows of another panel");
		$target = $other->{targets}[0];
	}
	like($target->{rawSql} // '', qr/\S/, "$p->{title}: has a query");
	my $sql = filled($target->{rawSql}, %first);
	my $columns = columns_of($sql, $p->{title});
	is_deeply([ grep { !exists $columns->{$_} } spoken_of($p) ], [], "$p->{title}: speaks of columns that are there");
	if ($p->{type} eq 'barchart')
	{
		is($columns->{ $p->{options}{xField} }, 'text', "$p->{title}: bars have names");
	}
	$rows{ $p->{id} } = [ read_only($sql) ];
	# and about a view with names that want quoting
	my %odd = (%first, relation => '"a lab"."it\'s ""odd"""', metric => "lo'ss", config => "{con'fig}", axis => 'log', goal => 'maximize');
	is(scalar(my @odd = read_only(filled($target->{rawSql}, %odd))), scalar(@{ $rows{ $p->{id} } }), "$p->{title}: of a view with odd names")
	  unless $p->{title} =~ /levels\)$/;
	# the other kind of parameter
	if ($p->{title} =~ /^What/)
	{
		my $other = () = read_only(filled($target->{rawSql}, %first, parameter => 'optimizer.name'));
		cmp_ok($other, $p->{title} =~ /levels/ ? '==' : '<', $p->{title} =~ /levels/ ? 3 : 1, "$p->{title}: of a category");
		push @{ $rows{ $p->{id} } }, 'levels' if $other == 3;
	}
}
cmp_ok(scalar(@{ $rows{$_} }), '>', 0, "$panel{$_}{title}: has rows") foreach sort { $a <=> $b } keys %rows;

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
	columns_of($sql, $what);
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
