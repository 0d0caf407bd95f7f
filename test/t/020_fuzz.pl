# What test/fuzz keeps, once more: its seeds, and what was a finding. Each is read
# as a value from outside and asked everything; none may end the session or say
# that something is wrong inside (XX000). The core's are replayed by test/unit.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $node = new_node('fuzz', <<'CONF');
client_min_messages = error
statement_timeout = 60s
hpimp.max_memory = 1GB
CONF

my %questions = (
	study => [
		'count(*) FROM hp_values($1)', 'hp_study_runs($1)', 'count(*) FROM hp_correlation($1)', 'count(*) FROM hp_levels($1)',
		'hp_study_agg(s)::text::hp_study::text FROM (VALUES ($1), ($1)) v (s)',
		'hp_study_runs(hp_study_add_run($1, \'{"lr": 0.5, "new": {"value": [1]}}\', \'NaN\')::text::hp_study)',
		map { "count(*) FROM hp_parameters(hp_forest(\$1, trees => 2, method => '$_', depth => 1, goal => 'maximize'))" }
		  qw(permutation impurity corrected fanova ped_anova)
	],
	forest => [
		(map { "count(*) FROM hp_$_(\$1)" } qw(importance parameters quality interactions suggest)),
		(map { "count(*) FROM hp_parameters(\$1) p, hp_marginal(hp_space(\$1, '$_'), p.parameter)" } qw(observed uniform log)),
		(map { "length(hp_report_as(\$1, '$_'))" } qw(text markdown svg html)),
		'hp_predict($1, \'{"lr": 0.05, "optimizer": "adam", "on": true}\')', 'hp_predict($1, \'{}\')',
	],
	parts => [
		(map { "count(*) FROM hp_$_((SELECT hp_forest_agg(f) FROM unnest(\$1) f))" } qw(importance parameters quality interactions suggest)),
		'count(*) FROM unnest($1) f, hp_parameters(f)',
		'hp_forest_agg(f)::text::hp_forest::text FROM unnest($1) f',
		# 22012 if the order makes a difference
		'1 / (hp_forest_agg(f ORDER BY n)::text = hp_forest_agg(f ORDER BY n DESC)::text)::int FROM unnest($1) WITH ORDINALITY v (f, n)',
		'hp_predict((SELECT hp_forest_agg(f ORDER BY n DESC) FROM unnest($1) WITH ORDINALITY v (f, n)), \'{"lr": 0.05, "on": true}\')',
	]);

# Asks one question, of a value given as base64 text, or of parts of a forest with
# commas between them: "yes", or the SQLSTATE.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION ask(type text, value text, question text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	IF type = 'study' THEN
		EXECUTE 'SELECT ' || question INTO answer USING value::hp_study;
	ELSIF type = 'parts' THEN
		EXECUTE 'SELECT ' || question INTO answer USING string_to_array(value, ',')::hp_forest[];
	ELSE
		EXECUTE 'SELECT ' || question INTO answer USING value::hp_forest;
	END IF;
	RETURN 'yes';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SQL

my $folder = "$FindBin::RealBin/../fuzz";
for my $target (sort keys %questions)
{
	my @files = grep { -f } glob("$folder/corpus/$target/* $folder/cases/$target/*");
	my %answers;

	cmp_ok(scalar(@files), '>', 5, "seeds of the target $target");
	for my $file (@files)
	{
		my $bytes = slurp_file($file);
		my $value = $target ne 'parts' ? encode_base64($bytes, '') : join(',', map { encode_base64($_, '') } unpack('(v/a)*', $bytes));
		my $calls = join(', ', map { my $q = s/'/''/gr; "ask('$target', '$value', '$q')" } @{ $questions{$target} });
		my ($status, $out, $error) = $node->psql('postgres', "SELECT concat_ws(' ', $calls)");

		(my $name = $file) =~ s/.*\///;
		ok($status == 0 && $out !~ /XX|57014|53200|22012/, "$target $name") or diag("$out $error");
		$answers{$_}++ for split / /, $out;
	}
	# those of another version would be refused for that alone
	if ($target eq 'parts')
	{
		my %formats = map { (substr($_, 0, 5) => 1) } map { unpack('(v/a)*', slurp_file($_)) } @files;

		is(join(' ', map { unpack('H*', $_) } sort keys %formats), $node->safe_psql('postgres',
				"SELECT encode(substr(hp_forest_send(hp_forest(s, part => 1, parts => 2)), 1, 5), 'hex') FROM (SELECT hp_study_agg('{}', 1) AS s) q"),
			'... all of the format that is written now');
	}
	cmp_ok($answers{yes} // 0, '>', 20, "... most of which are answered");
}
is($node->safe_psql('postgres', 'SELECT 1'), 1, 'the server is up');
done_testing();
