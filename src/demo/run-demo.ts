import { once } from 'node:events';
import type { ChalkInstance } from 'chalk';
import { exitCode, printable } from '../errors.js';
import { type AddonState, loadAddon } from '../native.js';
import { shellLine } from '../target/shell.js';
import { version } from '../version.js';
import { startDemoServer } from './server.js';
import { libraryCopySteps, librarySshSteps } from './steps/library.js';
import { checkStep, scpSteps, sshSteps } from './steps/openssh.js';
import type { Section, Step } from './steps/step.js';
import { findOpenSsh, type OpenSsh } from './tools.js';
import { makeWorld, type Workspace, type World, writeConfig } from './world.js';

export interface DemoOptions {
  readonly workspace: Workspace;
  readonly style: ChalkInstance;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the demo, and what it keeps. */
  readonly signal: AbortSignal;
  /** Whether its server and files stay until the signal, so that what it printed can be typed. */
  readonly keep: boolean;
  out(text: string): void;
}

/** Shows vmssh with a server of its own, then removes the workspace; resolves to the exit code. */
export async function runDemo({ workspace, style, env, signal, keep, out }: DemoOptions): Promise<number> {
  const start = performance.now();
  const rows: Row[] = [];
  const show = (row: Row) => {
    rows.push(row);
    out(formatRow(row, style));
  };
  out(
    `${style.bold(`vmssh ${version}`)}: a demo with an SSH server of its own. No network, no sshd, no root.\n\n`,
  );
  const server = await startDemoServer(workspace.socket);
  const world = makeWorld(workspace, server);
  try {
    show({ state: 'passed', title: 'server', ms: performance.now() - start, detail: workspace.socket });
    const openssh = await findOpenSsh(env, signal);
    for (const section of plan(world, openssh, loadAddon())) await play(section, show, signal, style, out);
    out(`\n${summary(rows, performance.now() - start)}`);
    if (!keep) out(' npm run demo -- --keep keeps the machine until Ctrl-C.');
    out('\n');
    if (keep) {
      out(formatHeading('Kept until Ctrl-C: type what you see here in another terminal', style));
      out(again(world));
      if (!signal.aborted) await once(signal, 'abort');
    }
  } finally {
    await server.close();
    workspace.remove();
  }
  out(`${workspace.folder} is removed.\n`);
  out(`${formatHeading('For your own machines', style)}${setUp(world.typedVmssh)}`);
  return rows.some(({ state }) => state === 'failed') ? exitCode.connect : exitCode.ok;
}

const copies = 'scp copies 1 MiB there and back';
const logins = `your own ssh logs in, exit code 7 comes back, and ${copies}`;

/** What to show on this machine; missing tools are named, and replaced if possible. */
export function plan(world: World, openssh: OpenSsh, native: AddonState): readonly Section[] {
  const { ssh, scp } = openssh;
  return [
    checking(world, openssh),
    fdPassing(world, openssh, native),
    { title: 'ssh by relay: vmssh carries the bytes', ...openSshSteps(world, openssh, false) },
    ...(ssh.path && scp.path
      ? []
      : [
          {
            title: 'the library: ssh2 over a stream of connect()',
            steps: [...(ssh.path ? [] : librarySshSteps(world)), ...libraryCopySteps(world)],
          },
        ]),
  ];
}

// vmssh check gets a server's host key from the user's own ssh.
function checking(world: World, { ssh }: OpenSsh): Section {
  const title = 'vmssh check, step by step';
  if (ssh.path !== undefined) return { title, steps: [checkStep(world)] };
  const seen = "each step of a connection, the machine's host key, and that your key logs in";
  return { title, steps: [], skipped: { title: 'check', reason: ssh.missing, seen, hint: ssh.hint } };
}

function fdPassing(world: World, openssh: OpenSsh, native: AddonState): Section {
  const title = 'ssh by fd passing: vmssh hands ssh the open socket and is gone';
  if (native.addon) return { title, ...openSshSteps(world, openssh, true) };
  const without = 'passing a socket needs the native addon, which did not load';
  const { ssh } = openssh;
  const skipped = {
    title: 'fd passing',
    reason: ssh.path !== undefined ? without : `${ssh.missing}, and ${without}`,
    seen: `${logins}, with no vmssh process and no copying in between`,
    hint: `apt-get install ${ssh.path === undefined ? 'openssh-client ' : ''}g++, then npm run demo again: it builds the addon`,
  };
  return { title, steps: [], skipped };
}

