import { shellWord } from './quote.js';
import { account } from './sh/account.js';
import { check } from './sh/check.js';
import { facts } from './sh/facts.js';
import { files } from './sh/files.js';
import { generator } from './sh/generator.js';
import { generatorSetup } from './sh/generator-setup.js';
import { home } from './sh/home.js';
import { login } from './sh/login.js';
import { onlyVsock } from './sh/only-vsock.js';
import { proof } from './sh/proof.js';
import { report } from './sh/report.js';
import { setup } from './sh/setup.js';
import { sh } from './sh/tag.js';
import { undo } from './sh/undo.js';
import { vsock } from './sh/vsock.js';
import { write } from './sh/write.js';
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
  const main = options.generator ? 'install_generator' : 'set_up';
  const { hostsFix = false, hushlogin = false, keys = [], onlyVsock: only = false } = options;
  const settings = sh`
port=${shellWord(String(options.port))}
hosts_fix=${yesNo(hostsFix)}
hushlogin=${yesNo(hushlogin)}
only_vsock=${yesNo(only)}
account=${options.account === undefined ? '$' + '{SUDO_USER:-root}' : shellWord(options.account)}
keys=${shellWord(keys.join('\n'))}
leave=${shellWord(options.leave ?? '')}
expect=${shellWord(options.expect ?? '')}
`;
  const parts = [
    report,
    files,
    home,
    write,
    facts,
    vsock,
    check,
    unitTexts(),
    account,
    proof,
    setup,
    onlyVsock,
  ];
  if (options.generator) parts.push(generatorText(), generatorSetup);
  return script('sets sshd up on vsock in this guest; safe to run again', settings, parts, main);
}

/** The script that takes back what the set-up did here. */
export function undoScript(): string {
  const parts = [report, files, home, proof, undo];
  const run = sh`
undo_main() {
  if [ "$(id -u)" != 0 ]; then
    fail root "this runs as $(id -un), and writes to /etc" 'run it with sudo, or as root'
    give_up 2
  fi
  undo_all
  drop_proof
  if [ "$faults" -gt 0 ]; then give_up 1; fi
  say 'end' 0 'what vmssh had set up here is taken back'
}
`;
  return script('takes back what vmssh guest script did in this guest', '', [...parts, run], 'undo_main');
}

/** The script that shows what setupScript left: `keep` it for another one that expects it. */
export function proofScript({ keep }: { readonly keep: boolean }): string {
  const run = sh`
show_proof() {
  here=$(proof_here)
  say ok proof "\${here:-none}"
  if [ "$keep" = no ] && [ "$(id -u)" = 0 ]; then drop_proof; fi
  say 'end' 0 'it was looked at'
}
`;
  return script(
    'shows whether this guest was set up a moment ago',
    `keep=${yesNo(keep)}\n`,
    [report, proof, run],
    'show_proof',
  );
}

export interface CheckOptions {
  readonly port: number;
  /** Who would log in. */
  readonly account: string;
  /** What leads to sshd; default: vsock. For the others no vsock is looked at. */
  readonly over?: 'vsock' | 'unix' | 'tcp' | undefined;
  /** A login worked already: what looks wrong all the same is only noted. */
  readonly loggedIn?: boolean;
}

/** The script that tells what is wrong in a guest. It changes nothing. */
export function checkScript({ port, account, over = 'vsock', loggedIn = false }: CheckOptions): string {
  const settings = sh`
port=${shellWord(String(port))}
account=${shellWord(account)}
over=${over}
logged_in=${yesNo(loggedIn)}
`;
  const run = sh`
check_all() {
  if [ "$(id -u)" != 0 ]; then say skipped root 'not as root: what only root may read is left out'; fi
  noted=$logged_in
  if [ "$over" != vsock ]; then
    if check_sshd && check_host_keys; then :; fi
  else
    if check_systemd && check_sshd && check_host_keys; then :; fi
    if ! check_transport; then :; elif ! is_systemd; then :; elif check_cid_bug && check_socket; then
      if [ -n "\${sshd:-}" ]; then
        check_privsep
        check_banner
      fi
    fi
  fi
  noted=no
  if [ "$over" != tcp ]; then check_unknown; fi
  noted=$logged_in
  if [ -n "\${sshd:-}" ]; then check_login "$account"; fi
  if [ "$faults" -gt 0 ]; then
    say 'end' 1 "$faults found"
    exit 1
  fi
  say 'end' 0 'nothing is wrong in here'
}
`;
  return script(
    'tells what keeps sshd from answering on vsock here; changes nothing',
    settings,
    [report, facts, vsock, check, login, run],
    'check_all',
  );
}

function script(about: string, settings: string, parts: readonly string[], main: string): string {
  return `#!/bin/sh
# vmssh: ${about}.
# Exit codes: 0 all is well, 1 a step failed, 2 it cannot be done here and nothing was changed.
set -u
R=

${[settings, ...parts].filter(Boolean).join('\n')}
${main} </dev/null
`;
}

/** The same units as unitFiles makes, with what the script finds out. */
function unitTexts(): string {
  const service = serviceText({ sshd: '$sshd', needs: '$' + '{needs}', folder: '$' + '{extra}' });
  return `socket_unit() {\ncat <<UNIT\n${socketText('$port')}UNIT\n}\nservice_unit() {\ncat <<UNIT\n${service}UNIT\n}\n`;
}

function generatorText(): string {
  return `generator_text() {\ncat <<'GENERATOR'\n${generator}GENERATOR\n}\n`;
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
