# Memory that runs out in the server: every allocation of a call fails once, in the
# session and in its workers, and hpimp.max_memory is lowered step by step. There
# is the right answer or a clean error, and the session goes on.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $library = "${PostgreSQL::Test::Utils::tmp_check}/failing_malloc.so";
my $control = "${PostgreSQL::Test::Utils::tmp_check}/failing_malloc.control";
my $compiler = $ENV{CC} || 'cc';

if ($^O ne 'linux' || system("$compiler -shared -fPIC -O1 -o '$library' '$FindBin::RealBin/failing_malloc.c' 2>/dev/null") != 0)
{
	plan skip_all => "no library here to make malloc() fail ($compiler, glibc)";
}

# processes first .. last; the allocation that fails, from 1 on
sub arm
{
	my ($first, $last, $nth) = @_;
	open(my $file, '>:raw', "$control.new") or die "could not create $control: $!";
	print $file pack('qqq', $first, $last, $nth);
	close($file);
	# in place: the server's processes have it mapped
	open(my $from, '<:raw', "$control.new") or die $!;
	open(my $to, -e $control ? '+<:raw' : '>:raw', $control) or die $!;
	syswrite($to, do { local $/; <$from> });
	close($_) foreach ($from, $to);
	return;
}

# allocations that are still to go before the one that fails
sub left
{
	open(my $file, '<:raw', $control) or die $!;
	my (undef, undef, $left) = unpack('qqq', do { local $/; <$file> });
	close($file);
	return $left;
}

arm(0, 0, 0);
my $node = new_node('out_of_memory', <<'CONF');
max_worker_processes = 8
autovacuum = off
client_min_messages = warning
# LLVM ends the session when it has no memory
jit = off
dynamic_shared_memory_type = mmap
CONF
$node->stop;
{
	local $ENV{LD_PRELOAD} = $library;
	local $ENV{FAILING_MALLOC} = $control;
	$node->start;
}
make_runs($node, 'runs', 300);
$node->safe_psql('postgres', "CREATE TABLE kept AS SELECT hp_study('runs', 'val_loss') AS study");
$node->safe_psql('postgres', "CREATE TABLE grown AS SELECT hp_forest(study, trees => 4) AS forest FROM kept");
make_runs($node, 'many', 4000);
$node->safe_psql('postgres', "CREATE TABLE much AS SELECT hp_study('many', 'val_loss') AS study");

# A session that is asked one thing after the other.
my ($in, $out, $err) = ('', '', '');
my $psql = IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=terse', '-d', $node->connstr('postgres') ],
	'<', \$in, '>', \$out, '2>', \$err, my $timer = IPC::Run::timeout(300));

