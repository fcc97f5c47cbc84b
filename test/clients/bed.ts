import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configText } from '../../src/hosts/text.js';
import { vmssh } from '../helpers/run.js';
import type { Machine } from './machine.js';

/** What a client needs to log in to one machine. */
export interface Login {
  readonly dir: string;
  readonly user: string;
  /** The private key of the user. */
  readonly key: string;
  /** A file of the keys of hosts, for OpenSSH's format. */
  readonly knownHosts: string;
  readonly machine: Pick<Machine, 'name' | 'dir'>;
  /** Its host key, or the one of another machine: "ssh-ed25519 AAAA…". */
  readonly hostKey: string;
}

/** By the Host that vmssh writes: its name, and the file that has it. */
export interface ByProxy extends Login {
  readonly host: string;
  readonly config: string;
  /** The ProxyCommand, for clients that take only that: words. */
  readonly proxy: readonly string[];
}

/** By address and port alone. */
export interface ByPort extends Login {
  readonly port: number;
}

/** A login key in the forms that the clients read. */
export function makeKeys(dir: string): string {
  const key = join(dir, 'id');
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  spawnSync('dropbearconvert', ['openssh', 'dropbear', key, `${key}.dropbear`]);
  spawnSync('puttygen', [key, '-O', 'private', '-o', `${key}.ppk`]);
  return key;
}

/** The lines that `config install` writes for these machines; known by `known`, which may be another machine's key. */
export function hostsFor(
  dir: string,
  machines: readonly Machine[],
  fdpass: boolean,
  known = (each: Machine) => each,
): string {
  const knownHosts = join(dir, `known-hosts-${fdpass}`);
  writeFileSync(knownHosts, machines.map((each) => `${each.name} ${known(each).hostKey}\n`).join(''));
  const hosts = machines.map(({ name, target, user }) => ({
    host: name,
    about: name,
    options: { target, user, knownHosts, hostKeyAlias: name, identityFile: join(dir, 'id') },
  }));
  const path = join(dir, `config-${fdpass ? 'fdpass' : 'relay'}`);
  const own = 'Host *\n    IdentitiesOnly yes\n    BatchMode yes\n';
  writeFileSync(path, configText({ program: vmssh, fdpass, hosts }) + own, { mode: 0o600 });
  return path;
}
