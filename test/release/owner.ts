import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { writeInstall } from '../../build/release/install-lines.js';
import { type Outcome, outcome, run } from '../helpers/run.js';

/** An owner of releases: a clone, a key that is thrown away, a folder for the web server, and the environment with these. */
export interface Owner {
  readonly clone: string;
  readonly www: string;
  readonly key: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Makes one below `dir`, with this checkout's commit. */
export async function makeOwner(dir: string): Promise<Owner> {
  const [clone, www, home] = ['clone', 'www', 'gpg'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  const names = { GIT_AUTHOR_NAME: 'Owner', GIT_COMMITTER_NAME: 'Owner' };
  const mails = { GIT_AUTHOR_EMAIL: 'owner@example.org', GIT_COMMITTER_EMAIL: 'owner@example.org' };
  const env = { ...process.env, ...names, ...mails, GIT_CONFIG_GLOBAL: '/dev/null', GNUPGHOME: home };
  mkdirSync(www);
  const key = await makeKey(home);
  await succeed(env, ['git', 'clone', '--quiet', '--bare', '.', join(dir, 'hub.git')]);
  await succeed(env, ['git', 'clone', '--quiet', join(dir, 'hub.git'), clone]);
  cpSync('node_modules', join(clone, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  const manifest = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'));
  manifest.scripts.package = `node '${resolve('test/release/package.js')}'`;
  writeFileSync(join(clone, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  const owner = { clone, www, key, env };
  await commit(owner, 'The packages of a rehearsal');
  return owner;
}

/** Makes a home of gpg with a key; returns the fingerprint. */
export async function makeKey(home: string): Promise<string> {
  mkdirSync(home, { mode: 0o700 });
  const env = { ...process.env, GNUPGHOME: home };
  const make = ['--quick-generate-key', `Owner of ${home} <owner@example.org>`, 'rsa3072', 'sign', 'never'];
  await succeed(env, ['gpg', '--batch', '--quiet', '--passphrase', '', ...make]);
  const list = await succeed(env, ['gpg', '--batch', '--with-colons', '--list-secret-keys']);
  return /^fpr:+(\w+):/m.exec(list)?.[1] ?? '';
}

/** Fills in the addresses, as docs/contributing/release.md says. */
export async function fillIn({ clone, www, key, ...owner }: Owner, site: string): Promise<void> {
  const repository = 'https://example.org/vmssh.git';
  const bugs = 'https://example.org/vmssh/issues';
  const maintainer = 'Owner <owner@example.org>';
  const addresses = { site, upload: www, repository, bugs, maintainer, key };
  writeFileSync(join(clone, 'build/release/addresses.json'), `${JSON.stringify(addresses, undefined, 2)}\n`);
  const { version } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'));
  writeInstall(clone, addresses, version);
  const security = readFileSync(join(clone, 'SECURITY.md'), 'utf8');
  writeFileSync(join(clone, 'SECURITY.md'), security.replace(/^Key:.*$/m, `Key: \`${key}\``));
  writeFileSync(join(clone, '.ci/builder-image'), `node:20-bookworm@sha256:${'0'.repeat(64)}\n`);
  await commit({ clone, www, key, ...owner }, 'The addresses');
}

/** A change that the next release has. */
export async function changeSomething(owner: Owner): Promise<void> {
  const path = join(owner.clone, 'CHANGELOG.md');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('\n## ', '\n## Not released yet\n\n- A page says more.\n\n## '));
  appendFileSync(join(owner.clone, 'docs/install.md'), '\nMore.\n');
  await commit(owner, 'A page says more');
}

/** What the owner types to make a release. */
export function release({ clone, env }: Owner, ...args: readonly string[]): Promise<Outcome> {
  return run(['npm', 'run', '--silent', 'release', '--', ...args], { cwd: clone, env, timeout: 3_600_000 });
}

/** The same, with Ctrl-C as soon as it has made its folder for the two builds; `temp`: an empty folder for those. */
export async function interruptRelease(
  { clone, env }: Owner,
  version: string,
  temp: string,
): Promise<Outcome> {
  const command = ['run', '--silent', 'release', '--', version, '--tested-elsewhere'];
  const made = once(watch(temp), 'change');
  const child = spawn('npm', command, { cwd: clone, env: { ...env, TMPDIR: temp }, detached: true });
  const end = outcome(child);
  await made;
  process.kill(-Number(child.pid), 'SIGINT');
  return await end;
}

/** Types the commands of UPLOAD.md for git and the web server. */
export async function upload({ clone, env }: Owner, version: string): Promise<void> {
  const page = readFileSync(join(clone, 'release', version, 'UPLOAD.md'), 'utf8');
  const commands = [...page.matchAll(/\| `((?:git push|rsync) .*)` \|$/gm)].map(
    ([, command = '']) => command,
  );
  expect(commands).toHaveLength(3);
  for (const command of commands) await succeed(env, ['sh', '-c', command], clone);
}

async function commit({ clone, env }: Owner, message: string): Promise<void> {
  await succeed(env, ['git', 'commit', '--quiet', '--all', '--message', message], clone);
}

async function succeed(env: NodeJS.ProcessEnv, command: readonly string[], cwd?: string): Promise<string> {
  const result = await run([...command], { env, timeout: 600_000, ...(cwd && { cwd }) });
  expect({ command, ...result }).toMatchObject({ command, code: 0 });
  return result.stdout;
}
