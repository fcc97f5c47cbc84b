import * as childProcess from './node/child_process.js';
import * as events from './node/events.js';
import * as fs from './node/fs.js';
import * as path from './node/path.js';
import { required } from './required.js';

/** commander is CommonJS. It gets what it requires from here, so that these stay modules for all others. */
Object.assign(required, {
  'node:child_process': childProcess,
  'node:events': events,
  'node:fs': fs,
  'node:path': path,
  'node:process': globalThis.process,
});
