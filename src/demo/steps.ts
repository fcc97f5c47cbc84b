import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
import { shellLine } from '../typed/shell.js';
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
}

/** Writes the key of this run. */
export function makeWorld(workspace: Workspace, server: DemoServer): World {
  const script = fileURLToPath(new URL('./vmssh.js', import.meta.url));
  const short = relative(process.cwd(), script);
  workspace.write('key', server.privateKey);
  return {
    workspace,
    server,
    target: `unix${workspace.socket}`,
    vmssh: [process.execPath, script],
    typedVmssh: ['node', short.length < script.length ? short : script],
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

/** This machine's own ssh: logs in, and gets an exit code. */
export function openSshSteps(world: World, ssh: string, fdpass: boolean): readonly Step[] {
  const { workspace, target, vmssh } = world;
  const key = ['IdentitiesOnly yes', 'IdentityAgent none', 'BatchMode yes', 'LogLevel ERROR'];
  const settings = [`User ${demoUser}`, `IdentityFile ${workspace.path('key')}`, ...key];
  const identity = `\nHost *\n${settings.map((line) => `    ${line}\n`).join('')}`;
  const name = `config-${fdpass ? 'fdpass' : 'relay'}`;
  const config = workspace.write(name, configText({ program: vmssh, fdpass }) + identity);
  const args = ['-F', config, `${demoUser}@${target}`];
  return loginSteps(
    (command) => `$ ${shellLine(['ssh', ...args])} ${command}`,
    (command, signal) => run([ssh, ...args, command], signal),
  );
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

/** OpenSSH's ssh in PATH. */
export async function findSsh(env: Env, signal: AbortSignal, runProgram: typeof run = run): Promise<Tool> {
  const without = (missing: string): Tool => ({ missing, hint: 'apt-get install openssh-client' });
  const path = programInPath('ssh', env);
  if (!path) return without('there is no ssh client in PATH');
  const { stderr } = await runProgram([path, '-V'], signal);
  return stderr.includes('OpenSSH_') ? { ...without(''), path } : without(`${path} is not OpenSSH's`);
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

/** AF_UNIX allows 107 bytes; ssh refuses spaces, quotes and the like in a host name, where "%" stands for "/". */
function isUsable(parent: string): boolean {
  const socket = join(parent, `${prefix}XXXXXX`, socketName);
  return Buffer.byteLength(socket) <= 107 && /^[\w./-]+$/.test(socket);
}
