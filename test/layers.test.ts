import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tableOf } from './markdown.js';
import { ownFiles } from './own-files.js';

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

/** The folders of src/, each with those that it may not import, by the linter's rules. */
const rules = new Map(
  (JSON.parse(readFileSync('biome.json', 'utf8')) as { overrides: Override[] }).overrides.flatMap(
    ({ includes, linter }) => {
      const patterns = linter.rules.style?.noRestrictedImports?.options.patterns;
      const folders = patterns?.flatMap(({ group }) => group.map((each) => each.split('/')[1] ?? ''));
      return folders ? [[includes[0]?.split('/')[1] ?? '', folders] as const] : [];
    },
  ),
);
const table = tableOf('contributing/layout.md', 'The folders of `src/`').map(({ folder = '' }) =>
  folder.replace(/[`/]/g, ''),
);

describe('the folders of src/', () => {
  it("are listed in docs/contributing/layout.md by the linter's rules: each may import only those below it", () => {
    const above = table
      .slice(1)
      .map((folder) => [folder, table.slice(0, table.indexOf(folder)).toSorted()] as const);
    const sides = { files: 'process', process: 'files' } as Readonly<Record<string, string>>;
    const want = above.map(([folder, folders]) => {
      const beside = sides[folder];
      return [folder, [...new Set([...folders, ...(beside ? [beside] : [])])].toSorted()];
    });
    expect(want).toEqual(table.slice(1).map((folder) => [folder, (rules.get(folder) ?? []).toSorted()]));
  });

  it('are all there', () => {
    const others = ['demo', 'engine'];
    const folders = readdirSync('src', { withFileTypes: true }).filter((each) => each.isDirectory());
    expect(folders.map(({ name }) => name).toSorted()).toEqual([...table, ...others].toSorted());
    expect(table.filter((folder) => !existsSync(`src/${folder}`))).toEqual([]);
  });
});

/** What each file of src/ imports, by import or import(): types too. */
const imports = new Map(
  ownFiles('src')
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const found = readFileSync(path, 'utf8').matchAll(/(?:from |import\()'(\.[^']+)\.js'/g);
      return [path, [...found].map(([, to = '']) => `${join(dirname(path), to)}.ts`)] as const;
    }),
);

it('no noun of commands/ imports another', () => {
  const nounOf = (path: string) => /^src\/commands\/([^/]+)/.exec(path)?.[1];
  const across = [...imports].flatMap(([path, all]) =>
    all
      .filter((to) => nounOf(path) !== undefined && ![undefined, nounOf(path)].includes(nounOf(to)))
      .map((to) => `${path} imports ${to}`),
  );
  expect(imports.size).toBeGreaterThan(250);
  expect(across).toEqual([]);
});

it('no two files import each other', () => {
  const pairs = [...imports].flatMap(([path, all]) =>
    all.filter((to) => path < to && imports.get(to)?.includes(path)).map((to) => `${path} and ${to}`),
  );
  expect(pairs).toEqual([]);
});

/** Files of less than 60 lines with a single importer, which have to be joined with it. May only get smaller. */
const maxSmall = 1;

it('the small files of src/ that only one other file imports get fewer', () => {
  // Those that are loaded only when needed, the commands and the kinds are files of their own on purpose.
  const lists = ['src/program/commands.ts', 'src/kinds/kinds.ts'];
  const lazy = new Set(
    [...imports.keys()].flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/import\('(\.[^']+)\.js'/g)].map(
        ([, to = '']) => `${join(dirname(path), to)}.ts`,
      ),
    ),
  );
  const small = [...imports.keys()].filter((path) => {
    const importers = [...imports].flatMap(([from, all]) => (all.includes(path) ? [from] : []));
    const lines = readFileSync(path, 'utf8').split('\n').length - 1;
    const isOwn = lazy.has(path) || lists.includes(importers[0] ?? '');
    return lines < 60 && importers.length === 1 && !isOwn && !path.startsWith('src/engine/');
  });
  expect(small.length, `join one of these:\n${small.join('\n')}`).toBeLessThanOrEqual(maxSmall);
});

it('what a manager is stands in sources/ and guest/, and elsewhere only in help and hints', () => {
  const most = { podman: 5, libvirt: 5, docker: 3, incus: 3, nspawn: 3, lima: 3 };
  const elsewhere = [...imports.keys()].filter((path) => !/^src\/(?:sources|guest)\//.test(path));
  for (const [word, max] of Object.entries(most)) {
    const pattern = new RegExp(`\\b${word}\\b`, 'i');
    const named = elsewhere.filter((path) => pattern.test(readFileSync(path, 'utf8')));
    expect(named.length, `${word} in:\n${named.join('\n')}`).toBeGreaterThan(0);
    expect(named.length, `${word} in:\n${named.join('\n')}`).toBeLessThanOrEqual(max);
  }
});

/** docs/decisions/ gets a page for each decision, and what is in the root has to be there. */
it('no folder of the repository has more than 15 files directly in it, except docs/decisions/', () => {
  const folders = ownFiles()
    .map((path) => dirname(path))
    .filter((folder) => !/^(\.|docs\/decisions)(\/|$)/.test(folder));
  const crowded = [...new Set(folders)].filter((each) => folders.filter((one) => one === each).length > 15);
  expect(folders.length).toBeGreaterThan(0);
  expect(crowded).toEqual([]);
});
