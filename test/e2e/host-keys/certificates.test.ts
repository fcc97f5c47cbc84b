import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lacks } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';
import { type CertificateOptions, isIn, ssh, useKeyBed } from './key-bed.js';
import { missingOwnHome } from './own-home.js';

const missing = lacks('ssh', 'sshd') ?? missingOwnHome();
const name = 'web';
const policies = ['yes', 'ask', 'accept-new', 'no'] as const;
/** Whether ssh lets it in under yes, and under no. */
const always = [true, true];
const never = [false, false];
/** As of a plain key that nobody vouches for. */
const asUnknown = [false, true];

describe.skipIf(missing)('a host certificate', () => {
  const bed = useKeyBed(name);
  const cas = { ca: '', other: '' };
  beforeAll(() => {
    cas.ca = bed.authority('ca');
    cas.other = bed.authority('other');
  });
  const listed = (hosts = name, which: keyof typeof cas = 'ca') => `@cert-authority ${hosts} ${cas[which]}\n`;

  interface Case {
    readonly what: string;
    /** In ~/.ssh/known_hosts. */
    readonly known: () => string;
    readonly certificate?: CertificateOptions;
    readonly lines?: () => string;
    readonly want: readonly boolean[];
    /** ssh's own words. */
    readonly says?: RegExp;
  }

  /** Of RevokedHostKeys: a list of revoked serials of the CA. */
  const revokedSerial = (serial: number) => {
    const [spec, list] = [join(bed.dir, 'spec'), join(bed.dir, 'krl')];
    writeFileSync(spec, `serial: ${serial}\n`);
    rmSync(list, { force: true });
    spawnSync('ssh-keygen', ['-q', '-k', '-f', list, '-s', join(bed.dir, 'ca.pub'), spec]);
    return `Host *\n    RevokedHostKeys ${list}\n`;
  };
  const named = (hosts: string) => {
    const path = join(bed.dir, 'authorities');
    writeFileSync(path, listed(hosts));
    return `Host *\n    UserKnownHostsFile ~/.ssh/known_hosts ${path}\n`;
  };

  it.each<Case>([
    { what: 'of a CA of the user', known: () => listed(), want: always },
    { what: 'of a CA of the user for a pattern', known: () => listed('db,w?b'), want: always },
    {
      what: 'of a CA in a file that the configuration names',
      known: () => '',
      lines: () => named('*'),
      want: always,
    },
    { what: 'of a CA for other names', known: () => listed('*,!web'), want: asUnknown },
    { what: 'of a CA that nobody lists', known: () => listed('*', 'other'), want: asUnknown },
    {
      what: 'of a CA that nobody lists, and expired',
      known: () => '',
      certificate: { validity: '-2d:-1d' },
      want: asUnknown,
    },
    {
      what: 'that has expired',
      known: () => listed(),
      certificate: { validity: '-2d:-1d' },
      ...{ want: never, says: /Certificate invalid: expired/ },
    },
    {
      what: 'that is not yet valid',
      known: () => listed(),
      certificate: { validity: '+1d:+2d' },
      ...{ want: never, says: /Certificate invalid: not yet valid/ },
    },
    {
      what: 'for another principal',
      known: () => listed('*'),
      certificate: { principals: 'db' },
      ...{ want: never, says: /Certificate invalid: name is not a listed principal/ },
    },
    { what: 'of a CA that is revoked', known: () => `${listed()}@revoked * ${cas.ca}\n`, want: never },
    { what: 'of a key that is revoked', known: () => `${listed()}@revoked * ${bed.key('a')}\n`, want: never },
    {
      what: 'with a serial that is revoked',
      known: () => listed(),
      lines: () => revokedSerial(1),
      want: never,
    },
    {
      what: 'with another serial than a revoked one',
      known: () => listed(),
      lines: () => revokedSerial(2),
      want: always,
    },
    {
      what: 'by an algorithm that the user does not take',
      known: () => listed(),
      lines: () => 'Host *\n    CASignatureAlgorithms ecdsa-sha2-nistp256\n',
      want: never,
    },
  ])('$what', async ({ known, certificate = {}, lines, want, says }) => {
    bed.lists({ at: 'a', id: '1' });
    const areIn: boolean[] = [];
    for (const call of [['yes'], ['no'], ['vmssh', 'yes']]) {
      bed.begin(lines?.(), known());
      bed.certify('a', certificate);
      const told = `-oStrictHostKeyChecking=${call.at(-1)}`;
      const byVmssh = ['ssh', told, name, 'exit 7'];
      const result = await (call.length > 1 ? bed.vmssh(...byVmssh) : bed.ssh(name, told));
      areIn.push(isIn(result));
      if (says) expect(result.stderr).toMatch(says);
      // Nobody else's word is kept as if it were ours.
      if (want === always) expect(bed.kept()).not.toContain(bed.key('a'));
    }
    expect(areIn).toEqual([...want, want[0]]);
  });

  const isLetIn = async (policy: (typeof policies)[number]) =>
    isIn(await bed.ssh(name, `-oStrictHostKeyChecking=${policy}`));
  const setKnown = (text: string) => writeFileSync(join(bed.sshFolder, 'known_hosts'), text);

  it('counts as long as it is valid and its CA is listed', async () => {
    bed.lists({ at: 'a', id: '1' });
    bed.begin('', listed());
    bed.certify('a', {});
    expect([await isLetIn('yes'), await isLetIn('yes')]).toEqual([true, true]);
    bed.certify('a', { validity: '-2d:-1d' });
    for (const policy of policies) expect(await isLetIn(policy)).toBe(false);
    bed.certify('a', {});
    setKnown(listed(name, 'other'));
    expect(await isLetIn('yes')).toBe(false);
    // The CA is another one now.
    bed.certify('a', { ca: 'other' });
    expect(await isLetIn('yes')).toBe(true);
    setKnown(`${listed()}${listed(name, 'other')}`);
    expect(await isLetIn('yes')).toBe(true);
  });

  it.each([
    { what: 'by its certificate', isPlain: false },
    { what: 'by its plain key', isPlain: true },
  ])('lets a machine in that was known $what and is made again, without forget', async ({ isPlain }) => {
    for (const id of ['1', '2']) {
      bed.lists({ at: 'a', id: '1' });
      bed.begin('', listed());
      if (!isPlain) bed.certify('a', {});
      expect(await isLetIn('accept-new')).toBe(true);
      expect(await isLetIn('yes')).toBe(true);
      bed.lists({ at: 'b', id });
      bed.certify('b', { validity: '-2d:-1d' });
      expect(await isLetIn('no')).toBe(false);
      bed.certify('b', { principals: id === '1' ? 'WEB' : 'w*' });
      expect(await isLetIn('no')).toBe(false);
      bed.certify('b', {});
      expect(await isLetIn('yes')).toBe(true);
    }
  });

  it('that has expired is refused by check as by ssh, also where plain ssh reads no Host', async () => {
    bed.lists({ at: 'a', id: '1' });
    bed.begin('', listed());
    bed.certify('a', { validity: '-2d:-1d' });
    const config = join(bed.sshFolder, 'config');
    writeFileSync(config, readFileSync(config, 'utf8').replace(/^Include .*/, ''));
    const { code, stdout } = await bed.vmssh('check', name);
    const says = /Certificate invalid: expired\n +fix: give the machine a new host certificate/;
    expect([code, stdout]).toEqual([1, expect.stringMatching(says)]);
  });

  it('goes with a certificate of the user that only the agent has', async () => {
    bed.lists({ at: 'a', id: '1' });
    bed.begin('', listed());
    bed.certify('a', {});
    const [key, socket] = [join(bed.dir, 'user'), join(bed.dir, 'agent')];
    for (const words of [
      ['-q', '-t', 'ed25519', '-N', '', '-f', key],
      ['-q', '-s', join(bed.dir, 'ca'), '-I', 'u', '-n', userInfo().username, `${key}.pub`],
    ])
      expect(spawnSync('ssh-keygen', words).status).toBe(0);
    const config = join(bed.dir, 'a/sshd_config');
    const text = readFileSync(config, 'utf8').replace(/^AuthorizedKeysFile .*/m, 'AuthorizedKeysFile none');
    writeFileSync(config, `TrustedUserCAKeys ${join(bed.dir, 'ca.pub')}\n${text}`);
    const [, pid = ''] =
      /SSH_AGENT_PID=(\d+)/.exec(spawnSync('ssh-agent', ['-a', socket]).stdout.toString()) ?? [];
    try {
      const env = { ...bed.env, SSH_AUTH_SOCK: socket };
      expect(spawnSync('ssh-add', ['-q', key], { env }).status).toBe(0);
      for (const each of [key, `${key}-cert.pub`]) rmSync(each);
      const only = ['-oIdentityFile=none', '-oIdentitiesOnly=no', '-oStrictHostKeyChecking=yes'];
      for (const program of [[ssh], ['node', 'dist/vmssh.js', 'ssh']]) {
        const login = [...bed.within, ...program, ...only, name, 'exit 7'];
        expect(await run(login, { env, detached: true })).toMatchObject({ code: 7 });
      }
    } finally {
      process.kill(Number(pid));
    }
  });
});
