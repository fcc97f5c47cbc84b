import { sshPort } from '../../typed/numbers.js';
import { fileIdentity, pathsOf } from '../processes/process-paths.js';
import { processesNamed } from '../processes/processes.js';
import { loopbackFor } from '../routes.js';
import type { Deps, Process, Warn } from '../source.js';
import { hostAndPort } from '../tools/run-tool.js';

/** A running passt, and where it forwards to port 22 of its machine: "127.0.0.1:2222". */
interface Passt {
  readonly process: Process;
  readonly forwarded: string;
}

export type FindPasst = (process: Process, path: string) => Promise<Passt | undefined>;

/** Finds the passt at the other end of a QEMU's network, by the socket between the two. */
export async function passtFinder(deps: Deps, warn: Warn): Promise<FindPasst> {
  const all = await processesNamed(/^passt(\.avx2)?$/, deps, { warn });
  const served = new Map<string, Passt>();
  for (const process of all) {
    const { socket, forwarded } = parsePasst(process.argv);
    if (socket === undefined || forwarded === undefined || process.authority === 'other') continue;
    served.set(await socketAt(process, socket, deps), { process, forwarded });
  }
  return async (process, path) => served.get(await socketAt(process, path, deps));
}

async function socketAt(process: Process, path: string, deps: Deps): Promise<string> {
  return fileIdentity(await pathsOf(process, deps), path);
}

/** Reads passt's arguments: `--socket PATH`, and `--tcp-ports 2222:22`, "127.0.0.1/2222-2230:22-30" and so on (passt(1)). */
export function parsePasst(argv: readonly string[]): Partial<Record<'socket' | 'forwarded', string>> {
  const valuesOf = (form: RegExp) =>
    argv.flatMap((arg, i) => {
      const [, joined] = form.exec(arg) ?? [];
      return joined === undefined ? [] : [joined || (argv[i + 1] ?? '')];
    });
  const [socket] = valuesOf(/^(?:-s|--socket(?:=|$))(.*)$/s);
  const ports = valuesOf(/^(?:-t|--tcp-ports(?:=|$))(.*)$/s);
  const [forwarded] = ports.flatMap((port) => forwardIn(port) ?? []);
  return { socket: socket || undefined, forwarded };
}

function forwardIn(ports: string): string | undefined {
  const [, address = '', device = 'lo', list = ''] = /^(?:([^/%]*)(?:%([^/]*))?\/)?(.*)$/s.exec(ports) ?? [];
  for (const range of device === 'lo' ? list.split(',') : []) {
    const [, from, to = from, inside = from] = /^(\d+)(?:-(\d+))?(?::(\d+)(?:-\d+)?)?$/.exec(range) ?? [];
    const at = Number(from) + sshPort - Number(inside);
    if (Number(from) <= at && at <= Number(to)) return hostAndPort(loopbackFor(address), at);
  }
  return undefined;
}
