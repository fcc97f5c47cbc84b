import type { ReachFlags } from '../../cli/shared-options.js';
import type { Connection, OpenOptions } from '../../connect/connection.js';
import { openConnection } from '../../connect/open.js';
import { takesUnixSocket } from '../../deliver/pass-fd.js';
import { ConnectError } from '../../errors.js';
import type { Endpoint } from '../../typed/route.js';
import { withTarget } from '../../typed/shell.js';

interface Asked extends ReachFlags, Pick<OpenOptions, 'env'> {
  readonly text: string;
  readonly fdpass: boolean;
}

/** How a proxy without the addon goes on: another program carries AF_VSOCK, and passes it; everything else is relayed here. */
export interface WithoutAddon {
  /** What the program that opens this endpoint does with our stdin and stdout; undefined: we relay. */
  readonly stdio: (endpoint: Endpoint) => OpenOptions['stdio'];
  /** Resolves once it is known that no other program needs our stdin, so that we may read it. */
  readonly mayRead: Promise<void>;
  /** As ssh wants it. One that was looked at cannot be passed: ssh gets a second one. Throws a ConnectError if nothing passes such a socket. */
  readonly forSsh: (connection: Connection) => Promise<Connection>;
}

export function withoutAddon(asked: Asked, missing: Error): WithoutAddon {
  const { text, fdpass, timeoutMs, isTimed, routes, waitMs, start, env } = asked;
  const passes = fdpass && takesUnixSocket();
  let allow = () => {};
  const mayRead = new Promise<void>((resolve) => {
    allow = resolve;
  });
  // A relay that waited for a banner is ours, and ssh writes nothing before it has a socket.
  const waits = waitMs !== undefined || start || isTimed || routes !== undefined;
  if (waits) allow();
  return {
    mayRead,
    stdio: ({ family }) => {
      if (family === 'vsock' && !waits) return passes ? 'pass' : 'relay';
      allow();
      return undefined;
    },
    forSsh: async (connection) => {
      if (!passes || connection.carried) return connection;
      connection.close();
      const { endpoint } = connection;
      if (endpoint.family !== 'vsock') throw cannotPass(text, missing);
      return openConnection(endpoint, { timeoutMs, env, stdio: 'pass' }).catch((error) => {
        throw withTarget(text, error);
      });
    },
  };
}

function cannotPass(text: string, missing: Error): ConnectError {
  return new ConnectError('connect', text, {
    code: 'NO_ADDON',
    final: true,
    problem: `passing a socket to ssh needs the native addon. ${missing.message}`,
    hint: 'vmssh config install writes Hosts that relay; for lines of your own, as vmssh config print shows them: ProxyUseFdpass no, and a ProxyCommand without --fdpass',
    cause: missing,
  });
}
