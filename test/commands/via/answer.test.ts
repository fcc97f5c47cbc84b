import { expect, it } from 'vitest';
import { answered } from '../../../src/commands/via/answer.js';
import { isFailure } from '../../../src/discovery/provider.js';
import { ConnectError } from '../../../src/errors.js';

const fail = (code: string, problem: string) => new ConnectError('connect', 'hv1', { code, problem });
const uuid = '11111111-2222-4333-8444-555555555555';
const machine = { name: 'web', target: 'machine/web', provider: 'machined', status: 'running', uuid };
const read = (...machines: readonly unknown[]) =>
  answered('hv1', JSON.stringify({ version: 1, machines }), fail);

it('has the machines of a hypervisor under its name', () => {
  expect(read(machine)).toEqual({
    machines: [
      { ...machine, target: 'via/hv1/machine/web', via: 'hv1', also: [], cid: undefined, address: undefined },
    ],
    warnings: [],
  });
});

it.each([
  { provider: '{{ lookup("pipe", "id") }}' },
  { provider: 'a\nHost *' },
  { status: 'fine' },
  { name: '' },
  { name: 'x'.repeat(1001) },
  { target: 7 },
])('leaves out a machine with %j, and says so', (changed) => {
  const { machines, warnings } = read({ ...machine, ...changed }, machine);
  expect(machines).toHaveLength(1);
  expect(warnings).toMatchObject([{ provider: 'via/hv1', problem: '1 of its machines cannot be shown' }]);
});

it.each(['libvirt\x1b]0;x\x07', 'libvirt: fine\nvmssh', 'x'.repeat(65), 7])(
  'shows the warning of a provider called %j as one of the hypervisor',
  (provider) => {
    const warning = { code: 'EIO', problem: 'it hangs' };
    const warnings = [
      { ...warning, provider: 'libvirt' },
      { ...warning, provider },
    ];
    expect(answered('hv1', JSON.stringify({ version: 1, machines: [], warnings }), fail).warnings).toEqual([
      { ...warning, provider: 'via/hv1/libvirt' },
      { ...warning, provider: 'via/hv1' },
    ]);
  },
);

it.each([{ problem: 'x'.repeat(1001) }, { problem: '' }, { code: undefined }, {}])(
  'leaves out no warning, so that Hosts stay: %j',
  (given) => {
    const text = JSON.stringify({ version: 1, machines: [], warnings: [{ provider: 'libvirt', ...given }] });
    const { warnings } = answered('hv1', text, fail);
    expect(warnings).toMatchObject([{ provider: 'via/hv1/libvirt', code: 'UNKNOWN' }]);
    expect(warnings.filter(isFailure)).toHaveLength(1);
  },
);

it('leaves out a UUID that is not one', () => {
  expect(read({ ...machine, uuid: '{{ x }}' }).machines).toMatchObject([{ uuid: undefined }]);
});

it.each(['', 'null', '[]', '{"version":2,"machines":[]}', '['.repeat(100_000)])(
  'refuses another answer: %#',
  (text) => {
    expect(() => answered('hv1', text, fail)).toThrow(
      'its vmssh gave an answer that this one does not understand',
    );
  },
);
