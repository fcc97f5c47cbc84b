import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';
import { libraryChanges } from './library-changes.js';

const library = {
  'index.d.ts': `
import type { Route } from './route.js';
export { type Route } from './route.js';
export interface Options {
    readonly port?: number;
}
export declare function connect(target: string, options?: Options): Promise<Route>;
`,
  'route.d.ts':
    "export interface Route { readonly name: 'vsock' | 'ip'; readonly steps: readonly string[] }\n",
};

describe('libraryChanges', () => {
  const dir = useTempDir();

  async function changesTo(changed: Partial<typeof library>): Promise<readonly string[]> {
    const folder = mkdtempSync(join(dir, 'x'));
    writeTree(join(folder, 'then'), library);
    writeTree(join(folder, 'now'), { ...library, ...changed });
    return libraryChanges(join(folder, 'then/index.d.ts'), join(folder, 'now/index.d.ts'), folder);
  }

  const index = library['index.d.ts'];
  it('finds none in new options, functions and fields of answers', async () => {
    const more = `${index.replace('port?: number;', 'port?: number; wait?: number;')}export declare function probe(): void;\n`;
    const routes = library['route.d.ts'].replace('steps', 'id: string; steps');
    expect(await changesTo({ 'index.d.ts': more, 'route.d.ts': routes })).toEqual([]);
  });

  it.each<[string, Partial<typeof library>, string]>([
    [
      'an option that is gone',
      { 'index.d.ts': index.replace('port?: number;', 'ports?: number;') },
      'not assignable',
    ],
    [
      'another type of an answer',
      { 'route.d.ts': "export interface Route { readonly name: 'vsock' }\n" },
      "'steps' is missing",
    ],
    ['a function that is gone', { 'index.d.ts': index.replace('connect', 'open') }, "'connect'"],
    [
      'a type that is gone',
      { 'index.d.ts': index.replace("export { type Route } from './route.js';\n", '') },
      "'Route'",
    ],
  ])('finds %s', async (_, changed, words) => {
    expect((await changesTo(changed)).join('\n')).toContain(words);
  });
});
