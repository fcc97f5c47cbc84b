import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Io } from '../../cli/command.js';
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
  const judged: Readonly<Record<Client, Omit<HostCheck, 'name'>>> = {
    'VS Code': isRead
      ? { state: 'ok', ...plain('it lists the Hosts of machines; targets such as vsock/3 are typed') }
      : {
          state: 'none',
          ...plain('it lists only Hosts of a file that is included above the first Host'),
          fix: 'vmssh config install',
        },
    VSCodium: isRead
      ? {
          state: 'ok',
          ...plain('Open Remote - SSH lists the Hosts of machines, and the proxy relays for it'),
        }
      : {
          state: 'none',
          ...plain('Open Remote - SSH lists only Hosts of a file that is included'),
          fix: 'vmssh config install',
        },
    JetBrains: {
      state: 'none',
      ...plain('up to 2022.1 its own parser reads no Include; later versions ask ssh -G'),
    },
  };
  return clients.map((name) => ({ name, ...judged[name] }));
}
