import { describe, expect, it } from 'vitest';
import { styles } from '../../../src/cli/terminal.js';
import { formatTable } from '../../../src/commands/list/format.js';
import { ConnectError } from '../../../src/errors.js';
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
    const table = formatTable([machine(name, 'h')], await looks());
    const [, cell] = /running +.*? {2,}(\S.*?) {2,}libvirt$/m.exec(table) ?? [];
    expect(shell(['sh'], `printf %s ${cell}`).stdout).toBe(`via/h/qemu/${name}`);
    const piped = formatTable([machine(name, 'h')], { ...(await looks()), terminal: false });
    expect(piped).toBe(`running\t${name}\tvia/h/qemu/${name}\tlibvirt\n`);
  });
});

describe('a table that is wider than its terminal', () => {
  const on = async (columns: number, ...names: string[]) =>
    formatTable(
      names.map((name) => ({ ...machine(name, 'h'), target: `qemu/${name}` })),
      { ...(await looks()), columns },
    );
  const long = 'a-name-of-a-machine-that-is-much-longer-than-all-others';

  it('is as always if it fits', async () => {
    expect(await on(38, 'web')).toBe('STATUS   NAME  TARGET    PROVIDER\nrunning  web   qemu/web  libvirt\n');
  });

  it('keeps its columns if one name is long, and breaks only that row', async () => {
    expect(await on(40, 'web', long, 'db')).toBe(
      [
        'STATUS   NAME  TARGET    PROVIDER',
        'running  web   qemu/web  libvirt',
        `running  ${long}`,
        `         qemu/${long}`,
        '         libvirt',
        'running  db    qemu/db   libvirt',
        '',
      ].join('\n'),
    );
  });

  it('has two lines for each machine if none fits', async () => {
    expect(await on(30, 'frontend-1', 'frontend-2')).toBe(
      [
        'STATUS   NAME  TARGET',
        '         PROVIDER',
        ...['running  frontend-1', '         qemu/frontend-1', '         libvirt'],
        ...['running  frontend-2', '         qemu/frontend-2', '         libvirt'],
        '',
      ].join('\n'),
    );
  });
});

describe('a table in parts', () => {
  it('fits a narrow terminal in each part', async () => {
    const narrow = { ...(await looks()), withHost: true, widths: [], columns: 40 };
    const parts = ['hv1', 'hv2'].map((host) => formatTable([machine('frontend-1', host)], narrow));
    for (const line of parts.join('').split('\n')) expect(line.length).toBeLessThanOrEqual(40);
    expect(parts.join('')).toContain('via/hv2/qemu/frontend-1');
  });

  it('has one header, and columns that only grow', async () => {
    const withHost = { ...(await looks()), withHost: true, widths: [] };
    const problem = 'no \x1b[2J route';
    const fix = { code: 'HOP_NO_VMSSH', problem: 'it has no vmssh', hint: 'scp vmssh hv4:.local/bin/' };
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
      'STATUS   NAME  TARGET            PROVIDER  HOST\n' +
        'running  web   via/hv1/qemu/web  libvirt   hv1\n' +
        'failed   -     -                 -         hv3   no \\x1b[2J route\n' +
        'failed   -     -                 -         hv4   it has no vmssh; scp vmssh hv4:.local/bin/\n' +
        'running  a-longer-name  via/hv2/qemu/a-longer-name  libvirt   hv2\n',
    );
  });
});
