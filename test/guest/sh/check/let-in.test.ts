import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountScript } from '../../../../src/guest/script.js';
import { findProgram, missingPrograms } from '../../../helpers/programs.js';
import { skip } from '../../../helpers/skips.js';
import { makePrivsepFolder } from '../../../helpers/sshd.js';
import { eachRow } from '../../../helpers/tables/rows.js';
import { script, useTempDir } from '../../../helpers/temp-dir.js';
import { functionsOf, given, root, useRoot } from '../guest.js';

const missing = missingPrograms({ sshd: 'openssh-server', 'ssh-keygen': 'openssh-client' });
const uid = process.getuid?.() ?? 0;
const isRoot = uid === 0;
const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA${'I'.repeat(44)} me@host`;

// sshd is real: it reads a configuration of its own, and says what it would do. The accounts are made up, and nobody else's program runs.
describe.skipIf(missing)(`the account of vmssh setup${missing ? `: ${missing}` : ''}`, () => {
  useRoot();
  const dir = useTempDir();
  beforeAll(() => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'key')]);
  });
  beforeEach(() => {
    makePrivsepFolder();
    mkdirSync(join(root, 'home/ann'), { recursive: true });
    mkdirSync(join(root, 'home/bob'));
    for (const path of ['', 'home', 'home/ann', 'home/bob']) chmodSync(join(root, path), 0o755);
    if (isRoot) for (const name of ['ann', 'bob']) chownSync(join(root, 'home', name), 1000, 1000);
    account('ann:x:1000:1000::/home/ann:/shell');
  });

  /** Makes these the only ones besides root, which is in each machine. */
  function account(...passwd: readonly string[]): void {
    given({ passwd: `root:x:0:0::/root:/shell\n${passwd.map((line) => `${line}\n`).join('')}` });
  }

  /** The rows, "state name text". `shadow`: fields of the account's line after its name. */
  function setUp(
    config: string,
    {
      look = true,
      user = '',
      shadow = '*:20000:0:99999:7:::',
      hostKey = true,
      hosts = [] as string[],
      keys = [key],
      proc = '/proc',
      runuser = 'shift 3; exec "$@"',
    } = {},
  ): readonly string[] {
    const sshd = findProgram('sshd') ?? '';
    given({
      sshd_config: `${hostKey ? `HostKey ${dir}/key\n` : ''}${config}`,
      shell: '#!/bin/sh\n',
      etc: undefined,
    });
    chmodSync(join(root, 'shell'), 0o755);
    for (const folder of ['bin', 'usr/sbin', 'etc/ssh', 'root'])
      mkdirSync(join(root, folder), { recursive: true });
    copyFileSync(join(dir, 'key.pub'), join(root, 'etc/ssh/ssh_host_ed25519_key.pub'));
    script(join(root, 'usr/sbin/sshd'), `exec ${sshd} "$@" -f '${join(root, 'sshd_config')}'`);
    // Only this machine's accounts have names.
    const owner = `case $each in ann | bob) each=${isRoot ? 1000 : uid} ;; root) each=${uid} ;; esac`;
    const words = `for each; do shift; ${owner}; set -- "$@" "$each"; done`;
    script(join(root, 'bin/find'), `${words}; exec ${findProgram('find')} "$@"`);
    script(join(root, 'bin/runuser'), runuser);
    script(join(root, 'bin/id'), `case $1 in -u) [ $# = 1 ] && echo 0 || echo 1000 ;; *) echo users ;; esac`);
    const passwd = `[ $# = 1 ] && exec cat '${root}/passwd'; grep "^$2:" '${root}/passwd'`;
    script(join(root, 'bin/getent'), `case $1 in passwd) ${passwd} ;; shadow) echo "$2:${shadow}" ;; esac`);
    const text = accountScript({
      account: user,
      keys,
      look,
      over: 'exec',
      hosts,
      saysHostKeys: true,
    }).replaceAll('/proc/self', `${proc}/self`);
    const there = `set -u\nPATH="$1/bin:$PATH"\n${functionsOf(text)}\nset_up_account </dev/null`;
    const { stdout, stderr } = spawnSync('sh', ['-s', root], { encoding: 'utf8', input: there });
    expect(stderr).toBe('');
    return stdout.split('\n').map((line) => line.replace(/ +/g, ' '));
  }

  it('gets its key where sshd reads it, also if that has no host key yet', () => {
    expect(setUp('', { hostKey: false })).toEqual(
      expect.arrayContaining([
        'ok account ann',
        'changed key the key goes into /home/ann/.ssh/authorized_keys of ann',
      ]),
    );
    expect(existsSync(join(root, 'home/ann/.ssh'))).toBe(false);
  });

  it('gets its key beside a second factor, which stays', () => {
    const said = setUp('AuthenticationMethods publickey,keyboard-interactive\n', { look: false });
    expect(said).toContain('changed key 1 put into /home/ann/.ssh/authorized_keys of ann');
    expect(said.filter((line) => /^(?:failed|fix|hint) /.test(line))).toEqual([]);
  });

  it.each([
    { file: '/etc/ssh/keys/%u', path: 'etc/ssh/keys/ann', mode: 0o644 },
    { file: '%h/keys/%U .ssh/authorized_keys', path: 'home/ann/keys/1000', mode: 0o600 },
  ])('gets its key in $file', ({ file, path, mode }) => {
    const config = `AuthorizedKeysFile ${file}\n`;
    expect(setUp(config)).toContain(`changed key the key goes into /${path} of ann`);
    expect(setUp(config, { look: false })).toContain(`changed key 1 put into /${path} of ann`);
    expect(readFileSync(join(root, path), 'utf8')).toBe(`${key}\n`);
    if (isRoot) expect(statSync(join(root, path)).mode & 0o777).toBe(mode);
    expect(setUp(config)).toContain('ok key ann has the key already');
  });

  describe.skipIf(!isRoot && skip('needs root'))('without StrictModes', () => {
    const config = 'StrictModes no\nAuthorizedKeysFile /open/keys/%u\n';
    const runuser = 'shift 3; exec setpriv --reuid=1000 --regid=1000 --clear-groups -- "$@"';
    const secret = () => join(root, 'root/keys');
    beforeEach(() => {
      mkdirSync(join(root, 'open/keys'), { recursive: true });
      mkdirSync(join(root, 'root'), { recursive: true });
      for (const each of [dirname(root), join(root, 'open')]) chmodSync(each, 0o755);
      writeFileSync(secret(), "root's\n", { mode: 0o600 });
    });

    it.each([
      { name: 'that all can write to', mode: 0o1777, gid: 0 },
      { name: "that the account's group can write to", mode: 0o775, gid: 1000 },
    ])('root follows no link of the account in a folder $name', ({ mode, gid }) => {
      chownSync(join(root, 'open/keys'), 0, gid);
      chmodSync(join(root, 'open/keys'), mode);
      symlinkSync(secret(), join(root, 'open/keys/ann'));
      expect(setUp(config, { look: false, runuser }).join('\n')).toMatch(
        /^failed key \/open\/keys\/ann is another's .*\nhint key see where its links lead$/m,
      );
      expect(readFileSync(secret(), 'utf8')).toBe("root's\n");
      unlinkSync(join(root, 'open/keys/ann'));
      expect(setUp(config, { look: false, runuser })).toContain(
        'changed key 1 put into /open/keys/ann of ann',
      );
      expect(statSync(join(root, 'open/keys/ann')).uid).toBe(1000);
    });

    it.each([
      { name: "of the account's", target: 'home/ann/keys', by: 1000 },
      { name: 'of root that only root can change', target: 'srv/keys', by: 0 },
    ])('a folder by a link $name', ({ target, by }) => {
      mkdirSync(join(root, target), { recursive: true });
      for (const each of [join(root, target), dirname(join(root, target))]) chmodSync(each, 0o755);
      chownSync(join(root, target), by, by);
      rmSync(join(root, 'open/keys'), { recursive: true });
      symlinkSync(relative(join(root, 'open'), join(root, target)), join(root, 'open/keys'));
      expect(setUp(config, { look: false, runuser })).toContain(
        'changed key 1 put into /open/keys/ann of ann',
      );
      expect(statSync(join(root, target, 'ann')).uid).toBe(by);
    });
  });

  it.each(['home/ann', 'home/ann/.ssh', 'home/ann/.ssh/authorized_keys'])(
    'gets no key where %s is of this host',
    (path) => {
      mkdirSync(join(root, 'home/ann/.ssh'), { mode: 0o700 });
      writeFileSync(join(root, 'home/ann/.ssh/authorized_keys'), '', { mode: 0o600 });
      if (isRoot)
        for (const each of ['.ssh', '.ssh/authorized_keys'])
          chownSync(join(root, 'home/ann', each), 1000, 1000);
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      const mark = ({ dev, ino } = statSync(join(root, path))) => [boot, `${dev}.${ino}`];
      const hosts = mark();
      for (const [look, hostKey] of [
        [true, true],
        [true, false],
        [false, false],
      ] as const)
        expect(setUp('', { look, hosts, hostKey })).toEqual([
          'ok sshd /usr/sbin/sshd is there',
          'ok account ann',
          "failed key /home/ann/.ssh/authorized_keys is this host's own, which the machine shares: the key would let in here too",
          'hint key if you mean that: --shared-home',
          'end 2 nothing was changed',
          '',
        ]);
      expect(setUp('AuthorizedKeysFile /etc/ssh/keys/%u', { hosts })).toContain(
        'changed key the key goes into /etc/ssh/keys/ann of ann',
      );
      expect(setUp('', { look: false })).toContain(
        'changed key 1 put into /home/ann/.ssh/authorized_keys of ann',
      );
      expect(setUp('', { hosts: mark() })).toContain('ok key ann has the key already');
    },
  );

  it('ends with the host keys that are there', () => {
    const key = expect.stringMatching(/^ok host-key ssh-ed25519 AAAA\S+$/);
    expect(setUp('', { look: false }).slice(-3)).toEqual([key, 'end 0 done', '']);
  });

  it('changes nothing without /proc, by which runs tell each other apart', () => {
    for (const look of [true, false])
      expect(setUp('', { look, proc: join(root, 'proc') })).toEqual([
        'failed root /proc is not mounted here',
        'fix root mount -t proc proc /proc',
        'end 2 nothing was changed',
        '',
      ]);
  });

  it('takes of several files the first that sshd would accept', () => {
    mkdirSync(join(root, 'loose'));
    chmodSync(join(root, 'loose'), 0o777);
    expect(setUp('AuthorizedKeysFile /loose/%u .ssh/authorized_keys\n')).toContain(
      'changed key the key goes into /home/ann/.ssh/authorized_keys of ann',
    );
  });

  eachRow<{ config?: string; shadow?: string; before?: () => void; says: RegExp; fix: RegExp }>({
    'AllowUsers bob': { config: 'AllowUsers bob', says: /AllowUsers is bob/, fix: /AllowUsers bob +ann/ },
    'DenyUsers a*': { config: 'DenyUsers a*', says: /DenyUsers is a\*/, fix: /take ann out/ },
    'no keys at all': {
      config: 'PubkeyAuthentication no',
      says: /PubkeyAuthentication no/,
      fix: /PubkeyAuthentication yes/,
    },
    'a home that others can write to': {
      before: () => chmodSync(join(root, 'home/ann'), 0o777),
      says: /\/home\/ann can be written by users other than ann/,
      fix: /^fix key chmod go-w \/home\/ann$/,
    },
    'a locked account without PAM': {
      config: 'UsePAM no',
      shadow: '!:20000:0:99999:7:::',
      says: /is locked/,
      fix: /usermod -p '\*' ann/,
    },
    'an expired account': { shadow: '*:20000:0:99999:7::1:', says: /has expired/, fix: /chage -E -1 ann/ },
    'an expired password': {
      config: 'UsePAM yes',
      shadow: '*:0:0:99999:7:::',
      says: /password of ann has expired/,
      fix: /chage -d/,
    },
    'a forced command': {
      config: 'ForceCommand /bin/true',
      says: /only this for ann: \/bin\/true/,
      fix: /ForceCommand none/,
    },
    'a chroot without a shell': {
      config: `ChrootDirectory /home`,
      says: /ChrootDirectory \/home, which has no \/shell/,
      fix: /--user NAME/,
    },
    'a password alone': {
      config: 'AuthenticationMethods password',
      says: /takes no key from ann/,
      fix: /AuthenticationMethods publickey password'/,
    },
    'a second factor and no key': {
      config: 'AuthenticationMethods password,keyboard-interactive',
      says: /takes no key from ann: AuthenticationMethods password,keyboard-interactive/,
      fix: /^hint login log in by ssh, which asks for that; or let a key be one of them/,
    },
    'no file of keys': {
      config: 'AuthorizedKeysFile none',
      says: /from no file/,
      fix: /AuthorizedKeysFile \.ssh\/authorized_keys/,
    },
    'no file of keys, as certificates let in': {
      config: 'AuthorizedKeysFile none\nTrustedUserCAKeys /etc/ssh/ca.pub',
      says: /from no file/,
      fix: /^hint key log in by a certificate of a CA in \/etc\/ssh\/ca\.pub: ask those who keep/,
    },
    'a host key that others can read': {
      before: () => chmodSync(join(dir, 'key'), 0o644),
      says: /^failed host-keys .*Permissions 0644 for '.*\/key' are too open/,
      fix: /^fix host-keys chmod 600 \/.*\/key$/,
    },
    'a line that sshd does not know': {
      config: 'PermitRootLogn no',
      says: /^failed sshd-config .*Bad configuration option: PermitRootLogn/,
      fix: /^fix sshd-config sshd -t$/,
    },
    'no home': {
      before: () => account('ann:x:1000:1000::/gone:/shell'),
      says: /the home of ann, \/gone, is not there/,
      fix: /install -d -m 700 -o ann/,
    },
    'a home that systemd-homed has closed': {
      before() {
        rmSync(join(root, 'home/ann'), { recursive: true });
        mkdirSync(join(root, 'var/lib/systemd/home'), { recursive: true });
        writeFileSync(join(root, 'var/lib/systemd/home/ann.identity'), '');
      },
      says: /^failed account the home of ann is closed: systemd-homed/,
      fix: /^fix account homectl activate ann/,
    },
    'a shell that is not there': {
      before: () => account('ann:x:1000:1000::/home/ann:/bin/zsh'),
      says: /shell of ann, \/bin\/zsh, is not there/,
      fix: /usermod -s/,
    },
  })('says in the plan what keeps it out: $name', ({ config = '', shadow, before = () => {}, says, fix }) => {
    before();
    const rows = setUp(`${config}\n`, { shadow });
    expect(rows.find((row) => row.startsWith('failed '))).toMatch(says);
    expect(rows.find((row) => /^(?:fix|hint) /.test(row))).toMatch(fix);
    expect(rows.join('\n')).toMatch(/\nend 2 nothing was changed\n$/);
    // And it is not changed when it is run for real, either.
    expect(setUp(`${config}\n`, { shadow, look: false }).at(-2)).toBe('end 2 nothing was changed');
    expect(existsSync(join(root, 'var/lib/vmssh'))).toBe(false);
    chmodSync(join(dir, 'key'), 0o600);
  });

  it('needs no file of keys for a certificate', () => {
    const rows = setUp('AuthorizedKeysFile none\n', { keys: [] });
    expect(rows).toContain('ok account ann');
    expect(rows.filter((row) => /^(?:failed|changed) /.test(row))).toEqual([]);
  });

  it('is root, whose logins are off: that is said', () => {
    account();
    const rows = setUp('PermitRootLogin no\n');
    expect(rows.find((row) => row.startsWith('failed '))).toMatch(/results in PermitRootLogin no/);
  });

  it('is the first that sshd lets in; who was passed over is said', () => {
    account(
      'ann:x:1000:1000::/home/ann:/shell',
      'eve:x:1001:1001::/:/shell',
      'bob:x:1002:1002::/home/bob:/shell',
    );
    const rows = setUp('AllowUsers bob eve\n');
    expect(rows).toContain('ok account bob');
    expect(rows.filter((row) => row.startsWith('skipped account'))).toEqual([
      expect.stringMatching(
        /^skipped account ann is passed over: sshd does not let ann in: AllowUsers is bob/,
      ),
    ]);
  });
});
