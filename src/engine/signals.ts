import { platform } from 'engine:system';

/** signal(7), from 1 on. */
const inOrder = [
  ...(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE'] as const),
  ...(['SIGKILL', 'SIGUSR1', 'SIGSEGV', 'SIGUSR2', 'SIGPIPE', 'SIGALRM', 'SIGTERM', 'SIGSTKFLT'] as const),
  ...(['SIGCHLD', 'SIGCONT', 'SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGURG', 'SIGXCPU'] as const),
  ...(['SIGXFSZ', 'SIGVTALRM', 'SIGPROF', 'SIGWINCH', 'SIGIO', 'SIGPWR', 'SIGSYS'] as const),
];

export type Signal = (typeof inOrder)[number] | 'SIGBREAK';

const linux: Partial<Record<Signal, number>> = Object.fromEntries(inOrder.map((name, at) => [name, at + 1]));

/** What libuv makes of Windows. */
const windows: typeof linux = {
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

export const signals = (platform() === 'win32' ? windows : linux) as Record<Signal, number>;

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
