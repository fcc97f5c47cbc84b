import { ConnectError } from '../base/errors.js';
import type { Env } from '../base/runtime.js';
import { refusalFix } from '../process/refusal-fix.js';
import { type ProgramEnd, runProgram } from '../process/run-program.js';
import { readSsh } from '../process/ssh-log.js';
import {
  asksNothing,
  awaitedCommand,
  firstMessage,
  forwardsNothing,
  ownConnection,
  sshAbilities,
  sshCommand,
  sshProgram,
  whyNotStarted,
} from '../process/ssh-program.js';
import { hostNameOf } from '../typed/names.js';
import type { RouteName } from '../typed/route.js';
import { configArgument, pathArgument, proxyCommand } from './config/word.js';
import { handshakeFailed, handshakeInterrupted, type ProbeResult } from './handshake-result.js';

export interface HandshakeOptions {
  /** As typed. */
  readonly target: string;
  /** Servers may offer each user other methods. */
  readonly user: string;
  /** Milliseconds for the whole handshake. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** What was typed, for ssh, so that the user's own Host counts; undefined: a form of the target. */
  readonly host?: string | undefined;
  readonly port: number;
  /** The server's name in a known_hosts file: ssh asks for a key of a known type. */
  readonly knownAs?: { readonly name: string; readonly path: string };
  /** ssh adds the key to this new file, in place of `knownAs`. */
  readonly keepIn?: string;
  /** ssh and its options; undefined: the one that is chosen. */
  readonly ssh?: readonly string[];
  /** ssh's configuration file, as for ssh -F. */
  readonly sshConfig?: string;
  readonly self: readonly string[];
  readonly platform: NodeJS.Platform;
  readonly env: Env;
  readonly routes?: readonly RouteName[];
}

/** An SSH handshake by the user's own ssh, over a new connection, up to the first refusal. Throws a ConnectError of op handshake. */
export async function handshake(options: HandshakeOptions, run = runProgram): Promise<ProbeResult> {
  const { target, env, timeoutMs, signal, ssh = sshProgram(options) } = options;
  const { asksForKeys } = await sshAbilities(env, ssh);
  const limits = { env: { ...env, LC_ALL: 'C' }, timeoutMs, signal, until: accepted, longest: 1 << 20 };
  const end = await run(command({ ...options, ssh, asksForKeys }), limits).catch((cause) => {
    const why = whyNotStarted(ssh[0], cause, options);
    throw new ConnectError('handshake', target, { code: 'NO_SSH', final: true, ...why, cause });
  });
  const { hostKey, methods: left } = readSsh(end.stderr);
  const methods = accepted.test(end.stderr) ? ['none'] : left;
  if (!hostKey || methods.length === 0) throw handshakeError(target, end);
  return { hostKey, methods };
}

/** ssh's message if a server lets anybody in. */
const accepted = /^(?:debug1: Authentication succeeded|Authenticated to )/m;

/** The user's configuration counts, except for settings that would do more than a handshake, prompt, or stop at a key. */
function command(
  options: HandshakeOptions & { readonly ssh: readonly string[]; readonly asksForKeys: boolean },
): readonly string[] {
  const { target, host = hostNameOf(target), port, user, ssh, sshConfig } = options;
  const { self, platform, timeoutMs, routes, asksForKeys } = options;
  const settings = [
    `ProxyCommand=${proxyCommand({ program: self, platform, target, port, timeoutMs, routes })}`,
    // An agent that does not answer would hold up what needs none of its keys.
    ...['ProxyUseFdpass=no', 'LogLevel=DEBUG1', 'PreferredAuthentications=none', 'IdentityAgent=none'],
    ...[asksNothing, ownConnection, ...forwardsNothing, 'PermitLocalCommand=no', 'FingerprintHash=sha256'],
    ...keyFiles(options),
    // A look at a machine keeps no key.
    ...(asksForKeys ? ['KnownHostsCommand=none'] : []),
  ];
  const flags = ['-N', '-T', '-l', user];
  return sshCommand({ ssh, configFile: sshConfig, flags, settings, host });
}

function keyFiles({ knownAs, keepIn, platform }: HandshakeOptions): readonly string[] {
  // Windows takes slashes, too, and a backslash may stand for an escape.
  const plain = (path: string) => pathArgument(platform === 'win32' ? path.replaceAll('\\', '/') : path);
  // ssh adds a new key to the first file, and reads all of them.
  const files = [
    keepIn === undefined ? '/dev/null' : plain(keepIn),
    ...(knownAs ? [plain(knownAs.path)] : []),
  ];
  return [
    ...['StrictHostKeyChecking=no', `UserKnownHostsFile=${files.join(' ')}`, 'HashKnownHosts=no'],
    ...(knownAs ? [`HostKeyAlias=${configArgument(knownAs.name)}`] : []),
    'GlobalKnownHostsFile=/dev/null',
    ...['CheckHostIP=no', 'VerifyHostKeyDNS=no', 'UpdateHostKeys=no', 'CanonicalizeHostname=no'],
  ];
}

function handshakeError(target: string, { stopped, stderr }: ProgramEnd): ConnectError {
  if (stopped === 'aborted') return handshakeInterrupted(target);
  const late = stopped === 'timeout' ? (awaitedCommand(stderr) ?? 'it timed out') : undefined;
  const why = late ?? firstMessage(stderr) ?? 'ssh gave no reason';
  if (/^debug1: Remote protocol version /m.test(stderr)) return handshakeFailed(target, why);
  // ssh reads its configuration before it starts the proxy, whose shell may name a line too.
  const isStarted = /^debug1: Executing proxy command/m.test(stderr);
  const fix = (isStarted ? undefined : refusalFix(why)) ?? 'vmssh doctor looks at its ssh';
  return handshakeFailed(target, why, undefined, `on this host: ${fix}`);
}
