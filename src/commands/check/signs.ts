import type { ConnectError } from '../../base/errors.js';
import type { CheckResult, Means } from '../../checks/result.js';
import type { LoginVerdict } from '../../checks/verdict.js';
import { type FailureName, guestFailures, suspects } from '../../guest/failures.js';
import type { Finding } from '../../guest/report.js';
import { kindOf } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import { loadKnowing } from '../../sources/here.js';
import { isRegistered, type listServices } from '../../sources/hyper-v/services.js';
import { listAll, sharedCids } from '../../sources/list-all.js';
import { vhostCid } from '../../sources/routes.js';
import type { DiscoveredMachine } from '../../sources/source.js';
import type { ControlPathTrouble } from '../../ssh/control-path.js';
import { isSshPort } from '../../typed/numbers.js';
import type { Endpoint } from '../../typed/route.js';
import { shellOf, shellQuoted } from '../../typed/shell.js';

interface Looked {
  readonly check: CheckResult;
  readonly means: Means;
  readonly plain: LoginVerdict | undefined;
}

export interface Signs {
  /** What stopped the connection before the end of the handshake; undefined: nothing. */
  readonly error: ConnectError | undefined;
  readonly family?: Endpoint['family'];
  readonly controlPath?: ControlPathTrouble;
  readonly cidUsers: readonly { readonly name: string; readonly cid?: number; readonly pid?: number }[];
  /** Whether the port's service is registered with Windows; undefined if not checked. */
  readonly service?: { readonly port: number; readonly registered: boolean };
}

/** Judges the signs. `suspected`: what may be the cause. `certain`: the fault is known without a check from inside. */
export function diagnose(signs: Signs) {
  const { error, cidUsers, service } = signs;
  const findings: Finding[] = [];
  if (cidUsers.length > 1) {
    const who = cidUsers.map(({ name, pid }) => `${name} (pid ${pid})`).join(' and ');
    findings.push(failed('cid-twice', `CID ${cidUsers[0]?.cid} is used by ${who}`));
  }
  if (service && !service.registered && error) {
    const { port } = service;
    const text = `Windows has no service of port ${port} under GuestCommunicationServices`;
    const fix = guestFailures['service-guid'].fix.replace('PORT', String(port));
    findings.push(failed('service-guid', text, fix));
  }
  const suspected = error ? suspects(error, signs.family) : [];
  const certain = findings.length > 0 || suspected.length === 0;
  if (signs.controlPath)
    findings.push(failed('control-path', signs.controlPath.problem, signs.controlPath.fix));
  return { findings, suspected, certain };
}

function failed(name: FailureName, text: string, fix: string = guestFailures[name].fix): Finding {
  return { state: 'failed', name, found: text, fix };
}

/** What this host can see of a target, beyond the stages of a check. */
export async function hostSigns(
  { check, means, plain }: Looked,
  io: Io,
  machines: () => Promise<readonly DiscoveredMachine[]> = async () =>
    (await listAll(io, await loadKnowing(io, 'vsock'))).machines,
  services?: typeof listServices,
): Promise<Signs & { readonly muxed?: string | undefined }> {
  const { parsed, port } = means;
  const { error } = check;
  const isOfHost = io.platform === 'linux' && parsed.kind === 'vsock';
  const listed = isOfHost ? await machines() : [];
  const twice = isOfHost ? sharedCids(listed).get(parsed.cid) : undefined;
  const muxed =
    isOfHost && error
      ? listed.find((machine) => machine.cid === parsed.cid && vhostCid(machine) === undefined)
      : undefined;
  const { from: reachedFrom, takesPort } = kindOf(parsed);
  const byHyperV = io.platform === 'win32' && takesPort && reachedFrom.startsWith('windows');
  const needsService = error && byHyperV && !isSshPort(port) && port <= 0x7fffffff;
  const registered = needsService ? await isRegistered(port, io, services) : undefined;
  return {
    error,
    family: means.endpoint?.family,
    controlPath: plain?.controlPath,
    cidUsers: twice ?? [],
    muxed: muxed?.target,
    service: registered === undefined ? undefined : { port, registered },
  };
}

export function byUserDevice(target: string, io: Io): Finding {
  const text = `this CID is that of ${target}, by a vhost-user device, which the kernel's vsock does not reach`;
  return {
    name: 'CID',
    state: 'skipped',
    found: text,
    fix: `vmssh check ${shellQuoted(target, shellOf(io))}`,
  };
}
