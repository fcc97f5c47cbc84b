import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hostKeyAlias } from '../../src/book/identity.js';
import { formatState, noState, stateFile } from '../../src/book/state.js';
import { decideByAsking } from '../../src/keys/decide.js';
import { forgetKeys } from '../../src/keys/forget-keys.js';
import { takeInbox } from '../../src/keys/inbox.js';
import { keyOwner } from '../../src/keys/key-owner.js';
import { factsFor, idPins, machineKeys, nameToForget } from '../../src/keys/machine-keys.js';
import { markShared, pinKey } from '../../src/keys/pins.js';
import { judgeHostKey, noteKey } from '../../src/keys/settle-key.js';
import { asTarget, parseTarget } from '../../src/kinds/kinds.js';
import type { ReachedMachine } from '../../src/sources/source.js';
import { inboxOf } from '../../src/ssh/folder.js';
import { fingerprintOf } from '../../src/ssh/known-hosts.js';
import { lacks } from '../helpers/programs.js';
import { script, useTempDir, writeTree } from '../helpers/temp-dir.js';

const dir = useTempDir();
/** A stand-in for ssh, which knows no other names for a hypervisor. */
const standIn = join(dir, 'ssh');
const env = { HOME: dir, PATH: process.env.PATH, VMSSH_SSH: standIn };
script(standIn, `for host; do :; done; printf 'user me\\nhostname %s\\nport 22\\n' "$host"`);
/** What stands for /etc/ssh/ssh_known_hosts, and for root, who writes it. */
const [system, writer] = [join(dir, '.ssh/system'), process.getuid?.()];
const [own, wrong] = ['AAAA', 'BBBB'].map((key) => ({ type: 'ssh-ed25519', key }));
if (!own || !wrong) throw new TypeError('two keys');
const uuid = '11111111-2222-4333-8444-aaaaaaaaaaaa';
const second = '22222222-2222-4333-8444-aaaaaaaaaaaa';

beforeEach(() => {
  rmSync(join(dir, '.ssh'), { recursive: true, force: true });
  mkdirSync(join(dir, '.ssh'), { mode: 0o700 });
  writeFileSync(join(dir, '.ssh/hosts'), '');
});

/** What ssh is told about a key that nobody vouches for; "strict" is yes. */
type HostKeyPolicy = 'accept-new' | 'ask' | 'strict';
const hostKeyPolicies: readonly HostKeyPolicy[] = ['accept-new', 'ask', 'strict'];

interface Login {
  readonly typed: string;
  readonly machine?: ReachedMachine | undefined;
  readonly key?: typeof own;
  readonly policy?: HostKeyPolicy;
  /** What its manager reads in it. */
  readonly manager?: typeof own;
}

/** What a login does, with ssh's part of it: "accept", "refuse", "ask user", or the file that revokes the key. */
async function login({ typed, machine, key = own, policy = 'strict', manager }: Login): Promise<string> {
  const text = asTarget(typed) ? typed : (machine?.target ?? typed);
  const owner = await keyOwner({ text, machine }, { typed, host: typed.toLowerCase() }, env);
  const keys = await machineKeys(owner, env, idPins(owner.aliases, system, writer));
  const isRoots = keys.pins.some((pin) => pin.isRoots && pin.alias === keys.alias) || undefined;
  const answer = await decideByAsking(factsFor(keys, key ?? ''), async () =>
    manager ? [fingerprintOf(Buffer.from(manager.key, 'base64'))] : [],
  );
  if (answer.do === 'nothing') {
    if (answer.why === 'filed') return 'accept';
    if (policy !== 'accept-new') return policy === 'ask' ? 'ask user' : 'refuse';
    const plain = key as typeof own & {};
    await noteKey({ keys, plain, env, platform: 'linux' });
    appendFileSync(inboxOf(keys.path), `${typed.toLowerCase()} ${plain.type} ${plain.key}\n`);
    return 'accept';
  }
  if (answer.do === 'vouch' && answer.pin && keys.alias !== undefined)
    await pinKey(
      keys.path,
      { ...(key as typeof own & {}), alias: keys.alias, names: keys.names, ...(isRoots ? { isRoots } : {}) },
      answer.moved,
    );
  if (answer.do === 'contradict') return answer.file ?? 'refuse';
  return answer.do === 'vouch' ? 'accept' : answer.do;
}

