import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ssh2 from 'ssh2';
import type { CheckJson } from '../commands/check/check.js';
import { fingerprintOf } from '../identity/known-hosts.js';
import { connect } from '../index.js';
import { programInPath } from '../process/program-in-path.js';
import { type ProgramEnd, runProgram } from '../process/run-program.js';
import type { Env } from '../runtime.js';
import { configText } from '../ssh/config/text.js';
import { shellLine } from '../target/shell.js';
import { type DemoServer, demoUser, hostname } from './server.js';

export interface Step {
  readonly title: string;
  readonly typed: string;
  /** Resolves to its outcome; throws if it did not do what it should. */
  run(signal: AbortSignal): Promise<string>;
}

export interface World {
  readonly workspace: Workspace;
  readonly server: DemoServer;
  /** The target for ssh: "unix/tmp/…". */
  readonly target: string;
  /** How to run vmssh, and how to type that in this folder. */
  readonly vmssh: readonly string[];
  readonly typedVmssh: readonly string[];
  readonly payload: { readonly path: string; readonly bytes: Buffer };
}

/** Writes the file to copy and the key of this run. */
export function makeWorld(workspace: Workspace, server: DemoServer): World {
  const script = fileURLToPath(new URL('./vmssh.js', import.meta.url));
  const short = relative(process.cwd(), script);
  const bytes = randomBytes(1024 * 1024);
  workspace.write('key', server.privateKey);
  return {
    workspace,
    server,
    target: `unix${workspace.socket}`,
    vmssh: [process.execPath, script],
    typedVmssh: ['node', short.length < script.length ? short : script],
    payload: { path: workspace.write('payload', bytes), bytes },
  };
}

/** vmssh check: must see the server's own host key. */
export function checkStep({ vmssh, typedVmssh, target, server }: World): Step {
  const args = ['check', '--until=authentication', '--user', demoUser, target];
  return {
    title: 'check',
    typed: `$ ${shellLine([...typedVmssh, ...args])}`,
    async run(signal) {
      const outcome = expectExit(await run([...vmssh, ...args, '--json'], signal), 0);
      const [result] = (JSON.parse(outcome.stdout) as CheckJson).results;
      const found = (name: string) => result?.stages.find(({ stage }) => stage === name)?.found ?? '';
      const key = found('host key');
      if (!key.endsWith(server.fingerprint)) {
        throw new Error(`saw the host key ${key}, not the server's ${server.fingerprint}`);
      }
      return `${found('banner')}, authentication: ${found('authentication')}\n${key}`;
    },
  };
}

/** This machine's own ssh, and its scp if it can be used: log in, get an exit code, and copy in both directions. */
export function openSshSteps(
  world: World,
  ssh: string,
  scp: readonly string[] | undefined,
  fdpass: boolean,
): readonly Step[] {
  const { workspace, server, target, payload, vmssh } = world;
  const name = fdpass ? 'fdpass' : 'relay';
  const key = ['IdentitiesOnly yes', 'IdentityAgent none', 'BatchMode yes', 'LogLevel ERROR'];
  const settings = [`User ${demoUser}`, `IdentityFile ${workspace.path('key')}`, ...key];
  const identity = `\nHost *\n${settings.map((line) => `    ${line}\n`).join('')}`;
  const config = workspace.write(`config-${name}`, configText({ program: vmssh, fdpass }) + identity);
  const args = ['-F', config, `${demoUser}@${target}`];
  const logIn = loginSteps(
    (command) => `$ ${shellLine(['ssh', ...args])} ${command}`,
    (command, signal) => run([ssh, ...args, command], signal),
  );
  if (scp === undefined) return logIn;
  const [program = '', ...given] = scp;
  const flags = [...given, '-F', config];
  // scp accepts a path after "unix" only with "%".
  const remote = `${demoUser}@${target.replaceAll('/', '%')}:${name}`;
  const back = workspace.path(`${name}-back`);
  const same = (copy: Uint8Array | undefined) => {
    if (!copy || !payload.bytes.equals(copy))
      throw new Error(`the copy of ${copy?.length ?? 0} bytes differs`);
    return `${copy.length / 1024 / 1024} MiB, the same at both ends`;
  };
  const copy = (title: string, from: string, to: string, copied: () => Uint8Array | undefined): Step => ({
    title,
    typed: `$ ${shellLine(['scp', ...flags, from, to])}`,
    async run(signal) {
      expectExit(await run([program, '-q', ...flags, from, to], signal), 0);
      return same(copied());
    },
  });
  return [
    ...logIn,
    copy('copy there', payload.path, remote, () => server.files.get(`/${name}`)),
    copy('copy back', remote, back, () => readFileSync(back)),
  ];
}

