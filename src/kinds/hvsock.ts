import { type Guid, parseGuid, vmIds } from '../address/guid.js';
import { parsePort, serviceIdOfPort } from '../address/numbers.js';
import type { HvsockTarget } from '../target/target.js';
import type { Kind } from './kind.js';

/** hvsock:VMID:SERVICE: a literal AF_HYPERV address as winsocat writes it. */
export const hvsockKind: Kind<HvsockTarget> = {
  name: 'hvsock',
  form: 'hvsock:VMID:vsock-PORT|SERVICEID',
  summary: 'a Hyper-V socket address by its GUIDs, or ZERO, LOOPBACK, CHILDREN, PARENT (on Windows)',
  separators: '/%:',
  rest: 'address',
  from: 'windows-wsl2',
  takesPort: false,
  hostKey: 'none',
  providers: [],
  parse({ rest }) {
    const [vm = '', service = '', ...more] = rest.split(/[:/%]/);
    if (more.length > 0 || service === '') {
      throw new RangeError('expected two parts, hvsock:VMID:vsock-PORT or hvsock:VMID:SERVICEID');
    }
    return { kind: 'hvsock', vmId: parseVmId(vm), serviceId: parseService(service) };
  },
  resolve: ({ vmId, serviceId }) => ({ endpoint: { family: 'hyper-v', vmId, serviceId }, steps: [] }),
};

function parseVmId(text: string): Guid {
  const id = parseGuid(text) ?? (vmIds as Partial<Record<string, Guid>>)[text.toUpperCase()];
  if (id) return id;
  throw new RangeError(
    `VM id ${JSON.stringify(text)} is neither a GUID nor one of ${Object.keys(vmIds).join(', ')}`,
  );
}

function parseService(text: string): Guid {
  const port = /^vsock-(.*)$/i.exec(text)?.[1];
  if (port !== undefined) return serviceIdOfPort(parsePort(port, 'hvsock'));
  const id = parseGuid(text);
  if (id) return id;
  throw new RangeError(`service ${JSON.stringify(text)} is neither vsock-PORT nor a GUID`);
}
