import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** The functions of a native module, by its table in C++. */
function functionsOf(file: string): readonly string[] {
  const source = readFileSync(new URL(`../../native/engine/${file}`, import.meta.url), 'utf8');
  return [...source.matchAll(/\{"(\w+)", native</g)].map(([, name = '']) => name).sort();
}

// A module that imports a function that is not there does not start.
it.each(['files', 'paths', 'processes', 'sockets', 'system'])(
  'engine:%s has the same functions on Windows',
  (name) => {
    const linux = functionsOf(`natives/${name}_linux.cpp`);
    expect(linux.length).toBeGreaterThan(2);
    expect(functionsOf(`windows/natives/${name}.cpp`)).toEqual(linux);
  },
);
