import * as childProcess from './node/child_process.js';
import * as events from './node/events.js';
import * as fs from './node/fs.js';
import * as path from './node/path.js';
import { required } from './required.js';

/** commander is CommonJS. What it requires is handed to it, so that these modules stay modules for all others. */
Object.assign(required, {
  'node:child_process': childProcess,
  'node:events': events,
  'node:fs': fs,
  'node:path': path,
  'node:process': globalThis.process,
});
