import { join } from 'node:path';
import { quote } from '../../base/errors.js';
import { groupBy } from '../../base/group-by.js';
import { writtenHosts } from '../../book/same.js';
import type { Agent } from '../../checks/agent.js';
import { readText } from '../../files/read-file.js';
import { type NotInEffect, notInEffect } from '../../hosts/in-effect.js';
import { type ConfigFiles, configFiles, readElsewhere } from '../../hosts/places.js';
import { type Plan, planInstall } from '../../hosts/plan.js';
import { asLastTime, silent } from '../../hosts/refresh.js';
import { enabledUnits, freshUnits } from '../../hosts/units.js';
import { ownPins } from '../../keys/machine-keys.js';
import { hostPatterns } from '../../kinds/kind.js';
import { asTarget, kinds } from '../../kinds/kinds.js';
import type { FindMachines } from '../../machines/find-machines.js';
import type { Io } from '../../process/io.js';
import { refusalFix } from '../../process/refusal-fix.js';
import { runProgram } from '../../process/run-program.js';
import type { NotStarted } from '../../process/ssh-program.js';
import { type ConfigOwner, includeLine, ownerOf } from '../../ssh/config/file.js';
import { blocksOf } from '../../ssh/config/settings.js';
import { knownHostsNamedIn, onlyRevoked, usersTexts } from '../../ssh/config/users-files.js';
import { isOurProxy } from '../../ssh/config/word.js';
import type { ControlPathTrouble } from '../../ssh/control-path.js';
import { inboxOf, knownHostsFile } from '../../ssh/folder.js';
import { finding, fixed, type HostCheck, said } from './finding.js';

export interface SshFacts {
  /** What `ssh -V` says; undefined: there is no ssh. */
  readonly version: string | undefined;
  /** Why it could not be started, though it is there. */
  readonly closed?: NotStarted | undefined;
  /** Another ssh here, which is new enough where the first one of PATH is not: its path. */
  readonly better?: string | undefined;
  /** What ssh says instead of its settings, if it does not accept its configuration. */
  readonly refusal?: string | undefined;
  /** The ProxyCommand that ssh uses for vsock/3. */
  readonly proxyCommand: string | undefined;
  /** The same for the first pattern of each kind. */
  readonly proxyCommands?: Readonly<Record<string, string | undefined>>;
  readonly controlPath?: ControlPathTrouble;
  /** The KnownHostsCommand that ssh uses for vsock/3. */
  readonly keyCommand?: string;
  /** The user that ssh takes for vsock/3, and the line that says so, "FILE line N"; without one: as for every host. */
  readonly login?: { readonly user: string; readonly where?: string | undefined } | undefined;
  readonly agent?: Agent;
}

export interface ConfigFacts {
  readonly path: string;
  readonly owner: ConfigOwner;
  readonly mainPath: string;
  /** Whether the main file itself has our lines, pasted from config print. */
  readonly pasted: boolean;
  /** Whether config install would write the same lines of the same machines. */
  readonly isCurrent?: boolean;
  /** Whether it would leave ssh's main file as it is: that includes ours above the first Host. */
  readonly isIncluded?: boolean;
  /** The line that the user, or what manages that file, has to put there. */
  readonly byHand?: string | undefined;
  readonly refusal?: Plan['refusal'];
  /** Whether the lines have ssh ask vmssh for host keys. */
  readonly asks?: boolean;
  /** The names and patterns whose host keys ssh takes whatever they are. */
  readonly throwaway?: readonly string[] | undefined;
  /** Why none of the known keys counts. */
  readonly keys?: { readonly problem: string; readonly fix: string } | undefined;
  /** The Hosts of machines that no source lists any more. */
  readonly gone?: readonly string[];
  /** The known_hosts files of the user's own Hosts for machines. */
  readonly displaced?: readonly string[];
  /** Which ssh reads the files of another home, and what to do about it. */
  readonly elsewhere?: Awaited<ReturnType<typeof readElsewhere>>;
  /** Why ssh does not take our lines. */
  readonly lost?: NotInEffect | undefined;
  /** What is wrong with the lines for all users, and what to do; "ok": nothing. Undefined: there are none. */
  readonly forAll?: NotInEffect | 'ok' | undefined;
  /** What keeps the Hosts up to date; undefined: config install was not asked to. */
  readonly fresh?: 'list' | 'units' | 'idle units' | 'failed units';
}

