# The one-liner with its defaults against known truth: two surfaces, made in SQL
# from hashes, so that the runs are the same on any server. The bounds are wide;
# how good the answers are beside those of others is for test/quality to measure.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use List::Util qw(max min sum);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $node = new_node('truth', 'client_min_messages = warning');

# u: uniform in [0, 1). noise: uniform too, of variance 1. Both surfaces take what
# the parameters are drawn from, so that draws can be exchanged one by one.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION u(run int, what text) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ('x' || substr(md5(run || what), 1, 8))::bit(32)::bigint / 4294967296.0 $$;

CREATE FUNCTION noise(run int) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT sqrt(12.0) * (u(run, 'noise') - 0.5) $$;

-- what does nothing, of every kind
CREATE FUNCTION nothing(run int) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT jsonb_build_object('n_real', u(run, 'real'), 'n_integer', floor(20 * u(run, 'integer')),
	'n_boolean', u(run, 'boolean') < 0.5, 'n_category', 'choice ' || floor(8 * u(run, 'category'))) $$;

-- Friedman 1991
CREATE FUNCTION friedman(u float8[]) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT 10 * sin(pi() * u[1] * u[2]) + 20 * (u[3] - 0.5) ^ 2 + 10 * u[4] + 5 * u[5] $$;

-- a sweep: the best learning rate depends on the optimizer, and a little on the
-- batch size; momentum matters under sgd, elsewhere its key is absent
CREATE FUNCTION sweep(u float8[]) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT 2 * (1 - exp(-((-5 + 4 * u[1] - (ARRAY[-1.7, -3.0, -2.8, -3.3, -3.9])[o] - 0.15 * b) ^ 2) / 2.42))
	+ (ARRAY[0.10, 0.05, 0.00, 0.15, 0.05])[o]
	+ CASE o WHEN 1 THEN 1.6 * (0.9 - 0.99 * u[3]) ^ 2 ELSE 0 END
	+ 0.06 * (6 * u[4] - 3) ^ 2 + 4 * (0.6 * u[6] - 0.2) ^ 2 + 0.08 * b
FROM (SELECT 1 + floor(5 * u[2])::int, floor(6 * u[5]) - 2.5) AS d (o, b) $$;

CREATE FUNCTION sweep_config(u float8[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT jsonb_strip_nulls(jsonb_build_object('lr', 10 ^ (-5 + 4 * u[1]),
	'optimizer', (ARRAY['sgd', 'adam', 'adamw', 'rmsprop', 'lion'])[1 + floor(5 * u[2])::int],
	'momentum', CASE WHEN u[2] < 0.2 THEN 0.99 * u[3] END, 'weight_decay', 10 ^ (6 * u[4] - 7),
	'batch_size', 16 * 2 ^ floor(6 * u[5]), 'dropout', 0.6 * u[6])) $$;

-- nine tenths of the metric's variance are signal
CREATE TABLE friedman_runs AS
SELECT jsonb_build_object('x1', u[1], 'x2', u[2], 'x3', u[3], 'x4', u[4], 'x5', u[5]) || nothing(run) AS config,
	friedman(u) + noise(run) * sqrt(23.8265 / 9) AS val_loss
FROM generate_series(1, 500) run, LATERAL (SELECT ARRAY(SELECT u(run, 'x' || i) FROM generate_series(1, 5) i)) AS d (u);

CREATE TABLE sweep_runs AS
SELECT sweep_config(u) || nothing(run) AS config, sweep(u) + noise(run) * sqrt(0.5705 / 9) AS val_loss
FROM generate_series(1, 500) run, LATERAL (SELECT ARRAY(SELECT u(run, 'x' || i) FROM generate_series(1, 6) i)) AS d (u);
SQL

# Total Sobol indices: the part of the signal's variance that is left when all
# other parameters are known. Of Friedman's surface they have formulas.
my %friedman = (x1 => 0.2722, x2 => 0.2722, x3 => 0.0933, x4 => 0.3498, x5 => 0.0874);

# Those of the sweep by pick-freeze (Jansen 1999): draw one parameter anew, halve
# the mean square of what that changes.
my %sweep = map { split /\|/ } split /\n/, $node->safe_psql('postgres', <<'SQL');
WITH draws AS MATERIALIZED (
	SELECT ARRAY(SELECT u(run, 'a' || i) FROM generate_series(1, 6) i) AS a,
		ARRAY(SELECT u(run, 'b' || i) FROM generate_series(1, 6) i) AS b
	FROM generate_series(1, 10000) run)
SELECT name, avg((sweep(a) - sweep(a[:i - 1] || b[i] || a[i + 1:])) ^ 2) / 2 / var_pop(sweep(a))
FROM draws, unnest('{lr,optimizer,momentum,weight_decay,batch_size,dropout}'::text[]) WITH ORDINALITY AS p (name, i)
GROUP BY name
UNION ALL SELECT 'variance', var_pop(sweep(a)) FROM draws
SQL
my $variance = delete $sweep{variance};

# What hp_importance answers, and its correlations made into shares, by parameter.
sub ask
{
	my ($table) = @_;
	my (%share, %r);
	foreach (split /\n/, $node->safe_psql('postgres', "SELECT * FROM hp_importance('$table', 'val_loss')"))
	{
		my ($parameter, $importance, $correlation) = split /\|/, $_, -1;
		$share{$parameter} = $importance;
		$r{$parameter} = abs($correlation || 0);
	}
	my $all = sum(values %r);
	$_ /= $all foreach values %r;
	return (\%share, \%r);
}

# Sum of the absolute differences between shares and the indices scaled to sum 1.
sub distance
{
	my ($share, $truth) = @_;
	my $all = sum(values %$truth);
	return sum(map { abs($share->{$_} - ($truth->{$_} // 0) / $all) } keys %$share);
}

sub check
{
	my ($table, $truth, @order) = @_;
	my ($share, $r) = ask($table);
	my @nothing = grep { !exists $truth->{$_} } sort keys %$share;

	note(sprintf('%s: L1 %.3f, of correlations %.3f; ', $table, distance($share, $truth), distance($r, $truth)),
		join(', ', map { sprintf '%s %.4f', $_, $share->{$_} } sort keys %$share));
	is(scalar(@nothing), 4, "$table: four parameters do nothing");
	cmp_ok(abs(sum(values %$share) - 1), '<', 1e-9, "$table: shares of 1");
	cmp_ok(distance($share, $truth), '<', 0.25, "$table: importances are near the truth");
	cmp_ok(distance($r, $truth), '>', 0.25, "... where correlations are not");
	cmp_ok($share->{$_}, '<', 0.03, "$table: $_ does nothing and gets next to nothing") foreach @nothing;

	# groups of parameters, each before all of the next
	push @order, \@nothing;
	for my $i (1 .. $#order)
	{
		my ($before, $after) = @order[ $i - 1, $i ];
		cmp_ok(min(@{$share}{@$before}), '>', max(@{$share}{@$after}), "$table: @$before before @$after");
	}
}

cmp_ok(abs($variance / 0.5705 - 1), '<', 0.05, 'variance of the sweep');
is(join(' ', sort keys %sweep), 'batch_size dropout lr momentum optimizer weight_decay', 'indices of the sweep');
check('friedman_runs', \%friedman, [qw(x4 x1 x2)], [qw(x3 x5)]);
check('sweep_runs', \%sweep, [qw(lr optimizer)], [qw(batch_size)]);
$node->stop;
done_testing();