/** A kind's word, and the machine of it that is called web. `hasId`: whether its source says a UUID. */
const made = [
  ...['machine', 'qemu', 'podman'].map((kind) => ({ kind, hasId: true })),
  ...['machine', 'qemu:session', 'firecracker', 'lima'].map((kind) => ({ kind, hasId: false })),
];
const machineOf = (kind: string, id: string | undefined, name = 'web'): ReachedMachine => ({
  provider: kind,
  name,
  target: `${kind}/${name}`,
  uuid: id,
});
/** What ssh may be called with for it. */
const spellingsOf = (kind: string, hasId: boolean) => [
  'web',
  'WEB',
  ...[`${kind}/web`, `${kind}%web`, `${kind}/WEB`, `${kind.toUpperCase()}%Web`],
  ...(hasId ? [uuid, `${kind}/${uuid}`] : []),
];

/** Each of them in turn. */
const policyAt = (at: number) => hostKeyPolicies[at % hostKeyPolicies.length] ?? 'strict';

describe.each(made)('a machine of $kind, with an id: $hasId', ({ kind, hasId }) => {
  const web = machineOf(kind, hasId ? uuid : undefined);
  const spellings = spellingsOf(kind, hasId);

  it('at its first login is what the policy says, however it is typed', async () => {
    const want = { 'accept-new': 'accept', ask: 'ask user', strict: 'refuse' } as const;
    for (const typed of spellings)
      for (const policy of hostKeyPolicies) {
        for (const file of ['vmssh_known_hosts', 'vmssh_known_hosts.new'])
          rmSync(join(dir, '.ssh', file), { force: true });
        expect([typed, policy, await login({ typed, machine: web, policy })]).toEqual([
          typed,
          policy,
          want[policy],
        ]);
      }
  });

  it.each(spellings)('first typed as %s is known by every spelling, and no other key is', async (first) => {
    expect(await login({ typed: first, machine: web, policy: 'accept-new' })).toBe('accept');
    for (const [at, typed] of spellings.entries()) {
      const policy = policyAt(at);
      expect([typed, await login({ typed, machine: web, policy })]).toEqual([typed, 'accept']);
      // Its own manager does not change that: the machine is the same, and its key is not.
      const exchanged = { typed, machine: web, key: wrong, policy, manager: wrong };
      expect([typed, await login(exchanged)]).toEqual([typed, 'refuse']);
    }
  });

  it.skipIf(!hasId)('made again is let in only if its manager confirms the key', async () => {
    for (const [at, first] of spellings.slice(0, -2).entries()) {
      const policy = policyAt(at);
      for (const file of ['vmssh_known_hosts', 'vmssh_known_hosts.new'])
        rmSync(join(dir, '.ssh', file), { force: true });
      expect(await login({ typed: first, machine: web, policy: 'accept-new' })).toBe('accept');
      const again = { typed: first, machine: machineOf(kind, second), key: wrong, policy };
      expect([first, policy, await login(again)]).toEqual([first, policy, 'refuse']);
      expect(await login({ ...again, manager: own })).toBe('refuse');
      expect([first, policy, await login({ ...again, manager: wrong })]).toEqual([first, policy, 'accept']);
      expect(await login({ ...again, policy: 'strict' })).toBe('accept');
    }
  });

  it.skipIf(!hasId)('keeps its key if another machine says its UUID', async () => {
    expect(await login({ typed: 'web', machine: web, policy: 'accept-new' })).toBe('accept');
    const x = machineOf(kind, uuid, 'x');
    for (const typed of ['x', `${kind}/x`, `${kind}%X`, uuid])
      for (const policy of hostKeyPolicies)
        for (const manager of [undefined, wrong])
          expect(await login({ typed, machine: x, key: wrong, policy, manager })).toBe('refuse');
    expect(await login({ typed: 'web', machine: web })).toBe('accept');
  });

  it('of another user has another identity, whatever UUID it says', async () => {
    expect(await login({ typed: 'web', machine: web, policy: 'accept-new' })).toBe('accept');
    const others = { ...machineOf(kind, hasId ? uuid : undefined, 'x'), authority: 'other' } as const;
    expect(await login({ typed: `${kind}/x`, machine: others, key: wrong, policy: 'accept-new' })).toBe(
      'accept',
    );
    expect(await login({ typed: 'web', machine: web })).toBe('accept');
    expect(await login({ typed: 'web', machine: web, key: wrong, policy: 'accept-new' })).toBe('refuse');
  });
});

