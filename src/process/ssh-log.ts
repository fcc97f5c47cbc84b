import type { ProgramResult } from './run-program.js';

/** How far an ssh came: the last thing that it did is the first that failed, unless it logged in. */
export const reaches = [
  ...(['nothing', 'network', 'proxy', 'socket', 'banner', 'key exchange', 'host key'] as const),
  ...(['agent', 'authentication', 'session'] as const),
] as const;
export type Reach = (typeof reaches)[number];

/** A key as ssh names it: its file, or its comment in the agent; "ED25519 SHA256:…"; and where it comes from. */
export interface OfferedKey {
  readonly name: string;
  readonly print: string;
  readonly isAgents: boolean;
}

/** What `ssh -v` said of one login. */
export interface SshSaid {
  readonly reach: Reach;
  readonly banner?: string | undefined;
  readonly hostKey?: { readonly type: string; readonly fingerprint: string } | undefined;
  /** A new host key was kept. */
  readonly isKept: boolean;
  readonly user?: string | undefined;
  readonly offered: readonly OfferedKey[];
  /** The files of its keys, and whether ssh found a key there. */
  readonly files: readonly { readonly path: string; readonly isThere: boolean }[];
  /** The file of the first key whose type this ssh does not use. */
  readonly skipped?: string | undefined;
  /** The first key that was not offered after all: ssh knows no signature by it that sshd takes. */
  readonly unmatched?: string | undefined;
  /** The last key that sshd would have taken. */
  readonly accepted?: OfferedKey | undefined;
  /** The method that logged in, such as "publickey". */
  readonly by?: string | undefined;
  /** The methods that sshd still offered at the end. */
  readonly methods: readonly string[];
  /** A method succeeded, and sshd wants another one too. */
  readonly isPartial: boolean;
  /** Why the agent, or the key's file, gave no signature for the accepted key, in ssh's words. */
  readonly unsigned?: string | undefined;
  /** sshd got a signature of the accepted key, and refused it. */
  readonly isRefused: boolean;
  readonly lacksTerminal: boolean;
  /** The files of its configuration, at line 0, and the Hosts of them that apply, at their line, in ssh's order. */
  readonly blocks: readonly { readonly path: string; readonly line: number }[];
}

/** What ssh said before it passed on a server's words: they may have line ends, and lines as ssh's own (SSH2_MSG_DEBUG and SSH2_MSG_DISCONNECT, RFC 4253). */
export function beforeServer(stderr: string): string {
  return stderr.split(/^(?:debug1: Remote: |Received disconnect from )/m, 1)[0] ?? '';
}

/**
 * Reads the stderr of `ssh -v`. A server may print what it likes between ssh's own lines once it shows a text before the login. The lines
 * up to the host key are ssh's own, but for what `beforeServer` cuts off.
 */
export function readSsh(stderr: string): SshSaid {
  const untold = beforeServer(stderr);
  const served = untold.indexOf('debug1: SSH2_MSG_SERVICE_ACCEPT received');
  const own = served < 0 ? untold : untold.slice(0, served);
  // ssh has named its files when it begins to speak with a server.
  const [atStart = ''] = own.split('debug1: Local version string', 1);
  const all = (pattern: RegExp, text = stderr) =>
    [...text.matchAll(pattern)].map(([, first, other]) => first ?? other ?? '');
  const [key, ...others] = own.matchAll(new RegExp(hostKeyLine, 'gm'));
  const isOne = others.every(([, , print]) => print === key?.[2]);
  const files = [...atStart.matchAll(/^debug1: identity file (.*?) type (-?\d+)\r?$/gm)].flatMap(
    ([, path = '', type]) => (path.endsWith('-cert') ? [] : [{ path, isThere: type !== '-1' }]),
  );
  // To look for a server's \\HOST\NAME would tell that host who asks.
  const isFile = ({ name }: OfferedKey) => !/^[\\/]{2}/.test(name) || files.some(({ path }) => path === name);
  const offered = keysSaid('Offering public key', stderr).filter(isFile);
  const accepted = keysSaid('Server accepts key', stderr).findLast(isFile);
  const left = all(/^debug1: Authentications that can continue: (.*)$/gm).at(-1);
  // ssh tells of the key that sshd takes before it signs.
  const after = accepted ? stderr.slice(stderr.lastIndexOf('debug1: Server accepts key: ')) : '';
  const by = all(
    /^Authenticated to .* using "([\w-]+)"\.\r?$|^debug1: Authentication succeeded \(([\w-]+)\)/gm,
  );
  return {
    reach: (by.length > 0 && served >= 0 && 'session') || reachOf(own, served >= 0),
    banner: /^debug1: Remote protocol version [\d.]+, remote software version (.*)$/m.exec(own)?.[1]?.trim(),
    hostKey: isOne && key?.[1] && key[2] ? { type: key[1], fingerprint: key[2] } : undefined,
    isKept: /^Warning: Permanently added .* to the list of known hosts\.\r?$/m.test(own),
    user: /^debug1: Authenticating to .* as '(.*)'\r?$/m.exec(own)?.[1],
    offered,
    files,
    skipped: /^debug1: Skipping \S+ key (.*) - (?:corresponding algo\w* )?not in Pubkey/m.exec(stderr)?.[1],
    unmatched: unmatchedKey.exec(stderr)?.[1],
    accepted,
    by: by.at(-1),
    methods: left?.trim().split(',') ?? [],
    isPartial: /^Authenticated (?:using "[\w-]+" )?with partial success\./m.test(stderr),
    unsigned: all(
      /^((?:sign_and_send_pubkey: signing failed|Load key|no such identity:) .*?)\r?$/gm,
      after,
    ).find((line) => accepted && line.includes(accepted.name)),
    isRefused: /^debug1: Authentications that can continue: /m.test(after),
    lacksTerminal: /^PTY allocation request failed /m.test(stderr),
    blocks: [...atStart.matchAll(blockLine)].map(([, file = '', path = file, line]) => ({
      path,
      line: Number(line ?? 0),
    })),
  };
}

