import { describe, expect, it } from 'vitest';
import { abilitiesOf, sshAbilities } from '../../src/process/ssh-version.js';
import { configText } from '../../src/ssh/config/text.js';

const program = ['C:\\vmssh.exe'];

describe('what an ssh can do', () => {
  it.each([
    {
      says: 'OpenSSH_for_Windows_7.7p1, LibreSSL 2.6.5',
      givesTyped: false,
      includesDrives: false,
      forwardsPaths: false,
      warnsOfKex: false,
    },
    {
      says: 'OpenSSH_8.0p1, OpenSSL 1.1.1k  FIPS 25 Mar 2021',
      givesTyped: false,
      includesDrives: true,
      forwardsPaths: false,
      warnsOfKex: false,
    },
    {
      says: 'OpenSSH_for_Windows_8.1p1, LibreSSL 3.0.2',
      givesTyped: true,
      includesDrives: true,
      forwardsPaths: false,
      warnsOfKex: false,
    },
    {
      says: 'OpenSSH_10.0p2 Debian-7, OpenSSL 3.5.0',
      givesTyped: true,
      includesDrives: true,
      forwardsPaths: true,
      warnsOfKex: false,
    },
    {
      says: 'OpenSSH_10.6p1 Debian-1, OpenSSL 3.6.5 29 Sep 2026',
      ...{ givesTyped: true, includesDrives: true, forwardsPaths: true },
      warnsOfKex: true,
    },
    {
      says: 'OpenSSH_9.2p1 Debian-2',
      givesTyped: true,
      includesDrives: true,
      forwardsPaths: false,
      warnsOfKex: false,
    },
    {
      says: 'another program',
      givesTyped: true,
      includesDrives: true,
      forwardsPaths: true,
      warnsOfKex: false,
    },
  ])('$says', ({ says, ...want }) => expect(abilitiesOf(says)).toEqual(want));

  it('is that of a current one if there is none', async () => {
    expect(await sshAbilities({ PATH: '/nowhere' })).toEqual({
      givesTyped: true,
      includesDrives: true,
      forwardsPaths: true,
      warnsOfKex: false,
    });
  });
});

describe('the lines for an ssh before 8.1', () => {
  it.each([
    { platform: 'win32', want: 'ProxyCommand "C:/vmssh.exe" proxy "%h" %p\n' },
    { platform: 'linux', want: "proxy '%h' %p\n" },
  ] as const)('have no %n on $platform, which is fatal there', ({ platform, want }) => {
    const text = configText({ program, fdpass: false, platform, givesTyped: false });
    expect(text).toContain(want);
    expect(text).not.toContain('%n');
  });
});
