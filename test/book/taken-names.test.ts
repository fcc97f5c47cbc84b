import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { mayBeGiven } from '../../src/book/names.js';
import { authorityFiles, usersNames } from '../../src/book/taken-names.js';
import { signed } from '../../src/ssh/config/file.js';
import { knownHostsNamedIn } from '../../src/ssh/config/users-files.js';
import { lacks } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

const missing = lacks('ssh-keygen');

const dir = useTempDir();
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBk1Y3Dw2BOZxrpS4wNYvXNqj5bQbSCAyVLFbwyVjpyw';
const inKnownHosts = 'the name is already in known_hosts';
const inConfig = 'the name is already in your ssh configuration';
const inSettings = 'your ssh configuration has a Host for the name';
const ofHost = "the name is this host's own";
let [folder, systemFolder] = ['', ''];

beforeEach(() => {
  const home = mkdtempSync(join(dir, 'h-'));
  [folder, systemFolder] = [join(home, '.ssh'), join(home, 'etc')];
  for (const each of [folder, systemFolder]) mkdirSync(each);
});

function asked(more: Partial<Parameters<typeof usersNames>[0]> = {}) {
  const host = { name: 'Desk.example', hosts: '' };
  return usersNames({ env: {}, platform: 'linux', folder, systemFolder, host, ...more });
}

function write(path: string, text: string): void {
  writeFileSync(path, text);
}

describe('a name in known_hosts', () => {
  it.each([
    { name: 'as it is', line: `gitserver ${key}\n` },
    { name: 'in other letters', line: `GitServer,192.0.2.1 ${key}` },
    { name: 'with a port', line: `[gitserver]:2222 ${key}\n` },
    { name: 'by a pattern', line: `git*,!gitlab ${key}\n` },
  ])("is the user's, $name", async ({ line }) => {
    write(join(folder, 'known_hosts'), `# comment\n\nbroken\n${line}`);
    const why = await asked();
    expect(['gitserver', 'GITSERVER', 'web'].map(why)).toEqual([inKnownHosts, inKnownHosts, undefined]);
    expect(why('gitlab')).toBe(undefined);
  });

  it("is nobody's by the line of a CA, which is told of", async () => {
    const file = join(folder, 'known_hosts');
    write(file, `@cert-authority git*,gitserver ${key}\n`);
    expect((await asked())('gitserver')).toBe(undefined);
    const said = await authorityFiles(['gitserver', 'web'], {
      env: {},
      platform: 'linux',
      folder,
      systemFolder: folder,
    });
    expect(said).toEqual([`${file} has a CA for gitserver: its certificates count for Host gitserver too`]);
  });

  it.skipIf(missing)('is found when ssh-keygen hashed it', async () => {
    const file = join(folder, 'known_hosts');
    write(file, `gitserver ${key}\nother ${key}\n`);
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
    const why = await asked();
    expect(['gitserver', 'Other', 'web'].map(why)).toEqual([inKnownHosts, inKnownHosts, undefined]);
  });

  it.skipIf(missing)(
    'is found when it was hashed with a port of the configuration, also if its bytes are not ASCII',
    async () => {
      const file = join(folder, 'known_hosts');
      write(join(folder, 'config'), 'Host somewhere\n    Port 4711\n    ProxyJump a,ann@hop:4713\n');
      write(file, `[größe]:4711 ${key}\n[other]:4711 ${key}\n[third]:4712 ${key}\n[hop]:4713 ${key}\n`);
      execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
      const why = await asked();
      expect(['größe', 'other', 'hop'].map(why)).toEqual([inKnownHosts, inKnownHosts, inKnownHosts]);
      expect(why('third')).toBe(undefined);
    },
  );

  it.skipIf(missing)('is found when it was hashed with a port that many use', async () => {
    const file = join(folder, 'known_hosts');
    write(file, `[git]:2222 ${key}\n[gerrit]:29418 ${key}\n`);
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
    const why = await asked();
    expect(['git', 'gerrit', 'web'].map(why)).toEqual([inKnownHosts, inKnownHosts, undefined]);
  });

  it('is found in the file of the system, and in those that the configuration names', async () => {
    write(join(systemFolder, 'ssh_known_hosts'), `a ${key}\n`);
    write(join(folder, 'known_hosts2'), `b ${key}\n`);
    write(join(folder, 'work'), `c ${key}\n`);
    write(join(folder, 'config'), 'UserKnownHostsFile ~/.ssh/work ~/.ssh/vmssh_known_hosts\n');
    write(join(folder, 'vmssh_known_hosts'), `d ${key}\n`);
    const why = await asked();
    expect(['a', 'b', 'c', 'd'].map(why)).toEqual([inKnownHosts, inKnownHosts, inKnownHosts, undefined]);
  });

  it('is found in a file whose path has variables and tokens', async () => {
    mkdirSync(join(folder, 'hosts.d'));
    write(join(folder, 'hosts.d/gitserver'), `a ${key}\n`);
    write(join(folder, 'work'), `b ${key}\n`);
    write(join(folder, 'config'), `UserKnownHostsFile %d/.ssh/hosts.d/%k \${AT}/work\n`);
    const why = await asked({ env: { AT: folder } });
    expect(['a', 'b'].map(why)).toEqual([inKnownHosts, inKnownHosts]);
  });

  it('is found with the domains that the configuration appends', async () => {
    write(join(folder, 'known_hosts'), `gitserver.example.org ${key}\n`);
    const domains = 'CanonicalDomains example.com example.org\n';
    write(join(folder, 'config'), domains);
    expect((await asked())('gitserver')).toBe(undefined);
    write(join(folder, 'config'), `CanonicalizeHostname always\n${domains}`);
    expect((await asked())('gitserver')).toBe(inKnownHosts);
  });

  it("is no user's if it is revoked, or stands for every host", async () => {
    write(join(folder, 'known_hosts'), `@revoked gitserver ${key}\n@cert-authority * ${key}\n`);
    expect((await asked())('gitserver')).toBe(undefined);
  });
});