const unmatchedKey =
  /^debug1: Offering public key: (.*) \S+ SHA256:[^\n]*\ndebug1: \w+: no mutual signature algorithm/m;

/** ssh's line about the host key; of a certificate the fingerprint is that of its key. */
const hostKeyLine =
  /^debug1: Server host (?:key|certificate): ([\w@.-]+?)(?:-cert-v01@openssh\.com)? (SHA256:[\w+/]+)/m;

const blockLine =
  /^debug1: (?:Reading configuration data (.*?)|(.*) line (\d+): Applying options for .*?)\r?$/gm;

/** The signs of each reach in the lines before the login, the farthest first. */
const signs: readonly (readonly [Reach, RegExp])[] = [
  ['agent', /^debug1: SSH2_MSG_NEWKEYS received/m],
  ['host key', hostKeyLine],
  ['key exchange', /^debug1: SSH2_MSG_KEXINIT received/m],
  ['banner', /^debug1: Remote protocol version /m],
  ['socket', /^debug1: Local version string /m],
  ['proxy', /^debug1: Executing proxy (?:dialer )?command/m],
  ['network', /^debug1: Connecting to |^ssh: Could not resolve hostname /m],
];

function reachOf(own: string, isServed: boolean): Reach {
  if (isServed) return 'authentication';
  return signs.find(([, sign]) => sign.test(own))?.[0] ?? 'nothing';
}

/** Lines such as "debug1: Offering public key: /home/ann/.ssh/id_ed25519 ED25519 SHA256:… explicit agent". */
function keysSaid(what: string, stderr: string): readonly OfferedKey[] {
  const lines = stderr.matchAll(new RegExp(`^debug1: ${what}: (.*) (\\S+ SHA256:\\S+)(.*)$`, 'gm'));
  return [...lines].map(([, name = '', print = '', from = '']) => ({
    name,
    print,
    isAgents: / agent\b/.test(from),
  }));
}

/** A login that waits for lookups of the name UNKNOWN may take more than 40 s. Milliseconds. */
export const loginTimeoutMs = 45_000;

/** Why ssh, at LogLevel INFO or with -v, ended without a login: the last line that says so; never empty, at most 500 characters. */
export function whyEnded(end: ProgramResult): string {
  const { code, stdout, stderr, stopped } = end;
  const late = stopped === 'timeout' ? `it did not end within ${loginTimeoutMs / 1000} s` : undefined;
  // What runs in a terminal says everything on stdout, and so does nologin.
  const said = reasonsIn(stderr);
  const message = lastLine(said.replace(afterReason, '')) ?? lastLine(said) ?? late ?? lastLine(stdout);
  return (message && withoutHostName(message)) ?? `ssh ended with ${code ?? 'a signal'}`;
}

/** A message of ssh without its HostName, which is not where it went: for a multiplexer it is 127.0.0.1. */
export function withoutHostName(message: string): string {
  return message.replace(/^\S+@\S+: (?=Permission denied)|^Received disconnect from \S+ port \d+:\d+: /, '');
}

/** The stderr without the lines that ssh prints at each login or with -v, and without those that vmssh only notes. */
export function reasonsIn(stderr: string): string {
  return stderr.replace(notReason, '');
}

const notReason =
  /^(ERROR: ld\.so: .*|debug1: .*|OpenSSH_.*|Authenticated to .*|Transferred: .*|Bytes per second: .*|Warning: Permanently added .*|Connection to .* closed\.|Disconnected from .*|PTY allocation request failed .*|Killed by signal \d+\.|\*\* .*|.* line \d+: (?:Deprecated|Unsupported) option .*|vmssh: (?:nobody on this host can confirm |no vmssh proxy says |.* was recreated; |.* is another of your machines now, ).*(?:\nhint: .*)?)\r?$/gm;

/** Above these another line says why, such as that of a ProxyCommand that passes no socket. */
const afterReason =
  /^(?:mm_receive_fd: |proxy dialer did not pass back a connection|Host key verification failed\.).*$/gm;

/** The end of a line that is too long: before it a machine may have printed a banner without a line end. */
function lastLine(text: string): string | undefined {
  return text.trim().split('\n').pop()?.trim().slice(-500) || undefined;
}
