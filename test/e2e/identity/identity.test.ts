import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inboxOf, withInbox } from '../../../src/identity/inbox.js';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { ends, printing, saying } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { type Outcome, run, vmssh, vmsshWords } from '../../helpers/run.js';
import { useMachined, useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { onTerminal } from '../../helpers/terminal.js';

const missing = lacks('ssh', 'sshd', 'script', 'socat');
const name = 'web-i1';
const ids = ['11111111222243338444555555555555', '22222222222243338444555555555555'] as const;
const policies = ['accept-new', 'ask', 'yes'] as const;
/** What is typed for one machine: its Host, a target with both separators, in another case, and its UUID. */
const spellings = [name, `machine/${name}`, `machine%${name}`, `machine/${name.toUpperCase()}`, id(0)];

/** What other tools publish about host keys: the sources are in docs/reference/compare.md. */
const peers = {
  systemd: ['CheckHostIP no', 'StrictHostKeyChecking no', 'UserKnownHostsFile /dev/null'],
  lima: [
    ...['StrictHostKeyChecking no', 'UserKnownHostsFile /dev/null', 'NoHostAuthenticationForLocalhost yes'],
    ...['PreferredAuthentications publickey', 'BatchMode yes'],
  ],
  coder: [
    ...['ConnectTimeout=0', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel ERROR'],
  ],
};

function id(at: 0 | 1): string {
  return ids[at].replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** One machine of systemd-machined, which the tests exchange: two sshds, with a host key each, that let the same user in. */
describe.skipIf(missing)('ssh and the identity of a machine', () => {
  const dir = useTempDir();
  const home = join(dir, 'home');
  const file = join(home, '.ssh/vmssh_known_hosts');
  const conf = join(home, '.ssh/vmssh.conf');
  const listed: JsonObject[] = [];
  for (const folder of ['a', 'b']) mkdirSync(join(dir, folder));
  const sshds = [useSshd(join(dir, 'a')), useSshd(join(dir, 'b'))] as const;
  const machined = useMachined(listed);
  const env = { ...process.env, HOME: home, ...machined.env };
  const program = (...args: string[]) => run([...vmssh, ...args], { env });
  /** How it is typed, and who checks: plain ssh by the lines of config install, or `vmssh ssh`. */
  const bySsh = (host: string, policy: string, more: readonly string[] = []) =>
    run(['ssh', '-F', conf, ...told(policy), '-i', join(dir, 'a/id'), ...more, host, 'exit 7'], {
      env,
      detached: true,
    });
  const byVmssh = (host: string, policy: string, more: readonly string[] = []) =>
    run([...vmssh, 'ssh', '-F', '/dev/null', ...told(policy), ...more, host, 'exit 7'], {
      env,
      detached: true,
    });
  const told = (policy: string) => [
    ...['-o', 'BatchMode=yes'],
    ...(policy === '' ? [] : ['-o', `StrictHostKeyChecking=${policy}`]),
  ];
  const bytes = (path: string) => (existsSync(path) ? readFileSync(path) : Buffer.alloc(0));
  /** Our file, with what ssh has kept. */
  const pins = () => withInbox(bytes(file), bytes(inboxOf(file))).toString();
  /** A machine: which sshd answers, and which id machined says. */
  const machine = (sshd: 0 | 1, machineId: string, called = name) => ({
    name: called,
    id: machineId,
    class: 'vm',
    service: 'x',
    sshAddress: `unix${sshds[sshd]?.path}`,
    sshPrivateKeyPath: join(dir, 'a/id'),
  });
  const lists = (...machines: JsonObject[]) => listed.splice(0, listed.length, ...machines);
  const isIn = (result: Outcome) => result.code === 7;

  beforeAll(async () => {
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    writeFileSync(join(dir, 'b/authorized'), readFileSync(join(dir, 'a/id.pub')));
    lists(machine(0, ids[0]));
    expect(await program('config', 'install')).toMatchObject({ code: 0 });
  });
  beforeEach(() => {
    for (const each of [file, inboxOf(file)]) rmSync(each, { force: true });
    lists(machine(0, ids[0]));
  });

  const ways = [
    { way: 'ssh', login: bySsh },
    { way: 'vmssh ssh', login: byVmssh },
  ];

  describe.each(ways)('by $way', ({ login }) => {
    it.each(policies)('a first key, with the policy %s', async (policy) => {
      const result = await login(name, policy);
      expect({ policy, in: isIn(result) }).toEqual({ policy, in: policy === 'accept-new' });
      expect(pins()).toMatch(policy === 'accept-new' ? new RegExp(`^vmssh-${id(0)} ssh-ed25519 `) : /^$/);
      expect(result.stderr).toContain('nobody on this host can confirm its host key, so ssh decides');
    });

    it.each(spellings)('the same key is known however it is typed: %s', async (typed) => {
      expect(await login(name, 'accept-new')).toMatchObject({ code: 7 });
      const first = pins().split(' ').slice(0, 3);
      for (const policy of policies)
        expect(await login(typed, policy)).toMatchObject({ code: 7, stderr: '' });
      expect(pins().split(' ').slice(0, 3)).toEqual(first);
    });

    it.each(spellings)('an exchanged machine is refused however it is typed: %s', async (typed) => {
      expect(await login(name, 'accept-new')).toMatchObject({ code: 7 });
      const first = pins();
      // Another key; another machine of its name; a second machine that says its UUID.
      const exchanged = [
        [machine(1, ids[0])],
        [machine(1, ids[1])],
        [machine(1, ids[0], 'x'), machine(1, ids[0])],
      ];
      for (const machines of exchanged) {
        lists(...machines);
        // A UUID that is typed is the machine's own: where it is gone, nobody has it.
        for (const policy of policies) {
          const { code, stderr } = await login(typed, policy);
          expect({ typed, policy, code }).toEqual({ typed, policy, code: 255 });
          if (typed !== id(0)) expect(stderr).toMatch(/ forget /);
        }
      }
      expect(pins()).toBe(first);
    });

    it('made again is let in after vmssh forget, under its new identity', async () => {
      expect(await login(name, 'accept-new')).toMatchObject({ code: 7 });
      lists(machine(1, ids[1]));
      const forgotten = await program('forget', name);
      expect(forgotten).toMatchObject(printing(0, `no longer means ${id(0)}`));
      // The machine that had the name may still be there, under another one.
      expect(pins()).toMatch(new RegExp(`^vmssh-${id(0)} ssh-ed25519 \\S+ [\\d-]+ ssh\n$`));
      expect(await login(name, 'accept-new')).toMatchObject({ code: 7 });
      expect(pins()).toMatch(new RegExp(`^vmssh-${id(1)} .* machine%${name}`, 'm'));
      lists(machine(1, ids[0], 'other'));
      expect(await login('machine/other', 'accept-new')).toMatchObject({ code: 255 });
      lists(machine(0, ids[0], 'other'));
      expect(await login('machine/other', 'yes')).toMatchObject({ code: 7 });
    });

    it('of one that is gone, forget takes the key by its name', async () => {
      expect(await login(name, 'accept-new')).toMatchObject({ code: 7 });
      lists();
      expect(await program('forget', name)).toMatchObject({ code: 0 });
      expect(pins()).toBe('');
    });
  });

  describe.each(ways)('a UUID by $way', ({ login }) => {
    it.each([
      {
        became: 'renamed, and its name is another one',
        machines: () => [machine(0, ids[0], 'new'), machine(1, ids[1])],
        code: 7,
      },
      {
        became: 'renamed to the name that another one had',
        machines: () => [machine(1, ids[1], 'new'), machine(0, ids[0], 'x')],
        code: 7,
      },
      { became: 'gone, and another one has its name', machines: () => [machine(1, ids[1])], code: 255 },
      {
        became: 'gone, and another one is called so',
        machines: () => [machine(1, ids[1], id(0))],
        code: 255,
      },
      {
        became: 'gone, and one without an id is called so',
        machines: () => [{ ...machine(1, ids[1], id(0)), id: undefined }],
        code: 255,
      },
    ])('is a machine that is $became', async ({ machines, code }) => {
      lists(...machines());
      for (const typed of [id(0), id(0).toUpperCase()].slice(0, login === bySsh ? 1 : 2))
        expect(await login(typed, 'accept-new')).toMatchObject({ code });
      expect(pins()).toMatch(code === 7 ? new RegExp(`^vmssh-${id(0)} \\S+ \\S+[^\\n]*\\n$`) : /^$/);
    });
  });

  it('a key by whichever way it was pinned counts for the other', async () => {
    expect(await byVmssh(name, 'accept-new')).toMatchObject({ code: 7 });
    expect(await bySsh(name, 'yes')).toMatchObject({ code: 7, stderr: '' });
    lists(machine(1, ids[0]));
    expect(await bySsh(`machine/${name}`, 'accept-new')).toMatchObject({ code: 255 });
    expect(await byVmssh(`machine%${name}`, 'accept-new')).toMatchObject({ code: 255 });
    expect((await program('check', '--until=authentication', name)).stdout).toContain(
      'it is not the known key of this machine',
    );
  });

  it('a wrong key is refused whatever ssh is told', async () => {
    expect(await bySsh(name, 'accept-new')).toMatchObject({ code: 7 });
    lists(machine(1, ids[0]));
    for (const told of ['no', 'accept-new'])
      await ends(255, bySsh(name, 'accept-new', ['-o', `StrictHostKeyChecking=${told}`]));
  });

  it("what ssh does is what config install was told, else the user's own word, also for vmssh ssh", async () => {
    const install = (value: string) => program('config', 'install', '-o', `StrictHostKeyChecking=${value}`);
    for (const [value, want] of [
      ['yes', false],
      ['accept-new', true],
      ['', false],
    ] as const) {
      expect(await install(value)).toMatchObject({ code: 0 });
      for (const each of [file, inboxOf(file)]) rmSync(each, { force: true });
      expect([value, isIn(await bySsh(name, ''))]).toEqual([value, want]);
    }
    const own = join(dir, 'own.conf');
    for (const [value, want] of [
      ['yes', false],
      ['accept-new', true],
    ] as const) {
      writeFileSync(own, `Host *\n    StrictHostKeyChecking ${value}\n`, { mode: 0o600 });
      expect([value, isIn(await byVmssh(name, '', ['-F', own]))]).toEqual([value, want]);
    }
  });

  it('strict lets in no unknown key without the command either', async () => {
    const files = ['-o', `UserKnownHostsFile=${join(dir, 'none')}`];
    for (const typed of [name, `unix${sshds[0]?.path}`])
      expect(await byVmssh(typed, 'yes', files)).toMatchObject({ code: 255 });
    expect(pins()).toBe('');
  });

  it('ssh asks on the terminal, by the name of the Host, and keeps a key that is accepted', async () => {
    const command = ['ssh', '-F', conf, '-i', join(dir, 'a/id'), name, 'exit 7'];
    const asked = (answer: string) => onTerminal(command, /yes\/no/, answer, env);
    const no = await asked('no');
    expect({ code: no.code, pins: pins() }).toEqual({ code: 255, pins: '' });
    expect(no.stdout).toMatch(/The authenticity of host 'web-i1.*SHA256:/s);
    expect(await asked('yes')).toMatchObject({ code: 7 });
    expect(await bySsh(name, 'yes')).toMatchObject({ code: 7 });
  });

  it('the address of a known machine is that machine', async () => {
    const address = `unix${sshds[0]?.path}`;
    expect(await bySsh(address, 'accept-new')).toMatchObject({ code: 7 });
    expect(pins()).toMatch(
      new RegExp(`^vmssh-${id(0)} ssh-ed25519 \\S+ [-\\d]{10} [a-z-]+ machine%${name}\n$`),
    );
    for (const typed of [address, name]) expect(await bySsh(typed, 'yes')).toMatchObject({ code: 7 });
    lists(machine(1, ids[0]));
    expect(await bySsh(`unix${sshds[1]?.path}`, 'accept-new')).toMatchObject(
      saying(255, ` forget machine/${name}`),
    );
  });

  it.each([
    { spelling: 'a link', path: () => join(dir, 'link') },
    { spelling: '..', path: () => `${dir}/a/..${sshds[0]?.path.slice(dir.length)}` },
    { spelling: 'two slashes', path: () => sshds[0]?.path.replace('/a/', '//a//') },
  ])('the address of a known machine is that machine with $spelling in its path', async ({ path }) => {
    if (!existsSync(join(dir, 'link'))) symlinkSync(sshds[0]?.path ?? '', join(dir, 'link'));
    expect(await bySsh(name, 'accept-new')).toMatchObject({ code: 7 });
    const before = pins();
    expect(await bySsh(`unix${path()}`, 'yes')).toMatchObject({ code: 7 });
    lists(machine(1, ids[0]), machine(0, ids[1], 'x'));
    // It is x's now, which nobody knows.
    expect(await bySsh(`unix${path()}`, 'yes')).toMatchObject({ code: 255 });
    expect(pins()).toBe(before);
  });

  it("a ProxyCommand of the user's own has its machine checked too", async () => {
    const proxy = `ProxyCommand=${vmsshWords} proxy machine/${name} %p`;
    const own = ['-o', 'ProxyUseFdpass=no', '-o', proxy];
    expect(await bySsh('machine/x', 'accept-new', own)).toMatchObject({ code: 7 });
    expect(pins()).toMatch(new RegExp(`^vmssh-${id(0)} `));
    lists(machine(1, ids[0]));
    expect(await bySsh('machine/x', 'accept-new', own)).toMatchObject({ code: 255 });
  });

  it('check decides as ssh does, also of an address, and keeps nothing', async () => {
    const check = (target: string) => program('check', '--until=authentication', target);
    const address = `unix${sshds[0]?.path}`;
    await check(name);
    await check(address);
    expect(pins()).toBe('');
    expect(await bySsh(name, 'accept-new')).toMatchObject({ code: 7 });
    lists(machine(1, ids[0]));
    for (const target of [name, `unix${sshds[1]?.path}`])
      expect((await check(target)).stdout).toContain('it is not the known key of this machine');
  });

  it.each(policies)(
    'an address of no known machine, with the policy %s: its key is kept as typed',
    async (policy) => {
      const address = `unix${sshds[0]?.path}`;
      lists();
      const result = await bySsh(address, policy);
      expect({ policy, in: isIn(result) }).toEqual({ policy, in: policy === 'accept-new' });
      expect(pins()).toMatch(policy === 'accept-new' ? /^unix\// : /^$/);
    },
  );

  it.each(ways)(
    'an address whose machined does not answer is refused by $way, and the line says so',
    async ({ login }) => {
      expect(await login(name, 'accept-new')).toMatchObject({ code: 7 });
      const before = pins();
      // An exchanged machine, at its address.
      lists(machine(1, ids[0]));
      machined.silence(true);
      const { code, stderr } = await login(`unix${sshds[1]?.path}`, 'accept-new').finally(() =>
        machined.silence(false),
      );
      expect({ code, pins: pins() }).toEqual({ code: 255, pins: before });
      expect(stderr).toMatch(/machined did not answer, and may know whose address it is.*try again/s);
    },
  );

  it.each([
    { differ: 'in case', names: ['s1', 'S1'] },
    { differ: 'in blanks and dashes', names: ['web-1', 'web 1'] },
    { differ: 'in composition', names: ['caf\u00e9', 'cafe\u0301'] },
  ])(
    'two machines whose names differ $differ keep a key each, and their short names mean neither',
    async ({ names: [a = '', b = ''] }) => {
      lists(machine(0, ids[0], a), machine(1, ids[1], b));
      for (const policy of ['accept-new', 'yes'])
        for (const called of [a, b]) {
          expect(await byVmssh(`machine/${called}`, policy)).toMatchObject({ code: 7 });
          expect((await byVmssh(called, policy)).stderr).toContain('may be');
        }
      expect(
        pins()
          .split('\n')
          .filter((line) => line.startsWith('vmssh-')),
      ).toHaveLength(2);
    },
  );

  it('the Hosts that config install makes of names that differ in case keep a key each', async () => {
    lists(machine(0, ids[0], 's1'), machine(1, ids[1], 'S1'));
    const lines = join(dir, 'case.conf');
    const { stdout } = await program('config', 'print');
    writeFileSync(lines, stdout, { mode: 0o600 });
    for (const policy of ['accept-new', 'yes'])
      for (const host of ['s1-machined', 'S1-machined'])
        expect(await bySsh(host, policy, ['-F', lines])).toMatchObject({ code: 7 });
  });

  it('is known by its name alone to ssh -J, which leaves our proxy out', async () => {
    const jump = [
      ...['-o', 'ProxyJump=none', '-o', `ProxyCommand=socat - UNIX:${sshds[1]?.path}`, '-o'],
      'ProxyUseFdpass=no',
    ];
    const byJump = (policy: string) => bySsh(`machine/${name}`, policy, jump);
    expect(await byJump('yes')).toMatchObject(saying(255, 'no vmssh proxy says which machine'));
    expect(await bySsh(name, 'accept-new')).toMatchObject({ code: 7 });
    const before = pins();
    for (const policy of ['accept-new', 'no'])
      expect(await byJump(policy)).toMatchObject(saying(255, 'it is not the known key of this machine'));
    expect(pins()).toBe(before);
    for (const each of [file, inboxOf(file)]) rmSync(each, { force: true });
    expect(await byJump('accept-new')).toMatchObject({ code: 7 });
    // Kept for that name only, and compared there.
    expect(pins()).not.toContain('vmssh-');
  });

  it('its lines say nothing of the policy, which is that of the ssh that asks', async () => {
    const lines = await program('config', 'print');
    expect(lines).toMatchObject({ code: 0, stdout: expect.stringContaining('KnownHostsCommand') });
    expect(lines.stdout).not.toMatch(/StrictHostKeyChecking/);
  });

  it('the inventory of Ansible has the same key', async () => {
    const { stdout } = await program('inventory');
    const { ansible_ssh_common_args: args, ansible_host: host = name } =
      JSON.parse(stdout)._meta.hostvars[name];
    const login = () =>
      run(
        [
          'sh',
          '-c',
          `exec ssh -F /dev/null -o BatchMode=yes -i ${join(dir, 'a/id')} -o StrictHostKeyChecking=accept-new ${args} '${host}' 'exit 7'`,
        ],
        { env, detached: true },
      );
    expect(await login()).toMatchObject({ code: 7 });
    expect(await bySsh(name, 'yes')).toMatchObject({ code: 7, stderr: '' });
    lists(machine(1, ids[0]));
    expect(await login()).toMatchObject({ code: 255 });
  });

  it('pins that cannot be read let nobody in', async () => {
    mkdirSync(file);
    try {
      for (const login of [bySsh, byVmssh])
        expect(await login(name, 'accept-new')).toMatchObject({ code: 255 });
    } finally {
      rmSync(file, { recursive: true });
    }
  });

  it('a key that the user has revoked lets nobody in', async () => {
    const known = join(home, '.ssh/known_hosts');
    writeFileSync(known, `@revoked * ${readFileSync(join(dir, 'a/host.pub'), 'utf8')}`);
    try {
      for (const typed of spellings) expect(await bySsh(typed, 'accept-new')).toMatchObject({ code: 255 });
    } finally {
      rmSync(known);
    }
    expect(pins()).toBe('');
  });

  describe.each(Object.entries(peers))('with the lines of %s', (_tool, lines) => {
    it('each machine is let in: exchanged, made again, or unknown though the user is strict', async () => {
      const own = join(dir, 'peer.conf');
      const all = ['Host *', ...lines, `ProxyCommand ${vmsshWords} proxy machine/${name} %p`];
      writeFileSync(own, `${all.join('\n')}\nHost *\nStrictHostKeyChecking yes\n`, { mode: 0o600 });
      const login = () => bySsh('web', 'yes', ['-F', own]);
      const rows = [machine(0, ids[0]), machine(0, ids[0]), machine(1, ids[0]), machine(1, ids[1])];
      for (const row of rows) {
        lists(row);
        expect(await login()).toMatchObject({ code: 7 });
      }
    });
  });

  it('of two first logins at once one is pinned, and the other is that key or refused', async () => {
    lists(machine(0, ids[0]));
    const one = bySsh(name, 'accept-new');
    const other = bySsh(`machine/${name}`, 'accept-new');
    expect((await Promise.all([one, other])).map(({ code }) => code)).toEqual([7, 7]);
    expect(pins().match(/^vmssh-/gm)).toHaveLength(1);
  });

  it('a certificate of a CA of the user is accepted, in strict too', async () => {
    const at = join(dir, 'ca');
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at]);
    const signed = ['-q', '-s', at, '-I', 'x', '-h', '-n', name, join(dir, 'a/host.pub')];
    expect(spawnSync('ssh-keygen', signed).status).toBe(0);
    const config = join(dir, 'a/sshd_config');
    const before = readFileSync(config, 'utf8');
    writeFileSync(config, `HostCertificate ${join(dir, 'a/host-cert.pub')}\n${before}`);
    const known = join(home, '.ssh/known_hosts');
    writeFileSync(known, `@cert-authority web-* ${readFileSync(`${at}.pub`, 'utf8')}`);
    try {
      expect(await bySsh(name, 'yes')).toMatchObject({ code: 7 });
      writeFileSync(known, `@cert-authority other ${readFileSync(`${at}.pub`, 'utf8')}`);
      rmSync(file, { force: true });
      expect(await bySsh(name, 'yes')).toMatchObject({ code: 255 });
      // Of a certificate that nobody vouches for the plain key counts.
      expect(await bySsh(name, 'accept-new')).toMatchObject({ code: 7 });
      expect(pins()).toMatch(/ ssh-ed25519 AAAA/);
    } finally {
      rmSync(known);
      writeFileSync(config, before);
    }
  });
});
