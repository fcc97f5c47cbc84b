import { shellWord } from '../address/shell-word.js';
import { generatorPath } from './generator.js';
import check from './sh/check.sh';
import setUp from './sh/set-up.sh';
import setUpGenerator from './sh/set-up-generator.sh';
import showProof from './sh/show-proof.sh';
import undo from './sh/undo.sh';
import { serviceText, socketText } from './units.js';

export interface ScriptOptions {
  readonly port: number;
  /** Put UNKNOWN into /etc/hosts even where its lookup is fast. */
  readonly hostsFix?: boolean;
  readonly hushlogin?: boolean;
  /** Lines for authorized_keys. */
  readonly keys?: readonly string[];
  /** Whom keys and .hushlogin are for; undefined: who called sudo, or root. */
  readonly account?: string | undefined;
  /** Close sshd's TCP listener at the end. */
  readonly onlyVsock?: boolean;
  /** Install the generator instead of units. */
  readonly generator?: boolean;
  /** What to leave for a later connection to look for: see proof.ts. */
  readonly leave?: string;
  /** What an earlier connection left: nothing is done in a machine without it, and it is removed at the end. */
  readonly expect?: string;
}

/** The script that sets a guest up. It is read whole before it does anything, so that a cut connection does no harm. */
export function setupScript(options: ScriptOptions): string {
  const { hostsFix = false, hushlogin = false, onlyVsock = false, keys = [] } = options;
  const { account = '', leave = '', expect = '' } = options;
  const common = {
    port: String(options.port),
    hosts_fix: yesNo(hostsFix),
    hushlogin: yesNo(hushlogin),
    only_vsock: yesNo(onlyVsock),
    account,
    keys: keys.join('\n'),
    ...{ leave, expect },
  };
  if (options.generator) return script(setUpGenerator, { ...common, generator_path: generatorPath });
  // The script puts in what it finds out.
  const service = serviceText({ sshd: '@sshd@', needs: '@needs@\n', folder: '@folder@\n' });
  return script(setUp, { ...common, socket_text: socketText(common.port), service_text: service });
}

/** The script that takes back what the set-up did here. */
export function undoScript(): string {
  return script(undo, {});
}

/** The script that shows what setupScript left: `keep` it for another one that expects it. */
export function proofScript({ keep }: { readonly keep: boolean }): string {
  return script(showProof, { keep: yesNo(keep) });
}

export interface CheckScriptOptions {
  readonly port: number;
  /** Who would log in. */
  readonly account: string;
  /** What leads to sshd; default: vsock. For the others no vsock is looked at. */
  readonly over?: 'vsock' | 'unix' | 'tcp' | undefined;
  /** A login worked already: what looks wrong all the same is only noted. */
  readonly loggedIn?: boolean;
}

/** The script that tells what is wrong in a guest. It changes nothing. */
export function checkScript({ port, account, over = 'vsock', loggedIn = false }: CheckScriptOptions): string {
  return script(check, { port: String(port), account, over, logged_in: yesNo(loggedIn) });
}

/** A script of sh/ with its values, which stand behind its head. R is the root of the system: tests have another one. */
function script(text: string, values: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ R: '', ...values }).map(([name, value]) => `${name}=${shellWord(value)}\n`);
  const head = text.indexOf('\n\n') + 1;
  return `${text.slice(0, head)}${lines.join('')}${text.slice(head)}`;
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
