import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { printing, saying } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh, vmsshWords } from '../../helpers/run.js';
import { useMachined, useSshd } from '../../helpers/sockets/peers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const missing = lacks('ssh', 'sshd', 'socat');
const name = 'web-i1';
const ids = ['11111111222243338444555555555555', '22222222222243338444555555555555'] as const;
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
  const told = (policy: string) => [`-oStrictHostKeyChecking=${policy}`, '-oBatchMode=yes'];
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
  /** Our file and that of ssh. */
  const files = [file, `${file}.new`];
  const pins = () => files.map((each) => (existsSync(each) ? readFileSync(each, 'utf8') : '')).join('');
  /** The lines with a key. */
  const keys = () => pins().replaceAll(/^#.*\n/gm, '');
  /** ssh has kept its key, and vmssh has it in our file. */
  const known = async (login = bySsh, host: string = name) => {
    for (const policy of ['accept-new', 'yes']) expect(await login(host, policy)).toMatchObject({ code: 7 });
  };
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

  beforeAll(async () => {
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    writeFileSync(join(dir, 'b/authorized'), readFileSync(join(dir, 'a/id.pub')));
    lists(machine(0, ids[0]));
    expect(await program('config', 'install')).toMatchObject({ code: 0 });
  });
  beforeEach(() => {
    for (const each of files) rmSync(each, { force: true });
    lists(machine(0, ids[0]));
  });

  const ways = [
    { way: 'ssh', login: bySsh },
    { way: 'vmssh ssh', login: byVmssh },
  ];

  describe.each(ways)('by $way', ({ login }) => {
    it.each(spellings)('an exchanged machine is refused however it is typed: %s', async (typed) => {
      await known(login);
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
        const { code, stderr } = await login(typed, 'no');
        expect({ typed, code }).toEqual({ typed, code: 255 });
        if (typed !== id(0)) expect(stderr).toMatch(/ forget /);
      }
      expect(pins()).toBe(first);
    });

    it('made again is let in after vmssh forget, under its new identity', async () => {
      await known(login);
      lists(machine(1, ids[1]));
      const forgotten = await program('forget', name);
      expect(forgotten).toMatchObject(printing(0, `no longer means ${id(0)}`));
      // The machine that had the name may still be there, under another one.
      expect(pins()).toMatch(new RegExp(`^vmssh-${id(0)} ssh-ed25519 \\S+ [\\d-]+ ssh\n$`));
      await known(login);
      expect(pins()).toMatch(new RegExp(`^vmssh-${id(1)} .* machine%${name}`, 'm'));
      lists(machine(1, ids[0], 'other'));
      expect(await login('machine/other', 'no')).toMatchObject({ code: 255 });
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
      expect(pins()).toMatch(code === 7 ? new RegExp(`vmssh-${id(0)} `) : /^$/);
      expect(pins()).not.toContain(id(1));
    });
  });

  it('a key by whichever way it was pinned counts for the other', async () => {
    expect(await byVmssh(name, 'accept-new')).toMatchObject({ code: 7 });
    expect(await bySsh(name, 'yes')).toMatchObject({ code: 7, stderr: '' });
    lists(machine(1, ids[0]));
    expect(await bySsh(`machine/${name}`, 'no')).toMatchObject({ code: 255 });
    expect(await byVmssh(`machine%${name}`, 'no')).toMatchObject({ code: 255 });
    expect((await program('check', '--until=authentication', name)).stdout).toContain(
      'has another host key than before',
    );
  });

  it('the address of a known machine is that machine', async () => {
    const address = `unix${sshds[0]?.path}`;
    await known(bySsh, address);
    expect(await bySsh(name, 'yes')).toMatchObject({ code: 7 });
    expect(keys()).toMatch(new RegExp(`^vmssh-${id(0)} ssh-ed25519 \\S+ [-\\d]{10} ssh .*machine%${name}`));
    lists(machine(1, ids[0]));
    expect(await bySsh(`unix${sshds[1]?.path}`, 'no')).toMatchObject(saying(255, ` forget machine/${name}`));
  });

  it.each([
    { spelling: 'a link', path: () => join(dir, 'link') },
    { spelling: '..', path: () => `${dir}/a/..${sshds[0]?.path.slice(dir.length)}` },
    { spelling: 'two slashes', path: () => sshds[0]?.path.replace('/a/', '//a//') },
  ])('the address of a known machine is that machine with $spelling in its path', async ({ path }) => {
    if (!existsSync(join(dir, 'link'))) symlinkSync(sshds[0]?.path ?? '', join(dir, 'link'));
    await known();
    const before = keys();
    expect(await bySsh(`unix${path()}`, 'yes')).toMatchObject({ code: 7 });
    lists(machine(1, ids[0]), machine(0, ids[1], 'x'));
    // It is x's now, which nobody knows.
    expect(await bySsh(`unix${path()}`, 'yes')).toMatchObject({ code: 255 });
    expect(keys()).toBe(before);
  });

  it.each([
    { words: ' --record', whose: 'machine' },
    { words: '', whose: 'name' },
  ])("a ProxyCommand of the user's own$words has its $whose checked too", async ({ words, whose }) => {
    const proxy = `ProxyCommand=${vmsshWords} proxy${words} machine/${name} %p`;
    const own = ['-o', 'ProxyUseFdpass=no', '-o', proxy];
    expect(await bySsh('machine/x', 'accept-new', own)).toMatchObject({ code: 7 });
    expect(pins().includes(`vmssh-${id(0)} `)).toBe(whose === 'machine');
    lists(machine(1, ids[0]));
    expect(await bySsh('machine/x', 'no', own)).toMatchObject({ code: 255 });
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
      expect((await check(target)).stdout).toContain('has another host key than before');
  });

  it.each(ways)(
    'an address whose machined does not answer lets nobody in by $way, and the line says so',
    async ({ login }) => {
      await known(login);
      const before = pins();
      // An exchanged machine, at its address.
      lists(machine(1, ids[0]));
      machined.silence(true);
      const { code, stderr } = await login(`unix${sshds[1]?.path}`, 'no').finally(() =>
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
      expect(keys().match(/^vmssh-/gm)).toHaveLength(2);
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
    const byJump = async (says: string) => {
      const before = pins();
      const { code, stderr } = await bySsh(`machine/${name}`, 'yes', jump);
      expect({ code, pins: pins() }).toEqual({ code: 255, pins: before });
      expect(stderr).toContain(says);
    };
    await byJump('no vmssh proxy says which machine');
    await known();
    await byJump('it is not the known key of this machine');
  });

  it('its lines say nothing of the policy, which is that of the ssh that asks', async () => {
    const lines = await program('config', 'print');
    expect(lines).toMatchObject({ code: 0, stdout: expect.stringContaining('KnownHostsCommand') });
    expect(lines.stdout).not.toContain('StrictHostKeyChecking');
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
          `exec ssh -F /dev/null ${told('accept-new').join(' ')} -i ${join(dir, 'a/id')} ${args} '${host}' 'exit 7'`,
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

  describe.each(Object.entries(peers))('with the lines of %s', (_tool, lines) => {
    it('each machine is let in: exchanged, made again, or unknown though the user is strict', async () => {
      const own = join(dir, 'peer.conf');
      const all = ['Host *', ...lines, `ProxyCommand ${vmsshWords} proxy machine/${name} %p`];
      writeFileSync(own, `${all.join('\n')}\nHost *\nStrictHostKeyChecking yes\n`, { mode: 0o600 });
      const login = () =>
        run(['ssh', '-F', own, '-i', join(dir, 'a/id'), 'web', 'exit 7'], { env, detached: true });
      const rows = [machine(0, ids[0]), machine(0, ids[0]), machine(1, ids[0]), machine(1, ids[1])];
      for (const row of rows) {
        lists(row);
        expect(await login()).toMatchObject({ code: 7 });
      }
    });
  });

  it('of two first logins at once both are let in, and one key is kept', async () => {
    const one = bySsh(name, 'accept-new');
    const other = bySsh(`machine/${name}`, 'accept-new');
    expect((await Promise.all([one, other])).map(({ code }) => code)).toEqual([7, 7]);
    expect(await bySsh(name, 'yes')).toMatchObject({ code: 7 });
    expect(new Set(keys().match(/ssh-ed25519 \S+/g)).size).toBe(1);
  });
});
