import { buffer } from './buffer.js';
import { commands } from './commands.js';
import { events } from './events.js';
import { files } from './files.js';
import { path } from './path.js';
import { processes } from './processes.js';
import { sockets } from './sockets.js';
import { streams } from './streams.js';
import { system } from './system.js';

/** What src/ uses of Node, by its parts. */
export const tables = { buffer, path, events, files, processes, sockets, streams, system };

/** The same of Windows: what it prints there is compared with Node's there. */
export const windowsTables = { commands };

export type Table = keyof typeof tables | keyof typeof windowsTables;
