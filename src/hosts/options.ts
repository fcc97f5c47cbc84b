import { type RawArgs, UsageError } from '../cli/command.js';
import { flag, parsed, positionals } from '../cli/option.js';
import { routesOption } from '../cli/shared-options.js';
import { quote } from '../errors.js';
import { type ViaHosts, viaHosts, viaHostsOptions } from '../machines/hypervisors.js';
import type { RouteName } from '../route.js';
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
  readonly keepNames: boolean;
  /** Whether sockets are passed to ssh where that is possible; undefined: as in the last run. */
  readonly fdpass?: boolean;
  /** Whether other runs may keep the Hosts up to date; undefined: as in the last run, or nobody said. */
  readonly fresh?: boolean;
  /** Whether ssh NAME starts a machine that is off; undefined: as in the last run. */
  readonly start?: boolean;
  /** The only routes by which ssh NAME reaches a machine, in this order, "own" if again by the machine's own; undefined: as in the last run. */
  readonly routes?: readonly RouteName[] | 'own';
  /** Hypervisors whose machines get Hosts too, "none" if those of earlier runs go; undefined: those stay. */
  readonly via?: ViaHosts | 'none';
  /** For every Host; those of the last run stay, unless one has the same keyword. */
  readonly sshOptions: readonly SshOption[];
}

const patternsOption = flag({
  long: 'only-patterns',
  summary: 'only the patterns of targets, no Host for each machine',
});
export const prefixOption = parsed(
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

const startOption = flag({
  long: 'start',
  summary: 'ssh NAME starts a machine that is off from now on, as vmssh ssh --start does',
});
const noStartOption = flag({ long: 'no-start', summary: 'ssh NAME starts no machine, after --start' });
const startOptions = [startOption, noStartOption];

const routeOption = {
  ...routesOption,
  summary: 'ssh NAME reaches a machine only by this route from now on, or by these in order: vsock,ip',
};
const noRouteOption = flag({
  long: 'no-route',
  summary: "ssh NAME takes the machine's own routes, after --route",
});
const routeOptions = [routeOption, noRouteOption];

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
  ...startOptions,
  ...routeOptions,
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
    startOptions,
    routeOptions,
    freshOptions,
    [systemOption, freshOption],
    [systemOption, startOption],
    [patternsOption, startOption],
    [systemOption, routeOption],
    [patternsOption, routeOption],
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
    keepNames: !onlyPatterns && prefix === undefined,
    fdpass: fdpassOptions.some((option) => option.read(raw)) ? !noFdpassOption.read(raw) : undefined,
    fresh: freshOptions.some((option) => option.read(raw)) ? freshOption.read(raw) : undefined,
    start: startOptions.some((option) => option.read(raw)) ? startOption.read(raw) : undefined,
    routes: noRouteOption.read(raw) ? 'own' : routeOption.read(raw),
    via: noViaOption.read(raw) ? 'none' : viaHosts(raw),
    sshOptions: sshOption.read(raw),
  };
}