describe('a name in ssh_config', () => {
  it.each([
    { text: 'Host GitServer other\n  User git', want: inSettings },
    { text: 'Match originalhost a,gitserver\n  User git', want: inSettings },
    { text: 'Match user=ann originalhost=gitserver\n  User git', want: inSettings },
    { text: 'Host git* !gitlab\n  ProxyJump bastion', want: inConfig },
    { text: 'Host git*\n  User git', want: undefined },
    { text: 'Host git* !gitserver\n  HostName x', want: undefined },
    { text: 'Host *\n  ProxyJump bastion', want: undefined },
    {
      text: 'CanonicalizeHostname yes\nCanonicalDomains corp\nHost *.corp\n  ProxyJump hop',
      want: undefined,
    },
    {
      text: 'CanonicalizeHostname yes\nCanonicalDomains corp\nHost gitserver.corp\n  ProxyJump hop',
      want: inConfig,
    },
    { text: 'Host gitserver\n  ProxyCommand vmssh proxy machine/gitserver %p', want: undefined },
    { text: signed('Host gitserver\n  HostName x\n'), want: undefined },
  ])('$text', async ({ text, want }) => {
    write(join(folder, 'config'), text);
    expect((await asked())('gitserver')).toBe(want);
    write(join(folder, 'config'), '');
    write(join(systemFolder, 'ssh_config'), text);
    expect((await asked())('gitserver')).toBe(want);
  });

  it('counts with vmssh as its proxy where a second Host would hide it', async () => {
    write(join(folder, 'config'), 'Host mint\n  ProxyCommand "/opt/x/vmssh" proxy --wait 60 machine/mint %p');
    expect((await asked({ countsVmssh: true }))('mint')).toBe(inConfig);
  });

  it("of one of our Hosts is the user's once he says where it is", async () => {
    const ours = [{ host: 'mint', name: 'mint', target: 'qemu/mint', provider: 'qemu' }];
    write(join(folder, 'config'), 'Include vmssh.conf\nHost mint\n  User ann');
    write(join(folder, 'vmssh.conf'), 'Host mint\n  HostName x\n');
    expect((await asked({ ours }))('mint')).toBe(undefined);
    expect((await asked())('mint')).toBe(inSettings);
    write(join(folder, 'config'), 'Host mint\n  HostName mint.example');
    expect((await asked({ ours }))('mint')).toBe(inConfig);
    // Our Include is above it.
    write(join(folder, 'config'), 'Include vmssh.conf\nHost mi*\n  ProxyJump hop');
    expect([(await asked({ ours }))('mint'), (await asked())('mint')]).toEqual([undefined, inConfig]);
  });

  it.each([
    { name: 'known_hosts', file: 'known_hosts', text: `mint ${key}\n` },
    { name: 'a Host with settings', file: 'config', text: 'Host mint\n  User ann\n' },
  ])('may be given to a machine by the user, and then stays its own: $name', async ({ file, text }) => {
    const taking = (takes: string) => [
      { name: 'x', target: 'qemu/x', provider: 'libvirt', login: { user: 'ann', takes } },
    ];
    write(join(folder, file), text);
    expect(mayBeGiven((await asked())('mint') ?? '')).toBe(true);
    expect((await asked({ ours: taking('Mint') }))('mint')).toBe(undefined);
    write(join(folder, 'config'), 'Host mint\n  HostName mint.example');
    expect((await asked({ ours: taking('mint') }))('mint')).toBe(inConfig);
    expect(mayBeGiven(inConfig)).toBe(false);
  });

  it('is no target: lines for all of a kind, such as those of systemd, are for the same machines', async () => {
    write(
      join(systemFolder, 'ssh_config'),
      'Host machine/* vsock/*\n  ProxyCommand systemd-ssh-proxy %h %p\n',
    );
    write(join(folder, 'config'), 'Host machine/db\n  HostName x\n');
    const why = await asked();
    expect(['machine/web', 'machine/db'].map(why)).toEqual([undefined, inConfig]);
  });

  it("of a company's CA for its domain claims no machine's name", async () => {
    write(join(folder, 'config'), 'CanonicalizeHostname yes\nCanonicalDomains corp\n');
    write(join(folder, 'known_hosts'), `@cert-authority *.corp ${key}\n`);
    expect((await asked())('mint')).toBe(undefined);
  });
});

