// ask.js - runs statements through node-pg; see README.md. Its binary results are
// left alone: the client decodes what it gets as text first, whoever asks.
'use strict';
const { createHash } = require('crypto');
const { Client, Query } = require('pg');

const FLOAT8 = 701;

function shown(value, type) {
	if (value === null)
		return '\\N';
	if (type === FLOAT8) {
		const bytes = Buffer.alloc(8);
		bytes.writeDoubleBE(value);
		return bytes.toString('hex');
	}
	return String(value).replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\t/g, '\\t');
}

// rows: 2 makes the client fetch from a portal two at a time
function fetchedByTwo(client, text) {
	return new Promise((resolve, reject) => {
		const query = new Query({ text, rows: 2, rowMode: 'array' }, (error, result) => error ? reject(error) : resolve(result));
		client.query(query);
	});
}

async function ask(client, mode, sql, parameters) {
	switch (mode) {
		case 'exec':
		case 'simple':
			return client.query({ text: sql, rowMode: 'array' });
		case 'cursor':
			return fetchedByTwo(client, sql);
		case 'untyped':
			return client.query({ name: createHash('md5').update(sql).digest('hex'), text: sql, values: parameters, rowMode: 'array' });
	}
	throw new Error('there is no mode ' + mode);
}

async function main() {
	const client = new Client();
	await client.connect();
	for (const line of require('fs').readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
		const [name, mode, sql, ...parameters] = line.split('\t');
		const result = await ask(client, mode, sql.replace(/\\n/g, '\n'), parameters);
		if (mode !== 'exec')
			for (const row of result.rows)
				console.log([name, ...row.map((value, i) => shown(value, result.fields[i].dataTypeID))].join('\t'));
	}
	await client.end();
}

main().catch((error) => {
	console.error(error.message);
	process.exit(1);
});
