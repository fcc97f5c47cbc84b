import { chmodSync, chownSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { homeChecks } from '../../../src/commands/doctor/facts.js';
import { missingRoot } from '../../helpers/other-user.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const look = (home: string) => homeChecks({ platform: 'linux', env: { HOME: join(dir, home) } });
const bad = (found: RegExp, fix: RegExp) => [
  { name: 'home', state: 'bad', found: expect.stringMatching(found), fix: expect.stringMatching(fix) },
];

it('a home that can be written to is no matter, and stays as it is', async () => {
  mkdirSync(join(dir, 'fine/.ssh'), { recursive: true });
  expect(await look('fine')).toEqual([]);
  expect(readdirSync(join(dir, 'fine/.ssh'))).toEqual([]);
});

it.skipIf(missingRoot("another user's home"))("a home of another user's is, for root", async () => {
  mkdirSync(join(dir, 'theirs'));
  chownSync(join(dir, 'theirs'), 41_001, 41_001);
  expect(await look('theirs')).toMatchObject(bad(/^HOME is \S+\/theirs, and others than root/, /sudo -H/));
});

it('a home that others can change is, for whoever it is', async () => {
  mkdirSync(join(dir, 'open'));
  chmodSync(join(dir, 'open'), 0o777);
  expect(await look('open')).toMatchObject(
    bad(/^HOME is \S+\/open, and any user may change what is there/, /^chmod o-w \S+\/open$/),
  );
});

it('a home in which any user may add files is, and stays as it is', async () => {
  mkdirSync(join(dir, 'sticky'));
  chmodSync(join(dir, 'sticky'), 0o1777);
  const [check] = await look('sticky');
  expect(check).toMatchObject({ name: 'home', state: 'bad' });
  expect(check?.fix).not.toContain('chmod');
});

it('a home that is missing is', async () => {
  expect(await look('none')).toMatchObject(bad(/\/none is not there/, /HOME/));
});

it('~/.ssh that is a file is', async () => {
  mkdirSync(join(dir, 'odd'));
  writeFileSync(join(dir, 'odd/.ssh'), '');
  const [check] = await look('odd');
  expect([check]).toMatchObject(bad(/\/odd\/\.ssh is a file/, /^mv -i \S+\/odd\/\.ssh \S+\.ssh\.file$/));
  expect(check?.report).toBe('… is a file, where a folder has to be');
});

it('~/.ssh that is a link to where it was before a move is', async () => {
  mkdirSync(join(dir, 'moved'));
  symlinkSync('/proc/none/.ssh', join(dir, 'moved/.ssh'));
  expect(await look('moved')).toMatchObject(
    bad(
      /\/moved\/\.ssh is a link to \/proc\/none\/\.ssh, which is not there$/,
      /^ln -sfn FOLDER \S+\/moved\/\.ssh$/,
    ),
  );
});

it.skipIf(process.getuid?.() === 0)('a home that is closed to its user is', async () => {
  mkdirSync(join(dir, 'closed'));
  chmodSync(join(dir, 'closed'), 0o500);
  expect(await look('closed')).toMatchObject(bad(/nothing can be written to \S+: EACCES: /, /^ls -ld /));
});

const missing = missingPrograms({ unshare: 'util-linux', mount: 'mount' });
it.skipIf(missing).each([
  ['read-only', 'ro', 'EROFS', 'findmnt -T'],
  ['full', 'size=8k', 'ENOSPC', 'df -h'],
])('a home that is %s is', async (_, option, code, fix) => {
  const home = join(dir, code);
  mkdirSync(home);
  const fill = option === 'ro' ? '' : `head -c 8192 /dev/zero >"$1/all" 2>/dev/null;`;
  const script = `mount -t tmpfs -o ${option},mode=700 none "$1" || exit 77; ${fill} shift; exec "$@"`;
  const {
    code: ended,
    stdout,
    stderr,
  } = await run(
    ['unshare', '-rm', 'sh', '-c', script, 'sh', home, process.execPath, 'dist/vmssh.js', 'doctor', '--json'],
    { env: { ...process.env, HOME: home } },
  );
  if (ended === 77 || /unshare/.test(stderr)) return;
  const { checks } = JSON.parse(stdout);
  expect(checks).toContainEqual({
    ...{ name: 'home', state: 'failed', fix: `${fix} ${home}` },
    found: expect.stringContaining(code),
  });
});
