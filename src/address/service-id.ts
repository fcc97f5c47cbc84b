import type { Guid } from './guid.js';
import { checkPort } from './port.js';

/** What follows the port in the service id of a Linux guest: HV_LINUX_VSOCK_TEMPLATE of hvsocket.h. */
const template = '-facb-11e6-bd58-64006a7986d3';

/** The hvsock service id of a vsock port from 0 to 2147483647. Throws a RangeError. */
export function serviceIdOfPort(port: number): Guid {
  return (checkPort(port, 'hvsock').toString(16).padStart(8, '0') + template) as Guid;
}

/** The vsock port that a service id stands for; undefined for a service of another kind. */
export function portOfServiceId(id: Guid): number | undefined {
  const port = Number.parseInt(id.slice(0, 8), 16);
  return id.slice(8) === template && port <= 0x7fffffff ? port : undefined;
}
