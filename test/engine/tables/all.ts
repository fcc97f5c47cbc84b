import { buffer } from './buffer.js';
import { events } from './events.js';
import { files } from './files.js';
import { path } from './path.js';
import { processes } from './processes.js';
import { sockets } from './sockets.js';
import { streams } from './streams.js';
import { system } from './system.js';

/** What src/ uses of Node, by its parts. */
export const tables = { buffer, path, events, files, processes, sockets, streams, system };