/** The login with ssh2's client over the library. */
export function librarySteps({ target, server }: World): readonly Step[] {
  const typed = (command: string) =>
    command === 'hostname'
      ? `new ssh2.Client().connect({ sock: await connect('${target}'), … })`
      : `client.exec('${command}', …)`;
  return loginSteps(typed, async (command, signal) => {
    const client = new ssh2.Client();
    const sock = await connect(target, { signal });
    try {
      client.connect({
        sock,
        username: demoUser,
        privateKey: server.privateKey,
        hostVerifier: (key: Buffer) => fingerprintOf(key) === server.fingerprint,
      });
      await once(client, 'ready', { signal });
      const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) => {
        client.exec(command, (error, opened) => (error ? reject(error) : resolve(opened)));
      });
      let stdout = '';
      channel.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
      });
      channel.stderr.resume();
      const [code] = await once(channel, 'close');
      return { code, stdout, stderr: '' };
    } finally {
      client.on('error', () => {});
      client.destroy();
    }
  });
}

function loginSteps(
  typed: (command: string) => string,
  execute: (command: string, signal: AbortSignal) => Promise<Outcome>,
): readonly Step[] {
  return [
    {
      title: 'log in',
      typed: typed('hostname'),
      async run(signal) {
        const said = expectExit(await execute('hostname', signal), 0).stdout.trim();
        if (said !== hostname) throw new Error(`expected ${hostname}, got ${said}`);
        return `${said} answered`;
      },
    },
    {
      title: 'exit code',
      typed: typed('exit 7'),
      async run(signal) {
        expectExit(await execute('exit 7', signal), 7);
        return '7 came back';
      },
    },
  ];
}

export interface Tool {
  /** Undefined if it cannot be used. */
  readonly path?: string;
  /** Why it cannot be used, and the command that fixes it. */
  readonly missing: string;
  readonly hint: string;
}

export interface OpenSsh {
  readonly ssh: Tool;
  readonly scp: Tool;
  /** The option that makes scp use SFTP. */
  readonly scpFlags: readonly string[];
}

/** OpenSSH's programs in PATH. */
export async function findOpenSsh(
  env: Env,
  signal: AbortSignal,
  runProgram: typeof run = run,
): Promise<OpenSsh> {
  const without = (missing: string, hint = 'apt-get install openssh-client'): Tool => ({ missing, hint });
  const neither = (why: string): OpenSsh => ({ ssh: without(why), scp: without(why), scpFlags: [] });
  const path = programInPath('ssh', env);
  if (!path) return neither('there is no ssh client in PATH');
  const { stderr } = await runProgram([path, '-V'], signal);
  const [version, major, minor] = /OpenSSH_(\d+)\.(\d+)\w*/.exec(stderr) ?? [];
  if (!version) return neither(`${path} is not OpenSSH's`);
  const number = Number(major) * 100 + Number(minor);
  const scpPath = programInPath('scp', env);
  let scp = without('there is no scp in PATH');
  // Before 8.7 scp ran a program on the other side, which the demo's server never does.
  if (number < 807)
    scp = without(`the scp of ${version} does not speak SFTP`, 'scp does from OpenSSH 8.7 on');
  else if (scpPath) scp = { ...scp, path: scpPath };
  return { ssh: { ...without(''), path }, scp, scpFlags: number < 900 ? ['-s'] : [] };
}

type Outcome = Pick<ProgramEnd, 'code' | 'stdout' | 'stderr'>;

/** Longer than any step on a slow machine, so that none hangs forever. Milliseconds. */
const timeoutMs = 30_000;

/** Runs a program without stdin. An abort and the time limit end it, with all that it started. */
async function run(command: readonly string[], signal: AbortSignal): Promise<Outcome> {
  const outcome = await runProgram(command, { env: process.env, signal, timeoutMs });
  signal.throwIfAborted();
  return outcome;
}

/** Throws with the program's output if it did not exit as expected. */
function expectExit(outcome: Outcome, wanted: number): Outcome {
  const { code, stdout, stderr } = outcome;
  if (code === wanted) return outcome;
  const ended = code === null ? 'ended by a signal' : `exit code ${code}`;
  throw new Error(`${ended}, expected ${wanted}: ${`${stderr}${stdout}`.trim()}`);
}

export interface Workspace {
  readonly folder: string;
  /** Where the server listens. Has a capital letter on purpose, since ssh lower-cases host names. */
  readonly socket: string;
  /** Writes a file that only its owner can read; returns its path. */
  write(name: string, content: string | Uint8Array): string;
  path(name: string): string;
  remove(): void;
}

const prefix = 'vmssh-demo-';
const socketName = 'Demo.sock';

/** A folder of mode 0700 for one run: in `temp` if ssh accepts a socket path in it as a host name, else in /tmp. */
export function makeWorkspace(temp: string = tmpdir()): Workspace {
  const parent = isUsable(resolve(temp)) ? resolve(temp) : '/tmp';
  const folder = mkdtempSync(join(parent, prefix));
  const path = (name: string) => join(folder, name);
  return {
    folder,
    socket: path(socketName),
    path,
    write(name, content) {
      writeFileSync(path(name), content, { mode: 0o600 });
      return path(name);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** AF_UNIX allows 107 bytes; ssh and scp refuse spaces, quotes and the like in a host name, where "%" stands for "/". */
function isUsable(parent: string): boolean {
  const socket = join(parent, `${prefix}XXXXXX`, socketName);
  return Buffer.byteLength(socket) <= 107 && /^[\w./-]+$/.test(socket);
}
