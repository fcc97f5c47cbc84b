import type { Deps, Process } from '../source.js';
import { type RunTool, runTool } from '../tools/run-tool.js';

/** This user's own, on macOS. None for root: one may run what another user chose, as sudo. Throws a DiscoveryError. */
export async function processesByPs(
  deps: Deps,
  uid: number | undefined,
  run: RunTool = runTool,
): Promise<readonly Process[]> {
  if (uid === undefined || uid === 0) return [];
  const text = await run('ps', ['-axww', '-o', 'pid=,uid=,ruid=,args='], deps);
  return [...text.matchAll(/^ *(\d+) +(\d+) +(\d+) (.+)$/gm)].flatMap(([, pid, owner, real, args = '']) =>
    Number(owner) === uid && owner === real ? [{ pid: Number(pid), uid, argv: argvOf(args) }] : [],
  );
}

/** ps joins the arguments by blanks, and paths on a Mac have blanks. An option begins at a blank and a dash, and takes the rest as its value. */
function argvOf(args: string): readonly string[] {
  const [program = '', ...options] = args.trim().split(/ +(?=-)/);
  return [
    program,
    ...options.flatMap((option) => {
      const at = option.indexOf(' ');
      return at < 0 ? [option] : [option.slice(0, at), option.slice(at + 1)];
    }),
  ];
}
