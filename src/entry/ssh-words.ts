import { lookedUpAs } from '../book/identity.js';
import { keysByName } from '../keys/guest-keys.js';
import type { OwnProgram } from '../process/io.js';
import {
  forwardsNothing,
  ownConnection,
  type SshCommand,
  sshAbilities,
  sshCommand,
  sshProgram,
} from '../process/ssh-program.js';
import { lookUp, splitUser } from '../reach/login.js';
import { asksVmssh, keyOptions } from '../ssh/config/host-options.js';
import { type ProxyCall, pathArgument, proxyCommand } from '../ssh/config/word.js';
import { knownHostsFile } from '../ssh/folder.js';
import { hostNameOf } from '../typed/names.js';
import type { LoginEntry, SshEntry, TargetEntry } from './entry.js';

/** The file with a machine's host keys, its name there, and whether no other key is right. */
interface KeptKeys {
  readonly knownHosts: string;
  readonly hostKeyAlias?: string | undefined;
  readonly onlyKnown?: boolean | undefined;
}

/** How this host's ssh goes into a machine, and calls vmssh as its proxy. */
export interface SshCaller {
  readonly ssh: readonly string[];
  readonly program: readonly string[];
  readonly platform: NodeJS.Platform;
  /** Whether that ssh asks a program for host keys: vmssh then says which is the machine's. */
  readonly asksForKeys: boolean;
  /** Whether it knows StdinNull, by which it would not read a script. */
  readonly nullsStdin: boolean;
  /** Our known_hosts file. */
  readonly keysFile: string;
  /** For an ssh that does not ask: where the keys of a target are kept, and by which name. */
  readonly known?: KeptKeys;
  readonly settings: readonly string[];
}

export async function sshCaller(entry: LoginEntry, { self, platform, env }: OwnProgram): Promise<SshCaller> {
  const { ssh = sshProgram({ env, platform }) } = entry.by === 'ssh' ? entry : {};
  const { asksForKeys, nullsStdin } = await sshAbilities(env, ssh);
  const program = (entry.by === 'target' && entry.bringing?.program) || self;
  const caller = {
    ssh,
    program,
    platform,
    asksForKeys,
    nullsStdin,
    keysFile: knownHostsFile(env),
    settings: [],
  };
  if (entry.by === 'ssh') return caller;
  if (entry.onlyKey) {
    // The Host that config install wrote for it asks vmssh, to which this key is not known yet.
    const settings = asksForKeys ? ['KnownHostsCommand=none'] : [];
    return { ...caller, asksForKeys: false, known: { ...entry.onlyKey, onlyKnown: true }, settings };
  }
  if (asksVmssh(caller)) return caller;
  // As `vmssh ssh` has it: by the machine's alias.
  const named = await lookUp(splitUser(entry.host).host, { env, platform });
  return { ...caller, known: keysByName(named, env) };
}

/** ssh for a way in, and its words with those of a login. */
export async function sshInto(entry: LoginEntry, own: OwnProgram) {
  const caller = await sshCaller(entry, own);
  return { ssh: caller.ssh, words: (login: SshLogin) => sshWords(entry, caller, login) };
}

export type SshLogin = Pick<SshCommand, 'flags' | 'settings' | 'command'>;

/** The command line of ssh, through our own proxy if the host is a target. Throws a RangeError. */
export function sshWords(entry: LoginEntry, caller: SshCaller, login: SshLogin): readonly string[] {
  const { flags = [], settings = [], command } = login;
  const { user, host: target } = splitUser(entry.host);
  const name = entry.by === 'target' ? (entry.typed ?? hostNameOf(target)) : target;
  const control = entry.control?.replaceAll('%', '%%');
  return sshCommand({
    ...{ ssh: caller.ssh, configFile: entry.sshConfig, command },
    flags: control === undefined ? flags : ['-S', control, ...flags],
    settings: [
      // With the user's RemoteCommand ssh takes no other, and a terminal hides the end of a script. -t stays.
      ...['LogLevel=ERROR', 'RemoteCommand=none', 'RequestTTY=no'],
      ...(caller.nullsStdin ? ['StdinNull=no'] : []),
      ...(entry.by === 'target' ? targetOptions(target, entry, caller) : throughOptions(entry, caller)),
      ...caller.settings,
      ...settings,
    ],
    host: user === undefined ? name : `${user}@${name}`,
  });
}

function throughOptions({ through, settings = [] }: SshEntry, caller: SshCaller): readonly string[] {
  return [...(through ? proxyOptions({ ...proxyOf(caller), ...through }) : []), ...settings];
}

function targetOptions(target: string, entry: TargetEntry, caller: SshCaller): readonly string[] {
  const { identityFile, lookedUp = lookedUpAs(target), port, routes, bringing } = entry;
  const { fdpass, namesUser } = bringing ?? {};
  const own = { ...caller, knownHosts: caller.keysFile, lookedUp, ...caller.known };
  const call = { ...proxyOf(caller), target, port, routes, fdpass, namesUser };
  return [
    ...proxyOptions({ ...call, bring: bringing !== undefined }),
    ...keyOptions({ ...own, typed: target }).map((each) => each.join('=')),
    ...(identityFile === undefined ? [] : [`IdentityFile=${pathArgument(identityFile)}`]),
  ];
}

function proxyOf(caller: SshCaller) {
  const { program, platform } = caller;
  return { program, platform, record: asksVmssh(caller) };
}

/** A new connection, which gives the machine access to nothing of this host but the script. */
function proxyOptions(call: ProxyCall): readonly string[] {
  return [
    `ProxyCommand=${proxyCommand(call)}`,
    `ProxyUseFdpass=${call.fdpass ? 'yes' : 'no'}`,
    ...[ownConnection, ...forwardsNothing, 'PermitLocalCommand=no', 'CanonicalizeHostname=no'],
  ];
}
