import { randomBytes } from 'node:crypto';
import { runProgram } from '../../process/run-program.js';
import { sshProgram } from '../../process/ssh-program.js';
import type { Deps } from '../../sources/source.js';
import { isJsonObject, parseJson } from '../../sources/tools/json.js';
import { publicKeys } from '../../sources/tools/machine-files.js';
import { runHop, scriptCommand } from './hop-command.js';
import script from './keys-there.sh';

/** How long the login and the answer may take. Milliseconds. */
const maxMs = 10_000;

/** A machine's host keys as its hypervisor's vmssh reads them; undefined if it cannot say. That host may say what it likes: they count only there. */
export async function keysThere(
  { host, target }: { readonly host: string; readonly target: string },
  { env, platform = process.platform, timeoutMs = maxMs }: Deps,
  run = runProgram,
): Promise<readonly string[] | undefined> {
  const marker = `vmssh-${randomBytes(16).toString('hex')}`;
  const ssh = [...sshProgram({ env, platform }), '-n'];
  const command = scriptCommand(script, [marker, target]);
  const end = await runHop({ ssh, host, command }, { env, timeoutMs, longest: maxAnswer }, run).catch(
    () => undefined,
  );
  if (!end || end.stopped || end.code !== 0) return undefined;
  // A login script there may have printed something before.
  const at = end.stdout.indexOf(`${marker}\n`);
  return at < 0 ? undefined : keyTexts(end.stdout.slice(at + marker.length + 1));
}

/** The longest answer: the keys, and what a login script prints. Characters. */
const maxAnswer = 64 << 10;

/** The keys in the answer of `host-keys`, at most 16; undefined if it is another text. */
export function keyTexts(answer: string): readonly string[] | undefined {
  try {
    const said = parseJson(answer);
    if (!isJsonObject(said) || !Array.isArray(said.keys)) return undefined;
    return publicKeys(said.keys.filter((key) => typeof key === 'string'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
