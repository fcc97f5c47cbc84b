import { describe, expect, it } from 'vitest';
import { otherGroup, type RefusalEffects, refusalFix } from '../../src/process/refusal-fix.js';

const bad = (path: string) => `Bad owner or permissions on ${path}\r\n`;
const owners =
  (all: Readonly<Record<string, number>>): RefusalEffects['look'] =>
  (path) => {
    const uid = all[path];
    return uid === undefined ? undefined : { uid };
  };
const [own, site] = ['/home/ann/.ssh/config', '/etc/ssh/ssh_config.d/05-redhat.conf'];
const ofAnn = { '/home/ann/.ssh': 1000, '/etc/ssh/ssh_config.d': 0 };

describe('what to do where ssh refuses its configuration', () => {
  it.each<{ said: string; owner?: number; uid?: number; hides?: boolean; fix: RegExp | undefined }>([
    { said: bad(own), owner: 1000, fix: /^chmod go-w \/home\/ann\/\.ssh\/config$/ },
    { said: bad(site), owner: 0, fix: /^sudo chmod go-w \/etc\/ssh\/\S+$/ },
    { said: bad(site), owner: 0, uid: 0, fix: /^chmod go-w / },
    { said: bad(site), owner: 1001, fix: /^sudo chown root \/etc\/ssh\/\S+$/ },
    { said: bad(site), owner: 65_534, fix: /^sudo chown root / },
    {
      said: bad(site),
      owner: 65_534,
      hides: true,
      fix: /^its owner has no number in this user namespace.*ssh -F ~\/\.ssh\/config NAME/,
    },
    // A file of home-manager's, by a link.
    { said: bad(own), owner: 0, uid: 1000, fix: /^sudo chmod go-w / },
    { said: bad(own), owner: 1001, fix: /^a copy .*: cp (\S+) \1\.own && mv -f \1\.own \1 && chmod 600 \1$/ },
    { said: bad(own), owner: 65_534, hides: true, fix: /^a copy of your own/ },
    { said: bad(own), fix: undefined },
    { said: `${own}: line 3: Bad configuration option: x`, fix: /^correct or remove line 3 of \S+config$/ },
    { said: `${own} line 3: Unsupported option "x"`, fix: /^correct or remove line 3 of \S+config$/ },
    {
      said: '/home/ann/.ssh/vmssh.conf: line 9: Bad configuration option: x',
      fix: /^vmssh config install writes it for this ssh; .*share/,
    },
    {
      said: `debug1: ${own} line 1: Applying options for *\r\nssh: Could not resolve host "web"\r\n`,
      fix: /^put CanonicalizeHostname below the Include of vmssh\.conf: /,
    },
    { said: `debug1: ${own} line 1: Applying options for *\r\nBus error`, fix: undefined },
    {
      said: `${own}: line 1: Bad configuration option: \\357\\273\\277#`,
      fix: /^sed -i '1s\/\^\\xef\\xbb\\xbf\/\/' \S+config, which takes out the byte order mark/,
    },
    { said: 'command-line: line 0: Bad configuration option: x', fix: undefined },
    { said: 'No user exists for uid 54321', fix: /\/etc\/passwd: add one$/ },
    {
      said: 'vdollar_percent_expand: unknown key %b',
      fix: /^a path of ssh, such as HOME, has a "%".*%% for each %$/,
    },
    {
      said: "Can't open user config file /h/a b: Permission denied\r\n",
      fix: /^sudo chown "\$\(id -un\)" '\/h\/a b' && chmod 600 '\/h\/a b'$/,
    },
    {
      said: `vdollar_percent_expand: env var \${XDG_RUNTIME_DIR} has no value: ${own} line 2: Invalid environment expansion x.`,
      fix: /^export XDG_RUNTIME_DIR=.*, as where you logged in, or write the path there in its place$/,
    },
    {
      said: 'OpenSSL version mismatch. Built against 30000020, you have 30200010',
      fix: /^unset LD_LIBRARY_PATH/,
    },
    {
      said: 'KnownHostsCommand-ORDER: setresgid 2000: Operation not permitted\nKnownHostsCommand failed',
      fix: /^newgrp, without a name, /,
    },
    {
      said: 'KnownHostsCommand-ORDER: setresgid 2000: Invalid argument\nKnownHostsCommand failed',
      fix: /^in this user namespace .*ssh -o KnownHostsCommand=none NAME$/,
    },
    { said: 'Bus error', fix: undefined },
  ])('$said of $owner', ({ said, owner, uid = 1000, hides = false, fix }) => {
    const all = owner === undefined ? ofAnn : { ...ofAnn, [own]: owner, [site]: owner };
    const effects = { platform: 'linux', uid, look: owners(all), hidesOwners: () => hides } as const;
    const found = refusalFix(said, effects);
    if (fix === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(fix);
  });

  it('is the option of the mount in WSL, where a drive of Windows takes no chmod', () => {
    const config = '/mnt/c/Users/ann/.ssh/config';
    const fix = (uid: number, name: string) =>
      refusalFix(bad(own), { platform: 'linux', uid, look: owners({ [own]: 0 }), real: () => name });
    expect(fix(1000, config)).toMatch(
      /^in \/etc\/wsl\.conf .*options = metadata.*wsl\.exe --shutdown.*chmod 600 \/mnt\/c/,
    );
    expect(fix(0, config)).toMatch(/^in \/etc\/wsl\.conf/);
    expect(fix(1000, own)).toMatch(/^sudo chmod go-w /);
  });

  it('names on Windows the file, or the folder of one that is not there', () => {
    const look = owners({ 'C:/a b/config': 0 });
    expect(refusalFix(bad('C:/a b/config'), { platform: 'win32', look })).toMatch(
      /icacls "C:\/a b\/config"$/,
    );
    expect(refusalFix(bad('C:/a b/x'), { platform: 'win32', look })).toMatch(/icacls "C:\/a b"$/);
  });
});

it('a group that is not that of the password database is another one, but for root', () => {
  const ids = (...[uid, ...gids]: readonly number[]) =>
    `Name:\tnode\nUid:\t${[uid, uid, uid, uid].join('\t')}\nGid:\t${[...gids, 999].join('\t')}\nFDSize:\t64\n`;
  expect(otherGroup(1000, ids(1000, 999, 999, 999))).toEqual({
    problem: expect.stringMatching(
      /^this group is 999, and that of the password database 1000, as after newgrp/,
    ),
    fix: expect.stringMatching(/^newgrp, /),
  });
  for (const status of [ids(1000, 1000, 1000, 1000), ids(1000, 999, 999, 1000), ids(0, 999, 999, 999), ''])
    expect(otherGroup(1000, status)).toBe(undefined);
  expect(otherGroup(undefined, ids(1000, 999, 999, 999))).toBe(undefined);
});
