export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** What the demo's machine calls itself. */
export const hostname = 'vmssh-demo';

/** The answer to a command that a client sent: from this table alone, nothing is ever run. */
export function answer(command: string): Answer {
  if (command === 'hostname') return { stdout: `${hostname}\n`, stderr: '', exitCode: 0 };
  const code = Number(/^exit (\d{1,3})$/.exec(command)?.[1] ?? Number.NaN);
  if (code <= 255) return { stdout: '', stderr: '', exitCode: code };
  return { stdout: '', stderr: `${hostname}: knows the commands "hostname" and "exit N"\n`, exitCode: 127 };
}
