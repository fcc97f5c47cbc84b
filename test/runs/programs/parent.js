// What children.test.ts ends: a program whose child has a child, which ignores SIGTERM if an argument says so. It prints both pids.
import { endOnSignals, finish } from '../children.js';

endOnSignals();
const ignoring = process.argv[2] === 'ignoring' ? "trap '' TERM; " : '';
const status = await finish('sh', ['-c', `${ignoring}sleep 600 & echo $$ $!; wait; exit 3`]);
console.log(`went on after ${status}`);
