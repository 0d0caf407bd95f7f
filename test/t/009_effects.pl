# Functional ANOVA of a larger forest: the same numbers by any number of workers,
# whether the trees were just grown or stored; and it ends when it is told to.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('effects', <<'CONF');
max_worker_processes = 8
max_parallel_workers = 8
log_min_messages = debug1
CONF
make_runs($node, 'runs', 10000);
$node->safe_psql('postgres', "CREATE TABLE kept AS SELECT hp_study('runs', 'val_loss') AS study");

# all digits of all rows
sub rows_of
{
	my ($function) = @_;
	return "SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM $function AS t";
}

my %want;
my %questions = (
	'method fanova' => rows_of("hp_importance('runs', 'val_loss', method => 'fanova')"),
	'shares' => rows_of("hp_interactions('runs', 'val_loss', space => 'log')"),
	'a marginal' => rows_of("hp_marginal('runs', 'val_loss', 'lr')"),
	'a forest' => "SELECT md5(hp_forest(study, method => 'fanova')::text) FROM kept");

foreach my $workers (0 .. 3)
{
	my $set = "SET max_parallel_workers_per_gather = $workers;";

	foreach my $what (sort keys %questions)
	{
		my $got = $node->safe_psql('postgres', "$set $questions{$what}");

		$want{$what} //= $got;
		is($got, $want{$what}, "$what: the same with $workers workers");
	}
}
is(workers_launched($node, "SET max_parallel_workers_per_gather = 3; $questions{'method fanova'}"), 3, 'three workers did come');

# the method looks at trees, it does not change them
is($node->safe_psql('postgres', "SELECT count(*) FROM kept, hp_interactions(hp_forest(study, method => 'fanova')) f FULL JOIN"
	. " hp_interactions(hp_forest(study, method => 'impurity', missing => 'fill')) p USING (parameter, share, stddev) WHERE f.with_parameter IS DISTINCT FROM p.with_parameter"),
	0, 'the same trees by any method');

# stored, and sent through a dump
$node->safe_psql('postgres', 'CREATE TABLE forests AS SELECT hp_forest(study, method => \'fanova\') AS forest FROM kept');
is($node->safe_psql('postgres', rows_of("(SELECT f.* FROM forests, hp_interactions(hp_space(forest, 'log')) f)")), $want{'shares'}, 'of a stored forest');
is($node->safe_psql('postgres', rows_of("(SELECT f.* FROM forests, hp_interactions(hp_space(forest::text::hp_forest, 'log')) f)")), $want{'shares'},
	'of its text');

# the end
# (fully grown, so that there is far more to do than is allowed)
$node->safe_psql('postgres', "CREATE TABLE large AS SELECT hp_forest(study, trees => 400, method => 'impurity') AS forest FROM kept");
foreach my $question ('hp_interactions(forest)', "hp_marginal(forest, 'lr')", "hp_interactions('runs', 'val_loss', trees => 10000)")
{
	my $start = time;
	my ($status, $stdout, $stderr) = $node->psql('postgres',
		"SET statement_timeout = '20ms'; SELECT count(*) FROM large, generate_series(1, 1000) i, $question; SELECT 'not stopped';", on_error_stop => 0);

	like($stderr, qr/canceling statement due to statement timeout/, "$question: stopped by statement_timeout");
	cmp_ok(time - $start, '<', 5, "$question: at once") and note(sprintf('%.2f s, connecting included', time - $start));
}
unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP:|PANIC/, 'nothing crashed');
$node->stop;
done_testing();
