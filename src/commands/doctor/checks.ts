import { dirname } from 'node:path';
import { exitCode } from '../../base/errors.js';
import { countBy, fewOf } from '../../base/group-by.js';
import { isCompiled } from '../../base/runtime.js';
import { pasteable } from '../../cli/failure.js';
import { type Envelope, envelope, formatJson } from '../../cli/json.js';
import { type Row, rowFormatter } from '../../cli/rows.js';
import { startProgress } from '../../cli/terminal.js';
import type { Finding } from '../../guest/report.js';
import { maxGone } from '../../hosts/hosts.js';
import type { Io } from '../../process/io.js';
import { refusalFix } from '../../process/refusal-fix.js';
import { howToGet, startsNot } from '../../process/ssh-program.js';
import { type AllMachines, isQuiet } from '../../sources/list-all.js';
import { isFailure } from '../../sources/source.js';
import { ownSource } from '../../sources/sources.js';
import { configChecks } from './config.js';
import { exposedChecks } from './exposed.js';
import { type Facts, gatherFacts, isOld } from './facts.js';
import { allowed, finding, fixed, type HostCheck, said, withCode } from './finding.js';
import { windowsChecks } from './windows.js';

export type DoctorJson = Envelope<'doctor'> & { readonly checks: readonly Finding[] };

/** `problems`: the verdict and what is wrong; `all`: also what is well. */
export type DoctorForm = 'problems' | 'all' | 'report' | 'json';

/** Checks this host and prints what works. Resolves to 1 if something does not, else to 0. */
export async function runDoctor(show: DoctorForm, io: Io, gather: (io: Io) => Promise<Facts> = gatherFacts) {
  const progress = await startProgress(io, 'looking at this host');
  const facts = await gather(io).finally(() => progress.stop());
  const checks = hostChecks(facts);
  const code = checks.some(({ state }) => state === 'bad') ? exitCode.connect : exitCode.ok;
  if (show === 'json') io.out(formatJson(hostJson(checks, code)));
  else if (show === 'report') io.out(report(facts, checks));
  else io.out(await lines(checks, facts, show === 'all', io));
  return code;
}

function hostJson(checks: readonly HostCheck[], exitCode: number): DoctorJson {
  const states = { ok: 'ok', bad: 'failed', none: 'skipped' } as const;
  const found = checks.map(({ name, state, found, fix }) => ({ name, state: states[state], found, fix }));
  return { ...envelope('doctor', exitCode), checks: found };
}

const markOf = { ok: 'ok', bad: 'wrong', none: 'none' } as const;

/** What is wrong, and how many checks found nothing; all of them, below the verdict, if `all`. */
async function lines(checks: readonly HostCheck[], facts: Facts, all: boolean, io: Io): Promise<string> {
  const format = await rowFormatter(io);
  const rows = folded(checks);
  const bad = rows.filter(({ state }) => state === 'bad');
  const verdict: readonly Row[] = bad.length === 0 ? [{ mark: 'ok', text: ready(facts) }] : [];
  if (all) {
    const each = rows.map(({ name, state, found, fix }) => ({ mark: markOf[state], name, text: found, fix }));
    return format(verdict) + format(each);
  }
  const wrong = bad.map(({ name, found, fix }): Row => ({ mark: 'wrong', text: `${name}: ${found}`, fix }));
  const fine = checks.filter(({ state }) => state === 'ok').length;
  const count = `${bad.length} ${bad.length === 1 ? 'problem' : 'problems'}, ${fine} ${fine === 1 ? 'check' : 'checks'} fine`;
  const end = bad.length === 0 ? '' : `${count}. All of them: ${pasteable('vmssh doctor -v', io)}\n`;
  return format([...verdict, ...wrong]) + end;
}

