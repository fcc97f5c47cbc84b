import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plugin, rolldown } from 'rolldown';
import type { Guest } from '../bed/guest.js';
import { outcome } from './hypervisor.js';

const source = fileURLToPath(new URL('../../../src/identity/manager-keys.ts', import.meta.url));

/** What the guest runs: a machine's record in, its keys out. Without the addon, which only a login needs. */
const entry: Plugin = {
  name: 'entry',
  resolveId: (id) => (id === 'entry' || id === 'node-hvsock-native' ? `\0${id}` : undefined),
  load: (id) =>
    ({
      '\0entry': `import { managerKeys } from ${JSON.stringify(source)};
        const keys = await managerKeys(JSON.parse(process.argv[2]), { env: process.env, timeoutMs: 100_000 });
        console.log((keys ?? []).join('\\n'));`,
      '\0node-hvsock-native': 'export function load() { throw new Error("no addon"); }',
    })[id],
};

/** Puts the reader of keys into a guest, and returns what asks it for those of a machine that `vmssh list` shows there. */
export async function managerKeysIn(guest: Guest): Promise<(name: string) => Promise<readonly string[]>> {
  const dir = await mkdtemp(join(tmpdir(), 'vmssh-keys-'));
  try {
    const build = await rolldown({ input: 'entry', platform: 'node', plugins: [entry] });
    const { output } = await build.generate({ format: 'esm', codeSplitting: false });
    const file = join(dir, 'keys.mjs');
    await writeFile(file, output[0].code);
    await guest.copyIn({ '/vm/keys.mjs': file });
  } finally {
    await rm(dir, { recursive: true });
  }
  return async (name) => {
    const { machines } = JSON.parse((await outcome(guest, 'vmssh list --json')).stdout);
    const { container = {}, ...machine } = machines.find((each: { name: string }) => each.name === name);
    const record = { ...machine, containerId: container.id };
    const { stdout } = await guest.run(`node /vm/keys.mjs '${JSON.stringify(record).replaceAll("'", '')}'`, {
      timeout: 200,
    });
    return stdout.split('\n').filter((line) => line !== '');
  };
}
