import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConnectError } from '../../src/base/errors.js';
import { answered, askAll } from '../../src/machines/ask.js';
import { isFailure } from '../../src/sources/source.js';
import { script, useTempDir } from '../helpers/temp-dir.js';

const fail = (code: string, problem: string) => new ConnectError('connect', 'hv1', { code, problem });
const uuid = '11111111-2222-4333-8444-555555555555';
const machine = { name: 'web', target: 'machine/web', provider: 'machined', status: 'running', uuid };
const read = (...machines: readonly unknown[]) =>
  answered('hv1', JSON.stringify({ version: 1, machines }), fail);
const leftOut = { provider: 'via/hv1', code: 'LEFT_OUT' };
const left = (count: number, why: string) => ({
  ...{ ...leftOut, problem: `${count} of its machines cannot be shown: ${why}` },
});
/** The answer of a hypervisor without machines. */
const warned = (...warnings: readonly unknown[]) =>
  answered('hv1', JSON.stringify({ version: 1, machines: [], warnings }), fail).warnings;

it('has the machines of a hypervisor under its name', () => {
  const shown = {
    ...machine,
    target: 'via/hv1/machine/web',
    via: 'hv1',
    also: [],
    cid: undefined,
    routes: [],
  };
  expect(read(machine)).toEqual({ machines: [shown], warnings: [] });
});

it('is asked again if the server dropped the login', async () => {
  const dir = useTempDir();
  script(
    join(dir, 'ssh'),
    `if [ "$1" = -G ]; then
  echo hostname hv1
elif mkdir '${dir}/once' 2>/dev/null; then
  echo 'kex_exchange_identification: Connection closed by remote host' >&2
  exit 255
else
  for command; do :; done
  printf '%s\\n' "$command" | grep -o 'vmssh-[0-9a-f]*' | head -n 1
  echo '${JSON.stringify({ version: 1, machines: [machine] })}'
fi`,
  );
  const env = { PATH: process.env.PATH, VMSSH_SSH: join(dir, 'ssh') };
  const [listing] = await askAll(['hv1'], { env, platform: 'linux' });
  expect(listing).toMatchObject({ machines: [{ name: 'web' }] });
  expect(listing?.error).toBeUndefined();
});

it('is not asked without an ssh', async () => {
  const [listing] = await askAll(['hv1'], { env: { PATH: '/proc/none' }, platform: 'linux' });
  expect(listing?.error).toMatchObject({
    code: 'NO_SSH',
    problem: '"ssh" could not be run: it is not installed, or not in PATH',
  });
});

it.each([
  ...[{ provider: '{{ lookup("pipe", "id") }}' }, { provider: 'a\nHost *' }],
  ...[{ status: 'fine' }, { name: '' }, { target: 7 }],
])('leaves out a machine with %j, and says so', (changed) => {
  const { machines, warnings } = read({ ...machine, ...changed }, machine);
  expect(machines).toHaveLength(1);
  expect(warnings).toEqual([left(1, 'the name, target, provider or status is missing or unknown')]);
});

describe('a hypervisor that says too much', () => {
  const long = 'x'.repeat(1001);
  const tooLong = 'a text has more than 1000 characters';
  const badTarget = 'its target is invalid, or has more than 6 hypervisors';
  it.each([
    ['a long name', { name: long }, tooLong],
    ['a long target', { target: long }, tooLong],
    ['a long address', { address: long }, tooLong],
    ['a long user', { user: long }, tooLong],
    ['a long other target', { also: [long] }, tooLong],
    ['many other targets', { also: Array(17).fill('x') }, 'it has more than 16 other targets'],
    ['many hypervisors', { target: `${'via/a/'.repeat(6)}vsock/3` }, badTarget],
  ])('about one machine is told so: $0', (_what, changed, why) => {
    const { machines, warnings } = read({ ...machine, ...changed }, machine);
    expect({ count: machines.length, warnings }).toEqual({ count: 1, warnings: [left(1, why)] });
  });

  it('has its first 10,000 machines shown', () => {
    const { machines, warnings } = read(...Array(10_001).fill(machine));
    expect(machines).toHaveLength(10_000);
    expect(warnings).toEqual([left(1, 'a hypervisor can list 10000')]);
  });

  it('has those shown that were read in its share of the time', () => {
    let worked = 0;
    const text = JSON.stringify({ version: 1, machines: Array(1000).fill(machine) });
    const { machines, warnings } = answered('hv1', text, fail, () => (worked += 2000));
    expect(machines).toHaveLength(200);
    expect(warnings).toEqual([left(800, 'reading the 200 before took 5 s')]);
  });

  it('has its first 100 warnings shown, and the others keep its Hosts', () => {
    const warning = { provider: 'libvirt', code: 'EIO', problem: 'it hangs' };
    const warnings = warned(...Array(102).fill(warning));
    expect(warnings).toHaveLength(101);
    expect(warnings.at(-1)).toEqual({ ...leftOut, problem: '2 more of its warnings are not shown' });
  });

  it('with targets of many levels takes no longer than with others', () => {
    const target = `${'via/a/'.repeat(160)}q:N`;
    const { warnings } = read(...Array(10_000).fill({ ...machine, target }));
    expect(warnings).toEqual([left(10_000, badTarget)]);
  });
});

it.each(['libvirt\x1b]0;x\x07', 'libvirt: fine\nvmssh', 'x'.repeat(65), 7])(
  'shows the warning of a provider called %j as one of the hypervisor',
  (provider) => {
    const warning = { code: 'EIO', problem: 'it hangs' };
    expect(warned({ ...warning, provider: 'libvirt' }, { ...warning, provider })).toEqual([
      { ...warning, provider: 'via/hv1/libvirt' },
      { ...warning, provider: 'via/hv1' },
    ]);
  },
);

it.each([{ problem: 'x'.repeat(1001) }, { problem: '' }, { code: undefined }, {}])(
  'leaves out no warning, so that Hosts stay: %j',
  (given) => {
    const warnings = warned({ provider: 'libvirt', ...given });
    expect(warnings).toMatchObject([{ provider: 'via/hv1/libvirt', code: 'UNKNOWN' }]);
    expect(warnings.filter(isFailure)).toHaveLength(1);
  },
);

it('leaves out an other target that is not one', () => {
  const also = ['qemu/web', 'a\nb', 'a/b', 7];
  expect(read({ ...machine, also }).machines).toMatchObject([{ also: ['via/hv1/qemu/web'] }]);
});

it('leaves out a UUID that is not one', () => {
  expect(read({ ...machine, uuid: '{{ x }}' }).machines).toMatchObject([{ uuid: undefined }]);
});

it.each(['', 'null', '[]', '{"version":2,"machines":[]}', '['.repeat(100_000)])(
  'refuses another answer: %#',
  (text) => {
    const problem = 'this vmssh does not understand the answer of its vmssh';
    expect(() => answered('hv1', text, fail)).toThrow(problem);
  },
);
