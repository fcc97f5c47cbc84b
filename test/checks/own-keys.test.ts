import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { firstOwnKey } from '../../src/checks/own-keys.js';
import { startAgent } from '../e2e/check/agents.js';
import { fakeIo } from '../helpers/fake-io.js';
import { lacks, pathWithSsh } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe.skipIf(lacks('ssh', 'ssh-keygen'))('the key that setup takes', () => {
  const dir = useTempDir();
  const at = (name: string) => join(dir, 'keys', name);
  const { signal } = new AbortController();

  beforeEach(() => {
    rmSync(join(dir, 'keys'), { recursive: true, force: true });
    mkdirSync(join(dir, 'keys'));
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('id')]);
  });

  const first = (lines: string, more: NodeJS.ProcessEnv = {}) => {
    const config = join(dir, 'config');
    writeFileSync(config, `Host *\n${lines}\n`, { mode: 0o600 });
    const { SSH_AUTH_SOCK: _, ...rest } = process.env;
    const PATH = pathWithSsh(join(dir, 'bin'), config);
    const env = { ...rest, PATH, KEYS: join(dir, 'keys'), ...more };
    return firstOwnKey('unix/x', fakeIo({ env }), signal);
  };

  it.each(['id', '%L', '%h', '%n-%r', '%u'])('is the one that ssh finds by its tokens: %s', async (name) => {
    const { username } = userInfo();
    mkdirSync(at('unix'));
    for (const each of [hostname().split('.')[0] ?? '', 'unix/x', `unix/x-${username}`, username])
      copyFileSync(at('id'), at(each));
    const { key } = await first(`IdentityFile \${${'KEYS'}}/${name}`);
    expect(key?.line.split(' ')[1]).toBe(readFileSync(at('id.pub'), 'utf8').split(' ')[1]);
  });

  it('is none, and ssh-keygen would destroy nothing', async () => {
    const { key, why } = await first(`IdentityFile ${at('nothing')}`);
    const problem = 'you have no public key that ssh would try, and SSH_AUTH_SOCK is not set';
    expect({ key, why }).toEqual({ why: { problem, fix: 'ssh-keygen -t ed25519' } });
  });

  it('is none where ssh does not try the only one, or another public key is beside it', async () => {
    const home = join(dir, 'home-of-work');
    mkdirSync(join(home, '.ssh'), { recursive: true });
    for (const each of ['', '.pub']) copyFileSync(at(`id${each}`), join(home, `.ssh/work${each}`));
    const { why } = await first(`IdentityFile ${at('nothing')}`, { HOME: home });
    expect(why).toEqual({
      problem: `ssh does not try ${home}/.ssh/work by itself`,
      fix: `vmssh setup --key ${home}/.ssh/work.pub NAME`,
    });
    writeFileSync(join(home, '.ssh/work.pub'), `ssh-ed25519 ${'A'.repeat(68)} ann\n`);
    const { why: stale } = await first(`IdentityFile ${home}/.ssh/work`, { HOME: home });
    expect(stale).toMatchObject({
      problem: `${home}/.ssh/work.pub is not the public key of ${home}/.ssh/work, and ssh shows that one`,
      fix: `ssh-keygen -y -f ${home}/.ssh/work > ${home}/.ssh/work.pub`,
    });
  });

  it.each(['id.pub', 'id-cert.pub'])('is none, and ssh-keygen would destroy %s', async (name) => {
    const other = at(name.replace('id', 'other'));
    copyFileSync(at('id.pub'), other);
    const { why } = await first(`IdentityFile ${at('other')}`, { SSH_AUTH_SOCK: at('gone') });
    const problem = `neither ssh nor an agent has the private key of ${at('other')}: the ssh-agent at ${at('gone')} is gone (ENOENT)`;
    expect(why).toEqual({ problem, fix: expect.stringContaining('unset SSH_AUTH_SOCK') });
  });

  it('is none beside a certificate of its own place', async () => {
    const { why } = await first(`IdentityFile ${at('nothing')}\nCertificateFile ${at('id-cert.pub')}`);
    expect(why).toEqual({
      problem: `neither ssh nor an agent has the private key of ${at('id-cert.pub')}`,
    });
  });

  it.each(['hangs', 'is empty'] as const)('is none where the agent %s', async (kind) => {
    const path = at(`agent-${kind[0]}`);
    await startAgent(path, kind, at('id.pub'));
    const { why } = await first(`IdentityFile ${at('nothing')}\nIdentityAgent ${path}`);
    expect(why?.fix).toMatch(/^unlock (?:it|the agent)/);
    expect(why?.problem).toContain(`ssh has no key: the ssh-agent at ${path} `);
  });
});
