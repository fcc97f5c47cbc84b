import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { executable, vmssh } from '../helpers/run.js';
import { type Fault, faults } from './fault.js';

const root = '/sys/fs/cgroup';
/** Where groups of processes get a limit of memory: cgroup v2, else v1; undefined if this process may make none. */
const [parent, limit] = canMake(root, 'cgroup.subtree_control')
  ? [root, 'memory.max']
  : canMake(`${root}/memory`, 'memory.limit_in_bytes')
    ? [`${root}/memory`, 'memory.limit_in_bytes']
    : [];
if (!parent)
  console.warn('skipped: no cgroup with a limit of memory can be made here\nremedy: run it as root');

function canMake(folder: string, needed: string): boolean {
  const file = join(folder, needed);
  try {
    accessSync(folder, constants.W_OK);
    accessSync(file, constants.W_OK);
    return needed !== 'cgroup.subtree_control' || /\bmemory\b/.test(readFileSync(file, 'utf8'));
  } catch {
    return false;
  }
}

/** The program in a group of its own that may hold so much: it begins, and the kernel ends it on its way. */
function within(mebibytes: number, args: (socket: string) => readonly string[]): Fault['command'] {
  const group = join(parent ?? '', `vmssh-${process.pid}-${++count}`);
  return (socket) => {
    mkdirSync(group);
    groups.push(group);
    writeFileSync(join(group, limit ?? ''), String(mebibytes << 20));
    return ['sh', '-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', group, ...vmssh, ...args(socket)];
  };
}
let count = 0;
const groups: string[] = [];
afterAll(() => {
  for (const group of groups) rmdirSync(group);
});

const config = 'Host a\n    User b\n';

describe.skipIf(!parent)('a cgroup without memory', () =>
  faults('a cgroup without memory', {
    '`proxy`': {
      command: within(executable ? 1 : 8, (socket) => ['proxy', `unix${socket}`, '22']),
      ends: 'SIGKILL',
    },
    '`config install`': {
      command: (socket, dir) => {
        mkdirSync(join(dir, '.ssh'), { mode: 0o700 });
        writeFileSync(join(dir, '.ssh/config'), config);
        return within(executable ? 2 : 8, () => ['config', 'install', '--only-patterns'])(socket, dir);
      },
      ends: 'SIGKILL',
      says: /^(vmssh: warning: .*\n)?$/,
      check: (dir) => {
        const now = readFileSync(join(dir, '.ssh/config'), 'utf8');
        if (!now.endsWith(config)) throw new Error(`it is torn: ${now}`);
      },
    },
  }),
);