function openSshSteps(
  world: World,
  { ssh, scp, scpFlags }: OpenSsh,
  fdpass: boolean,
): Omit<Section, 'title'> {
  if (ssh.path === undefined)
    return { steps: [], skipped: { title: 'ssh', reason: ssh.missing, seen: logins, hint: ssh.hint } };
  const name = fdpass ? 'fdpass' : 'relay';
  const config = writeConfig(world, `config-${name}`, fdpass);
  const login = sshSteps(world, ssh.path, config);
  if (scp.path === undefined)
    return { steps: login, skipped: { title: 'scp', reason: scp.missing, seen: copies, hint: scp.hint } };
  return { steps: [...login, ...scpSteps(world, [scp.path, ...scpFlags], config, name)] };
}

async function play(
  { title, steps, skipped }: Section,
  show: (row: Row) => void,
  signal: AbortSignal,
  style: ChalkInstance,
  out: (text: string) => void,
): Promise<void> {
  out(formatHeading(title, style));
  for (const step of steps) {
    const row = await perform(step, signal);
    signal.throwIfAborted();
    show(row);
  }
  if (!skipped) return;
  const { title: name, reason, seen, hint } = skipped;
  show({ state: 'skipped', title: name, detail: `${reason}\nit shows: ${seen}`, hint });
}

async function perform({ title, typed, run }: Step, signal: AbortSignal): Promise<Row> {
  const start = performance.now();
  const row = (state: Row['state'], detail: string): Row => {
    return { state, title, ms: performance.now() - start, detail, typed };
  };
  try {
    return row('passed', await run(signal));
  } catch (error) {
    return row('failed', error instanceof Error ? error.message : String(error));
  }
}

function summary(rows: readonly Row[], ms: number): string {
  const count = (state: Row['state']) => rows.filter((row) => row.state === state).length;
  const parts = [
    `${count('passed')} worked`,
    ...(count('failed') ? [`${count('failed')} failed`] : []),
    ...(count('skipped') ? [`${count('skipped')} skipped`] : []),
  ];
  return `${parts.join(', ')}, in ${(ms / 1000).toFixed(1)} s.`;
}

/** What can be typed even without ssh, in the folder where the other commands work. */
function again({ typedVmssh, target }: World): string {
  const lines = [
    ['cd', process.cwd()],
    [...typedVmssh, 'nc', '--banner', target],
  ];
  return lines.map((words) => `  $ ${shellLine(words)}\n`).join('');
}

function setUp(vmssh: readonly string[]): string {
  const lines = [['list'], ['config', 'install']].map((args) => shellLine([...vmssh, ...args]));
  return `${lines.map((line) => `  $ ${line}\n`).join('')}  $ ssh NAME\n`;
}

interface Row {
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly title: string;
  /** Milliseconds; absent if skipped. */
  readonly ms?: number;
  readonly detail: string;
  readonly typed?: string;
  readonly hint?: string;
}

const marks = { passed: '✓', failed: '✗', skipped: '–' } as const;
const colors = { passed: 'green', failed: 'red', skipped: 'yellow' } as const;

/** One line with mark, title, time and outcome in columns; below it the command, and the hint. */
function formatRow({ state, title, ms, detail, typed, hint }: Row, style: ChalkInstance): string {
  const time = ms === undefined ? 'skipped' : `${ms.toFixed(1)} ms`;
  const [first = '', ...more] = detail.split('\n').map(printable);
  const lines = [
    `  ${style[colors[state]](marks[state])} ${title.padEnd(11)} ${style.dim(time.padStart(10))}  ${first}`,
    ...more.map((line) => `${' '.repeat(28)}${line}`),
    ...(typed ? [`      ${style.dim(typed)}`] : []),
    ...(hint ? [`      ${style.dim('hint:')} ${hint}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function formatHeading(text: string, style: ChalkInstance): string {
  return `\n${style.bold(text)}\n`;
}