export async function gatherConfig(
  io: Io,
  files: ConfigFiles = configFiles({ system: false }, io),
  run: typeof runProgram = runProgram,
  system: ConfigFiles | undefined = io.platform === 'win32' ? undefined : configFiles({ system: true }, io),
): Promise<ConfigFacts> {
  const { own: path, main: mainPath = '' } = files;
  const [own, main = ''] = await Promise.all([textOf(path), textOf(mainPath)]);
  const owner = ownerOf(own);
  const pasted = linesOf(main, /^\s*ProxyCommand\b/i).some(isOurProxy);
  const keys = knownHostsFile(io.env);
  const pins = await Promise.all([keys, inboxOf(keys)].map(ownPins));
  const texts = await usersTexts(io);
  const targets = texts.flatMap(blocksOf).flatMap(({ patterns }) => patterns.filter(asTarget));
  const written = await writtenHosts(io);
  const hosts = [...written.map(({ host }) => host), ...targets];
  return {
    path,
    owner,
    mainPath,
    pasted,
    ...(owner === 'none' ? {} : await ofLastRun(files, io, run)),
    asks: linesOf(own ?? main, /^\s*KnownHostsCommand .* host-key /).length > 0,
    keys: pins.flatMap((pin) => (Buffer.isBuffer(pin) ? [] : [pin]))[0],
    gone: written.flatMap(({ host, gone }) => (gone === undefined ? [] : [host])),
    displaced: [...new Set(hosts.flatMap(knownHostsNamedIn(texts)))],
    elsewhere: await readElsewhere(files, io),
    lost: owner === 'ours' ? await notInEffect(files, io) : undefined,
    forAll: system && (await gatherForAll(system, io, run)),
  };
}

function textOf(path: string): Promise<string | undefined> {
  return readText(path).catch(() => undefined);
}

async function gatherForAll(
  files: ConfigFiles,
  io: Io,
  run: typeof runProgram,
): Promise<ConfigFacts['forAll']> {
  if (ownerOf(await textOf(files.own)) === 'none') return undefined;
  const fix = 'sudo vmssh config install --system';
  // Only root can read with which options they were made.
  const { isCurrent, refusal } =
    (await textOf(files.state)) === undefined ? { isCurrent: true } : await ofLastRun(files, io, run);
  if (refusal)
    return { problem: `${quote(refusal.path)}: ${refusal.why}`, about: 'refused', fix: refusal.hint };
  if (!isCurrent) return { problem: `${files.own} ${anothers}`, about: `its file ${anothers}`, fix };
  return (await notInEffect(files, io)) ?? 'ok';
}

/** What config install would do now with the machines that it knows, and what keeps them up to date. */
async function ofLastRun(files: ConfigFiles, io: Io, run: typeof runProgram) {
  const find: FindMachines = async () => ({ machines: [], warnings: [], isUnasked: true });
  const planned = planInstall({ ...asLastTime, system: files.main === undefined }, silent(io), find, {
    ...files,
    units: undefined,
  });
  const plan: Pick<Plan, 'changes' | 'refusal' | 'problem' | 'decision'> = await planned.catch(
    ({ message, hint = '' }) => ({ changes: [], refusal: { path: files.state, why: message, hint } }),
  );
  const { changes, problem, refusal, decision } = plan;
  return {
    isCurrent: changes.every(({ path }) => path !== files.own),
    isIncluded: changes.every(({ path }) => path !== files.main),
    byHand: changes.find(({ path }) => path === files.main)?.byHand && includeLine(files.include),
    throwaway: decision?.throwaway,
    refusal: problem === undefined ? refusal : { path: files.state, why: problem, hint: install },
    fresh: decision?.settings.fresh === true ? await freshBy(files.units, io, run) : undefined,
  };
}

