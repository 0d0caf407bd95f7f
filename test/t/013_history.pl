# A history as it is lived with: by a database owner who is no superuser, from
# pg_cron (where it is installed) and from psql; several runs with a panel that
# fails among them, two sessions at once, retention, dump and restore.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $node = new_node('history', "log_min_messages = warning\n");
my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
chomp(my $libraries = `$pg_config --pkglibdir`);
my $has_cron = -e "$libraries/pg_cron.so";

sub restart_with_cron
{
	my ($background) = @_;
	my $host = $node->host;

	$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'pg_cron'
cron.database_name = 'postgres'
cron.host = '$host'
cron.use_background_workers = $background
max_worker_processes = 20
CONF
	$node->restart;
	return;
}

$node->safe_psql('postgres', 'CREATE ROLE ann LOGIN; CREATE ROLE bob LOGIN');
$node->safe_psql('postgres', 'CREATE DATABASE lab OWNER ann');

# as ann, unless said otherwise
sub ask
{
	my ($sql, %how) = @_;
	return $node->safe_psql($how{database} // 'lab', $sql, extra_params => [ '-U', $how{role} // 'ann' ]);
}

# what ann's cron would run: psql -c
sub snapshot
{
	my ($database) = @_;
	my ($stdout, $stderr);

	IPC::Run::run([ 'psql', '-XAtq', '-U', 'ann', '-d', $node->connstr($database // 'lab'), '-c', 'CALL hp_snapshot()' ],
		'>', \$stdout, '2>', \$stderr)
	  or die "psql failed: $stderr";
	chomp $stdout;
	return $stdout;
}

#
# Its functions are in PL/pgSQL, which may have been dropped
#
$node->safe_psql('postgres', 'CREATE DATABASE bare');
$node->safe_psql('bare', 'DROP EXTENSION plpgsql');
my (undef, undef, $lacks) = $node->psql('bare', 'CREATE EXTENSION hpimp');
like($lacks, qr/required extension "plpgsql" is not installed.*CREATE EXTENSION \.\.\. CASCADE/s, 'the extension says what it needs');
$node->safe_psql('bare', 'CREATE EXTENSION hpimp CASCADE');
$node->safe_psql('postgres', 'DROP DATABASE bare');

#
# Set up
#
ask('CREATE EXTENSION hpimp');
ask('CREATE SCHEMA data');
make_runs($node, 'made', 300);
my $rows = $node->safe_psql('postgres', 'COPY made TO STDOUT');
ask('CREATE TABLE data.runs (id int, sweep text, config jsonb, val_loss float8)');
ask("COPY data.runs FROM STDIN;\n$rows\n\\.\n");
ask(<<'SQL');
CREATE VIEW data.good AS SELECT * FROM data.runs WHERE val_loss < 1;
CREATE VIEW data.bad AS SELECT config, 1 / (id - id) AS val_loss FROM data.runs;
SELECT hp_history_create();
SELECT hp_history_add('data.runs', 'val_loss', panel => 'a all', settings => '{"trees": 20}', keep_count => 2);
INSERT INTO hp_history.hp_panels (panel, relation, metric) VALUES ('b bad', 'data.bad', 'val_loss');
SELECT hp_history_add('data.good', 'val_loss', panel => 'c good', settings => '{"trees": 20, "method": "impurity"}');
SQL
my $state = q{SELECT panel, snapshots, failing, coalesce(error, '-') FROM hp_history.hp_panel_state ORDER BY panel};
my $numbers = q{SELECT string_agg(concat_ws('|', panel, parameter, rank, importance, correlation), ' ' ORDER BY panel, place)
	FROM hp_history.hp_snapshots JOIN hp_history.hp_importances USING (snapshot)};

#
# From pg_cron, over a connection and in a background worker
#
my $job = q{SELECT cron.schedule_in_database('history', '* * * * *', 'CALL hp_snapshot()', 'lab', 'ann')};

sub wait_for_job
{
	my ($name) = @_;
	my $runs = 'SELECT %s FROM cron.job_run_details WHERE jobid = (SELECT max(jobid) FROM cron.job)';

	$node->safe_psql('postgres', $job);
	$node->poll_query_until('postgres', sprintf($runs, q{count(*) FILTER (WHERE end_time IS NOT NULL) > 0}))
	  or diag($node->safe_psql('postgres', 'SELECT * FROM cron.job_run_details'));
	is( $node->safe_psql('postgres', sprintf($runs, q{string_agg(DISTINCT concat_ws(' ', status, username, database), ', ')})),
		'succeeded ann lab', "$name: the job succeeded");
	$node->safe_psql('postgres', 'DELETE FROM cron.job');
	return;
}

SKIP:
{
	skip 'pg_cron is not installed', 2 unless $has_cron;
	restart_with_cron('off');
	$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron');
	wait_for_job('over a connection');
	is(ask($state), "a all|1|f|-\nb bad|0|t|division by zero\nc good|1|f|-", '... all panels are there, one with its error');
}
snapshot() unless $has_cron;

#
# From psql
#
is(snapshot(), '0|2|1|0', 'what has not changed is not taken again');
is(ask('SELECT count(*) FROM hp_history.hp_snapshots'), 3, '... nor an error stored again');
is( ask(q{SELECT string_agg(concat_ws('|', parameter, importance, correlation), ' ' ORDER BY parameter) FROM hp_history.hp_latest WHERE panel = 'a all'}),
	ask('SELECT ' . answer(q{'data.runs', 'val_loss', trees => 20})), 'the latest snapshot is what the one-liner says');

# where the loss is large it is now dropout that matters; good runs stay as they were
my $dropout = q{panel = 'a all' AND parameter = 'dropout'};
my ($rank, $importance) = split /\|/, ask("SELECT rank, importance FROM hp_history.hp_latest WHERE $dropout");
ask(q{UPDATE data.runs SET val_loss = 2 + 20 * coalesce((config ->> 'dropout')::float8, 0) WHERE val_loss >= 1});
is(snapshot(), '1|1|1|0', 'one panel has changed');
my ($new_rank, $new_importance) = split /\|/, ask("SELECT rank, importance FROM hp_history.hp_latest WHERE $dropout");
cmp_ok($new_rank, '<', $rank, 'dropout has risen');
is( ask("SELECT change, rank, previous_rank, rank_change, importance, previous_importance, importance_change = importance - previous_importance
	FROM hp_history.hp_changes WHERE $dropout"),
	join('|', 'up', $new_rank, $rank, $rank - $new_rank, $new_importance, $importance, 't'), '... by so many ranks and so much');
is(ask(q{SELECT DISTINCT change FROM hp_history.hp_changes WHERE panel = 'c good'}), 'first', '... of the other there is no snapshot before');

# retention, one run after the other
foreach my $i (1 .. 3)
{
	ask("INSERT INTO data.runs VALUES ($i, 'late', '{\"lr\": 0.$i}', 30)");
	is(snapshot(), '1|1|1|0', "run $i later");
}
is(ask(q{SELECT string_agg(runs::text, ' ' ORDER BY snapshot) FROM hp_history.hp_snapshots WHERE panel = 'a all'}), '302 303', 'two snapshots are kept');
is(ask(q{SELECT count(*) FROM hp_history.hp_importances i WHERE NOT EXISTS (SELECT FROM hp_history.hp_snapshots s WHERE s.snapshot = i.snapshot)}), 0, '... and nothing of others');
ask('CREATE OR REPLACE VIEW data.bad AS SELECT config, id / 2 AS val_loss FROM data.runs');
is(snapshot(), '1|2|0|0', 'a panel is mended');
is(ask(q{SELECT failing, snapshots FROM hp_history.hp_panel_state WHERE panel = 'b bad'}), 'f|1', '... and seen to be');

#
# Two at once: one of them takes a panel, the other does not wait
#
ask("INSERT INTO data.runs VALUES (4, 'late', '{\"lr\": 0.4}', 30)");
# (whatever their settings)
my ($in, $out, $err) = ("SET quote_all_identifiers = on;\nBEGIN;\nSELECT hp_history_take('a all');\n", '', '');
my $first = IPC::Run::start([ 'psql', '-XAtq', '-U', 'ann', '-d', $node->connstr('lab') ],
	'<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(120));
IPC::Run::pump($first) until $out =~ /\n/;
is($out, "taken\n", 'a session is at a panel');
is(snapshot(), '1|1|0|1', '... another takes the others');
$in .= "COMMIT;\n\\q\n";
IPC::Run::finish($first);
is(snapshot(), '0|3|0|0', '... and finds it done afterwards');
my @sessions;
ask("INSERT INTO data.runs VALUES (5, 'late', '{\"lr\": 0.5}', 30)");
foreach my $i (0 .. 3)
{
	my %session = (out => '', err => '');
	$session{psql} = IPC::Run::start([ 'psql', '-XAtq', '-U', 'ann', '-d', $node->connstr('lab'), '-c', 'CALL hp_snapshot()' ],
		'>', \$session{out}, '2>', \$session{err}, IPC::Run::timeout(180));
	push @sessions, \%session;
}
IPC::Run::finish($_->{psql}) foreach @sessions;
my ($taken, $failed, $of) = (0, 0, 0);
foreach my $session (@sessions)
{
	my @counts = split /\|/, $session->{out};
	$taken += $counts[0];
	$failed += $counts[2];
	$of += $_ foreach @counts;
}
is("$taken $failed $of", '2 0 12', 'four at once take each panel once');

# who changes a panel has it, too: a session that forgot to commit holds nobody up
($in, $out, $err) = ("BEGIN;\nDELETE FROM hp_history.hp_panels WHERE panel = 'a all';\nSELECT 'deleted';\n", '', '');
$first = IPC::Run::start([ 'psql', '-XAtq', '-U', 'ann', '-d', $node->connstr('lab') ],
	'<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(180));
IPC::Run::pump($first) until $out =~ /deleted/;
is(snapshot(), '0|2|0|1', 'a panel that is being deleted is busy');
$in .= "ROLLBACK;\n\\q\n";
IPC::Run::finish($first);
is(snapshot(), '0|3|0|0', '... and there again if it is not');

#
# A panel deleted meanwhile: the others are taken all the same, and none is
# deleted under the hands of who trains for it
#
ask(q{CREATE TABLE data.late AS SELECT * FROM data.runs LIMIT 50; SELECT hp_history_add('data.late', 'val_loss', panel => 'c late', settings => '{"trees": 2}');
	SELECT hp_history_add('data.late', 'val_loss', panel => 'd late', settings => '{"trees": 2}'); SELECT hp_history_add('data.late', 'val_loss', panel => 'e late', settings => '{"trees": 2}')});
($in, $out, $err) = ("BEGIN;\nLOCK TABLE data.late;\nDELETE FROM hp_history.hp_panels WHERE panel = 'd late';\nSELECT 'deleted';\n", '', '');
$first = IPC::Run::start([ 'psql', '-XAtq', '-U', 'ann', '-d', $node->connstr('lab') ],
	'<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(180));
IPC::Run::pump($first) until $out =~ /deleted/;
my ($counts, $warnings) = ('', '');
my $second = IPC::Run::start([ 'psql', '-XAtq', '-U', 'ann', '-d', $node->connstr('lab'), '-c', "CALL hp_snapshot('{c late, d late, e late}')" ],
	'>', \$counts, '2>', \$warnings, IPC::Run::timeout(180));
$node->poll_query_until('lab', q{SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'data.late'::regclass}) or die 'nobody waits';
$in .= "COMMIT;\n\\q\n";
IPC::Run::finish($first);
IPC::Run::finish($second);
is($counts, "2|0|1|0\n", 'a panel deleted meanwhile is counted, the others are taken');
like($warnings, qr/panel "d late" failed: it is there no more/, '... and said to be gone');
($in, $out, $err) = ("BEGIN;\nSELECT hp_history_take('c late');\n", '', '');
$first = IPC::Run::start([ 'psql', '-XAtq', '-U', 'ann', '-d', $node->connstr('lab') ],
	'<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(180));
IPC::Run::pump($first) until $out =~ /\n/;
is($out, "unchanged\n", 'a session is at a panel');
foreach my $change ('DELETE FROM hp_history.hp_panels', 'UPDATE hp_history.hp_panels SET enabled = false')
{
	my (undef, undef, $why) = $node->psql('lab', "SET lock_timeout = '200ms'; $change WHERE panel = 'c late'",
		extra_params => [ '-U', 'ann' ]);
	like($why, qr/lock timeout/, '... which nobody changes under its hands');
}
$in .= "COMMIT;\n\\q\n";
IPC::Run::finish($first);
is(ask(q{DELETE FROM hp_history.hp_panels WHERE panel IN ('c late', 'e late') RETURNING 1}), "1\n1", '... until it is done');
ask('DROP TABLE data.late');

#
# Rights
#
my ($status, $stdout, $stderr) = $node->psql('lab', 'CALL hp_snapshot()', extra_params => [ '-U', 'bob' ]);
like($stderr, qr/the history in schema "hp_history" belongs to another role.*SET ROLE ann first/s, 'bob may not');
($status, $stdout, $stderr) = $node->psql('lab', 'SELECT * FROM hp_history.hp_latest', extra_params => [ '-U', 'bob' ]);
like($stderr, qr/permission denied for schema hp_history/, '... nor look');
ask('GRANT USAGE ON SCHEMA hp_history TO bob; GRANT SELECT ON hp_history.hp_latest TO bob');
is(ask('SELECT count(*) > 0 FROM hp_history.hp_latest', role => 'bob'), 't', '... unless let in');
is(ask('BEGIN READ ONLY; SELECT count(*) > 0 FROM (SELECT * FROM hp_history.hp_changes LIMIT 5) q; COMMIT'), 't', 'the views are read only');

#
# Dump and restore, by ann
#
my $dir = PostgreSQL::Test::Utils::tempdir;
my @want = (ask($state), ask($numbers));
my $last = ask('SELECT max(snapshot) FROM hp_history.hp_snapshots');
$node->command_ok([ 'pg_dump', '-U', 'ann', '-Fc', '-f', "$dir/dump", 'lab' ], 'ann dumps her database');
$node->safe_psql('postgres', 'CREATE DATABASE restored OWNER ann');
$node->command_ok([ 'pg_restore', '-U', 'ann', '-e', '-d', 'restored', "$dir/dump" ], '... and restores it');
is(ask($state, database => 'restored'), $want[0], '... panels and their state');
is(ask($numbers, database => 'restored'), $want[1], '... snapshots to the last bit');
is(snapshot('restored'), '0|3|0|0', '... and their runs are known by their fingerprints');
ask("INSERT INTO data.runs VALUES (6, 'late', '{\"lr\": 0.6}', 30)", database => 'restored');
like(snapshot('restored'), qr/^2\|1\|0\|0$/, '... new ones are taken');
is(ask("SELECT count(*) FROM hp_history.hp_snapshots WHERE snapshot > $last", database => 'restored'), 2, '... under new numbers');

# the extension goes: the history stays
ask('DROP EXTENSION hpimp');
is(ask($state), $want[0], 'without the extension: panels and their state');
is(ask($numbers), $want[1], '... snapshots to the last bit');
ask('CREATE EXTENSION hpimp');

SKIP:
{
	skip 'pg_cron is not installed', 2 unless $has_cron;
	restart_with_cron('on');
	ask("INSERT INTO data.runs VALUES (7, 'late', '{\"lr\": 0.7}', 30)");
	wait_for_job('in a background worker');
	is( ask(q{SELECT runs FROM hp_history.hp_panel_state WHERE panel = 'a all'}) - ask('SELECT count(*) FROM data.runs'),
		0, '... and has seen the newest run');
}

done_testing();
