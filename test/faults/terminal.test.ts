import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { lacks } from '../helpers/programs.js';
import { executable, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { type Fault, faults } from './fault.js';

const dir = useTempDir();
let count = 0;

/**
 * A relay from a terminal of script(1), which is killed as the bytes come: that hangs up. The exit code comes by a FIFO. SIGHUP may
 * come after the end of the input, so that a peer which ends at that is for a relay that goes on to its own end; and after the
 * end of the output, which is one too if it is a terminal.
 */
function hangsUp(trap: string, ends: number): Omit<Fault, 'name' | 'says'> {
  const file = join(dir, `${++count}`);
  return {
    peer: (socket) => {
      socket.once('data', () => process.kill(Number(readFileSync(`${file}.pid`, 'utf8')), 'SIGKILL'));
      if (ends === 0) socket.once('end', () => socket.end('SSH-2.0-x\r\n'));
    },
    command: (socket) => {
      const script = `#!/bin/sh\ntrap ${trap} HUP\n${[...vmssh, 'nc', '--pipe'].join(' ')} unix${socket} 22 >/dev/null\necho $? >&9\n`;
      writeFileSync(`${file}.sh`, script, { mode: 0o755 });
      const inner = `script -qefc '${file}.sh' /dev/null <&3 >/dev/null 9>'${file}.end'`;
      const line = `exec 3<&0; mkfifo '${file}.end'; ${inner} & echo $! >'${file}.pid'; read -r end <'${file}.end'; exit "$end"`;
      return ['sh', '-c', line];
    },
    options: { input: 'hello\n', keepOpen: true },
    ends,
  };
}

describe.skipIf(lacks('script'))('a terminal', () =>
  faults('a terminal (`nc --pipe`)', {
    // 128 and the signal's number, as a shell has it.
    'hangs up': { ...hangsUp(':', 129) },
    // Node no longer ignores what its caller ignored.
    'hangs up, with SIGHUP ignored, as under nohup': { ...hangsUp("''", executable ? 0 : 129) },
  }),
);
