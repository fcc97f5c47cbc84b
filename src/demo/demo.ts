import { isatty } from 'node:tty';
import { parseArgs } from 'node:util';
import { styles } from '../cli/terminal.js';
import { exitCode, printable } from '../errors.js';
import { runDemo } from './run-demo.js';
import { makeWorkspace } from './world.js';

/** npm run demo [-- --keep]. However it ends, its folder is removed. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', stop); // the reader is gone
  const workspace = makeWorkspace();
  process.on('exit', workspace.remove);
  const terminal = { stdin: isatty(0), stdout: isatty(1), stderr: isatty(2) };
  try {
    return await runDemo({
      workspace,
      style: await styles({ env: process.env, terminal }, 'stdout'),
      env: process.env,
      signal: controller.signal,
      keep: values.keep,
      out: (text) => process.stdout.write(text),
    });
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    process.stderr.write(`vmssh demo: interrupted; ${workspace.folder} is removed\n`);
    return exitCode.interrupted;
  }
}

try {
  process.exit(await main());
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  process.stderr.write(`vmssh demo: ${printable(message)}\n`);
  process.exit(code?.startsWith('ERR_PARSE_ARGS') ? exitCode.usage : exitCode.connect);
}
