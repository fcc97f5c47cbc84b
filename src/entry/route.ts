import { lookedUpAs } from '../book/identity.js';
import { type Meant, onlyIn } from '../guest/script.js';
import { keysByName } from '../keys/guest-keys.js';
import { asTarget, type Target } from '../kinds/kinds.js';
import { splitUser } from '../lookup/login.js';
import type { Io, OwnProgram } from '../process/io.js';
import {
  forwardsNothing,
  ownConnection,
  type SshCommand,
  sshAbilities,
  sshCommand,
  sshProgram,
} from '../process/ssh-program.js';
import type { Here } from '../runtime.js';
import type { ScriptRunner } from '../sources/source.js';
import { asksVmssh, type HostOptions, keyOptions } from '../ssh/config/host-options.js';
import { type ProxyCall, pathArgument, proxyCommand } from '../ssh/config/word.js';
import { knownHostsFile } from '../ssh/folder.js';
import { hostNameOf } from '../typed/names.js';
import type { RouteName } from '../typed/route.js';
import { shellWord } from '../typed/shell.js';

/** How a script gets into a guest that can already be reached. */
export type GuestRouteName = 'ssh' | 'target' | 'wsl' | 'exec';

export interface GuestRoute {
  readonly name: GuestRouteName;
  /** The program and its arguments; `script` goes to its stdin. */
  readonly command: readonly string[];
  readonly input: string | undefined;
  /** The script whose steps it may print, if not those of the input. */
  readonly script?: string;
  /** The script's stdin is this process's terminal, for prompts. */
  readonly terminal?: true;
  /** In place of a program: a manager that runs scripts. */
  readonly run?: ScriptRunner;
}

/** Where a script goes in. */
interface GuestHost {
  readonly route: GuestRouteName;
  /** [user@]HOST, or a target. */
  readonly host: string;
  /** What was typed for the target, so that the user's own Host of that name counts; undefined: a form of the target. */
  readonly typed?: string | undefined;
  /** By exec: the words of its manager in front of a program that runs there as root. */
  readonly exec?: readonly string[];
  readonly run?: ScriptRunner;
  /** By exec: the machine, if its manager may be mistaken. */
  readonly meant?: Meant;
  /** By ssh: a target that should be HOST. All other settings are those of HOST, including its host key. */
  readonly through?: string;
  /** ssh and its first options; `ssh` by default. */
  readonly ssh?: readonly string[];
}

/** How ssh calls vmssh as its proxy. */
interface GuestProxy extends Pick<ProxyCall, 'bring' | 'fdpass' | 'namesUser'> {
  readonly self: readonly string[];
  readonly platform: NodeJS.Platform;
  readonly port?: number;
  /** To a target: the only routes to try, in this order. */
  readonly routes?: readonly RouteName[];
  readonly identityFile?: string;
  /** Whether that ssh asks a program for host keys: vmssh then says which is the machine's. */
  readonly asksForKeys?: boolean;
  /** Our known_hosts file, for an ssh that asks. */
  readonly keysFile?: string;
  /** By an ssh that does not: where the keys of a target are kept, and by which name. Undefined: any key is right. */
  readonly known?: KnownKey | undefined;
  /** By which name an ssh that asks looks the key up. Undefined: the target. */
  readonly lookedUp?: string;
}

export interface GuestLogin extends GuestHost, GuestProxy {
  /** A configuration file for ssh in place of the user's. */
  readonly sshConfig?: string;
  /** The socket of an ssh that has logged in already: see masterRoute. */
  readonly control?: string | undefined;
  /** Whether that ssh knows StdinNull, by which it would not read the script. */
  readonly nullsStdin?: boolean;
}

export interface GuestRouteOptions extends GuestLogin {
  readonly script: string;
  /** As root, with sudo if needed; false: sudo only if it does not prompt; "asked": as the account that logs in, and again by sudo if it ends with 3. */
  readonly needsRoot: boolean | 'asked';
}

type KnownKey = Pick<HostOptions, 'knownHosts' | 'hostKeyAlias' | 'onlyKnown'>;

