# Runs.pm - what the TAP tests share: a server with hpimp in it, a table of runs.
package Runs;
use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
our @EXPORT = qw(new_node make_runs answer workers_launched);

# A running server with the extension in the database postgres.
sub new_node
{
	my ($name, $settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', $settings // '');
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION hpimp');
	return $node;
}

# A table of $n runs whose loss is governed by lr, then the optimizer, a little by
# layers; momentum is there under sgd only, dropout in two runs of three. The
# numbers come from md5, so that they are the same on any server.
sub make_runs
{
	my ($node, $table, $n) = @_;

	$node->safe_psql('postgres', <<"SQL");
CREATE OR REPLACE FUNCTION u(run int, what text) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
\$\$ SELECT ('x' || substr(md5(run || what), 1, 8))::bit(32)::bigint / 4294967296.0 \$\$;

CREATE TABLE $table AS
SELECT i AS id, 'sweep ' || i % 3 AS sweep,
	jsonb_strip_nulls(jsonb_build_object(
		'lr', round((10 ^ lg)::numeric, 6),
		'layers', layers,
		'dropout', CASE WHEN u(i, 'has') < 0.67 THEN round(u(i, 'drop')::numeric, 2) END,
		'batch', 8 * 2 ^ floor(6 * u(i, 'batch')),
		'amp', u(i, 'amp') < 0.5,
		'optimizer', jsonb_build_object('name', optimizer) ||
			CASE WHEN optimizer = 'sgd'
			THEN jsonb_build_object('momentum', round(u(i, 'mom')::numeric, 3)) ELSE '{}' END)) AS config,
	(lg + 3) ^ 2 * 0.3 + CASE optimizer WHEN 'sgd' THEN 0.5 WHEN 'adam' THEN 0.1 ELSE 0.2 END
		- 0.05 * layers + 0.1 * u(i, 'noise') AS val_loss
FROM generate_series(1, $n) AS i,
	LATERAL (SELECT -5 + 4 * u(i, 'lr') AS lg, 1 + floor(4 * u(i, 'layers'))::int AS layers,
		(ARRAY['sgd', 'adam', 'rmsprop'])[1 + floor(3 * u(i, 'opt'))::int] AS optimizer) AS drawn;
ANALYZE $table;
SQL
	return;
}

# SQL for the importances of a forest as one text: equal texts are equal bit for
# bit, as float8 prints as many digits as tell it from any other.
sub answer
{
	my ($forest) = @_;
	return "(SELECT string_agg(concat_ws('|', parameter, importance, correlation), ' '"
	  . " ORDER BY parameter) FROM hp_importance($forest))";
}

# How many parallel workers really came to the help of a query: told by the
# postmaster, on a node with log_min_messages = debug1.
sub workers_launched
{
	my ($node, $sql) = @_;
	my $offset = -s $node->logfile;

	$node->safe_psql('postgres', $sql);
	my $log = slurp_file($node->logfile, $offset);
	my @workers = $log =~ /(?<!un)registering background worker "parallel worker for PID \d+"/g;
	return scalar @workers;
}

1;
