import { existsSync } from 'node:fs';
import { ConnectError, exitCode, exitCodeOf, printable, quote } from '../../base/errors.js';
import { now } from '../../base/runtime.js';
import { startProgress } from '../../cli/terminal.js';
import type { Finding } from '../../guest/report.js';
import type { Io } from '../../process/io.js';
import { isProgram } from '../../process/program-in-path.js';
import type { OutsideLine } from '../../sources/outside/file.js';
import { runOutside } from '../../sources/outside/outside.js';
import { machineOf, machinesIn, unusedOf } from '../../sources/outside/rows.js';
import { byMode, programsOf, type Untrusted, untrustedIn } from '../../sources/outside/trust.js';
import { type Deps, type DiscoveredMachine, DiscoveryError, serviceLimitMs } from '../../sources/source.js';
import { operand } from '../../sources/start-command.js';
import { withoutContested } from '../../sources/tools/claims.js';
import { type JsonObject, objectAt } from '../../sources/tools/json.js';
import { publicKeys } from '../../sources/tools/machine-files.js';
import { ownEnv } from '../../sources/trusted-env.js';
import { similarTo } from '../../typed/names.js';
import type { Examination } from './examine.js';

/** Runs a source, for whoever writes one: how long it takes, and what is wrong with each of its rows. */
export async function examineSource(line: OutsideLine, io: Io): Promise<Examination> {
  const progress = await startProgress(io, `checking ${line.name}`);
  const { check, findings } = await asked(line, io).finally(() => progress.stop());
  const isWrong = findings.some(({ state }) => state === 'failed');
  const code = check.error ? exitCodeOf(check.error) : isWrong ? exitCode.connect : exitCode.ok;
  return { check, code, findings, suspects: [] };
}

async function asked(line: OutsideLine, io: Io): Promise<Pick<Examination, 'check' | 'findings'>> {
  const deps: Deps = { env: ownEnv(io.env), signal: io.interrupted(), timeoutMs: serviceLimitMs };
  const started = now();
  try {
    const { machines, warnings: said } = await runOutside(line, ['list'], deps);
    const ms = now() - started;
    // Why a row is left out is said of each.
    const isUsed = (row: unknown) => typeof machineOf(line, objectAt(row)) !== 'string';
    const { found, warnings: own } = machinesIn(line, { machines: machines.filter(isUsed), warnings: said });
    const warnings = [...own, ...withoutContested(found).warnings];
    const isThere = line.folder === undefined || existsSync(line.folder);
    const untrusted = await untrustedIn(found, line, await byMode());
    const count = (all: number, of: string) => `${all} ${of}${all === 1 ? '' : 's'}`;
    const parts = [`${count(found.length, 'machine')} in ${count(machines.length, 'row')}`];
    if (warnings.length > 0) parts.push(count(warnings.length, 'warning'));
    const stages = [{ stage: 'listed' as const, ms, found: parts.join(', ') }];
    const findings = [
      ...(isThere ? [] : [failed('line', `its "folder" ${line.folder} is not there`)]),
      ...(await findFindings(line, found, deps)),
      ...warnings.map(({ code, problem }) => failed('warning', `${problem} (${code})`)),
      ...rowFindings(line, machines, untrusted),
    ];
    return { check: { target: line.name, stages }, findings };
  } catch (error) {
    deps.signal?.throwIfAborted();
    if (!(error instanceof DiscoveryError)) throw error;
    return { check: { target: line.name, stages: [], error: failure(line, error) }, findings: [] };
  }
}

function failure({ name, file, wrong }: OutsideLine, { code, message, cause }: DiscoveryError): ConnectError {
  const hint =
    wrong !== undefined
      ? `correct its line in ${file}: docs/sources.md`
      : code === 'UNTRUSTED'
        ? "it and the folders above it must be yours or root's, and nobody else may write there: chmod go-w FILE"
        : `see what its "list" prints: docs/sources.md`;
  return new ConnectError('resolve', name, { code, problem: message, hint, cause });
}

function rowFindings(line: OutsideLine, rows: readonly unknown[], untrusted: Untrusted) {
  return rows.flatMap((each, at) => {
    const row = objectAt(each);
    const named = typeof row.name === 'string' ? `, ${quote(row.name.slice(0, 100))}` : '';
    return rowProblems(line, row, untrusted).map((each) => failed('row', `row ${at + 1}${named}: ${each}`));
  });
}

function rowProblems(line: OutsideLine, row: JsonObject, untrusted: Untrusted): readonly string[] {
  const machine = machineOf(line, row);
  if (typeof machine === 'string') return [`left out: ${machine}`];
  const [why] = programsOf(machine).flatMap((program) => untrusted.get(program) ?? []);
  if (why !== undefined) return [`left out: ${why}`];
  const { identityFile = '', hostKeys, status } = machine;
  const isGone = identityFile !== '' && !existsSync(identityFile);
  const key = isGone ? `no file ${identityFile} is there` : untrusted.get(identityFile);
  const used = publicKeys(hostKeys ?? []).length;
  const isUsed = used >= (new Set(hostKeys).size || (status === 'running' ? 1 : 0));
  return [
    ...unusedOf(line, row),
    ...(key === undefined ? [] : [`its "identityFile" is not used: ${key}`]),
    ...(hostKeys && !isUsed ? [`${used} of its "hostKeys" can be used: "ssh-ed25519 AAAA…" each`] : []),
    ...Object.keys(row).flatMap(misspelled),
    ...(status === 'running' ? routeProblems(machine) : []),
  ];
}

/** What a field may be meant as: one of those without which a login goes on in another way. */
function misspelled(field: string): readonly string[] {
  const [near] = field.length < 6 ? [] : similarTo(field, ['hostKeys', 'identityFile']);
  const isKnown = near === undefined || near === field;
  return isKnown ? [] : [`its ${quote(field)} is not known: did you mean "${near}"?`];
}

function routeProblems({ routes = [], exec = [] }: DiscoveredMachine): readonly string[] {
  if (routes.length === 0 && exec.length === 0)
    return ['it is running, and has neither an "address" nor "routes" nor "exec"'];
  const gone = routes.flatMap(({ endpoint }) =>
    'path' in endpoint && !existsSync(endpoint.path) ? [`no socket ${endpoint.path} is there`] : [],
  );
  const commands = [...routes.map(({ endpoint }) => ('command' in endpoint ? endpoint.command : [])), exec];
  const programs = new Set(commands.flatMap(([program]) => program ?? []));
  const missing = [...programs].filter((program) => !isProgram(program));
  return [...gone, ...missing.map((program) => `${program} is not a program that you may run`)];
}

async function findFindings(
  line: OutsideLine,
  [first]: readonly DiscoveredMachine[],
  deps: Deps,
): Promise<readonly Finding[]> {
  if (!line.find || !first) return [];
  try {
    const { found } = machinesIn(line, await runOutside(line, ['find', ...operand(first.name)], deps));
    if (found.some(({ name, uuid }) => name === first.name && uuid === first.uuid))
      return [{ name: 'find', state: 'ok', found: printable(`it finds ${quote(first.name)} too`) }];
    return [failed('find', `it does not find ${quote(first.name)}, which its "list" has`)];
  } catch (error) {
    deps.signal?.throwIfAborted();
    if (!(error instanceof DiscoveryError)) throw error;
    return [failed('find', error.message)];
  }
}

function failed(name: string, text: string): Finding {
  return { name, state: 'failed', found: text };
}