describe('a machine of another hypervisor, without a Host', () => {
  const bare = ['via/hv/mint', 'via%hv%mint', 'via/HV/MINT', 'via%hv%Mint'];
  const byKind = [
    ...['via/hv/machine/mint', 'via/hv/container/MINT', 'VIA%HV%machine%mint', 'via/hv/machine%Mint'],
  ];
  const both = [...bare, ...byKind];

  it.each(both)('first typed as %s is known by every spelling, and no other key is', async (first) => {
    expect(await login({ typed: first, policy: 'accept-new' })).toBe('accept');
    for (const typed of both)
      expect([typed, await login({ typed, policy: 'strict' })]).toEqual([typed, 'accept']);
    // Each of the others once.
    const typed = both[(both.indexOf(first) + 3) % both.length] ?? first;
    for (const exchanged of [typed, first])
      expect(await login({ typed: exchanged, key: wrong, policy: 'accept-new' })).toBe('refuse');
  });

  it('is not the one of another kind with its name, nor of another hypervisor, nor of this host', async () => {
    const first = { typed: 'via/hv/machine/mint', policy: 'accept-new' } as const;
    expect(await login(first)).toBe('accept');
    for (const typed of ['via/hv/podman/mint', 'via/hv2/machine/mint', 'via/hv2/mint', 'machine/mint']) {
      expect([typed, await login({ typed })]).toEqual([typed, 'refuse']);
      expect([typed, await login({ ...first, typed, key: wrong })]).toEqual([typed, 'accept']);
      expect([typed, await login({ typed, key: wrong })]).toEqual([typed, 'accept']);
    }
    expect(await login({ ...first, policy: 'strict' })).toBe('accept');
  });

  it('at its first login is taken by the word of that hypervisor, in strict too', async () => {
    const typed = 'via/hv/mint';
    expect(await login({ typed, manager: wrong })).toBe('refuse');
    expect(await login({ typed, manager: own })).toBe('accept');
    expect(await login({ typed })).toBe('accept');
  });
});

it('a machine of another hypervisor with a Host is made again: its word counts for the new one only', async () => {
  const state = (id: string) => {
    const there = { name: 'mint', target: 'via/hv/machine/mint', provider: 'machined', via: 'hv', uuid: id };
    mkdirSync(dirname(stateFile(env)), { recursive: true, mode: 0o700 });
    writeFileSync(stateFile(env), formatState({ ...noState, machines: [{ ...there, host: 'mint' }] }));
  };
  const at = { typed: 'via/hv/mint' } as const;
  expect(await login({ ...at, policy: 'accept-new' })).toBe('accept');
  state(uuid);
  expect(await login(at)).toBe('accept');
  await takeInbox(join(dir, '.ssh/vmssh_known_hosts'));
  expect(readFileSync(join(dir, '.ssh/vmssh_known_hosts'), 'utf8').match(/^vmssh-via%/gm)).toHaveLength(2);
  state(second);
  expect(await login({ ...at, key: wrong, policy: 'accept-new' })).toBe('refuse');
  expect(await login({ ...at, key: wrong, manager: own })).toBe('refuse');
});

