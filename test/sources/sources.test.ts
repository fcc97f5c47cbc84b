import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { shellVariables } from '../../src/sources/own-env.js';
import { loadSources, type SourceEntry, sources, watchedFolders } from '../../src/sources/sources.js';

const entries: readonly SourceEntry[] = sources;

describe('the list of sources', () => {
  it('has each by the name that it has itself, and loads those that are asked for', async () => {
    const names = entries.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect((await loadSources()).map(({ name }) => name)).toEqual(names);
    expect((await loadSources(['lima', 'incus'])).map(({ name }) => name)).toEqual(['incus', 'lima']);
  });

  it('has each variable that a source reads: the systemd unit gets it, and it is checked whose its path is', () => {
    const files = readdirSync('src/sources', { recursive: true, encoding: 'utf8' });
    const texts = files
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(`src/sources/${path}`, 'utf8'));
    const code = texts.map((text) => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'|`[^`]*`/g, ''));
    const read = new Set(code.flatMap((text) => text.match(/\b[A-Z]{2,}(?:_[A-Z]+)+\b/g) ?? []));
    expect(read).toContain('LIMA_HOME');
    // What tools are given, what the user's systemd sets by itself, and what says that this is WSL.
    const others = ['LC_ALL', 'XDG_RUNTIME_DIR', 'VMSSH_WINDOWS', 'WSL_DISTRO_NAME', 'WSL_INTEROP'];
    expect([...read].filter((name) => ![...shellVariables(), ...others].includes(name))).toEqual([]);
    const named = entries.flatMap(({ environment = [], choices = [] }) => [...environment, ...choices]);
    expect(named.filter((name) => !shellVariables().includes(name))).toEqual([]);
  });

  it('has folders that change, by the environment', () => {
    expect(watchedFolders({})).toContain('~/.lima');
    expect(watchedFolders({ LIMA_HOME: '/l' })).toContain('/l');
  });
});
