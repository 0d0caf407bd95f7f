# The SQL of the demo: what it loads, what it shows, what it suggests.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $node = new_node('demo');
my $test = "$FindBin::RealBin/..";

foreach my $file ('load.sql', 'tour.sql', 'next.sql')
{
	my $data = $file eq 'load.sql' ? `gzip -dc $test/data/digits_sweep.jsonl.gz` : '';
	my ($stdout, $stderr) = ('', '');

	ok(IPC::Run::run([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', "$test/demo/$file" ],
		'<', \$data, '>', \$stdout, '2>', \$stderr), "$file runs");
	unlike($stderr, qr/ERROR|WARNING/, "$file says nothing wrong");
}
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM runs'), '>', 500, 'runs were loaded');
is($node->safe_psql('postgres', "SELECT parameter FROM hp_importance('runs', 'val_loss') LIMIT 1"), 'optimizer.lr',
	'the learning rate matters most, as it should');

# the README shows this sweep: its figures are the answer's, to the digits given
my $readme = slurp_file("$test/../README.md");
my ($block) = $readme =~ /^SELECT \* FROM hp_importance\('runs', 'val_loss'\);\n(.*?)^```/ms;
my %answer = map { my ($name, @numbers) = split(/\|/, $_, -1); ($name => \@numbers) }
  split(/\n/, $node->safe_psql('postgres', "SELECT * FROM hp_importance('runs', 'val_loss')"));
my $rows = 0;
while ($block =~ /^ +([a-z_.]+) +│ +([0-9.e-]+) +│ *(-?[0-9.]*)/mg)
{
	my ($name, $importance, $correlation) = ($1, $2, $3);
	my $there = $answer{$name};

	cmp_ok(abs($there->[0] - $importance), '<=', 0.00051 * $importance, "README: importance of $name");
	$correlation eq '' ? is($there->[1], '', "README: no correlation of $name")
	  : cmp_ok(abs($there->[1] - $correlation), '<=', 0.00051 * abs($correlation), "README: correlation of $name");
	$rows++;
}
cmp_ok($rows, '>=', 8, 'rows of the README were compared');
# and what it says of their doubt
my ($doubt) = $readme =~ /^SELECT parameter, importance, standard_error, p_value_adjusted FROM hp_parameters\('runs', 'val_loss'\);\n(.*?)^```/ms;
my %doubt = map { my ($name, @numbers) = split(/\|/, $_, -1); ($name => \@numbers) }
  split(/\n/, $node->safe_psql('postgres', "SELECT parameter, importance, standard_error, p_value_adjusted FROM hp_parameters('runs', 'val_loss')"));
$rows = 0;
while ($doubt =~ /^ +([a-z_.]+) +│ +([0-9.e-]+) +│ +([0-9.e-]+) +│ +([0-9.e-]+)/mg)
{
	my ($name, @shown) = ($1, $2, $3, $4);

	cmp_ok(abs($doubt{$name}[$_] - $shown[$_]), '<=', 0.00051 * $shown[$_], "README: doubt of $name, $_") foreach 0 .. 2;
	$rows++;
}
cmp_ok($rows, '>=', 8, 'rows of doubt were compared');
my ($r2) = $readme =~ /^ +(0\.\d+) │ well explained/m;
cmp_ok(abs($node->safe_psql('postgres', "SELECT oob_r2 FROM hp_quality('runs', 'val_loss')") - $r2), '<=', 0.0006, 'README: out-of-bag R²');

# and its pictures: the panel is what is drawn now, those of the page were taken
# by a browser, whose fonts are its own
my $pictures = "$test/../doc/pictures";
is($node->safe_psql('postgres', slurp_file("$test/demo/panel.sql")) . "\n", slurp_file("$pictures/panel.svg"), 'the picture of the panel (make pictures draws it anew)');
foreach my $name (qw(page.png curves.png pairs.png))
{
	my $picture = slurp_file("$pictures/$name");

	like($picture, qr/^\x89PNG\r\n/, "$name is a picture");
	cmp_ok(length($picture), '<', 150_000, "$name is small");
}

$node->stop;
done_testing();
