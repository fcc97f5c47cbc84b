import { describe, expect, it } from 'vitest';
import { asTarget } from '../../../src/kinds/kinds.js';
import { outsideKind } from '../../../src/kinds/machines.js';
import { machineOf, machinesIn, unusedOf } from '../../../src/sources/outside/rows.js';
import { match } from '../../../src/sources/search.js';
import type { DiscoveredMachine } from '../../../src/sources/source.js';
import { answerIn } from '../../../src/sources/tools/row-limits.js';
import { split } from '../../../src/typed/names.js';

const source = { name: 'mine' };
const row = { name: 'web', status: 'running' };
const read = (...machines: readonly unknown[]) => machinesIn(source, { machines, warnings: [] });

describe('a row of a source', () => {
  it('is a machine of the source, and of nobody else', () => {
    const uuid = '11111111-2222-4333-8444-555555555555';
    const notIts = { target: 'machine/web', provider: 'libvirt', cid: 3, pid: 1, also: ['qemu/web'] };
    const said = { ...row, uuid, ...notIts };
    const { found, warnings } = read(said);
    expect(warnings).toEqual([]);
    expect(found).toMatchObject([{ name: 'web', target: 'mine/web', provider: 'mine', status: 'running' }]);
    expect(found[0]).not.toHaveProperty('cid');
    expect(found[0]).not.toHaveProperty('pid');
    expect(found[0]?.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(found[0]?.uuid).not.toBe(uuid);
    const other = machinesIn({ name: 'lab' }, { machines: [said], warnings: [] });
    expect(other.found[0]?.uuid).not.toBe(found[0]?.uuid);
    expect(read({ ...said, name: 'db' }).found[0]?.uuid).toBe(found[0]?.uuid);
    expect(read({ ...row, id: uuid }).found[0]?.uuid).toBe(found[0]?.uuid);
    expect(read(row).found[0]?.uuid).toBeUndefined();
  });

  it('has one of the names of its line, however they are spelled', () => {
    const named = { name: 'mine', names: ['vm-*', 'web-?'] };
    const machines = ['vm-1', 'VM-2', 'web 1', 'web-12', 'avm-1'].map((name) => ({ ...row, name }));
    const { found, warnings } = machinesIn(named, { machines, warnings: [] });
    expect(found.map(({ name }) => name)).toEqual(['vm-1', 'VM-2', 'web 1']);
    const problem = '2 of its machines cannot be shown: its name matches none of the "names" of its line';
    expect(warnings).toMatchObject([{ problem }]);
  });

  it.each([
    { address: 'vsock/3', endpoint: { family: 'vsock', cid: 3, port: 22 } },
    { address: 'vsock:3:5000', endpoint: { family: 'vsock', cid: 3, port: 5000 } },
    { address: 'unix/run/x.sock', endpoint: { family: 'unix', path: '/run/x.sock' } },
    { address: 'vsock-mux/run/v', endpoint: { family: 'vsock-mux', path: '/run/v', port: 22 } },
    { address: '192.0.2.1', endpoint: { family: 'tcp', host: '192.0.2.1', port: 22 } },
    { address: '[::1]:2222', endpoint: { family: 'tcp', host: '::1', port: 2222 } },
  ])('may have the route $address', ({ address, endpoint }) => {
    for (const by of [{ routes: [{ route: 'any', address }] }, { address }])
      expect(read({ ...row, ...by }).found[0]?.routes).toMatchObject([{ endpoint }]);
  });

  it('may have a program as its route, word by word', () => {
    const command = ['/usr/bin/sbx', 'ssh', 'proxy', '--', '$(id); `x` "web'];
    const vsock = { route: 'vsock', address: 'vsock/3' };
    const { found } = read({ ...row, routes: [{ route: 'exec', command }, vsock] });
    expect(found[0]?.routes?.map(({ endpoint }) => endpoint)).toMatchObject([
      { family: 'exec', command, into: 'ssh' },
      { family: 'vsock' },
    ]);
  });

  it('may say how a program is run in it as root, which is its last route if that carries streams', () => {
    const exec = ['/usr/bin/box', 'exec', '--', 'a b'];
    const address = 'vsock/3';
    const families = (more: object) => {
      const [machine] = read({ ...row, address, ...more }).found;
      expect(machine).toMatchObject({ exec });
      return machine?.routes?.map(({ endpoint }) => endpoint);
    };
    const shell = { family: 'exec', command: exec, into: 'shell', machine: 'web' };
    expect(families({ exec })).toMatchObject([{ family: 'vsock' }, shell]);
    expect(families({ exec: { command: exec } })).toHaveLength(2);
    const ip = { family: 'tcp', host: '192.0.2.1' };
    expect(families({ exec, address: '192.0.2.1' })).toMatchObject([shell, ip]);
    expect(families({ exec: { command: exec, streams: false } })).toMatchObject([{ family: 'vsock' }]);
    expect(read({ ...row, exec }).found[0]?.routes).toMatchObject([{ endpoint: shell }]);
  });

  it('may have other names, of which another row has its own first', () => {
    const rows = [
      { ...row, also: ['100', 'db', 'qemu/web'] },
      { ...row, name: 'db', also: ['200'] },
      { ...row, name: 'ci', also: ['200'] },
    ];
    const { found } = read(...rows);
    const named = (wanted: string) => match(wanted, found).map(({ name }) => name);
    expect(['100', 'db', '200', 'web', '300'].map(named)).toEqual([
      ['web'],
      ['db'],
      ['db', 'ci'],
      ['web'],
      [],
    ]);
    expect(found[0]?.ids).toEqual(['100', 'db']);
  });

  it.each([
    ...[undefined, 7].map((name) => ({ changed: { name }, why: /"name"/ })),
    ...['', 'a/b', '.', '..', 'a\nHost *', 'x\u001b[2J', 'a\u0085b', 'a\0b', '\u009b2J'].map((name) => ({
      changed: { name },
      why: /its name is empty/,
    })),
    { changed: { name: 'x'.repeat(1001) }, why: /more than 1000 characters/ },
    { changed: { status: undefined }, why: /"status" is missing, or no text: it must be one of running/ },
    { changed: { status: 'stopped' }, why: /"status" is "stopped": it must be one of .*, off, unknown$/ },
    { changed: { status: { toString: 1 } }, why: /its "status" is missing, or no text: it/ },
    { changed: { status: `\u001b${'x'.repeat(900)}` }, why: /its "status" is "\\x1bx{39}": it/ },
    { changed: { uuid: '' }, why: /"id"/ },
    ...[7, '', null, 'x'.repeat(1001)].map((id) => ({ changed: { id }, why: /"id"/ })),
    ...[
      ...['vsock/0', 'vsock/1', 'vsock/2', 'vsock/local', 'vsock/host', 'vsock%2', 'VSOCK:1', 'vsock/0x2'],
      'vsock/02',
    ].map((address) => ({ changed: { address }, why: /vsock of this host|cannot be used/ })),
    ...[
      ...['127.0.0.1', '127.0.0.1:22', '127.9.9.9', '::1', '[::1]:22', '[::ffff:127.0.0.1]:22'],
      ...['[::1%lo]:22', '0.0.0.0', '0.0.0.0:2222', '[::]:22', 'unix/run/ssh-unix-local/socket'],
      'unix/run/../run/ssh-unix-local//socket',
    ].map((address) => ({ changed: { address }, why: /SSH server of this host/ })),
    { changed: { routes: [{ address: '127.0.0.1:22' }] }, why: /SSH server of this host/ },
    ...[
      ...['127.1', '1', 'localhost:22', '0x7f.1:22', 'vsock/3:22', 'vsock/4294967295', 'web:22'],
      ...['machine/web', 'hvsock:ZERO:vsock-22', 'via/hv1/vsock/3'],
    ].map((address) => ({
      changed: { address },
      why: /no IP address|cannot be used/,
    })),
    { changed: { address: 'unix:./x' }, why: /must be an absolute path/ },
    { changed: { address: 'vsock-mux:./x' }, why: /must be an absolute path/ },
    { changed: { address: 7 }, why: /no text/ },
    { changed: { routes: 'vsock/3' }, why: /"routes"/ },
    ...['ssh-ed25519 AAAA', Array(17).fill('x'), [7], ['a\nb'], ['x'.repeat(4097)]].map((hostKeys) => ({
      changed: { hostKeys },
      why: /"hostKeys" are not a list/,
    })),
    { changed: { routes: Array(17).fill({ address: 'vsock/3' }) }, why: /"routes"/ },
    { changed: { routes: ['vsock/3'] }, why: /no object/ },
    { changed: { routes: [{}] }, why: /neither/ },
    { changed: { routes: [{ command: 'ssh web' }] }, why: /"command" is not a list/ },
    ...['a\nb', 'a\0b', '\u001b[2J', 'x'.repeat(1001)].map((word) => ({
      changed: { routes: [{ command: ['/x', word] }] },
      why: /"command" is not a list/,
    })),
    { changed: { routes: [{ command: { 0: '/x', length: 1 } }] }, why: /"command" is not a list/ },
    { changed: { routes: [{ command: [''] }] }, why: /must be an absolute path/ },
    { changed: { routes: [{ command: ['-x'] }] }, why: /must be an absolute path/ },
    { changed: { routes: [{ command: Array(65).fill('/x') }] }, why: /"command" is not a list/ },
    { changed: { routes: [{ command: [] }] }, why: /must be an absolute path/ },
    { changed: { routes: [{ command: ['ssh', 'web'] }] }, why: /must be an absolute path/ },
    ...['box exec', Array(65).fill('/x'), ['/x', 'a\0b'], ['/x', 'x'.repeat(1001)], { streams: true }].map(
      (exec) => ({ changed: { exec }, why: /"exec" is not a list/ }),
    ),
    ...[[], ['box'], { command: ['./box'] }].map((exec) => ({
      changed: { exec },
      why: /the program of a "exec" must be an absolute path/,
    })),
    { changed: { exec: { command: ['/x'], streams: 'no' } }, why: /"streams" .* neither true nor false/ },
    ...['db', [7], ['a\nb'], Array(17).fill('x')].map((also) => ({ changed: { also }, why: /"also"/ })),
    ...['', 7, 'i-1'].map((dmiUuid) => ({ changed: { dmiUuid }, why: /"dmiUuid" is no UUID/ })),
  ])('with $changed is left out, and the others are there', ({ changed, why }) => {
    const { found, warnings } = read({ ...row, ...changed }, { ...row, name: 'db' });
    expect(found.map(({ name }) => name)).toEqual(['db']);
    const problem = expect.stringMatching(/^1 of its machines cannot be shown: /);
    expect(warnings).toEqual([{ provider: 'mine', code: 'LEFT_OUT', problem }]);
    expect(warnings[0]?.problem).toMatch(why);
    expect(warnings[0]?.problem).not.toMatch(/\p{Cc}/u);
  });

  it('never has the identity of a row of another source, or of another id', () => {
    const uuid = '11111111-2222-4333-8444-555555555555';
    const ids = ['e', 'x', 'X', 'x\0', '\0x', 'e\0x', 'mine', 'mine\0x', 'mine/x', uuid];
    const uuids = ['mine', 'min', 'mine-e', 'lab'].flatMap((name) =>
      ids.map((id) => (machineOf({ name }, { ...row, id }) as DiscoveredMachine).uuid),
    );
    expect(new Set(uuids).size).toBe(40);
    expect(uuids.every((each) => each !== undefined && each[14] === '8')).toBe(true);
  });

  const odd = [
    'a%b',
    'a:b',
    'via%hv1%x',
    '-oProxyCommand=id',
    '*',
    '%h',
    '$(id)',
    '__proto__',
    'constructor',
  ];
  it.each([...odd, 'é', '名'])('may have the odd name %j, which only means itself', (name) => {
    expect(read({ ...row, name }).found).toMatchObject([{ name, target: `mine/${name}` }]);
    const parsed = outsideKind.parse(split(`mine/${name}`), asTarget as never);
    expect(parsed).toEqual({ kind: 'outside', source: 'mine', name });
  });

  const outside = 'it is not below the "folder" /home/ann/.mine';
  it.each([
    { folder: undefined, path: '/home/ann/.mine/key', why: 'its line has no "folder"' },
    { folder: '/home/ann/.mine', path: '/home/ann/.mine/key' },
    { folder: '/home/ann/.mine/', path: '/home/ann/.mine/a/key' },
    { path: '/home/ann/.mine/../.ssh/id_rsa', why: 'it has "..", "." or "//" in it' },
    { path: '/home/ann/.mine', why: outside },
    { path: '/home/ann/.minefield/key', why: outside },
    { path: '/home/ann/.mine/a\nb', why: 'it is no path' },
    { path: '.mine/key', why: outside },
  ])('below the folder $folder of its source, the key $path is not used: $why', (each) => {
    const { folder, path, why } = { folder: '/home/ann/.mine', ...each };
    const from = { name: 'mine', folder };
    const said = { ...row, user: 'ann', identityFile: path };
    expect(machineOf(from, said)).toMatchObject({
      identityFile: why === undefined ? path : undefined,
      user: folder === undefined ? undefined : 'ann',
    });
    const fields = [...(folder === undefined ? ['user'] : []), ...(why ? ['identityFile'] : [])];
    expect(unusedOf(from, said)).toEqual(fields.map((field) => `its "${field}" is not used: ${why}`));
  });

  it('has no user that ssh would refuse', () => {
    const said = { ...row, user: '-oProxyCommand=id' };
    const from = { name: 'mine', folder: '/x' };
    expect(machineOf(from, said)).toMatchObject({ user: undefined });
    expect(unusedOf(from, said)).toEqual(['its "user" is not used: it begins with "-"']);
  });
});

describe('what a source prints', () => {
  it.each([
    { text: ' \n', says: /^it printed nothing$/ },
    { text: `{"version":1,${' '.repeat(90)}}`, says: /not JSON: .*: .* at position 103/ },
    { text: '{', says: /not JSON/ },
    { text: '[\u202e', says: /^it printed not JSON: [ -~]*$/ },
    { text: '[]', says: /expected/ },
    { text: '{"version":2,"machines":[]}', says: /expected/ },
    { text: '{"version":1,"machines":{}}', says: /expected/ },
    { text: '['.repeat(100_000), says: /levels/ },
    { text: '{"version":1,"error":{"problem":"no key"}}', says: /^no key$/ },
  ])('and is no list is an error: $says', ({ text, says }) => {
    expect(() => answerIn(text)).toThrow(says);
  });

  const many = (length: number) => Array.from({ length }, (_, i) => ({ ...row, name: `m${i}` }));

  it('has 10,000 machines at most: others are a warning', () => {
    const { found, warnings } = read(...many(10_003));
    expect(found).toHaveLength(10_000);
    const problem = '3 of its machines cannot be shown: a source can list 10000';
    expect(warnings).toMatchObject([{ problem }]);
  });

  it.each([
    { rows: [{ id: 'x' }, { name: 'db', id: 'x' }], problems: [/^2 rows have one "id": "web", "db"$/] },
    { rows: [{}, {}], problems: [/^2 rows are named "web"$/] },
    { rows: [{ id: 'x' }, { id: 'y' }, {}], problems: [/^3 rows are named "web"$/] },
    { rows: [{ id: 'x' }, { name: 'db', id: 'y' }, { name: 'mail' }], problems: [] },
  ])('has a warning if two rows have one id or one name: $rows', ({ rows, problems }) => {
    const { found, warnings } = read(...rows.map((each) => ({ ...row, ...each })));
    expect(found).toHaveLength(rows.length);
    const twice = { provider: 'mine', code: 'TWICE' };
    expect(warnings).toEqual(problems.map((each) => ({ ...twice, problem: expect.stringMatching(each) })));
  });

  it('has a limited processor time', () => {
    let worked = 0;
    const answer = { machines: many(300), warnings: [] };
    const { found, warnings } = machinesIn(source, answer, () => (worked += 3000));
    expect(found).toHaveLength(100);
    expect(warnings).toMatchObject([{ problem: expect.stringMatching(/reading the 100 before took 5 s/) }]);
  });

  it('has warnings of its own, as many as can be read', () => {
    const first = { provider: 'libvirt', code: 'X', problem: 'why' };
    const warnings = [first, 7, ...Array(200).fill({ problem: 'x' })];
    const { warnings: got } = machinesIn(source, { machines: [], warnings });
    expect(got).toHaveLength(101);
    expect(got[0]).toEqual({ provider: 'mine', code: 'X', problem: 'why' });
    expect(got.at(-1)?.problem).toBe('102 more of its warnings are not shown');
  });
});
