import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import mayWrite from '../../../src/guest/sh/check/may-write.sh';
import accountPart from '../../../src/guest/sh/parts/account.sh';
import facts from '../../../src/guest/sh/parts/facts.sh';
import files from '../../../src/guest/sh/parts/files.sh';
import homePart from '../../../src/guest/sh/parts/home.sh';
import report from '../../../src/guest/sh/parts/report.sh';
import undo from '../../../src/guest/sh/parts/undo.sh';
import write from '../../../src/guest/sh/parts/write.sh';
import { lacks } from '../../helpers/programs.js';
import { shell, shells } from '../../helpers/shells.js';
import { eachRow } from '../../helpers/tables/rows.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { onTerminal } from '../../helpers/terminal.js';

// As root the home is another user's, as in a guest; otherwise it is the caller's own, and "root" means no runuser.
const isRoot = process.getuid?.() === 0;
const account = isRoot ? 'nobody' : 'root';
const uid = isRoot ? Number(execFileSync('id', ['-u', account], { encoding: 'utf8' })) : -1;
const key = `ssh-ed25519 ${'A'.repeat(68)} me`;

const dir = useTempDir();
let count = 0;
let root: string;
let home: string;
beforeAll(() => chmodSync(dir, 0o755));
beforeEach(() => {
  root = join(dir, `root${++count}`);
  home = join(root, 'home');
  mkdirSync(home, { recursive: true });
  // Whatever the umask is: the account has to get through.
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'run'));
  give(home);
});

/** To the account, as a login would have made it. */
function give(path: string, mode?: number): void {
  if (mode !== undefined) chmodSync(path, mode);
  if (isRoot) chownSync(path, uid, uid);
}

