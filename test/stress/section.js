/** @import { Done, RuntimeName } from './types.js' */
import { spawnSync } from 'node:child_process';
import { recordOf } from '../runs/page.js';
import { allLoads } from './loads.js';

/** What was tried; the other loads keep what an earlier run had. @param {readonly Done[]} done @returns {import('../runs/types.js').Section} */
export function section(done) {
  const before = recordOf('load')?.tables[0]?.rows ?? [];
  const rows = allLoads.map(({ id, title }) => {
    const old = before.find(([name]) => name === title) ?? [];
    return [title, cell(done, id, 'executable') ?? old[1] ?? '', cell(done, id, 'node') ?? old[2] ?? ''];
  });
  const cells = rows.flatMap((row) => row.slice(1)).filter((text) => text !== '');
  const failures = cells.filter((text) => text.startsWith('failed')).length;
  const ssh = spawnSync('ssh', ['-V'], { encoding: 'utf8' }).stderr.split(/[ ,]/)[0] ?? '';
  return {
    title: 'Load',
    on: { OpenSSH: ssh.replace('OpenSSH_', '') },
    summary: [
      `${cells.length} runs, on both runtimes: logins, relays held open, relays of many bytes`,
      failures === 0 ? 'none failed, nothing was left behind' : `${failures} failed`,
    ],
    text: [
      `In every run, all answers are compared with what was sent, every proxy must exit with 0 and print nothing on stderr, and no descriptor, thread, process,
connection or file may be left behind. "Resident" is the memory of one relay, with the program's code; its growth is measured from when it has freed the engine,
on Node from halfway through. Node's counts are lower where its processes would take too long or need too much memory.`,
    ],
    tables: [{ head: ['load', 'executable', 'Node'], rows }],
  };
}

/** @param {Done} done */
export function words({ what, more }) {
  return more ? `${what}; ${more}` : what;
}

/** @param {readonly Done[]} done @param {string} id @param {RuntimeName} name */
function cell(done, id, name) {
  const one = done.find((each) => each.id === id && each.runtime === name);
  return one && (one.failure ? `failed: ${one.failure}` : words(one));
}
