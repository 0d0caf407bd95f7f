/* hpimp 1.0: which hyperparameters matter, and in which direction? */

-- complain if script is sourced in psql rather than by CREATE EXTENSION
\echo Use "CREATE EXTENSION hpimp" to load this file. \quit

--
-- hp_study: the runs, column by column
--

CREATE TYPE hp_study;

CREATE FUNCTION hp_study_in(cstring) RETURNS hp_study
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hp_study_in(cstring) IS 'I/O';

CREATE FUNCTION hp_study_out(hp_study) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hp_study_out(hp_study) IS 'I/O';

CREATE FUNCTION hp_study_recv(internal) RETURNS hp_study
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hp_study_recv(internal) IS 'I/O';

CREATE FUNCTION hp_study_send(hp_study) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hp_study_send(hp_study) IS 'I/O';

CREATE TYPE hp_study (
	INPUT = hp_study_in, OUTPUT = hp_study_out,
	RECEIVE = hp_study_recv, SEND = hp_study_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended
);
COMMENT ON TYPE hp_study IS 'the runs of a study: their hyperparameters and a metric, column by column';

CREATE FUNCTION hp_study_add_run(state hp_study, config jsonb, metric float8) RETURNS hp_study
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION hp_study_add_run(hp_study, jsonb, float8) IS 'transition function of hp_study_agg: the study with one more run';

CREATE FUNCTION hp_study_merge(state hp_study, study hp_study) RETURNS hp_study
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION hp_study_merge(hp_study, hp_study) IS 'the runs of two studies in one';

