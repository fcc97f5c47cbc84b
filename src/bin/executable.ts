import { main } from '../main.js';

// One file serves both programs: by a link named vsock-nc it is vsock-nc.
void main(/(^|[\\/])vsock-nc(\.exe)?$/i.test(process.argv0) ? 'vsock-nc' : 'vmssh');
