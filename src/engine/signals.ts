import { platform } from 'engine:system';

/** signal(7) */
const linux = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
};

/** What libuv makes of Windows. */
const windows: Partial<typeof linux> & { readonly SIGBREAK: number } = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
  SIGBREAK: 21,
  SIGABRT: 22,
  SIGWINCH: 28,
};

export type Signal = keyof typeof linux;

/** The system's signals, by their names. */
export const signals = (platform() === 'win32' ? windows : linux) as typeof linux;

export function isSignal(name: string | symbol): name is Signal {
  return Object.hasOwn(signals, name);
}

export function signalNumber(signal: string | number): number {
  if (typeof signal === 'number') return signal;
  if (isSignal(signal)) return signals[signal];
  throw Object.assign(new TypeError(`Unknown signal: ${signal}`), { code: 'ERR_UNKNOWN_SIGNAL' });
}

export function signalName(number: number): NodeJS.Signals {
  const found = Object.entries(signals).find(([, each]) => each === number);
  return (found?.[0] ?? `SIG${number}`) as NodeJS.Signals;
}