CREATE AGGREGATE hp_study_agg(config jsonb, metric float8) (
	SFUNC = hp_study_add_run, STYPE = hp_study, SSPACE = 4096,
	COMBINEFUNC = hp_study_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE hp_study_agg(jsonb, float8) IS 'study of runs given as JSON config and metric; of more than hpimp.max_runs a uniform sample, with exact counts, ranges and linear correlations of all';

CREATE AGGREGATE hp_study_agg(study hp_study) (
	SFUNC = hp_study_merge, STYPE = hp_study, SSPACE = 4096,
	COMBINEFUNC = hp_study_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE hp_study_agg(hp_study) IS 'study of the runs of several studies; of more than hpimp.max_runs the same sample that reading all of them gives';

CREATE FUNCTION hp_study_runs(study hp_study,
	OUT runs bigint, OUT metric_null bigint, OUT metric_nan bigint, OUT metric_infinite bigint,
	OUT sampled bigint)
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hp_study_runs(hp_study) IS 'runs of a study, and runs left out because of their metric; sampled: how many of the runs answers are drawn from, fewer than runs beyond hpimp.max_runs';

CREATE FUNCTION hp_values(study hp_study)
	RETURNS TABLE (parameter text, value text, runs bigint)
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION hp_values(hp_study) IS 'every distinct value of every parameter of a study, and how many runs have it';

CREATE FUNCTION hp_number(document jsonb, path text DEFAULT '') RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hp_number(jsonb, text) IS 'the number at a dotted path of a JSON document, also of a string that reads as one';

CREATE FUNCTION hp_study(runs regclass, metric text, config text[] DEFAULT '{config}')
RETURNS hp_study
AS 'MODULE_PATHNAME', 'hp_study_of_runs'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000;

COMMENT ON FUNCTION hp_study(regclass, text, text[]) IS
'the runs of a table, view or foreign table as a study, read with the rights of the caller. metric: a column of numbers, a dotted path that begins with a jsonb column, or a path into the jsonb column "summary". config: the columns that hold the hyperparameters; json is flattened to dotted names. NULL if there are no rows';

--
-- hp_forest: a random forest trained on a study
--

CREATE TYPE hp_forest;

CREATE FUNCTION hp_forest_in(cstring) RETURNS hp_forest
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hp_forest_in(cstring) IS 'I/O';

CREATE FUNCTION hp_forest_out(hp_forest) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hp_forest_out(hp_forest) IS 'I/O';

CREATE FUNCTION hp_forest_recv(internal) RETURNS hp_forest
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hp_forest_recv(internal) IS 'I/O';

CREATE FUNCTION hp_forest_send(hp_forest) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hp_forest_send(hp_forest) IS 'I/O';

CREATE TYPE hp_forest (
	INPUT = hp_forest_in, OUTPUT = hp_forest_out,
	RECEIVE = hp_forest_recv, SEND = hp_forest_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended
);
COMMENT ON TYPE hp_forest IS 'a random forest trained on a study, and the importances it found';

CREATE FUNCTION hp_forest(study hp_study, trees int DEFAULT NULL, max_depth int DEFAULT NULL,
	min_samples_leaf int DEFAULT NULL, max_features float8 DEFAULT 1.0,
	seed bigint DEFAULT 0, include text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL, categorical text[] DEFAULT NULL,
	encoding text DEFAULT 'native', method text DEFAULT 'permutation',
	missing text DEFAULT 'auto',
	goal text DEFAULT 'minimize', quantile float8 DEFAULT 0.1,
	depth int DEFAULT NULL, uncertainty boolean DEFAULT false,
	part int DEFAULT NULL, parts int DEFAULT NULL)
RETURNS hp_forest
AS 'MODULE_PATHNAME', 'hp_forest_of_study'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000;

COMMENT ON FUNCTION hp_forest(hp_study, int, int, int, float8, bigint, text[], text[], text[], text, text, text, text, float8, int, boolean, int, int) IS
'trains a random forest: metric by hyperparameters. The same study and settings give the same forest, bit for bit. trees NULL: 100, for permutation of fewer than 300 runs up to 300; for permutation each is a pair, the second tree grown on what the first leaves of the metric. max_depth NULL: no limit. min_samples_leaf NULL: the cube root of the number of runs for permutation, else 1. max_features: share of the parameters tried per split. include, exclude, categorical: LIKE patterns on names; categorical makes numbers levels. encoding: native | onehot (a row per level). method: permutation (what of the metric is not explained without the parameter, interactions included, by the predictions of unseen runs) | impurity | corrected | fanova | ped_anova, what hp_importance reports. missing: fill | value | auto (value for impurity, else fill). goal: minimize | maximize, quantile: the share of runs that are the best (both for ped_anova and hp_suggest). depth: parameters whose dotted names share so many first components make a group, a row of hp_importance (methods permutation, impurity, corrected). uncertainty: standard errors and p-values too. part, parts: only the trees that the first, second ... of so many parts has, for hp_forest_agg to merge with the others. NULL for a NULL study';

CREATE FUNCTION hp_forest_merge(state hp_forest, part hp_forest) RETURNS hp_forest
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION hp_forest_merge(hp_forest, hp_forest) IS 'the parts of two forests in one: transition function of hp_forest_agg';

CREATE AGGREGATE hp_forest_agg(forest hp_forest) (
	SFUNC = hp_forest_merge, STYPE = hp_forest, SSPACE = 1048576,
	COMBINEFUNC = hp_forest_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE hp_forest_agg(hp_forest) IS 'forest of the parts of it that hp_forest(study, part => ..., parts => ...) has trained, anywhere and in any order: of all of them the same, bit for bit, as trained at once; as long as some are missing it answers no question';

--
-- Questions, each to a value and to a table
--

CREATE FUNCTION hp_importance(forest hp_forest)
RETURNS TABLE (parameter text, importance float8, correlation float8)
AS 'MODULE_PATHNAME', 'hp_importance_of_forest'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 20;

COMMENT ON FUNCTION hp_importance(hp_forest) IS
'which hyperparameters matter: importance >= 0 in sum 1, by the method of the forest; correlation: Pearson with the metric, NULL for categories (see hp_levels), constants and groups. Sorted by importance. Importances are NULL if nothing can be said (fewer than two runs, constant metric)';

CREATE FUNCTION hp_importance(runs regclass, metric text, config text[] DEFAULT '{config}',
	trees int DEFAULT NULL, max_depth int DEFAULT NULL,
	min_samples_leaf int DEFAULT NULL, max_features float8 DEFAULT 1.0,
	seed bigint DEFAULT 0, include text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL, categorical text[] DEFAULT NULL,
	encoding text DEFAULT 'native', method text DEFAULT 'permutation',
	missing text DEFAULT 'auto',
	goal text DEFAULT 'minimize', quantile float8 DEFAULT 0.1,
	depth int DEFAULT NULL, uncertainty boolean DEFAULT false)
RETURNS TABLE (parameter text, importance float8, correlation float8)
AS 'MODULE_PATHNAME', 'hp_importance_of_runs'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 20;

COMMENT ON FUNCTION hp_importance(regclass, text, text[], int, int, int, float8, bigint, text[], text[], text[], text, text, text, text, float8, int, boolean) IS
'which hyperparameters matter: importance >= 0 in sum 1, by the method of the forest; correlation: Pearson with the metric, NULL for categories (see hp_levels), constants and groups. Sorted by importance. Importances are NULL if nothing can be said (fewer than two runs, constant metric). On a table: reads it as hp_study does, trains as hp_forest does; ped_anova takes no training';

CREATE FUNCTION hp_parameters(forest hp_forest)
RETURNS TABLE (parameter text, kind text, runs bigint, missing bigint,
	distinct_values bigint, minimum float8, maximum float8,
	importance float8, standard_error float8, p_value float8,
	p_value_adjusted float8, importance_impurity float8,
	importance_permutation float8, importance_corrected float8,
	importance_fanova float8, importance_ped_anova float8,
	correlation float8, correlation_p_value float8, rank_correlation float8,
	rank_correlation_p_value float8, association float8, note text)
AS 'MODULE_PATHNAME', 'hp_parameters_of_forest'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 20;

COMMENT ON FUNCTION hp_parameters(hp_forest) IS
'all that is known of each hyperparameter. runs: that have it. importance: by the method of the forest; the others NULL if not computed. standard_error: of importance, NULL for ped_anova; p_value: to see it matter as much by chance, p_value_adjusted: any of those that do nothing; NULL without uncertainty. correlation: Pearson, p-value of Student t; rank_correlation: Spearman; association: correlation ratio eta squared of a category or boolean. note: what may mislead (constant, identifier, gaps, moved together with another, an outcome ...). With depth also the groups, of kind "group": their importance is in the measure of the parameters, which by themselves have the sum 1. Of a sample (hpimp.max_runs) runs, missing, minimum, maximum and correlation are those of all runs';

CREATE FUNCTION hp_parameters(runs regclass, metric text, config text[] DEFAULT '{config}',
	trees int DEFAULT NULL, max_depth int DEFAULT NULL,
	min_samples_leaf int DEFAULT NULL, max_features float8 DEFAULT 1.0,
	seed bigint DEFAULT 0, include text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL, categorical text[] DEFAULT NULL,
	encoding text DEFAULT 'native', method text DEFAULT 'permutation',
	missing text DEFAULT 'auto',
	goal text DEFAULT 'minimize', quantile float8 DEFAULT 0.1,
	depth int DEFAULT NULL, uncertainty boolean DEFAULT true)
RETURNS TABLE (parameter text, kind text, runs bigint, missing bigint,
	distinct_values bigint, minimum float8, maximum float8,
	importance float8, standard_error float8, p_value float8,
	p_value_adjusted float8, importance_impurity float8,
	importance_permutation float8, importance_corrected float8,
	importance_fanova float8, importance_ped_anova float8,
	correlation float8, correlation_p_value float8, rank_correlation float8,
	rank_correlation_p_value float8, association float8, note text)
AS 'MODULE_PATHNAME', 'hp_parameters_of_runs'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 20;

COMMENT ON FUNCTION hp_parameters(regclass, text, text[], int, int, int, float8, bigint, text[], text[], text[], text, text, text, text, float8, int, boolean) IS
'all that is known of each hyperparameter. runs: that have it. importance: by the method of the forest; the others NULL if not computed. standard_error: of importance, NULL for ped_anova; p_value: to see it matter as much by chance, p_value_adjusted: any of those that do nothing; NULL without uncertainty. correlation: Pearson, p-value of Student t; rank_correlation: Spearman; association: correlation ratio eta squared of a category or boolean. note: what may mislead (constant, identifier, gaps, moved together with another, an outcome ...). With depth also the groups, of kind "group": their importance is in the measure of the parameters, which by themselves have the sum 1. Of a sample (hpimp.max_runs) runs, missing, minimum, maximum and correlation are those of all runs. On a table: reads it as hp_study does, trains as hp_forest does';

CREATE FUNCTION hp_quality(forest hp_forest)
RETURNS TABLE (runs_used bigint, runs_left_out bigint, metric_null bigint,
	metric_nan bigint, metric_infinite bigint, runs_not_sampled bigint,
	metric_min float8, metric_median float8, metric_max float8,
	metric_mean float8, parameters int, trees int,
	oob_r2 float8, oob_rmse float8, p_value float8, verdict text, seed bigint)
AS 'MODULE_PATHNAME', 'hp_quality_of_forest'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 1;

COMMENT ON FUNCTION hp_quality(hp_forest) IS
'how far the forest can be trusted: runs used, left out because of their metric, and not used because a sample was taken (hpimp.max_runs); the range and mean of the metric, hyperparameters that took part, out-of-bag R squared and root mean squared error (unit of the metric) over runs the trees have not seen, p_value: R squared as large by chance, NULL without uncertainty, and a verdict in words';

CREATE FUNCTION hp_quality(runs regclass, metric text, config text[] DEFAULT '{config}',
	trees int DEFAULT NULL, max_depth int DEFAULT NULL,
	min_samples_leaf int DEFAULT NULL, max_features float8 DEFAULT 1.0,
	seed bigint DEFAULT 0, include text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL, categorical text[] DEFAULT NULL,
	encoding text DEFAULT 'native', method text DEFAULT 'permutation',
	missing text DEFAULT 'auto',
	goal text DEFAULT 'minimize', quantile float8 DEFAULT 0.1,
	depth int DEFAULT NULL, uncertainty boolean DEFAULT false)
RETURNS TABLE (runs_used bigint, runs_left_out bigint, metric_null bigint,
	metric_nan bigint, metric_infinite bigint, runs_not_sampled bigint,
	metric_min float8, metric_median float8, metric_max float8,
	metric_mean float8, parameters int, trees int,
	oob_r2 float8, oob_rmse float8, p_value float8, verdict text, seed bigint)
AS 'MODULE_PATHNAME', 'hp_quality_of_runs'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 1;

COMMENT ON FUNCTION hp_quality(regclass, text, text[], int, int, int, float8, bigint, text[], text[], text[], text, text, text, text, float8, int, boolean) IS
'how far the forest can be trusted: runs used, left out because of their metric, and not used because a sample was taken (hpimp.max_runs); the range and mean of the metric, hyperparameters that took part, out-of-bag R squared and root mean squared error (unit of the metric) over runs the trees have not seen, p_value: R squared as large by chance, NULL without uncertainty, and a verdict in words. On a table: reads it as hp_study does, trains as hp_forest does';

CREATE FUNCTION hp_correlation(study hp_study)
RETURNS TABLE (parameter text, runs bigint, pearson float8, pearson_p_value float8,
	spearman float8, spearman_p_value float8)
AS 'MODULE_PATHNAME', 'hp_correlation_of_study'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 20;

COMMENT ON FUNCTION hp_correlation(hp_study) IS
'linear (Pearson) and rank (Spearman) correlation of each hyperparameter with the metric over the runs that have it as a number, booleans as 0 and 1; p-values two-sided by Student t; NULL where not defined. Of a sample (hpimp.max_runs) Pearson is that of all runs, Spearman of the sample. Sorted by strength';

CREATE FUNCTION hp_correlation(runs regclass, metric text, config text[] DEFAULT '{config}',
	include text[] DEFAULT NULL, exclude text[] DEFAULT NULL,
	categorical text[] DEFAULT NULL)
RETURNS TABLE (parameter text, runs bigint, pearson float8, pearson_p_value float8,
	spearman float8, spearman_p_value float8)
AS 'MODULE_PATHNAME', 'hp_correlation_of_runs'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 20;

COMMENT ON FUNCTION hp_correlation(regclass, text, text[], text[], text[], text[]) IS
'linear (Pearson) and rank (Spearman) correlation of each hyperparameter with the metric over the runs that have it as a number, booleans as 0 and 1; p-values two-sided by Student t; NULL where not defined. Of a sample (hpimp.max_runs) Pearson is that of all runs, Spearman of the sample. Sorted by strength. On a table: reads it as hp_study does';

CREATE FUNCTION hp_levels(study hp_study)
RETURNS TABLE (parameter text, level text, runs bigint, mean float8, stddev float8,
	correlation float8, p_value float8)
AS 'MODULE_PATHNAME', 'hp_levels_of_study'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 100;

COMMENT ON FUNCTION hp_levels(hp_study) IS
'each level of each categorical or boolean hyperparameter, and "(missing)" of any: runs that have it, mean and standard deviation of their metric, correlation of "is this level" with the metric over all runs and its p-value. Of a sample (hpimp.max_runs) all of it is of the sample. Sorted by parameter and level';

CREATE FUNCTION hp_levels(runs regclass, metric text, config text[] DEFAULT '{config}',
	include text[] DEFAULT NULL, exclude text[] DEFAULT NULL,
	categorical text[] DEFAULT NULL)
RETURNS TABLE (parameter text, level text, runs bigint, mean float8, stddev float8,
	correlation float8, p_value float8)
AS 'MODULE_PATHNAME', 'hp_levels_of_runs'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 100;

COMMENT ON FUNCTION hp_levels(regclass, text, text[], text[], text[], text[]) IS
'each level of each categorical or boolean hyperparameter, and "(missing)" of any: runs that have it, mean and standard deviation of their metric, correlation of "is this level" with the metric over all runs and its p-value. Of a sample (hpimp.max_runs) all of it is of the sample. Sorted by parameter and level. On a table: reads it as hp_study does';

CREATE FUNCTION hp_interactions(forest hp_forest)
RETURNS TABLE (parameter text, with_parameter text, share float8, stddev float8)
AS 'MODULE_PATHNAME', 'hp_interactions_of_forest'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 100;

COMMENT ON FUNCTION hp_interactions(hp_forest) IS
'share of the variance of the forest''s predictions (functional ANOVA: each tree''s own, mean and standard deviation over the trees) that each hyperparameter explains alone (with_parameter NULL), and each pair beyond what its two explain alone; pairs that no tree has together are left out: their share is 0. Shares of a hyperparameter and its pairs do not sum to 1: the rest are interactions of three and more. Sorted by share, then name. Of a forest for method permutation only the first tree of each pair is taken apart: train for method fanova what is to be asked this. Averaged over the values as often as they were observed, or as hp_space() says';

CREATE FUNCTION hp_interactions(runs regclass, metric text, config text[] DEFAULT '{config}',
	space text DEFAULT 'observed',
	trees int DEFAULT NULL, max_depth int DEFAULT NULL,
	min_samples_leaf int DEFAULT NULL, max_features float8 DEFAULT 1.0,
	seed bigint DEFAULT 0, include text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL, categorical text[] DEFAULT NULL,
	encoding text DEFAULT 'native', method text DEFAULT 'fanova',
	missing text DEFAULT 'auto',
	goal text DEFAULT 'minimize', quantile float8 DEFAULT 0.1,
	depth int DEFAULT NULL, uncertainty boolean DEFAULT false)
RETURNS TABLE (parameter text, with_parameter text, share float8, stddev float8)
AS 'MODULE_PATHNAME', 'hp_interactions_of_runs'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 100;

COMMENT ON FUNCTION hp_interactions(regclass, text, text[], text, int, int, int, float8, bigint, text[], text[], text[], text, text, text, text, float8, int, boolean) IS
'share of the variance of the forest''s predictions (functional ANOVA: each tree''s own, mean and standard deviation over the trees) that each hyperparameter explains alone (with_parameter NULL), and each pair beyond what its two explain alone; pairs that no tree has together are left out: their share is 0. Shares of a hyperparameter and its pairs do not sum to 1: the rest are interactions of three and more. Sorted by share, then name. Trains for method fanova unless told otherwise. space: what is averaged over; "observed": each hyperparameter as often as its values occur among the runs; "uniform": numbers evenly between the least and the greatest, levels alike; "log": the same with numbers on a logarithmic axis where all of them are greater than 0. On a table: reads it as hp_study does, trains as hp_forest does';

CREATE FUNCTION hp_marginal(forest hp_forest, parameter text)
RETURNS TABLE (value float8, level text, mean float8, stddev float8, runs bigint)
AS 'MODULE_PATHNAME', 'hp_marginal_of_forest'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 100;

COMMENT ON FUNCTION hp_marginal(hp_forest, text) IS
'what a hyperparameter does: for each of its values, or each level, or "(missing)" where that is a value of its own, the metric predicted on average over all other hyperparameters (functional ANOVA), its standard deviation over the trees or pairs of them, and the runs that have the value. Of more than 200 numbers those at the quantiles of the runs are shown. Averaged over the values as often as they were observed, or as hp_space() says';

CREATE FUNCTION hp_marginal(runs regclass, metric text, parameter text,
	config text[] DEFAULT '{config}', space text DEFAULT 'observed',
	trees int DEFAULT NULL, max_depth int DEFAULT NULL,
	min_samples_leaf int DEFAULT NULL, max_features float8 DEFAULT 1.0,
	seed bigint DEFAULT 0, include text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL, categorical text[] DEFAULT NULL,
	encoding text DEFAULT 'native', method text DEFAULT 'permutation',
	missing text DEFAULT 'auto',
	goal text DEFAULT 'minimize', quantile float8 DEFAULT 0.1,
	depth int DEFAULT NULL, uncertainty boolean DEFAULT false)
RETURNS TABLE (value float8, level text, mean float8, stddev float8, runs bigint)
AS 'MODULE_PATHNAME', 'hp_marginal_of_runs'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 100;

COMMENT ON FUNCTION hp_marginal(regclass, text, text, text[], text, int, int, int, float8, bigint, text[], text[], text[], text, text, text, text, float8, int, boolean) IS
'what a hyperparameter does: for each of its values, or each level, or "(missing)" where that is a value of its own, the metric predicted on average over all other hyperparameters (functional ANOVA), its standard deviation over the trees or pairs of them, and the runs that have the value. Of more than 200 numbers those at the quantiles of the runs are shown. space: what is averaged over; "observed": each hyperparameter as often as its values occur among the runs; "uniform": numbers evenly between the least and the greatest, levels alike; "log": the same with numbers on a logarithmic axis where all of them are greater than 0. On a table: reads it as hp_study does, trains as hp_forest does';

CREATE FUNCTION hp_space(forest hp_forest, space text)
RETURNS hp_forest
AS 'MODULE_PATHNAME', 'hp_space_of_forest'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION hp_space(hp_forest, text) IS
'the same forest, for hp_interactions, hp_marginal and importances of method "fanova" to average over another space. "observed": each hyperparameter as often as its values occur among the runs; "uniform": numbers evenly between the least and the greatest, levels alike; "log": the same with numbers on a logarithmic axis where all of them are greater than 0';

CREATE FUNCTION hp_suggest(forest hp_forest)
RETURNS TABLE (parameter text, advice text, low float8, high float8, levels text,
	sweep text, gain float8, gain_stddev float8, importance float8, reason text)
AS 'MODULE_PATHNAME', 'hp_suggest_of_forest'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 20;

COMMENT ON FUNCTION hp_suggest(hp_forest) IS
'what the next sweep should keep of each hyperparameter. advice: narrow (part of what was tried is clearly worse), extend (the best lies at an end: try beyond it), keep, freeze (it makes no difference that can be told: take one value). low, high: of its numbers; levels: its levels, or numbers if they are few. sweep: the same as JSON, as the parameters of a Weights & Biases sweep are written; NULL if there is nothing to write. gain: by how much the metric is expected to get better, on average over the others, if only that is drawn; gain_stddev: its standard deviation over the trees. goal says which metrics are good, quantile which runs are the best: the middle of those is always kept. Sorted by importance; identifiers are left out';

CREATE FUNCTION hp_suggest(runs regclass, metric text, config text[] DEFAULT '{config}',
	trees int DEFAULT NULL, max_depth int DEFAULT NULL,
	min_samples_leaf int DEFAULT NULL, max_features float8 DEFAULT 1.0,
	seed bigint DEFAULT 0, include text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL, categorical text[] DEFAULT NULL,
	encoding text DEFAULT 'native', method text DEFAULT 'permutation',
	missing text DEFAULT 'auto',
	goal text DEFAULT 'minimize', quantile float8 DEFAULT 0.1,
	depth int DEFAULT NULL, uncertainty boolean DEFAULT true)
RETURNS TABLE (parameter text, advice text, low float8, high float8, levels text,
	sweep text, gain float8, gain_stddev float8, importance float8, reason text)
AS 'MODULE_PATHNAME', 'hp_suggest_of_runs'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 20;

COMMENT ON FUNCTION hp_suggest(regclass, text, text[], int, int, int, float8, bigint, text[], text[], text[], text, text, text, text, float8, int, boolean) IS
'what the next sweep should keep of each hyperparameter. advice: narrow (part of what was tried is clearly worse), extend (the best lies at an end: try beyond it), keep, freeze (it makes no difference that can be told: take one value). low, high: of its numbers; levels: its levels, or numbers if they are few. sweep: the same as JSON, as the parameters of a Weights & Biases sweep are written; NULL if there is nothing to write. gain: by how much the metric is expected to get better, on average over the others, if only that is drawn; gain_stddev: its standard deviation over the trees. goal says which metrics are good, quantile which runs are the best: the middle of those is always kept. Sorted by importance; identifiers are left out. On a table: reads it as hp_study does, trains as hp_forest does';

CREATE FUNCTION hp_report(forest hp_forest)
RETURNS text
AS 'MODULE_PATHNAME', 'hp_report_of_forest'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION hp_report(hp_forest) IS
'a report to read on a terminal: how far the forest can be trusted, a bar for the importance of each hyperparameter, the direction, notes. Other formats: hp_report_as';

-- not hp_report(hp_forest, text): beside it hp_report('runs', 'val_loss') would be
-- ambiguous, for a literal may be any type
CREATE FUNCTION hp_report_as(forest hp_forest, format text, width int DEFAULT 80,
	ascii boolean DEFAULT false)
RETURNS text
AS 'MODULE_PATHNAME', 'hp_report_of_forest'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

COMMENT ON FUNCTION hp_report_as(hp_forest, text, int, boolean) IS
'a report of the importances in one value. format: text (bars for a terminal), markdown (a table for chat and pull requests), svg (a picture of the panel: importance and correlation as bars from 0 to 1), html (a page: that panel to search, sort and page through, what the leading hyperparameters do, the pairs that go together). width: columns of the terminal that text is made for. ascii: bars of text and markdown without block characters';

CREATE FUNCTION hp_report(runs regclass, metric text, config text[] DEFAULT '{config}',
	format text DEFAULT 'text', width int DEFAULT 80, ascii boolean DEFAULT false,
	trees int DEFAULT NULL, max_depth int DEFAULT NULL,
	min_samples_leaf int DEFAULT NULL, max_features float8 DEFAULT 1.0,
	seed bigint DEFAULT 0, include text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL, categorical text[] DEFAULT NULL,
	encoding text DEFAULT 'native', method text DEFAULT 'permutation',
	missing text DEFAULT 'auto',
	goal text DEFAULT 'minimize', quantile float8 DEFAULT 0.1,
	depth int DEFAULT NULL, uncertainty boolean DEFAULT true)
RETURNS text
AS 'MODULE_PATHNAME', 'hp_report_of_runs'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000;

COMMENT ON FUNCTION hp_report(regclass, text, text[], text, int, boolean, int, int, int, float8, bigint, text[], text[], text[], text, text, text, text, float8, int, boolean) IS
'a report of the importances in one value. format: text (bars for a terminal), markdown (a table for chat and pull requests), svg (a picture of the panel: importance and correlation as bars from 0 to 1), html (a page: that panel to search, sort and page through, what the leading hyperparameters do, the pairs that go together). width: columns of the terminal that text is made for. ascii: bars of text and markdown without block characters. On a table: reads it as hp_study does, trains as hp_forest does. NULL if there are no rows';

CREATE FUNCTION hp_predict(forest hp_forest, config jsonb)
RETURNS float8
AS 'MODULE_PATHNAME', 'hp_predict_by_forest'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

COMMENT ON FUNCTION hp_predict(hp_forest, jsonb) IS
'the metric that the forest expects of a run with this config. Keys that the forest does not know are ignored; numbers between those seen count as the nearest; missing keys are averaged over what they might have been, unless missing was a value in training';

CREATE FUNCTION hp_predict(runs regclass, metric text, candidate jsonb,
	config text[] DEFAULT '{config}',
	trees int DEFAULT NULL, max_depth int DEFAULT NULL,
	min_samples_leaf int DEFAULT NULL, max_features float8 DEFAULT 1.0,
	seed bigint DEFAULT 0, include text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL, categorical text[] DEFAULT NULL,
	encoding text DEFAULT 'native', method text DEFAULT 'permutation',
	missing text DEFAULT 'auto',
	goal text DEFAULT 'minimize', quantile float8 DEFAULT 0.1,
	depth int DEFAULT NULL, uncertainty boolean DEFAULT false)
RETURNS float8
AS 'MODULE_PATHNAME', 'hp_predict_by_runs'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000;

COMMENT ON FUNCTION hp_predict(regclass, text, jsonb, text[], int, int, int, float8, bigint, text[], text[], text[], text, text, text, text, float8, int, boolean) IS
'the metric that a forest trained on the table expects of a run with the config "candidate"; see hp_predict(hp_forest, jsonb)';

--
-- Progress of long calls, to be read from another session
--

CREATE FUNCTION hp_progress(OUT pid int, OUT leader_pid int, OUT datname text, OUT usename text,
	OUT relation text, OUT phase text, OUT runs_read bigint, OUT runs_total bigint,
	OUT trees_done int, OUT trees_total int, OUT replicates_done int, OUT replicates_total int,
	OUT seconds float8)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10 ROWS 10;

COMMENT ON FUNCTION hp_progress() IS
'what the view hp_progress shows';

CREATE VIEW hp_progress AS SELECT * FROM hp_progress();
GRANT SELECT ON hp_progress TO PUBLIC;

COMMENT ON VIEW hp_progress IS
'one row for each call of this extension that reads runs or trains a forest now, in any session of the server. As in pg_stat_activity, a transaction sees the same rows until its end or pg_stat_clear_snapshot(). What another role does is shown to superusers and members of pg_read_all_stats; to others all but the first four columns is NULL. Empty for calls inside a command with a progress report of its own (COPY, ANALYZE ...), and with track_activities off';
COMMENT ON COLUMN hp_progress.pid IS
'process that does the call, as in pg_stat_activity';
COMMENT ON COLUMN hp_progress.leader_pid IS
'if that is a parallel worker of a query, the process that leads it; else NULL. The workers that help to read or train have no rows: they count in the row of the call';
COMMENT ON COLUMN hp_progress.datname IS
'database of the session';
COMMENT ON COLUMN hp_progress.usename IS
'role that the session is of';
COMMENT ON COLUMN hp_progress.relation IS
'table or view that is read: its name, in another database its oid; NULL where a stored study or an aggregate is asked';
COMMENT ON COLUMN hp_progress.phase IS
'reading runs, coding values, describing parameters, explaining gaps, training trees, finishing, resampling';
COMMENT ON COLUMN hp_progress.runs_read IS
'runs read so far, in parallel plans by all processes, in steps of 1,024; when workers hand over what they have read it may step back for a moment';
COMMENT ON COLUMN hp_progress.runs_total IS
'runs there are: while reading as estimated by the statistics of the table, NULL without any and for views; then exactly';
COMMENT ON COLUMN hp_progress.trees_done IS
'trees trained so far, by all processes; NULL before training and where none are';
COMMENT ON COLUMN hp_progress.trees_total IS
'trees to be trained';
COMMENT ON COLUMN hp_progress.replicates_done IS
'small forests trained so far for standard errors and p-values, by all processes; NULL before and where none are';
COMMENT ON COLUMN hp_progress.replicates_total IS
'those to be trained as far as is known: it may grow as long as a p-value is in doubt';
COMMENT ON COLUMN hp_progress.seconds IS
'time since the call began';
