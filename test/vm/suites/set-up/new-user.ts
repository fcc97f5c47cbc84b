import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { GuestCredentialsJson } from '../../../../src/commands/guest/credentials.js';
import { type Outcome, run, vmssh } from '../../../helpers/run.js';

/** A user of this side who knows no host key and has made the keys of one machine, "web". */
export interface NewUser {
  /** What `guest credentials web --for` printed. */
  readonly made: GuestCredentialsJson;
  /** The folder of the keys. */
  readonly folder: string;
  /** Runs vmssh, which has to succeed, and returns what it printed. */
  program(...args: string[]): Promise<string>;
  /** Runs a command in web as root by a strict ssh, over this ProxyCommand. */
  login(
    proxy: string,
    command: string,
    more?: { input?: string; options?: readonly string[] },
  ): Promise<Outcome>;
  remove(): void;
}

/** `more`: further arguments of `guest credentials`. */
export async function newUser(form: string, more: readonly string[] = []): Promise<NewUser> {
  const home = mkdtempSync(join(tmpdir(), 'vmssh-home-'));
  const env = { ...process.env, HOME: home, SSH_AUTH_SOCK: undefined };
  const program = async (...args: string[]) => {
    const { code, stdout, stderr } = await run([...vmssh, ...args], { env });
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const made = JSON.parse(await program('guest', 'credentials', 'web', '--for', form, '--json', ...more));
  const conf = join(home, 'config');
  writeFileSync(conf, await program('config', 'print', '--only-patterns'), { mode: 0o600 });
  const strict = ['BatchMode=yes', 'ProxyUseFdpass=no', 'StrictHostKeyChecking=yes', 'IdentitiesOnly=yes'];
  return {
    made,
    program,
    folder: join(home, '.ssh/vmssh_guests/web'),
    login(proxy, command, { input = '', options = [] } = {}) {
      const all = [...options, ...[...strict, `ProxyCommand=${proxy}`].flatMap((each) => ['-o', each])];
      return run(['ssh', '-F', conf, ...all, 'root@qemu/web', command], { env, input, timeout: 60_000 });
    },
    remove: () => rmSync(home, { recursive: true }),
  };
}
