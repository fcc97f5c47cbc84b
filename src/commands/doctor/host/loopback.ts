import { loopbackHost } from '../../../address/host-name.js';
import type { Io } from '../../../cli/command.js';
import { readListeners } from '../../../discovery/processes/tcp-listeners.js';
import { configFiles } from '../../../hosts/places.js';
import { type HostState, readState } from '../../../ssh/config/state.js';
import { writtenStateFile } from '../../../ssh/known-hosts-file.js';
import { type HostCheck, plain } from './check.js';

/** The loopback ports of machines. */
export interface LoopbackFacts {
  /** How many machines have one, and on how many of those a program of this user listens. */
  readonly ports: number;
  readonly served: number;
  /** Whether there is a systemd, which listens on them. */
  readonly systemd: boolean;
  /** Those on which another user's program listens. */
  readonly taken: readonly { readonly host: string; readonly port: number; readonly uid: number }[];
}

/** Undefined if machines have none. */
export async function gatherLoopback(
  io: Io,
  read: () => Promise<HostState | undefined> = () => readState(writtenStateFile(io.env)),
  listening: typeof readListeners = readListeners,
  own = process.getuid?.(),
  systemd = configFiles({ system: false }, io).units !== undefined,
): Promise<LoopbackFacts | undefined> {
  const state = await read();
  if (state?.options.loopback === undefined) return undefined;
  const listeners = await listening({ env: io.env });
  const ports = state.machines.flatMap(({ host, loopback }) =>
    loopback === undefined ? [] : [{ host, port: loopback, uids: listeners(loopbackHost, loopback) ?? [] }],
  );
  return {
    systemd,
    ports: ports.length,
    served: ports.filter(({ uids }) => uids.some((uid) => uid === own)).length,
    taken: ports.flatMap(({ host, port, uids }) => {
      const uid = uids.find((each) => each !== own);
      return uid === undefined ? [] : [{ host, port, uid }];
    }),
  };
}

/** Judges the facts. */
export function loopbackChecks(facts: LoopbackFacts | undefined): readonly HostCheck[] {
  if (!facts) return [];
  const name = 'loopback ports';
  const { ports, served, systemd, taken } = facts;
  const [first] = taken;
  if (first) {
    const more = taken.length === 1 ? '' : `, and ${taken.length - 1} more`;
    return [
      {
        name,
        state: 'bad',
        found: `a program of user ${first.uid} listens on port ${first.port}, which is that of ${first.host}${more}`,
        report: `${taken.length} of ${ports} taken by other users`,
        fix: 'vmssh config install --no-loopback && vmssh config install --loopback',
      },
    ];
  }
  if (served > 0) return [{ name, state: 'ok', ...plain(`${served} of ${ports} are served`) }];
  return [
    {
      name,
      state: 'none',
      ...plain(`nobody listens on the ${ports} ports of machines`),
      fix: systemd ? 'vmssh config install --loopback' : 'vmssh forward --all',
    },
  ];
}
