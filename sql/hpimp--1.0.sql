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

CREATE FUNCTION hp_fingerprint(study hp_study) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION hp_fingerprint(hp_study) IS 'a hash of the runs of a study: the same for the same runs in any order and on any server; runs that come, go or change make another';

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
'trains a random forest: metric by hyperparameters. The same study and settings give the same forest, bit for bit. trees NULL: 100, for permutation of fewer than 500 runs up to 1,000; for permutation each is a pair, the second tree grown on what the first leaves of the metric. max_depth NULL: no limit. min_samples_leaf NULL: the cube root of the number of runs for permutation, else 1. max_features: share of the parameters tried per split. include, exclude, categorical: LIKE patterns on names; categorical makes numbers levels. encoding: native | onehot (a row per level). method: permutation (what of the metric is not explained without the parameter, interactions included, by the predictions of unseen runs) | impurity | corrected | fanova | ped_anova, what hp_importance reports. missing: fill | value | auto (value for impurity, else fill). goal: minimize | maximize, quantile: the share of runs that are the best (both for ped_anova and hp_suggest). depth: parameters whose dotted names share so many first components make a group, a row of hp_importance (methods permutation, impurity, corrected). uncertainty: standard errors and p-values too. part, parts: only the trees that the first, second ... of so many parts has, for hp_forest_agg to merge with the others. NULL for a NULL study';

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
'a report of the importances in one value. format: text (bars for a terminal), markdown (a table for chat and pull requests, and the next sweep), svg (a picture of the panel: importance and correlation as bars from 0 to 1), html (a page: that panel to search, sort and page through, levels folded under their hyperparameter, what the leading ones do with the runs as points, the pairs that go together, the next sweep). width: columns of the terminal that text is made for. ascii: bars of text and markdown without block characters';

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
'a report of the importances in one value. format: text (bars for a terminal), markdown (a table for chat and pull requests, and the next sweep), svg (a picture of the panel: importance and correlation as bars from 0 to 1), html (a page: that panel to search, sort and page through, levels folded under their hyperparameter, what the leading ones do with the runs as points, the pairs that go together, the next sweep). width: columns of the terminal that text is made for. ascii: bars of text and markdown without block characters. On a table: reads it as hp_study does, trains as hp_forest does. NULL if there are no rows';

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
-- History: importances of panels, kept from snapshot to snapshot
--
-- The tables belong to whoever makes them: they outlive the extension and are
-- dumped as any others.  So nothing here knows their schema but by argument.
--
-- What these functions run must mean the same whatever the search_path of the
-- caller: it is set aside, for functions by a SET clause.  Where the runs are
-- read it must be the caller's, as for any other query of theirs, so those two
-- functions set it aside and back themselves.

