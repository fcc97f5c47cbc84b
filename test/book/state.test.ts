import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostEntry, HostState } from '../../src/book/state.js';
import { formatState, noState, parseState, readState, stateFile } from '../../src/book/state.js';
import { useTempDir } from '../helpers/temp-dir.js';

const mint: HostEntry = {
  host: 'Mint-22.hv1',
  name: 'Mint 22',
  target: 'via/hv1/qemu/Mint 22',
  provider: 'libvirt',
  via: 'hv1',
  uuid: '11111111-2222-4333-8444-555555555555',
  user: 'ann',
  identityFile: '/k',
  gone: '2026-01-31',
};
const web: HostEntry = {
  ...{ host: 'web', name: 'web', target: 'machine/web', provider: 'machined' },
  authority: 'user',
};
const state: HostState = {
  options: { prefix: 'vm-', onlyPatterns: true, fdpass: false, fresh: false, sshOptions: ['User=root'] },
  program: ['/usr/bin/node', '/o p/vmssh.js'],
  machines: [mint, web],
};

describe('the state', () => {
  it.each([{ state: noState }, { state }])('is read back as it was written', (each) => {
    expect(parseState(formatState(each.state))).toEqual({ state: each.state, left: 0 });
  });

  it('keeps fields of a newer version', () => {
    const text = formatState(state).replace('"program"', '"later": {"a":1},\n "program"');
    expect(JSON.parse(formatState(parseState(text).state))).toMatchObject({ later: { a: 1 } });
  });

  it('has a machine in each line', () => {
    expect(formatState(state).match(/^ {2}.*"name":"(.*?)"/gm)).toHaveLength(2);
  });

  it.each([
    { name: 'no JSON', text: '{', says: 'it is not JSON of vmssh' },
    { name: 'another JSON', text: '[]', says: 'it is not JSON of vmssh' },
    { name: 'too deep', text: '['.repeat(100_000), says: 'it is not JSON of vmssh' },
    {
      name: 'another version',
      text: formatState(state).replace('"version": 2', '"version": "2"'),
      says: 'expected version 2, got "2"',
    },
    { name: 'without machines', text: '{"version":2,"options":{},"program":[]}', says: /^it lacks/ },
  ])('is none if it is $name', ({ text, says }) => expect(() => parseState(text)).toThrow(says));

  it.each([
    { host: 'a b' },
    { host: '*' },
    { host: 'x\nProxyCommand evil' },
    { host: undefined },
    { target: 'qemu/a\u202e' },
    { target: 7 },
    { target: 'vsock-mux/proc/3483/root/v.sock', via: undefined },
    { target: 'via/hv1/unix%proc%3483%root%v.sock' },
    { provider: 'of via/hv1' },
    { name: null },
    { via: 'hv2' },
    { target: 'via/hv10/qemu/Mint 22' },
    { name: 'x'.repeat(0), host: 'x'.repeat(5000) },
  ])('leaves out a machine with %o', (change) => {
    const text = formatState({ ...state, machines: [{ ...mint, ...(change as object) }, web] });
    expect(parseState(text)).toMatchObject({ state: { machines: [web] }, left: 1 });
  });

  const made = { name: 'db', target: 'qemu/db', provider: 'libvirt' };

  it.each([
    { user: 'ann', identityFile: '/k', takes: 'db', pinned: true, first: true } as const,
    { brings: true } as const,
  ])('keeps the login that setup made, also of a machine without a Host: $user', (login) => {
    const all = {
      ...state,
      machines: [
        { ...web, login },
        { ...made, login },
      ],
    };
    expect(parseState(formatState(all))).toEqual({ state: all, left: 0 });
  });

  it.each([7, {}, { user: '-b' }, { user: 'b\n' }, { brings: 1 }, { user: 7, brings: true }])(
    'takes no login that is none, and no machine that has nothing else: %o',
    (login) => {
      const machines = [
        { ...web, login },
        { ...made, login },
      ] as HostState['machines'];
      const text = JSON.stringify({ version: 2, options: {}, program: [], machines });
      expect(parseState(text)).toEqual({ state: { ...noState, machines: [web] }, left: 1 });
    },
  );

  it('takes no user that ssh could misread', () => {
    const text = formatState({ ...state, machines: [{ ...mint, user: '-oX' }] });
    const read = parseState(text).state;
    expect(read.machines[0]?.user).toBeUndefined();
  });
});

describe('the file of the state', () => {
  const dir = useTempDir();

  it('is in the folder of the state', () => {
    expect(stateFile({ HOME: '/h' }, 'linux')).toBe('/h/.local/state/vmssh/hosts.json');
  });

  it('is no state if it is missing, broken, or no file', async () => {
    const path = join(dir, 'hosts.json');
    expect(await readState(path)).toBeUndefined();
    writeFileSync(path, '{}');
    expect(await readState(path)).toBeUndefined();
    writeFileSync(path, formatState(state));
    expect(await readState(path)).toEqual(state);
    mkdirSync(join(dir, 'folder.json'));
    expect(await readState(join(dir, 'folder.json'))).toBeUndefined();
  });
});
