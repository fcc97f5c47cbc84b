import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { configText } from '../../../src/ssh/config/text.js';
import { missingRoot } from '../../helpers/other-user.js';
import { lacks } from '../../helpers/programs.js';
import { begin, run, until, vmssh } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { countSignatures } from './agents.js';

const missing = lacks('ssh', 'ssh-keygen', 'sshd') ?? missingRoot('a login with a terminal');

// An agent such as 1Password's asks a person for each signature.
describe.skipIf(missing)('an agent is asked for a signature', () => {
  const dir = useTempDir();
  const sshd = useSshd(dir);
  const address = `unix${sshd.path}`;
  const config = join(dir, 'config');

  it('once by ssh, twice by check, and never by a look that needs no login', async () => {
    const [agent, counted] = [join(dir, 'agent'), join(dir, 'counted')];
    const child = begin(['ssh-agent', '-D', '-a', agent]);
    onTestFinished(() => void child.kill());
    await until(child.stdout, 'SSH_AUTH_SOCK');
    await run(['ssh-add', '-q', join(dir, 'id')], { env: { ...process.env, SSH_AUTH_SOCK: agent } });
    const signatures = await countSignatures(counted, agent);
    const env = { ...process.env, HOME: dir, SSH_AUTH_SOCK: counted };
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
