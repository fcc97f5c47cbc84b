import { serviceIdOfPort } from '../address/service-id.js';

/** Where Windows keeps the services that may be reached over Hyper-V sockets. */
const key = String.raw`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Virtualization\GuestCommunicationServices`;

/** The arguments of reg.exe that tell whether a port's service is registered: exit code 0 if it is. Throws a RangeError. */
export function registrationQuery(port: number): readonly string[] {
  return ['query', `${key}\\${serviceIdOfPort(port)}`, '/v', 'ElementName'];
}

/** The command for an elevated prompt that registers a port. Throws a RangeError for one that Hyper-V has not. */
export function registrationCommand(port: number): string {
  return `reg add "${key}\\${serviceIdOfPort(port)}" /v ElementName /d "sshd on vsock port ${port}" /f`;
}
