import { sshPort } from '../address/numbers.js';
import { type Shell, type ShellPlace, shellOf, shellQuoted } from '../address/shell.js';
import type { Io } from '../cli/command.js';
import { ConnectError } from '../errors.js';
import { readSafely } from '../files/place.js';
import { withAdopted } from '../identity/edit.js';
import { knownTypes, type Verdict, verdictOn } from '../identity/known-hosts.js';
import { asTarget, type TypedTarget } from '../kinds/parse.js';
import { lookUp } from '../lookup/find-target.js';
import type { ListedTarget } from '../lookup/short-name.js';
import { knownHostsFile } from '../ssh/folder.js';
import { type GuestKeys, guestKeysFor, undoCommand } from '../ssh/guest-keys.js';
import type { HostKey } from '../ssh/handshake-result.js';
import { isNamed, keyNames } from '../identity/identity.js';

/** The host keys that ssh knows of a machine. */
export interface KnownKeys {
  /** A name that has keys. */
  readonly knownAs?: { readonly name: string; readonly path: string };
  /** Throws a ConnectError for a key that ssh will refuse. */
  check(key: HostKey): void;
}

export interface CheckedMachine extends TypedTarget {
  /** As typed, without a user. */
  readonly typed: string;
  readonly machine: ListedTarget['machine'];
  readonly port: number;
}

/** Reads a machine's host keys: under its alias, and under the typed text, which the patterns use. */
export async function knownKeys(checked: CheckedMachine, io: Io, signal: AbortSignal): Promise<KnownKeys> {
  const { typed, text, target, port } = checked;
  const given = guestKeysFor({ target, machine: checked.machine }, io.env);
  if (given) return givenKeys(given, text, io);
  const path = knownHostsFile(io.env);
  const file = isNamed(target) ? await readSafely(path).catch(() => undefined) : undefined;
  if (!file) return { check: () => {} };
  const machine = checked.machine ?? (await lookUp(text, io, signal).catch(() => undefined))?.machine;
  const names = keyNames({ text, target, machine });
  const bytes = names ? withAdopted(file.bytes, [names]) : file.bytes;
  const patterns = asTarget(typed) ? [port === sshPort ? [typed] : [`[${typed}]:${port}`, typed]] : [];
  const hosts = [...(names ? [[names.alias]] : []), ...patterns];
  const known = [...hosts.flat(), ...(names?.typed ?? [])].find(
    (name) => knownTypes(name, file.bytes).length > 0,
  );
  return {
    knownAs: known === undefined ? undefined : { name: known, path },
    check(key) {
      for (const host of hosts) {
        const verdicts = host.map((name) => verdictOn(key.fingerprint, name, bytes));
        refuse(verdicts.find((verdict) => verdict !== 'new') ?? 'new', key, text, path, shellOf(io));
      }
    },
  };
}

/** Of a machine whose host key was made beforehand: no other is accepted, whatever its type. */
async function givenKeys(
  { name, alias, knownHosts }: GuestKeys,
  text: string,
  here: ShellPlace,
): Promise<KnownKeys> {
  const { bytes } = (await readSafely(knownHosts).catch(() => undefined)) ?? { bytes: Buffer.alloc(0) };
  return {
    knownAs: { name: alias, path: knownHosts },
    check({ type, fingerprint }) {
      if (verdictOn(fingerprint, alias, bytes) === 'known') return;
      throw new ConnectError('handshake', text, {
        code: 'HOST_KEY_CHANGED',
        final: true,
        problem: `ssh refuses the host key ${type} ${fingerprint}: it is not the one that vmssh guest credentials made: the guest did not take it, or another machine answers`,
        hint: wrongKeyHint(name, here),
      });
    },
  };
}

/** What to do if a machine has another host key than the one made for it. */
export function wrongKeyHint(name: string, here: ShellPlace): string {
  const word = shellQuoted(name, shellOf(here));
  return `vmssh guest check --credentials ${word} HOST, over another route, says why; to trust the machine as it is: ${undoCommand(name, here)}`;
}

function refuse(
  verdict: Verdict,
  { type, fingerprint }: HostKey,
  text: string,
  path: string,
  shell: Shell,
): void {
  const key = `ssh refuses the host key ${type} ${fingerprint}`;
  if (verdict === 'changed')
    throw new ConnectError('handshake', text, {
      code: 'HOST_KEY_CHANGED',
      final: true,
      problem: `${key}: it knows another key of this machine: the machine was reinstalled, or another one answers for it`,
      hint: `if you expected this: vmssh forget ${shellQuoted(text, shell)}`,
    });
  if (verdict === 'revoked')
    throw new ConnectError('handshake', text, {
      code: 'HOST_KEY_REVOKED',
      final: true,
      problem: `${key}: it is revoked in ${path}`,
      hint: 'give the machine another host key; vmssh forget keeps @revoked lines',
    });
}
