import { quote } from '../base/errors.js';
import type { Reachable, ResolveContext } from '../sources/source.js';
import { type Guid, parseGuid, parsePort, serviceIdOfPort, vmIds } from '../typed/numbers.js';
import { routeBy } from '../typed/route.js';
import type { SocketTarget } from '../typed/socket-target.js';
import { parseUnix, parseVsock, parseVsockMux, routeToSocket } from '../typed/socket-target.js';
import type { HvsockTarget, UnixTarget, VsockMuxTarget, VsockTarget } from '../typed/target.js';
import type { Kind } from './kind.js';

/** An address, of which no source knows the machine. */
const address = { separators: '/%:', takesPort: true, sources: [] } as const;

function resolve(target: SocketTarget, context: ResolveContext): Reachable {
  return { steps: [], routes: [routeToSocket(target, context)] };
}

export const unixKind: Kind<UnixTarget> = {
  ...address,
  name: 'unix',
  form: 'unix/PATH',
  summary: 'a unix socket that leads to an sshd',
  rest: 'path',
  from: 'anywhere',
  takesPort: false,
  parse: parseUnix,
  resolve,
};

export const vsockKind: Kind<VsockTarget> = {
  ...address,
  name: 'vsock',
  form: 'vsock/CID',
  summary: 'a virtual machine by its vsock CID: a number, or hypervisor, local, host',
  rest: 'address',
  from: 'linux',
  parse: parseVsock,
  resolve: (target, context) => ({
    ...resolve(target, context),
    recheck: async () => (await import('../sources/vmm/qemu.js')).notOfKernel(target.cid, context),
  }),
};

export const vsockMuxKind: Kind<VsockMuxTarget> = {
  ...address,
  name: 'vsock-mux',
  form: 'vsock-mux/PATH',
  summary: "a VM by its multiplexer's unix socket (Firecracker, cloud-hypervisor, vhost-device-vsock)",
  rest: 'path',
  from: 'anywhere',
  parse: parseVsockMux,
  resolve,
};

export const hvsockKind: Kind<HvsockTarget> = {
  ...address,
  name: 'hvsock',
  form: 'hvsock:VMID:vsock-PORT|SERVICEID',
  summary: 'a Hyper-V socket address by its GUIDs, or ZERO, LOOPBACK, CHILDREN, PARENT (on Windows)',
  rest: 'address',
  from: 'windows-wsl2',
  takesPort: false,
  parse({ rest }) {
    const [vm = '', service = '', ...more] = rest.split(/[:/%]/);
    if (more.length > 0 || service === '')
      throw new RangeError('expected two parts, hvsock:VMID:vsock-PORT or hvsock:VMID:SERVICEID');
    return { kind: 'hvsock', vmId: parseVmId(vm), serviceId: parseService(service) };
  },
  resolve: ({ vmId, serviceId }) => ({
    steps: [],
    routes: [routeBy({ family: 'hyper-v', vmId, serviceId })],
  }),
};

function parseVmId(text: string): Guid {
  const id = parseGuid(text) ?? (vmIds as Partial<Record<string, Guid>>)[text.toUpperCase()];
  if (id) return id;
  throw new RangeError(`VM id ${quote(text)} is neither a GUID nor one of ${Object.keys(vmIds).join(', ')}`);
}

function parseService(text: string): Guid {
  const port = /^vsock-(.*)$/i.exec(text)?.[1];
  if (port !== undefined) return serviceIdOfPort(parsePort(port, 'hvsock'));
  const id = parseGuid(text);
  if (id) return id;
  throw new RangeError(`service ${quote(text)} is neither vsock-PORT nor a GUID`);
}