CREATE FUNCTION hp_history_create(schema text DEFAULT 'hp_history') RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	comment text;
BEGIN
	IF schema IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'schema must not be null';
	END IF;
	IF to_regclass(format('%I.hp_panels', schema)) IS NOT NULL THEN
		RAISE NOTICE 'there is a history in schema "%" already', schema;
		RETURN schema;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = schema) THEN
		EXECUTE format('CREATE SCHEMA %I', schema);
		EXECUTE format('COMMENT ON SCHEMA %I IS %L', schema,
			'importances of hyperparameters, kept from snapshot to snapshot (hpimp)');
	END IF;
	EXECUTE replace($ddl$

CREATE TABLE @schema@.hp_panels (
	panel text PRIMARY KEY CHECK (panel <> ''),
	relation text NOT NULL,
	metric text NOT NULL,
	config text[] NOT NULL DEFAULT '{config}',
	settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
	enabled boolean NOT NULL DEFAULT true,
	keep_age interval CHECK (keep_age > '0' AND keep_age < '1000 years'),
	keep_count int CHECK (keep_count > 0)
);
COMMENT ON TABLE @schema@.hp_panels IS 'what snapshots are taken of: one row a panel; hp_history_add() adds one, UPDATE and DELETE do the rest';
COMMENT ON COLUMN @schema@.hp_panels.panel IS 'name of the panel';
COMMENT ON COLUMN @schema@.hp_panels.relation IS 'table or view of runs, with its schema, as in a FROM clause';
COMMENT ON COLUMN @schema@.hp_panels.metric IS 'metric, as hp_study takes it';
COMMENT ON COLUMN @schema@.hp_panels.config IS 'columns that hold the hyperparameters, as hp_study takes them';
COMMENT ON COLUMN @schema@.hp_panels.settings IS 'settings of hp_forest by name, {"method": "corrected", "exclude": ["seed"]} say; uncertainty is true unless it says otherwise';
COMMENT ON COLUMN @schema@.hp_panels.enabled IS 'false: left out by hp_snapshot() unless named';
COMMENT ON COLUMN @schema@.hp_panels.keep_age IS 'snapshots last confirmed longer ago are removed, but for the latest; NULL: none';
COMMENT ON COLUMN @schema@.hp_panels.keep_count IS 'so many snapshots are kept, and as many errors; NULL: all';

CREATE TABLE @schema@.hp_snapshots (
	snapshot bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	panel text NOT NULL REFERENCES @schema@.hp_panels ON UPDATE CASCADE ON DELETE CASCADE,
	taken_at timestamptz NOT NULL,
	confirmed_at timestamptz NOT NULL,
	seconds float8 NOT NULL,
	hpimp_version text NOT NULL,
	relation text NOT NULL,
	metric text NOT NULL,
	config text[] NOT NULL,
	settings jsonb NOT NULL,
	fingerprint text,
	runs bigint,
	runs_left_out bigint,
	runs_not_sampled bigint,
	metric_min float8,
	metric_median float8,
	metric_max float8,
	metric_mean float8,
	parameters int,
	trees int,
	oob_r2 float8,
	oob_rmse float8,
	p_value float8,
	verdict text,
	error text,
	error_code text,
	error_detail text,
	error_hint text
);
CREATE INDEX ON @schema@.hp_snapshots (panel, snapshot);
COMMENT ON TABLE @schema@.hp_snapshots IS 'one row for each time that a panel was found changed, or failed in another way than before';
COMMENT ON COLUMN @schema@.hp_snapshots.snapshot IS 'number of the snapshot, growing';
COMMENT ON COLUMN @schema@.hp_snapshots.panel IS 'name of the panel';
COMMENT ON COLUMN @schema@.hp_snapshots.taken_at IS 'when the runs were read';
COMMENT ON COLUMN @schema@.hp_snapshots.confirmed_at IS 'when they were last found to be the same (of an error: when it was last met)';
COMMENT ON COLUMN @schema@.hp_snapshots.seconds IS 'how long reading and training took';
COMMENT ON COLUMN @schema@.hp_snapshots.hpimp_version IS 'version of the extension';
COMMENT ON COLUMN @schema@.hp_snapshots.relation IS 'relation of the panel at that time';
COMMENT ON COLUMN @schema@.hp_snapshots.metric IS 'metric of the panel at that time';
COMMENT ON COLUMN @schema@.hp_snapshots.config IS 'config columns of the panel at that time';
COMMENT ON COLUMN @schema@.hp_snapshots.settings IS 'settings of the panel at that time';
COMMENT ON COLUMN @schema@.hp_snapshots.fingerprint IS 'hp_fingerprint() of the runs; NULL of an error or if there were none';
COMMENT ON COLUMN @schema@.hp_snapshots.runs IS 'runs the importances were learned from';
COMMENT ON COLUMN @schema@.hp_snapshots.runs_left_out IS 'runs without a usable metric';
COMMENT ON COLUMN @schema@.hp_snapshots.runs_not_sampled IS 'runs beyond hpimp.max_runs';
COMMENT ON COLUMN @schema@.hp_snapshots.metric_min IS 'smallest metric';
COMMENT ON COLUMN @schema@.hp_snapshots.metric_median IS 'median of the metric';
COMMENT ON COLUMN @schema@.hp_snapshots.metric_max IS 'largest metric';
COMMENT ON COLUMN @schema@.hp_snapshots.metric_mean IS 'mean of the metric';
COMMENT ON COLUMN @schema@.hp_snapshots.parameters IS 'hyperparameters that took part';
COMMENT ON COLUMN @schema@.hp_snapshots.trees IS 'trees of the forest';
COMMENT ON COLUMN @schema@.hp_snapshots.oob_r2 IS 'out-of-bag R squared of the forest';
COMMENT ON COLUMN @schema@.hp_snapshots.oob_rmse IS 'its root mean squared error, in the unit of the metric';
COMMENT ON COLUMN @schema@.hp_snapshots.p_value IS 'to see such an R squared by chance';
COMMENT ON COLUMN @schema@.hp_snapshots.verdict IS 'how far the importances can be trusted, in words';
COMMENT ON COLUMN @schema@.hp_snapshots.error IS 'what went wrong; NULL if nothing did';
COMMENT ON COLUMN @schema@.hp_snapshots.error_code IS 'SQLSTATE of the error';
COMMENT ON COLUMN @schema@.hp_snapshots.error_detail IS 'its detail';
COMMENT ON COLUMN @schema@.hp_snapshots.error_hint IS 'its hint';

CREATE TABLE @schema@.hp_importances (
	snapshot bigint NOT NULL REFERENCES @schema@.hp_snapshots ON DELETE CASCADE,
	place int NOT NULL,
	parameter text NOT NULL,
	kind text NOT NULL,
	rank int,
	importance float8,
	standard_error float8,
	p_value float8,
	p_value_adjusted float8,
	correlation float8,
	rank_correlation float8,
	association float8,
	runs bigint,
	missing bigint,
	distinct_values bigint,
	minimum float8,
	maximum float8,
	note text,
	PRIMARY KEY (snapshot, place)
);
COMMENT ON TABLE @schema@.hp_importances IS 'what hp_parameters() said: one row for each snapshot and hyperparameter';
COMMENT ON COLUMN @schema@.hp_importances.snapshot IS 'number of the snapshot';
COMMENT ON COLUMN @schema@.hp_importances.place IS 'place of the row in the answer, from 1';
COMMENT ON COLUMN @schema@.hp_importances.parameter IS 'name of the hyperparameter, or of a group of them';
COMMENT ON COLUMN @schema@.hp_importances.kind IS 'numeric, boolean, categorical ...; group with the setting depth';
COMMENT ON COLUMN @schema@.hp_importances.rank IS 'rank by importance, 1 for the greatest, equal ones and all up to a millionth alike; of groups among groups';
COMMENT ON COLUMN @schema@.hp_importances.importance IS 'importance; those of hyperparameters have the sum 1';
COMMENT ON COLUMN @schema@.hp_importances.standard_error IS 'of the importance';
COMMENT ON COLUMN @schema@.hp_importances.p_value IS 'to see it matter as much by chance';
COMMENT ON COLUMN @schema@.hp_importances.p_value_adjusted IS 'to see any that does nothing matter as much';
COMMENT ON COLUMN @schema@.hp_importances.correlation IS 'linear correlation with the metric; NULL of categories';
COMMENT ON COLUMN @schema@.hp_importances.rank_correlation IS 'rank correlation with the metric';
COMMENT ON COLUMN @schema@.hp_importances.association IS 'correlation ratio of a category or boolean';
COMMENT ON COLUMN @schema@.hp_importances.runs IS 'runs that have the hyperparameter';
COMMENT ON COLUMN @schema@.hp_importances.missing IS 'runs that do not';
COMMENT ON COLUMN @schema@.hp_importances.distinct_values IS 'different values it has';
COMMENT ON COLUMN @schema@.hp_importances.minimum IS 'smallest number';
COMMENT ON COLUMN @schema@.hp_importances.maximum IS 'largest number';
COMMENT ON COLUMN @schema@.hp_importances.note IS 'what may mislead';

CREATE VIEW @schema@.hp_timeline AS
SELECT s.panel, s.snapshot, s.taken_at, s.confirmed_at, s.relation, s.metric AS metric_name,
	i.parameter, i.kind, i.rank, i.importance, i.standard_error, i.p_value,
	i.p_value_adjusted, i.correlation, i.rank_correlation, i.association, i.note,
	s.runs, s.oob_r2, s.verdict
FROM @schema@.hp_snapshots s JOIN @schema@.hp_importances i USING (snapshot);
COMMENT ON VIEW @schema@.hp_timeline IS 'every importance of every snapshot: for a line over taken_at for each parameter of a panel';

CREATE VIEW @schema@.hp_latest AS
SELECT t.*
FROM @schema@.hp_panels p,
	LATERAL (SELECT s.snapshot FROM @schema@.hp_snapshots s
		WHERE s.panel = p.panel AND s.error IS NULL
		ORDER BY s.snapshot DESC LIMIT 1) l
	JOIN @schema@.hp_timeline t USING (snapshot);
COMMENT ON VIEW @schema@.hp_latest IS 'the latest importances of each panel';

CREATE VIEW @schema@.hp_changes AS
WITH pair AS (
	SELECT a.panel, a.snapshot, a.taken_at, b.snapshot AS before, b.taken_at AS previous_taken_at,
		(a.relation, a.metric, a.config, a.settings, a.hpimp_version) =
			(b.relation, b.metric, b.config, b.settings, b.hpimp_version) AS comparable
	FROM @schema@.hp_panels
		CROSS JOIN LATERAL (SELECT * FROM @schema@.hp_snapshots s
			WHERE s.panel = hp_panels.panel AND s.error IS NULL
			ORDER BY s.snapshot DESC LIMIT 1) a
		LEFT JOIN LATERAL (SELECT * FROM @schema@.hp_snapshots s
			WHERE s.panel = hp_panels.panel AND s.error IS NULL AND s.snapshot < a.snapshot
			ORDER BY s.snapshot DESC LIMIT 1) b ON true
)
SELECT p.panel, p.taken_at, p.previous_taken_at, p.comparable, c.parameter, c.kind,
	CASE WHEN p.before IS NULL THEN 'first'
		WHEN c.previous_kind IS NULL THEN 'new'
		WHEN c.new_kind IS NULL THEN 'gone'
		WHEN c.rank < c.previous_rank THEN 'up'
		WHEN c.rank > c.previous_rank THEN 'down'
		WHEN c.rank = c.previous_rank THEN 'same'
	END AS change,
	c.rank, c.previous_rank, c.previous_rank - c.rank AS rank_change,
	c.importance, c.previous_importance,
	c.importance - c.previous_importance AS importance_change,
	sqrt(c.standard_error * c.standard_error
		+ c.previous_standard_error * c.previous_standard_error) AS importance_change_error,
	c.correlation, c.previous_correlation,
	c.correlation - c.previous_correlation AS correlation_change
FROM pair p CROSS JOIN LATERAL (
	SELECT coalesce(a.parameter, b.parameter) AS parameter, coalesce(a.kind, b.kind) AS kind,
		a.kind AS new_kind, b.kind AS previous_kind, a.rank, b.rank AS previous_rank,
		a.importance, b.importance AS previous_importance,
		a.standard_error, b.standard_error AS previous_standard_error,
		a.correlation, b.correlation AS previous_correlation
	FROM (SELECT *, row_number() OVER (PARTITION BY parameter, kind = 'group' ORDER BY kind, place) AS namesake
			FROM @schema@.hp_importances i WHERE i.snapshot = p.snapshot) a
		FULL JOIN (SELECT *, row_number() OVER (PARTITION BY parameter, kind = 'group' ORDER BY kind, place) AS namesake
			FROM @schema@.hp_importances i WHERE i.snapshot = p.before) b
		ON b.parameter = a.parameter AND (b.kind = 'group') = (a.kind = 'group') AND b.namesake = a.namesake
) c;
COMMENT ON VIEW @schema@.hp_changes IS 'the latest importances of each panel beside those of the snapshot before';

CREATE VIEW @schema@.hp_panel_state AS
SELECT p.panel, p.enabled, p.relation, p.metric AS metric_name, n.snapshots, l.taken_at, l.confirmed_at,
	l.seconds, l.runs, l.runs_left_out, l.oob_r2, l.p_value, l.verdict,
	e.error IS NOT NULL AS failing, e.error, e.error_hint,
	e.taken_at AS failing_since, e.confirmed_at AS failed_at
FROM @schema@.hp_panels p
	CROSS JOIN LATERAL (SELECT count(*) AS snapshots FROM @schema@.hp_snapshots s
		WHERE s.panel = p.panel AND s.error IS NULL) n
	LEFT JOIN LATERAL (SELECT * FROM @schema@.hp_snapshots s
		WHERE s.panel = p.panel AND s.error IS NULL
		ORDER BY s.snapshot DESC LIMIT 1) l ON true
	LEFT JOIN LATERAL (SELECT * FROM @schema@.hp_snapshots s
		WHERE s.panel = p.panel AND s.error IS NOT NULL
			AND (l.confirmed_at IS NULL OR s.confirmed_at > l.confirmed_at)
		ORDER BY s.snapshot DESC LIMIT 1) e ON true;
COMMENT ON VIEW @schema@.hp_panel_state IS 'one row a panel: its latest snapshot, how far it can be trusted, whether the panel fails now and why';

COMMENT ON COLUMN @schema@.hp_timeline.metric_name IS 'metric of the panel';
COMMENT ON COLUMN @schema@.hp_timeline.runs IS 'runs the importances were learned from';
COMMENT ON COLUMN @schema@.hp_latest.metric_name IS 'metric of the panel';
COMMENT ON COLUMN @schema@.hp_latest.runs IS 'runs the importances were learned from';
COMMENT ON COLUMN @schema@.hp_changes.previous_taken_at IS 'when the runs of the snapshot before were read; NULL if there is none';
COMMENT ON COLUMN @schema@.hp_changes.comparable IS 'whether both had the same relation, metric, config, settings and version, so that a change is one of the runs';
COMMENT ON COLUMN @schema@.hp_changes.change IS 'up or down in rank, same, new (was not there), gone, first (there is no snapshot before); NULL if there is no importance';
COMMENT ON COLUMN @schema@.hp_changes.previous_rank IS 'rank before';
COMMENT ON COLUMN @schema@.hp_changes.rank_change IS 'by how many places it rose (negative: fell)';
COMMENT ON COLUMN @schema@.hp_changes.previous_importance IS 'importance before';
COMMENT ON COLUMN @schema@.hp_changes.importance_change IS 'importance less that before';
COMMENT ON COLUMN @schema@.hp_changes.importance_change_error IS 'square root of the sum of the squares of both standard errors: a change of less than twice that says little';
COMMENT ON COLUMN @schema@.hp_changes.previous_correlation IS 'correlation before';
COMMENT ON COLUMN @schema@.hp_changes.correlation_change IS 'correlation less that before';
COMMENT ON COLUMN @schema@.hp_panel_state.metric_name IS 'metric of the panel';
COMMENT ON COLUMN @schema@.hp_panel_state.snapshots IS 'snapshots there are, errors not counted';
COMMENT ON COLUMN @schema@.hp_panel_state.failing IS 'whether it failed when it was last looked at';
COMMENT ON COLUMN @schema@.hp_panel_state.failing_since IS 'when this error was first met';
COMMENT ON COLUMN @schema@.hp_panel_state.failed_at IS 'when it was last met';
$ddl$, '@schema@', format('%I', schema));
	-- other columns of the views say what those of the tables do
	FOR comment IN
		SELECT DISTINCT ON (v.attrelid, v.attnum)
			format('COMMENT ON COLUMN %s.%I IS %L', v.attrelid::regclass, v.attname,
				col_description(t.attrelid, t.attnum))
		FROM pg_class c JOIN pg_attribute v ON v.attrelid = c.oid AND v.attnum > 0,
			pg_class o JOIN pg_attribute t ON t.attrelid = o.oid AND t.attnum > 0
		WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = schema)
			AND c.relname IN ('hp_timeline', 'hp_latest', 'hp_changes', 'hp_panel_state')
			AND o.relnamespace = c.relnamespace AND t.attname = v.attname
			AND o.relname IN ('hp_panels', 'hp_snapshots', 'hp_importances')
			AND col_description(c.oid, v.attnum) IS NULL
		ORDER BY v.attrelid, v.attnum, (o.relname = 'hp_importances') <> (c.relname = 'hp_panel_state') DESC, o.relname
	LOOP
		EXECUTE comment;
	END LOOP;
	RETURN schema;