export interface HostFlags extends GuestHost {
  readonly sshConfig: string | undefined;
  /** With the route exec: the environment of the manager's command. */
  readonly env?: Io['env'];
  /** sudo starts the manager's command, and may ask on this terminal, or not. Undefined: without sudo. */
  readonly asks?: boolean;
}

/** The route for a host: WSL for wsl/DISTRO, our own proxy for other targets, ssh for the rest. */
export function guestRouteOf(host: string): GuestRouteName {
  const target = targetOf(host);
  if (target === undefined) return 'ssh';
  return target.kind === 'wsl' ? 'wsl' : 'target';
}

/** The target in a text, without its "user@"; undefined if it has no target. */
export function targetOf(host: string): Target | undefined {
  return asTarget(splitUser(host).host);
}

/** The target that HOST is, as it was typed. */
export function targetIn(host: string): string | undefined {
  return targetOf(host) === undefined ? undefined : splitUser(host).host;
}

export async function guestCaller(
  { self, platform, env }: OwnProgram,
  { route, host, ssh = sshProgram({ env, platform }) }: GuestHost,
) {
  const { asksForKeys, nullsStdin } = await sshAbilities(env, ssh);
  const isAsked = route !== 'target' || asksVmssh({ program: self, platform, asksForKeys });
  const known = isAsked ? undefined : await knownKey(host, { env, platform });
  return { ssh, self, platform, asksForKeys, keysFile: knownHostsFile(env), nullsStdin, known };
}

/** As `vmssh ssh` has it: by the machine's alias. */
async function knownKey(host: string, here: Here): Promise<KnownKey> {
  const { lookUp } = await import('../lookup/login.js');
  return keysByName(await lookUp(splitUser(host).host, here), here.env);
}

/** The first login's account, over the target; with ssh's settings for the host if ssh was the route. */
export function overTarget(into: HostFlags, account: string | undefined, target: string): HostFlags {
  const { user: typed, host } = splitUser(into.host);
  const user = account ?? typed;
  if (into.route === 'ssh')
    return { ...into, host: user === undefined ? host : `${user}@${host}`, through: target };
  return { ...into, route: 'target', host: `${user ?? 'root'}@${target}` };
}

/** The program to start and its input; `settings` are more of ssh's. */
export function guestRoute(options: GuestRouteOptions, settings?: readonly string[]): GuestRoute {
  const { route, host, script, needsRoot } = options;
  switch (route) {
    case 'ssh':
    case 'target': {
      const command = overSsh(options, rights[`${needsRoot}`], { settings });
      return { name: route, command, input: script };
    }
    case 'wsl': {
      const target = targetOf(host);
      const distro = target?.kind === 'wsl' ? target.name : host;
      const command = ['wsl.exe', '-d', distro, '-u', 'root', '--', 'sh', '-s'];
      return { name: route, command, input: script };
    }
    case 'exec': {
      const command = [...(options.exec ?? []), '/bin/sh', '-s'];
      const { run, meant } = options;
      const input = meant ? onlyIn(meant, script) : script;
      return { name: route, command, input, ...(run ? { run } : {}) };
    }
  }
}

function overSsh(options: GuestRouteOptions, script: string, more: Login = {}) {
  // Without that connection it does not make another one. With ControlMaster=yes it would not use it.
  const only = options.control === undefined ? [] : ['-o', 'ProxyCommand=false', '-o', 'ControlMaster=no'];
  const flags = [...only, ...(more.flags ?? [])];
  return guestLogin(options, { ...more, flags, command: `sh -c ${shellWord(script)}` });
}

type Login = Pick<SshCommand, 'flags' | 'settings' | 'command'>;

