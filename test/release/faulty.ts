import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../helpers/run.js';

/**
 * Copies of what a web server has, as somebody could change them who has the server and not the key; in `dir`, by their names.
 * @param home of a gpg with another key
 */
export async function faultyCopies(
  www: string,
  dir: string,
  home: string,
): Promise<ReadonlyMap<string, string>> {
  const copies = new Map<string, string>();
  const copy = (name: string) => {
    const folder = join(dir, name);
    cpSync(www, folder, { recursive: true });
    copies.set(name, folder);
    return folder;
  };

  const wrong = copy('wrong-key');
  const sign = async (args: readonly string[]) =>
    await run(['gpg', '--batch', '--yes', ...args], { env: { ...process.env, GNUPGHOME: home } });
  const suite = join(wrong, 'apt/dists/stable');
  await sign(['--output', join(suite, 'InRelease'), '--clear-sign', join(suite, 'Release')]);
  for (const [file, signature] of [
    [join(suite, 'Release'), join(suite, 'Release.gpg')],
    [join(wrong, 'dnf/repodata/repomd.xml'), join(wrong, 'dnf/repodata/repomd.xml.asc')],
  ] as const)
    await sign(['--armor', '--output', signature, '--detach-sign', file]);

  // As if nobody had looked at the hashes of what the signed file names.
  const damaged = copy('damaged-index');
  for (const path of filesBelow(damaged).filter((each) => /\/Packages|\/SHA256\/|primary\.xml/.test(each)))
    change(path);

  const other = copy('other-package');
  for (const path of filesBelow(other).filter((each) => /\/(pool|packages)\/.*\.(deb|rpm)$/.test(each)))
    change(path);
  return copies;
}

/** The last byte, so that the size stays. */
function change(path: string): void {
  const bytes = readFileSync(path);
  const last = bytes.length - 1;
  if (last < 0) return;
  bytes[last] = (bytes[last] ?? 0) ^ 1;
  rmSync(path);
  writeFileSync(path, bytes);
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}
