import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { device } from '../../../src/setup/device.js';
import type { LookFacts, Setup } from '../../../src/setup/step.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { lasting } from '../../helpers/lifeline.js';
import { missingRoot, otherUser } from '../../helpers/other-user.js';
import { lacks } from '../../helpers/programs.js';
import { run, until, vmssh } from '../../helpers/run.js';
import { script, useTempDir } from '../../helpers/temp-dir.js';
import { makeStandIn, type StandIn } from '../start/stand-in.js';

const missing = missingRoot("another user's home") ?? lacks('ssh', 'sshd', 'ssh-keygen');

/** Replaces each file and folder that appears in its folders by a link, and says its name. */
const watcher = `
  const { lstatSync, watch, renameSync, symlinkSync } = require('node:fs');
  const [to, ...folders] = process.argv.slice(1);
  let count = 0;
  for (const folder of folders)
    watch(folder, (what, name) => {
      const path = folder + '/' + name;
      try {
        if (lstatSync(path).isSymbolicLink()) return;
        console.log(name);
        renameSync(path, to + count++);
        symlinkSync(to, path);
      } catch {
        console.log('gone', name);
      }
    });
  console.log('ready');
  process.stdin.resume().on('end', () => process.exit());`;

// As after sudo -E, or with env_keep HOME.
describe.skipIf(missing)('root with the folders of ann, who puts links there', () => {
  const dir = useTempDir();
  const { uid = 0, gid = 0 } = otherUser;
  const at = (name: string) => join(dir, name);
  const folders = ['', '/.ssh', '/.local', '/.local/state', '/.config', '/.cache', '/tmp', '/run'];
  const home = at('ann');
  let count = 0;
  let manager: StandIn;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    manager = await makeStandIn(dir);
    chmodSync(dir, 0o755);
    for (const folder of folders) {
      mkdirSync(`${home}${folder}`, { mode: 0o700 });
      chownSync(`${home}${folder}`, uid, gid);
    }
    for (const folder of ['rooted', 'rooted/.ssh', 'victim']) mkdirSync(at(folder), { mode: 0o700 });
    script(at('bin/getent'), `echo 'root:x:0:0:root:${at('rooted')}:/bin/sh'`);
    script(at('bin/systemctl'), 'exit 0');
    spawnSync('ssh-keygen', ['-q', '-kf', at('revoked'), at('id.pub')]);
    writeFileSync(at('config'), `RevokedHostKeys ${at('revoked')}\nLogLevel ERROR\n`);
    env = {
      ...manager.env,
      ...{ HOME: home, TMPDIR: `${home}/tmp`, TMP: `${home}/tmp`, XDG_RUNTIME_DIR: `${home}/run` },
      ...{ XDG_STATE_HOME: `${home}/.local/state`, XDG_CACHE_HOME: `${home}/.cache` },
      ...{ XDG_CONFIG_HOME: `${home}/.config`, XDG_DATA_HOME: `${home}/.local` },
    };
  });
  afterAll(() => manager.end());

  const login = (options: readonly string[]) => ['ssh', '--start', ...options, 'incus/mint', 'true'];
  const told = ['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=accept-new'];
  const revoking = ['-F', at('config'), '-i', at('id'), ...told];

  /** The names that appeared there meanwhile. */
  const appearing = async (...commands: readonly (readonly string[])[]): Promise<string | undefined> => {
    const theirs = folders.map((folder) => `${home}${folder}`);
    const taken = mkdtempSync(at('taken-'));
    chownSync(taken, uid, gid);
    const child = spawn(process.execPath, ['-e', watcher, `${taken}/`, ...theirs], {
      ...otherUser,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    expect(await lasting(child)).toBe('ready\n');
    let said = '';
    child.stdout?.on('data', (text) => {
      said += text;
    });
    for (const command of commands) {
      const { code, stderr } = await run([...vmssh, ...command], { env, cwd: dir });
      expect(`${command[0]} ${code} ${stderr}`).toMatch(/ 0 /);
    }
    const last = `last-${count++}`;
    const end = until(child.stdout, last);
    writeFileSync(`${home}/${last}`, '');
    await end;
    return said.split(last)[0]?.trim();
  };

  it.each<[what: string, commands: () => readonly (readonly string[])[]]>([
    [
      'Hosts',
      () => [
        ['config', 'install', '--no-fresh'],
        ['config', 'uninstall'],
      ],
    ],
    ['keys for a machine', () => [['guest', 'credentials', '--for', 'qemu', '-o', at('keys'), 'new']]],
    ['a start, a lock and a record', () => [login(manager.ssh)]],
    ['keys, and a list of revoked ones', () => [login(revoking), login(revoking), ['forget', 'incus/mint']]],
  ])('makes nothing in them: $0', async (_what, commands) => {
    expect(await appearing(...commands())).toBe('');
  });

  it('makes no file for virsh in them', async () => {
    vi.stubEnv('PATH', env.PATH);
    onTestFinished(() => void vi.unstubAllEnvs());
    const folders: string[] = [];
    const missing = {
      facts: { isActive: true, isPersistent: true, inMachine: 'none', inDefinition: 'none' },
      device: { add: async (_facts: unknown, folder: string) => folders.push(folder) > 0 },
    };
    const setup = { typed: 'mint', options: { restart: false }, io: fakeIo({ env }), add: () => undefined };
    await device.act?.(setup as unknown as Setup, { missing } as unknown as LookFacts, {});
    expect(folders).toEqual([expect.stringContaining(`${at('rooted')}/.local/state/vmssh/`)]);
  });
});
