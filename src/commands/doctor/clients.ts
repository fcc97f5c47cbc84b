import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Io } from '../../process/io.js';
import { sshFolder } from '../../ssh/folder.js';
import { type HostCheck, plain } from './check.js';
import type { ConfigFacts } from './config.js';

/** A program that reads ssh's configuration itself, and has left traces in the home. */
export type Client = keyof typeof traces;

const traces = {
  'VS Code': ['.vscode', '.vscode-server', '.cursor'],
  VSCodium: ['.vscode-oss', '.vscodium-server'],
  JetBrains: ['.config/JetBrains', '.cache/JetBrains', 'AppData/Roaming/JetBrains'],
} as const;

/** Those that were used here. */
export function clientsOf(
  { env, platform }: Pick<Io, 'env' | 'platform'>,
  exists: (path: string) => boolean = existsSync,
): readonly Client[] {
  const home = dirname(sshFolder(env, platform));
  return (Object.keys(traces) as Client[]).filter((name) =>
    traces[name].some((path) => exists(join(home, path))),
  );
}

/** What each does not read of our lines (docs/clients.md has the sources). */
export function clientChecks(
  clients: readonly Client[],
  { include, owner }: Pick<ConfigFacts, 'include' | 'owner'>,
): readonly HostCheck[] {
  const isRead = owner === 'ours' && include === 'first';
  const install = 'vmssh config install';
  const judged: Readonly<Record<Client, (name: Client) => HostCheck>> = {
    'VS Code': (name) =>
      isRead
        ? plain(name, 'ok', 'it lists the Hosts of machines; targets such as vsock/3 are typed')
        : plain(name, 'none', 'it lists only Hosts of a file that is included above the first Host', install),
    VSCodium: (name) =>
      isRead
        ? plain(name, 'ok', 'Open Remote - SSH lists the Hosts of machines, and the proxy relays for it')
        : plain(name, 'none', 'Open Remote - SSH lists only Hosts of a file that is included', install),
    JetBrains: (name) =>
      plain(name, 'none', 'up to 2022.1 its own parser reads no Include; later versions ask ssh -G'),
  };
  return clients.map((name) => judged[name](name));
}
