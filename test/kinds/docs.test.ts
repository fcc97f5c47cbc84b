import { describe, expect, it } from 'vitest';
import { portArgument } from '../../src/cli/command.js';
import { kinds } from '../../src/kinds/kinds.js';
import { parseInstances } from '../../src/sources/managers/incus.js';
import { shippedSources } from '../../src/sources/outside/shipped.js';
import { loadSources, sources } from '../../src/sources/sources.js';
import { code, codes, tableOf } from '../markdown.js';
import { understood } from './notation.js';

describe('docs/reference/list-schema.md', () => {
  it('has a row for each source, in its order', () => {
    const rows = tableOf('reference/list-schema.md', 'Which sources are asked');
    expect(rows.flatMap((row) => codes(row.source))).toEqual(sources.map(({ name }) => name));
  });
});

describe('docs/routes.md', () => {
  const rows = tableOf('routes.md', 'Which manager gives which');
  it('says of each source whether it runs programs as root, and starts machines', async () => {
    const said = rows.flatMap(({ source, 'root by': root, start }) =>
      codes(source).map((name) => [name, root !== '–', start !== '–']),
    );
    const ours = (await loadSources()).map(({ name, files, start }) => [name, !!files, !!start]);
    const shipped = [...shippedSources].map(([name, { text }]) => {
      return [name, text.includes('exec:'), text.includes('\nstart)')];
    });
    expect(new Map(said as [])).toEqual(
      new Map([...ours, ...shipped].filter(([name]) => name !== 'kvm') as []),
    );
  });

  it('has the routes of an instance in their order', () => {
    const eth0 = { addresses: [{ scope: 'global', address: '192.0.2.7' }] };
    const vm = { name: 'web', type: 'virtual-machine', status: 'Running', state: { network: { eth0 } } };
    const [machine] = parseInstances({ metadata: [{ ...vm, config: { 'volatile.vsock_id': '42' } }] });
    const row = rows.find(({ source }) => source === '`incus`');
    expect(codes(row?.routes)).toEqual(machine?.routes?.map(({ name }) => name));
  });
});

describe('docs/targets.md', () => {
  it('has a row for each kind, in its order', () => {
    const forms = tableOf('targets.md', 'The kinds').map((row) => code(row.form));
    expect(forms).toEqual(kinds.map(({ form }) => form));
  });

  it('names other forms that are understood as the kind of their row', () => {
    const parts = { CID: '3', PORT: '22', PATH: '/x', VMID: 'ZERO', '…': 'vsock-22' };
    const fill = (form: string) => form.replace(/CID|PORT|PATH|VMID|…/g, (name) => parts[name as 'CID']);
    const rows = tableOf('targets.md', 'The kinds').flatMap((row) =>
      codes(row.also).map((form) => ({ kind: code(row.form), form })),
    );
    const got = rows.map(({ kind, form }) => `${kind} = ${form} = ${understood(fill(form)).split(' ')[0]}`);
    expect(got).toEqual([
      '.host = machine/.host = unix',
      'unix/PATH = unix:PATH = unix',
      'vsock/CID = vsock:CID = vsock',
      'vsock/CID = vsock:CID:PORT = vsock',
      'vsock-mux/PATH = vsock-mux:PATH = vsock-mux',
      'vsock-mux/PATH = vsock-mux:PATH:PORT = vsock-mux',
      'hvsock:VMID:vsock-PORT|SERVICEID = hvsock/VMID/… = hvsock',
      'hvsock:VMID:vsock-PORT|SERVICEID = hvsock%VMID%… = hvsock',
      'incus/NAME = incus/REMOTE:NAME = incus',
      'incus/NAME = incus%REMOTE%NAME = incus',
      'kubevirt/NAME = kubevirt/NAMESPACE/NAME = kubevirt',
      'kubevirt/NAME = kubevirt%NAMESPACE%NAME = kubevirt',
      'kubectl/NAME = kubectl/NAMESPACE/NAME = kubectl',
      'kubectl/NAME = kubectl/NAMESPACE/NAME/CONTAINER = kubectl',
    ]);
  });

  it.each(tableOf('targets.md', 'Examples').map((row) => ({ input: row['you type'], ours: row['it is'] })))(
    'shows what $input is',
    ({ input, ours }) => {
      expect(understood(code(input))).toBe(code(ours));
    },
  );
});

describe('test/kinds/cases.md', () => {
  const cases = '../test/kinds/cases.md';
  const grammar = tableOf(cases, 'The grammar, case by case');
  it.each(grammar.map((row) => ({ input: code(row.input), ours: code(row.ours) })))(
    'has the result of $input',
    ({ input, ours }) => {
      expect(understood(input)).toBe(ours);
    },
  );

  it('has each input once', () => {
    const inputs = grammar.map((row) => row.input);
    expect(inputs).toEqual([...new Set(inputs)]);
  });

  it('explains each difference from a systemd that was tried', () => {
    const refused = (cell = '') => /^(refused|aborts)/.test(cell);
    const silent = grammar.filter(({ ours = '', 'systemd 257': old, 'systemd 262': now, ...row }) => {
      const theirs = now === '·' ? old : now;
      const differs = theirs !== '·' && refused(code(ours)) !== refused(theirs);
      return differs && row['why we differ'] === '';
    });
    expect(silent).toEqual([]);
  });

  it.each(
    tableOf(cases, 'Ports, case by case').map((row) => ({ port: code(row.port), ours: code(row.ours) })),
  )('has the result of port $port', ({ port, ours }) => {
    expect(understoodPort(port)).toBe(ours);
  });
});

function understoodPort(text: string): string {
  try {
    return String(portArgument(text));
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}
