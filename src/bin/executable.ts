import { main } from '../main.js';

// One file serves both programs: by a link named vsock-nc it is vsock-nc.
const called = process.argv0.toLowerCase();
void main(called.endsWith('vsock-nc') || called.endsWith('vsock-nc.exe') ? 'vsock-nc' : 'vmssh');
