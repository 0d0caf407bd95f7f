# doc/psql.md: every block runs in psql, and gives what it says; and what psql shows
# of the extension reads like a document.
use strict;
use warnings;
use Cwd qw(cwd);
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $node = new_node('psql', 'client_min_messages = warning');
my $folder = PostgreSQL::Test::Utils::tempdir();
make_runs($node, 'runs', 200);

my $document = slurp_file("$FindBin::RealBin/../../doc/psql.md");
# a heading, and its blocks
my %blocks;
foreach my $section (split /^## /m, $document)
{
	my ($title) = $section =~ /^(.*)/;
	$blocks{$title} = [ $section =~ /^```sql\n(.*?)^```/msg ];
}
my ($start) = grep { /^Once/ } keys %blocks;
my $always = join('', @{ $blocks{$start} });
chdir $folder or die $!;

# What psql prints of some blocks, after those of the session's start.
sub psql_says
{
	my (@blocks) = @_;
	my $script = "\\o /dev/null\n$always\\o\n" . join("\n", @blocks);
	my ($out, $err) = ('', '');

	ok(IPC::Run::run([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres') ], '<', \$script, '>', \$out, '2>', \$err, IPC::Run::timeout(180)), 'runs');
	is($err, '', 'without complaint');
	return $out;
}

sub blocks_of { my ($title) = grep { /$_[0]/ } keys %blocks; return @{ delete $blocks{ $title // die "no $_[0]" } }; }

like(psql_says(blocks_of('^# hpimp')), qr/hpimp\.max_runs .*│/, 'settings');
like(psql_says(blocks_of('^Once')), qr/ lr +│ +0\.\d+ │ +-?0\.\d+\n/, 'importances');

my @charts = map { psql_says($_) } blocks_of('^A chart');
like($charts[0], qr/\AWhich hyperparameters matter for val_loss in runs\n.*\nlr  .*█.*\n/s, 'a chart without a frame');
like($charts[1], qr/\AWhich hyperparameters matter/, 'in the width of the terminal');
unlike($charts[1], qr/[^\x00-\x7f]/, 'in ASCII');

is(psql_says(blocks_of('^Into')), '', 'into files');
like(slurp_file('report.html'), qr/\A<!DOCTYPE html>.*<\/html>\s*\z/si, 'a page');
like(slurp_file('importance.svg'), qr/\A<svg .*<\/svg>\s*\z/s, 'a picture');
like(slurp_file('report.md'), qr/^\| *\W*lr\b/m, 'Markdown');
like(slurp_file('answers.txt'), qr/verdict.* lr +│.*optimizer\.name +│ adam /s, 'answers');
like(slurp_file('parameters.csv'), qr/\Aparameter,kind,.*\nlr,numeric,200,/, 'a table for a spreadsheet');

# the commands of the shell, as they are printed
my ($commands) = $document =~ /^```sh\n(.*?)^```/ms;
unlink qw(report.html report.md);
{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');
	is(system('sh', '-e', '-c', $commands), 0, 'commands of the shell');
}
like(slurp_file('report.html'), qr/\A<!DOCTYPE html>/i, 'make a page');
like(slurp_file('report.md'), qr/^\| *\W*lr\b/m, 'and Markdown');

my $top = psql_says(blocks_of('gset'));
like($top, qr/^lr makes 0\.\d+ of the difference$/m, '\gset');
like($top, qr/ lr +│ (narrow|keep|extend|freeze) /, '\if');
my @tables = map { psql_says($_) } blocks_of('crosstabview');
like($tables[0], qr/parameter +│ +(val_loss +│ +id|id +│ +val_loss) /, 'metrics side by side');
like($tables[1], qr/parameter +│ +sweep 0 +│ +sweep 1 +│ +sweep 2/, 'sweeps side by side');
like($tables[2], qr/parameter +│ .*│/, 'pairs in a matrix');
my ($reports, $made) = blocks_of('gexec');
like(psql_says($reports), qr/Which hyperparameters matter for val_loss in runs/, 'reports by \gexec');
psql_says($made);
is($node->safe_psql('postgres', 'SELECT count(*) FROM importance_of_val_loss JOIN importance_of_id USING (parameter)'), '7', 'tables by \gexec');

# \watch goes on until it is interrupted: twice is enough
foreach my $block (blocks_of('watch'))
{
	my ($script, $out, $err) = ("$always$block", '', '');
	my $header = $block =~ /hp_progress/ ? qr/pid +│/ : qr/ parameter +│ +importance *\n/;

	$script =~ s/\\watch \d+/\\watch 0.2/;
	my $psql = IPC::Run::start([ 'psql', '-Xq', '-d', $node->connstr('postgres') ], '<', \$script, '>', \$out, '2>', \$err, my $limit = IPC::Run::timeout(120));
	$psql->pump until (() = $out =~ /\(every 0\.2s\)/g) >= 2;
	$psql->signal('INT');
	$psql->kill_kill;
	like($out, qr/$header.*$header/s, '\watch');
	is($err, '', '... without complaint');
}
is_deeply([ sort keys %blocks ], [], 'all blocks were run');

# What \df+ and \d+ show: a description everywhere, in sentences that begin with what
# it is, and arguments with names
my $described = $node->safe_psql('postgres', <<'SQL');
SELECT p.oid::regprocedure || ': ' || coalesce(obj_description(p.oid, 'pg_proc'), '')
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension e ON d.refobjid = e.oid AND extname = 'hpimp'
WHERE proname !~ '_(in|out|recv|send)$'
	AND (coalesce(obj_description(p.oid, 'pg_proc'), '') !~ '^\S.{20,}[^.\s]$' OR pronargs > 0 AND (proargnames IS NULL OR '' = ANY (proargnames)))
SQL
is($described, '', 'every function is described, every argument has a name');
my ($out) = run_command([ 'psql', '-Xq', '-d', $node->connstr('postgres'), '-c', '\df+ hp_*', '-c', '\d+ hp_progress', '-c', '\dx+ hpimp' ]);
like($out, qr/hp_importance.*which hyperparameters matter/s, '\df+');
like($out, qr/trees_done +\| integer .*trees trained so far/, '\d+');

$node->stop;
done_testing();