sub ask
{
	my ($sql) = @_;
	($out, $err) = ('', '');
	$timer->start(300);
	$in .= "$sql;\n\\echo --end--\n\\warn --end--\n";
	$psql->pump until $out =~ /--end--\n/ && $err =~ /--end--\n/;
	return ($out =~ s/--end--\n//r, $err =~ s/--end--\n//r);
}

my ($pid) = ask('SELECT pg_backend_pid()');
chomp($pid);

# OpenSSL, asked by the server for a SHA-256, has words of its own
my $clean = qr/ERROR:  out of memory|out of memory$|ERROR:  .*(?:: malloc failure$|SHA256)/m;

# Ask a question while its 1st, 2nd, ... allocation fails, until none is reached.
sub starve
{
	my ($name, $query, $first, $last, $step) = @_;
	my ($want) = ask($query);
	my ($nth, $failed, %other) = (1, 0);

	isnt($want, '', "$name: there is an answer");
	while (1)
	{
		arm($first, $last, $nth);
		my ($answer, $error) = ask($query);
		my $left = left();
		arm(0, 0, 0);
		$failed++ if $error ne '';
		$other{$error}++ if $error ne '' ? $error !~ $clean : $answer ne $want;
		last if $left > 0;
		$nth += $step;
	}
	my ($after, $error) = ask($query);
	is(join('', map { "$_ ($other{$_} times)\n" } sort keys %other), '', "$name: the right answer or a clean error");
	is("$after$error", $want, "$name: and the right answer after that");
	note("$name: $nth allocations, $failed calls failed");
	return $nth;
}

# (hashtext and not md5, which has errors of its own when OpenSSL gets no memory)
ask('SET max_parallel_workers_per_gather = 0');
my %questions = (
	'a study of runs' => 'SELECT hashtext(string_agg(s::text, \'\')) FROM (SELECT hp_study_agg(config, val_loss) AS s FROM runs GROUP BY sweep) q',
	'merging' => 'SELECT hashtext(hp_study_agg(study)::text) FROM kept, generate_series(1, 3)',
	'a study read' => 'SELECT hashtext(study::text::hp_study::text) FROM kept',
	'a table' => "SELECT hashtext(string_agg(i::text, ' ')) FROM hp_importance('runs', 'val_loss', trees => 2) i",
	'training' => 'SELECT hashtext(hp_forest(study, trees => 2)::text) FROM kept',
	'corrected' => "SELECT hashtext(hp_forest(study, trees => 2, method => 'corrected', uncertainty => true)::text) FROM kept",
	'one-hot' => "SELECT hashtext(hp_forest(study, trees => 2, encoding => 'onehot', depth => 1)::text) FROM kept",
	'a forest read' => 'SELECT hashtext(forest::text::hp_forest::text) FROM grown',
	'parameters' => 'SELECT hashtext(string_agg(p::text, \' \')) FROM grown, hp_parameters(forest) p',
	'interactions' => 'SELECT hashtext(string_agg(p::text, \' \')) FROM grown, hp_interactions(forest) p',
	'marginal' => 'SELECT hashtext(string_agg(p::text, \' \')) FROM grown, hp_marginal(hp_space(forest, \'log\'), \'lr\') p',
	'suggestions' => 'SELECT hashtext(string_agg(p::text, \' \')) FROM grown, hp_suggest(forest) p',
	'levels' => 'SELECT hashtext(string_agg(p::text, \' \')) FROM kept, hp_levels(study) p',
	'reports' => 'SELECT hashtext(string_agg(hp_report_as(forest, f), \'\')) FROM grown, unnest(\'{text,markdown,svg,html}\'::text[]) f',
	'predictions' => 'SELECT sum(hp_predict(forest, config)) FROM grown, runs');

my $all = 0;
$all += starve($_, $questions{$_}, $pid, $pid, 1) foreach sort keys %questions;
cmp_ok($all, '>', 200, "there were $all allocations to fail");

# in the workers, which begin after the session: whichever comes to the allocation
# first. A worker that has no memory to start with ends in any of the server's own
# errors; the leader must pass it on and live.
$clean = qr/^ERROR:  /m;
ask('SET max_parallel_workers_per_gather = 2');
my $parallel = "SELECT hashtext(hp_forest(study, trees => 10, method => 'corrected', uncertainty => true)::text) FROM much";
$all = starve('workers', $parallel, $pid + 1, 2**31, 29) + starve('workers and session', $parallel, $pid, 2**31, 31);
cmp_ok($all, '>', 100, "there were $all allocations to fail, in workers too");
$in = "\\q\n";
$psql->finish;

# the limit that is there for it
my $large = "SELECT hp_study_agg(jsonb_build_object('x', i, 'y', -i, 'z', i % 13, 'w', repeat('word ', 150) || i), i % 997) AS study FROM generate_series(1, 20000) i";
$node->safe_psql('postgres', "CREATE TABLE large AS $large");
my %large = (
	'a study' => "SELECT hashtext(study::text) FROM ($large) s",
	'merging' => 'SELECT hashtext(hp_study_agg(study)::text) FROM large, generate_series(1, 2)',
	'training' => "SELECT hashtext(hp_forest(study, trees => 1, max_depth => 3, method => 'impurity')::text) FROM large",
	'correlation' => "SELECT hashtext(string_agg(c::text, ' ')) FROM large, hp_correlation(study) c");
foreach my $name (sort keys %large)
{
	my $want = $node->safe_psql('postgres', $large{$name});
	my ($refused, $wrong) = (0, 0);

	foreach my $limit (16, 20, 24, 32, 40, 48, 64, 128)
	{
		my (undef, $answer, $error) = $node->psql('postgres', "SET hpimp.max_memory = '${limit}MB'; $large{$name}; SELECT 'lives'", on_error_stop => 0);
		if ($error =~ /^(psql:<stdin>:\d+: )?ERROR:  .* needs? more memory than hpimp\.max_memory allows\nDETAIL:  .*\nHINT:  .*\s*$/ && $answer eq 'lives')
		{
			$refused++;
		}
		elsif ($answer ne "$want\nlives")
		{
			$wrong++;
			diag("$name, $limit MB: $answer $error");
		}
	}
	is($wrong, 0, "$name: the right answer or a clean error at any limit");
	cmp_ok($refused, '>', 0, "$name: $refused limits were too low");
}

ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'"), 'no worker is left');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'no temporary file is left');
is(join(' ', grep { !m{/mmap\.\d+$} || -s > 2**20 } glob($node->data_dir . '/pg_dynshmem/*')), '', 'no shared memory is left');
unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP:|PANIC|leaked/, 'nothing crashed or leaked');
$node->stop;
done_testing();
