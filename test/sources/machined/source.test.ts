import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { listAll } from '../../../src/sources/list-all.js';
import { listMachines, searchMachined } from '../../../src/sources/machined/machined.js';
import { nspawnExec } from '../../../src/sources/machined/nspawn-files.js';
import { machined, routesOfMachines } from '../../../src/sources/machined/source.js';
import { routesTo } from '../../../src/sources/routes.js';
import type { Deps } from '../../../src/sources/source.js';
import { execRoutes } from '../../../src/sources/tools/exec-route.js';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { authorityOf } from '../../../src/sources/trusted-path.js';
import { fakeProc } from '../processes/fake-proc.js';
import { at } from '../resolved.js';
import { type Answer, machines, usePeerFolder } from './varlink-peer.js';

const socket = 'systemd/machine/io.systemd.Machine';
const id = '8495db59ee594938bf3bc78365a6940b';
const folder = usePeerFolder();
let deps: Deps;
beforeEach(() => {
  deps = { env: { XDG_RUNTIME_DIR: `${folder.path}/user` }, runDir: `${folder.path}/run`, timeoutMs: 10_000 };
});

const vm = (name: string, vSockCid = 3, more: JsonObject = {}) => ({ name, class: 'vm', vSockCid, ...more });
const user = (answer: Answer) => folder.listen(`user/${socket}`, answer);
const system = (answer: Answer) => folder.listen(`run/${socket}`, answer);

describe('machined', () => {
  it('lists what to type, and another machine of the same name by its id', async () => {
    const uuid = '8495db59-ee59-4938-bf3b-c78365a6940b';
    const other = '793b61a0-166c-4504-92ea-51d10a8eaad6';
    await user(machines(vm('a', 3)));
    await system(machines(vm('a', 4, { id }), vm('b', 5, { id: other.replaceAll('-', '') }), vm('a', 6)));
    const { found, warnings } = await machined.list(deps);
    const common = { status: 'running', provider: 'machined', machine: expect.anything() };
    expect(found).toEqual([
      { ...common, name: 'a', target: 'machine/a', cid: 3, ...at('vsock/3'), authority: authorityOf() },
      { ...common, name: 'a', target: `machine/${id}`, cid: 4, ...at('vsock/4'), uuid },
      { ...common, name: 'b', target: 'machine/b', cid: 5, ...at('vsock/5'), uuid: other },
    ]);
    expect(warnings).toEqual([]);
    expect(await searchMachined(id, deps)).toMatchObject({ outcome: 'found', machine: { vsockCid: 4 } });
  });

  it('gives the user that systemd-vmspawn put into a machine, in the list and by name', async () => {
    const service = 'systemd-vmspawn';
    const procDir = fakeProc(folder.path, [{ argv: [service, '--bind-user=ann', '-M', 'a'] }]);
    await system(machines(vm('a', 3, { service, supervisor: { pid: 100 } }), vm('b', 4, { service })));
    const known = { ...deps, procDir };
    const { found } = await machined.list(known);
    expect(found.map(({ name, user }) => [name, user])).toEqual([
      ['a', 'ann'],
      ['b', undefined],
    ]);
    expect(await machined.find?.('a', known)).toMatchObject({ outcome: 'found', machine: { user: 'ann' } });
  });

  it.each([
    { name: 'exports a socket', container: { vSockCid: 7 }, exports: true, addresses: ['vsock/7'] },
    { name: 'has only an address', container: { sshAddress: '192.0.2.1' }, addresses: ['192.0.2.1'] },
    { name: 'has neither', container: {}, addresses: [] },
  ])('gives root the routes of a container that $name', async ({ container, exports, addresses }) => {
    await system(machines({ name: 'c', class: 'container', service: 'systemd-nspawn', ...container }));
    const socket = 'run/systemd/nspawn/c/unix-export/ssh';
    const path = exports ? `unix${await folder.abandon(socket)}` : undefined;
    const { machines: listed } = await listMachines(deps);
    const known = routesTo([path, ...addresses]);
    const exec = execRoutes(nspawnExec('c'), 'c');
    const [routes = []] = await routesOfMachines(listed, deps, 0);
    const want = known.length > 0 ? known : exec;
    expect(routes.map(({ endpoint }) => endpoint)).toEqual(want.map(({ endpoint }) => endpoint));
    const { found } = await machined.list(deps);
    expect(found.map(({ routes }) => routes)).toEqual(await routesOfMachines(listed, deps));
  });

  it('drops what is registered twice', async () => {
    await user(machines(vm('a', 3, { id })));
    await system(machines(vm('a', 3, { id })));
    expect((await machined.list(deps)).found).toMatchObject([{ target: 'machine/a' }]);
  });

  it('warns of a scope that failed, not of one that is absent', async () => {
    const path = await folder.abandon(`user/${socket}`);
    writeFileSync(`${folder.path}/user/bus`, '');
    const { found, warnings } = await machined.list(deps);
    expect(found).toEqual([]);
    const problem = expect.stringContaining(path);
    expect(warnings).toEqual([{ provider: 'machined', code: 'ECONNREFUSED', problem }]);
  });
});

describe('a machined that hangs', () => {
  it('hides its own machines, and not those of the other scope', async () => {
    await user(() => {});
    await system(machines(vm('a', 3), vm('b', 4)));
    const { machines: listed, warnings } = await listAll(deps, [machined], 200);
    expect(listed.map(({ target }) => target)).toEqual(['machine/a', 'machine/b']);
    const problem = `${folder.path}/user/${socket}: did not answer within 0.2 s`;
    expect(warnings).toEqual([{ provider: 'machined', code: 'TIMEOUT', problem }]);
  });
});
