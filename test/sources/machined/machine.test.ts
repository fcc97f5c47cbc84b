import { describe, expect, it } from 'vitest';
import { parseMachine } from '../../../src/sources/machined/machined.js';
import { isJsonObject, type JsonObject } from '../../../src/sources/tools/json.js';
import { recorded } from './varlink-peer.js';

describe('parseMachine', () => {
  it('reads a virtual machine of systemd 257', () => {
    expect(parseMachine(parameters('systemd257-list-one'), 'system')).toEqual({
      name: 'fakevm',
      class: 'vm',
      service: 'test',
      leader: 1195,
      vsockCid: 42,
      sshAddress: 'vsock/42',
      sshPrivateKeyPath: '/root/.ssh/id_ed25519',
      scope: 'system',
    });
  });

  it.each([
    { systemd: 257, want: { id: '8495db59ee594938bf3bc78365a6940b', leader: 1294 } },
    { systemd: 262, want: { id: '793b61a0166c450492ea51d10a8eaad6', leader: 788, supervisor: 784, uid: 0 } },
  ])('reads a container of systemd $systemd', ({ systemd, want }) => {
    const c1 = { name: 'c1', class: 'container', service: 'systemd-nspawn' };
    expect(parseMachine(parameters(`systemd${systemd}-list-container`), 'user')).toEqual({
      ...{ ...c1, rootDirectory: '/mnt/c1', ...want, scope: 'user' },
    });
  });

  const dashed = '8495DB59-ee59-4938-bf3b-c78365a6940b';
  it.each<{ name: string; input: JsonObject; want: object }>([
    { name: 'a leader that is a bare pid', input: { leader: 7 }, want: { leader: 7 } },
    { name: 'a supervisor', input: { supervisor: { pid: 8 } }, want: { supervisor: 8 } },
    { name: 'null everywhere', input: allNull(), want: {} },
    { name: 'empty text', input: { id: '', service: '', sshAddress: '' }, want: {} },
    { name: 'no CID, reported as VMADDR_CID_ANY', input: { vSockCid: 4294967295 }, want: {} },
    { name: 'a CID of the host', input: { vSockCid: 2 }, want: {} },
    { name: 'the greatest CID', input: { vSockCid: 4294967294 }, want: { vsockCid: 4294967294 } },
    { name: 'an id with dashes', input: { id: dashed }, want: { id: '8495db59ee594938bf3bc78365a6940b' } },
    { name: 'an id of another shape', input: { id: 'one' }, want: {} },
    { name: 'unknown fields', input: JSON.parse('{"__proto__":{"id":"x"},"addresses":[{}]}'), want: {} },
    { name: 'no owner, reported as UID_INVALID', input: { UID: 4294967295 }, want: {} },
    { name: 'who registered it', input: { UID: 1000 }, want: { uid: 1000 } },
  ])('takes $name', ({ input, want }) => {
    const machine = parseMachine({ name: 'a', ...input }, 'system');
    expect(machine).toEqual({ name: 'a', class: 'unknown', scope: 'system', ...want });
  });

  it.each<{ name: string; input: JsonObject; field: string }>([
    { name: 'no name', input: { name: undefined }, field: 'name' },
    { name: 'an empty name', input: { name: '' }, field: 'name' },
    { name: 'a class that is an object', input: { class: {} }, field: 'class' },
    { name: 'an id that is a number', input: { id: 5 }, field: 'id' },
    { name: 'an address that is a list', input: { sshAddress: ['a'] }, field: 'sshAddress' },
    { name: 'a CID that is text', input: { vSockCid: '3' }, field: 'vSockCid' },
    { name: 'a negative CID', input: { vSockCid: -1 }, field: 'vSockCid' },
    { name: 'a broken CID', input: { vSockCid: 3.5 }, field: 'vSockCid' },
    { name: 'an owner of 33 bits', input: { UID: 4294967296 }, field: 'UID' },
    { name: 'a leader without a pid', input: { leader: {} }, field: 'leader' },
    { name: 'a supervisor that is text', input: { supervisor: '7' }, field: 'supervisor' },
    { name: 'a leader of pid 0', input: { leader: { pid: 0 } }, field: 'leader' },
    { name: 'a leader that is a list', input: { leader: [7] }, field: 'leader' },
  ])('refuses $name', ({ input, field }) => {
    const problem = expect.stringContaining(`unusable "${field}"`);
    expect(() => parseMachine({ name: 'a', class: 'vm', ...input }, 'system')).toThrow(
      expect.objectContaining({ code: 'PROTOCOL', problem }),
    );
  });
});

function allNull(): JsonObject {
  const fields = ['id', 'service', 'class', 'leader', 'rootDirectory', 'vSockCid', 'sshAddress'];
  return Object.fromEntries([...fields, 'sshPrivateKeyPath'].map((field) => [field, null]));
}

function parameters(name: string): JsonObject {
  const reply: unknown = JSON.parse(recorded(name).toString().replace('\0', ''));
  return isJsonObject(reply) && isJsonObject(reply.parameters) ? reply.parameters : {};
}