/** The command line of ssh, through our own proxy if the host is a target. Throws a RangeError. */
export function guestLogin(options: GuestLogin, login: Login) {
  const { flags = [], settings = [], command } = login;
  const { ssh = ['ssh'], route, host, typed, sshConfig, through, control } = options;
  const { user, host: target } = splitUser(host);
  const name = route === 'target' ? (typed ?? hostNameOf(target)) : target;
  return sshCommand({
    ...{ ssh, configFile: sshConfig, command },
    flags: control === undefined ? flags : ['-S', control.replaceAll('%', '%%'), ...flags],
    settings: [
      // With the user's RemoteCommand ssh takes no other, and a terminal hides the end of a script. -t stays.
      ...['LogLevel=ERROR', 'RemoteCommand=none', 'RequestTTY=no'],
      ...(options.nullsStdin ? ['StdinNull=no'] : []),
      ...(route === 'target' ? targetOptions(target, options) : []),
      ...(through === undefined ? [] : proxyOptions(through, options)),
      ...settings,
    ],
    host: user === undefined ? name : `${user}@${name}`,
  });
}

function targetOptions(target: string, options: GuestProxy): readonly string[] {
  const { identityFile, self: program, platform, asksForKeys, keysFile = '', known } = options;
  const { lookedUp = lookedUpAs(target) } = options;
  const asking = { program, platform, asksForKeys, keysFile };
  const isKnown = known !== undefined || asksVmssh(asking);
  const own = { knownHosts: keysFile, lookedUp, ...known };
  const keys = isKnown
    ? keyOptions({ ...own, ...asking, typed: target }).map((each) => each.join('='))
    : ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
  return [
    ...proxyOptions(target, options),
    ...keys,
    ...(identityFile === undefined ? [] : [`IdentityFile=${pathArgument(identityFile)}`]),
  ];
}

/** A new connection, which gives the machine access to nothing of this host but the script. */
function proxyOptions(target: string, options: GuestProxy): readonly string[] {
  const { self: program, platform, asksForKeys, fdpass } = options;
  const record = asksVmssh({ program, platform, asksForKeys });
  return [
    `ProxyCommand=${proxyCommand({ ...options, program, target, record })}`,
    `ProxyUseFdpass=${fdpass ? 'yes' : 'no'}`,
    ...[ownConnection, ...forwardsNothing, 'PermitLocalCommand=no', 'CanonicalizeHostname=no'],
  ];
}

// The login shell may have printed something without a line end.
const rights = {
  true: 'echo; if [ "$(id -u)" = 0 ]; then exec sh -s; else exec env LC_ALL=C sudo -n sh -s; fi',
  // sudo does not keep SSH_CONNECTION, which says how sshd sees this host.
  false:
    'echo; if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then exec sudo -n sh -s "$SSH_CONNECTION"; else exec sh -s; fi',
  // What it says first is of no interest then.
  asked:
    'echo; script=$(cat); said=$(printf "%s\\n" "$script" | sh -s); if [ $? = 3 ]; then printf "%s\\n" "$script" | LC_ALL=C sudo -n sh -s; else printf "%s\\n" "$said"; fi',
};

/** One login for several scripts: it goes on until it is ended, and has no session, of which sshd may allow one at a time. */
export function masterRoute(options: GuestLogin, settings: readonly string[]): GuestRoute {
  const more = { flags: ['-M', '-N'], settings: ['ControlPersist=no', ...settings] };
  return { name: options.route, command: guestLogin(options, more), input: undefined };
}

/** Whether a script did not run because sudo needs a password or a terminal; sudo-rs has other messages. */
export function sudoAsks(message: string): boolean {
  return /^sudo: .*(password|authentication) is required|^sudo: .*must have a tty/.test(message);
}

/** Leaves the script in the guest, in a file that only its user can read, and prints the path. */
export function leaveScript(options: GuestRouteOptions): GuestRoute {
  const leave = 'echo; umask 077; file=$(mktemp) && cat >"$file" && echo "$file"';
  return { name: options.route, command: overSsh(options, leave), input: options.script, script: '' };
}

/** Runs that script on a terminal there, where sudo can ask for a password, and removes it. */
export function runLeft(options: GuestRouteOptions, file: string): GuestRoute {
  const run = `file=${shellWord(file)}; trap 'rm -f "$file"' EXIT HUP INT; LC_ALL=C sudo sh "$file"`;
  const command = overSsh(options, run, { flags: ['-t'] });
  return { name: options.route, command, input: undefined, script: options.script, terminal: true };
}

export function leftFile(message: string): string | undefined {
  return /^\/[\w./+-]+$/.exec(message)?.[0];
}
