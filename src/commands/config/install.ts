import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { exitCode, printable, quote } from '../../base/errors.js';
import { fewOf, maxShown } from '../../base/group-by.js';
import { noState, readState } from '../../book/state.js';
import { type Command, positionals, type Read, readAll, UsageError, verbose } from '../../cli/command.js';
import { pasteable } from '../../cli/failure.js';
import { complain, rowFormatter } from '../../cli/rows.js';
import { canPick } from '../../cli/terminal.js';
import { fileAt } from '../../hosts/files.js';
import type { ConfigOptions } from '../../hosts/options.js';
import { configOptions, dryRunOption, fileOptions, settings, systemOption } from '../../hosts/options.js';
import { type ConfigFiles, configFiles, readElsewhere } from '../../hosts/places.js';
import { checkSshTakes, type Plan, planInstall, planUninstall } from '../../hosts/plan.js';
import { inEffect } from '../../hosts/setting.js';
import { keyChecking, refusedConfig } from '../../hosts/ssh-option.js';
import { carryOut, once } from '../../hosts/write.js';
import { takeInbox } from '../../keys/inbox.js';
import { type FindMachines, findMachines } from '../../machines/find-machines.js';
import type { askWhether } from '../../machines/picker.js';
import type { Io } from '../../process/io.js';
import { refusalFix } from '../../process/refusal-fix.js';
import { reachedMachine } from '../../sources/source.js';
import { withKeptEnv } from '../../sources/trusted-env.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { ownerOf } from '../../ssh/config/file.js';
import { settingsOf } from '../../ssh/config/settings.js';
import { usersTexts } from '../../ssh/config/users-files.js';
import { knownHostsFile } from '../../ssh/folder.js';
import { afterInstall } from './what-now.js';

export const configInstall: Command<ConfigOptions & { readonly dryRun: boolean }> = {
  name: 'config install',
  summary: "put the lines into ssh's configuration: ~/.ssh/vmssh.conf, and one Include in ~/.ssh/config",
  usage: '',
  details: `Run it again when machines come or go, or use --fresh: then vmssh list, vmssh ssh and, with systemd, a user unit
update the Hosts. Hosts of a source that cannot be asked stay; they and the options are kept in ~/.local/state/vmssh/hosts.json. A file that vmssh did not write, or that was edited,
is not changed. With --via it also writes Hosts NAME.HOST for the machines of other hypervisors; later runs keep them, until they are asked again or --no-via is given. On a terminal it asks once whether to keep the Hosts fresh. These options stay in effect for later runs: those with a --no- form until it is given, and --no-fdpass until --fdpass;
--prefix and --only-patterns until one of them is given again; --throwaway until --no-throwaway or others; --start until --start=NAME,... or another list; -o KEY=VALUE until -o KEY= or another value. -o is for every Host; for one machine, write a Host of your own in ~/.ssh/config. With --dry-run it prints a diff, and exits 1 if something would change.`,
  ...fileOptions,
  options: [...fileOptions.options, dryRunOption],
  examples: {
    'vmssh config install': 'from then on: ssh mint, ssh root@vsock/3, and VS Code lists the machines',
    'vmssh config install --fresh': 'and the Hosts follow the machines from then on',
    'vmssh config install --prefix vm-': 'ssh vm-mint',
    'vmssh config install --via hv1,hv2': 'ssh mint.hv1, for the machines of other hypervisors',
    'vmssh config install -o ServerAliveInterval=15 -o User=root': 'settings for every Host',
    'vmssh config install -o StrictHostKeyChecking=accept-new':
      'ssh asks nothing about the first key of a machine',
    "vmssh config install --throwaway 'vsock/*'": 'ssh takes any key of them, and keeps none',
    'sudo vmssh config install --system': 'the patterns for all users of this host',
  },

  parse: (raw) => ({ ...configOptions(raw), dryRun: dryRunOption.read(raw) }),

  async run(given, io) {
    await checkSshTakes(given, io);
    const files = configFiles(given, io);
    if (files.own.includes('\ufffd')) await refuseOtherBytes(files.own);
    const elsewhere = given.system ? undefined : await readElsewhere(files, io);
    if (elsewhere) await complain(`warning: ${elsewhere.found}: ${elsewhere.fix}`, undefined, io);
    const why = given.system ? await notForAll((await callerForSsh(io)).program) : undefined;
    if (why !== undefined)
      await complain(
        `warning: every user's ssh would run this program, and ${why}`,
        'install it where only root can change it, as the Debian package does',
        io,
      );
    const find = once(findMachines);
    if (given.dryRun) return show(await planInstall(given, io, find, files), io);
    // What ssh has kept by itself becomes its machine's first.
    if (!given.system) await takeInbox(knownHostsFile(io.env)).catch(() => {});
    const options = await askOnce(given, io, files, find);
    if (options === undefined) return exitCode.interrupted;
    const { code, plan } = await carryOut(() => planUnlessRefused(options, io, find, files), io);
    return code === exitCode.ok ? afterInstall(plan, given, io) : code;
  },
};

const lineByLine = verbose('show each line, as in a pipe');

export const configDiff: Command<ConfigOptions & { readonly verbose: boolean }> = {
  name: 'config diff',
  summary: 'show what config install would change; exits 1 if anything would change',
  usage: '',
  ...fileOptions,
  options: [...fileOptions.options, lineByLine],
  examples: {
    'vmssh config diff': 'is my configuration up to date?',
    'vmssh config diff >/dev/null || vmssh config install': 'in a script',
  },
  parse: (raw) => ({ ...configOptions(raw), verbose: lineByLine.read(raw) }),
  async run({ verbose: isWhole, ...options }, io) {
    await checkSshTakes(options, io);
    return show(await planInstall(options, io), io, io.terminal.stdout && !isWhole);
  },
};

