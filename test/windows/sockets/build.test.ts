import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildEngineProgram } from '../../../build/engine/build.js';
import { delayed } from '../../../build/engine/delayed.js';
import { buildWindowsAddon } from '../../../native/build-win32.js';
import { execute } from '../../vm/bed/execute.js';
import { describeWindows } from '../bed/describe.js';
import { repo } from '../bed/paths.js';
import { workFolder } from '../bed/work-folder.js';

const addon = join(repo, 'native/prebuilds/win32-x64/node-hvsock-native.node');
const executable = join(repo, 'dist/win32-x64/vmssh.exe');

describeWindows('the addon for Windows', () => {
  it('is the same at every build', async () => {
    const output = join(workFolder(), 'again.node');
    // A compiler names its temporary files anew each time, also when it only links.
    await buildWindowsAddon({ force: true, output });
    expect(readFileSync(output).equals(readFileSync(addon))).toBe(true);
    rmSync(output);
  });

  it('needs only Windows to be loaded, by any host', async () => {
    const { stdout } = await execute('x86_64-w64-mingw32-objdump', ['-p', addon]);
    const names = [...stdout.matchAll(/DLL Name: (\S+)/g)].map(([, name]) => name?.toLowerCase());
    expect(names.toSorted()).toEqual([
      ...['advapi32.dll', 'kernel32.dll', 'msvcrt.dll', 'ntdll.dll', 'ole32.dll', 'oleaut32.dll'],
      ...['user32.dll', 'ws2_32.dll'],
    ]);
    expect(stdout).toMatch(/Time\/Date\s+(Thu Jan +1 00:00:00 1970|.*1970)/);
  });

  it('exports what Node-API asks for', async () => {
    const { stdout } = await execute('x86_64-w64-mingw32-objdump', ['-p', addon]);
    expect(stdout).toContain('napi_register_module_v1');
    expect(stdout).toContain('node_api_module_get_api_version_v1');
  });

  it('is in the npm package, with everything to build the same one elsewhere', async () => {
    const folder = join(workFolder(), 'packed');
    mkdirSync(folder);
    await execute('npm', ['pack', '--silent', '--pack-destination', folder, join(repo, 'native')]);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    await execute('tar', ['-xzf', join(folder, tarball), '-C', folder]);
    const unpacked = join(folder, 'package');
    const built = join(unpacked, 'prebuilds/win32-x64/node-hvsock-native.node');
    expect(readFileSync(built).equals(readFileSync(addon))).toBe(true);
    rmSync(built);
    symlinkSync(join(repo, 'node_modules'), join(unpacked, 'node_modules'));
    await execute('node', [join(unpacked, 'build-win32.js')], { timeout: 600 });
    expect(readFileSync(built).equals(readFileSync(addon))).toBe(true);
    rmSync(folder, { recursive: true });
  }, 660_000);

  it('holds no path of the machine that built it', () => {
    expect(readFileSync(addon).includes(repo)).toBe(false);
  });
});

describeWindows('the executable for Windows', () => {
  it('imports what it loads late by libraries that are the same in any folder', async () => {
    const folder = join(workFolder(), 'delayed');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'x.c'),
      'int WSAStartup(int, void*); int x(void) { return WSAStartup(2, 0); }',
    );
    await execute('x86_64-w64-mingw32-gcc', ['-c', join(folder, 'x.c'), '-o', join(folder, 'x.o')]);
    const [one, other] = await Promise.all(
      ['one', 'the other'].map(async (name) => {
        await delayed(join(folder, name), [join(folder, 'x.o')]);
        const files = readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' });
        const libraries = files.filter((each) => each.endsWith('.a')).sort();
        return libraries.map((each) => [each, readFileSync(join(folder, name, each)).toString('latin1')]);
      }),
    );
    expect(one?.length).toBeGreaterThan(1);
    expect(one).toEqual(other);
    rmSync(folder, { recursive: true });
  });

  it('is the same at every build', async () => {
    const output = join(workFolder(), 'again.exe');
    await buildEngineProgram(join(repo, 'src/program/executable.ts'), output, { target: 'win32-x64' });
    expect(readFileSync(output).equals(readFileSync(executable))).toBe(true);
    rmSync(output);
  });

  it('loads nothing at its start that every program of Windows does not have already', async () => {
    const { stdout } = await execute('x86_64-w64-mingw32-objdump', ['-p', executable]);
    const imports = stdout.slice(stdout.indexOf('The Import Tables'), stdout.indexOf('The Export Tables'));
    const names = [...imports.matchAll(/DLL Name: (\S+)/g)].map(([, name]) => name?.toLowerCase());
    expect(names.toSorted()).toEqual(['kernel32.dll', 'msvcrt.dll', 'ntdll.dll']);
    // For all later ones, before the first of them is needed.
    expect(imports).toContain('SetDefaultDllDirectories');
  });

  it('is in the archive, with what belongs to it', async () => {
    const { stdout } = await execute('zip', ['-sf', join(repo, 'dist/vmssh-win32-x64.zip')]);
    const names = [...stdout.matchAll(/^ {2}(\S+)$/gm)].map(([, name = '']) => name);
    expect(names.filter((name) => !name.startsWith('docs/'))).toEqual([
      ...['vmssh.exe', 'LICENSE', 'LICENSES', 'README.md', 'CHANGELOG.md'],
    ]);
    expect(names).toEqual(
      expect.arrayContaining(['docs/windows.md', 'docs/targets.md', 'docs/reference/json.md']),
    );
  });

  it('holds no path of the machine that built it', () => {
    expect(readFileSync(executable).includes(repo)).toBe(false);
  });
});
