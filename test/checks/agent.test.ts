import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askAgent, unsignedFix } from '../../src/checks/agent.js';
import { startAgent } from '../e2e/check/agents.js';
import { lacks } from '../helpers/programs.js';
import { begin, run, until } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe('an ssh-agent', () => {
  const dir = useTempDir();
  const path = join(dir, 'agent');
  const other = `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.alloc(36, 7)]).toString('base64')}`;
  const file = join(dir, 'key.pub');

  it.each([
    ['hangs', 'the ssh-agent at PATH does not answer', /-o IdentityAgent=none$/],
    ['is empty', 'the ssh-agent at PATH has no keys: it may be locked', /ssh-add -X/],
    ['refuses', 'the ssh-agent at PATH cannot be asked: it refuses to list its keys', /unset SSH_AUTH_SOCK/],
    ['breaks', 'the ssh-agent at PATH cannot be asked: its answer is broken', /unset SSH_AUTH_SOCK/],
  ] as const)('that %s: %s', async (kind, problem, fix) => {
    await writeKey();
    const own = `${path}-${kind.replaceAll(' ', '-')}`;
    await startAgent(own, kind, file);
    const found = await askAgent(undefined, { SSH_AUTH_SOCK: own }, 200);
    expect(found).toMatchObject({ keys: [], problem: problem.replace('PATH', own) });
    expect(found.fix).toMatch(fix);
    expect(found.isSilent).toBe(kind === 'hangs' ? true : undefined);
  });

  it('that does not sign, or a file that ssh does not read, has what to do', () => {
    const refused =
      'sign_and_send_pubkey: signing failed for ED25519 "a" from agent: agent refused operation';
    expect(unsignedFix(refused)).toMatch(/^unlock the agent, .*SSH_ASKPASS, .*updatestartuptty/);
    expect(unsignedFix('Load key "/a b/id": bad permissions')).toBe("chmod 600 '/a b/id'");
    expect(unsignedFix('Load key "/a b/id": Permission denied')).toBe(`sudo chown "$USER" '/a b/id'`);
    expect(unsignedFix('no such identity: /a: No such file or directory')).toBeUndefined();
  });

  const writeKey = async () => (await import('node:fs/promises')).writeFile(file, `${other} x\n`);

  it('is found by IdentityAgent', async () => {
    const env = { SSH_AUTH_SOCK: `${path}-none`, OWN: `${path}-own` };
    const problem = (named: string | undefined) => askAgent(named, env).then((found) => found.problem);
    expect(await problem(undefined)).toBe(`the ssh-agent at ${path}-none is gone (ENOENT)`);
    expect(await problem('SSH_AUTH_SOCK')).toContain('-none is gone');
    for (const named of ['$OWN', `\${${'OWN'}}`, `${path}-own`])
      expect(await problem(named)).toContain('-own is gone');
    expect(await askAgent('none', env)).toEqual({ keys: [] });
    expect(await askAgent('$UNSET', env)).toEqual({ keys: [], unset: 'UNSET' });
    expect(await askAgent(undefined, {})).toEqual({ keys: [], unset: 'SSH_AUTH_SOCK' });
  });

  it.skipIf(lacks('ssh', 'ssh-keygen'))('shows its keys as ssh-add does', async () => {
    const child = begin(['ssh-agent', '-D', '-a', path]);
    try {
      await until(child.stdout, 'SSH_AUTH_SOCK');
      const env = { ...process.env, SSH_AUTH_SOCK: path };
      for (const type of ['ed25519', 'ecdsa', 'rsa']) {
        const key = join(dir, type);
        await run(['ssh-keygen', '-q', '-t', type, '-N', '', '-C', `a ${type}`, '-f', key]);
        await run(['ssh-add', '-q', key], { env });
      }
      const { keys } = await askAgent(undefined, env);
      expect(keys).toEqual((await run(['ssh-add', '-L'], { env })).stdout.trim().split('\n'));
      expect(keys[0]).toBe(readFileSync(join(dir, 'ed25519.pub'), 'utf8').trim());
    } finally {
      child.kill();
    }
  });
});
