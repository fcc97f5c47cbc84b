import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { missingPrograms } from '../helpers/programs.js';
import { executable, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { type Fault, faults } from './fault.js';

const dir = useTempDir();
let count = 0;

/** A relay on a terminal of script(1), which is killed as the bytes come: that hangs up. The exit code comes by a FIFO. */
function hangsUp(trap: string): Omit<Fault, 'name' | 'ends' | 'says'> {
  const file = join(dir, `${++count}`);
  return {
    peer: (socket) => {
      socket.once('data', () => process.kill(Number(readFileSync(`${file}.pid`, 'utf8')), 'SIGKILL'));
      socket.once('end', () => socket.end('SSH-2.0-x\r\n'));
    },
    command: (socket) => {
      const script = `#!/bin/sh\ntrap ${trap} HUP\n${[...vmssh, 'nc', '--pipe'].join(' ')} unix${socket} 22\necho $? >&9\n`;
      writeFileSync(`${file}.sh`, script, { mode: 0o755 });
      const inner = `script -qefc '${file}.sh' /dev/null <&3 >/dev/null 9>'${file}.end'`;
      const line = `exec 3<&0; mkfifo '${file}.end'; ${inner} & echo $! >'${file}.pid'; read -r end <'${file}.end'; exit "$end"`;
      return ['sh', '-c', line];
    },
    options: { input: 'hello\n', keepOpen: true },
  };
}

describe.skipIf(missingPrograms({ script: 'bsdutils' }))('a terminal', () =>
  faults('a terminal (`nc --pipe`)', [
    // 128 and the signal's number, as a shell has it.
    { name: 'hangs up', ...hangsUp(':'), ends: 129, says: '' },
    // Node no longer ignores what its caller ignored.
    {
      name: 'hangs up, with SIGHUP ignored as by nohup',
      ...hangsUp("''"),
      ends: executable ? 0 : 129,
      says: '',
    },
  ]),
);
