import { describe, expect, it } from 'vitest';
import { ConnectError } from '../../../src/base/errors.js';
import { styles } from '../../../src/cli/terminal.js';
import { formatTable } from '../../../src/commands/list/format.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { shell } from '../../helpers/shells.js';

const machine = (name: string, via: string) => ({
  ...{ name, via, target: `via/${via}/qemu/${name}` },
  ...({ status: 'running', provider: 'libvirt', also: [] } as const),
});

const looks = async () => ({
  ...{ wide: false, style: await styles(fakeIo(), 'stdout'), terminal: true, names: new Map() },
});

describe('the target of a machine', () => {
  it.each(["it's", '-oX=`id`;$(id)', 'a b', 'plain'])('can be pasted into a shell: %s', async (name) => {
    const table = formatTable([machine(name, 'h')], { ...(await looks()), withHost: true });
    const [, cell] = / {2}vmssh ssh (.*)$/m.exec(table) ?? [];
    expect(shell(['sh'], `printf %s ${cell}`).stdout).toBe(`via/h/qemu/${name}`);
    const piped = formatTable([machine(name, 'h')], { ...(await looks()), terminal: false });
    expect(piped).toBe(`running\t${name}\tvia/h/qemu/${name}\tlibvirt\n`);
  });
});

it('a table keeps its columns on a narrow terminal if one name is long, and does not break that row', async () => {
  const long = 'a-name-of-a-machine-that-is-much-longer-than-all-others';
  const machines = ['web', long].map((name) => ({ ...machine(name, 'h'), target: `qemu/${name}` }));
  expect(formatTable(machines, { ...(await looks()), columns: 40 })).toBe(
    ['NAME  STATE    SOURCE', 'web   running  libvirt', `${long}  running  libvirt`, ''].join('\n'),
  );
});

it('a wide table on a terminal has the parts of a manager, where there are several', async () => {
  const wide = { ...(await looks()), wide: true };
  const [dev, web] = ['dev', 'web'].map((name) => ({ ...machine(name, 'h'), part: 'session' }));
  const system = { ...machine('dev', 'h'), part: 'system' };
  const heads = (all: Parameters<typeof formatTable>[0], more = {}) =>
    formatTable(all, { ...wide, ...more }).split('\n')[0];
  if (!dev || !web) throw new Error('no machine');
  expect(formatTable([dev, system], wide)).toMatch(
    / SOURCE +PART .*\ndev +running +libvirt +session .*\ndev .* system /,
  );
  expect(heads([dev, web])).not.toContain('PART');
  expect(formatTable([dev, system], { ...wide, terminal: false })).not.toContain('session');
});

it('a table in parts has one header, columns that only grow, and a row for a hypervisor that did not answer', async () => {
  const withHost = { ...(await looks()), withHost: true, widths: [] };
  const problem = 'no \x1b[2J route';
  const fix = {
    code: 'HOP_NO_VMSSH',
    problem: 'it has no vmssh',
    hint: 'ssh hv4 mkdir -p .local/bin && scp vmssh hv4:.local/bin/',
  };
  const failed = [
    new ConnectError('connect', 'hv3', { code: 'HOP_FAILED', problem }),
    new ConnectError('connect', 'hv4', fix),
  ];
  const parts = [
    formatTable([machine('web', 'hv1')], withHost),
    formatTable([], { ...withHost, failed }),
    formatTable([], withHost),
    formatTable([machine('a-longer-name', 'hv2')], withHost),
  ];
  expect(parts.join('')).toBe(
    'NAME  STATE    SOURCE   HOST  LOG IN WITH\n' +
      'web   running  libvirt  hv1   vmssh ssh via/hv1/qemu/web\n' +
      '-     failed   -        hv3   -                           no \\x1b[2J route\n' +
      '-     failed   -        hv4   -                           it has no vmssh; ssh hv4 mkdir -p .local/bin && scp vmssh hv4:.local/bin/\n' +
      'a-longer-name  running  libvirt  hv2   vmssh ssh via/hv2/qemu/a-longer-name\n',
  );
});
