import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
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
});

/** docs/ is a list of pages, each linked by its name, and what is in the root has to be there. */
it('no folder of the repository has more than 15 files directly in it, except docs/', () => {
  const paths = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  }).split('\n');
  const folders = paths.map((path) => dirname(path)).filter((folder) => !/^(\.|docs)(\/|$)/.test(folder));
  const crowded = [...new Set(folders)].filter((each) => folders.filter((one) => one === each).length > 15);
  expect(folders.length).toBeGreaterThan(0);
  expect(crowded).toEqual([]);
});
