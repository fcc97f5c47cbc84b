import { heading, number, rows, verdictRows } from './table.js';

/** @typedef {import('../types.js').Result} Result */
/** @typedef {import('../types.js').FigureResult} FigureResult */

/** docs/performance.md. @param {Result} result */
export function asMarkdown(result) {
  const { figures, machine, versions, notes } = result;
  const targets = [
    ['figure', 'of', 'compared with', 'ratio', 'run by run', 'target', ''],
    ...figures.flatMap(verdictRows),
  ];
  const facts = Object.entries({ ...machine, ...versions }).map(([name, value]) => `${name} ${value}`);
  return `# Performance

Made by \`npm run bench -- --write\`. ${result.quick ? 'A quick run: its figures are not reliable. ' : ''}On ${facts.join(', ')}.

![Medians, with minimum and maximum](performance.svg)

## Targets

${table(targets)}
${notes.map((note) => `\n- ${note}`).join('')}

## Where we lose

${losses(figures)}

Why, and what was tried: [performance-profile.md](performance-profile.md).

## All figures

Medians; the last column is the minimum and maximum of all runs.
${figures.map(section).join('')}
${history}
${method}`;
}

/** What an earlier executable had, by this bench, on another processor. */
const history = `## History

- 2026-11, built on Bun, 114 MB, on another processor: passing a socket 1.27 × systemd-ssh-proxy, relay 1.91 × socat, 1,000 at once 1.38 × systemd-ssh-proxy; one held relay
  0.77 MB, in a second program. Since then the executable is QuickJS-ng ([engine.md](engine.md)).
`;

/** @param {FigureResult} figure */
function section(figure) {
  const own = rows(figure).map(([name = '', median = '', spread = '']) => [name, median, spread]);
  return `\n### ${heading(figure)}\n\n${table([['', 'median', 'spread'], ...own])}\n`;
}

/** Each target that was missed, and each peer that is better at something. @param {readonly FigureResult[]} figures */
function losses(figures) {
  const missed = figures.flatMap(({ title, unit, verdicts }) =>
    verdicts
      .filter(({ reached }) => reached === false)
      .map(({ of, peer, ratio, value, atMost, atLeast }) => {
        const is = peer ? `${ratio?.toFixed(2)} × ${peer}` : `${number(value ?? 0)} ${unit}`.trim();
        const limit = `${atMost === undefined ? 'at least' : 'at most'} ${atMost ?? atLeast}${peer ? ' ×' : ` ${unit}`}`;
        return `- **${title}**, ${of}: ${is}; the target is ${limit.trim()}.`;
      }),
  );
  const beaten = figures.flatMap((figure) => {
    const best = bestOf(figure);
    const ours = figure.entries.find(({ name, absent }) => /^vmssh, executable/.test(name) && !absent);
    if (!best || !ours || best === ours || best.median === ours.median) return [];
    const [value, theirs] = [ours, best].map(({ median = 0 }) => `${number(median)} ${figure.unit}`.trim());
    return [`- ${figure.title}: ${best.name} has ${theirs}, ${ours.name} ${value}.`];
  });
  return [
    missed.length > 0 ? missed.join('\n') : 'Every target was reached.',
    beaten.length > 0
      ? `\nWhere another program is better than the executable, with or without a target:\n\n${beaten.join('\n')}`
      : '',
  ].join('\n');
}

/** The best program that does the same work: bare processes connect to nothing, and `socat -V` lists nothing. @param {FigureResult} figure */
function bestOf({ entries, better }) {
  const peers = entries.filter(({ name, absent }) => !absent && !/^bare |no libvirtd|for scale$/.test(name));
  return peers.toSorted((a, b) => ((a.median ?? 0) - (b.median ?? 0)) * (better === 'less' ? 1 : -1))[0];
}

/** @param {readonly (readonly string[])[]} all */
function table([head = [], ...body]) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [
    line(head),
    `|${head.map(() => ' --- |').join('')}`,
    ...body.map((cells) => line(head.map((_, i) => cells[i] ?? ''))),
  ].join('\n');
}

/** @param {string} cell */
function escapeCell(cell) {
  return cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

const method = `
## How it was measured

\`npm run bench\` compiles a small C program that acts as ssh: it makes the socket pair or the pipes, forks, and starts a proxy with them. A
thread of the same process listens on a unix socket and sends a banner at once. The time is from just before the fork to the
banner's last byte; with fd passing, the banner is read from the passed socket. No test data is written to disk.

- Competitors take turns, A B C A B C …, after one run each to warm the caches. Medians are compared; "run by run" is the median of the ratios of
  neighbouring runs, which is more reliable if the machine's speed changes. The ratio of the medians decides whether a target is reached.
- systemd-ssh-proxy and libvirt-ssh-proxy come from trixie's packages, in a root of their own, entered by chroot(2) right before exec. libvirt-ssh-proxy only asks libvirtd
  for a CID: without libvirtd, its time is from its start to its error.
- A bare process is timed from the fork to its exit; "one write" from the fork to the first byte that it writes.
- \`ssh host true\` is OpenSSH's own ssh and a real \`sshd -i\` on the socket. Each proxy is started through one more exec, since one of them needs its chroot.
- Targets for commands are multiples of \`socat -V\`, which took 2.4 ms on the machine where they were set: \`--version\` 2 ms, a completion 5, \`list\` 6,
  \`list\` of 200 machines 15.
- A relay's throughput is measured after one byte went there and back, so it includes no process start. The source writes and the sink reads 256 KiB
  at a time. PSS is the sum over all processes of a proxy, once it has not changed for 2.5 seconds. By then the executable's relay has
  freed its engine; a relay on Node keeps Node's memory.
- The environment is that of a plain login: NODE_OPTIONS and the like would change how a runtime starts.

Run it on an idle machine: on a busy one, the threads of a runtime wait for a processor; C programs have no such threads.
`;
