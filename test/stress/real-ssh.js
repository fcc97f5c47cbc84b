/** @import { Bed } from './bed.js' */
/** @import { Held, Runtime, Size } from './types.js' */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { endWithRun } from '../runs/children.js';

/**
 * Logins by the real ssh to a real sshd, with fd passing and relay in turn. Each prints its own number.
 * @param {Bed} bed
 * @param {Runtime} runtime
 * @param {Size} size
 * @returns {Promise<Held>}
 */
export async function logins(bed, runtime, { count, atOnce }) {
  const configs = [config(bed, runtime, true), config(bed, runtime, false)];
  await inParallel(count, atOnce, async (number) => {
    const said = await run(bed, ['ssh', '-F', configs[number % 2] ?? '', 'stress', `echo login ${number}`]);
    if (said !== `login ${number}\n`) throw new Error(`login ${number} printed ${JSON.stringify(said)}`);
  });
  return { what: `${count}` };
}

/**
 * Copies a tree by rsync `atOnce` at a time, and compares the checksums of what arrived.
 * @param {Bed} bed
 * @param {Runtime} runtime
 * @param {Size} size
 * @returns {Promise<Held>}
 */
export async function copies(bed, runtime, { count, atOnce }) {
  const configs = [config(bed, runtime, true), config(bed, runtime, false)];
  const from = join(bed.folder, 'from');
  mkdirSync(from, { recursive: true });
  for (let i = 0; i < 16; i++) writeFileSync(join(from, `file ${i}`), randomBytes(2 ** 18 + i));
  const sum = sumOf(from);
  await inParallel(count, atOnce, async (number) => {
    const to = join(bed.folder, `to-${number}`);
    const shell = `ssh -F ${configs[number % 2]}`;
    await run(bed, ['rsync', '-a', '-e', shell, `${from}/`, `stress:${to}`]);
    if (sumOf(to) !== sum) throw new Error(`copy ${number} differs`);
    rmSync(to, { recursive: true });
  });
  return { what: `${count} of 4 MiB`, more: 'sums compared' };
}

/** @param {Bed} bed @param {Runtime} runtime @param {boolean} pass */
function config(bed, runtime, pass) {
  const path = join(bed.folder, `config-${runtime.name}-${pass}`);
  const command = [...runtime.command, 'proxy', ...(pass ? ['--fdpass'] : []), `unix${bed.sshd}`, '%p'];
  const options = {
    ProxyCommand: command.join(' '),
    ProxyUseFdpass: pass ? 'yes' : 'no',
    IdentityFile: join(bed.folder, 'id'),
    IdentitiesOnly: 'yes',
    BatchMode: 'yes',
    User: userInfo().username,
    StrictHostKeyChecking: 'no',
    UserKnownHostsFile: '/dev/null',
    LogLevel: 'ERROR',
  };
  writeFileSync(
    path,
    `Host stress\n${Object.entries(options)
      .map(([name, value]) => `${name} ${value}\n`)
      .join('')}`,
  );
  return path;
}

/** @param {number} count @param {number} atOnce @param {(number: number) => Promise<void>} work */
async function inParallel(count, atOnce, work) {
  let next = 0;
  const one = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

/** Its stdout; throws unless it exits with 0 and prints nothing on stderr. @param {Bed} bed @param {readonly string[]} command @returns {Promise<string>} */
function run(bed, [program = '', ...args]) {
  const env = { ...process.env, ...bed.env };
  const child = endWithRun(spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env }));
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (part) => (texts.stdout += part));
  child.stderr.on('data', (part) => (texts.stderr += part));
  return new Promise((resolve, reject) =>
    child.once('error', reject).once('close', (code) => {
      if (code === 0 && texts.stderr === '') resolve(texts.stdout);
      else reject(new Error(`${program} ended with ${code}: ${texts.stderr.slice(0, 500)}`));
    }),
  );
}

/** @param {string} folder */
function sumOf(folder) {
  const sum = createHash('sha256');
  for (const name of readdirSync(folder).toSorted())
    sum.update(name).update(readFileSync(join(folder, name)));
  return sum.digest('hex');
}
