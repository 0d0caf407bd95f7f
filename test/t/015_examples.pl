# The examples: runs as MLflow, Optuna, Weights & Biases and others keep them give
# the answer that the same runs give as they are, to the last bit.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Runs;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $node = new_node('examples');
my $files = PostgreSQL::Test::Utils::tempdir();

# psql on a file, its schema first: exit status, output, errors
sub run_file
{
	my ($file, $schema, @variables) = @_;
	my ($stdout, $stderr) = ('', '');
	local $ENV{PGOPTIONS} = '-c search_path=' . ($schema ? "$schema,public" : 'public');

	IPC::Run::run([ 'psql', '-X', '-d', $node->connstr('postgres'), (map { ('-v', $_) } @variables), '-f', $file ],
		'<', \'', '>', \$stdout, '2>', \$stderr);
	return ($? >> 8, $stdout, $stderr);
}

sub runs_fine
{
	my ($name, @call) = @_;
	my ($status, $stdout, $stderr) = run_file(@call);

	is($status, 0, "$name runs");
	is($stderr, '', "$name says nothing wrong");
	return $stdout;
}

sub sql { return $node->safe_psql('postgres', $_[0]); }

# importances and what was used of the runs, for a relation and a metric; of a
# session that likes to see few digits, which must change nothing
sub asked
{
	my ($runs, $metric) = @_;
	return sql("SET extra_float_digits = -11; CREATE TEMP TABLE a AS SELECT * FROM hp_importance('$runs', '$metric');
		CREATE TEMP TABLE q AS SELECT * FROM hp_quality('$runs', '$metric'); RESET extra_float_digits;
		SELECT string_agg(concat_ws('|', parameter, importance, correlation), ' ' ORDER BY parameter), min(runs_used), min(metric_min), min(metric_max), min(oob_r2) FROM a, q");
}

sub write_file
{
	my ($name, $content) = @_;
	open(my $file, '>:raw', "$files/$name") or die "$name: $!";
	print $file $content;
	close($file);
	return "$files/$name";
}

run_file("$root/test/fixtures/lab.sql");
sql('CREATE VIEW direct AS SELECT config, val_loss FROM lab; CREATE VIEW with_accuracy AS SELECT config, val_accuracy FROM lab');
my $truth = asked('direct', 'val_loss');
like($truth, qr/layers\|0\.\d+.*\|504\|/, 'the runs as they are have an answer');

#
# MLflow
#
sql('CREATE SCHEMA mlflow');
runs_fine('MLflow, fixture', "$root/test/fixtures/mlflow.sql", 'mlflow');
my $shown = runs_fine('mlflow.sql', "$root/examples/mlflow.sql", 'mlflow');
like($shown, qr/^ lab +\| +600 \| +510 \| +0 \| val_accuracy, val_loss$/m, 'it shows the experiments');
unlike($shown, qr/thrown away/, 'deleted experiments are not shown');
sql("CREATE VIEW tracked AS SELECT * FROM mlflow.mlflow_runs WHERE experiment = 'lab'");
is(asked('tracked', 'val_loss'), $truth, 'MLflow: the same answer');
is(sql("SELECT hp_quality('tracked', 'val_loss')"), sql("SELECT hp_quality('direct', 'val_loss')"), 'MLflow: the same runs left out, for the same reasons');
is(sql("SELECT count(*), count(*) FILTER (WHERE summary->>'val_loss' = 'Infinity'), count(*) FILTER (WHERE summary->>'val_loss' = 'NaN'), count(name), count(DISTINCT name) FROM tracked"),
	'600|6|30|600|600', 'MLflow: infinities and NaN are read as what they stand for, names found where they are');
is(sql("SELECT count(*) FROM tracked t JOIN lab ON run = md5(id::text) WHERE t.started = created AT TIME ZONE 'UTC' AND seconds = 61.5 AND tags->>'dataset' = dataset"),
	600, 'MLflow: times and tags');
is(sql("SELECT string_agg(name || ' ' || has_children || ' ' || (parent IS NOT NULL), ', ' ORDER BY name) FROM mlflow.mlflow_runs WHERE experiment_id = 2"),
	'child 1 false true, child 2 false true, child 3 false true, sweep true false', 'MLflow: parents and children');
sql("CREATE VIEW best AS SELECT * FROM mlflow.mlflow_best_runs WHERE experiment = 'lab';
	CREATE VIEW half AS SELECT config, val_loss * 0.5 AS val_loss FROM lab");
is(asked('best', 'min.val_loss'), asked('half', 'val_loss'), 'MLflow: the best of a run');
is(sql("SELECT count(*) FROM best b JOIN lab ON run = md5(id::text) WHERE (b.summary #>> '{max,val_loss}')::float8 = val_loss * 3 AND (b.summary #>> '{first,val_loss}')::float8 = val_loss * 3"),
	sql("SELECT count(*) FROM lab WHERE val_loss <> 'NaN'"), 'MLflow: the largest and the first');
# newer ones have workspaces
sql("ALTER TABLE mlflow.experiments ADD workspace varchar(63) NOT NULL DEFAULT 'default'; UPDATE mlflow.experiments SET workspace = 'team' WHERE experiment_id = 2");
runs_fine('mlflow.sql once more', "$root/examples/mlflow.sql", 'mlflow');
is(sql('SELECT workspace, count(*) FROM mlflow.mlflow_runs GROUP BY 1 ORDER BY 1'), "default|600\nteam|4", 'MLflow: workspaces');

# with its own reader's rights: row-level security holds through the views
sql("CREATE ROLE reader; GRANT USAGE ON SCHEMA mlflow TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA mlflow TO reader;
	CREATE POLICY vision ON mlflow.runs TO reader USING (user_id = 'vision'); ALTER TABLE mlflow.runs ENABLE ROW LEVEL SECURITY");
is(sql("SET ROLE reader; SELECT count(*) FROM mlflow.mlflow_runs"), 200, 'MLflow: the views show what the reader may see');

#
# Optuna, its three schemas
#
foreach my $version (1, 2, 3)
{
	my $optuna = "optuna$version";

	sql("CREATE SCHEMA $optuna");
	runs_fine("Optuna $version, fixture", "$root/test/fixtures/optuna.sql", $optuna, "schema=$version");
	$shown = runs_fine("optuna.sql, $version", "$root/examples/optuna.sql", $optuna);
	like($shown, qr/^ lab +\| +0 \| values_0 +\| minimize \| +510 \| +30 \| +60 \| +1$/m, "Optuna $version: it shows the studies");
	sql("CREATE VIEW $optuna AS SELECT * FROM $optuna.optuna_runs WHERE study = 'lab'");
	is(asked($optuna, 'value'), $truth, "Optuna $version: the same answer");
	is(asked($optuna, 'values_0'), $truth, "Optuna $version: by the objective's name too");
	is(sql("SELECT count(*) FROM $optuna o JOIN lab ON trial = id - 1 WHERE o.state = 'PRUNED' AND value IS NULL AND last_step = 3 AND last_value = reached"),
		30, "Optuna $version: pruned trials keep apart what they reported");
	is(sql("SELECT count(*) FROM $optuna o JOIN lab ON trial = id - 1 WHERE NOT EXISTS (SELECT FROM jsonb_each(o.config) p
			FULL JOIN (SELECT key, value FROM lab_parameter WHERE lab_parameter.id = lab.id) l USING (key)
			WHERE coalesce(p.value, 'null') <> coalesce(l.value, 'null'))"), 600, "Optuna $version: every parameter as the program got it");
	is(sql("SELECT count(*) FROM $optuna o JOIN lab ON trial = id - 1 WHERE (attributes->>'accuracy')::float8 = coalesce(val_accuracy, 'NaN')"),
		600, "Optuna $version: attributes, NaN among them");
}
is(sql("SELECT string_agg(format('%s %s %s', objective, name, goal), ', ' ORDER BY objective) FROM optuna3.optuna_studies WHERE study = 'two goals'"),
	'0 loss minimize, 1 accuracy maximize', 'Optuna: two objectives, with names and goals');
sql("CREATE VIEW two_goals AS SELECT * FROM optuna3.optuna_runs WHERE study = 'two goals';
	CREATE VIEW two_direct AS SELECT jsonb_build_object('lr', config->'lr', 'layers', config->'layers') AS config, val_loss, val_accuracy FROM lab WHERE state = 'finished'");
is(asked('two_goals', 'accuracy'), asked('two_direct', 'val_accuracy'), 'Optuna: the second objective');
is(asked('two_goals', 'loss'), asked('two_direct', 'val_loss'), 'Optuna: the first');
is(asked('optuna3', 'attributes.accuracy'), asked('with_accuracy', 'val_accuracy'), 'Optuna: an attribute as metric');
is(sql(<<'SQL'), '"adam"|0.5|"NaN"|null|[1, 2]|7|-3|0.1|true|12', 'Optuna: parameters of every kind, old and new notation');
SELECT optuna3.optuna_parameter(1, '{"name": "CategoricalDistribution", "attributes": {"choices": ["sgd", "adam"]}}'),
	optuna3.optuna_parameter(0, '{"name": "CategoricalDistribution", "attributes": {"choices": [0.5, NaN]}}'),
	optuna3.optuna_parameter(1, '{"name": "CategoricalDistribution", "attributes": {"choices": [0.5, NaN]}}'),
	optuna3.optuna_parameter(0, '{"name": "CategoricalDistribution", "attributes": {"choices": [null, "a NaN, Infinity"]}}'),
	optuna3.optuna_parameter(0, '{"name": "CategoricalDistribution", "attributes": {"choices": [[1, 2], Infinity]}}'),
	optuna3.optuna_parameter(7, '{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 64}}'),
	optuna3.optuna_parameter(-3, '{"name": "IntUniformDistribution", "attributes": {"low": -8, "high": 8, "step": 1}}'),
	optuna3.optuna_parameter(0.1, '{"name": "FloatDistribution", "attributes": {"step": 0.1, "low": 0.0, "high": Infinity, "log": false}}'),
	optuna3.optuna_parameter(1, '{"type": "categorical", "choices": [false, true]}'),
	optuna3.optuna_parameter(12, '{"type": "int", "low": 0, "high": 20}')
SQL

#
# CSV
#

# a table of runs as trackers export it: everything side by side, in some order
sub export
{
	my ($name, $order, $options, @change) = @_;
	my @column = ('state AS "State"', "'run ' || id AS \"Name\"", q{E'says "no", \n' || id || E'\r\n,;' AS "Notes"},
		(map { "config->>'$_' AS \"$_\"" } qw(lr layers amp batch_size dropout clip seed)),
		(map { "config #>> '{optimizer,$_}' AS \"optimizer.$_\"" } qw(name momentum)),
		'val_loss', 'val_accuracy', 'id AS "_step"');
	my ($csv, $stderr);

	@column = reverse @column if $order eq 'reverse';
	@column = sort { substr(reverse($a), 3) cmp substr(reverse($b), 3) } @column if $order eq 'mixed';
	IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
			'COPY (SELECT ' . join(', ', @column) . " FROM lab ORDER BY md5(id::text)) TO STDOUT WITH (FORMAT csv, HEADER, $options)" ],
		'>', \$csv, '2>', \$stderr) or die $stderr;
	$csv = $_->($csv) foreach @change;
	return write_file($name, $csv);
}

my $metrics = 'metrics=val\_%';
my @exports = (
	[ 'plain', 'plain', "QUOTE '\"'", [] ],
	[ 'all quoted, columns turned round', 'reverse', 'FORCE_QUOTE *', [] ],
	[ 'byte order mark, semicolons', 'mixed', "DELIMITER ';'", ['delimiter=;'], sub { "\xEF\xBB\xBF$_[0]" } ],
	[ 'tabs', 'plain', "DELIMITER E'\\t', FORCE_QUOTE *", ["delimiter=\t"] ],
	[ 'no end of the last line, empty lines', 'plain', 'FORCE_QUOTE *', [], sub { my $csv = shift; chomp $csv; return "\n\n" . $csv; } ],
	# the quoted cells keep their line ends: only those between runs are turned
	[ 'line ends of another system', 'plain', 'FORCE_QUOTE *', [], sub { my $csv = shift; $csv =~ s/^([^\n]*)\n/$1\r\n/; $csv =~ s/"\n"/"\r\n"/g; return $csv; } ]);

foreach my $export (@exports)
{
	my ($name, $order, $options, $variables, @change) = @$export;
	my $file = export('export.csv', $order, $options, @change);

	$shown = runs_fine("csv.sql, $name", "$root/examples/csv.sql", '', "file=$file", $metrics, 'table=exported', @$variables);
	is(asked('exported', 'val_loss'), $truth, "CSV, $name: the same answer");
	is(sql("SELECT count(*) FROM exported e JOIN lab ON about->>'Name' = 'run ' || id
			WHERE about->>'State' = state AND about->>'Notes' = E'says \"no\", \\n' || id || E'\\r\\n,;'"), 600, "CSV, $name: cells as they were");
	is(sql('SELECT count(*), count(DISTINCT source) FROM exported'), '600|1', "CSV, $name: loaded again, the runs are replaced");
}
like($shown, qr/^ lr +\| config +\| +600 \|/m, 'it shows what went where');
like($shown, qr/^ val_loss +\| summary +\| +540 \|/m, 'results apart');
like($shown, qr/^ State +\| about +\| +600 \|/m, 'what trackers write about a run too');
like($shown, qr/^ _step +\| summary +\|/m, 'and what they count');

# names that collide, none, hostile ones; fewer cells than columns
my $file = write_file('names.csv', <<'CSV');
lr,,"a ""b"", c
d",lr,epoch,epoch,val_loss,It's; $1 \x
0.1,x,1,,2,3,0.5,q
1e-3,,,,,,NaN
007,"","","5",2,3,-1E+2,"""
"
CSV
runs_fine('csv.sql, names', "$root/examples/csv.sql", '', "file=$file", 'metrics=val_loss,epoch (2)', 'table=named');
is(sql("SELECT string_agg(config || summary || about || '{}', E'\\n' ORDER BY line) FROM (SELECT line, config::text, summary::text, about::text FROM named) n"), <<'ROWS' =~ s/\n$//r, 'names');
{"lr": 0.1, "epoch": 2, "column 2": "x", "a \"b\", c\nd": 1, "It's; $1 \\x": "q"}{"val_loss": 0.5, "epoch (2)": 3}{}{}
{"lr": 0.001}{"val_loss": "NaN"}{}{}
{"lr": "007", "epoch": 2, "lr (2)": 5, "It's; $1 \\x": "\"\n"}{"val_loss": -100, "epoch (2)": 3}{}{}
ROWS

$file = write_file('sparse.csv', "a,b\n,\n1,\n\n,2\n");
my $no_result = qr/^No (?:column|key) was taken for a result\. Name those that are, .*metrics=val_loss.*\n\z/;
my (undef, undef, $hint) = run_file("$root/examples/csv.sql", '', "file=$file", 'table=sparse');
like($hint, $no_result, 'CSV, no column is a result: said');
(undef, undef, $hint) = run_file("$root/examples/csv.sql", '', "file=$file", 'table=mistaken', 'metrics=b,val_lost', 'about=c%');
is($hint, "No column is called so: val_lost, c%\n", 'CSV, columns that are not there: said');
is(sql("SELECT string_agg(config::text, ' ' ORDER BY line) FROM sparse"), '{} {"a": 1} {"b": 2}', 'a line of empty cells is a run, an empty line none');

# what PostgreSQL writes is read back cell by cell, whatever is in it
sql(<<'SQL');
CREATE TABLE hostile AS
SELECT line, array_agg(coalesce((SELECT string_agg((ARRAY['"', ',', E'\n', E'\r', ';', '\', '''', 'a', 'é', ' ', '{', 'NULL', '"",', '$1', '%'])[1 + floor(15 * u(line * 100 + cell * 10 + k, 'c'))::int], '' ORDER BY k)
	FROM generate_series(1, floor(6 * u(line * 10 + cell, 'n'))::int) k), '') ORDER BY cell) AS cells
FROM generate_series(1, 300) line, generate_series(1, 4) cell GROUP BY line;
SQL
my ($csv, $stderr);
IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
		"COPY (SELECT 'x' || line AS line, cells[1] AS \"c 1\", cells[2] AS \"c 2\", cells[3] AS \"c 3\", cells[4] AS \"c 4\" FROM hostile ORDER BY line) TO STDOUT (FORMAT csv, HEADER)" ],
	'>', \$csv, '2>', \$stderr);
$file = write_file('hostile.csv', $csv);
(undef, undef, $hint) = run_file("$root/examples/csv.sql", '', "file=$file", 'table=read_back');
like($hint, $no_result, 'csv.sql, hostile cells: it says nothing else');
is(sql("SELECT count(*) FROM hostile h JOIN read_back r ON config->>'line' = 'x' || h.line WHERE ARRAY(SELECT coalesce(config->>('c ' || n), '') FROM generate_series(1, 4) n ORDER BY n) = cells"),
	300, 'every cell is as it was written');

# what cannot be right is an error with its line, and nothing is loaded
foreach my $case (
	[ "a,b\n1,2\n3,\"x\n", 'line 3 is no CSV', 'a quote that nothing closes' ],
	[ "a,b\n1,\"x\"y\n3,4\n", 'line 2 is no CSV', 'text beside a quoted cell' ],
	[ "\"a\"b,c\n1,2\n", 'line 1 is no CSV', 'a wrong first cell' ],
	[ "a,b\n\"1\n1\",2\n1,2,3\n", 'line 3 has 3 cells, the first line names 2 columns', 'a line too long' ],
	[ "a,config\n1,\"{'lr': <object at 0x7f>}\"\n", "neither JSON nor a Python literal: \\{'lr': <object", 'a document that is none' ],
	[ " \n", 'the file cannot be read, or is empty', 'an empty file' ])
{
	my ($content, $error, $name) = @$case;
	my ($status, undef, $said) = run_file("$root/examples/csv.sql", '', 'file=' . write_file('wrong.csv', $content), 'table=wrong');

	isnt($status, 0, "CSV, $name: psql fails");
	like($said, qr/ERROR:  $error/, "CSV, $name: said");
	is(sql("SELECT to_regclass('wrong') IS NULL"), 't', "CSV, $name: nothing is left");
}
my ($status, undef, $said) = run_file("$root/examples/csv.sql", '', "file=$files/is not there");
isnt($status, 0, 'CSV, no file: psql fails');
like($said, qr/ERROR:  the file cannot be read, or is empty/, 'CSV, no file: said');
($status, undef, $said) = run_file("$root/examples/csv.sql", '');
isnt($status, 0, 'CSV, none named: psql fails');
like($said, qr/Which file\?/, 'CSV, none named: said');

# Weights & Biases' guide: pandas' CSV of dicts, as Python shows them
sql(<<'SQL');
CREATE VIEW python AS
SELECT id, regexp_replace(replace(replace(replace((config || jsonb_build_object('layers_of', '["x"]'::jsonb, 'note', NULL))::text,
	'true', 'True'), 'false', 'False'), 'null', 'None'), '"([^"]*)"', '''\1''', 'g') AS config,
	format('{''_step'': 12%s, ''graph'': {''_type'': ''graph-file''}}', CASE val_loss WHEN 'NaN' THEN ', ''val_loss'': nan'
		WHEN 'Infinity' THEN ', ''val_loss'': inf' ELSE ', ''val_loss'': ' || val_loss END) AS summary
FROM lab;
CREATE VIEW direct_of_python AS SELECT config || '{"layers_of": ["x"], "note": null}' AS config, val_loss FROM lab;
SQL
# PostgreSQL has no columns without a name
IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
		q{COPY (SELECT id - 1, summary, config, 'run-' || id AS name FROM python ORDER BY id) TO STDOUT (FORMAT csv)} ], '>', \$csv, '2>', \$stderr) or die $stderr;
$file = write_file('project.csv', ",summary,config,name\n$csv");
$shown = runs_fine('csv.sql, dicts of Python', "$root/examples/csv.sql", '', "file=$file", 'table=project');
is(asked('project', 'val_loss'), asked('direct_of_python', 'val_loss'), "CSV, dicts of Python: the same answer");
is(sql("SELECT count(*) FILTER (WHERE summary->>'val_loss' = 'Infinity'), count(*) FILTER (WHERE summary->>'val_loss' = 'NaN') FROM project"), '6|30', 'CSV, dicts of Python: infinities and NaN');
is(sql("SELECT count(*) FROM project JOIN lab ON about->>'name' = 'run-' || id AND (about->>'column 1')::int = id - 1"), 600, 'CSV, dicts of Python: row numbers and names are about the run');

# MLflow's download guards spreadsheets against formulas
$file = write_file('runs.csv', qq{"Start Time","Duration","Run ID","Name","Source Type","Source Name","User","Status","shift","act","val_loss"\n}
	. qq{"2026","1s","ab","'=x","LOCAL","t.py","me","FINISHED","'-3","'\@relu","'-0.5"\n"2026","1s","ac","y","LOCAL","t.py","me","FINISHED","2","'quoted'","0.25"\n});
runs_fine("csv.sql, MLflow's download", "$root/examples/csv.sql", '', "file=$file", 'metrics=val_loss', 'table=downloaded');
is(sql("SELECT config, summary, about->>'Name' FROM downloaded ORDER BY line"), qq({"act": "\@relu", "shift": -3}|{"val_loss": -0.5}|=x\n{"act": "'quoted'", "shift": 2}|{"val_loss": 0.25}|y),
	"CSV of MLflow's download: what is about a run is known, apostrophes are off");

# MLflow's pandas and Optuna's data frame: what belongs to the tracker is known
$file = write_file('search_runs.csv', "run_id,experiment_id,status,artifact_uri,start_time,metrics.val_loss,params.lr,tags.mlflow.user\nab,1,FINISHED,/x,2026,0.5,0.1,me\n");
runs_fine('csv.sql, search_runs', "$root/examples/csv.sql", '', "file=$file", 'table=searched');
is(sql('SELECT config, summary FROM searched'), '{"params.lr": 0.1}|{"metrics.val_loss": 0.5}', 'CSV of search_runs');
$file = write_file('trials.csv', "number,value,datetime_start,datetime_complete,duration,params_lr,params_opt,user_attrs_acc,state\n0,0.5,2026,2026,0 days,0.1,sgd,1,COMPLETE\n");
runs_fine('csv.sql, trials_dataframe', "$root/examples/csv.sql", '', "file=$file", 'metrics=value', 'table=trialled');
is(sql('SELECT config, summary FROM trialled'), '{"params_lr": 0.1, "params_opt": "sgd"}|{"value": 0.5}', 'CSV of trials_dataframe');

#
# JSON
#
my $line = q{jsonb_build_object('id', 'x' || id, 'state', state, 'config', %s, 'summary', %s)::text};
my $wrapped = q{(SELECT jsonb_object_agg(key, jsonb_build_object('value', value, 'desc', NULL)) || '{"_wandb": {"value": {"t": 1}}}' FROM jsonb_each(config))};
my $summary = q{jsonb_strip_nulls(jsonb_build_object('val_loss', val_loss, '_step', id))};
my %json = (
	'objects' => sprintf($line, 'config', $summary),
	'objects with wrapped values' => sprintf($line, $wrapped, $summary),
	'texts that hold JSON' => sprintf($line, "$wrapped\::text", "($summary)::text"),
	'everything side by side' => "(config || $summary || jsonb_build_object('state', state, 'name', 'run ' || id))::text");

foreach my $name (sort keys %json)
{
	my $lines = sql("SELECT regexp_replace($json{$name}, '(\\\\?)\"(NaN|Infinity)(\\\\?)\"', '\\2', 'g') FROM lab ORDER BY id");
	my @variables = $name =~ /side/ ? ($metrics, 'about=state,name,_step') : ();
	my $array = '[' . join(",\n", split(/\n/, $lines)) . ']';

	like($lines, qr/: NaN[,}]/, "JSON, $name: there is NaN in it");
	foreach my $form ([ 'lines', $lines ], [ 'array', $array ])
	{
		$file = write_file('runs.json', $form->[1]);
		runs_fine("json_lines.sql, $name, $form->[0]", "$root/examples/json_lines.sql", '', "file=$file", 'table=jsons', @variables);
		is(asked('jsons', 'val_loss'), $truth, "JSON, $name, $form->[0]: the same answer");
		is(sql("SELECT count(*), count(*) FILTER (WHERE summary->>'val_loss' = 'Infinity'), count(*) FILTER (WHERE summary->>'val_loss' = 'NaN') FROM jsons"),
			'600|6|30', "JSON, $name, $form->[0]: infinities and NaN are read as what they stand for");
	}
}
$file = write_file('sparse.json', qq({}\n\n{"summary": {"val_loss": 1}}\n{"config": null, "summary": null}\n));
runs_fine('json_lines.sql, sparse', "$root/examples/json_lines.sql", '', "file=$file", 'table=sparse_json');
is(sql("SELECT string_agg(config || ' ' || summary, ', ' ORDER BY line) FROM (SELECT line, config::text, summary::text FROM sparse_json) s"),
	'{} {}, {} {"val_loss": 1}, {} {}', 'JSON: a run with nothing in it is a run');
(undef, undef, $hint) = run_file("$root/examples/json_lines.sql", '', 'file=' . write_file('flat.json', '{"lr": 1, "loss": 2}'), 'table=flat_json', 'metrics=lost');
like($hint, qr/^No key is called so: lost\nNo key was taken for a result\./, 'JSON, no key is a result: said');
($status, undef, $said) = run_file("$root/examples/json_lines.sql", '', 'file=' . write_file('wrong.json', "{\"config\": {}}\n[1]\n"), 'table=wrong');
isnt($status, 0, 'JSON, no object: psql fails');
like($said, qr/ERROR:  run 2 is no object/, 'JSON, no object: said');

#
# Plain columns
#
sql(q{CREATE TABLE trainings AS SELECT id, state AS "State", 7 AS gone, (config->>'lr')::float8 AS lr, (config->>'layers')::int AS layers, (config->>'amp')::boolean AS amp,
		(config->>'batch_size')::int AS batch_size, (config->>'dropout')::float8 AS dropout, (config->>'clip')::int AS clip, (config->>'seed')::int AS seed,
		config #>> '{optimizer,name}' AS "optimizer.name", (config #>> '{optimizer,momentum}')::float8 AS "optimizer.momentum", val_loss, val_accuracy FROM lab;
	ALTER TABLE trainings DROP gone});
$shown = runs_fine('plain_columns.sql', "$root/examples/plain_columns.sql", '', 'table=trainings', 'except=id,State,val\_%');
is(asked('trainings_runs', 'val_loss'), $truth, 'plain columns: the same answer');
like($shown, qr/^ no hyperparameter +\| id, State, val_loss, val_accuracy$/m, 'plain columns: it shows what is none');
is(sql(q{SELECT count(*) FROM trainings_runs WHERE "State" = 'finished'}), 510, 'plain columns: WHERE has all of them');

$node->stop;
done_testing();
