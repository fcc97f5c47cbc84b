import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { debianMirror } from '../../../build/debian-mirror.js';
import { execute } from '../../vm/bed/execute.js';
import { cacheFolder } from '../../vm/images/cache.js';

/** The script that runs a Windows program: in-wine.sh FOLDER REPO WORK PROGRAM ARGUMENTS... */
export const inWine = recipe('in-wine.sh');

/** Where Wine's root and prefix lie once they are built. */
export function wineFolder(): string {
  return `${cacheFolder()}/wine-${key()}`;
}

export function isWineBuilt(): boolean {
  return existsSync(wineFolder());
}

/** Builds Wine's root and prefix if they are not. Needs root and a Debian mirror. */
export async function ensureWine(log: (line: string) => void): Promise<string> {
  if (isWineBuilt()) return wineFolder();
  const started = Date.now();
  log('building a root with Wine …');
  const cached = fileURLToPath(new URL('../../vm/images/recipe/cached.sh', import.meta.url));
  await execute('bash', [cached, cacheFolder(), 'wine', key(), 'bash', recipe('wine.sh')], {
    env: { ...process.env, MIRROR: debianMirror(), WINE: inWine },
    timeout: 900,
  });
  log(`built it in ${Math.round((Date.now() - started) / 1000)} s: ${wineFolder()}`);
  return wineFolder();
}

function key(): string {
  return createHash('sha256')
    .update(readFileSync(recipe('wine.sh')))
    .digest('hex')
    .slice(0, 12);
}

function recipe(name: string): string {
  return fileURLToPath(new URL(`./recipe/${name}`, import.meta.url));
}
