import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configText } from '../ssh/config/text.js';
import { type DemoServer, demoUser } from './server.js';
import type { Workspace } from './workspace.js';

/** What all steps of the demo use. */
export interface World {
  readonly workspace: Workspace;
  readonly server: DemoServer;
  /** The target for ssh: "unix/tmp/…". */
  readonly target: string;
  /** The target in a form that scp also accepts: "unix%tmp%…". */
  readonly scpTarget: string;
  /** How to run vmssh, and how to type that in this folder. */
  readonly vmssh: readonly string[];
  readonly typedVmssh: readonly string[];
  /** The file to copy. */
  readonly payload: { readonly path: string; readonly bytes: Buffer };
}

/** Writes the file to copy and the key; `writeConfig` adds ssh_config files. */
export function makeWorld(workspace: Workspace, server: DemoServer): World {
  const script = fileURLToPath(new URL('./vmssh.js', import.meta.url));
  const bytes = randomBytes(1024 * 1024);
  workspace.write('key', server.privateKey);
  return {
    workspace,
    server,
    target: `unix${workspace.socket}`,
    scpTarget: `unix${workspace.socket.replaceAll('/', '%')}`,
    vmssh: [process.execPath, script],
    typedVmssh: ['node', shorter(relative(process.cwd(), script), script)],
    payload: { path: workspace.write('payload', bytes), bytes },
  };
}

/** Writes an ssh_config with vmssh's lines and the key of this run; resolves to its path. */
export function writeConfig({ workspace, vmssh }: World, name: string, fdpass: boolean): string {
  const identity = `
Host *
    User ${demoUser}
    IdentityFile ${workspace.path('key')}
    IdentitiesOnly yes
    IdentityAgent none
    BatchMode yes
    LogLevel ERROR
`;
  return workspace.write(name, configText({ program: vmssh, fdpass }) + identity);
}

function shorter(a: string, b: string): string {
  return a.length < b.length ? a : b;
}
