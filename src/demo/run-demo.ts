import { once } from 'node:events';
import type { ChalkInstance } from 'chalk';
import { exitCode, printable } from '../errors.js';
import { loadAddon } from '../native.js';
import { shellLine } from '../target/shell.js';
import { version } from '../version.js';
import { plan } from './plan.js';
import { startDemoServer } from './server.js';
import type { Section, Step } from './steps/step.js';
import { findOpenSsh } from './tools.js';
import { makeWorld, type Workspace, type World } from './world.js';

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
