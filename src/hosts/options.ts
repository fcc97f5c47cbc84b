import { quote } from '../base/errors.js';
import { textsIn } from '../book/state.js';
import type { Option, OptionSpec, RawArgs } from '../cli/command.js';
import { flag, parsed, positionals, repeated, UsageError } from '../cli/command.js';
import { routesOption } from '../cli/shared-options.js';
import { type ViaHosts, viaHosts, viaHostsOptions } from '../machines/hypervisors.js';
import { hasControlCharacter } from '../typed/names.js';
import { type RouteName, routeNames } from '../typed/route.js';
import { type GivenSettings, type InEffect, onOff, readSettings, type Setting } from './setting.js';
import type { SshOption } from './ssh-option.js';
import { formatSshOption, mergedSshOptions, readSshOptions, sshOption } from './ssh-option.js';
import type { StartedHosts } from './text.js';

export interface ConfigOptions extends GivenSettings<typeof settings> {
  readonly system: boolean;
  /** Hypervisors whose machines get Hosts too, "none" if those of earlier runs go; undefined: those stay. */
  readonly via?: ViaHosts | 'none';
}

export type Settings = InEffect<typeof settings>;

interface Names {
  readonly onlyPatterns: boolean;
  readonly prefix: string;
}

export const systemOption = flag({
  long: 'system',
  summary: 'for all users: /etc/ssh/ssh_config.d/00-vmssh.conf, only the patterns',
});

export const dryRunOption = flag({
  long: 'dry-run',
  short: 'n',
  summary: 'print what would change; exits 1 if anything would change',
});

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

function notForPatterns(option: OptionSpec, no?: OptionSpec): readonly (readonly OptionSpec[])[] {
  return [[systemOption, option], [patternsOption, option], ...(no ? [[option, no]] : [])];
}

const names: Setting<Names, Names> = {
  fields: ['prefix', 'onlyPatterns'],
  options: [patternsOption, prefixOption],
  exclusive: [[systemOption, prefixOption]],
  read(raw) {
    const prefix = prefixOption.read(raw);
    const onlyPatterns = patternsOption.read(raw) || systemOption.read(raw);
    return prefix === undefined && !onlyPatterns ? undefined : { prefix: prefix ?? '', onlyPatterns };
  },
  format: ({ prefix, onlyPatterns }) => ({ prefix, onlyPatterns }),
  parse: ({ prefix, onlyPatterns }) => ({
    prefix: typeof prefix === 'string' && /^[\p{L}\p{N}._-]*$/u.test(prefix) ? prefix : '',
    onlyPatterns: onlyPatterns === true,
  }),
};

const startOption: Option<StartedHosts | undefined> = {
  long: 'start',
  value: 'NAME,...',
  optionalValue: true,
  takes: 'target',
  summary:
    'ssh NAME starts a machine that is off from now on, if ssh has a terminal; with names: these, whatever uses their Host',
  read({ options: { start: typed } }) {
    if (typeof typed !== 'string') return typed === true ? 'terminal' : undefined;
    const hosts = typed.split(',');
    if (hosts.every((host) => host !== '')) return hosts;
    throw new UsageError(`--start takes names of machines, not ${quote(typed)}`);
  },
};
const noStartOption = flag({ long: 'no-start', summary: 'ssh NAME starts no machine, after --start' });

const start: Setting<StartedHosts, undefined> = {
  fields: ['start'],
  options: [startOption, noStartOption],
  exclusive: notForPatterns(startOption, noStartOption),
  read: (raw) => (noStartOption.read(raw) ? [] : startOption.read(raw)),
  parse: ({ start: kept }) => {
    if (kept === 'terminal') return kept;
    const hosts = textsIn(kept).filter((each) => !hasControlCharacter(each));
    return hosts.length === 0 ? undefined : hosts;
  },
  lines: (hosts) => (hosts === undefined ? {} : { start: hosts }),
};

const bring: Setting<boolean> = {
  ...onOff('bring-sshd', {
    on: 'ssh NAME brings an sshd into a container that has none from now on, as vmssh ssh --bring-sshd does',
    off: 'ssh NAME brings none, after --bring-sshd',
    not: [systemOption, patternsOption],
    initial: undefined,
  }),
  lines: (isOn) => ({ bring: isOn }),
};

const routeOption = {
  ...routesOption,
  summary: 'ssh NAME reaches a machine only by this route from now on, or by these in order: vsock,ip',
};
const noRouteOption = flag({
  long: 'no-route',
  summary: "ssh NAME takes the machine's own routes, after --route",
});

