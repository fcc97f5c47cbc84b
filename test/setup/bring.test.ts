import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConnectError } from '../../src/base/errors.js';
import { withLogin } from '../../src/book/logins.js';
import { formatState, noState } from '../../src/book/state.js';
import { prepare } from '../../src/commands/ssh/call.js';
import { callerOfLines, checkSshTakes } from '../../src/hosts/plan.js';
import { parseTarget } from '../../src/kinds/kinds.js';
import type { ListedTarget } from '../../src/reach/short-name.js';
import { bringingBy } from '../../src/setup/sshd.js';
import { newSetup } from '../../src/setup/step.js';
import { wayIn } from '../../src/setup/way.js';
import { splitArgs } from '../../src/ssh/split-args.js';
import { type FakeIo, fakeIo } from '../helpers/fake-io.js';
import { script, useTempDir, writeTree } from '../helpers/temp-dir.js';
import { lookFacts } from './look-facts.js';

const dir = useTempDir();
const none = async () => {
  throw new Error('there is no /x/sshd');
};

function setupOf(named: ListedTarget, io: FakeIo) {
  const flags = { takeName: false, all: false, unproved: false, sharedHome: false, vsock: false };
  const more = { noConfig: false, install: false, bring: true, restart: false, ...flags };
  const options = { ...more, user: undefined, key: undefined, by: undefined, hostKey: undefined };
  const { signal } = new AbortController();
  return newSetup(named, { name: named.text, options, io, signal }, () => {});
}

it.each([
  ['its package', 'ssh-ed25519', /^failed: there is no sshd to bring into .*: install vmssh-sshd/],
  [
    'an ssh that takes its host key',
    'ecdsa-sha2-nistp256',
    /^failed: .* HostKeyAlgorithms is ecdsa-sha2-nistp256: install an sshd there: vmssh setup --install-sshd NAME;/,
  ],
])('no sshd is brought without %s', async (_, taken, want) => {
  script(join(dir, 'ssh'), `[ "$1" != -G ] || echo hostkeyalgorithms ${taken}`);
  const io = fakeIo({ env: { PATH: dir, HOME: dir, VMSSH_SSH: join(dir, 'ssh') } });
  const named = { text: 'incus/web', target: parseTarget('incus/web') };
  const setup = setupOf(named, io);
  const endpoint = { family: 'exec', command: ['incus'], machine: 'web', into: 'shell', port: 22 } as const;
  const means = { text: 'incus/web', parsed: named.target, port: 22, user: '', endpoint };
  const error = new ConnectError('connect', 'incus/web', { code: 'EXEC_NO_SSHD', problem: 'none' });
  const answer = { target: 'incus/web', means, stages: [], error };
  const able = async (...asked: Parameters<typeof callerOfLines>) => ({
    ...(await callerOfLines(...asked)),
    asksForKeys: true,
    refusesUsers: true,
  });
  await bringingBy(none, able).look?.(setup, lookFacts({ answer }));
  expect(setup.steps.map(({ state, found, fix }) => `${state}: ${found}: ${fix}`)).toEqual([
    expect.stringMatching(want),
  ]);
});

it.each([
  { what: 'taken', login: { brings: true }, isEarlier: true },
  { what: 'refused', login: { brings: true, failed: true }, isEarlier: false },
] as const)(
  'a login by an sshd that setup brought is an earlier one, if it was $what: $isEarlier',
  async (row) => {
    const machine = { name: 'web', target: 'wsl/web', provider: 'wsl', status: 'off', also: [] } as const;
    const state = formatState({ ...noState, machines: withLogin([], machine, row.login) });
    writeTree(join(dir, 'state/vmssh'), { 'hosts.json': state });
    writeTree(join(dir, 'bin'), { ssh: '#!/bin/sh\n' });
    const env = {
      PATH: `${join(dir, 'bin')}:${process.env.PATH}`,
      HOME: dir,
      XDG_STATE_HOME: join(dir, 'state'),
    };
    const named = { text: machine.target, target: parseTarget(machine.target), machine };
    const found = await wayIn(setupOf(named, fakeIo({ env })));
    expect(found?.earlier !== undefined).toBe(row.isEarlier);
  },
);

describe('an ssh that takes no ed25519 host key', () => {
  const ssh = join(dir, 'fips');
  const io = fakeIo({ env: { PATH: '/proc/none', HOME: dir, VMSSH_SSH: ssh }, self: ['/usr/bin/vmssh'] });
  const want = {
    message: expect.stringMatching(/an ed25519 host key: its HostKeyAlgorithms is ecdsa-sha2-nistp256$/),
  };
  beforeAll(() => {
    const says = [
      '-V) echo OpenSSH_9.9p1',
      '*"a\'b"*) echo invalid characters >&2; exit 255',
      '-G*) echo "$taken"',
    ];
    const cases = says.map((each) => `${each} ;;`).join('\n');
    script(ssh, `taken='hostkeyalgorithms ecdsa-sha2-nistp256'\ncase "$*" in\n${cases}\nesac`);
  });

  it('is told so by vmssh ssh', async () => {
    const options = { args: splitArgs('ssh', ['unix/run/x']), waitMs: undefined, bring: true, print: true };
    const find = async (text: string) => ({ text, target: parseTarget(text) });
    await expect(prepare('ssh', options, io, find)).rejects.toMatchObject(want);
    await expect(prepare('ssh', { ...options, bring: undefined }, io, find)).resolves.toBeDefined();
  });

  it('is told so by config install', async () => {
    await expect(checkSshTakes({ bring: true }, io)).rejects.toMatchObject(want);
    await checkSshTakes({}, io);
  });
});
