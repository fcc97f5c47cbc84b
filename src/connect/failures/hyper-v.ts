import { type Failure, windowsExhausted } from './failure.js';

/** For AF_HYPERV: https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2 and users' reports. */
export const hyperVFailures: readonly Failure[] = [
  {
    codes: ['WSAEADDRNOTAVAIL'],
    problem: 'no running machine has the id of {address}',
    hint: 'use --wait while it boots, or start it: vmssh list shows the machines and their states; the id of WSL2 changes with every wsl --shutdown',
  },
  {
    codes: ['WSAENETUNREACH'],
    problem: 'the machine of {address} is not running, or does not belong to this Windows',
    hint: 'start it: vmssh list shows its state; use --wait while it boots',
  },
  {
    codes: ['WSAETIMEDOUT', 'ETIMEDOUT'],
    problem: 'the machine is running, but nothing answered on its vsock port {port} in time',
    hint: 'use --wait while it boots; in a Linux guest, run: systemctl list-sockets "sshd-vsock*" (systemd 256 and later listen on port 22 by themselves, but 258.3 to 260.2 do not on Hyper-V: vmssh guest install sets it up), and modprobe hv_sock',
  },
  {
    codes: ['WSAECONNREFUSED'],
    problem: 'the machine is running, but refuses connections to its vsock port {port}',
    hint: 'in the guest, run: systemctl list-sockets "sshd-vsock*" (systemd 256 and later listen on port 22 by themselves, but 258.3 to 260.2 do not on Hyper-V: vmssh guest install sets it up)',
  },
  {
    codes: ['WSAEACCES'],
    final: true,
    problem: 'Windows does not let this user open Hyper-V sockets of {address}',
    hint: 'join Hyper-V Administrators (S-1-5-32-578), as vmssh doctor shows, or use an elevated terminal',
    hintWithRights: 'in an elevated terminal: vmssh service register {port}',
  },
  {
    codes: ['WSAENETDOWN'],
    problem: 'the Hyper-V socket transport is down',
    hint: 'try again, or use --wait; if it stays down, check that the service vmcompute is running: sc query vmcompute',
  },
  {
    codes: ['WSAEAFNOSUPPORT', 'WSAEPROTONOSUPPORT', 'WSAESOCKTNOSUPPORT'],
    final: true,
    problem: 'this Windows has no Hyper-V sockets',
    hint: 'enable Hyper-V or the Virtual Machine Platform and restart: optionalfeatures, or elevated: dism /online /enable-feature /featurename:VirtualMachinePlatform /all',
  },
  {
    codes: ['WSAEINVAL', 'WSAEFAULT'],
    final: true,
    problem: 'Windows rejects the address {address}: a bug in vmssh',
    hint: 'please report it with the output of vmssh proxy -v',
  },
  {
    codes: ['WSAECONNRESET', 'WSAECONNABORTED', 'WSAENOTCONN', 'WSAESHUTDOWN', 'WSAEDISCON'],
    problem: 'the machine went away while connecting',
    hint: 'check that it is still running: vmssh list; use --wait while it boots',
  },
  windowsExhausted,
  {
    codes: ['EAFNOSUPPORT'],
    final: true,
    problem: 'AF_HYPERV is not available on this system',
    hint: 'Hyper-V sockets can only be opened on Windows; inside WSL2, vmssh runs vmssh.exe for them',
  },
];
