# Every block of doc/your-tables.md and doc/recipes.md is run, and what the documents
# show of the answers is what comes.
#
# A block of sql or sh with another one below it, without a language, shows its
# output; a line of it that begins with an ellipsis ends what is compared. With
# UPDATE_DOCUMENTS=1 the documents are written anew with what came.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Cwd qw(abs_path);
use Encode;
use Runs;
use Test::More;

my $root = abs_path("$FindBin::RealBin/../..");
my $node = new_node('documents');
my $work = PostgreSQL::Test::Utils::tempdir();

# psql for all blocks: as few digits as the documents show, in their dress
open(my $rc, '>', "$work/psqlrc") or die $!;
print $rc "\\set QUIET on\n\\pset linestyle unicode\n\\pset border 1\n\\pset footer off\n\\pset pager off\n";
close($rc);
$ENV{PSQLRC} = "$work/psqlrc";
$ENV{PGOPTIONS} = '-c extra_float_digits=-11';
($ENV{PGHOST}, $ENV{PGPORT}) = ($node->host, $node->port);
symlink("$root/examples", "$work/examples") or die $!;

# the output of a command in the folder of the files, and its status
sub output
{
	my ($database, $input, @command) = @_;
	my ($stdout, $stderr) = ('', '');
	local $ENV{PGDATABASE} = $database;

	IPC::Run::run(\@command, '<', \$input, '>', \$stdout, '2>', \$stderr, init => sub { chdir($work) or die $! });
	return ($? >> 8, $stdout, $stderr);
}

