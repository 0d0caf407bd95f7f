# Parts of a forest: trained with workers or without, they are the same, and so is
# what comes of them; a part that is cancelled leaves nothing and can be trained again.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $node = new_node('parts', <<'CONF');
max_worker_processes = 12
max_parallel_workers = 8
log_min_messages = debug1
CONF
make_runs($node, 'runs', 5000);
$node->safe_psql('postgres', 'CREATE TABLE studies AS SELECT hp_study_agg(config, val_loss) AS study FROM runs');

sub ask { return $node->safe_psql('postgres', join(' ', @_)); }

my @settings = ('trees => 150, uncertainty => true', "trees => 150, method => 'corrected'", "trees => 150, method => 'fanova'");
foreach my $settings (@settings)
{
	my @by_workers;

	foreach my $workers (0, 3)
	{
		my $set = "SET hpimp.max_parallel_workers = $workers;";
		my $parts = "SELECT hp_forest(study, $settings, part => part, parts => 3) AS forest FROM studies, generate_series(1, 3) AS part";

		is(workers_launched($node, "$set SELECT hp_forest(study, $settings, part => 2, parts => 3) IS NULL FROM studies") > 0 ? 1 : 0, $workers > 0 ? 1 : 0,
			"$settings: a part trained with at most $workers workers");
		push @by_workers, ask($set, "SELECT string_agg(md5(forest::text), ' ') FROM ($parts) p");
		is(ask($set, "SELECT md5(hp_forest_agg(forest)::text) FROM ($parts) p"), ask($set, "SELECT md5(hp_forest(study, $settings)::text) FROM studies"),
			'... and merged with the others, it is the forest trained at once');
	}
	is($by_workers[1], $by_workers[0], '... the same parts with workers and without');
}

# time is up in the middle of a part
my ($status, $stdout, $stderr) = $node->psql('postgres', "SET hpimp.max_parallel_workers = 3; SET statement_timeout = '300ms'; SELECT hp_forest(study, trees => 9000, part => 1, parts => 2) IS NULL FROM studies");
like($stderr, qr/canceling statement due to statement timeout/, 'a part can be cancelled');
is(ask("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'"), '0', '... and leaves no worker');
is(ask('SELECT count(*) FROM pg_ls_tmpdir()'), '0', '... and no temporary file');

# memory is limited for a part as for the whole
($status, $stdout, $stderr) = $node->psql('postgres', "SET hpimp.max_memory = '1MB'; SELECT hp_forest(study, part => 1, parts => 2) IS NULL FROM studies");
like($stderr, qr/hpimp\.max_memory/, 'a part is refused that would take too much memory');

$node->stop;
done_testing();
