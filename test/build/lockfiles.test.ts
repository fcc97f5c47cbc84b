import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Locked {
  readonly link?: boolean;
  readonly integrity?: string;
  readonly resolved?: string;
}

it.each(['package-lock.json', 'build/runtimes/package-lock.json', 'build/runtimes-win/package-lock.json'])(
  '%s has a hash of each package, and no address of a registry',
  (path) => {
    const { packages } = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly packages: Readonly<Record<string, Locked>>;
    };
    const foreign = Object.entries(packages).filter(([at, { link }]) => /node_modules\//.test(at) && !link);
    expect(foreign.length).toBeGreaterThan(0);
    expect(foreign.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([]);
    expect(foreign.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  },
);
