/** @import { Done, RuntimeName } from './types.js' */
import { spawnSync } from 'node:child_process';
import { keep, ranOn, recordOf } from '../reliability/page.js';
import { loads, longest } from './loads.js';

/** Writes what was tried into docs/reliability.md; of the other loads it keeps what an earlier run had. @param {readonly Done[]} done */
export function keepLoads(done) {
  const before = recordOf('load')?.tables[0]?.rows ?? [];
  const rows = [...loads, longest].map(({ id, title }) => {
    const old = before.find(([name]) => name === title) ?? [];
    return [title, cell(done, id, 'executable') ?? old[1] ?? '', cell(done, id, 'node') ?? old[2] ?? ''];
  });
  const cells = rows.flatMap((row) => row.slice(1)).filter((text) => text !== '');
  const failures = cells.filter((text) => text.startsWith('failed')).length;
  const ssh = spawnSync('ssh', ['-V'], { encoding: 'utf8' }).stderr.split(/[ ,]/)[0] ?? '';
  keep('load', {
    title: 'Load',
    command: 'npm run test:stress',
    on: ranOn({ OpenSSH: ssh.replace('OpenSSH_', '') }),
    summary: [
      [
        `load: logins, relays held and relays of many bytes, on both runtimes (${cells.length} runs)`,
        failures === 0 ? 'none failed, nothing was left behind' : `${failures} failed`,
      ],
    ],
    text: [
      `Of every run all answers are compared with what was sent, every proxy has to end by itself with 0 and to say nothing, and afterwards there is no
descriptor, thread, process, connection or file more than before. "Resident" is the memory of one relay, code of the program included; growth is counted
from when it has left the engine, or on Node from the middle of its time. The counts of Node are lower where its processes would take too long or need too much
memory.`,
      ...(rows.flat().includes('')
        ? [
            'Loads without a figure are still to be run: on a machine with thirty times its load they did not end as they have to.',
          ]
        : []),
    ],
    tables: [{ head: ['load', 'executable', 'Node'], rows }],
  });
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
