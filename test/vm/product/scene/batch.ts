import type { Guest } from '../../bed/guest.js';
import { quote } from '../../bed/ssh.js';

export interface BatchResult {
  /** 124 if its time was over. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Commands that run beside each other: the guest has two CPUs, and many wait for something. */
const rows = 3;
/** For one command. Seconds. */
const limit = 240;

/** Runs many bash commands as root in one call to the guest, by their names. */
export async function batch(
  guest: Guest,
  commands: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, BatchResult>>> {
  const names = Object.keys(commands);
  const runs = Object.values(commands).map((command, at) => `run ${at} ${quote(command)}`);
  const row = (n: number) => `{ ${['true', ...runs.filter((_, at) => at % rows === n)].join('; ')}; } &`;
  const { stdout } = await guest.run(
    `cd $(mktemp -d)
    run() { timeout ${limit} bash -o pipefail -c "$2" </dev/null >$1.out 2>$1.err; echo $? >$1.code; }
    ${[0, 1, 2].map(row).join('\n')}
    wait
    for at in $(seq 0 ${names.length - 1}); do
      echo "$(cat $at.code) $(base64 -w0 $at.out). $(base64 -w0 $at.err)."
    done`,
    { timeout: 60 + limit * Math.ceil(names.length / rows) },
  );
  const lines = stdout.trim().split('\n').map(parse);
  return Object.fromEntries(names.map((name, at) => [name, lines[at] ?? nothing]));
}

const nothing: BatchResult = { code: -1, stdout: '', stderr: '' };

function parse(line: string): BatchResult {
  const [code = '', stdout = '', stderr = ''] = line.split(' ');
  return { code: Number(code), stdout: decode(stdout), stderr: decode(stderr) };
}

function decode(text: string): string {
  return Buffer.from(text.slice(0, -1), 'base64').toString('utf8');
}
