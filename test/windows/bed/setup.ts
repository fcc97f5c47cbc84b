import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { installWindowsRuntimes } from '../../../build/runtimes-win.js';
import { execute } from '../../vm/bed/execute.js';
import { ensureWine, inWine } from './cache.js';
import { compileFakes } from './compile.js';
import { repo } from './paths.js';
import { whatIsMissing } from './requirements.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why no Windows program runs here, and the remedy; '' when they do. */
    missing: string;
    /** The folder with Wine's root. */
    wine: string;
    /** For each worker, the folder that is Z:\mnt\work to its programs, with the prefix and the fakes. */
    workFolders: readonly string[];
  }
}

/** Before all files: builds what the cache lacks, and for each worker a prefix of its own with the fakes in it. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const missing = whatIsMissing();
  project.provide('missing', missing);
  if (missing && process.env.VMSSH_NO_SKIP === '1') throw new Error(`VMSSH_NO_SKIP=1, but ${missing}`);
  if (missing) {
    console.error(`the Windows tests are skipped: ${missing}`);
    project.provide('wine', '');
    project.provide('workFolders', []);
    return undefined;
  }
  const wine = await ensureWine(console.error);
  installWindowsRuntimes();
  const workFolders = Array.from({ length: project.config.maxWorkers }, () =>
    mkdtempSync(join(tmpdir(), 'vmssh-windows-')),
  );
  project.provide('wine', wine);
  project.provide('workFolders', workFolders);
  const stops = await Promise.all(workFolders.map((work) => prepare(wine, work)));
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

/** A prefix with the fakes in it, and its Wine. Returns what ends and removes both. */
async function prepare(wine: string, work: string): Promise<() => Promise<void>> {
  await execute('cp', ['-a', '--reflink=auto', join(wine, 'prefix'), join(work, 'prefix')]);
  await compileFakes(work);
  const system = join(work, 'prefix/drive_c/windows/system32');
  const tools = ['ssh', 'scp', 'sftp', 'rsync'].map((name) => `OpenSSH/${name}.exe`);
  for (const name of ['WindowsPowerShell/v1.0/powershell.exe', 'wsl.exe', ...tools]) {
    cpSync(join(work, 'say.exe'), join(system, name), { force: true });
  }
  const stop = await startWine(wine, work);
  await replaceWbemLocator(wine, work);
  return async () => {
    stop();
    await wineserverGone(wine, work);
    rmSync(work, { recursive: true, force: true });
  };
}

/**
 * Starts Wine's own server and services, and a program that keeps them until it is stopped. The tests' programs would start
 * them otherwise, and their pipes would stay open for as long.
 */
async function startWine(wine: string, work: string): Promise<() => void> {
  const keeper = spawn('bash', [inWine, wine, repo, work, 'cmd'], { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(keeper.stdout, 'data'); // its prompt
  return () => keeper.stdin?.end();
}

const wbemLocator = 'HKCR\\CLSID\\{4590F811-1D3A-11D0-891F-00AA004B2E24}\\InprocServer32';

async function replaceWbemLocator(wine: string, work: string): Promise<void> {
  const add = ['reg', 'add', wbemLocator, '/ve', '/d', 'Z:\\mnt\\work\\wbem.dll', '/f'];
  await execute('bash', [inWine, wine, repo, work, ...add]);
}

/** Wine's server leaves by itself three seconds after its last program. */
async function wineserverGone(wine: string, work: string): Promise<void> {
  await execute('bash', [inWine, wine, repo, work, 'wineserver', '--wait'], {
    timeout: 30,
    allowFailure: true,
  });
}