describe.each(shells)('$name', ({ command }) => {
  const parts = `set -u\nR="\${1:-}"\n${report}${files}${homePart}${write}${facts}${mayWrite}${accountPart}${undo}`;
  const run = (script: string, keys = key) => {
    const settings = `account=${account}\nkeys='${keys}'\nhushlogin=yes\nscratch="$R/run"`;
    const fakes = `getent() { echo "$2:x:1:1::/home:/bin/sh"; }\nsystemctl() { :; }`;
    const { code, stdout, stderr } = shell(
      command,
      `${parts}\n${fakes}\n${settings}\n${script}\necho "faults: $faults"`,
      { args: [root] },
    );
    return { code, stdout, stderr };
  };
  const sshFolder = () => join(home, '.ssh');
  const keyFile = () => join(sshFolder(), 'authorized_keys');
  const makeSshFolder = (mode: number) => {
    mkdirSync(sshFolder());
    give(sshFolder(), mode);
  };
  const stateFiles = () => {
    const before = join(root, 'var/lib/vmssh/before');
    return existsSync(before) ? readdirSync(before).map((name) => statSync(join(before, name)).size) : [];
  };

  it('puts a key there, once, and takes it back', () => {
    const first = run('add_keys');
    expect(first.stdout).toMatch(/^changed +key +1 put into .*\nfaults: 0\n$/);
    expect(readFileSync(keyFile(), 'utf8')).toBe(`${key}\n`);
    expect([statSync(keyFile()).mode & 0o777, statSync(sshFolder()).mode & 0o777]).toEqual([0o600, 0o700]);
    if (isRoot) expect([statSync(keyFile()).uid, statSync(sshFolder()).uid]).toEqual([uid, uid]);
    expect(run('add_keys').stdout).toMatch(/^ok +key .*has the keys already\nfaults: 0\n$/);
    expect(run('undo_all').stdout).toMatch(/faults: 0\n$/);
    expect(existsSync(sshFolder())).toBe(false);
  });

  eachRow({
    '~/.ssh may not be written to': { given: () => makeSshFolder(0o500), says: /\.ssh.*denied/ },
    'home may not be written to': { given: () => give(home, 0o500), says: /mkdir.*\.ssh.*denied/ },
    '~/.ssh is a file': {
      given: () => {
        writeFileSync(sshFolder(), '');
        give(sshFolder());
      },
      says: /mkdir.*\.ssh.*exists/,
    },
  })('says that no key was put there: $name', ({ given, says }) => {
    given();
    const { stdout } = run('add_keys');
    expect(stdout).toMatch(/^failed +key /);
    expect(stdout).toMatch(says);
    expect(stdout).toMatch(/^hint +key /m);
    expect(stdout).toMatch(/faults: 1\n$/);
    expect(existsSync(keyFile())).toBe(false);
    chmodSync(home, 0o700);
  });

  it('refuses a home of the host, before it changes anything', () => {
    const { dev, ino, mtimeMs } = statSync(home);
    const look = (hosts: string) => run(`hosts='${hosts}'; look_for_keys && echo goes on`).stdout;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const refusal =
      /^failed +key +\/home\/\.ssh\/authorized_keys is this host's own.*\nhint +key +if you mean that: --shared-home\nfaults: 1\n$/;
    expect(look('')).toBe('goes on\nfaults: 0\n');
    expect(look(`${boot} 1.2 ${dev}.${ino}`)).toMatch(refusal);
    // On this kernel the time, which changes, says nothing; on another one a file system of its own is not the host's.
    const byTime = `${ino}:${Math.floor(mtimeMs / 1000)}`;
    expect(look(`${boot} ${byTime}`)).toBe('goes on\nfaults: 0\n');
    const type = (name: string) =>
      run(`as() { case $* in *'-f -c %T'*) echo ${name} ;; *) shift; "$@" 2>/dev/null ;; esac; }
hosts='another ${dev}.${ino} ${byTime}'; look_for_keys && echo goes on`).stdout;
    expect(type('fuseblk')).toMatch(refusal);
    for (const own of ['ext2/ext3', 'xfs']) expect(type(own)).toBe('goes on\nfaults: 0\n');
    expect(readdirSync(home)).toEqual([]);
  });

  it('says which folder it would write to, and whose it is on the host, of a home that the host did not name', () => {
    const { dev, ino, uid, mtimeMs } = statSync(home);
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const look = (script: string) => run(`${script}; look_for_keys`).stdout;
    // This process has the user namespace of whoever runs the test.
    const [, mapped = ''] =
      new RegExp(`^ok +home +${dev}\\.${ino} ${uid} (\\d+)\nfaults: 0\n$`).exec(
        look(`look=yes; hosts='${boot} 1.2'`),
      ) ?? [];
    expect(mapped).toMatch(/./);
    const times = `${ino}:${Math.floor(mtimeMs / 1000)}`;
    const type = `as() { case $* in *'-f -c %T'*) echo fuseblk ;; *) shift; "$@" 2>/dev/null ;; esac; }`;
    expect(look(`${type}\nlook=yes; hosts='another 1.2'`)).toMatch(new RegExp(` home +${times} ${uid} `));
    for (const silent of [`look=no; hosts='${boot} 1.2'`, "look=yes; hosts=''"])
      expect(look(silent)).toBe('faults: 0\n');
  });

  it.skipIf(!isRoot).each([
    { name: 'a folder', path: '.ssh' },
    { name: 'a file', path: '.ssh/authorized_keys' },
  ])("says whose it is if $name there is root's, before it changes anything", ({ path }) => {
    makeSshFolder(0o700);
    if (path !== '.ssh') writeFileSync(join(home, path), '', { mode: 0o600 });
    chownSync(join(home, path), 0, 0);
    const { stdout } = run(`hosts=; look_for_keys && echo goes on`);
    expect(stdout).toMatch(
      new RegExp(
        `^failed +key +/home/${path} is another's \\(\\S+ root:root\\), and ${account} can put no key there\nfix +key +chown -h ${account}: /home/${path}\nfaults: 1\n$`,
      ),
    );
    give(join(home, path));
    expect(run(`hosts=; look_for_keys && echo goes on`).stdout).toBe('goes on\nfaults: 0\n');
  });

  it('leaves authorized_keys a link, and changes the file that it leads to', () => {
    makeSshFolder(0o700);
    const real = join(home, 'keys');
    writeFileSync(real, '# mine\n');
    give(real, 0o600);
    symlinkSync(real, keyFile());
    expect(run('add_keys').stdout).toMatch(/^changed +key /);
    expect([readlinkSync(keyFile()), readFileSync(real, 'utf8')]).toEqual([real, `# mine\n${key}\n`]);
    expect(run('undo_all').stdout).toMatch(/faults: 0\n$/);
    expect([readlinkSync(keyFile()), readFileSync(real, 'utf8')]).toEqual([real, '# mine\n']);
  });

  it.each([
    { name: 'a FIFO', make: (path: string) => execFileSync('mkfifo', [path]), says: 'is not a regular file' },
    {
      name: 'a link to /dev/zero',
      make: (path: string) => symlinkSync('/dev/zero', path),
      says: 'is not a regular file',
    },
    { name: 'a folder', make: (path: string) => mkdirSync(path), says: 'is a folder' },
    ...(isRoot
      ? [
          {
            name: 'a link to a file of root',
            make: (path: string) => symlinkSync('/etc/shadow', path),
            says: 'cannot be read as nobody',
          },
          {
            name: 'more than a MiB',
            make: (path: string) => {
              writeFileSync(path, '#\n'.repeat(600_000));
              give(path);
            },
            says: 'is larger than',
          },
        ]
      : []),
  ])('does not change authorized_keys if it is $name, and keeps no copy of it', ({ make, says }) => {
    makeSshFolder(0o700);
    make(keyFile());
    const { stdout } = run('add_keys');
    expect(stdout).toMatch(/^failed +key /);
    expect(stdout).toContain(says);
    expect(stdout).toMatch(/faults: 1\n$/);
    expect(stateFiles().filter((size) => size > 0)).toEqual([]);

    rmSync(keyFile(), { recursive: true });
    expect(run('add_keys').stdout).toMatch(/^changed +key /);
    rmSync(keyFile());
    make(keyFile());
    const undone = run('undo_all').stdout;
    expect(undone).toMatch(/^failed +undo .*it is not changed$/m);
    expect(undone).toContain(says);
  });

  it.skipIf(!isRoot)('takes no file for gone that it cannot look at: the account is gone', () => {
    expect(run('add_keys').stdout).toMatch(/^changed +key /);
    const journal = join(root, 'var/lib/vmssh/done');
    writeFileSync(journal, readFileSync(journal, 'utf8').replaceAll(account, 'nobody-here'));
    const undone = run('undo_all').stdout;
    expect(undone).toMatch(
      /^failed +undo .*authorized_keys cannot be examined as nobody-here: it is not changed$/m,
    );
    expect(undone).toMatch(/faults: 1\n$/);
    expect([existsSync(keyFile()), existsSync(journal)]).toEqual([true, true]);
  });

  it.skipIf(!isRoot)('asks once what a file is: a second look may be late', () => {
    expect(run('add_keys').stdout).toMatch(/^changed +key /);
    mkdirSync(join(root, 'bin'));
    writeFileSync(join(root, 'bin/test'), '#!/bin/sh\nexit 137\n', { mode: 0o755 });
    expect(run('undo_all').stdout).toMatch(/^changed +undo .*authorized_keys removed$/m);
  });

  it.skipIf(!isRoot).each([
    ['echo "invalid option -- w" >&2; exit 1', /^invalid option -- w\nfix +account +get util-linux\n/],
    ['kill -KILL $$', /^it took more than 10 s, so the machine is too busy\nend /],
  ])('says why root cannot act as an account: %s', (ends, says) => {
    mkdirSync(join(root, 'bin'));
    writeFileSync(join(root, 'bin/setsid'), `#!/bin/sh\n${ends}\n`, { mode: 0o755 });
    for (const step of ['add_keys', 'hush']) {
      const { stdout } = run(`PATH="$R/bin:$PATH"; install_command() { echo "get $1"; }; ${step}`);
      const [, why] = stdout.split(/^failed +account +root cannot act as nobody here: /);
      expect(why).toMatch(says);
    }
    expect(readdirSync(home)).toEqual([]);
  });

  it('says that .hushlogin is not there if it cannot be made', () => {
    give(home, 0o500);
    expect(run('hush').stdout).toMatch(/^failed +hushlogin .*denied\n(hint .*\n)?faults: 1\n$/);
    chmodSync(home, 0o700);
    expect(run('hush').stdout).toMatch(/^changed +hushlogin .*\nfaults: 0\n$/);
    expect(run('hush').stdout).toMatch(/^ok +hushlogin .*\nfaults: 0\n$/);
    expect(run('undo_all').stdout).toMatch(/\.hushlogin removed\nfaults: 0\n$/);
  });

  it('touches nothing in a home if it cannot be noted before', () => {
    mkdirSync(join(root, 'var/lib'), { recursive: true });
    writeFileSync(join(root, 'var/lib/vmssh'), '');
    const { stdout } = run('add_keys; hush');
    expect(stdout).toMatch(/^failed +key .*\n(hint .*\n)?failed +hushlogin .*\n(hint .*\n)?faults: 2\n$/);
    expect(readdirSync(home)).toEqual([]);
  });

  it.skipIf(!isRoot)(
    'waits forever neither for a file in a home nor for a process left running there',
    () => {
      execFileSync('mkfifo', [join(home, 'fifo')]);
      chmodSync(join(home, 'fifo'), 0o666);
      const { stdout } = run(
        `as_seconds=1; as ${account} cat "$R/home/fifo"; echo "$?"
       as ${account} sh -c 'setsid cat "$1" &' sh "$R/home/fifo"; echo "$?"
       timeout 10 sh -c 'echo all >"$1"' sh "$R/home/fifo"; echo "$?"`,
      );
      expect(stdout).toMatch(/^137\n1\n0\nfaults: 0\n$/);
    },
  );

  it.skipIf(!isRoot || lacks('script'))("keeps a home's programs off root's terminal", async () => {
    const look = `if [ -t 1 ] || [ -t 2 ] || true </dev/tty; then echo terminal; fi; cut -d ' ' -f 6 /proc/self/stat`;
    const script = join(root, 'run/script');
    writeFileSync(
      script,
      `${parts}\nas ${account} sh -c "${look}" </dev/null; cut -d ' ' -f 6 /proc/$$/stat`,
    );
    const { stdout } = await onTerminal([...command, script], /never/, '');
    const [inHome, ours] = stdout.trim().split('\r\n');
    expect([inHome, ours]).toEqual([expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/)]);
    expect(inHome).not.toBe(ours);
  });

  it.skipIf(!isRoot)('reads no more from a home than it needs', () => {
    const { stdout } = run(`as ${account} cat /dev/zero | wc -c`);
    expect(Number(stdout.split('\n')[0])).toBeLessThan(1_100_000);
  });
});
