import { quote } from '../errors.js';
import { type ShellPlace, shellOf, shellQuoted } from '../target/shell.js';
import type { Refusal } from './decide.js';

/** What the sentences name. */
interface Named {
  /** What the user typed, without a user. */
  readonly typed: string;
  /** What `vmssh forget` takes for it; undefined: the same. */
  readonly forget?: string;
  /** The machine for which `guest credentials` made a key; undefined: what was typed. */
  readonly made?: string;
  /** Our known_hosts file. */
  readonly path: string;
}

/** Why a machine's host key is refused: one clause, whose "it" is the key, and the fix. */
export function explainRefusal(
  why: Refusal,
  { typed, forget = typed, made = typed, path }: Named,
  place: ShellPlace,
): { readonly code: string; readonly final: true; readonly problem: string; readonly hint: string } {
  const word = (text: string) => shellQuoted(text, shellOf(place));
  const ifExpected = `if you expected this: vmssh forget ${word(forget)}`;
  const ifRight = 'if it is the right one: VMSSH_HOST_KEYS=accept-new, once';
  switch (why) {
    case 'revoked':
      return {
        code: 'HOST_KEY_REVOKED',
        final: true,
        problem: `it is revoked in ${path}, or in your own known_hosts`,
        hint: 'give the machine another host key; vmssh forget keeps @revoked lines',
      };
    case 'not brought':
      return {
        code: 'HOST_KEY_CHANGED',
        final: true,
        problem: 'it is not the one of the sshd that was brought into it for this login',
        hint: 'something in the machine came in between: try again, and if it stays so, trust nothing in it',
      };
    case 'not made':
      return {
        code: 'HOST_KEY_CHANGED',
        final: true,
        problem: `it is not the one that vmssh guest credentials made for ${quote(made)}: the guest did not take that, or another machine answers`,
        hint: `vmssh guest check --credentials ${word(made)} HOST, over another route, says why; to trust the machine as it is: ${undoCommand(made, place)}`,
      };
    case 'not by manager':
      return {
        code: 'HOST_KEY_CHANGED',
        final: true,
        problem: 'it is not one that its manager reads in the machine, so another one may answer for it',
        hint: `vmssh check --verbose ${word(typed)} shows the route to it; in the machine: ssh-keyscan localhost`,
      };
    case 'another machine':
      return {
        code: 'HOST_KEY_CHANGED',
        final: true,
        problem: 'the name meant another machine until now, and no key of this one is known',
        hint: ifExpected,
      };
    case 'changed':
      return {
        code: 'HOST_KEY_CHANGED',
        final: true,
        problem:
          'another key of this machine is known: it was reinstalled, or another machine answers for it',
        hint: ifExpected,
      };
    case 'unknown':
      return {
        code: 'HOST_KEY_UNKNOWN',
        final: true,
        problem: 'no key of this machine is known, and the policy is strict',
        hint: ifRight,
      };
    case 'not asked':
      return {
        code: 'HOST_KEY_UNKNOWN',
        final: true,
        problem: 'no key of this machine is known, and nobody has confirmed it',
        hint: ifRight,
      };
    case 'not kept':
      return {
        code: 'HOST_KEY_UNKNOWN',
        final: true,
        problem: `it cannot be kept in ${path}`,
        hint: `check who may write ${path}`,
      };
  }
}

/** The command that removes the keys that `guest credentials` made for a machine, and so the trust in them. */
export function undoCommand(name: string, place: ShellPlace): string {
  return `vmssh guest credentials --undo ${shellQuoted(name, shellOf(place))}`;
}
