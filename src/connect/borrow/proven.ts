import { runProgram } from '../../process/run-program.js';
import { type FoundTool, openersFor } from './openers.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The tool that carries vsock without the addon: the first that shows that it can, without opening any. */
export async function provenTool(
  env: Env,
  find: typeof openersFor = openersFor,
): Promise<FoundTool | undefined> {
  for await (const found of find('relay', env)) {
    const { args, says } = found.tool.proof;
    const how = { env: { ...env, LC_ALL: 'C' }, timeoutMs: 5000 };
    const end = await runProgram([found.path, ...args], how).catch(() => undefined);
    if (end && says.test(end.stdout + end.stderr)) return found;
  }
  return undefined;
}
