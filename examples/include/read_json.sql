-- read_json.sql - makes a function that reads JSON as programs write it; the file
-- that includes this one sets its name in the variable read_json.
--
-- Read are, beside JSON: NaN and Infinity where a number should be (Python's json
-- writes them), and what Python shows of dicts, lists and tuples: {'lr': 0.1,
-- 'layers': (64, 64), 'warmup': None, 'nesterov': True, 'loss': nan}. NaN and the
-- infinities become the texts "NaN", "Infinity" and "-Infinity".

CREATE OR REPLACE FUNCTION :read_json(document text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT AS
$$
DECLARE
	result text;
BEGIN
	BEGIN
		RETURN document::jsonb;
	EXCEPTION WHEN invalid_text_representation THEN
		-- it is something like JSON, at best: go on
	END;
	-- Token by token: strings; keys that are none; the end of a tuple of one; words
	-- and numbers; anything else, a character at a time. The longest one counts.
	SELECT string_agg(CASE
		WHEN token ~ '^".*"$|^''.*''$' AND length(token) > 1 THEN
			'"' || CASE WHEN token !~ '^.(.*["\\].*).$' THEN substr(token, 2, length(token) - 2)
			-- Python's escapes that JSON has not, and the quotes it does not escape
			ELSE (SELECT string_agg(CASE
					WHEN piece ~ '^\\x..' THEN '\u00' || substr(piece, 3)
					WHEN piece ~ '^\\U.{8}' THEN chr(('x' || substr(piece, 3))::bit(32)::int)
					WHEN piece = '\''' THEN ''''
					WHEN piece ~ '^\\' THEN piece
					ELSE replace(piece, '"', '\"') END, '' ORDER BY n)
				FROM regexp_matches(substr(token, 2, length(token) - 2),
					'\\x[[:xdigit:]]{2}|\\U[[:xdigit:]]{8}|\\.|[^\\]+', 'g') WITH ORDINALITY AS p (m, n),
					LATERAL (SELECT m[1]) AS p1 (piece)) END || '"'
		WHEN token ~ '.:$' THEN to_json(rtrim(token, E': \t\r\n'))::text || ':'
		WHEN token ~ '^,' AND length(token) > 1 THEN ']'
		WHEN token = '(' THEN '['
		WHEN token = ')' THEN ']'
		WHEN token = 'True' THEN 'true'
		WHEN token = 'False' THEN 'false'
		WHEN token = 'None' THEN 'null'
		WHEN token IN ('NaN', 'nan') THEN '"NaN"'
		WHEN token IN ('Infinity', 'inf') THEN '"Infinity"'
		WHEN token IN ('-Infinity', '-inf') THEN '"-Infinity"'
		ELSE token END, '' ORDER BY nth)
	INTO result
	FROM regexp_matches(document, '"(?:[^"\\]|\\.)*"|''(?:[^''\\]|\\.)*''|[-+.\w]+\s*:|,\s*\)|[-+.\w]+|.', 'g')
		WITH ORDINALITY AS t (m, nth),
		LATERAL (SELECT m[1]) AS t1 (token);
	RETURN result::jsonb;
EXCEPTION WHEN invalid_text_representation THEN
	RAISE EXCEPTION 'neither JSON nor a Python literal: %',
		left(document, 200) || CASE WHEN length(document) > 200 THEN ' …' ELSE '' END
		USING ERRCODE = 'invalid_text_representation', DETAIL = SQLERRM;
END
$$;
