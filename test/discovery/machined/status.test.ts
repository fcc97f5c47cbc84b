import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseMachine } from '../../../src/discovery/machined/machine.js';
import { machined } from '../../../src/discovery/machined/provider.js';
import { statusOf } from '../../../src/discovery/machined/status.js';
import type { JsonObject } from '../../../src/discovery/tools/json.js';
import { type Answer, machines, PeerFolder, wire } from './varlink-peer.js';

let folder: PeerFolder;
beforeEach(() => {
  folder = new PeerFolder();
});
afterEach(() => folder.stop());

const record = (more: JsonObject) => ({ name: 'web', class: 'vm', vSockCid: 3, ...more });
const deps = () => ({ env: {}, runDir: `${folder.path}/run`, timeoutMs: 10_000 });

/** Answers one method as systemd-vmspawn does, and no other. */
function control(method: string, parameters: JsonObject): Answer {
  return (request, peer) => {
    if (request.method === `io.systemd.MachineInstance.${method}`) peer.write(wire({ parameters }));
    else peer.write(wire({ error: 'org.varlink.service.MethodNotFound', parameters: { method } }));
  };
}

describe('a machine with a control socket', () => {
  it.each([
    { method: 'QueryStatus', answer: { running: false, status: 'paused' }, want: 'paused' },
    { method: 'Describe', answer: { running: false, status: 'paused', memory: null }, want: 'paused' },
    { method: 'Describe', answer: { running: true, status: 'running' }, want: 'running' },
    { method: 'Describe', answer: { running: true, status: 'paused' }, want: 'running' },
    { method: 'Describe', answer: { running: false, status: 'io-error' }, want: 'running' },
    { method: 'Describe', answer: { status: ['paused'] }, want: 'running' },
    { method: 'Other', answer: {}, want: 'running' },
  ])('says $answer by $method: $want', async ({ method, answer, want }) => {
    const { path } = await folder.listen('control', control(method, answer));
    for (const controlAddress of [path, `unix:${path}`])
      expect(await statusOf(parseMachine(record({ controlAddress }), 'system'), deps())).toBe(want);
    await folder.listen('run/systemd/machine/io.systemd.Machine', machines(record({ controlAddress: path })));
    expect((await machined.list(deps())).found).toMatchObject([{ name: 'web', status: want }]);
    expect(await machined.find?.('web', deps())).toMatchObject({ machine: { status: want } });
  });

  it('that nobody serves, hangs up or sends too much is running', async () => {
    const gone = await folder.abandon('gone');
    const { path: silent } = await folder.listen('silent', (_request, peer) => {
      peer.destroy();
    });
    const { path: much } = await folder.listen('much', (_request, peer) => {
      peer.write('x'.repeat(1 << 18));
    });
    for (const controlAddress of [gone, silent, much, '/nowhere'])
      expect(await statusOf(parseMachine(record({ controlAddress }), 'system'), deps())).toBe('running');
  });

  it('is listed as running if the time is over', async () => {
    const { path: controlAddress } = await folder.listen('control', () => {});
    const machine = parseMachine(record({ controlAddress }), 'system');
    expect(await statusOf(machine, { ...deps(), signal: AbortSignal.abort() })).toBe('running');
  });

  it.each(['exec:/bin/sh', 'relative', 'ssh:host', '@abstract', ''])('is none at %j', (controlAddress) => {
    expect(parseMachine(record({ controlAddress }), 'system').controlAddress).toBeUndefined();
  });
});
