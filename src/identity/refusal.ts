import { ConnectError, quote } from '../errors.js';
import { type ShellPlace, shellOf, shellQuoted } from '../typed/shell.js';
import type { Refusal } from './decide.js';

/** What the sentences name. */
interface Named {
  /** What the user typed, without a user. */
  readonly typed: string;
  /** What `vmssh forget` takes for it; undefined: the same. */
  readonly forget?: string;
  /** The machine for which `guest credentials` made a key; undefined: what was typed. */
  readonly made?: string;
  /** Who did not answer, and may know whose address was reached. */
  readonly silent?: readonly string[] | undefined;
  readonly path: string;
  /** The file that revokes the key. */
  readonly file?: string | undefined;
}

export type Explained = Readonly<Record<'code' | 'problem' | 'hint', string>> & { readonly final: true };

/** Why a machine's host key is refused: one clause, whose "it" is the key, and the fix. */
export function explainRefusal(why: Refusal, named: Named, place: ShellPlace): Explained {
  const { typed, forget = typed, made = typed, silent, path, file = path } = named;
  const word = (text: string) => shellQuoted(text, shellOf(place));
  const ifExpected = `if you expected this: vmssh forget ${word(forget)}`;
  const ifRight = 'if it is the right key, accept it once: VMSSH_HOST_KEYS=accept-new';
  const rows: Readonly<Record<Refusal, readonly [problem: string, hint: string]>> = {
    'no record': [
      'no vmssh proxy says which machine it is of: ssh -J and the ProxyCommand of another program never do',
      `vmssh ssh ${word(typed)}`,
    ],
    revoked: [
      `it is revoked in ${file}`,
      'give the machine another host key; vmssh forget keeps @revoked lines',
    ],
    'not brought': [
      'it is not the key of the sshd that vmssh started there for this login',
      'another program in the machine answered: try again; if it happens again, do not trust the machine',
    ],
    'not made': [
      `it is not the key that vmssh guest credentials made for ${quote(made)}: the guest does not use that key, or another machine answers`,
      `vmssh guest check --credentials ${word(made)} HOST, over another route, says why; to trust the machine as it is: ${undoCommand(made, place)}`,
    ],
    'not by manager': [
      'its manager reads another key in the machine, so a different machine may be answering',
      `vmssh check --verbose ${word(typed)} shows the route to it; in the machine: ssh-keyscan localhost`,
    ],
    'another machine': ['the name now reaches a different machine, whose key is not known', ifExpected],
    changed: [
      'it is not the known key of this machine: the machine was reinstalled, or another one answers',
      ifExpected,
    ],
    unknown: ['no key of this machine is known, and the policy is strict', ifRight],
    'unknown here': [
      'no key of this machine is known, and this host is strict for all users',
      'whoever administers it decides: vmssh doctor names the file',
    ],
    'not asked': silent
      ? [
          `${silenceOf(silent)}, and nobody has confirmed the key`,
          `try again once it answers: vmssh list --provider ${silent[0]}`,
        ]
      : ['no key of this machine is known, and nobody has confirmed it', ifRight],
    'not kept': [`it cannot be kept in ${path}`, `check who may write ${path}`],
  };
  const [problem, hint] = rows[why];
  return { code: codes[why] ?? 'HOST_KEY_CHANGED', final: true, problem, hint };
}

/** Of the others: HOST_KEY_CHANGED. */
const codes: Readonly<Partial<Record<Refusal, string>>> = {
  'no record': 'HOST_KEY_UNKNOWN',
  revoked: 'HOST_KEY_REVOKED',
  unknown: 'HOST_KEY_UNKNOWN',
  'unknown here': 'HOST_KEY_UNKNOWN',
  'not asked': 'HOST_KEY_UNKNOWN',
  'not kept': 'HOST_KEY_UNKNOWN',
};

/** A note that an address may be one of a known machine. */
export function silenceOf(silent: readonly string[]): string {
  return `${silent.join(' and ')} did not answer, and may know whose address it is`;
}

/** The command that removes the keys that `guest credentials` made for a machine, and so the trust in them. */
export function undoCommand(name: string, place: ShellPlace): string {
  return `vmssh guest credentials --undo ${shellQuoted(name, shellOf(place))}`;
}

/** What cannot be read may revoke the key. */
export function cannotTell(text: string, path: string, why: string): ConnectError {
  const problem = `${path} may revoke its host key, and cannot be read: ${why}`;
  return notChecked(text, problem, `correct it: ls -l ${path}`);
}

/** Without knowing more no key is accepted. */
export function notChecked(text: string, problem: string, hint: string): ConnectError {
  return new ConnectError('handshake', text, { code: 'HOST_KEY_UNKNOWN', final: true, problem, hint });
}
