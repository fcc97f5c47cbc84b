import { once } from 'node:events';
import { isatty } from 'node:tty';
import { parseArgs } from 'node:util';
import type { ChalkInstance } from 'chalk';
import { styles } from '../cli/terminal.js';
import { exitCode, printable } from '../errors.js';
import { loadAddon } from '../native.js';
import { shellLine } from '../typed/shell.js';
import { version } from '../version.js';
import { startDemoServer } from './server.js';
import type { Step, Tool, Workspace, World } from './steps.js';
import { checkStep, findSsh, librarySteps, makeWorkspace, makeWorld, openSshSteps } from './steps.js';

/** npm run demo [-- --keep]. However it ends, its folder is removed. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', stop); // the reader is gone
  const workspace = makeWorkspace();
  process.on('exit', workspace.remove);
  const terminal = { stdin: isatty(0), stdout: isatty(1), stderr: isatty(2) };
  try {
    const style = await styles({ env: process.env, terminal }, 'stdout');
    return await runDemo(workspace, style, controller.signal, values.keep);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    process.stderr.write(`vmssh demo: interrupted; ${workspace.folder} is removed\n`);
    return exitCode.interrupted;
  }
}

/** Shows vmssh with a server of its own; resolves to the exit code. With `keep`, server and files stay until the signal. */
async function runDemo(
  workspace: Workspace,
  style: ChalkInstance,
  signal: AbortSignal,
  keep: boolean,
): Promise<number> {
  const start = performance.now();
  const rows: Row[] = [];
  const show = (row: Row) => {
    rows.push(row);
    out(formatRow(row, style));
  };
  const heading = (text: string) => out(`\n${style.bold(text)}\n`);
  const lines = (...words: string[][]) => out(words.map((each) => `  $ ${shellLine(each)}\n`).join(''));
  const count = (state: Row['state']) => rows.filter((row) => row.state === state).length;

  const intro = 'a demo with an SSH server of its own. No network, no sshd, no root.';
  out(`${style.bold(`vmssh ${version}`)}: ${intro}\n\n`);
  const server = await startDemoServer(workspace.socket);
  const world = makeWorld(workspace, server);
  const { typedVmssh, target } = world;
  try {
    show({ state: 'passed', title: 'server', ms: performance.now() - start, detail: workspace.socket });
    for (const { title, steps, skipped } of plan(world, await findSsh(process.env, signal))) {
      heading(title);
      for (const step of steps) {
        const row = await perform(step, signal);
        signal.throwIfAborted();
        show(row);
      }
      if (skipped) show({ ...skipped, state: 'skipped', detail: skipped.missing });
    }
    const [failed, skipped] = [count('failed'), count('skipped')];
    const others = `${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}`;
    out(`\n${count('passed')} worked${others}, in ${((performance.now() - start) / 1000).toFixed(1)} s.`);
    out(`${keep ? '' : ' npm run demo -- --keep keeps the machine until Ctrl-C.'}\n`);
    if (keep) {
      heading('Kept until Ctrl-C: type what you see here in another terminal');
      lines(['cd', process.cwd()], [...typedVmssh, 'nc', '--banner', target]);
      if (!signal.aborted) await once(signal, 'abort');
    }
  } finally {
    await server.close();
    workspace.remove();
  }
  out(`${workspace.folder} is removed.\n`);
  heading('For your own machines');
  lines([...typedVmssh, 'list'], [...typedVmssh, 'setup', 'NAME'], ['ssh', 'NAME']);
  return count('failed') > 0 ? exitCode.connect : exitCode.ok;
}

/** Steps that belong together, or why there are none. */
interface Section {
  readonly title: string;
  readonly steps: readonly Step[];
  readonly skipped?: Pick<Row, 'title'> & Pick<Tool, 'missing' | 'hint'>;
}

/** What to show on this machine; missing tools are named, and replaced if possible. */
function plan(world: World, ssh: Tool): readonly Section[] {
  const byOpenSsh = (fdpass: boolean): Omit<Section, 'title'> =>
    ssh.path
      ? { steps: openSshSteps(world, ssh.path, fdpass) }
      : { steps: [], skipped: { title: 'ssh', ...ssh } };
  const fdPassing = (): Omit<Section, 'title'> => {
    if (loadAddon().addon) return byOpenSsh(true);
    const without = 'passing a socket needs the native addon, which did not load';
    const missing = ssh.path ? without : `${ssh.missing}, and ${without}`;
    const hint = `apt-get install ${ssh.path ? '' : 'openssh-client '}g++, then npm run demo again: it builds the addon`;
    return { steps: [], skipped: { title: 'fd passing', missing, hint } };
  };
  // vmssh check gets a server's host key from the user's own ssh.
  const checking: Omit<Section, 'title'> = ssh.path
    ? { steps: [checkStep(world)] }
    : { steps: [], skipped: { title: 'check', ...ssh } };
  return [
    { title: 'vmssh check, step by step', ...checking },
    { title: 'ssh by fd passing: vmssh hands ssh the open socket and is gone', ...fdPassing() },
    { title: 'ssh by relay: vmssh carries the bytes', ...byOpenSsh(false) },
    ...(ssh.path ? [] : [{ title: 'the library: ssh2 over connect()', steps: librarySteps(world) }]),
  ];
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

function out(text: string): void {
  process.stdout.write(text);
}

try {
  process.exit(await main());
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  process.stderr.write(`vmssh demo: ${printable(message)}\n`);
  process.exit(code?.startsWith('ERR_PARSE_ARGS') ? exitCode.usage : exitCode.connect);
}
