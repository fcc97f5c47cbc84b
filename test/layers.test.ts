import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tableOf } from './markdown.js';

interface Override {
  readonly includes: readonly string[];
  readonly linter: {
    readonly rules: {
      readonly style?: {
        readonly noRestrictedImports?: {
          readonly options: { readonly patterns: readonly { readonly group: readonly string[] }[] };
        };
      };
    };
  };
}

/** The rooms of src/, each with those that it may not import, by the linter's rules. */
const rules = new Map(
  (JSON.parse(readFileSync('biome.json', 'utf8')) as { overrides: Override[] }).overrides.flatMap(
    ({ includes, linter }) => {
      const patterns = linter.rules.style?.noRestrictedImports?.options.patterns;
      const rooms = patterns?.flatMap(({ group }) => group.map((each) => each.split('/')[1] ?? ''));
      return rooms ? [[includes[0]?.split('/')[1] ?? '', rooms] as const] : [];
    },
  ),
);
const table = tableOf('layout.md', 'The rooms of `src/`').map(({ folder = '' }) =>
  folder.replace(/[`/]/g, ''),
);

describe('the rooms of src/', () => {
  it("are listed in docs/layout.md by the linter's rules: each may import only those below it", () => {
    const above = table
      .slice(1)
      .map((room) => [room, table.slice(0, table.indexOf(room)).toSorted()] as const);
    const sides = { files: 'process', process: 'files' } as Readonly<Record<string, string>>;
    const want = above.map(([room, rooms]) => {
      const beside = sides[room];
      return [room, [...new Set([...rooms, ...(beside ? [beside] : [])])].toSorted()];
    });
    expect(want).toEqual(table.slice(1).map((room) => [room, (rules.get(room) ?? []).toSorted()]));
  });

  it('are all there', () => {
    const others = ['bin', 'demo', 'engine'];
    const rooms = readdirSync('src', { withFileTypes: true }).filter((each) => each.isDirectory());
    expect(rooms.map(({ name }) => name).toSorted()).toEqual([...table, ...others].toSorted());
    expect(table.filter((room) => !existsSync(`src/${room}`))).toEqual([]);
  });

  it('have at most 15 files each', () => {
    const folders = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.startsWith('engine/'))
      .map((path) => path.split('/').slice(0, -1).join('/'));
    const crowded = [...new Set(folders)].filter((each) => folders.filter((one) => one === each).length > 15);
    expect(crowded).toEqual([]);
  });
});
