import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { importedFiles, refuseMissing, refuseWarnings } from '../../../build/bundle/graph.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

const dir = useTempDir();

/** Source files; returns the path of each. */
function sources(name: string, texts: Readonly<Record<string, string>>): (name: string) => string {
  writeTree(join(dir, name), texts);
  return (file) => join(dir, name, file);
}

describe('what a bundle imports', () => {
  it('is what the bundler sees, however it is written', async () => {
    const at = sources('written', {
      'main.ts': `import {
  // --timeout; --wait
  commented,
} from './commented.js';
import { single } from "./single.js"
export { again } from './again.js';
import type { Gone } from './gone.js';
// import { x } from './absent.js';
export const later = (gone?: Gone) => import(
  /* now; not before */ './later.js'
);
export const both = () => [commented, single, import('./single.js')];
`,
      'commented.ts': 'export const commented = 1;',
      'single.ts': 'export const single = 2;',
      'again.ts': 'export const again = 3;',
      'gone.ts': 'export interface Gone {}',
      'later.ts': "import './deep.js';\nexport const late = 4;",
      'deep.ts': '',
    });
    const { now, later } = await importedFiles([at('main.ts')]);
    const named = ['main.ts', 'commented.ts', 'single.ts', 'again.ts'];
    expect([...now].sort()).toEqual(named.map(at).sort());
    expect([...later]).toEqual([at('later.ts')]);
  });

  it('is refused if a default export would be lost', async () => {
    const at = sources('default', {
      'main.ts': "import a from './a.js';\nexport const b = a;",
      'a.ts': 'export default 1;',
    });
    await expect(importedFiles([at('main.ts')])).rejects.toThrow(/a\.ts has a default export/);
  });
});

it('a name that two files export is refused', async () => {
  const at = sources('twice', {
    'main.ts': "export * from './a.js';\nexport * from './b.js';",
    'a.ts': 'export const name = 1;',
    'b.ts': 'const name = 2;\nexport {\n  name };',
  });
  const build = await rolldown({ input: at('main.ts'), onLog: refuseWarnings });
  await expect(build.generate()).rejects.toThrow(/"name" from one of the modules/);
  await build.close();
});

it('a plugin that took long on a busy machine is no fault of the bundle', () => {
  expect(() => refuseWarnings('warn', { message: 'slow', code: 'PLUGIN_TIMINGS' })).not.toThrow();
  expect(() => refuseWarnings('warn', { message: 'twice', code: 'AMBIGUOUS' })).toThrow('twice');
});

it('a chunk that imports one that was not built is refused', () => {
  const chunk = { fileName: 'fast-path.js', imports: ['node:fs', './a.mjs'], dynamicImports: ['./b.mjs'] };
  expect(() => refuseMissing([chunk], ['a.mjs', 'b.mjs'])).not.toThrow();
  expect(() => refuseMissing([chunk], ['a.mjs'])).toThrow(
    'fast-path.js imports ./b.mjs, which was not built',
  );
  expect(() => refuseMissing([chunk], ['b.mjs'])).toThrow(
    'fast-path.js imports ./a.mjs, which was not built',
  );
});