async function freshBy(
  folder: string | undefined,
  { env }: Io,
  run: typeof runProgram,
): Promise<ConfigFacts['fresh']> {
  if (folder === undefined) return 'list';
  const owners = await Promise.all(freshUnits.map(async (name) => ownerOf(await textOf(join(folder, name)))));
  const command = ['systemctl', '--user', 'is-active', ...enabledUnits, 'vmssh-hosts.service'];
  const said = await run(command, { env, timeoutMs: 5000 }).catch(() => undefined);
  const states = said?.stdout.trim().split('\n') ?? [];
  if (states.includes('failed')) return 'failed units';
  const isOn = enabledUnits.every((_, i) => states[i] === 'active');
  return isOn && owners.every((owner) => owner === 'ours') ? 'units' : 'idle units';
}

function linesOf(config: string, which: RegExp): readonly string[] {
  return config.split('\n').filter((line) => which.test(line));
}

export function configChecks(config: ConfigFacts, ssh: SshFacts): readonly HostCheck[] {
  const { elsewhere } = config;
  const checks = [
    ...badIf('home', elsewhere && { ...elsewhere, problem: elsewhere.found }, 'HOME is not that of ssh'),
    lines(config, ssh),
    ...include(config),
    ...forAll(config),
    effective(config, ssh),
    ...hostKeys(config, ssh),
    ...thrownAway(config),
    ...knownKeys(config),
    ...login(ssh),
    ...badIf('ControlPath', ssh.controlPath, 'ssh cannot use it'),
    ...fresh(config),
  ];
  const first = ssh.refusal === undefined ? install : refusalFix(ssh.refusal);
  // config install takes its lines back where ssh refuses others.
  return checks.map((each) =>
    !first?.startsWith(install) && each.fix?.startsWith(install) ? { ...each, fix: undefined } : each,
  );
}

/** Nothing, or what is wrong: `report` is the same without a name or a path of this host. */
function badIf(name: string, trouble: { problem: string; fix: string } | undefined, report: string) {
  return trouble ? [finding(name, 'bad', { found: trouble.problem, report }, trouble.fix)] : [];
}

function forAll({ forAll: found }: ConfigFacts): readonly HostCheck[] {
  const name = 'for all users';
  if (found === 'ok') return [finding(name, 'ok', "every user's ssh has the lines of this vmssh")];
  return badIf(name, found, found?.about ?? '');
}

function hostKeys(
  { owner, asks, lost }: ConfigFacts,
  { keyCommand, proxyCommand }: SshFacts,
): readonly HostCheck[] {
  const name = 'host keys';
  if (owner !== 'ours' || !asks || lost || !isOurProxy(proxyCommand)) return [];
  return / host-key /.test(keyCommand ?? '') ? [finding(name, 'ok', 'ssh asks vmssh for them')] : [];
}

function thrownAway({ throwaway = [] }: ConfigFacts): readonly HostCheck[] {
  if (throwaway.length === 0) return [];
  const names = { found: throwaway.join(' '), report: `${throwaway.length} names` };
  return [finding('host keys', 'none', said`ssh takes any key of these, by --throwaway: ${names}`)];
}

function knownKeys({ keys, displaced = [] }: ConfigFacts): readonly HostCheck[] {
  if (keys) return badIf('known keys', keys, 'none of them counts');
  if (displaced.length === 0) return [];
  return [finding('known keys', 'none', said`${displaced.join(' ')}: ${fixed(onlyRevoked)}`)];
}

function login({ login }: SshFacts): readonly HostCheck[] {
  if (login === undefined) return [];
  const { user, where } = login;
  const who = { found: user, report: user === 'root' ? user : 'another user than root' };
  const report = where?.includes('systemd-ssh-proxy.conf') ? "systemd's file" : "ssh's configuration";
  const by = where === undefined ? said`as at every host` : said`as ${{ found: where, report }} says`;
  return [finding('login user', 'ok', said`at an address such as vsock/3: ${who}, ${by}`)];
}