/** The only routes by which ssh NAME reaches a machine, in this order; none: its own. */
const routes: Setting<readonly RouteName[], readonly RouteName[]> = {
  fields: ['routes'],
  options: [routeOption, noRouteOption],
  exclusive: notForPatterns(routeOption, noRouteOption),
  read: (raw) => (noRouteOption.read(raw) ? [] : routeOption.read(raw)),
  parse: ({ routes: kept }) => textsIn(kept).flatMap((each) => routeNames.filter((name) => name === each)),
  lines: (listed) => (listed.length === 0 ? {} : { routes: listed }),
};

const throwawayOption = repeated(
  {
    long: 'throwaway',
    value: 'PATTERN',
    takes: ['vsock/*', 'unix/*'],
    summary:
      'machines that are new at each boot: ssh takes any key of theirs, and keeps none; can be repeated',
  },
  (text) => {
    if (isThrowaway(text)) return text;
    throw new RangeError(
      `--throwaway takes a name or target, with * and ?, such as 'vsock/*', not ${quote(text)}`,
    );
  },
);
const noThrowawayOption = flag({
  long: 'no-throwaway',
  summary: 'ssh keeps their keys again, after --throwaway',
});

/** Something besides the wildcards, which would mean every machine. */
function isThrowaway(text: string): boolean {
  return /^[\w@%+=:./*?-]+$/.test(text) && /[^*?./%]/.test(text);
}

const throwaway: Setting<readonly string[], readonly string[]> = {
  fields: ['throwaway'],
  options: [throwawayOption, noThrowawayOption],
  exclusive: [[throwawayOption, noThrowawayOption]],
  read(raw) {
    const given = throwawayOption.read(raw);
    return noThrowawayOption.read(raw) || given.length > 0 ? given : undefined;
  },
  parse: ({ throwaway: kept }) => textsIn(kept).filter(isThrowaway),
};

/** For every Host; one that is given replaces those of the last run that have the same keyword. */
const sshOptions: Setting<readonly SshOption[], readonly SshOption[]> = {
  fields: ['sshOptions'],
  options: [sshOption],
  read: (raw) => sshOption.read(raw),
  merge: (given, last) => mergedSshOptions(last, given),
  format: (options) => ({ sshOptions: options.map(formatSshOption) }),
  parse: readSshOptions,
  lines: (options) => ({ settings: options.map(({ keyword, value }) => [keyword, value] as const) }),
};

/** The options that stay in effect for later runs, in the order of the state's fields. */
export const settings = {
  names,
  fdpass: {
    ...onOff('fdpass', {
      on: 'pass sockets to ssh again, after --no-fdpass',
      off: 'relay the bytes: for clients that take no socket from a proxy',
      initial: true,
    }),
    lines: (isOn) => (isOn ? {} : { fdpass: false }),
  } satisfies Setting<boolean, true>,
  /** Whether other runs may keep the Hosts up to date; undefined: nobody said. */
  fresh: {
    ...onOff('fresh', {
      on: 'keep the Hosts up to date from now on: by vmssh list, vmssh ssh and a systemd user unit',
      off: 'let only config install write the Hosts again',
      not: [systemOption],
      initial: undefined,
    }),
    isForFiles: true,
  } satisfies Setting<boolean>,
  start,
  bring,
  routes,
  throwaway,
  sshOptions,
};

const noViaOption = flag({
  long: 'no-via',
  summary: 'remove the Hosts of other hypervisors, which stay otherwise',
});

const { names: first, ...others } = settings;
const rest: readonly Setting<unknown, unknown>[] = Object.values(others);

/** The options of config print. */
export const lineOptions = [
  ...first.options,
  ...viaHostsOptions,
  noViaOption,
  ...rest.flatMap(({ options, isForFiles }) => (isForFiles ? [] : options)),
];

const onlyForFiles = rest.flatMap(({ options, isForFiles }) => (isForFiles ? options : []));

/** The options of the commands that write files. */
export const fileOptions = {
  options: [...lineOptions, ...onlyForFiles, systemOption],
  exclusive: [
    ...viaHostsOptions.flatMap((option) =>
      [systemOption, patternsOption, noViaOption].map((other) => [other, option]),
    ),
    ...[first, ...rest].flatMap(({ exclusive = [] }) => exclusive),
  ],
};

/** Throws a UsageError. */
export function configOptions(raw: RawArgs): ConfigOptions {
  positionals(raw, 0, 0, 'no argument');
  return {
    ...readSettings(settings, raw),
    system: systemOption.read(raw),
    via: noViaOption.read(raw) ? 'none' : viaHosts(raw),
  };
}