function ready({ machines: { machines } }: Facts): string {
  const counts = [...countBy(machines, ({ provider }) => provider)];
  const by = counts.map(([name, count]) => (counts.length === 1 ? name : `${name} ${count}`)).join(', ');
  const { text } = counts.length === 0 ? { text: 'No machines yet' } : countedIn(machines);
  return `This host is ready. ${text}${by && ` (${by})`}`;
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
function report({ build }: Facts, checks: readonly HostCheck[]): string {
  const signs = { ok: '✓', bad: '✗', none: '–' };
  const rows = checks.map(({ name, state, report }) => `| ${signs[state]} | ${name} | ${report} |`);
  return [...build, '', '| | what | found |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

export function hostChecks(facts: Facts): readonly HostCheck[] {
  const linux = facts.platform === 'linux';
  return [
    ssh(facts),
    ...shell(facts),
    ...agent(facts),
    ...facts.home,
    addon(facts),
    ...(linux ? [fdPassing(facts), vsock(facts), ...deviceChecks(facts)] : []),
    ...(facts.windows ? windowsChecks(facts.windows) : []),
    ...sourcesOf(facts),
    ...outsideChecks(facts),
    ...exposedChecks(facts.exposed),
    ...configChecks(facts.config, facts.ssh),
    ...goneMachines(facts),
    ...facts.clients,
  ];
}

function ssh({ ssh: { version, closed, better }, platform }: Facts): HostCheck {
  const name = 'ssh';
  if (closed)
    return finding(name, 'bad', { found: closed.problem, report: 'it does not start' }, closed.hint);
  if (version === undefined)
    return finding(name, 'bad', 'there is no ssh in PATH', howToGet('ssh', platform) ?? '');
  const fix = better
    ? `put ${dirname(better)} first in PATH: ${better} is OpenSSH 7.6 or later`
    : 'install OpenSSH 7.6 or later: older ones have no StrictHostKeyChecking accept-new';
  if (startsNot.test(version) && !better) return finding(name, 'bad', said`${version}`, refusalFix(version));
  const old = isOld(version);
  const shown = { found: version, report: allowed.ssh(version) };
  return finding(name, old ? 'bad' : 'ok', shown, old ? fix : undefined);
}

function shell({ shellTrouble: trouble }: Facts): readonly HostCheck[] {
  if (trouble === undefined) return [];
  const { problem, about, fix } = trouble;
  const state = trouble.trouble === 'waits' ? 'none' : 'bad';
  return [finding('SHELL', state, { found: problem, report: about }, fix)];
}

/** An agent that gives no key is a matter of each login: ssh may have a file. */
function agent({
  ssh: { agent: { keys, problem = '', fix, isSilent } = { keys: [] } },
}: Facts): readonly HostCheck[] {
  const name = 'ssh-agent';
  const report = isSilent ? 'it does not answer' : 'it gives no key';
  if (isSilent) return [finding(name, 'bad', { found: `${problem}, and ssh waits for it`, report }, fix)];
  if (problem !== '') return [finding(name, 'none', { found: problem, report }, fix)];
  return keys.length === 0 ? [] : [finding(name, 'ok', `keys in it: ${keys.length}`)];
}

function addon({ addon: { addon, ...rest }, platform }: Facts): HostCheck {
  const name = 'addon';
  if (addon)
    return finding(name, 'ok', isCompiled ? 'it is in this program' : 'node-hvsock-native is loaded');
  if (platform === 'darwin')
    return finding(name, 'none', 'there is none for macOS: bytes are relayed by Node');
  const text = 'missing' in rest ? rest.missing.message : 'it is missing';
  const fix =
    platform === 'win32'
      ? 'install it again: npm install vmssh'
      : 'install vmssh again by npm, or build it in a checkout: apt-get install g++ && npm run build';
  return finding(name, 'bad', { found: text, report: 'it cannot be loaded' }, fix);
}

function fdPassing({ addon: { addon } }: Facts): HostCheck {
  const name = 'fd passing';
  return addon
    ? finding(name, 'ok', `sockets are passed to ssh; ${takeNone}`)
    : finding(name, 'none', 'needs the addon; bytes are relayed instead');
}

// Each starts the proxy with one socket, as ssh does, but speaks SSH over it; all others are noticed, and get a relay.
const takeNone =
  'libssh and WezTerm before 2024-09 take none (ssh2, net-ssh and paramiko get a relay): for them config install --no-fdpass, or for one Host "ProxyUseFdpass no" and a ProxyCommand without --fdpass';

function vsock({ devices, modules, container, addon: { addon } }: Facts): HostCheck {
  const name = 'vsock';
  const isAbsent = devices['/dev/vsock'] === 'absent' && !modules.includes('vsock');
  if (isAbsent && container !== undefined)
    return finding(name, 'none', `/dev/vsock is not in this container (${container}): look on its host`);
  if (isAbsent) return finding(name, 'bad', 'this kernel has no AF_VSOCK loaded', 'sudo modprobe vsock');
  if (addon) return finding(name, 'ok', 'AF_VSOCK is available');
  return finding(name, 'none', 'AF_VSOCK is available, but needs the addon');
}

type Of<State extends string> = Readonly<Record<State, readonly [found: string, fix?: string]>>;

const deviceTexts: Readonly<Record<'vhost_vsock' | 'kvm', Of<'ok' | 'closed' | 'absent'>>> = {
  vhost_vsock: {
    ok: ['virtual machines can have vsock devices'],
    closed: ['this user cannot use /dev/vhost-vsock; services of the system and root can'],
    absent: [
      'no /dev/vhost-vsock: VMs on this host, or in this container, cannot have a kernel vsock device; vhost-user devices and multiplexers do not need it',
      'sudo modprobe vhost_vsock',
    ],
  },
  kvm: {
    ok: ['/dev/kvm can be used'],
    closed: [
      'this user cannot use /dev/kvm',
      'join the group kvm, then log in again: sudo usermod -aG kvm "$USER"',
    ],
    absent: ['no /dev/kvm: virtual machines run slowly here, or elsewhere'],
  },
};

function deviceChecks({ devices }: Facts): readonly HostCheck[] {
  const states = { vhost_vsock: devices['/dev/vhost-vsock'], kvm: devices['/dev/kvm'] } as const;
  return (['vhost_vsock', 'kvm'] as const).map((name) => {
    const [found, fix] = deviceTexts[name][states[name]];
    return finding(name, states[name] === 'ok' ? 'ok' : 'none', found, fix);
  });
}

function sourcesOf({ sources: names, machines: { machines, warnings } }: Facts): readonly HostCheck[] {
  return names.flatMap((name): HostCheck[] => {
    const own = warnings.filter(({ provider }) => provider === name);
    const failures = own.filter((warning) => isFailure(warning) && !isQuiet(warning));
    const fix = ownSource(name)?.fix;
    if (failures.length > 0) return failures.map((warning) => finding(name, 'bad', withCode(warning), fix));
    const { count, text: report } = counted(name, machines);
    const text = [report, ...own.map((warning) => withCode(warning).found)].join('; ');
    if (count > 0) return [finding(name, 'ok', { found: text, report })];
    if (own.length === 0) return [{ ...finding(name, 'none', report), fold: 'no machines' }];
    if (!own.every((warning) => isQuiet(warning))) return [finding(name, 'none', { found: text, report })];
    const fold = 'not open to this user';
    const problems = own.map(({ problem }) => problem).join('; ');
    return [{ ...finding(name, 'none', { found: problems, report: fold }), fold }];
  });
}

/** The sources of the user and of root: in a report none is named. */
function outsideChecks({ outside: { lines, problems }, toAdd, machines }: Facts): readonly HostCheck[] {
  const name = 'own sources';
  const files = problems.map((each) =>
    finding(name, 'bad', said`${each.file}: ${withCode(each)}`, `correct ${each.file}: docs/sources.md`),
  );
  const each = lines.map((line) => {
    const failure = machines.warnings.find(({ provider }) => provider === line.name);
    const { text } = counted(line.name, machines.machines);
    const listed = said`${line.name}: ${fixed(text)}`;
    if (!failure) return finding(name, 'ok', said`${listed} by ${line.command[0] ?? ''}`);
    return finding(name, 'bad', said`${listed}; ${withCode(failure)}`, `vmssh check ${line.name}`);
  });
  return [...files, ...each, ...toAdd.map((text) => finding(name, 'none', text))];
}

/** What is kept of them ends by `forget`. */
function goneMachines({ config: { gone = [] } }: Facts): readonly HostCheck[] {
  if (gone.length === 0) return [];
  const most = gone.length < maxGone ? '' : ', as many as are kept: the first that went are no longer';
  const what = said`off or gone, with their names kept: ${fewOf(gone, maxShown)}${fixed(most)}`;
  return [finding('names', 'none', what, 'vmssh forget --gone')];
}

const maxShown = 4;

function counted(name: string, machines: AllMachines['machines']) {
  return countedIn(machines.filter(({ provider }) => provider === name));
}

function countedIn({ length: count }: AllMachines['machines']) {
  return { count, text: `${count} ${count === 1 ? 'machine' : 'machines'}` };
}
