import { basename } from 'node:path';
import { main } from '../main.js';

// One file serves both programs: by a link named vsock-nc it is vsock-nc.
await main(/^vsock-nc(\.exe)?$/i.test(basename(process.argv0)) ? 'vsock-nc' : 'vmssh');
