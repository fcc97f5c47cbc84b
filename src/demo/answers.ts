export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** The host name of the demo's machine. */
export const hostname = 'vmssh-demo';

/** The answer to a client's command, only from this table: nothing is ever run. */
export function answer(command: string): Answer {
  if (command === 'hostname') return { stdout: `${hostname}\n`, stderr: '', exitCode: 0 };
  const code = Number(/^exit (\d{1,3})$/.exec(command)?.[1] ?? Number.NaN);
  if (code <= 255) return { stdout: '', stderr: '', exitCode: code };
  return { stdout: '', stderr: `${hostname}: knows the commands "hostname" and "exit N"\n`, exitCode: 127 };
}
