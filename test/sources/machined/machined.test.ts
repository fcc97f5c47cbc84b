import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { listMachines, searchMachined } from '../../../src/sources/machined/machined.js';
import { machined } from '../../../src/sources/machined/source.js';
import { type Call, call, VarlinkError } from '../../../src/sources/machined/varlink.js';
import type { Deps } from '../../../src/sources/source.js';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import type { Answer } from './varlink-peer.js';
import { listing, machines, recorded, says, saysRecorded, usePeerFolder, wire } from './varlink-peer.js';

const socket = 'systemd/machine/io.systemd.Machine';
const id = '8495db59ee594938bf3bc78365a6940b';
const folder = usePeerFolder();
let deps: Deps;
beforeEach(() => {
  mkdirSync(`${folder.path}/user`);
  writeFileSync(`${folder.path}/user/bus`, '');
  deps = { env: { XDG_RUNTIME_DIR: `${folder.path}/user` }, runDir: `${folder.path}/run`, timeoutMs: 10_000 };
});

const vm = (name: string, vSockCid = 3, more: JsonObject = {}) => ({ name, class: 'vm', vSockCid, ...more });
/** One of another person. */
const others = (name: string) => vm(name, 4_000_000_000, { UID: 54_321 });
const user = (answer: Answer) => folder.listen(`user/${socket}`, answer);
const system = (answer: Answer) => folder.listen(`run/${socket}`, answer);

describe('searchMachined', () => {
  it('asks one question if the name is exact', async () => {
    const peer = await system(says(recorded('systemd257-list-one')));
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
    const want = { outcome: 'found', machine: { name: 'mint', vsockCid: 4 } };
    expect(await searchMachined('mint', deps)).toMatchObject(want);
  });

  it.each<{ name: string; wanted: string; want: object }>([
    { name: 'in another case', wanted: 'mint', want: { machine: { name: 'Mint', scope: 'user' } } },
    { name: 'by id', wanted: id, want: { machine: { name: 'arch', scope: 'system' } } },
    {
      name: 'by id with dashes',
      wanted: '8495DB59-ee59-4938-bf3b-c78365a6940b',
      want: { machine: { name: 'arch' } },
    },
    { name: 'several times', wanted: 'deb', want: { means: ['machine/Deb', 'machine/DEB'] } },
    { name: 'not at all', wanted: 'nope', want: { known: ['Mint', 'Deb', 'DEB', 'arch'], warnings: [] } },
  ])('finds $name in the lists', async ({ wanted, want }) => {
    const host = { name: '.host', class: 'host', vSockCid: 1 };
    await user(machines(vm('Mint'), vm('Deb'), host));
    await system(machines(vm('Mint'), vm('DEB'), vm('arch', 3, { id }), host));
    expect(await searchMachined(wanted, deps)).toMatchObject(want);
  });

  it.each([id, 'MINT'])('finds a machine of both scopes by %s in the first', async (wanted) => {
    await user(machines(vm('Mint', 3, { id })));
    await system(machines(vm('Mint', 4, { id })));
    expect(await searchMachined(wanted, deps)).toMatchObject({ machine: { scope: 'user', vsockCid: 3 } });
  });

  it('finds no machine that is called as another one’s id, in whichever scope that is', async () => {
    await user(machines(vm(id, 3)));
    await system(machines(vm('arch', 4, { id })));
    expect(await searchMachined(id, deps)).toMatchObject({ machine: { name: 'arch', vsockCid: 4 } });
  });

  it('says that there are no machines if both scopes have none', async () => {
    await user(machines());
    await system(saysRecorded('systemd257-list-host-only'));
    const want = { outcome: 'unknown', known: [], warnings: [] };
    expect(await searchMachined('a', deps)).toEqual(want);
  });

  it('lists if the service requires more even for one', async () => {
    const peer = await system(({ more }, client) =>
      client.write(more ? listing([vm('b'), vm('a')]) : recorded('systemd257-expected-more')),
    );
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
    const code = 'org.varlink.service.PermissionDenied';
    await user(says(wire({ error: code })));
    const result = await searchMachined('a', deps);
    expect(result).toMatchObject({ outcome: 'unavailable' });
    expect(result.warnings).toMatchObject([{ code }]);
  });

  // Under any name that is free.
  it('does not take a machine that another person has registered, and says so', async () => {
    await system(machines(vm('b'), others('a')));
    expect(await searchMachined('a', deps)).toMatchObject({
      outcome: 'unknown',
      known: ['b'],
      warnings: [{ code: 'FOREIGN', problem: '"a" was registered by user 54321' }],
    });
  });

  it('takes a machine of this user, or of a system user', async () => {
    for (const UID of [process.getuid?.(), 0, 999]) {
      const peer = await system(machines(vm('a', 7, { UID })));
      expect(await searchMachined('a', deps)).toMatchObject({ outcome: 'found', machine: { vsockCid: 7 } });
      rmSync(peer.path);
    }
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
      await user(machines(vm('a')));
      const result = await searchMachined('a', { ...deps, env: { XDG_RUNTIME_DIR: dir } });
      expect(result).toMatchObject({ outcome: 'unavailable', warnings: [] });
    },
  );
});

