import { type Io, type RawArgs, UsageError } from '../../cli/command.js';
import { flag, parsed } from '../../cli/option.js';
import { positionals, usage } from '../../cli/values.js';
import { isFailure } from '../../discovery/provider.js';
import { printable, quote } from '../../errors.js';
import { sshAbilities } from '../../process/ssh-version.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { concreteHosts } from '../../ssh/config/hosts.js';
import { hostBlocks, keptBlocks } from '../../ssh/config/kept.js';
import { sharedUuidProblem } from '../../ssh/config/same-uuid.js';
import { configText, userKnownHosts } from '../../ssh/config/text.js';
import { allGuestKeys } from '../../ssh/guest-keys.js';
import { knownHostsFile } from '../../ssh/known-hosts-file.js';
import { type ViaHosts, viaHosts, viaHostsOptions } from '../via/hosts.js';
import { type FindMachines, findMachines, type MachinesFound } from '../via/machines.js';
import { type SshOption, sshOption } from './ssh-option.js';

/** What to write for ssh. */
export interface ConfigOptions {
  /** No Host block for each machine. */
  readonly onlyPatterns: boolean;
  /** The prefix of machine names. */
  readonly prefix: string;
  /** For all users of this host. */
  readonly system: boolean;
  /** Neither of the first two was given: those of the last run stay in effect. */
  readonly asBefore: boolean;
  /** Whether sockets are passed to ssh where that is possible; undefined: as in the last run. */
  readonly fdpass?: boolean | undefined;
  /** Whether other runs may keep the Hosts up to date; undefined: as in the last run, or nobody said. */
  readonly fresh?: boolean | undefined;
  /** Hypervisors whose machines get Hosts too, "none" if those of earlier runs go; undefined: those stay. */
  readonly via?: ViaHosts | 'none' | undefined;
  /** For every Host; those of the last run stay, unless one has the same keyword. */
  readonly sshOptions: readonly SshOption[];
}

const patternsOption = flag({
  long: 'only-patterns',
  summary: 'only the patterns of targets, no Host for each machine',
});
const prefixOption = parsed(
  {
    long: 'prefix',
    value: 'TEXT',
    summary: "put this before the machines' names: vm- makes Host vm-mint; '' removes it",
  },
  (text) => {
    if (/^([\p{L}\p{N}_][\p{L}\p{N}._-]*)?$/u.test(text)) return text;
    throw new UsageError(
      `--prefix takes letters, digits, ".", "_" and "-", and starts with neither "." nor "-", not ${quote(text)}`,
    );
  },
);

const fdpassOption = flag({ long: 'fdpass', summary: 'pass sockets to ssh again, after --no-fdpass' });
const noFdpassOption = flag({
  long: 'no-fdpass',
  summary: 'relay the bytes: for clients that take no socket from a proxy',
});

const freshOption = flag({
  long: 'fresh',
  summary: 'keep the Hosts up to date from now on: by vmssh list, vmssh ssh and a systemd user unit',
});
const noFreshOption = flag({ long: 'no-fresh', summary: 'let only config install write the Hosts again' });
const freshOptions = [freshOption, noFreshOption];

export const systemOption = flag({
  long: 'system',
  summary: 'for all users: /etc/ssh/ssh_config.d/10-vmssh.conf, only the patterns',
});

export const dryRunOption = flag({
  long: 'dry-run',
  short: 'n',
  summary: 'print what would change; exits 1 if anything would change',
});

const fdpassOptions = [fdpassOption, noFdpassOption];

const noViaOption = flag({
  long: 'no-via',
  summary: 'remove the Hosts of other hypervisors, which stay otherwise',
});

/** The options of config print. */
export const lineOptions = [
  patternsOption,
  prefixOption,
  ...viaHostsOptions,
  noViaOption,
  ...fdpassOptions,
  sshOption,
];

/** The options of the commands that write files. */
export const fileOptions = {
  options: [...lineOptions, ...freshOptions, systemOption],
  exclusive: [
    ...viaHostsOptions.flatMap((option) =>
      [systemOption, patternsOption, noViaOption].map((other) => [other, option]),
    ),
    [systemOption, prefixOption],
    fdpassOptions,
    freshOptions,
    [systemOption, freshOption],
  ],
};

