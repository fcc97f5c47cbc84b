import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listMachines, searchMachined } from '../../../src/sources/machined/machined.js';
import { machined } from '../../../src/sources/machined/provider.js';
import { type Call, call, VarlinkError } from '../../../src/sources/machined/varlink.js';
import type { Deps } from '../../../src/sources/provider.js';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { type Answer, listing, machines, PeerFolder, recorded, wire } from './varlink-peer.js';

const socket = 'systemd/machine/io.systemd.Machine';
const id = '8495db59ee594938bf3bc78365a6940b';
let folder: PeerFolder;
let deps: Deps;
beforeEach(() => {
  folder = new PeerFolder();
  mkdirSync(`${folder.path}/user`);
  writeFileSync(`${folder.path}/user/bus`, '');
  deps = { env: { XDG_RUNTIME_DIR: `${folder.path}/user` }, runDir: `${folder.path}/run`, timeoutMs: 10_000 };
});
afterEach(() => folder.stop());

const vm = (name: string, vSockCid = 3, more: JsonObject = {}) => ({ name, class: 'vm', vSockCid, ...more });
/** One of another person. */
const others = (name: string) => vm(name, 4_000_000_000, { UID: 54_321 });
const user = (answer: Answer) => folder.listen(`user/${socket}`, answer);
const system = (answer: Answer) => folder.listen(`run/${socket}`, answer);

describe('searchMachined', () => {
  it('asks one question if the name is exact', async () => {
    const peer = await system((_request, client) => {
      client.write(recorded('systemd257-list-one'));
    });
    const want = { outcome: 'found', machine: { name: 'fakevm', vsockCid: 42, scope: 'system' } };
    expect(await searchMachined('fakevm', { ...deps, env: {} })).toMatchObject(want);
    expect(peer.requests).toEqual([{ method: 'io.systemd.Machine.List', parameters: { name: 'fakevm' } }]);
  });

  it('does not ask the system if the user scope has the name', async () => {
    const [own, other] = [await user(machines(vm('a', 3))), await system(machines(vm('a', 4)))];
    const want = { outcome: 'found', machine: { vsockCid: 3, scope: 'user' }, warnings: [] };
    expect(await searchMachined('a', deps)).toMatchObject(want);
    expect([own.requests.length, other.requests.length]).toEqual([1, 0]);
  });

  it('takes the exact name in the system scope before another case in the user scope', async () => {
    await user(machines(vm('Mint', 3)));
    await system(machines(vm('mint', 4)));
    expect(await searchMachined('mint', deps)).toMatchObject({
      outcome: 'found',
      machine: { name: 'mint', vsockCid: 4 },
    });
  });

  it.each<{ name: string; wanted: string; want: object }>([
    {
      name: 'in another case',
      wanted: 'mint',
      want: { outcome: 'found', machine: { name: 'Mint', scope: 'user' } },
    },
    { name: 'by id', wanted: id, want: { outcome: 'found', machine: { name: 'arch', scope: 'system' } } },
    {
      name: 'by id with dashes',
      wanted: '8495DB59-ee59-4938-bf3b-c78365a6940b',
      want: { outcome: 'found', machine: { name: 'arch' } },
    },
    {
      name: 'several times',
      wanted: 'deb',
      want: { outcome: 'ambiguous', means: ['machine/Deb', 'machine/DEB'] },
    },
    {
      name: 'not at all',
      wanted: 'nope',
      want: {
        outcome: 'unknown',
        known: ['Mint', 'Deb', 'DEB', 'arch'],
        warnings: [],
      },
    },
  ])('finds $name in the lists', async ({ wanted, want }) => {
    const host = { name: '.host', class: 'host', vSockCid: 1 };
    await user(machines(vm('Mint'), vm('Deb'), host));
    await system(machines(vm('Mint'), vm('DEB'), vm('arch', 3, { id }), host));
    expect(await searchMachined(wanted, deps)).toMatchObject(want);
  });

  it.each([id, 'MINT'])('finds a machine of both scopes by %s in the first', async (wanted) => {
    await user(machines(vm('Mint', 3, { id })));
    await system(machines(vm('Mint', 4, { id })));
    expect(await searchMachined(wanted, deps)).toMatchObject({
      outcome: 'found',
      machine: { scope: 'user', vsockCid: 3 },
    });
  });

  it('says that there are no machines if both scopes have none', async () => {
    await user(machines());
    await system((request, client) => {
      const name = request.more ? 'systemd257-list-host-only' : 'systemd257-no-such-machine';
      client.write(recorded(name));
    });
    const want = { outcome: 'unknown', known: [], warnings: [] };
    expect(await searchMachined('a', deps)).toEqual(want);
  });

  it('lists if the service requires more even for one', async () => {
    const peer = await system((request, client) => {
      client.write(request.more ? listing([vm('b'), vm('a')]) : recorded('systemd257-expected-more'));
    });
    expect(await searchMachined('a', deps)).toMatchObject({ outcome: 'found', machine: { name: 'a' } });
    expect(peer.requests).toHaveLength(2);
  });

  it('does not take another machine for the one it asked for', async () => {
    await system((_request, client) => {
      client.write(listing([vm('b')]));
    });
    expect(await searchMachined('a', deps)).toMatchObject({ outcome: 'unknown', known: ['b'] });
  });

  it('reports a scope that refuses every question as failed', async () => {
    const denied = wire({ error: 'org.varlink.service.PermissionDenied' });
    await user((_request, client) => {
      client.write(denied);
    });
    const result = await searchMachined('a', deps);
    expect(result).toMatchObject({ outcome: 'unavailable', warnings: expect.any(Array) });
    const codes = 'warnings' in result ? result.warnings.map(({ scope, code }) => `${scope} ${code}`) : [];
    expect(codes.sort()).toEqual(['system ENOENT', 'user org.varlink.service.PermissionDenied']);
  });

  // Under any name that is free.
  it('does not take a machine that another person has registered, and says so', async () => {
    await system((request, client) => {
      client.write(request.more ? listing([vm('b'), others('a')]) : listing([others('a')]));
    });
    expect(await searchMachined('a', deps)).toMatchObject({
      outcome: 'unknown',
      known: ['b'],
      warnings: [
        { scope: 'user', code: 'ENOENT' },
        { scope: 'system', code: 'FOREIGN', problem: '"a" was registered by user 54321' },
      ],
    });
  });

  it('takes a machine of this user, or of a system user', async () => {
    for (const UID of [process.getuid?.(), 0, 999]) {
      const peer = await system(machines(vm('a', 7, { UID })));
      expect(await searchMachined('a', deps)).toMatchObject({ outcome: 'found', machine: { vsockCid: 7 } });
      rmSync(peer.path);
    }
  });

  it.each(['', 'a/b', '..', 'a\nb'])('asks nobody for %j', async (name) => {
    const peer = await system(machines(vm('a')));
    expect(await searchMachined(name, deps)).toMatchObject({ outcome: 'refused' });
    expect(peer.requests).toEqual([]);
  });

  it('ends with the abort, and asks no other scope', async () => {
    const abort = new AbortController();
    await user(() => abort.abort('enough'));
    const peer = await system(machines(vm('a')));
    await expect(searchMachined('a', { ...deps, signal: abort.signal })).rejects.toBe('enough');
    expect(peer.requests).toEqual([]);
  });

  it.each([undefined, '', 'relative', './user'])(
    'has no user scope if XDG_RUNTIME_DIR is %j',
    async (dir) => {
      const result = await searchMachined('a', { ...deps, env: { XDG_RUNTIME_DIR: dir } });
      expect(result).toMatchObject({
        outcome: 'unavailable',
        warnings: [{ scope: 'system', code: 'ENOENT' }],
      });
    },
  );
});