describe('a scope that fails does not stop the other', () => {
  const broken: { name: string; code: string; make: (at: string) => Promise<unknown> }[] = [
    { name: 'absent', code: 'ENOENT', make: async () => {} },
    { name: 'left by a service that was killed', code: 'ECONNREFUSED', make: (at) => folder.abandon(at) },
    { name: 'silent', code: 'TIMEOUT', make: (at) => folder.listen(at, () => {}) },
    { name: 'talking rubbish', code: 'PROTOCOL', make: (at) => folder.listen(at, says('SSH-2.0-x\r\n\0')) },
    { name: 'telling a nameless machine', code: 'PROTOCOL', make: (at) => folder.listen(at, says(wire({}))) },
    {
      name: 'closing at once',
      code: 'ECONNRESET',
      make: (at) => folder.listen(at, (_, client) => client.end()),
    },
  ];

  // The deadline of a scope that is to be silent is short, so that it is waited out; that of the others is not.
  const calling = (...silent: string[]): Call => {
    const isSilent = (path: string) => silent.some((scope) => path.startsWith(`${folder.path}/${scope}/`));
    return (path, method, parameters, options) =>
      call(path, method, parameters, { ...options, timeoutMs: isSilent(path) ? 20 : 10_000 });
  };

  // The user's machined is asked first: the name as the user's machine has it needs no other.
  const rows = broken.flatMap((each) => [
    { ...each, scope: 'user', at: 'user', other: 'system', there: 'run', wanted: 'a' },
    { ...each, scope: 'system', at: 'run', other: 'user', there: 'user', wanted: 'A' },
  ]);
  /** One that is not there is no failure. */
  const failing = (code: string, ...at: readonly string[]) => {
    const problem = (each: string) => expect.stringContaining(`${folder.path}/${each}/${socket}: `);
    return code === 'ENOENT' ? [] : at.map((each) => ({ code, problem: problem(each) }));
  };
  it.each(rows)('$scope scope $name', async ({ code, make, at, other, there, wanted }) => {
    await make(`${at}/${socket}`);
    await folder.listen(`${there}/${socket}`, machines(vm('a')));
    const ask = code === 'TIMEOUT' ? calling(at) : call;
    const warnings = failing(code, at);
    const found = { outcome: 'found', machine: { scope: other }, warnings };
    expect(await searchMachined(wanted, deps, ask)).toMatchObject(found);
    const none = { outcome: 'unknown', known: ['a'], warnings };
    expect(await searchMachined('b', deps, ask)).toMatchObject(none);
    const listed = { machines: [{ name: 'a' }], answered: 1, warnings };
    expect(await listMachines(deps, ask)).toMatchObject(listed);
  });

  it.each(broken)('both $name', async ({ code, make }) => {
    await make(`user/${socket}`);
    await make(`run/${socket}`);
    const ask = code === 'TIMEOUT' ? calling('user', 'run') : call;
    const warnings = failing(code, 'user', 'run');
    const unavailable = { outcome: 'unavailable', warnings };
    expect(await searchMachined('a', deps, ask)).toMatchObject(unavailable);
    expect(await listMachines(deps, ask)).toMatchObject({ machines: [], answered: 0, warnings });
  });

  it.each(['ECONNRESET', 'EPIPE'])('that closes a connection (%s) is asked once more', async (code) => {
    let count = 0;
    const closing: Call = async () => {
      if (++count === 1) throw new VarlinkError(code, code);
      return [vm('a')];
    };
    const found = { outcome: 'found', machine: { name: 'a' } };
    expect(await searchMachined('a', { ...deps, env: {} }, closing)).toMatchObject(found);
    expect(count).toBe(2);
  });

  it.each(['EACCES', 'ECONNRESET'])('user scope failing with %s', async (code) => {
    const failing = async (path: string) => {
      if (path.startsWith(`${folder.path}/user`)) throw new VarlinkError(code, `connect ${code}`);
      return [vm('a')];
    };
    const problem = `${folder.path}/user/${socket}: connect ${code}`;
    const warnings = [{ code, problem }];
    const found = { machine: { scope: 'system' }, warnings };
    expect(await searchMachined('a', deps, failing)).toMatchObject(found);
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
    expect(await listMachines(deps, failing)).toMatchObject({ machines: [{ name: 'a' }], warnings: [] });
    const unknown = { outcome: 'unknown', warnings: [] };
    expect(await searchMachined('b', deps, failing)).toMatchObject(unknown);
  });

  it('has one that says something else', async () => {
    await user(says('rubbish\0'));
    expect(await listMachines(deps)).toMatchObject({ warnings: [{ code: 'PROTOCOL' }] });
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
    expect(answered).toBe(1);
    expect(await searchMachined(id, deps)).toMatchObject({ outcome: 'unknown', known: ['b'] });
  });

  it('gives the machines of both scopes without this host itself', async () => {
    await user(machines({ name: '.host', class: 'host' }, vm('a')));
    await system(says(recorded('systemd257-list-all')));
    const { machines: all, answered, warnings } = await listMachines(deps);
    expect(all.map(({ name, scope }) => `${scope}:${name}`)).toEqual(['user:a', 'system:fakevm']);
    expect({ answered, warnings }).toEqual({ answered: 2, warnings: [] });
  });

  it('gives 200 machines in their order', async () => {
    const many = Array.from({ length: 200 }, (_, at) => vm(`m${at}`, at + 3));
    await system(machines(...many));
    expect((await listMachines(deps)).machines.map(({ name }) => name)).toEqual(many.map(({ name }) => name));
  });
});
