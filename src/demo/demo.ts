import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ssh2 from 'ssh2';
import { exitCode, printable } from '../base/errors.js';
import { loadAddon } from '../base/native.js';
import { version } from '../base/version.js';
import { configText } from '../hosts/text.js';
import { connect } from '../index.js';
import { programInPath } from '../process/program-in-path.js';
import { runProgram } from '../process/run-program.js';
import { whyNotStarted } from '../process/ssh-program.js';
import { howEnded } from '../process/terminate.js';
import { fingerprintOf } from '../ssh/known-hosts.js';
import { shellLine } from '../typed/shell.js';
import { type DemoServer, demoUser, hostname, startDemoServer } from './server.js';

interface Step {
  readonly title: string;
  readonly command: readonly string[];
  readonly prints: string;
  /** In place of the command. Resolves to what it prints. */
  readonly run?: (signal: AbortSignal) => Promise<string>;
}

const script = fileURLToPath(new URL('./vmssh.js', import.meta.url));
const vmssh = [process.execPath, script];

/** npm run demo [-- --keep]. However it ends, its folder is removed. */
async function main(): Promise<number> {
  const { keep } = parseArgs({ options: { keep: { type: 'boolean', default: false } } }).values;
  const controller = new AbortController();
  const { signal } = controller;
  const stop = () => controller.abort();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', stop); // the reader is gone
  // Not TMPDIR: ssh takes no other characters in a host name, and a socket's path is short.
  const folder = mkdtempSync('/tmp/vmssh-demo-');
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  out(`vmssh ${version}: a demo with an SSH server of its own. No network, no sshd, no root.`);
  let failed = 0;
  for (const step of await stepsOf(folder)) {
    if (!(await perform(step, signal))) failed++;
    if (!signal.aborted) continue;
    process.stderr.write(`vmssh demo: interrupted; ${folder} is removed\n`);
    return exitCode.interrupted;
  }
  if (keep) {
    out('\nKept until Ctrl-C: type these commands in another terminal.');
    await once(signal, 'abort');
  } else out('\nnpm run demo -- --keep keeps the server until Ctrl-C.');
  out(`${folder} is removed. For your own machines:`);
  showCommand([...vmssh, 'list']);
  showCommand([...vmssh, 'setup', 'NAME']);
  showCommand(['ssh', 'NAME']);
  return failed > 0 ? exitCode.connect : exitCode.ok;
}

/** Starts the server in `folder`, and writes what its logins need. ssh lower-cases a host's name, so the socket has a capital letter. */
async function stepsOf(folder: string): Promise<readonly Step[]> {
  const socket = join(folder, 'Demo.sock');
  const server = await startDemoServer(socket);
  const target = `unix${socket}`;
  const write = (name: string, lines: string) => {
    writeFileSync(join(folder, name), lines, { mode: 0o600 });
    return join(folder, name);
  };
  if (!programInPath('ssh', process.env)) {
    out('\n– there is no ssh here: apt-get install openssh-client. The library logs in instead.');
    const command = [`new ssh2.Client().connect({ sock: await connect('${target}'), … })`];
    const run = (signal: AbortSignal) => loginByLibrary(target, server, signal);
    return [{ title: 'ssh2 over connect() of the library', command, prints: hostname, run }];
  }
  const key = write('key', server.privateKey);
  // The server and its key are made anew each time: what ssh keeps goes with the folder.
  const quiet = ['BatchMode yes', 'LogLevel ERROR', 'StrictHostKeyChecking accept-new'];
  const own = ['IdentitiesOnly yes', 'IdentityAgent none', ...quiet];
  const login = (title: string, fdpass: boolean): Step => {
    const settings = [`User ${demoUser}`, `IdentityFile ${key}`, ...own].map((each) => `    ${each}\n`);
    const lines = `${configText({ program: vmssh, fdpass, knownHosts: join(folder, 'known_hosts') })}\nHost *\n${settings.join('')}`;
    const config = write(`config-${fdpass ? 'fdpass' : 'relay'}`, lines);
    return { title, command: ['ssh', '-F', config, `${demoUser}@${target}`, 'hostname'], prints: hostname };
  };
  const check = [...vmssh, 'check', '--until=authentication', '--user', demoUser, target];
  const passes = loadAddon().addon !== undefined;
  if (!passes) out('\n– passing the socket to ssh needs the native addon: apt-get install g++');
  return [
    { title: 'vmssh check, step by step', command: check, prints: server.fingerprint },
    ...(passes ? [login('ssh by fd passing: vmssh hands ssh the open socket and is gone', true)] : []),
    login('ssh by relay: vmssh carries the bytes', false),
  ];
}

async function loginByLibrary(target: string, server: DemoServer, signal: AbortSignal): Promise<string> {
  const client = new ssh2.Client();
  client.connect({
    sock: await connect(target, { signal }),
    username: demoUser,
    privateKey: server.privateKey,
    hostVerifier: (key: Buffer) => fingerprintOf(key) === server.fingerprint,
  });
  await once(client, 'ready', { signal });
  const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) => {
    client.exec('hostname', (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  return text(channel);
}

/** Longer than any step on a slow machine, so that none hangs forever. Milliseconds. */
const timeoutMs = 30_000;

/** Shows the command and what it prints; whether it did what it should. An abort ends it, with all that it started. */
async function perform({ title, command, prints, run }: Step, signal: AbortSignal): Promise<boolean> {
  const { env, platform } = process;
  const start = performance.now();
  try {
    const end = run
      ? { stdout: await run(signal), stderr: '', code: 0, signal: null }
      : await runProgram(command, { env, signal, timeoutMs });
    const isGood = end.code === 0 && end.stdout.includes(prints);
    const outcome = isGood ? `${((performance.now() - start) / 1000).toFixed(1)} s` : howEnded(end);
    out(`\n${isGood ? '✓' : '✗'} ${title} (${outcome})`);
    showCommand(command);
    for (const line of `${end.stderr}${end.stdout}`.trim().split('\n')) out(`    ${printable(line)}`);
    return isGood;
  } catch (error) {
    const { problem, hint } = whyNotStarted(command[0], error as Error, { env, platform });
    out(`\n✗ ${title}\n    ${problem}${hint ? `\n    hint: ${hint}` : ''}`);
    return false;
  }
}

/** As a user types it in this folder; a single word is a line of a program. */
function showCommand(words: readonly string[]): void {
  const typed = words[1] === script ? ['node', relative(process.cwd(), script), ...words.slice(2)] : words;
  out(words.length === 1 ? `  ${words[0]}` : `  $ ${shellLine(typed)}`);
}

function out(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  process.exit(await main());
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  process.stderr.write(`vmssh demo: ${printable(message)}\n`);
  process.exit(code?.startsWith('ERR_PARSE_ARGS') ? exitCode.usage : exitCode.connect);
}