END
$$;
COMMENT ON FUNCTION hp_history_create(text) IS
'makes a history in a schema, and the schema if there is none: tables hp_panels, hp_snapshots and hp_importances, views hp_latest, hp_changes, hp_timeline and hp_panel_state. They belong to who calls this, outlive the extension and are dumped with everything else. Says where it is';

CREATE FUNCTION hp_history_check(schema text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	tables int;
	owner name;
BEGIN
	IF schema IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'schema must not be null';
	END IF;
	-- of any kind: a view in the place of a table would be somebody's trick
	SELECT count(*), min(rolname::text) FILTER (WHERE rolname <> current_user) INTO tables, owner
	FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_roles r ON r.oid = relowner
	WHERE nspname = schema AND relname IN ('hp_panels', 'hp_snapshots', 'hp_importances');
	IF tables < 3 THEN
		RAISE undefined_table USING
			MESSAGE = format('there is no history in schema "%s"', schema),
			HINT = format('SELECT hp_history_create(%L) makes one.', schema);
	END IF;
	IF owner IS NOT NULL THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('the history in schema "%s" belongs to another role', schema),
			DETAIL = 'Panels are read with the rights of the caller, so nobody else may say which they are.',
			HINT = format('SET ROLE %I first, or let that role do it.', owner);
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION hp_history_check(text) IS
'an error unless there is a history in the schema and it belongs to the caller; what the other functions of a history begin with';

CREATE FUNCTION hp_history_panels(panels text[], schema text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	extension name := (SELECT nspname FROM pg_namespace n JOIN pg_extension e ON e.extnamespace = n.oid
		WHERE extname = 'hpimp');
	found text[];
	unknown text;
	there text;
BEGIN
	EXECUTE format('SELECT %I.hp_history_check($1)', extension) USING schema;
	EXECUTE format('SELECT coalesce(array_agg(panel ORDER BY panel COLLATE "C"), ''{}'')
			FROM %I.hp_panels WHERE CASE WHEN $1 IS NULL THEN enabled ELSE panel = ANY ($1) END', schema)
		INTO found USING panels;
	SELECT p INTO unknown FROM unnest(panels) p WHERE p IS NOT NULL AND NOT p = ANY (found) LIMIT 1;
	IF unknown IS NOT NULL THEN
		EXECUTE format('SELECT string_agg(panel, '', '' ORDER BY panel COLLATE "C") FROM %I.hp_panels', schema)
			INTO there;
		RAISE undefined_object USING
			MESSAGE = format('there is no panel "%s" in the history of schema "%s"', unknown, schema),
			DETAIL = coalesce('The panels are ' || there || '.', 'There are no panels.'),
			HINT = 'hp_history_add() adds one.';
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION hp_history_panels(text[], text) IS
'the panels of these names, or if NULL all that are enabled; an error for a name that there is not';

CREATE FUNCTION hp_history_lock(panel text, schema text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	extension name := (SELECT nspname FROM pg_namespace n JOIN pg_extension e ON e.extnamespace = n.oid
		WHERE extname = 'hpimp');
	held boolean;
	there boolean;
BEGIN
	EXECUTE format('SELECT %I.hp_history_check($1)', extension) USING schema;
	-- the row and no advisory lock: that any role could take
	EXECUTE format('SELECT true FROM %I.hp_panels WHERE panel = $1 FOR NO KEY UPDATE SKIP LOCKED', schema)
		INTO held USING panel;
	IF held THEN
		RETURN 'held';
	END IF;
	EXECUTE format('SELECT true FROM %I.hp_panels WHERE panel = $1', schema) INTO there USING panel;
	RETURN CASE WHEN there THEN 'busy' ELSE 'gone' END;
END
$$;
COMMENT ON FUNCTION hp_history_lock(text, text) IS
'held: a panel is this session''s until the end of the transaction, so that no other trains for it and nobody changes, renames or deletes it meanwhile; busy: another transaction takes or changes it; gone: there is none of this name. Does not wait. Part of hp_history_take()';

CREATE FUNCTION hp_history_settings(settings jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known text[];
	types oid[];
	type oid;
	key text;
	setting jsonb;
	value text;
	arguments text := '';
BEGIN
	IF jsonb_typeof(settings) <> 'object' THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'settings must be a JSON object',
			HINT = 'They are named as the arguments of hp_forest: {"trees": 200, "exclude": ["seed"]} say.';
	END IF;
	-- what there is to set: the arguments of hp_forest() from the second on, but
	-- not those for a part of a forest
	SELECT proargnames[2:array_position(proargnames, 'part') - 1], (proargtypes::oid[])[1:] INTO known, types
	FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e'
		JOIN pg_extension e ON refclassid = 'pg_extension'::regclass AND refobjid = e.oid AND extname = 'hpimp'
	WHERE proname = 'hp_forest' AND proargnames[1] = 'study';
	FOR key, setting IN SELECT * FROM jsonb_each('{"uncertainty": true}' || settings) LOOP
		IF NOT key = ANY (known) THEN
			RAISE invalid_parameter_value USING
				MESSAGE = format('there is no setting "%s"', key),
				HINT = format('The settings are %s.', array_to_string(known, ', '));
		END IF;
		type := types[array_position(known, key)];
		value := setting #>> '{}';
		IF type = 'text[]'::regtype AND value IS NOT NULL THEN
			IF setting @> '[null]' THEN
				RAISE invalid_parameter_value USING MESSAGE = format('setting "%s" must not hold null', key);
			END IF;
			value := ARRAY(SELECT jsonb_array_elements_text(CASE jsonb_typeof(setting)
				WHEN 'array' THEN setting ELSE jsonb_build_array(setting) END))::text;
		END IF;
		arguments := arguments || format(', %I => CAST(%L AS %s)', key, value, type::regtype);
	END LOOP;
	RETURN arguments;
END
$$;
COMMENT ON FUNCTION hp_history_settings(jsonb) IS
'settings of a panel as arguments of hp_forest, written in SQL; an error for a name that is none';

CREATE FUNCTION hp_history_add(runs regclass, metric text, config text[] DEFAULT '{config}',
	panel text DEFAULT NULL, settings jsonb DEFAULT '{}', keep_age interval DEFAULT NULL,
	keep_count int DEFAULT NULL, schema text DEFAULT 'hp_history') RETURNS text
LANGUAGE plpgsql COST 10000 AS $$
DECLARE
	callers_path text := pg_catalog.current_setting('search_path');
	safe_path text := pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
	extension name := (SELECT nspname FROM pg_namespace n JOIN pg_extension e ON e.extnamespace = n.oid
		WHERE extname = 'hpimp');
	relation record;
	reading text := format('SELECT %I.hp_study($1, $2, $3) IS NULL', extension);
	messages text := current_setting('client_min_messages');
	arguments text;
	added bigint;
BEGIN
	EXECUTE format('SELECT %I.hp_history_check($1)', extension) USING schema;
	IF keep_count < 1 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('keep_count must be at least 1, not %s', keep_count),
			HINT = 'NULL keeps all snapshots.';
	ELSIF keep_age <= '0' OR keep_age >= '1000 years' THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('keep_age must be more than 0 and less than 1000 years, not %s', keep_age),
			HINT = 'NULL keeps snapshots however old.';
	END IF;
	SELECT relname, relpersistence, format('%I.%I', nspname, relname) AS name INTO relation
	FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
	WHERE c.oid = runs;
	IF relation.relpersistence = 't' THEN
		RAISE wrong_object_type USING
			MESSAGE = format('"%s" is a temporary table', relation.relname),
			HINT = 'It would be gone by the next snapshot.';
	END IF;
	-- wrong names and settings are to fail here rather than at night; of the
	-- settings any run tells, but for patterns and what it says of so few runs
	EXECUTE format('SELECT %I.hp_history_settings($1)', extension) USING settings;
	EXECUTE format('SELECT %I.hp_history_settings($1)', extension)
		INTO arguments USING settings - '{include,exclude,categorical}'::text[];
	PERFORM set_config('client_min_messages', 'error', true);
	EXECUTE format('SELECT %1$I.hp_forest(%1$I.hp_study_agg(''{"x": 1}'', 1)%2$s) IS NULL', extension, arguments);
	PERFORM set_config('client_min_messages', messages, true);
	PERFORM pg_catalog.set_config('search_path', callers_path, true);
	EXECUTE reading USING runs, metric, config;
	PERFORM pg_catalog.set_config('search_path', safe_path, true);

	panel := coalesce(panel, format('%s %s', relation.relname, metric));
	EXECUTE format('INSERT INTO %I.hp_panels (panel, relation, metric, config, settings, keep_age, keep_count)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (panel) DO NOTHING', schema)
		USING panel, relation.name, metric, config, settings, keep_age, keep_count;
	GET DIAGNOSTICS added = ROW_COUNT;
	IF added = 0 THEN
		RAISE unique_violation USING
			MESSAGE = format('there is a panel "%s" already', panel),
			HINT = format('Name this one otherwise, as in panel => %L, or change that one: UPDATE or DELETE in %I.hp_panels.', panel || ' 2', schema);
	END IF;
	PERFORM pg_catalog.set_config('search_path', callers_path, true);
	RETURN panel;
END
$$;
COMMENT ON FUNCTION hp_history_add(regclass, text, text[], text, jsonb, interval, int, text) IS
'adds a panel to a history: a table or view of runs, a metric and config columns as hp_importance takes them, and settings of hp_forest as JSON. Reads the runs once, so that wrong names fail at once. panel: its name; NULL: table and metric. keep_age, keep_count: snapshots last confirmed longer ago, and those beyond so many, are removed. Returns the name';

CREATE FUNCTION hp_history_store(study hp_study, fingerprint text, panel text, started timestamptz,
	schema text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	extension name;
	version text;
	p record;
	arguments text;
	trained record;
	number bigint;
BEGIN
	SELECT nspname, extversion INTO extension, version
	FROM pg_namespace n JOIN pg_extension e ON e.extnamespace = n.oid
	WHERE extname = 'hpimp';
	EXECUTE format('SELECT %I.hp_history_check($1)', extension) USING schema;
	EXECUTE format('SELECT * FROM %I.hp_panels WHERE panel = $1', schema) INTO p USING panel;
	EXECUTE format('SELECT %I.hp_history_settings($1)', extension) INTO arguments USING p.settings;
	EXECUTE format('SELECT %I.hp_forest($1%s) AS forest', extension, arguments) INTO trained USING study;

	-- a table without runs has no forest, but a snapshot it has
	EXECUTE format('INSERT INTO %I.hp_snapshots (panel, taken_at, confirmed_at, seconds, hpimp_version,
				relation, metric, config, settings, fingerprint, runs, runs_left_out, runs_not_sampled,
				metric_min, metric_median, metric_max, metric_mean, parameters, trees,
				oob_r2, oob_rmse, p_value, verdict)
			SELECT $2, $3, $3, extract(epoch FROM clock_timestamp() - $3), $4, $5, $6, $7, $8, $9,
				coalesce(runs_used, 0), coalesce(runs_left_out, 0), coalesce(runs_not_sampled, 0),
				metric_min, metric_median, metric_max, metric_mean, parameters, trees,
				oob_r2, oob_rmse, p_value, coalesce(verdict, ''there are no runs'')
			FROM (SELECT) AS always LEFT JOIN %I.hp_quality($1) ON true
			RETURNING snapshot', schema, extension)
		INTO number
		USING trained.forest, panel, started, version, p.relation, p.metric, p.config, p.settings, fingerprint;
	EXECUTE format('INSERT INTO %I.hp_importances (snapshot, place, parameter, kind, rank, importance,
				standard_error, p_value, p_value_adjusted, correlation, rank_correlation, association,
				runs, missing, distinct_values, minimum, maximum, note)
			SELECT $2, place, parameter, kind, CASE WHEN importance IS NOT NULL THEN
					rank() OVER (PARTITION BY kind = ''group''
						ORDER BY CASE WHEN importance > 1e-6 THEN importance ELSE 0 END DESC) END,
				importance, standard_error, p_value, p_value_adjusted, correlation, rank_correlation,
				association, runs, missing, distinct_values, minimum, maximum, note
			FROM %I.hp_parameters($1) WITH ORDINALITY AS q (parameter, kind, runs, missing, distinct_values,
				minimum, maximum, importance, standard_error, p_value, p_value_adjusted, impurity,
				permutation, corrected, fanova, ped_anova, correlation, correlation_p_value,
				rank_correlation, rank_correlation_p_value, association, note, place)', schema, extension)
		USING trained.forest, number;
	RETURN number;
END
$$;
COMMENT ON FUNCTION hp_history_store(hp_study, text, text, timestamptz, text) IS
'trains a forest as a panel says and stores what it found as a snapshot of a history; its number. Part of hp_history_take()';

CREATE FUNCTION hp_history_prune(panel text, schema text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	extension name := (SELECT nspname FROM pg_namespace n JOIN pg_extension e ON e.extnamespace = n.oid
		WHERE extname = 'hpimp');
	removed bigint;
BEGIN
	EXECUTE format('SELECT %I.hp_history_check($1)', extension) USING schema;
	-- the latest snapshot stays however old: runs that stand still have a latest, too
	EXECUTE format('DELETE FROM %1$I.hp_snapshots s
			USING %1$I.hp_panels p, (SELECT snapshot, error IS NOT NULL AS failed,
				row_number() OVER (PARTITION BY error IS NULL ORDER BY snapshot DESC) AS nth
				FROM %1$I.hp_snapshots WHERE panel = $1) AS o
			WHERE o.snapshot = s.snapshot AND p.panel = $1
				AND (o.nth > p.keep_count
					OR s.confirmed_at < clock_timestamp() - p.keep_age AND (failed OR nth > 1))', schema)
		USING panel;
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN removed;
END
$$;
COMMENT ON FUNCTION hp_history_prune(text, text) IS
'removes snapshots of a panel by its keep_age and keep_count; how many. Part of hp_history_take()';

CREATE FUNCTION hp_history_take(panel text, schema text DEFAULT 'hp_history') RETURNS text
LANGUAGE plpgsql COST 100000 AS $$
DECLARE
	callers_path text := pg_catalog.current_setting('search_path');
	safe_path text := pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
	started timestamptz := clock_timestamp();
	extension name;
	version text;
	lock text;
	p record;
	latest record;
	reading text;
	data record;
	print text;
	outcome text;
	error text;
	code text;
	detail text;
	hint text;
	same bigint;
BEGIN
	SELECT nspname, extversion INTO extension, version
	FROM pg_namespace n JOIN pg_extension e ON e.extnamespace = n.oid
	WHERE extname = 'hpimp';
	IF panel IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'panel must not be null';
	END IF;
	EXECUTE format('SELECT %I.hp_history_lock($1, $2)', extension) INTO lock USING panel, schema;
	IF lock = 'gone' THEN
		EXECUTE format('SELECT %I.hp_history_panels(ARRAY[$1], $2)', extension) USING panel, schema;
	END IF;
	-- who is at this panel now, or has just added it, will have the same to say
	IF lock <> 'held' THEN
		PERFORM set_config('search_path', callers_path, true);
		RETURN 'busy';
	END IF;
	EXECUTE format('SELECT * FROM %I.hp_panels WHERE panel = $1', schema) INTO p USING panel;
	EXECUTE format('SELECT * FROM %I.hp_snapshots
		WHERE panel = $1 AND error IS NULL ORDER BY snapshot DESC LIMIT 1', schema) INTO latest USING panel;

	BEGIN
		reading := format('SELECT %I.hp_study(CAST($1 AS pg_catalog.regclass), $2, $3) AS study', extension);
		PERFORM pg_catalog.set_config('search_path', callers_path, true);
		EXECUTE reading INTO data USING p.relation, p.metric, p.config;
		PERFORM pg_catalog.set_config('search_path', safe_path, true);
		EXECUTE format('SELECT %I.hp_fingerprint($1)', extension) INTO print USING data.study;
		IF latest.snapshot IS NOT NULL
				AND (latest.fingerprint, latest.relation, latest.metric, latest.config, latest.settings, latest.hpimp_version)
				IS NOT DISTINCT FROM (print, p.relation, p.metric, p.config, p.settings, version) THEN
			outcome := 'unchanged';
			EXECUTE format('UPDATE %I.hp_snapshots SET confirmed_at = $2 WHERE snapshot = $1', schema)
				USING latest.snapshot, started;
		ELSE
			outcome := 'taken';
			EXECUTE format('SELECT %I.hp_history_store($1, $2, $3, $4, $5)', extension)
				USING data.study, print, panel, started, schema;
		END IF;
	EXCEPTION WHEN OTHERS THEN
		-- (the search_path is the safe one again, as it was when the block began)
		outcome := 'failed';
		GET STACKED DIAGNOSTICS error = MESSAGE_TEXT, code = RETURNED_SQLSTATE,
			detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	END;

	IF outcome = 'failed' THEN
		RAISE WARNING USING
			MESSAGE = format('panel "%s" failed: %s', panel, error),
			DETAIL = coalesce(nullif(concat_ws(' ', nullif(detail, ''), nullif(hint, '')), ''),
				'hp_snapshots has the error.');
		EXECUTE format('UPDATE %1$I.hp_snapshots s SET confirmed_at = $4
				WHERE error = $2 AND error_code = $3 AND ($5 IS NULL OR confirmed_at > $5)
					AND snapshot = (SELECT max(snapshot) FROM %1$I.hp_snapshots WHERE panel = $1)
				RETURNING snapshot', schema)
			INTO same USING panel, error, code, started, latest.confirmed_at;
		IF same IS NULL THEN
			EXECUTE format('INSERT INTO %I.hp_snapshots (panel, taken_at, confirmed_at, seconds, hpimp_version,
						relation, metric, config, settings, error, error_code, error_detail, error_hint)
					VALUES ($1, $2, $2, extract(epoch FROM clock_timestamp() - $2), $3, $4, $5, $6, $7,
						$8, $9, nullif($10, ''''), nullif($11, ''''))', schema)
				USING panel, started, version, p.relation, p.metric, p.config, p.settings,
					error, code, detail, hint;
		END IF;
	END IF;
	EXECUTE format('SELECT %I.hp_history_prune($1, $2)', extension) USING panel, schema;
	PERFORM set_config('search_path', callers_path, true);
	RETURN outcome;
END
$$;
COMMENT ON FUNCTION hp_history_take(text, text) IS
'one snapshot of one panel, as hp_snapshot() takes them, in this transaction. taken: the runs or the panel have changed; unchanged: they have not, which is noted in confirmed_at; failed: the error is stored in hp_snapshots and raised as a warning; busy: another transaction takes or changes this panel';

CREATE PROCEDURE hp_snapshot(panels text[] DEFAULT NULL, schema text DEFAULT 'hp_history',
	INOUT taken int DEFAULT NULL, INOUT unchanged int DEFAULT NULL,
	INOUT failed int DEFAULT NULL, INOUT busy int DEFAULT NULL)
AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON PROCEDURE hp_snapshot(text[], text, int, int, int, int) IS
'takes snapshots of the panels of a history: of those named, or all that are enabled. What has not changed since the latest snapshot is not stored again; what fails is stored as an error, raised as a warning, and does not stop the others. Commits after each panel, unless it is called inside a transaction block or a function. Must be called by the owner of the history, and reads with the rights of that role. Answers how many panels were taken, unchanged, failed, and busy (another transaction takes or changes them)';

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
