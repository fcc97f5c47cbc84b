import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const addonPackage = 'node-hvsock-native';
const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** The built product as npm installs it in `folder`/vmssh, and the executable in `folder`/linux-x64 if it is built. */
export interface Stage {
  readonly folder: string;
  readonly hasExecutable: boolean;
}

/** Copies what was built to a temp folder: a build during the tests then changes nothing. */
export function stageProduct({ withExecutable }: { withExecutable: boolean }): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'vmssh-product-'));
  const home = join(folder, 'vmssh');
  copyPackage([], home);
  for (const name of dependenciesOf(root)) {
    const to = join(home, 'node_modules', name);
    if (name === addonPackage) copyPackage(['--workspace', 'native'], to);
    else cpSync(join(root, 'node_modules', name), to, { recursive: true, dereference: true });
  }
  const executable = join(root, 'dist/linux-x64');
  const hasExecutable = withExecutable && existsSync(join(executable, 'vmssh'));
  if (hasExecutable) {
    mkdirSync(join(folder, 'linux-x64'));
    cpSync(join(executable, 'vmssh'), join(folder, 'linux-x64/vmssh'));
  }
  return { folder, hasExecutable };
}

/** A package of this repository by the list that `npm pack` goes by: other builds in its folders stay out of it. */
function copyPackage(workspace: readonly string[], to: string): void {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent', ...workspace];
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' })) as [
    { files: readonly { path: string }[] },
  ];
  const from = workspace.length === 0 ? root : join(root, 'native');
  for (const { path } of packed.files) cpSync(join(from, path), join(to, path));
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