sub fill
{
	my ($database, @command) = @_;
	local $ENV{PGOPTIONS} = '';
	my ($status, $stdout, $stderr) = output($database, '', 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', @command);

	is($status, 0, "$database is filled") or diag($stderr);
	return $stdout;
}

# the blocks of a document: heading, language, text, and where the shown output is
sub blocks
{
	my ($text) = @_;
	my (@blocks, $heading);

	while ($text =~ /^(?:## ([^\n]*)$|( *)```(\w*)\n(.*?)^\g2```$)/msg)
	{
		if (defined $1) { $heading = $1; next; }
		my ($indent, $language, $body, $from, $to, $start, $end) = ($2, $3, $4, $-[4], $+[4], $-[0], $+[0]);

		$body =~ s/^$indent//mg;
		if ($language eq '' && @blocks && substr($text, $blocks[-1]{end}, $start - $blocks[-1]{end}) =~ /^\s*$/)
		{
			@{ $blocks[-1] }{ 'shown', 'from', 'to' } = ($body, $from, $to);
		}
		else
		{
			push(@blocks, { heading => $heading, language => $language, indent => $indent, text => $body, end => $end });
		}
	}
	return @blocks;
}

# what is shown and what came, as far as they are to be compared
sub as_shown
{
	my ($came, $shown) = @_;

	$came =~ s/[ \t]+$//mg;
	$came =~ s/^\n+|\n+\z//g;
	$came .= "\n";
	if ($shown =~ /^( *…[^\n]*)\n\z/m)
	{
		my $end = $1;
		my @rows = split(/\n/, substr($shown, 0, $-[0]));
		my @there = split(/\n/, $came);

		$came = join("\n", @there[ 0 .. ($#rows < $#there ? $#rows : $#there) ], $end) . "\n";
	}
	return $came;
}

sub run_document
{
	my ($name, $database_of, @languages) = @_;
	my $text = Encode::decode('UTF-8', slurp_file("$root/doc/$name"));
	my ($ran, $compared, $shift) = (0, 0, 0);

	foreach my $block (blocks($text))
	{
		next unless $block->{language} =~ /^(?:sql|sh)$/;
		my $database = $database_of->{ $block->{heading} } // 'postgres';
		my @command = $block->{language} eq 'sql' ? ('psql', '-q', '-v', 'ON_ERROR_STOP=1', '-f', '-') : ('bash', '-euo', 'pipefail', '-s');
		my ($status, $stdout, $stderr) = output($database, Encode::encode('UTF-8', $block->{text}), @command);

		is($status, 0, "$name, $block->{heading}: block " . ++$ran . ' runs') or diag($block->{text}, $stderr);
		unlike($stderr, qr/ERROR|WARNING/, "$name, $block->{heading}: block $ran says nothing wrong");
		next unless defined $block->{shown};
		my $came = as_shown(Encode::decode('UTF-8', $stdout), $block->{shown});
		$compared++;
		if ($ENV{UPDATE_DOCUMENTS})
		{
			my $new = $came =~ s/^(?=.)/$block->{indent}/mgr;

			substr($text, $block->{from} + $shift, $block->{to} - $block->{from}) = $new;
			$shift += length($new) - ($block->{to} - $block->{from});
			next;
		}
		is($came, as_shown($block->{shown}, $block->{shown}), "$name, $block->{heading}: block $ran answers as shown");
	}
	if ($ENV{UPDATE_DOCUMENTS})
	{
		open(my $file, '>:utf8', "$root/doc/$name") or die $!;
		print $file $text;
		close($file);
	}
	return ($ran, $compared);
}

# the databases of the trackers, files, and tables of one's own
$node->safe_psql('postgres', "CREATE DATABASE $_") foreach ('mlflow', 'optuna', 'recipes');
foreach my $database ('mlflow', 'optuna', 'recipes', 'postgres')
{
	fill($database, '-f', "$root/test/fixtures/lab.sql");
}
fill('mlflow', '-f', "$root/test/fixtures/mlflow.sql");
fill('optuna', '-v', 'schema=3', '-f', "$root/test/fixtures/optuna.sql");
fill('recipes', '-c', 'CREATE TABLE runs AS SELECT id, team, sweep, dataset, commit, created, state, config, val_loss, val_accuracy FROM lab');
fill('postgres', '-c', <<'SQL');
CREATE TABLE trainings AS SELECT id, state, (config->>'lr')::float8 AS lr, (config->>'layers')::int AS layers, (config->>'dropout')::float8 AS dropout,
	(config->>'amp')::boolean AS amp, config #>> '{optimizer,name}' AS optimizer, val_loss, val_accuracy FROM lab;
CREATE TABLE results AS SELECT id, val_loss FROM lab;
CREATE TABLE settings AS SELECT id AS run_id, key AS name, value #>> '{}' AS value FROM lab_parameter;
SQL
my %file = (
	'export.csv' => [ q{SELECT 'run ' || id AS "Name", state AS "State", NULL AS "Notes", config->>'lr' AS lr, config->>'layers' AS layers, config->>'dropout' AS dropout,
		config #>> '{optimizer,name}' AS "optimizer.name", config #>> '{optimizer,momentum}' AS "optimizer.momentum", config->>'seed' AS seed, val_loss, val_accuracy, id AS _step FROM lab}, '' ],
	'project.csv' => [ q{SELECT id - 1, CASE WHEN val_loss = 'NaN' THEN '{''val_loss'': nan}' WHEN val_loss < 'Infinity' THEN format('{''val_loss'': %s}', val_loss) ELSE '{}' END,
		replace(replace(replace(config::text, '"', ''''), 'true', 'True'), 'false', 'False'), 'run ' || id FROM lab}, ",summary,config,name\n" ]);
foreach my $name (keys %file)
{
	my ($query, $header) = @{ $file{$name} };
	my $csv = fill('postgres', '-c', "COPY ($query) TO STDOUT (FORMAT csv" . ($header ? '' : ', HEADER') . ')');

	open(my $file, '>', "$work/$name") or die $!;
	print $file $header . $csv;
	close($file);
}
open(my $lines, '>', "$work/runs.jsonl") or die $!;
print $lines fill('postgres', '-At', '-c', q{SELECT regexp_replace(jsonb_build_object('id', 'x' || id, 'state', state, 'config', config,
	'summary', jsonb_build_object('val_loss', val_loss))::text, '"(NaN|Infinity)"', '\1') FROM lab ORDER BY id});
close($lines);

my ($ran, $compared) = run_document('your-tables.md', { 'MLflow' => 'mlflow', 'Optuna' => 'optuna' });
cmp_ok($ran, '>=', 14, 'your-tables.md: all blocks were found');
cmp_ok($compared, '>=', 8, 'your-tables.md: answers were compared');
like(slurp_file("$work/report.html"), qr/<html.*optimizer\.name/s, 'the picture of the CSV is there');
like(slurp_file("$work/importance.svg"), qr/<svg.*optimizer\.name/s, "that of Optuna's study too");

($ran, $compared) = run_document('recipes.md', { map { $_ => 'recipes' } Encode::decode('UTF-8', slurp_file("$root/doc/recipes.md")) =~ /^## (.*)$/mg });
like(slurp_file("$work/$_.html"), qr/<html.*optimizer\.name/s, "recipes.md: the page of $_ is there") foreach ('vision', 'speech', 'search');
cmp_ok($ran, '>=', 22, 'recipes.md: all blocks were found');
cmp_ok($compared, '>=', 15, 'recipes.md: answers were compared');

$node->stop;
done_testing();
