import { ConnectError, quote } from '../../errors.js';
import { thisHost } from '../../kinds/machines.js';
import { cidLocal, portOfServiceId } from '../../typed/numbers.js';
import { type Endpoint, formatEndpoint } from '../../typed/route.js';
import { shellLine, shellQuoted } from '../../typed/shell.js';
import type { Failure } from './failure.js';
import { hyperVFailures } from './hyper-v.js';
import { execFailures, viaFailures } from './programs.js';
import { multiplexerFailures, tcpFailures, unixFailures, vsockFailures } from './sockets.js';

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

/** The message for a code in the endpoint's family. `hasRights`: this user of Windows is elevated or in Hyper-V Administrators. */
export function explainFailure(
  endpoint: Endpoint,
  code: string,
  hasRights: () => boolean = () => false,
): { problem: string; hint: string | undefined; final: boolean } {
  const found = failures[endpoint.family].find((failure) => failure.codes.includes(code));
  if (!found) return { problem: `the system says ${code}`, hint: undefined, final: false };
  const { problem, hintWithRights, hintForThisHost, final = false } = found;
  const other = isThisHost(endpoint) ? hintForThisHost : undefined;
  const hint = other ?? (hintWithRights !== undefined && hasRights() ? hintWithRights : found.hint);
  return { problem: `${fill(problem, endpoint)} (${code})`, hint: fill(hint, endpoint, shellQuoted), final };
}

/** The same as an error that names the endpoint. `more`: what is known besides. */
export function openFailure(
  endpoint: Endpoint,
  code: string,
  { more, cause, hasRights }: { more?: string | undefined; cause?: unknown; hasRights?: () => boolean } = {},
): ConnectError {
  const { problem, ...explained } = explainFailure(endpoint, code, hasRights);
  return new ConnectError('connect', formatEndpoint(endpoint), {
    ...explained,
    ...{ code, cause, problem: more === undefined ? problem : `${problem}: ${more}` },
  });
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

/** The port; for a service without one, its id. */
function portOf(endpoint: Endpoint): string {
  if ('port' in endpoint) return String(endpoint.port);
  if (endpoint.family !== 'hyper-v') return '';
  return String(portOfServiceId(endpoint.serviceId) ?? endpoint.serviceId);
}
