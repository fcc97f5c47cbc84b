import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configText } from '../ssh/config/text.js';
import { type DemoServer, demoUser } from './server.js';

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

export interface Workspace {
  readonly folder: string;
  /** Where the server listens. Has a capital letter on purpose, since ssh lower-cases host names. */
  readonly socket: string;
  /** Writes a file that only its owner can read; resolves to its path. */
  write(name: string, content: string | Uint8Array): string;
  path(name: string): string;
  /** Removes the folder and its content. */
  remove(): void;
}

const prefix = 'vmssh-demo-';
const socketName = 'Demo.sock';

/** A folder of mode 0700 for one run: in `temp` if ssh accepts a socket path in it as a host name, else in /tmp. */
export function makeWorkspace(temp: string = tmpdir()): Workspace {
  const parent = isUsable(resolve(temp)) ? resolve(temp) : '/tmp';
  const folder = mkdtempSync(join(parent, prefix));
  const path = (name: string) => join(folder, name);
  return {
    folder,
    socket: path(socketName),
    path,
    write(name, content) {
      writeFileSync(path(name), content, { mode: 0o600 });
      return path(name);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** AF_UNIX allows 107 bytes; ssh and scp refuse spaces, quotes and the like in a host name, where "%" stands for "/". */
function isUsable(parent: string): boolean {
  const socket = join(parent, `${prefix}XXXXXX`, socketName);
  return Buffer.byteLength(socket) <= 107 && /^[\w./-]+$/.test(socket);
}
