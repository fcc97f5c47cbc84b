import type { Addon } from 'node-hvsock-native';
import { ConnectError, quote } from '../../base/errors.js';
import { cidLocal, portOfServiceId } from '../../typed/numbers.js';
import { type Endpoint, formatEndpoint } from '../../typed/route.js';
import { shellLine, shellQuoted } from '../../typed/shell.js';
import { thisHost } from '../../typed/target.js';
import type { Failure } from './failure.js';
import { execFailures, viaFailures } from './programs.js';
import { hyperVFailures, multiplexerFailures, tcpFailures, unixFailures, vsockFailures } from './sockets.js';

/** The tables of connect errors. A test makes docs/reference/connect-errors.md of them. */
export const failures: Readonly<Record<Endpoint['family'], readonly Failure[]>> = {
  unix: unixFailures,
  vsock: vsockFailures,
  'vsock-mux': multiplexerFailures,
  tcp: tcpFailures,
  'hyper-v': hyperVFailures,
  exec: execFailures,
  via: viaFailures,
};

/** What a code means in the endpoint's family; undefined if that is not known. `addon`: of Windows, whose user may have the rights. */
export function explainFailure(
  endpoint: Endpoint,
  code: string,
  addon?: RightsAddon,
): Pick<Failure, 'problem' | 'hint' | 'final'> | undefined {
  const row = failures[endpoint.family].find((failure) => failure.codes.includes(code));
  if (!row) return undefined;
  const { problem, hintWithRights, hintForThisHost, final } = row;
  const other = isThisHost(endpoint) ? hintForThisHost : hintWithRights && hasRights(addon) && hintWithRights;
  return {
    problem: fill(problem, endpoint),
    hint: fill(other || row.hint, endpoint, shellQuoted),
    ...(final && { final }),
  };
}

interface RightsAddon {
  readonly hyperVRights: Addon['hyperVRights'];
}

function hasRights(addon: RightsAddon | undefined): boolean {
  const rights = addon?.hyperVRights();
  return rights !== undefined && (rights.elevated || rights.hyperVAdministrator);
}

/** The same as an error that names the endpoint. `more`: what is known besides. */
export function openFailure(
  endpoint: Endpoint,
  code: string,
  { more, cause, addon }: { more?: string | undefined; cause?: unknown; addon?: Addon | undefined } = {},
): ConnectError {
  const known = explainFailure(endpoint, code, addon);
  const what = known ? `${known.problem} (${code})` : `the system says ${code}`;
  const problem = more === undefined ? what : `${what}: ${more}`;
  return new ConnectError('connect', formatEndpoint(endpoint), { ...known, code, cause, problem });
}

function isThisHost(endpoint: Endpoint): boolean {
  if (endpoint.family === 'unix') return endpoint.path === thisHost.path;
  return endpoint.family === 'vsock' && endpoint.cid === cidLocal;
}

/** `word`: makes an address a word of a command, if it is not in quotes. */
function fill(text: string, endpoint: Endpoint, word = (address: string) => address): string {
  const address = 'path' in endpoint ? endpoint.path : formatEndpoint(endpoint);
  const host = 'host' in endpoint ? endpoint.host : '';
  const command = 'command' in endpoint ? endpoint.command : [];
  // What leads to a server takes no program more.
  const trial = 'into' in endpoint && endpoint.into !== 'shell' ? command : [...command, 'true'];
  return text
    .replaceAll('"{address}"', () => `"${address}"`)
    .replaceAll('{address}', () => word(address))
    .replaceAll('{host}', () => host)
    .replaceAll('{program}', () => command[0] ?? '')
    .replaceAll('{command} true', () => shellLine(trial))
    .replaceAll('{command}', () => shellLine(command))
    .replaceAll('{machine}', () => ('machine' in endpoint ? quote(endpoint.machine) : ''))
    .replaceAll('{port}', portOf(endpoint));
}

function portOf(endpoint: Endpoint): string {
  if ('port' in endpoint) return String(endpoint.port);
  if (endpoint.family !== 'hyper-v') return '';
  return String(portOfServiceId(endpoint.serviceId) ?? endpoint.serviceId);
}
