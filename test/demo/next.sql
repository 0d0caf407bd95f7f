-- another metric: what makes a run slow? and one inside a jsonb column
SELECT * FROM hp_importance('runs', 'duration');
SELECT * FROM hp_importance('runs', 'summary.val.accuracy');

-- all that is known of each hyperparameter
SELECT * FROM hp_parameters('runs', 'val_loss');

-- one answer per sweep: GROUP BY, WHERE and joins work as everywhere in SQL
SELECT sweep, i.*
FROM (SELECT sweep, hp_study_agg(config, val_loss) AS study
      FROM runs WHERE sweep <> 'repeat' GROUP BY sweep) s,
     hp_importance(hp_forest(s.study, trees => 300)) i
WHERE importance > 0.01
ORDER BY sweep, importance DESC;

-- keep a trained forest, and ask it what to expect of runs not tried yet
CREATE TABLE forests AS SELECT hp_forest(hp_study('runs', 'val_loss')) AS forest;
SELECT lr, hp_predict(forest, jsonb_build_object('optimizer',
       jsonb_build_object('type', 'adam', 'lr', lr))) AS expected_val_loss
FROM forests, unnest('{0.0001,0.001,0.01,0.1}'::float8[]) lr;
