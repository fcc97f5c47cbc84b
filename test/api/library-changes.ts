import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../helpers/run.js';

/**
 * What a TypeScript program that uses the library with the types in `then` no longer compiles with those in `now`: two paths
 * of an index.d.ts. The compiler's messages. Writes a program into `folder`, which is empty.
 */
export async function libraryChanges(then: string, now: string, folder: string): Promise<readonly string[]> {
  const names = exportedNames(readFileSync(then, 'utf8'));
  const [old, current] = [then, now].map((index) => JSON.stringify(index.replace(/\.d\.ts$/, '.js')));
  const program = [
    `import type { ${names.join(', ')} } from ${current};`,
    `import type * as then from ${old};`,
    `import type * as now from ${current};`,
    'declare const current: typeof now;',
    'export const values: typeof then = current;',
  ].join('\n');
  writeFileSync(join(folder, 'program.ts'), program);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
  const { code, stdout } = await run([process.execPath, tsc, '--pretty', 'false', '-p', folder]);
  return code === 0 ? [] : stdout.trimEnd().split(/\n(?! )/);
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const compilerOptions = {
  strict: true,
  noEmit: true,
  module: 'nodenext',
  target: 'es2022',
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
};

/** Of the lines that tsc writes: "export interface A {", "export declare function b(…", "export { C, type D } from …". */
function exportedNames(text: string): readonly string[] {
  const own = [...text.matchAll(/^export (?:declare )?(?:interface|type|class|function|const) (\w+)/gm)];
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)];
  const listed = lists.flatMap(([, list = '']) =>
    list.split(',').map((each) => each.replace(/^\s*type |^.* as /g, '').trim()),
  );
  return [...own.map(([, name = '']) => name), ...listed].filter((name) => name !== '');
}
