import { number, verdictRows } from './table.js';

/** @typedef {import('../types.js').Result} Result */
/** @typedef {import('../types.js').FigureResult} FigureResult */

/** docs/contributing/performance.md: the ratios. All figures are what `--json` prints. @param {Result} result */
export function asMarkdown(result) {
  const { figures, machine, versions, notes } = result;
  const facts = Object.entries({ ...machine, ...versions }).map(([name, value]) => `${name} ${value}`);
  return `# Performance

Run it on an idle machine, with Linux on x64:

\`\`\`sh
npm run bench                        # every figure, in some minutes; --quick: in one, not reliable
npm run bench -- start-pass   # one figure; --help names them all
npm run bench -- --write             # writes this page, its picture, and dist/bench.json with every run
npm run bench -- --from dist/bench.json   # prints these figures again
\`\`\`

## Results

${scale(figures)}Medians, the executable if no other program is named. [A picture](../pictures/performance.svg) has all figures with their minimum and maximum.
Measured on ${facts.join(', ')}.${result.quick ? ' A quick run: its figures are not reliable.' : ''}

${table([['what', 'compared with', 'result', 'target'], ...figures.flatMap(targetRows)])}

${[...losses(figures), ...notes].map((line) => `- ${line}`).join('\n')}
${method}`;
}

/** How much of a login the start of the proxy is. @param {readonly FigureResult[]} figures */
function scale(figures) {
  const of = (/** @type {string} */ title, /** @type {string} */ name) =>
    figures.find((each) => each.title === title)?.entries.find((each) => each.name === name)?.median;
  const [ours, theirs] = ['vmssh, executable', 'systemd-ssh-proxy'].map((name) =>
    of('host name → banner, fd passing', name),
  );
  const login = of('`ssh host true`', 'vmssh, executable');
  if (ours === undefined || theirs === undefined || login === undefined) return '';
  return `A login takes ${number(login)} ms here, and the proxy only ${number(ours)} of them (systemd-ssh-proxy: ${number(theirs)}): it matters only with many logins at once.\n\n`;
}

/** A count that must be 0, and is, has one line in `losses`. @param {FigureResult} figure */
function targetRows(figure) {
  const shown = figure.verdicts.filter((verdict) => !isNone(verdict));
  return verdictRows({ ...figure, verdicts: shown }).map(
    ([title = '', of = '', peer = '', ratio = '', , target = '']) => [
      of === 'vmssh, executable' ? title : `${title}: ${of.replace(/^vmssh, (executable, )?/, '')}`,
      peer.replace(/^vmssh, executable, /, ''),
      ratio,
      target,
    ],
  );
}

/** @param {FigureResult['verdicts'][number]} verdict */
function isNone({ value, atMost }) {
  return value === 0 && atMost === 0;
}

/** Each target that was missed, what did not happen at all, and each peer that is better at something. @param {readonly FigureResult[]} figures */
function losses(figures) {
  const missed = figures.flatMap(({ title, unit, verdicts }) =>
    verdicts
      .filter(({ reached }) => reached === false)
      .map(({ of, peer, ratio, value, atMost, atLeast }) => {
        const is = peer ? `${ratio?.toFixed(2)} × ${peer}` : `${number(value ?? 0)} ${unit}`.trim();
        const limit = `${atMost === undefined ? 'at least' : 'at most'} ${atMost ?? atLeast}${peer ? ' ×' : ` ${unit}`}`;
        return `**Missed:** ${title}, ${of}: ${is}; the target is ${limit.trim()}.`;
      }),
  );
  const beaten = figures.flatMap((figure) => {
    const best = bestOf(figure);
    const ours = figure.entries.find(({ name, absent }) => /^vmssh, executable/.test(name) && !absent);
    if (!best || !ours || best === ours || best.median === ours.median) return [];
    const [value, theirs] = [ours, best].map(({ median = 0 }) => `${number(median)} ${figure.unit}`.trim());
    return [`Better elsewhere: ${figure.title}: ${best.name} has ${theirs}, ${ours.name} ${value}.`];
  });
  const none = figures.filter(({ verdicts }) => verdicts.some(isNone)).map(({ title }) => title);
  return [
    ...(missed.length > 0 ? missed : ['Every target was reached.']),
    ...(none.length > 0 ? [`None, as required: ${none.join(', ')}.`] : []),
    ...beaten,
  ];
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
## How it is measured

A small C program acts as ssh: it makes the socket pair or the pipes, forks, and starts a proxy. Its thread listens on a unix socket and sends a banner at once. The
time is from the fork to the banner's last byte; with fd passing, the banner is read from the passed socket.

- Competitors take turns, after one run each to warm the caches; medians are compared. systemd-ssh-proxy is trixie's, in a root of its own.
- The C program connects and passes the socket, and does nothing else; instructions are counted by valgrind (callgrind), if it is installed.
- A bare process is timed from the fork to its exit. \`ssh host true\` is OpenSSH's ssh and a real \`sshd -i\` on the socket.
- Throughput has no process start in it. PSS is the sum over all processes of a proxy, once it has not changed for 2.5 seconds.
`;