async function show(plan: Plan, io: Io, isShort?: boolean): Promise<number> {
  return (await import('../../hosts/show.js')).showPlan(plan, io, isShort);
}

const uninstallOptions = {
  system: { ...systemOption, summary: 'remove those for all users' },
  dryRun: dryRunOption,
};

export const configUninstall: Command<Read<typeof uninstallOptions>> = {
  name: 'config uninstall',
  summary: "remove the lines from ssh's configuration; known host keys are kept",
  usage: '',
  options: Object.values(uninstallOptions),
  examples: { 'vmssh config uninstall': '~/.ssh/config is as it was before' },
  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return readAll(raw, uninstallOptions);
  },
  async run(options, io) {
    if (options.dryRun) return show(await planUninstall(options, io), io);
    return (await carryOut(() => planUninstall(options, io), io)).code;
  },
};

/** The plan; a refusal if ssh does not accept its configuration and this run changes nothing in that. Lines that are written are tried afterwards. */
async function planUnlessRefused(...given: Parameters<typeof planInstall>): Promise<Plan> {
  const [plan, [, io]] = [await planInstall(...given), given];
  const { main, own } = plan.files;
  if (plan.refusal || plan.changes.some(({ path }) => path === own || path === main)) return plan;
  const refused = await refusedConfig(plan.files, io);
  if (refused === undefined) return plan;
  const why = `ssh does not accept its configuration: ${refused}`;
  return {
    ...plan,
    refusal: { path: main ?? own, why, hint: refusalFix(refused) ?? 'ssh -G localhost shows it' },
  };
}

/** Throws a UsageError if Node has replaced bytes of HOME: the files would go to another folder. */
async function refuseOtherBytes(path: string): Promise<void> {
  const { otherBytes } = await import('../../process/non-utf8.js');
  if (otherBytes('/proc/self/environ', [path]) === undefined) return;
  throw new UsageError(
    `the path ${quote(path)} holds bytes that are not UTF-8, which Node cannot pass on`,
    'set HOME to another folder, or use the executable, which takes any bytes: npm run build:exe',
  );
}

/** The options, with the answers to two questions that a terminal gets until they are answered: whether other runs may keep the Hosts up to date, and whether ssh accepts first keys. Undefined: the user left. */
export async function askOnce(
  options: ConfigOptions,
  io: Io,
  files: ConfigFiles,
  find: FindMachines,
  asking?: typeof askWhether,
): Promise<ConfigOptions | undefined> {
  if (options.system || !canPick(io)) return options;
  const { text } = await fileAt(files.own);
  const last = (await readState(files.state)) ?? noState;
  const all = inEffect(settings, options, last.options);
  if (all.names.onlyPatterns || !['none', 'ours'].includes(ownerOf(text))) return options;
  const ask = async (why: string, question: string) => {
    io.err((await rowFormatter(io, 'stderr'))([{ text: pasteable(`${why}.`, io) }]));
    return (asking ?? (await import('../../machines/picker.js')).askWhether)(question, 'no', io);
  };
  const unit = files.units === undefined ? '' : ', and so can systemd';
  const kept = `Machines come and go: vmssh list and vmssh ssh can keep ssh's list of them up to date${unit}`;
  const fresh = all.fresh ?? (await ask(kept, 'Keep it up to date?'));
  if (fresh === undefined) return undefined;
  const given = all.fresh === undefined ? { ...options, fresh } : options;
  const isSaid = all.sshOptions.some(({ keyword }) => keyword.toLowerCase() === keyChecking);
  const users = isSaid ? [] : await usersTexts(io);
  if (isSaid || users.some((user) => settingsOf(user, [keyChecking]).length > 0)) return given;
  const here = { ...io, env: withKeptEnv(io.env, last.machines) };
  const { machines } = await find(here, options.via === 'none' ? undefined : options.via);
  const { readsKeys } = await import('../../keys/manager-keys.js');
  const read = await Promise.all(machines.map((machine) => readsKeys(reachedMachine(machine), io)));
  const unread = machines.filter((_, at) => !read[at]).map(({ name }) => name);
  if (unread.length === 0) return given;
  const names = printable(fewOf(unread, maxShown));
  const unknown = `Nobody here can confirm the host key of ${names}: ssh asks you at the first login`;
  const accepts = await ask(unknown, 'Accept first keys without a question?');
  if (accepts === undefined) return undefined;
  const chosen = { keyword: 'StrictHostKeyChecking', value: accepts ? 'accept-new' : 'ask' };
  return { ...given, sshOptions: [...(options.sshOptions ?? []), chosen] };
}

export type Look = (path: string) => Promise<{ readonly uid: number; readonly mode: number }>;

/** Why a program cannot serve all users of a system, root among them. Undefined if it can. Linux only. */
export async function notForAll(program: readonly string[], look: Look = stat): Promise<string | undefined> {
  const { upwards } = await import('../../files/writers.js');
  for (const file of program.filter(isAbsolute)) {
    for (const path of upwards(file)) {
      const { uid, mode } = await look(path);
      if (uid !== 0) return `${path} belongs to user ${uid}, who could put another program there`;
      if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)
        return `${path} can be changed by users other than root`;
      if ((mode & (path === file ? 0o004 : 0o001)) === 0) return `${path} cannot be used by other users`;
    }
  }
  return undefined;
}
