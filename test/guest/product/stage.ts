import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The built product as npm installs it in `folder`/vmssh, and the executable in `folder`/linux-x64 where it is built. */
export interface Stage {
  readonly folder: string;
  readonly hasExecutable: boolean;
}

/** Copies what was built to a temp folder: a build beside the tests then changes nothing. */
export function stageProduct({ withExecutable }: { withExecutable: boolean }): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'vmssh-product-'));
  const home = join(folder, 'vmssh');
  const isProduct = (path: string) => !/\/dist\/(types|demo\.mjs|.*-x64(\.|$))/.test(path);
  cpSync(join(root, 'dist'), join(home, 'dist'), { recursive: true, filter: isProduct });
  cpSync(join(root, 'package.json'), join(home, 'package.json'));
  for (const name of dependenciesOf(root)) {
    const isInstalled = (path: string) => !/\/native\/(build|src)$/.test(path);
    const to = join(home, 'node_modules', name);
    cpSync(join(root, 'node_modules', name), to, {
      recursive: true,
      dereference: true,
      filter: isInstalled,
    });
  }
  const executable = join(root, 'dist/linux-x64');
  const hasExecutable = withExecutable && existsSync(join(executable, 'vmssh'));
  if (hasExecutable) {
    mkdirSync(join(folder, 'linux-x64'));
    for (const name of ['vmssh', 'node-hvsock-native.node', 'vmssh-relay'])
      cpSync(join(executable, name), join(folder, 'linux-x64', name));
  }
  return { folder, hasExecutable };
}

/** The packages that the one in `folder` needs, and what those need. */
function dependenciesOf(folder: string, seen = new Set<string>()): ReadonlySet<string> {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    if (seen.has(name)) continue;
    seen.add(name);
    dependenciesOf(join(root, 'node_modules', name), seen);
  }
  return seen;
}
