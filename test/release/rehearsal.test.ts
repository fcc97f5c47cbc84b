import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installLines, installPart } from '../../build/release/install-lines.js';
import { differences, hashesBelow } from '../../build/release/site/files.js';
import { ends, saying } from '../helpers/expected.js';
import { missingRoot } from '../helpers/other-user.js';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { skip } from '../helpers/skips.js';
import { type SshdOnSocket, startSshd } from '../helpers/sshd.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { ensureRoot } from '../vm/images/cache.js';
import { faultyCopies } from './faulty.js';
import type { Owner } from './owner.js';
import { changeSomething, fillIn, interruptRelease, makeKey, makeOwner, release, upload } from './owner.js';
import { startServer } from './server.js';

const [older, newer] = ['0.1.0', '0.1.1'] as const;
const cannot =
  missingRoot('a fresh system') ??
  missingPrograms({
    ...{ git: 'git', gpg: 'gpg', 'gpg-agent': 'gpg-agent', rsync: 'rsync' },
    ...{ createrepo_c: 'createrepo-c', rpmsign: 'rpm', 'dpkg-scanpackages': 'dpkg-dev' },
    ...{ mmdebstrap: 'mmdebstrap', unshare: 'util-linux', sshd: 'openssh-server' },
  }) ??
  (['linux-x64', 'linux-arm64'].every((target) =>
    [`dist/${target}/vmssh`, `dist/sshd/${target}`].every((path) => existsSync(path)),
  )
    ? undefined
    : skip('no executables, or no sshd: npm run test:release builds them'));

/** What a fresh system has: what installs, and ssh. */
const roots = [
  { suite: 'bookworm', manager: 'apt', packages: ['openssh-client', 'sudo', 'wget'] },
  { suite: 'trixie', manager: 'apt', packages: ['openssh-client', 'sudo', 'wget'] },
  { suite: 'trixie', manager: 'dnf', packages: ['curl', 'dnf', 'openssh-client', 'rpm', 'sudo'] },
] as const;

describe.skipIf(cannot)('two releases, one after the other', () => {
  const dir = useTempDir();
  const folders = new Map<string, string>();
  let owner: Owner;
  let sshd: SshdOnSocket;
  let site: Awaited<ReturnType<typeof startServer>>;
  let homes: readonly string[];
  const made = (version: string) => join(owner.clone, 'release', version);
  const succeeds = async (version: string) => {
    const { code, stderr } = await release(owner, version, '--tested-elsewhere');
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  };
  beforeAll(async () => {
    sshd = await startSshd(dir);
    site = await startServer(folders);
    owner = await makeOwner(dir);
    const other = join(dir, 'other');
    await makeKey(other);
    homes = [String(owner.env.GNUPGHOME), other];
  });
  afterAll(async () => {
    for (const GNUPGHOME of homes ?? [])
      await run(['gpgconf', '--kill', 'all'], { env: { ...process.env, GNUPGHOME } });
    site?.server.close();
    await sshd?.close();
  });

  it('wait until the addresses are filled in', async () => {
    expect(await release(owner, older, '--tested-elsewhere')).toMatchObject(
      saying(1, /fill in build\/release\/addresses\.json, and commit it:\n"site" is ""/),
    );
    await fillIn(owner, site.url);
  });

  it('leave nothing on Ctrl-C, and go on later', async () => {
    const temp = join(dir, 'temp');
    mkdirSync(temp);
    const interrupted = await interruptRelease(owner, older, temp);
    expect(interrupted).not.toMatchObject({ code: 0 });
    expect(interrupted.stderr).toMatch(/^release: /m);
    expect(readdirSync(temp)).toEqual([]);
    const cwd = owner.clone;
    expect(await run(['git', 'status', '--porcelain'], { cwd })).toMatchObject({ code: 0, stdout: '' });
    expect(await run(['git', 'tag'], { cwd })).toMatchObject({ code: 0, stdout: '' });
  });

  it('are made and uploaded, and the same bytes when made again', async () => {
    await succeeds(older);
    await upload(owner, older);
    const first = join(dir, 'www-older');
    cpSync(owner.www, first, { recursive: true });
    folders.set(older, first);

    expect(await release(owner, newer, '--tested-elsewhere')).toMatchObject(
      saying(1, 'CHANGELOG.md has 0 headings "## Not released yet"'),
    );
    await changeSomething(owner);
    await succeeds(newer);
    const before = hashesBelow(made(newer));
    await upload(owner, newer);
    folders.set(newer, owner.www);
    await succeeds(newer);
    expect(differences(hashesBelow(made(newer)), before)).toEqual([]);
    for (const [name, folder] of await faultyCopies(first, dir, String(homes[1]))) folders.set(name, folder);
  });

  it('are what the signature says', async () => {
    const cwd = join(owner.www, `v${newer}`);
    const { env } = owner;
    const verified = await run(['gpg', '--batch', '--verify', 'SHA256SUMS.asc', 'SHA256SUMS'], { cwd, env });
    expect(verified).toMatchObject(saying(0, 'Good signature'));
    expect(await run(['sha256sum', '--check', '--quiet', 'SHA256SUMS'], { cwd })).toMatchObject({ code: 0 });
    await ends(0, run(['git', 'tag', '--verify', `v${newer}`], { cwd: owner.clone, env }));
  });

  it.each(roots)(
    '$manager of $suite: install, ssh, upgrade, remove',
    async ({ suite, manager, packages }) => {
      const root = join(await ensureRoot(suite, packages), 'root');
      const page = readFileSync(join(owner.clone, 'docs/install.md'), 'utf8');
      const commands = [...page.matchAll(/`([^`\n]+)`/g)].map(([, line = '']) => line);
      const typed = (start: RegExp) => commands.find((line) => start.test(line)) ?? '';
      const install =
        installLines(site.url, newer).find(({ line }) => line.includes(` ${manager} `))?.line ?? '';
      expect(installPart(page).text).toContain(`\`${install}\``);
      const lines = {
        apt: [/apt upgrade/, /apt purge.*sources/],
        dnf: [/dnf upgrade/, /dnf remove.*repo/],
      } as const;
      const [upgrade, remove] = lines[manager].map(typed);
      const steps = [manager, site.url, older, newer, install, upgrade ?? '', remove ?? ''];
      const trial = [...steps, sshd.path, join(dir, 'id'), sshd.user];
      const here = resolve('test');
      // With processes of its own, which end with it: dnf leaves a gpg-agent.
      const apart = ['--mount', '--mount-proc', '--pid', '--fork', '--kill-child'];
      const within = ['unshare', ...apart, 'sh', join(here, 'packages/in-root.sh'), root, dir, here, '--'];
      const result = await run([...within, '/bin/sh', join(here, 'release/trial.sh'), ...trial], {
        timeout: 1_200_000,
      });
      console.log(result.stdout);
      expect({ ...result, stdout: '' }).toMatchObject({ code: 0 });
    },
  );
});
