-- answers.sql - all of it asked: the same text on every server.
SELECT name, md5(study::text), md5(forest::text), md5(hp_study_send(study)), md5(hp_forest_send(forest)) FROM studies ORDER BY name;
SELECT name, r.* FROM studies, hp_study_runs(study) r ORDER BY name;
SELECT md5(string_agg(v::text, ' ' ORDER BY v::text COLLATE "C")) FROM studies, hp_values(study) v;
SELECT * FROM answers ORDER BY name, parameter COLLATE "C";
SELECT name, q.* FROM studies, hp_quality(forest) q ORDER BY name;
SELECT name, hp_predict(forest, '{"lr": 0.3, "optimizer": "räms"}') FROM studies ORDER BY name;
SELECT md5(study::text) FROM external UNION ALL SELECT md5(study::text) FROM domains;
SELECT n, md5(s::text) FROM arrays, unnest(studies) WITH ORDINALITY u (s, n) ORDER BY n;
SELECT name, md5((model).study::text), md5((model).forest::text) FROM models ORDER BY name;
SELECT name, md5(study::text) FROM parts ORDER BY name;
SELECT * FROM of_runs ORDER BY parameter COLLATE "C";
SELECT * FROM kept_answers ORDER BY parameter COLLATE "C";
SELECT count(*), sum(lr) FROM runs WHERE hp_number(config, 'lr') < 0.5;
-- trained anew: the same forest to the last bit
SELECT name, md5(hp_forest(study, trees => 50)::text) = md5(forest::text) AS same, md5(hp_forest(study, trees => 20, method => 'fanova')::text) FROM studies WHERE study IS NOT NULL ORDER BY name;
SELECT md5(hp_study('runs', 'val_loss')::text);
SHOW hpimp.max_memory;