describe('a scope that fails does not stop the other', () => {
  const says = (bytes: Uint8Array | string): Answer => {
    return (_request, client) => {
      client.write(bytes);
    };
  };
  const broken: { name: string; code: string; make: (at: string) => Promise<unknown> }[] = [
    { name: 'absent', code: 'ENOENT', make: async () => {} },
    { name: 'left by a service that was killed', code: 'ECONNREFUSED', make: (at) => folder.abandon(at) },
    { name: 'silent', code: 'TIMEOUT', make: (at) => folder.listen(at, () => {}) },
    { name: 'talking rubbish', code: 'PROTOCOL', make: (at) => folder.listen(at, says('SSH-2.0-x\r\n\0')) },
    { name: 'telling a nameless machine', code: 'PROTOCOL', make: (at) => folder.listen(at, says(wire({}))) },
    {
      name: 'closing without an answer',
      code: 'PROTOCOL',
      make: (at) =>
        folder.listen(at, (_request, client) => {
          client.end();
        }),
    },
  ];

  // The deadline of a scope that is to be silent is short, so that it is waited out; that of the others is not.
  const calling = (...silent: string[]): Call => {
    const isSilent = (path: string) => silent.some((scope) => path.startsWith(`${folder.path}/${scope}/`));
    return (path, method, parameters, options) =>
      call(path, method, parameters, { ...options, timeoutMs: isSilent(path) ? 20 : 10_000 });
  };

  it.each(broken)('user scope $name', async ({ code, make }) => {
    await make(`user/${socket}`);
    await system(machines(vm('a')));
    const ask = code === 'TIMEOUT' ? calling('user') : call;
    const failures = [{ scope: 'user', path: `${folder.path}/user/${socket}`, code }];
    const found = { outcome: 'found', machine: { scope: 'system' }, warnings: failures };
    expect(await searchMachined('a', deps, ask)).toMatchObject(found);
    const none = { outcome: 'unknown', known: ['a'], warnings: failures };
    expect(await searchMachined('b', deps, ask)).toMatchObject(none);
    expect(await listMachines(deps, ask)).toMatchObject({
      machines: [{ name: 'a' }],
      answered: ['system'],
      failures,
    });
  });

  it.each(broken)('system scope $name', async ({ code, make }) => {
    await user(machines(vm('a')));
    await make(`run/${socket}`);
    const ask = code === 'TIMEOUT' ? calling('run') : call;
    const failures = [{ scope: 'system', code }];
    const found = { outcome: 'found', machine: { scope: 'user' }, warnings: failures };
    expect(await searchMachined('A', deps, ask)).toMatchObject(found);
    expect(await searchMachined('b', deps, ask)).toMatchObject({
      outcome: 'unknown',
      warnings: failures,
    });
  });

  it.each(broken)('both $name', async ({ code, make }) => {
    await make(`user/${socket}`);
    await make(`run/${socket}`);
    const ask = code === 'TIMEOUT' ? calling('user', 'run') : call;
    const failures = [
      { scope: 'user', code },
      { scope: 'system', code },
    ];
    expect(await searchMachined('a', deps, ask)).toMatchObject({
      outcome: 'unavailable',
      warnings: failures,
    });
    expect(await listMachines(deps, ask)).toMatchObject({ machines: [], answered: [], failures });
  });

  it.each(['EACCES', 'ECONNRESET'])('user scope failing with %s', async (code) => {
    const failing = async (path: string) => {
      if (path.startsWith(`${folder.path}/user`)) throw new VarlinkError(code, `connect ${code}`);
      return [vm('a')];
    };
    const failures = [{ scope: 'user', code, problem: `connect ${code}` }];
    expect(await searchMachined('a', deps, failing)).toMatchObject({
      machine: { scope: 'system' },
      warnings: failures,
    });
  });
});

