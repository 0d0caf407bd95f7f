// ask.js - runs statements through node-pg; see README.md
'use strict';
const { Client, Query } = require('pg');

function shown(value) {
	if (value === null)
		return '\\N';
	if (typeof value === 'number') {
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
			return client.query({ name: sql.slice(0, 60), text: sql, values: parameters, rowMode: 'array' });
		case 'binary':
			return client.query({ text: sql, values: parameters, rowMode: 'array', binary: true });
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
				console.log([name, ...row.map(shown)].join('\t'));
	}
	await client.end();
}

main().catch((error) => {
	console.error(error.message);
	process.exit(1);
});
