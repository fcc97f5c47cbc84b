import { describe, expect, it } from 'vitest';
import { parseContainers } from '../../../src/sources/containers/list-containers.js';
import { fixture } from '../fixture.js';

const recorded = (name: string) => JSON.parse(fixture(name));
const short = (answer: unknown) =>
  parseContainers(answer).map(({ name, status, mounts }) => {
    const mount = mounts.find(({ at }) => at === '/run/host/unix-export');
    return { name, status, exports: mount !== undefined, source: mount?.source };
  });
const plain = { exports: false, source: undefined };
const id = 'a'.repeat(64);

describe('a list of containers', () => {
  it('of Podman has no container that only holds a pod, and no source of a mount', () => {
    const answer = recorded('podman/podman5.4.2-containers.json');
    const exported = { name: 'exported', status: 'running', exports: true, source: undefined };
    const gone = { ...plain, name: 'gone', status: 'off' };
    expect(short(answer)).toEqual([
      { ...plain, name: 'web', status: 'running' },
      exported,
      { ...plain, name: 'temp', status: 'running' },
      { ...plain, name: 'never', status: 'off' },
      gone,
      { ...plain, name: 'held', status: 'paused' },
      { ...plain, name: 'inpod', status: 'running' },
    ]);
    expect(parseContainers(answer)[0]).toMatchObject({
      id: '830551674a130eb1c290e328df73ee7256ec8dd1f5a810b1770dd946b0417f5e',
      labels: { role: 'front', note: 'a, b=c' },
    });
    expect(short(recorded('podman/podman5.4.2-ps.json'))).toEqual([exported, gone]);
  });

  it("of Docker has each name without its slash, and the mount's source", () => {
    expect(short(recorded('docker/docker26.1.5-containers.json'))).toEqual([
      { ...plain, name: 'dheld', status: 'paused' },
      { ...plain, name: 'dgone', status: 'off' },
      { ...plain, name: 'dnever', status: 'off' },
      { ...plain, name: 'dtemp', status: 'running' },
      { name: 'dexported', status: 'running', exports: true, source: '/srv/dock-export' },
      { ...plain, name: 'web', status: 'running' },
    ]);
  });

  it.each(['srv/web', 'volume', '/srv/\u001b[31mweb', '/srv/a\nb'])(
    'has no use for a mount whose source is %j',
    (Source) => {
      const Mounts = [{ Destination: '/run/host/unix-export', Source }];
      expect(short([{ Id: id, Mounts }])).toMatchObject([{ exports: true, source: undefined }]);
    },
  );

  it('lacks the source of a mount, which the details have', () => {
    const details = recorded('podman/podman5.4.2-inspect.json');
    expect(short([{ ...details, Id: id }])).toMatchObject([{ exports: true, source: '/srv/web-export' }]);
    for (const Mounts of [undefined, 'x', [], [null, { Destination: '/run' }]])
      expect(short([{ Id: id, Mounts }])).toMatchObject([{ exports: false, source: undefined }]);
  });

  const Names = ['x'];
  it.each([{ Id: '--all', Names }, { Id: `${id}0`, Names }, { Id: 7 }, { Names }, 'x', null])(
    'leaves out one whose id is no argument for a command: %j',
    (each) => {
      expect(parseContainers([each])).toEqual([]);
    },
  );

  it.each([undefined, [], [7], 'x', ['']])('calls one with the names %j by its id', (Names) => {
    expect(parseContainers([{ Id: id, Names }])).toMatchObject([{ name: 'aaaaaaaaaaaa', status: 'unknown' }]);
  });

  it('keeps a hundred labels of usual length, and only texts', () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, 'v']));
    const odd = { ['k'.repeat(257)]: 'v', long: 'v'.repeat(4097), number: 7, ok: 'yes' };
    expect(parseContainers([{ Id: id, Labels: odd }])[0]?.labels).toEqual({ ok: 'yes' });
    expect(Object.keys(parseContainers([{ Id: id, Labels: many }])[0]?.labels ?? {})).toHaveLength(100);
  });

  it.each([{}, null, 'x', { message: 'no' }])('that is something else is refused: %j', (answer) => {
    expect(() => parseContainers(answer)).toThrow(expect.objectContaining({ code: 'PROTOCOL' }));
  });
});