/** Throws a UsageError. */
export function configOptions(raw: RawArgs): ConfigOptions {
  positionals(raw, 0, 0, 'no argument');
  const prefix = prefixOption.read(raw);
  const system = systemOption.read(raw);
  const onlyPatterns = patternsOption.read(raw) || system;
  return {
    prefix: prefix ?? '',
    system,
    onlyPatterns,
    asBefore: !onlyPatterns && prefix === undefined,
    fdpass: fdpassOptions.some((option) => option.read(raw)) ? !noFdpassOption.read(raw) : undefined,
    fresh: freshOptions.some((option) => option.read(raw)) ? freshOption.read(raw) : undefined,
    via: noViaOption.read(raw) ? 'none' : viaHosts(raw),
    sshOptions: sshOption.read(raw),
  };
}

/** What exists already. */
export interface Present {
  /** Host names that are already taken. */
  readonly taken: ReadonlySet<string>;
  /** The content of our own file. */
  readonly file: string;
}

/** The ssh_config lines; names on stderr the machines that get none. Throws a UsageError. */
export async function configLines(
  { onlyPatterns, prefix, system, fdpass, sshOptions, via }: ConfigOptions,
  io: Io,
  { taken, file }: Present = { taken: new Set(), file: '' },
  find: FindMachines = findMachines,
): Promise<string> {
  const given = via === 'none' ? undefined : via;
  if (onlyPatterns && given)
    throw new UsageError('--only-patterns of an earlier run is in effect', "--prefix '' writes Hosts again");
  const found: MachinesFound = onlyPatterns ? { machines: [], warnings: [] } : await find(io, given);
  const { machines, warnings, asked = [] } = found;
  const knownHosts = system ? userKnownHosts : knownHostsOf(io);
  const guests = system ? [] : allGuestKeys(io.env);
  // A provider that could not be asked may still have the machines of its Hosts.
  const failed = warnings.filter(isFailure).map(({ provider }) => blockOwner(provider));
  const held = hostBlocks(file).filter(({ provider }) => failed.includes(provider));
  const { hosts, left, shared } = concreteHosts(machines, { prefix, taken, held, knownHosts, guests });
  for (const { provider, problem } of warnings)
    io.err(`${io.program}: warning: ${provider}: ${printable(problem)}\n`);
  for (const { name, why } of left) io.err(`${io.program}: no Host for ${quote(name)}: ${printable(why)}\n`);
  for (const each of shared) io.err(`${io.program}: warning: ${sharedUuidProblem(each)}\n`);
  const kept = keptBlocks(file, failed, hosts);
  if (kept.length > 0)
    io.err(`${io.program}: kept as they were: ${kept.map(({ host }) => printable(host)).join(', ')}\n`);
  const others =
    via === 'none' || onlyPatterns ? [] : unasked(file, [...asked.map((host) => `via/${host}`), ...failed]);
  const [caller, abilities] = await Promise.all([callerForSsh(io), sshAbilities(io.env)]);
  const text = usage(() =>
    configText({
      ...caller,
      ...abilities,
      fdpass: caller.fdpass && fdpass !== false,
      ...{ knownHosts, hosts, guests, settings: sshOptions.map(({ keyword, value }) => [keyword, value]) },
    }),
  );
  return [text, ...[...kept, ...keptBlocks(file, others, hosts)].map((block) => `${block.text}\n`)].join(
    '\n',
  );
}

/** The provider that a Host block names: "via/hv1" for each of a hypervisor. */
function blockOwner(provider: string): string {
  return provider.split('/').slice(0, 2).join('/');
}

/** The hypervisors that have Hosts in the file, and were not asked. */
function unasked(file: string, asked: readonly string[]): readonly string[] {
  const there = hostBlocks(file).map(({ provider }) => provider);
  return [...new Set(there)].filter((provider) => provider.startsWith('via/') && !asked.includes(provider));
}

/** The path of our host keys for ssh_config. ssh expands "~" first and percents after it, also those in the home's path. */
export function knownHostsOf({ env }: Io): string {
  const path = knownHostsFile(env);
  return path.includes('%') ? path : userKnownHosts;
}
