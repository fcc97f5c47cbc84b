import { type Guid, sshPort } from '../typed/numbers.js';
import type { Endpoint } from '../typed/route.js';
import { shellWord } from '../typed/shell.js';
import beforeLogin from './sh/before-login.sh';
import check from './sh/check.sh';
import off from './sh/off.sh';
import setUp from './sh/set-up.sh';
import setUpAccount from './sh/set-up-account.sh';
import setUpGenerator from './sh/set-up-generator.sh';
import showProof from './sh/show-proof.sh';
import undo from './sh/undo.sh';
import { generatorPath, pollLimit, serviceText, socketText } from './units.js';

export interface ScriptOptions {
  readonly port: number;
  /** Add 127.0.0.1 UNKNOWN to /etc/hosts, however fast the lookup. */
  readonly hostsFix?: boolean;
  readonly hushlogin?: boolean;
  /** Lines for authorized_keys. */
  readonly keys?: readonly string[];
  /** The keys for which it is done; default: those. */
  readonly owners?: readonly string[];
  /** The account for keys and .hushlogin; undefined: the caller of sudo, or root. */
  readonly account?: string;
  /** What of this host's homes the machine may share, as `homesHere` has it: no key goes there. */
  readonly hosts?: readonly string[];
  /** The vsock device was added just now: wait for it. */
  readonly plugged?: boolean;
  /** Close sshd's TCP listener at the end. */
  readonly onlyVsock?: boolean;
  /** Keep it on loopback instead. */
  readonly onlyLoopback?: boolean;
  readonly generator?: boolean;
  /** A proof to leave for a later connection: see newProof. */
  readonly leave?: string;
  /** A login of an account runs it: a setup by sudo, else with the account's rights. */
  readonly own?: boolean;
  /** The proof that an earlier connection left: without it nothing is done; at the end it is removed. */
  readonly expect?: string;
}

/** The script that sets a guest up. The shell reads all of it before it runs, so that a lost connection does no harm. */
export function setupScript({ generator, keys = [], hosts = [], ...options }: ScriptOptions): string {
  const common = {
    ...{ hostsFix: false, hushlogin: false, plugged: false, onlyVsock: false, onlyLoopback: false },
    ...{ account: '', owners: keys, own: false, leave: '', expect: '' },
    ...given(options),
    ...{ keys, hosts: hosts.join(' '), bySudo: options.own ?? false },
  };
  if (generator) return script(setUpGenerator, { ...common, generatorPath });
  // The script fills these in.
  const serviceTemplate = serviceText({ sshd: '@sshd@', needs: '@needs@\n', folder: '@folder@\n' });
  const socketTemplate = socketText(String(options.port), '@limit@\n');
  return script(setUp, {
    ...common,
    ...{ socketText: socketTemplate, limitText: pollLimit, serviceText: serviceTemplate },
  });
}

interface AccountScriptOptions
  extends Pick<ScriptOptions, 'account' | 'keys' | 'hosts' | 'own'>,
    Pick<CheckScriptOptions, 'over'> {
  /** Whether the script only says what it would do; "left": where the keys are. */
  readonly look: boolean | 'left';
  /** The type of a host key that has to be made: one that the ssh here takes. */
  readonly hostKeyType?: string | undefined;
  /** An sshd too, by the guest's package manager. */
  readonly install?: boolean;
  /** Whether it ends with the machine's host keys: rows "ok host-key ssh-ed25519 AAAA…". */
  readonly saysHostKeys?: boolean;
  /** Units are set up after it, by sudo. */
  readonly units?: boolean;
  /** The host key that the login was shown: "ssh-ed25519 AAAA…". */
  readonly shown?: string | undefined;
}

/** The script that lets keys log in, if sshd lets the account in. */
export function accountScript({ hosts = [], ...options }: AccountScriptOptions): string {
  return script(setUpAccount, {
    ...{ account: '', keys: [], over: 'vsock', shown: '', hostKeyType: 'ed25519' },
    ...{ install: false, own: false, units: false, saysHostKeys: false },
    ...given(options),
    hosts: hosts.join(' '),
  });
}

/**
 * The script that takes back what the others did. `own`: by a login, with the rights of the account. `account`: as root, also what such a
 * login of it did; with `own`, by its sudo. `owners`: the keys whose undo it is, where what all share goes with the last; undefined: all that was done.
 */
export function undoScript({
  look = false,
  own = false,
  account = '',
  owners = undefined as readonly string[] | undefined,
} = {}): string {
  const ownScript: string = account === '' ? '' : undoScript({ look, own: true, owners });
  const whose = { all: !owners, keys: owners ?? [] };
  return script(undo, { look, own, bySudo: own && account !== '', account, ownScript, ...whose });
}