it('known_hosts files of lines for some hosts are named with those', () => {
  const some =
    'Host web* !webx\n UserKnownHostsFile ~/a "~/b" /dev/null\nMatch originalhost db\n GlobalKnownHostsFile /c\n';
  const files = knownHostsNamedIn([some, 'UserKnownHostsFile /d\nHost *\n UserKnownHostsFile /e\n']);
  expect(['WEB', 'db', 'webx', 'other'].map(files)).toEqual([['~/a', '~/b'], ['/c'], [], []]);
});

it("names of this host, and its addresses, are no machine's", async () => {
  const hosts =
    '127.0.0.1 localhost\n127.0.1.1 desk.example desk # x\n192.0.2.99 far\n::1 six loop6\n2001:db8::5 own6\n';
  const procDir = join(folder, 'proc');
  mkdirSync(join(procDir, 'net'), { recursive: true });
  write(join(procDir, 'net/if_inet6'), '20010db8000000000000000000000005 02 40 00 80     eth0\n');
  const why = await asked({ host: { name: 'Desk.example', hosts }, procDir });
  for (const name of ['localhost', 'a.localhost', 'DESK', 'desk.example', 'desk.local', 'loop6', 'own6'])
    expect(why(name), name).toBe(ofHost);
  for (const name of ['0', '2130706433', '0x7f000001']) expect(why(name), name).toBe(ofHost);
  for (const name of ['10.0.0.1', '127.1', '0x7f.1', '::1', '10.1'])
    expect(why(name), name).toBe('the name is an IP address');
  for (const name of ['1', '100', '20260131']) expect(why(name), name).toBe(undefined);
  expect(why('far')).toBe(undefined);
});