function lines(
  { owner, path, mainPath, pasted, isCurrent, refusal }: ConfigFacts,
  { proxyCommand, proxyCommands = {} }: SshFacts,
): HostCheck {
  const name = 'config';
  const own = { found: path, report: 'its file' };
  if (refusal) return finding(name, 'bad', said`${quote(refusal.path)}: ${refusal.why}`, refusal.hint);
  if (owner !== 'none')
    return isCurrent
      ? finding(name, 'ok', said`${own} has the lines of this vmssh`)
      : finding(name, 'bad', said`${own} ${fixed(anothers)}`, install);
  const main = { found: mainPath, report: "ssh's own file" };
  if (pasted) return finding(name, 'ok', said`${main} has the lines`);
  return [proxyCommand, ...Object.values(proxyCommands)].some(isOurProxy)
    ? finding(name, 'none', patternsOnly, install)
    : finding(name, 'bad', 'vmssh is not in your ssh configuration', install);
}

const install = 'vmssh config install';
const anothers = 'was written by another vmssh, or for another ssh';
const patternsOnly = 'ssh has the patterns from another file; machines have no Host of their own';

function fresh({ owner, fresh: by }: ConfigFacts): readonly HostCheck[] {
  if (owner !== 'ours') return [];
  const name = 'fresh Hosts';
  const again = `${install} --fresh`;
  switch (by) {
    case undefined:
      return [finding(name, 'none', 'automatic Host updates: off', again)];
    case 'list':
      return [finding(name, 'ok', 'vmssh list and vmssh ssh write them')];
    case 'units':
      return [finding(name, 'ok', 'vmssh list, vmssh ssh and systemd write them')];
    case 'failed units':
      return [finding(name, 'bad', 'vmssh-hosts failed in systemd', status)];
    case 'idle units': {
      const text =
        'only vmssh list and vmssh ssh write them: not all units of systemd run as vmssh wrote them';
      return [finding(name, 'none', text, again)];
    }
  }
}

const status = 'systemctl --user status vmssh-hosts.service vmssh-hosts.path';

function include({ owner, isIncluded, mainPath, byHand }: ConfigFacts): readonly HostCheck[] {
  const name = 'Include';
  if (owner !== 'ours') return [];
  return isIncluded
    ? [finding(name, 'ok', said`${mainPath} includes it above the first Host`)]
    : [
        finding(
          name,
          'bad',
          said`${mainPath} does not include it above the first Host or Match`,
          byHand ? `put this line there, or let what manages that file do so: ${byHand}` : install,
        ),
      ];
}

// What counts is the first ProxyCommand that ssh reads.
function effective(
  { owner, elsewhere, lost }: ConfigFacts,
  { version, refusal, proxyCommand, proxyCommands = { 'vsock/*': proxyCommand } }: SshFacts,
): HostCheck {
  const name = 'ssh vsock/3';
  if (version === undefined) return finding(name, 'none', 'no ssh to ask');
  if (refusal !== undefined)
    return finding(name, 'bad', said`ssh accepts none of its configuration: ${refusal}`, refusalFix(refusal));
  if (lost) return finding(name, 'bad', { found: lost.problem, report: lost.about }, lost.fix);
  if (proxyCommand === undefined) {
    const fix = elsewhere ? undefined : install;
    return finding(name, owner === 'none' ? 'none' : 'bad', 'ssh has no ProxyCommand for it', fix);
  }
  const served = groupBy(Object.entries(proxyCommands), ([, command]) => programOf(command));
  const others = [...served].filter(([who]) => who !== 'vmssh');
  if (others.length === 0) return finding(name, 'ok', 'ssh runs vmssh');
  const parts = others.map(([who, all]) => `${who} serves ${all.map(([pattern]) => pattern).join(', ')}`);
  return finding(name, 'none', parts.join('; '), `put ours above it: ${install}`);
}

export function firstPatterns(): readonly string[] {
  return kinds.flatMap((kind) => hostPatterns(kind).slice(0, 1));
}

function programOf(command: string | undefined): string {
  if (command === undefined) return 'no program';
  if (isOurProxy(command)) return 'vmssh';
  return /(systemd|libvirt)-ssh-proxy/.exec(command)?.[0] ?? 'another program';
}
