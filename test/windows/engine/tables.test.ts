import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { beforeAll, expect, it } from 'vitest';
import { buildEngineProgram } from '../../../build/engine/build.js';
import { tables } from '../../engine/tables/all.js';
import { commands } from '../../engine/tables/commands.js';
import { describeWindows } from '../bed/describe.js';
import { programs, repo, workFile } from '../bed/paths.js';
import { runOnWindows } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

/**
 * node:net is not among them: on Windows its paths are named pipes, and the executable's sockets are the addon's. `want` is what
 * POSIX gives; where Windows differs, Node there does too.
 */
const names = ['buffer', 'path', 'events', 'files', 'system', 'commands'] as const;
const cases = { ...tables, commands };
type Outcomes = Readonly<Record<string, unknown>>;

describeWindows("the engine's part of Node on Windows", () => {
  const outcomes: Record<'node' | 'engine', readonly Outcomes[]> = { node: [], engine: [] };
  beforeAll(async () => {
    const main = join(repo, 'test/engine/tables/main.ts');
    await buildEngineProgram(main, join(workFolder(), 'tables.exe'), { target: 'win32-x64' });
    const bundle = await rolldown({ input: main, platform: 'node' });
    await bundle.write({ file: join(workFolder(), 'tables.mjs') });
    const [node = ''] = programs['the newest node.exe'] ?? [];
    [outcomes.node, outcomes.engine] = await Promise.all([
      outcomesOf([node, workFile('tables.mjs'), ...names]),
      outcomesOf([workFile('tables.exe'), ...names]),
    ]);
  });

  it.each(names.flatMap((table, at) => cases[table].map(({ name, want }) => ({ table, at, name, want }))))(
    'is as on Node: $table: $name',
    ({ table, at, name, want }) => {
      const [node, engine] = [outcomes.node[at]?.[name], outcomes.engine[at]?.[name]];
      // Wine has no symbolic links and no names of the network.
      if (typeof node === 'string' && node.startsWith('threw ')) expect(engine).toMatch(/^threw /);
      else expect(engine).toEqual(node);
      if (table === 'commands') expect(node).toEqual(JSON.parse(JSON.stringify(want)));
    },
  );
});

async function outcomesOf(command: readonly string[]): Promise<readonly Outcomes[]> {
  const { stdout, stderr } = await runOnWindows(command);
  expect(stderr).toBe('');
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
