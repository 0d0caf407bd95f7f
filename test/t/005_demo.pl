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

$node->stop;
done_testing();