it.each([
  { typed: 'web', want: 'web' },
  { typed: 'WEB-1', want: 'WEB-1' },
  { typed: 'machine%web', want: 'machine%web' },
  { typed: 'vsock/7', want: 'machine/Web 1' },
  { typed: 'my-own-host', want: 'machine/Web 1' },
])('to forget what was reached by $typed, $want is typed', ({ typed, want }) => {
  const machine = machineOf('machine', uuid, typed === 'web' ? 'web' : 'Web 1');
  expect(nameToForget({ text: 'machine/x', machine }, typed)).toBe(want);
  expect(nameToForget({ text: 'via/hv/web' }, 'vsock/7')).toBe('via/hv/web');
  expect(nameToForget(undefined, typed)).toBe(typed);
});

it('pins that cannot be read are not as none: nothing is let in', async () => {
  mkdirSync(join(dir, '.ssh/vmssh_known_hosts'));
  await expect(
    login({ typed: 'web', machine: machineOf('machine', uuid), policy: 'accept-new' }),
  ).rejects.toThrow();
});

it('a key that is revoked under the name from before its machine had a UUID lets nobody in', async () => {
  const path = join(dir, '.ssh/vmssh_known_hosts');
  const known = `vmssh-machine%web ssh-ed25519 ${own.key}\n`;
  writeFileSync(path, known);
  const machine = machineOf('machine', uuid);
  expect(await login({ typed: 'web', machine })).toBe('accept');
  writeFileSync(path, `${known}@revoked ${known}`);
  expect(await login({ typed: 'web', machine, manager: own })).toBe(path);
});

it.each([
  { file: 'known_hosts' },
  { file: 'known_hosts2' },
  { file: 'x', config: 'UserKnownHostsFile ~/.ssh/x' },
  { file: 'x', config: 'Match host other\n  "globalknownhostsfile"="%d/.ssh/x" /dev/null' },
  { file: 'a x', config: 'Include more', more: 'UserKnownHostsFile "~/.ssh/a x"' },
])('a key that the user has revoked lets nobody in: $file $config $more', async ({ file, config, more }) => {
  if (config) writeFileSync(join(dir, '.ssh/config'), `${config}\n`);
  if (more) writeFileSync(join(dir, '.ssh/more'), `${more}\n`);
  writeFileSync(join(dir, '.ssh', file), `@revoked * ssh-ed25519 ${wrong.key}\n`);
  const web = machineOf('machine', uuid);
  const path = join(dir, '.ssh', file);
  expect(await login({ typed: 'web', machine: web, key: wrong, policy: 'accept-new' })).toBe(path);
  expect(await login({ typed: 'web', machine: web, key: wrong, manager: wrong })).toBe(path);
  expect(await login({ typed: 'web', machine: web, policy: 'accept-new' })).toBe('accept');
});

it.each(['known_hosts', 'known_hosts2', 'x'])(
  'a CA of any known_hosts counts for a name that it fits: %s',
  async (file) => {
    const machine = machineOf('machine', uuid);
    const authorities = async (host: string) => {
      const owner = await keyOwner({ text: 'machine/web', machine }, { typed: 'web', host }, env);
      return (await machineKeys(owner, env)).authorities;
    };
    writeFileSync(join(dir, '.ssh/config'), 'Host other\n  UserKnownHostsFile ~/.ssh/x\n');
    writeFileSync(join(dir, '.ssh', file), `@cert-authority *.lab,!db.lab ssh-ed25519 ${wrong.key}\n`);
    expect(await authorities('web.lab')).toEqual([`ssh-ed25519 ${wrong.key}`]);
    for (const host of ['web', 'db.lab']) expect(await authorities(host)).toEqual([]);
  },
);

