import { atStart } from 'engine:system';
import { main } from '../main.js';
// A login's own command: main.ts loads it, and here it is in the image with main.ts.
import '../commands/proxy/proxy.js';

// All modules up to here may be evaluated when the program is built: what depends on the process comes after it.
atStart(
  () => {
    // One file serves both programs: by a link named vsock-nc it is vsock-nc.
    const called = process.argv0.toLowerCase();
    void main(called.endsWith('vsock-nc') || called.endsWith('vsock-nc.exe') ? 'vsock-nc' : 'vmssh');
  },
  // What list and completion load (build/executable.js names them).
  () =>
    Promise.all([
      import('../program/run.js'),
      import('../commands/list/list.js'),
      import('../commands/completion/completion.js'),
      import('../sources/list-all.js'),
      import('../sources/outside/outside.js'),
      import('../sources/sources.js').then(({ loadSources }) => loadSources()),
      import('../cli/json.js'),
    ]),
);
