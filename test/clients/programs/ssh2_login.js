// Logs in with ssh2: "proxy USER KEY KNOWN_HOSTS -- PROXY…" or "port PORT USER KEY KNOWN_HOSTS".
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { Client } from 'ssh2';

const [how, ...rest] = process.argv.slice(2);
const port = how === 'port' ? Number(rest.shift()) : undefined;
const [username = '', key = '', known = '', , program = '', ...args] = rest;
const name = port === undefined ? '' : `[127.0.0.1]:${port} `;
const line = readFileSync(known, 'utf8')
  .split('\n')
  .find((each) => each.startsWith(name));
const [, , blob = ''] = line?.split(/\s+/) ?? [];
const to = port === undefined ? { sock: throughProxy() } : { host: '127.0.0.1', port };

const client = new Client();
client.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
client.on('ready', () => {
  client.exec('echo this is $MACHINE', (error, stream) => {
    if (error) throw error;
    stream.pipe(process.stdout);
    stream.on('close', () => client.end());
  });
});
client.connect({
  ...to,
  username,
  privateKey: readFileSync(key, 'utf8'),
  hostVerifier: (/** @type {Buffer} */ theirs) => theirs.toString('base64') === blob,
});

function throughProxy() {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  return Duplex.from({ writable: child.stdin, readable: child.stdout });
}
