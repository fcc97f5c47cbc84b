import { atStart } from 'engine:system';
import { main } from './main.js';
// A login's own commands: main.ts loads them, and here they are in the image with main.ts.
import '../commands/proxy/host-key.js';
import '../commands/proxy/proxy.js';
// What a login by a name and a host key ask for.
import '../keys/known-address.js';
import '../sources/find.js';
import '../sources/machined/nspawn.js';
import '../sources/machined/source.js';
import '../sources/routes.js';
import '../sources/search.js';
import '../ssh/config/users-files.js';

// The engine makes its own functions when they are first asked for: those that each login calls are in the image.
for (const each of [Object, Promise, Promise.prototype, Array.prototype, String.prototype, Map.prototype])
  Object.getOwnPropertyDescriptors(each);

// All modules up to here may be evaluated when the program is built: what depends on the process comes after it.
atStart(() => {
  // One file serves both programs: by a link named vsock-nc it is vsock-nc.
  const called = process.argv0.toLowerCase();
  void main(called.endsWith('vsock-nc') || called.endsWith('vsock-nc.exe') ? 'vsock-nc' : 'vmssh');
});
