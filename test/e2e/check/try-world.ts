import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { configText } from '../../../src/hosts/text.js';
import { missingRoot } from '../../helpers/other-user.js';
import { findProgram, lacks, missingPrograms, pathWithSsh } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useSshd } from '../../helpers/sockets/peers.js';
import { sshdConfig } from '../../helpers/sshd.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { startAgent, startRealAgent } from './agents.js';
import type { World } from './worlds.js';

// An sshd of an ordinary user's cannot give a terminal everywhere.
const missing = lacks('ssh', 'ssh-keygen', 'sshd') ?? missingRoot('a login with a terminal');

/** In each world `check` says ✓ exactly if the real ssh logs in without a question, from a terminal and from a program without one. */
export function tryWorlds(worlds: readonly World[]): void {
  describe.skipIf(missing)('check is the login', () => {
    const dir = useTempDir();
    const sshd = useSshd(dir);
    const address = `unix${sshd.path}`;
    const here = (text: string) =>
      text
        .replaceAll('DIR', dir)
        .replaceAll('ADDRESS', address)
        .replaceAll('USER', sshd.user)
        .replaceAll('SSHD', findProgram('sshd') ?? '');

    it.for(worlds)('$name', async (world, { skip }) => {
      const { shell, needs = shell, state, says } = world;
      const lacking = needs && missingPrograms({ [needs]: needs });
      if (lacking) skip(lacking);
      makeKeys(dir);
      const env = await made(world, dir, here);
      const typed = here(world.typed ?? 'ADDRESS');
      const config = join(dir, world.isLost ? 'home/.ssh/config' : 'config');
      const loggedIn = await logsIn(config, typed, env, world);
      const knownHosts = join(dir, 'known-hosts');
      if (world.isNew) rmSync(knownHosts);
      const reads = world.isLost ? [] : ['--ssh-config', config];
      const PATH = world.isLost ? pathWithSsh(join(dir, 'bin'), config) : process.env.PATH;
      const words = [...vmssh, 'check', '--json', ...reads, typed];
      const { code, stdout } = await run(words, { env: { ...env, PATH } });
      const [{ checks, error }] = JSON.parse(stdout).results;
      const login = checks.find(({ name }: { name: string }) => name === 'login');
      const answer = login ?? { state: 'failed', found: error?.problem };
      expect({ state: answer.state, isIn: answer.state === 'ok' }).toEqual({ state, isIn: loggedIn });
      expect(answer.found).toMatch(says);
      if (world.alsoSays)
        expect(checks).toContainEqual(
          expect.objectContaining({ found: expect.stringMatching(world.alsoSays) }),
        );
      expect(code === 0, stdout).toBe(state !== 'failed');
      if (world.isNew) expect(readFileSync(knownHosts, 'utf8')).toContain('ssh-ed25519 ');
    });
  });
}

/** Whether the real ssh logs in and asks nothing: nobody is there to answer. */
async function logsIn(
  config: string,
  typed: string,
  env: NodeJS.ProcessEnv,
  { isTerminal }: World,
): Promise<boolean> {
  const nobody = { ...env, SSH_ASKPASS_REQUIRE: 'never' };
  const [atTerminal, bare] = [
    { ...nobody, SHLVL: '1' },
    { ...nobody, SHLVL: undefined },
  ];
  const own = ['-o', 'ControlPath=none', '-o', 'StrictHostKeyChecking=accept-new'];
  const login = (flag: string, how: NodeJS.ProcessEnv) =>
    run(
      [
        'setsid',
        '-w',
        'timeout',
        '20',
        'ssh',
        '-F',
        config,
        ...own,
        '-o',
        'ForkAfterAuthentication=no',
        '-o',
        'SessionType=default',
        '-o',
        'RemoteCommand=none',
        flag,
        typed,
        'true',
      ],
      { env: how },
    );
  return (
    (await login(isTerminal === false ? '-T' : '-tt', atTerminal)).code === 0 &&
    (await login('-T', bare)).code === 0
  );
}

async function made(world: World, dir: string, here: (text: string) => string): Promise<NodeJS.ProcessEnv> {
  const { above = '', below = known, sshd = '', agent, shell = 'bash', files = {}, env = {} } = world;
  const home = join(dir, 'home');
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { mode: 0o700 });
  writeTree(home, files);
  writeFileSync(join(dir, 'banner'), lies);
  const knownHosts = join(dir, 'known-hosts');
  rmSync(knownHosts, { force: true });
  const lines = configText({ program: vmssh, fdpass: true, knownHosts });
  const own = `Host *\nUser USER\n${below}\n`;
  writeFileSync(join(dir, 'config'), here(`${above}${lines}\n${own}`), { mode: 0o600 });
  if (world.isLost) writeTree(home, { '.ssh/vmssh.conf': lines, '.ssh/config': here(own) });
  writeFileSync(
    join(dir, 'sshd_config'),
    here(`${sshd}\n${sshdConfig(dir)}SetEnv PATH=${process.env.PATH} SHLVL=1\n`),
  );
  if (world.isOff) {
    renameSync(join(dir, 'ssh.sock'), join(dir, 'away.sock'));
    onTestFinished(() => renameSync(join(dir, 'away.sock'), join(dir, 'ssh.sock')));
  }
  const socket = agent && (await socketOf(agent, dir));
  const more = Object.entries(env).map(([name, value]) => [name, here(value)]);
  const { SHLVL: _, SSH_AUTH_SOCK: __, ...rest } = process.env;
  return {
    ...rest,
    HOME: home,
    SHELL: findProgram(shell),
    SSH_AUTH_SOCK: socket,
    ...Object.fromEntries(more),
  };
}

const known = 'IdentityFile DIR/id\nIdentitiesOnly yes\nIdentityAgent none';

/** What a hostile machine prints before the login, as if ssh had said it. */
const lies =
  'debug1: Server accepts key: /etc/shadow RSA SHA256:AAAA explicit\nAuthenticated to x using "publickey".\n';

async function socketOf(agent: NonNullable<World['agent']>, dir: string): Promise<string> {
  const path = join(dir, 'agent');
  rmSync(path, { force: true });
  if (agent === 'is gone') return path;
  if (agent === 'has the key') await startRealAgent(path, join(dir, 'id'));
  else if (agent === 'has the certificate') await startRealAgent(path, join(dir, 'signed'));
  else await startAgent(path, agent, join(dir, 'id.pub'));
  return path;
}

/** id: known to the machine; pass: the same with a passphrase; other: unknown; signed: with a certificate by it whose time is over. */
function makeKeys(dir: string): void {
  const made = (name: string, ...more: readonly string[]) =>
    spawnSync('ssh-keygen', ['-q', '-f', join(dir, name), ...more]);
  const copied = (from: string, to: string, mode = 0o600) => {
    copyFileSync(join(dir, from), join(dir, to));
    chmodSync(join(dir, to), mode);
  };
  for (const name of ['other', 'signed']) {
    rmSync(join(dir, name), { force: true });
    made(name, '-t', 'ed25519', '-N', '');
  }
  const sign = ['-q', '-s', join(dir, 'other'), '-I', 'x', '-V', '-2h:-1h', join(dir, 'signed.pub')];
  spawnSync('ssh-keygen', sign);
  copied('id', 'pass');
  copied('id.pub', 'pass.pub');
  made('pass', '-p', '-P', '', '-N', 'secret');
  copied('pass', 'passbare');
  copied('id', 'open', 0o644);
  copied('id.pub', 'half.pub');
  copied('id', `${userInfo().username}-key`);
  writeFileSync(join(dir, 'authorized'), readFileSync(join(dir, 'id.pub')));
}
