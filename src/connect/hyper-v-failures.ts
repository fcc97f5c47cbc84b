import { windowsExhausted } from './exhausted.js';
import type { Failure } from './failure.js';

/**
 * What the WSA codes of a connect mean for AF_HYPERV, from
 * https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2 and what its users report.
 */
export const hyperVFailures: readonly Failure[] = [
  {
    codes: ['WSAEADDRNOTAVAIL'],
    problem: 'Windows knows no running machine with the id of {address}',
    hint: 'see vmssh list for the machines and their states, and start it; the id of WSL2 changes with every wsl --shutdown',
  },
  {
    codes: ['WSAENETUNREACH'],
    problem: 'the machine of {address} does not run, or is no child of this Windows',
    hint: 'see vmssh list for its state, and start it; while it boots, use --wait',
  },
  {
    codes: ['WSAETIMEDOUT', 'ETIMEDOUT'],
    problem: 'the machine is there, but nobody answers on its vsock port {port} in time',
    hint: 'while it boots, use --wait; in a Linux guest see: systemctl status sshd-vsock.socket (systemd 256 and later make it by themselves), and modprobe hv_sock',
  },
  {
    codes: ['WSAECONNREFUSED'],
    problem: 'the machine is there, but refuses connections to its vsock port {port}',
    hint: 'in the guest see: systemctl status sshd-vsock.socket (systemd 256 and later make it by themselves)',
  },
  {
    codes: ['WSAEACCES'],
    problem: 'Windows does not permit this user to open Hyper-V sockets of {address}',
    hint: 'be a member of Hyper-V Administrators (S-1-5-32-578) and sign in anew, or use an elevated terminal; for a port other than 22: vmssh service register {port}',
  },
  {
    codes: ['WSAENETDOWN'],
    problem: 'the Hyper-V socket transport of this Windows is down for the moment',
    hint: 'try again, or use --wait; where it stays so, see whether the service vmcompute runs: sc query vmcompute',
  },
  {
    codes: ['WSAEAFNOSUPPORT', 'WSAEPROTONOSUPPORT', 'WSAESOCKTNOSUPPORT'],
    problem: 'this Windows has no Hyper-V sockets',
    hint: 'enable Hyper-V or the Virtual Machine Platform and restart: optionalfeatures, or elevated: dism /online /enable-feature /featurename:VirtualMachinePlatform /all',
  },
  {
    codes: ['WSAEINVAL', 'WSAEFAULT'],
    problem: 'Windows does not take the address {address}: a fault of vmssh itself',
    hint: 'please report it, with what vmssh proxy -v prints',
  },
  {
    codes: ['WSAECONNRESET', 'WSAECONNABORTED', 'WSAENOTCONN', 'WSAESHUTDOWN', 'WSAEDISCON'],
    problem: 'the machine went away while the connection was being opened',
    hint: 'see whether it still runs: vmssh list; while it boots, use --wait',
  },
  windowsExhausted,
  {
    codes: ['EAFNOSUPPORT'],
    problem: 'AF_HYPERV is not available on this system',
    hint: 'Hyper-V sockets are opened from Windows; inside WSL2 the vmssh command goes through vmssh.exe',
  },
];
