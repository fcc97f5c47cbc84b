import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configText } from '../../../src/hosts/text.js';
import { missingRoot } from '../../helpers/other-user.js';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { missing as missingMachines, useMachines, user } from '../guest/machines.js';
import { agentWith } from './agents.js';

const missing = lacks('ssh', 'ssh-keygen', 'sshd') ?? missingRoot('a login with a terminal');

// An agent such as 1Password's asks a person for each signature.
describe.skipIf(missing)('an agent is asked for a signature', () => {
  const dir = useTempDir();
  const sshd = useSshd(dir);
  const address = `unix${sshd.path}`;
  const config = join(dir, 'config');

  it('once by ssh, twice by check, and never by a look that needs no login', async () => {
    const { socket, signatures } = await agentWith(join(dir, 'id'), dir);
    const env = { ...process.env, HOME: dir, SSH_AUTH_SOCK: socket };
    const lines = configText({ program: vmssh, fdpass: true, knownHosts: join(dir, 'known-hosts') });
    const own = `StrictHostKeyChecking accept-new\nUser ${sshd.user}\nIdentityFile ${dir}/nothing\n`;
    writeFileSync(config, `${lines}\nHost *\n${own}`, { mode: 0o600 });
    const check = [...vmssh, 'check', '--ssh-config', config, address];
    const rows = [
      { words: ['ssh', '-F', config, '-o', 'BatchMode=yes', address, 'true'], code: 0, signs: 1 },
      { words: check, code: 0, signs: 2 },
      { words: [...check, '--until', 'authentication'], code: 0, signs: 0 },
      { words: [...check, '--user', 'nobody-is-it'], code: 1, signs: 0 },
    ];
    for (const { words, code, signs } of rows) {
      const end = await run(words, { env });
      expect({ code: end.code, signs: signatures(), words }).toEqual({ code, signs, words });
    }
    await run([...vmssh, 'doctor'], { env });
    expect(signatures()).toBe(0);
  });
});

describe.skipIf(missing ?? missingMachines)('setup asks it', () => {
  const { dir, home, env } = useMachines();

  it('once, where its manager goes in', async () => {
    const key = join(home, '.ssh/id_ed25519');
    const { socket, signatures } = await agentWith(key, dir);
    renameSync(key, join(dir, 'away'));
    const setup = [...vmssh, 'setup', '--yes', '--user', user, 'incus/web'];
    const { code, stdout } = await run(setup, { env: { ...env, SSH_AUTH_SOCK: socket } });
    expect({ code, signs: signatures(), stdout }).toEqual({ code: 0, signs: 1, stdout });
  });
});