/** The script that keeps systemd's own sshd from listening on vsock, or undoes that. */
export function offScript({ undo }: { readonly undo: boolean }): string {
  return script(off, { port: sshPort, back: undo });
}

/** The script that prints the proof that setupScript left; `keep`: for another script that expects it. */
export function proofScript({ keep }: { readonly keep: boolean }): string {
  return script(showProof, { keep });
}

/** A login that was tried before a guest is checked. If it worked, faults are only noted. */
export interface TriedLogin {
  /** "ended": the key was accepted, and no command ran. "not proved": not tried over the route that was named. */
  readonly state: 'in' | 'refused' | 'ended' | 'not proved' | 'not tried';
  /** How it was done, ssh's message, or why it was not tried or proves nothing. */
  readonly about: string;
  /** Where the guest's journal ended before it, or when it began: "-20s"; "" if not known. */
  readonly cursor?: string;
}

export function beforeLoginScript(): string {
  return script(beforeLogin, {});
}

const noLogin: TriedLogin = { state: 'not tried', about: 'vmssh check on the host tries it' };

export interface CheckScriptOptions {
  readonly port: number;
  readonly account: string;
  /** The connection to sshd; default vsock. For the others vsock is not checked; for exec the manager starts sshd. */
  readonly over?: 'vsock' | 'unix' | 'tcp' | 'exec';
  readonly login?: TriedLogin;
  /** The host key that was made for the machine: "ssh-ed25519 AAAA…". */
  readonly madeKey?: string;
  /** The keys that this host offers, without type and comment: "AAAA…". */
  readonly offered?: readonly string[] | undefined;
}

/** How sshd in the guest sees a connection. */
export function overOf(endpoint: Endpoint | undefined): CheckScriptOptions['over'] {
  if (endpoint?.family === 'exec') return endpoint.into === 'port' ? 'tcp' : 'exec';
  return endpoint?.family === 'unix' || endpoint?.family === 'tcp' ? endpoint.family : 'vsock';
}

/** The script that shows what is wrong in a guest. It changes nothing. */
export function checkScript(options: CheckScriptOptions): string {
  const { port, account, over = 'vsock', login = noLogin, madeKey = '', offered = [] } = options;
  const { state, about, cursor = '' } = login;
  const tried = { login: state, loginAbout: about, loginCursor: cursor };
  return script(check, { port, account, over, ...tried, madeKey, offered });
}

/** The machine that a script is for, where its manager's channel may lead to another: two guest agents with one socket, a source of the user's. */
export interface Meant {
  /** The UUID that its manager says; undefined: it has none. */
  readonly uuid: Guid | undefined;
  /** Whether one whose firmware has no UUID counts as it. */
  readonly unproved?: boolean;
  /** What to do about another machine, in words. */
  readonly otherFix: string;
  /** About one that cannot be told. */
  readonly unprovedFix: string;
}

/** The script, which does nothing in another machine. */
export function onlyIn({ uuid, unproved, otherFix, unprovedFix }: Meant, text: string): string {
  const meant = uuid ? `${uuid} ${turned(uuid)}` : 'unknown';
  return text.replace(anyMachine, () =>
    assigned({ meant, unproved: unproved ?? false, otherFix, unprovedFix }),
  );
}

/** The line of a script for whichever machine it is in: an environment may have that name too. */
const anyMachine = assigned({ meant: '' });

/** Older firmware turns the bytes of the first three groups round (SMBIOS 2.6, 7.2.1). */
function turned(uuid: Guid): string {
  const [a = '', b = '', c = '', ...rest] = uuid.split('-');
  const bytes = (group: string) => group.match(/../g)?.toReversed().join('') ?? '';
  return [bytes(a), bytes(b), bytes(c), ...rest].join('-');
}

/** What is for a script: a flag is yes or no there, and a list has a line for each. */
type Value = string | number | boolean | readonly string[];

/** A script of sh/ with its values, assigned after its head. R is the root of the file system; tests have another one. */
function script(text: string, values: Readonly<Record<string, Value>>): string {
  const at = text.indexOf('\n\n') + 1;
  return `${text.slice(0, at)}R=${shellWord('')}\n${anyMachine}${assigned(values)}${text.slice(at)}`;
}

/** By the names of a shell: onlyVsock is only_vsock. */
function assigned(values: Readonly<Record<string, Value>>): string {
  const lines = Object.entries(values).map(([name, value]) => {
    const text = typeof value === 'object' ? value.join('\n') : `${value}`;
    const word = typeof value === 'boolean' ? (value ? 'yes' : 'no') : text;
    return `${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}=${shellWord(word)}\n`;
  });
  return lines.join('');
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function given<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
