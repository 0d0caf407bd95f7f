# Long work ends soon when it is told to: statement_timeout, pg_cancel_backend,
# pg_terminate_backend, alone and with workers. The aim is 0.2 s; only what takes
# longer than 5 s fails here, as machines may be busy.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('cancel', <<'CONF');
max_worker_processes = 8
CONF
make_runs($node, 'runs', 20000);
$node->safe_psql('postgres', "CREATE TABLE kept AS SELECT hp_study('runs', 'val_loss') AS study");

my %long = (
	'many trees' => 'SELECT length(hp_forest(study, trees => 10000)::text) FROM kept',
	'impurity' => "SELECT count(*) FROM kept, hp_importance(hp_forest(study, trees => 10000, method => 'impurity'))",
	'corrected' => "SELECT count(*) FROM kept, hp_importance(hp_forest(study, trees => 10000, method => 'corrected'))",
	'merging' => 'SELECT length(hp_study_agg(study)::text) FROM kept, generate_series(1, 10000)',
	'from a table' => "SELECT count(*) FROM hp_importance('runs', 'val_loss', trees => 10000)");

sub workers_gone
{
	my ($what) = @_;
	ok($node->poll_query_until('postgres',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type ~ 'parallel|hpimp'"), "$what: no worker is left");
	return;
}

foreach my $workers (0, 2)
{
	my $set = "SET max_parallel_workers_per_gather = $workers; SET hpimp.max_parallel_workers = $workers;";

	foreach my $what (sort keys %long)
	{
		my $name = "$what, $workers workers";
		my $start = time;
		my ($status, $stdout, $stderr) = $node->psql('postgres',
			"$set SET statement_timeout = '500ms'; $long{$what}; SELECT 'not stopped';", on_error_stop => 0);
		my $took = time - $start - 0.5;

		like($stderr, qr/canceling statement due to statement timeout/, "$name: stopped by statement_timeout");
		like($stdout, qr/not stopped/, "$name: the session goes on");
		cmp_ok($took, '<', 5, "$name: at once") and note(sprintf('%s: %.2f s, connecting included', $name, $took));
	}
	workers_gone("$workers workers");

	# told by another session
	foreach my $how ('cancel', 'terminate')
	{
		my $name = "pg_${how}_backend, $workers workers";
		my ($stdout, $stderr) = ('', '');
		my $psql = IPC::Run::start([ 'psql', '-Xqd', $node->connstr('postgres'),
				'-c', "$set SET application_name = 'victim'", '-c', $long{'many trees'} ],
			'<', \undef, '>', \$stdout, '2>', \$stderr, IPC::Run::timeout(120));

		ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'victim'"
			. " AND state = 'active' AND query ~ 'hp_forest' AND backend_type = 'client backend'"
			. " AND clock_timestamp() > query_start + interval '0.5 s'"), "$name: at work");
		my $start = time;
		$node->safe_psql('postgres', "SELECT pg_${how}_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'"
			. " AND backend_type = 'client backend'");
		IPC::Run::finish($psql);
		cmp_ok(time - $start, '<', 5, "$name: at once");
		like($stderr, $how eq 'cancel' ? qr/due to user request/ : qr/terminating connection/, "$name: message");
		workers_gone($name);
	}
}

is($node->safe_psql('postgres', 'SELECT count(*) > 0 FROM kept, hp_importance(hp_forest(study, trees => 2))'), 't', 'the server lives');
unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP:|PANIC/, 'nothing crashed');
$node->stop;
done_testing();