// systemd 262 in Debian without dbus-user-session: "Failed to queue service startup job: Unit dbus.socket not found."
describe('a user without a D-Bus', () => {
  beforeEach(() => rmSync(`${folder.path}/user/bus`));

  it.each(['ECONNRESET', 'EPIPE', 'ECONNREFUSED'])('has no machined behind its socket: %s', async (code) => {
    const failing: Call = async (path, ...rest) => {
      if (path.startsWith(`${folder.path}/user`)) throw new VarlinkError(code, code);
      return call(path, ...rest);
    };
    await system(machines(vm('a')));
    const failures = [{ scope: 'user', code: 'ENOENT' }];
    expect(await listMachines(deps, failing)).toMatchObject({ machines: [{ name: 'a' }], failures });
    expect(await searchMachined('b', deps, failing)).toMatchObject({
      outcome: 'unknown',
      warnings: failures,
    });
  });

  it('has one that says something else', async () => {
    await user((_request, client) => {
      client.write('rubbish\0');
    });
    expect(await listMachines(deps)).toMatchObject({ failures: [{ code: 'PROTOCOL' }, { code: 'ENOENT' }] });
  });

  it('gets no warning', async () => {
    await folder.abandon(`user/${socket}`);
    expect(await machined.list(deps)).toMatchObject({ found: [], warnings: [] });
  });
});

describe('listMachines', () => {
  it('leaves out those that another person has registered', async () => {
    await system(machines(others('mint'), vm('b', 3, { UID: 0 }), { ...others('arch'), id }));
    const { machines: listed, answered } = await listMachines(deps);
    expect(listed.map(({ name }) => name)).toEqual(['b']);
    expect(answered).toEqual(['system']);
    expect(await searchMachined(id, deps)).toMatchObject({ outcome: 'unknown', known: ['b'] });
  });

  it('gives the machines of both scopes without this host itself', async () => {
    await user(machines({ name: '.host', class: 'host' }, vm('a')));
    await system((_request, client) => {
      client.write(recorded('systemd257-list-all'));
    });
    const { machines: all, answered, failures } = await listMachines(deps);
    expect(all.map(({ name, scope }) => `${scope}:${name}`)).toEqual(['user:a', 'system:fakevm']);
    expect({ answered, failures }).toEqual({ answered: ['user', 'system'], failures: [] });
  });

  it('gives 200 machines in their order', async () => {
    const many = Array.from({ length: 200 }, (_, at) => vm(`m${at}`, at + 3));
    await system(machines(...many));
    expect((await listMachines(deps)).machines.map(({ name }) => name)).toEqual(many.map(({ name }) => name));
  });
});
