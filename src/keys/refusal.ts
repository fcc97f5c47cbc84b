import { ConnectError, quote } from '../base/errors.js';
import type { Here } from '../base/runtime.js';
import { shellOf, shellQuoted } from '../typed/shell.js';
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
export function explainRefusal(why: Refusal | 'unknown', named: Named, place: Here): Explained {
  const { typed, forget = typed, made = typed, silent = [], path, file = path } = named;
  const silence = `${silent.join(' and ')} did not answer, and may know whose address it is`;
  const word = (text: string) => shellQuoted(text, shellOf(place));
  const ifExpected = `if you expected this: vmssh forget ${word(forget)}`;
  const rows: Readonly<Record<Refusal | 'unknown', readonly [problem: string, hint: string]>> = {
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
      'it is not the known key of this machine: reinstalled, or another one answers',
      `if it was reinstalled: vmssh forget ${word(forget)}`,
    ],
    'kept twice': [
      'ssh has kept two keys of one type for this machine, so one of them may be of another',
      `vmssh forget ${word(forget)}`,
    ],
    'another at the address': [
      "another one was kept for this address, which may be another machine's now",
      `vmssh forget ${word(forget)}`,
    ],
    'not asked': [silence, `try again once it answers: vmssh list --provider ${silent[0]}`],
    unknown: ['nobody on this host can confirm it', `log in once, so that ssh asks you: ssh ${word(typed)}`],
  };
  const [problem, hint] = rows[why];
  return { code: codes[why] ?? 'HOST_KEY_CHANGED', final: true, problem, hint };
}

/** Why a changed key is refused, as a sentence for a person. */
export function changedKey(name: string): string {
  return `${name} has another host key than before: reinstalled, or not ${name}`;
}

/** Of the others: HOST_KEY_CHANGED. */
const codes: Readonly<Partial<Record<Refusal | 'unknown', string>>> = {
  revoked: 'HOST_KEY_REVOKED',
  'not asked': 'HOST_KEY_UNKNOWN',
  unknown: 'HOST_KEY_UNKNOWN',
};

/** The command that removes the keys that `guest credentials` made for a machine, and so the trust in them. */
export function undoCommand(name: string, place: Here): string {
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
