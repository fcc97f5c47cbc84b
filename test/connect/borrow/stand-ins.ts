import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { python } from '../../e2e/via/hypervisors.js';
import { findProgram } from '../../helpers/programs.js';

/** What each tool's command becomes, so that it opens the unix socket $DIR/CID in place of AF_VSOCK. */
const scripts = {
  python3: (real: string) => `exec ${real} "$1" "$2" "$3" "$4" "$5" unix "$DIR/$7" "$8" "$9" "\${10}"`,
  socat: (real: string) => `
for last; do :; done
cid=\${last#VSOCK-CONNECT:}
exec ${real} "$1" "$2" "$3" "$4" "$5" "UNIX-CONNECT:$DIR/\${cid%%:*}"`,
} as const;

export type StandIn = keyof typeof scripts;

export const standIns = Object.keys(scripts) as readonly StandIn[];

/**
 * A folder for PATH with the real tool behind a script that changes the address only: no test may open AF_VSOCK on the machine
 * it runs on. CID 42 is the socket `dir/42`.
 */
export function toolFolder(dir: string, tool: StandIn): string {
  const bin = join(dir, `bin-${tool}`);
  mkdirSync(bin, { recursive: true });
  const real = tool === 'python3' ? python() : (findProgram(tool) ?? tool);
  const script = scripts[tool](real).replaceAll('$DIR', dir);
  writeProgram(join(bin, tool), script);
  return bin;
}

export function writeProgram(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}
