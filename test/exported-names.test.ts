import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src/', import.meta.url));
const declared =
  /^export (?:default )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) +([\w$]+)/gm;

/** Names by the files that export them; src/engine has those of node:* on purpose. */
function exportedNames(): ReadonlyMap<string, ReadonlySet<string>> {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/^engine[\\/]/.test(file),
  );
  const names = new Map<string, Set<string>>();
  for (const file of files) {
    for (const [, name = ''] of readFileSync(join(src, file), 'utf8').matchAll(declared))
      names.set(name, (names.get(name) ?? new Set()).add(file));
  }
  return names;
}

it('no two files export one name', () => {
  const names = exportedNames();
  expect(names.size).toBeGreaterThan(500);
  const twice = [...names].filter(([, files]) => files.size > 1);
  expect(twice.map(([name, files]) => `${name}: ${[...files].join(', ')}`)).toEqual([]);
});
