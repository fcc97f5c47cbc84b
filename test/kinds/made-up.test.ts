import { describe, expect, it } from 'vitest';
import { addressWord, hostPatterns, type Kind } from '../../src/kinds/kind.js';
import { kinds, parseBy, parseTarget, resolveTarget } from '../../src/kinds/kinds.js';
import { routeBy } from '../../src/typed/route.js';
import type { NamedTarget } from '../../src/typed/target.js';

/** All that a new kind needs: one record. */
const bhyve: Kind<NamedTarget> = {
  name: 'bhyve',
  form: 'bhyve/NAME',
  summary: 'a made-up machine',
  separators: '/%',
  rest: 'name',
  from: 'anywhere',
  takesPort: true,
  sources: [{ name: 'bhyve' }],
  parse: ({ rest }) => ({ kind: 'bhyve', name: rest }),
  resolve: ({ name }, { port }) => ({
    routes: [routeBy({ family: 'tcp', host: `${name}.example`, port })],
    steps: ['made up'],
  }),
};
const serial: Kind<NamedTarget> = {
  ...bhyve,
  name: 'serial',
  form: 'serial/PATH',
  rest: 'path',
  from: 'linux',
  parse: ({ rest }) => ({ kind: 'serial', name: rest }),
};
const table: readonly Kind[] = [...kinds, bhyve, serial];
const context = { port: 22, env: {}, platform: 'linux' } as const;

describe('a kind that is one record in the table', () => {
  it('is parsed and resolved', async () => {
    const target = parseBy(table, 'BHYVE%web');
    expect(target).toEqual({ kind: 'bhyve', name: 'web' });
    expect(await resolveTarget(target, { ...context, text: 'bhyve%web' }, table)).toMatchObject({
      routes: [{ name: 'ip', endpoint: { family: 'tcp', host: 'web.example', port: 22 }, network: true }],
    });
  });

  it('is refused where it is not reached from', async () => {
    const elsewhere = { ...context, platform: 'win32', text: 'serial/x' } as const;
    await expect(resolveTarget(parseBy(table, 'serial/x'), elsewhere, table)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      problem: 'serial targets are not reached from win32',
    });
  });

  it('is named among the forms', () => {
    expect(() => parseBy(table, 'nothing')).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/bhyve\/NAME, serial\/PATH$/) }),
    );
  });

  it('has its patterns in ssh_config', () => {
    expect(hostPatterns(bhyve)).toEqual(['bhyve/*', 'bhyve%*']);
  });

  it('is completed by its word if no provider lists it', () => {
    expect([addressWord(bhyve), addressWord(serial)]).toEqual([undefined, 'serial/']);
  });
});

describe('every kind', () => {
  // The words of outside are those of the user's sources.
  it.each((kinds as readonly Kind[]).filter(({ words }) => words === undefined))(
    '$name has what its record promises',
    ({ name, form, separators, rest, sources }: Kind) => {
      expect(form.startsWith(name)).toBe(true);
      if (rest === 'name') expect(sources.length, 'who lists it?').toBeGreaterThan(0);
      else expect(sources).toEqual([]);
      const empty = [...separators].map((separator) => () => parseTarget(`${name}${separator}`));
      for (const parse of empty)
        expect(parse).toThrow(expect.objectContaining({ op: 'parse', code: 'USAGE' }));
    },
  );
});
