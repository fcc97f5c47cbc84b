import type { Endpoint } from '../../endpoint.js';
import { effects, type Writers, writersByMode } from '../../files/writers.js';
import { isProgram, programsInPath } from '../../process/program-in-path.js';
import { runProgram } from '../../process/run-program.js';
import type { Env } from '../../runtime.js';
import relay from '../via/relay.py';

export type VsockEndpoint = Extract<Endpoint, { family: 'vsock' }>;

/** The bytes of the open socket go to us by pipes, or to our own stdin and stdout; or the socket itself goes to ssh, which waits at stdout. */
export type Use = 'pipe' | 'relay' | 'pass';

/** A program of the host that opens AF_VSOCK where the addon is missing. */
export interface Opener {
  readonly name: string;
  /** Where it is, if that is no folder of PATH. */
  readonly places?: readonly string[];
  readonly uses: readonly Use[];
  readonly args: (endpoint: VsockEndpoint, seconds: number, use: Use) => readonly string[];
  /** A line of its stderr once the socket is open; undefined: it ends then, with 0. */
  readonly opened: RegExp | undefined;
  /** A line of its stderr that has an errno: its name, or its text in English. */
  readonly failed: RegExp;
  /** How it is seen that it can relay AF_VSOCK, without opening any; undefined: it does not relay. */
  readonly proof?: { readonly args: readonly string[]; readonly says: RegExp };
}

/**
 * The best first. Milliseconds until a banner over a unix socket, resident MB, MiB/s (medians of 40 and the best of 3, two busy cores):
 * python3 14, 8.8, 1800; socat 5, 4.6, 490. Only python3 gives the errno itself, has its own time limit, half-closes, and passes the
 * socket. systemd-ssh-proxy does in 27 ms, not 47, but reports in words, and waits as long as the kernel does.
 */
export const openers: readonly Opener[] = [
  {
    name: 'python3',
    uses: ['pipe', 'relay', 'pass'],
    args: ({ cid, port }, seconds, use) => [
      // Neither site nor the user's environment.
      ...['-I', '-S', '-c', relay, 'vmssh', 'vsock', `${cid}`, `${port}`, `${seconds}`],
      use === 'pass' ? 'pass' : 'relay',
    ],
    opened: /^vmssh by python3$/,
    failed: /^vmssh (?:errno|lost) (E\w+)$/,
    proof: { args: ['-I', '-S', '-c', 'import _socket; print(_socket.AF_VSOCK)'], says: /40/ },
  },
  {
    name: 'socat',
    uses: ['pipe', 'relay'],
    // How long the other direction may stay silent after the end of one: ssh is gone then, but others wait for an answer.
    args: ({ cid, port }, _seconds, use) => [
      ...['-d', '-d', '-t', use === 'pipe' ? '86400' : '10', '-', `VSOCK-CONNECT:${cid}:${port}`],
    ],
    opened: / starting data transfer loop /,
    failed: / [EW] .*: ([A-Z][^:]+)$/,
    proof: { args: ['-h'], says: /vsock-connect/i },
  },
  {
    name: 'systemd-ssh-proxy',
    places: ['/usr/lib/systemd/systemd-ssh-proxy', '/lib/systemd/systemd-ssh-proxy'],
    uses: ['pass'],
    args: ({ cid, port }) => [`vsock/${cid}`, `${port}`],
    opened: undefined,
    failed: /^Failed to .*: ([A-Z][^:]+)$/,
  },
];

export interface FoundTool {
  readonly tool: Opener;
  readonly path: string;
}

/** The tools of this host for a use, the best first. What another user could replace is passed over. */
export async function* openersFor(
  use: Use,
  { PATH = '/usr/bin:/bin' }: Env,
  who: () => Promise<Pick<Writers, 'over'>> = () => writersByMode(effects),
  known: readonly Opener[] = openers,
): AsyncGenerator<FoundTool> {
  const writers = await who();
  for (const tool of known.filter(({ uses }) => uses.includes(use))) {
    const paths = tool.places?.filter(isProgram) ?? programsInPath(tool.name, { PATH });
    for (const path of new Set(paths)) if ((await writers.over(path)) === undefined) yield { tool, path };
  }
}

/** The tool that carries vsock without the addon: the first that shows that it can, without opening any. */
export async function provenTool(
  env: Env,
  find: typeof openersFor = openersFor,
): Promise<FoundTool | undefined> {
  for await (const found of find('relay', env)) {
    const { proof } = found.tool;
    if (!proof) continue;
    const how = { env: { ...env, LC_ALL: 'C' }, timeoutMs: 5000 };
    const end = await runProgram([found.path, ...proof.args], how).catch(() => undefined);
    if (end && proof.says.test(end.stdout + end.stderr)) return found;
  }
  return undefined;
}
