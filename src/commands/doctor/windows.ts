import type { AddonState } from '../../base/native.js';
import { hyperVFailures } from '../../connect/failures/sockets.js';
import { rightsHint } from '../../sources/hyper-v/hyper-v.js';
import { listServices } from '../../sources/hyper-v/services.js';
import type { Deps } from '../../sources/source.js';
import { serviceIdOfPort, vmIds } from '../../typed/numbers.js';
import { allowed, finding, type HostCheck, said } from './finding.js';

export type WindowsFacts = NonNullable<Awaited<ReturnType<typeof gatherWindows>>>;

export async function gatherWindows({ addon }: AddonState, deps: Deps) {
  if (!addon) return undefined;
  // Nothing listens there: the error shows whether Windows has Hyper-V sockets.
  const address = { family: 'hyper-v', vmId: vmIds.LOOPBACK, serviceId: serviceIdOfPort(0) } as const;
  const [hvsock, services] = await Promise.all([
    addon.connect(address, 1000).promise.then(
      (handle) => {
        addon.close(handle);
        return 'open';
      },
      ({ code }: NodeJS.ErrnoException) => code ?? 'UNKNOWN',
    ),
    listServices(deps)
      .then(({ length }) => length)
      .catch(() => undefined),
  ]);
  const rights = addon.hyperVRights();
  return { hvsock, services, rights, rightsFix: rightsHint(deps.env, rights) };
}

const noRights = 'this user is neither elevated nor in Hyper-V Administrators, and cannot see machines';

export function windowsChecks({ hvsock, rights, rightsFix, services }: WindowsFacts): readonly HostCheck[] {
  const row = hyperVFailures.find(({ codes }) => codes.includes(hvsock));
  const absent = row?.codes.includes('WSAEAFNOSUPPORT');
  const { elevated, hyperVAdministrator } = rights;
  const who = [elevated && 'elevated', hyperVAdministrator && 'in Hyper-V Administrators'].filter(Boolean);
  const code = { found: hvsock, report: allowed.code(hvsock) };
  const count = `${services ?? 'unknown how many'} ${services === 1 ? 'is' : 'are'} registered`;
  return [
    absent
      ? finding('hvsock', 'bad', `${row?.problem} (${allowed.code(hvsock)})`, row?.hint ?? '')
      : finding('hvsock', 'ok', said`Windows has Hyper-V sockets; to itself: ${code}`),
    who.length > 0
      ? finding('rights', 'ok', `this user is ${who.join(' and ')}`)
      : finding('rights', 'none', noRights, rightsFix),
    finding('services', 'none', `Hyper-V socket services: ${count}`),
  ];
}