const missing = lacks('ssh-keygen');

describe.skipIf(missing)(`by ssh-keygen${missing ? `: ${missing}` : ''}`, () => {
  beforeAll(() => {
    env.VMSSH_SSH = `ssh -F ${dir}/.ssh/hosts`;
  });
  afterAll(() => {
    env.VMSSH_SSH = standIn;
  });

  const made = (name: string): typeof own & {} => {
    const path = join(dir, '.ssh', name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
    const [type = '', key = ''] = readFileSync(`${path}.pub`, 'utf8').split(' ');
    return { type, key };
  };

  it.each(['list', 'krl', 'broken', 'missing'])('a key that RevokedHostKeys names, in a %s', async (form) => {
    const [good, bad] = [made('good'), made('bad')];
    const path = join(dir, '.ssh/revoked');
    writeFileSync(join(dir, '.ssh/config'), `RevokedHostKeys ${path}\n`);
    if (form === 'krl') execFileSync('ssh-keygen', ['-q', '-k', '-f', path, join(dir, '.ssh/bad.pub')]);
    if (form === 'list') writeFileSync(path, `# mine\n${bad.type} ${bad.key} me@here\n`);
    if (form === 'broken') writeFileSync(path, 'SSHKRL\n\0and no more');
    const reached = { text: 'machine/web', machine: machineOf('machine', uuid) };
    const settled = ({ key }: typeof good) =>
      judgeHostKey(Buffer.from(key, 'base64'), {
        ...{ reached, typed: 'web', env: { ...process.env, ...env }, platform: 'linux' },
      }).then(
        ({ verdict, refusal }) => (/revoked/.test(`${refusal?.message}`) ? 'revoked' : verdict),
        ({ message }) => message.includes(`${path} may revoke its host key`) && 'cannot tell',
      );
    const isRead = form === 'list' || form === 'krl';
    expect(await settled(bad)).toBe(isRead ? 'revoked' : 'cannot tell');
    expect(await settled(good)).toBe(isRead ? 'unknown' : 'cannot tell');
  });

  const hosts = `Host hv2
  HostName HV1
  User me
Host hv1
  User me
Host other-user
  HostName hv1
Host other-way
  HostName hv1
  User me
  ProxyJump jump
Match originalhost by-exec exec "exit 3"
  HostName hv1
Match originalhost by-exec
  User me
`;

  it.each([
    ['via/hv1/mint', ['via/hv2/mint', 'via%HV2%Mint', 'via/hv2/machine/mint', 'via/by-exec/mint']],
    ['via/hv2/mint', ['via/hv1/mint', 'via/hv1/podman/mint']],
    ['via/hv2/machine/mint', ['via/hv1/mint', 'via/hv1/container/mint']],
  ])('a hypervisor is what ssh resolves it to: $0', async (first, later) => {
    writeFileSync(join(dir, '.ssh/hosts'), hosts);
    expect(await login({ typed: first, policy: 'accept-new' })).toBe('accept');
    for (const typed of later) {
      const exchanged = { typed, key: wrong, policy: 'accept-new' } as const;
      expect([typed, await login(exchanged)]).toEqual([typed, 'refuse']);
      expect([typed, await login({ typed })]).toEqual([typed, 'accept']);
    }
    for (const host of ['other-user', 'other-way'])
      expect(await login({ typed: `via/${host}/mint`, key: wrong, policy: 'accept-new' })).toBe('accept');
  });

  it('a key that was kept by the name of the hypervisor only counts for its other name', async () => {
    await pinKey(join(dir, '.ssh/vmssh_known_hosts'), {
      ...own,
      alias: hostKeyAlias({ target: parseTarget('via/hv1/mint') }) ?? '',
      names: [],
    });
    writeFileSync(join(dir, '.ssh/hosts'), hosts);
    const typed = 'via/hv2/mint';
    expect(await login({ typed, key: wrong, policy: 'accept-new' })).toBe('refuse');
    expect(await login({ typed })).toBe('accept');
    writeFileSync(join(dir, '.ssh/hosts'), 'Nonsense yes\n');
    await expect(login({ typed })).rejects.toThrow('ssh could not be asked which host it is');
  });

  it("root's word is the only key of a machine with that UUID, whatever the user's own line says", async () => {
    const [typed, machine] = ['web', machineOf('machine', uuid)];
    expect(await login({ typed, machine, key: wrong, policy: 'accept-new' })).toBe('accept');
    writeFileSync(system, `vmssh-${uuid} ${own.type} ${own.key}\nweb ${wrong.type} ${wrong.key}\n`);
    for (const mode of [0o664, 0o646]) {
      chmodSync(system, mode);
      expect(await login({ typed, machine })).toBe('refuse');
    }
    chmodSync(system, 0o644);
    expect(await idPins([], system, -1)).toEqual([]);
    expect(await login({ typed, machine, key: wrong, policy: 'accept-new' })).toBe('refuse');
    expect(await login({ typed, machine })).toBe('accept');
    expect(await login({ typed: `machine/${uuid}`, machine })).toBe('accept');
    expect(await login({ typed, machine: machineOf('machine', second), key: wrong })).toBe('refuse');
    execFileSync('sh', ['-c', 'rm "$1" && mkfifo -m 644 "$1"', 'sh', system]);
    expect(await idPins([], system, writer)).toEqual([]);
  });

  it('what ssh has kept for a machine is not the key of one whose name differs in case alone', async () => {
    const [mint, other] = [machineOf('machine', uuid, 'mint'), machineOf('machine', second, 'MINT')];
    expect(await login({ typed: 'machine/MINT', machine: other, policy: 'accept-new' })).toBe('accept');
    for (const key of [own, wrong])
      expect(await login({ typed: 'machine/mint', machine: mint, key, policy: 'accept-new' })).toBe('refuse');
    expect(await login({ typed: 'machine/MINT', machine: other })).toBe('accept');
    // As forget does.
    await takeInbox(join(dir, '.ssh/vmssh_known_hosts'));
    expect(await login({ typed: 'machine/mint', machine: mint, key: wrong, policy: 'ask' })).toBe('ask user');
    expect(await login({ typed: 'machine/MINT', machine: other })).toBe('accept');
  });

  it("root's word counts by a hashed name too, and no longer than root has it", async () => {
    const [typed, machine] = ['web', machineOf('machine', uuid)];
    writeFileSync(system, `vmssh-${uuid} ${own.type} ${own.key}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', system], { stdio: 'ignore' });
    chmodSync(system, 0o644);
    expect(readFileSync(system, 'utf8')).not.toContain(uuid);
    expect(await login({ typed, machine, key: wrong, policy: 'accept-new' })).toBe('refuse');
    expect(await login({ typed, machine })).toBe('accept');
    const path = join(dir, '.ssh/vmssh_known_hosts');
    writeFileSync(path, `vmssh-${uuid} ${own.type} ${own.key} 2026-01-31 system host%web\n`, { mode: 0o600 });
    rmSync(system);
    expect(await login({ typed, machine })).toBe('refuse');
  });

  it('hashed names are known as the plain ones, and forgotten', async () => {
    const path = join(dir, '.ssh/vmssh_known_hosts');
    const web = machineOf('machine', uuid);
    expect(await login({ typed: 'web', machine: web, policy: 'accept-new' })).toBe('accept');
    const lima = machineOf('lima', undefined, 'box');
    expect(await login({ typed: 'box', machine: lima, policy: 'accept-new' })).toBe('accept');
    await takeInbox(path);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', path], { stdio: 'ignore' });
    expect(readFileSync(path, 'utf8')).not.toContain('vmssh-');
    for (const [typed, machine] of [
      ['web', web],
      ['machine/web', web],
      [uuid, web],
      ['box', lima],
    ] as const) {
      expect(await login({ typed, machine })).toBe('accept');
      expect(await login({ typed, machine, key: wrong, policy: 'accept-new', manager: wrong })).toBe(
        'refuse',
      );
    }
    const other = { typed: 'web', machine: machineOf('machine', second), key: wrong };
    expect(await login({ ...other, policy: 'accept-new' })).toBe('refuse');
    await forgetKeys(path, [`vmssh-${uuid}`], { meant: ['host%web', 'machine%web'] });
    expect(await login({ ...other, policy: 'accept-new' })).toBe('accept');
    expect(await login({ typed: 'box', machine: lima, key: wrong, policy: 'accept-new' })).toBe('refuse');
  });
});

describe('machines that swap their names', () => {
  const by = (name: string, id: string, key: typeof own) => ({
    typed: name,
    machine: machineOf('qemu', id, name),
    key,
  });
  const all = async (...logins: Login[]) => {
    const said: string[] = [];
    for (const each of logins) said.push(await login(each));
    return said;
  };

  it('are let in by each name and UUID with their own keys, and no other', async () => {
    const policy = 'accept-new';
    const [a, b] = [by('a', uuid, own), by('b', second, wrong)];
    expect(await all({ ...a, policy }, { ...b, policy })).toEqual(['accept', 'accept']);
    const [c, d] = [by('b', uuid, own), by('a', second, wrong)];
    expect(await all({ ...c, key: wrong, policy }, { ...d, key: own, policy })).toEqual(['refuse', 'refuse']);
    expect(await all(c, d, { ...c, typed: 'qemu/b' }, { ...c, typed: uuid })).toEqual(
      Array(4).fill('accept'),
    );
    expect(await all({ ...d, typed: uuid })).toEqual(['refuse']);
    expect(await all(a, b)).toEqual(['accept', 'accept']);
    const stranger = by('a', '33333333-2222-4333-8444-aaaaaaaaaaaa', own);
    expect(await all({ ...stranger, policy })).toEqual(['refuse']);
  });

  it('are refused with a UUID that several have', async () => {
    const policy = 'accept-new';
    await all({ ...by('a', uuid, own), policy }, { ...by('b', second, wrong), policy });
    await takeInbox(join(dir, '.ssh/vmssh_known_hosts'));
    await markShared(join(dir, '.ssh/vmssh_known_hosts'), [`vmssh-${uuid}`, `vmssh-${second}`]);
    expect(await all({ ...by('a', second, wrong), policy })).toEqual(['refuse']);
  });
});

it('a UUID that several machines have is no identity: each has its own key, by its name', async () => {
  const policy = 'accept-new';
  const path = join(dir, '.ssh/vmssh_known_hosts');
  const vm = { typed: 'vm0', machine: machineOf('qemu', uuid, 'vm0') };
  const clone = { typed: 'clone', machine: machineOf('qemu', uuid, 'clone'), key: wrong };
  expect([await login({ ...vm, policy }), await login({ ...clone, policy })]).toEqual(['accept', 'refuse']);
  await takeInbox(path);
  await markShared(path, [`vmssh-${uuid}`]);
  await markShared(path, [`vmssh-${uuid}`]);
  expect(readFileSync(path, 'utf8').match(/shared-uuid/g)).toHaveLength(1);
  expect([await login(clone), await login({ ...clone, policy })]).toEqual(['refuse', 'accept']);
  expect([await login(vm), await login(clone)]).toEqual(['accept', 'accept']);
  expect(await login({ ...vm, key: wrong, policy })).toBe('refuse');
  expect(await login({ ...clone, key: own, policy })).toBe('refuse');
  // Whoever gives a machine that UUID does not make the first one's key unknown.
  expect(await login({ ...vm, machine: machineOf('lima', uuid, 'vm0'), key: wrong, policy })).toBe('refuse');
});

it.each([
  { mode: 0o666, uid: undefined, want: 'may be changed by others: its mode is 0666' },
  { mode: 0o620, uid: undefined, want: 'may be changed by others: its mode is 0620' },
  ...(process.getuid?.() === 0 ? [{ mode: 0o600, uid: 54_321, want: 'belongs to user 54321' }] : []),
])('a file that others may have changed says nothing: $want', async ({ mode, uid, want }) => {
  const path = join(dir, '.ssh/vmssh_known_hosts');
  const web = { typed: 'web', machine: machineOf('machine', uuid), policy: 'accept-new' } as const;
  expect([await login(web), await login(web)]).toEqual(['accept', 'accept']);
  chmodSync(path, mode);
  if (uid !== undefined) chownSync(path, uid, uid);
  await expect(login(web)).rejects.toThrow(want);
});

it('a file that cannot be read says nothing either, and why is said', async () => {
  const path = join(dir, '.ssh/vmssh_known_hosts');
  const web = { typed: 'web', machine: machineOf('machine', uuid), policy: 'accept-new' } as const;
  const refused = { code: 'HOST_KEY_UNKNOWN', problem: expect.stringContaining(`${path} cannot be read: `) };
  mkdirSync(path);
  await expect(login(web)).rejects.toMatchObject(refused);
  rmSync(path, { recursive: true });
  execFileSync('mkfifo', [path]);
  await expect(login(web)).rejects.toMatchObject(refused);
});

it.each(['web', 'WEB', 'machine/web', 'machine%WEB'])(
  'a key that guest credentials made is the only one, typed as %s',
  async (typed) => {
    const folder = join(dir, '.ssh/vmssh_guests/web');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'ssh_host_ed25519_key.pub'), `ssh-ed25519 ${own.key} x\n`);
    writeFileSync(join(folder, 'known_hosts'), `vmssh-guest%web ssh-ed25519 ${own.key}\n`);
    for (const machine of [machineOf('machine', uuid), machineOf('machine', second)]) {
      expect(await login({ typed, machine })).toBe('accept');
      expect(await login({ typed, machine, key: wrong, policy: 'accept-new', manager: wrong })).toBe(
        'refuse',
      );
    }
  },
);

it('what is forgotten is new again, and what was not is still known', async () => {
  const web = machineOf('machine', uuid);
  expect(await login({ typed: 'web', machine: web, policy: 'accept-new' })).toBe('accept');
  await forgetKeys(join(dir, '.ssh/vmssh_known_hosts'), [], {
    meant: ['host%web', 'machine%web'],
    own: (pins) => pins.filter(({ alias }) => alias === `vmssh-${second}`),
  });
  const again = machineOf('machine', second);
  expect(await login({ typed: 'web', machine: again, key: wrong, policy: 'accept-new' })).toBe('accept');
  const renamed = machineOf('machine', uuid, 'old');
  expect(await login({ typed: 'old', machine: renamed })).toBe('accept');
  expect(await login({ typed: 'old', machine: renamed, key: wrong, policy: 'accept-new' })).toBe('refuse');
});

// By a ProxyCommand of the user's own, too.
it.each([
  { typed: 'qemu/web', counts: true },
  { typed: 'qemu%web', machine: machineOf('qemu', uuid, 'other'), counts: true },
  { typed: 'web', machine: machineOf('qemu', uuid, 'other'), counts: true },
  { typed: 'vsock/3', counts: false },
  { typed: 'via/hv1/qemu/web', counts: false },
])(
  'a key of guest credentials and $typed, which led elsewhere: $counts',
  async ({ typed, machine, counts }) => {
    const known = `vmssh-guest%web ssh-ed25519 ${own.key}\n`;
    writeTree(join(dir, '.ssh/vmssh_guests/web'), { name: 'web\n', known_hosts: known });
    const text = machine?.target ?? (counts ? 'vsock-mux/run/x.sock' : typed);
    expect((await keyOwner({ text, machine }, { typed }, env)).made?.keys.name === 'web').toBe(counts);
  },
);
