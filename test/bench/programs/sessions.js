// What the library leaves open: sessions.js INDEX TARGET COUNT. Prints descriptors and threads before and after.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [index = '', target = '', count = '0'] = process.argv.slice(2);
/** @type {typeof import('../../../src/index.js')} */
const { connect } = await import(pathToFileURL(index).href);

await sessions(10); // threads and descriptors that the runtime and the addon keep for good
const before = await look();
await sessions(Number(count));
const after = await look();
console.log(JSON.stringify({ before, after }));

/** @param {number} count */
async function sessions(count) {
  for (let session = 0; session < count; session++) {
    const stream = await connect(target);
    const [banner] = await once(stream, 'data');
    if (!String(banner).startsWith('SSH-')) throw new Error(`no banner in session ${session}`);
    await turn(); // now a read waits, as in a session that is interrupted
    stream.destroy();
    await once(stream, 'close');
  }
}

async function look() {
  await sleep(200);
  const count = (/** @type {string} */ name) => readdirSync(`/proc/self/${name}`).length;
  return { descriptors: count('fd'), threads: count('task') };
}
