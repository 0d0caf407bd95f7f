# The drivers through which BI tools ask: the same statements by each, in every
# way it has, give psql's numbers to the last bit. The programs, and what they
# understand: test/drivers. A driver that is not installed is left out.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $programs = "$FindBin::RealBin/../drivers";
my $folder = PostgreSQL::Test::Utils::tempdir();

# some drivers know TCP only
my $node = new_node('drivers', "listen_addresses = '127.0.0.1'\nwal_level = replica\nmax_wal_senders = 2\n");
make_runs($node, 'runs', 300);
$node->safe_psql('postgres', 'CREATE SCHEMA elsewhere; CREATE SCHEMA tools; ALTER EXTENSION hpimp SET SCHEMA tools;'
	  . "ALTER DATABASE postgres SET search_path = public, tools; CREATE VIEW same AS SELECT config, 1.0 AS val_loss FROM runs; CREATE ROLE reader LOGIN; GRANT SELECT ON runs, same TO reader; GRANT USAGE ON SCHEMA tools TO reader");
# what the programs in C and psql connect by
my %to = (PGHOST => '127.0.0.1', PGPORT => $node->port, PGDATABASE => 'postgres', PGUSER => 'reader');

sub runs_well { my ($out, $err); return eval { IPC::Run::run([@_], '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(60)) }; }

# A program in C, if there is the header and the library that it needs.
sub compiled
{
	my ($name, $header, @libraries) = @_;
	my $cc = $ENV{CC} || 'cc';
	chomp(my $include = `pg_config --includedir`);
	my @with = ('-Wall', '-Wextra', '-Werror', '-I', $include);

	unlink "$folder/probe.c";
	append_to_file("$folder/probe.c", "#include <$header>\nint main(void) { return 0; }\n");
	return undef unless runs_well($cc, @with, '-o', "$folder/probe", "$folder/probe.c", @libraries);
	ok(runs_well($cc, @with, '-o', "$folder/$name", "$programs/$name.c", @libraries), "$name.c is compiled without a warning");
	return "$folder/$name";
}

# The first of some commands that runs a line of its own without complaint.
sub first_that_runs
{
	my ($commands, @try) = @_;
	my ($found) = grep { runs_well($_, @try) } @$commands;
	return $found;
}

sub odbc_driver
{
	my ($drivers, $err) = ('', '');
	eval { IPC::Run::run([ 'odbcinst', '-q', '-d' ], '>', \$drivers, '2>', \$err) };
	return $drivers =~ /\[(PostgreSQL Unicode)\]/ ? $1 : undef;
}

my ($jdbc) = grep { -e } glob('/usr/share/java/postgresql.jar /usr/share/java/postgresql-jdbc/postgresql.jar');
my $node_js = first_that_runs([ 'node', 'nodejs' ], '-e', 'require("pg")');
my $python = first_that_runs([ 'python3', '/usr/bin/python3' ], '-c', 'import psycopg2');
my $libpq = compiled('libpq', 'libpq-fe.h', '-lpq');
my $odbc = odbc_driver() && compiled('odbc', 'sql.h', '-lodbc');
my $java = $jdbc && runs_well('javac', '-version') ? 'java' : undef;

# how to run it, or nothing; the ways it has to ask
my %drivers = (
	'libpq' => [ $libpq && [$libpq], qw(simple untyped text varchar binary cursor) ],
	'node-pg' => [ $node_js && [ $node_js, "$programs/ask.js" ], qw(simple untyped cursor) ],
	'pgjdbc' => [ $java && [ $java, '-cp', $jdbc, "$programs/Ask.java" ], qw(simple untyped varchar binary cursor) ],
	'psqlODBC' => [ $odbc && [$odbc], qw(simple text varchar cursor) ],
	'psycopg2' => [ $python && [ $python, "$programs/ask.py" ], qw(simple untyped cursor) ]);

# What is asked: with $1 … where the way takes parameters, else with the same in
# the text. Wrapped as tools wrap what they are given.
my @about = ('runs', 'val_loss');
my $importance = 'SELECT parameter, importance, correlation FROM hp_importance($1, $2, trees => 20)';
my @asked = (
	[ 'importance', $importance, @about ],
	[ 'all columns', 'SELECT * FROM hp_parameters($1, $2, trees => 20)', @about ],
	[ 'quality', 'SELECT * FROM hp_quality($1, $2, trees => 20, uncertainty => true)', @about ],
	[ 'levels', 'SELECT * FROM hp_levels($1, $2)', @about ],
	[ 'curve', 'SELECT * FROM hp_marginal($1, $2, $3, trees => 20)', @about, 'optimizer.name' ],
	[ 'config', 'SELECT * FROM hp_correlation($1, $2, $3::text[])', @about, '{config}' ],
	[ 'report', 'SELECT hp_report($1, $2, trees => 20, uncertainty => false, ascii => true) AS report', @about ],
	[ 'qualified', 'SELECT parameter, importance FROM tools.hp_importance($1, $2, trees => 20)', 'public.runs', 'val_loss' ],
	[ 'counted', "SELECT count(*) FROM ($importance) AS counted", @about ],
	[ 'limited', "SELECT * FROM ($importance) AS virtual_table LIMIT 3", @about ],
	[ 'virtual table', "SELECT parameter AS parameter, sum(importance) AS total FROM\n($importance) AS virtual_table GROUP BY parameter ORDER BY total DESC, parameter LIMIT 10000", @about ],
	[ 'no rows', "SELECT * FROM ($importance) AS virtual_table LIMIT 0", @about ],
	[ 'nothing to say', 'SELECT * FROM hp_importance($1, $2, trees => 2)', 'same', 'val_loss' ]);

sub in_text
{
	my ($sql, @parameters) = @_;
	$sql =~ s/\$(\d)/'$parameters[$1 - 1]'/g;
	return $sql;
}

# psql's answer as the programs print theirs: numbers by their bytes.
sub answer_of_psql
{
	my ($sql) = @_;
	my @columns = map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres', "$sql \\gdesc");
	my $list = join(', ', map {
		my ($name, $type) = @$_;
		$type eq 'double precision' ? qq{encode(float8send("$name"), 'hex')}
		  : qq{replace(replace(replace("$name"::text, '\\', '\\\\'), E'\\n', '\\n'), E'\\t', '\\t')}
	} @columns);
	my $rows;

	IPC::Run::run([ 'psql', '-XAtq', '-F', "\t", '-P', 'null=\\N', '-d', $node->connstr('postgres'), '-c', "SELECT $list FROM ($sql) AS asked" ], '>', \$rows)
	  or die 'psql';
	return $rows;
}

my %answers = map { $_->[0] => answer_of_psql(in_text(@$_[ 1 .. $#$_ ])) } @asked;
cmp_ok(length $answers{importance}, '>', 100, 'psql has an answer');
is($answers{counted}, "7\n", 'of seven parameters');
is($answers{'no rows'}, '', 'or none');

# The lines for a program that asks everything in the given ways.
sub script
{
	my ($ways, @asked) = @_;
	my $script = '';

	foreach my $way (@$ways)
	{
		foreach (@asked)
		{
			my ($name, $sql, @parameters) = @$_;
			($sql, @parameters) = (in_text($sql, @parameters)) if $way eq 'simple' || $way eq 'cursor';
			$sql =~ s/\n/\\n/g;
			$script .= join("\t", "$name, $way", $way, $sql, @parameters) . "\n";
		}
	}
	return $script;
}

sub said
{
	my ($command, $script) = @_;
	my ($out, $err) = ('', '');
	local %ENV = (%ENV, %to, PGODBC => odbc_driver() // '');

	my $ran = eval { IPC::Run::run($command, '<', \$script, '>', \$out, '2>', \$err, IPC::Run::timeout(180)) };
	my %rows;
	while ($out =~ /^([^\t]*)\t(.*\n)/mg)
	{
		$rows{$1} .= $2;
	}
	return ($ran, $err, \%rows);
}

# as a tool may set up its session
my $strict = "set\texec\tSET default_transaction_read_only = on\npath\texec\tSET search_path = elsewhere\n";
my ($qualified) = grep { $_->[0] eq 'qualified' } @asked;

foreach my $name (sort keys %drivers)
{
	my ($command, @ways) = @{ $drivers{$name} };

  SKIP:
	{
		skip "$name is not installed", 1 unless $command;
		my ($ran, $err, $rows) = said($command, script(\@ways, @asked));
		ok($ran, "$name runs") or diag($err);
		foreach my $way (@ways)
		{
			is($rows->{"$_->[0], $way"} // '', $answers{ $_->[0] }, "$name: $_->[0], $way") foreach @asked;
		}
		($ran, $err, $rows) = said($command, $strict . script(\@ways, $qualified));
		ok($ran, "$name runs read-only, with another search_path") or diag($err);
		is($rows->{"qualified, $_"} // '', $answers{qualified}, "$name: read-only, with another search_path, $_") foreach @ways;
		# an error of the server arrives, and is no crash
		($ran, $err) = said($command, "wrong\tsimple\tSELECT * FROM hp_importance('runs', 'val_los')\n");
		ok(!$ran, "$name: an error is an error");
		like($err, qr/val_los/, "$name: which says what is wrong");
	}
}

# a standby answers as its primary does
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
is($standby->safe_psql('postgres', 'SELECT pg_is_in_recovery()'), 't', 'a standby');
is($standby->safe_psql('postgres', "SELECT parameter, importance, correlation FROM hp_importance('runs', 'val_loss')"),
	$node->safe_psql('postgres', "SELECT parameter, importance, correlation FROM hp_importance('runs', 'val_loss')"), 'gives the same');
$standby->stop;

$node->stop;
done_testing();
