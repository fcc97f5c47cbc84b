import { join } from 'node:path';
import { execute } from '../../vm/bed/execute.js';
import { repo } from './paths.js';

/** Compiles test/windows/fakes/ into the folder. */
export async function compileFakes(folder: string): Promise<void> {
  const dll = ['-shared', '-Wl,--kill-at'];
  await Promise.all([
    compile('bridge.c', join(folder, 'bridge.exe'), []),
    compile('console.c', join(folder, 'console.exe'), ['-municode']),
    compile('say.c', join(folder, 'say.exe'), []),
    compile('winsock.c', join(folder, 'winsock.dll'), [...dll, '-lws2_32']),
    compile('wbem.c', join(folder, 'wbem.dll'), [...dll, '-loleaut32']),
  ]);
}

async function compile(source: string, output: string, more: readonly string[]): Promise<void> {
  const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-static', '-s'];
  const from = join(repo, 'test/windows/fakes', source);
  await execute('x86_64-w64-mingw32-gcc', [...flags, from, '-o', output, ...more]);
}
