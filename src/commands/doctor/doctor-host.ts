import { type Envelope, envelope, type FindingJson, formatJson } from '../../cli/json.js';
import { pasteable } from '../../cli/message.js';
import { startProgress, styles } from '../../cli/terminal.js';
import { exitCode, printable } from '../../errors.js';
import type { Io } from '../../process/io.js';
import { allowed, type HostCheck } from './check.js';
import { hostChecks } from './checks.js';
import { type Facts, gatherFacts } from './facts.js';

export interface DoctorJson extends Envelope<'doctor'> {
  readonly checks: readonly FindingJson[];
}

export type DoctorForm = 'checks' | 'report' | 'json';

/** Checks this host and prints what works. Resolves to 1 if something does not, else to 0. */
export async function runDoctor(
  show: DoctorForm,
  io: Io,
  gather: (io: Io) => Promise<Facts> = gatherFacts,
): Promise<number> {
  const progress = await startProgress(io, 'looking at this host');
  const facts = await gather(io).finally(() => progress.stop());
  const checks = hostChecks(facts);
  const code = checks.some(({ state }) => state === 'bad') ? exitCode.connect : exitCode.ok;
  if (show === 'json') io.out(formatJson(hostJson(checks, code)));
  else if (show === 'report') io.out(report(facts, checks));
  else io.out(await lines(checks, io));
  return code;
}

function hostJson(checks: readonly HostCheck[], exitCode: number): DoctorJson {
  const states = { ok: 'ok', bad: 'failed', none: 'skipped' } as const;
  const found = checks.map(({ name, state, found, fix }) => ({ name, state: states[state], found, fix }));
  return { ...envelope('doctor', exitCode), checks: found };
}

/** A verdict, and a line for each check. */
async function lines(checks: readonly HostCheck[], io: Io): Promise<string> {
  const style = await styles(io, 'stdout');
  const signs = { ok: style.green('✓'), bad: style.red('✗'), none: style.dim('–') };
  const rows = folded(checks);
  const width = Math.max(...rows.map(({ name }) => name.length));
  const body = rows.map(({ name, state, found, fix }) => {
    const line = `${signs[state]} ${name.padEnd(width)}  ${printable(found)}\n`;
    return fix === undefined
      ? line
      : `${line}  ${' '.repeat(width)}  ${style.dim('fix:')} ${printable(pasteable(fix, io))}\n`;
  });
  return `${style.bold(verdict(checks))}\n\n${body.join('')}`;
}

function verdict(checks: readonly HostCheck[]): string {
  const bad = [...new Set(checks.filter(({ state }) => state === 'bad').map(({ name }) => name))];
  if (bad.length === 0) return 'Nothing is wrong on this host.';
  return `${bad.length} ${bad.length === 1 ? 'thing is' : 'things are'} wrong on this host: ${bad.join(', ')}.`;
}

/** The checks of one fold are one row, where the first of them is: their names are what was found. */
function folded(checks: readonly HostCheck[]): readonly HostCheck[] {
  const rows = new Map<string, HostCheck>();
  for (const [i, check] of checks.entries()) {
    const { fold, name } = check;
    const row = fold === undefined ? undefined : rows.get(fold);
    if (fold === undefined) rows.set(`${i}`, check);
    else rows.set(fold, { ...check, name: fold, found: row ? `${row.found}, ${name}` : name });
  }
  return [...rows.values()];
}

/** The checks in Markdown, with their texts for a report only: no name, path or address. */
function report({ system }: Facts, checks: readonly HostCheck[]): string {
  const signs = { ok: '✓', bad: '✗', none: '–' };
  const { vmssh, runtime, os, kernel, arch, about } = system;
  const { commit, engine, features } = about;
  return [
    `vmssh ${vmssh} on ${runtime}, ${allowed.os(os)}, ${allowed.kernel(kernel)}, ${arch}`,
    `commit ${commit ?? 'unknown'}, ${engine.name} ${engine.version}; ${features.join(', ')}`,
    '',
    '| | what | found |',
    '| --- | --- | --- |',
    ...checks.map(({ name, state, report }) => `| ${signs[state]} | ${name} | ${report} |`),
    '',
  ].join('\n');
}
