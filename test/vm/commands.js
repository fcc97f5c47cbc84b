/** @import { BootOptions, GuestFacts, Suite } from './types.js' */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { bootGuest } from './bed/guest.js';
import { runningGuests, stopRunning } from './bed/running.js';
import { sshArguments } from './bed/ssh.js';
import { cachedImage, cachedPrograms, ensureImage, ensurePrograms } from './images/cache.js';
import { whatIsMissing } from './images/requirements.js';
import { suiteNames, suites } from './images/suites.js';

export class UsageError extends Error {}

/** No running guest matches, or several do. */
export class NoSuchGuest extends Error {}

/**
 * @typedef {object} Values what cli.js reads as options
 * @property {boolean} [all]
 * @property {boolean} [reboots]
 * @property {boolean} [no-net]
 * @property {boolean} [no-vsock]
 * @property {string} [share]
 * @property {string} [cid]
 * @property {string} [cpu]
 * @property {string} [memory]
 * @property {string} [append]
 */

/** @type {Readonly<Record<string, (names: readonly string[], values: Values) => number | Promise<number>>>} */
export const commands = { boot, stop, list, build };

const say = (/** @type {string} */ line) => console.error(line);
const seconds = (/** @type {number} */ since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** @param {readonly string[]} names @param {Values} values */
async function boot(names, values) {
  const [suite] = known(names, 1);
  if (!suite) throw new UsageError(`boot needs a suite: ${suiteNames.join(', ')}`);
  refuseWhenMissing([suite]);
  const started = Date.now();
  say(`booting ${suite} …`);
  const guest = await bootGuest({ suite, log: say, ...bootOptions(values) });
  guest.detach();
  console.log(`${suite} (systemd ${suites[suite].systemd}) is up after ${seconds(started)}, CID ${guest.cid}
  log in       npm run guest -- ssh ${suite}:${guest.cid}
  multiplexer  ${values['no-vsock'] ? 'none' : guest.muxPath}
  key          ${guest.identity}
  TCP          ${guest.tcpPort ? `127.0.0.1 port ${guest.tcpPort}` : 'none'}
  console      ${guest.folder}/console.log
  stop         npm run guest -- stop ${suite}:${guest.cid}`);
  return 0;
}

/** @param {Values} values @returns {Omit<BootOptions, 'suite'>} */
function bootOptions(values) {
  return {
    ...(values.share ? { share: resolve(values.share) } : {}),
    ...(values.cid ? { cid: whole(values.cid, '--cid') } : {}),
    ...(values.memory ? { memory: whole(values.memory, '--memory') } : {}),
    ...(values.cpu ? { cpu: values.cpu } : {}),
    ...(values.append ? { append: values.append } : {}),
    net: !values['no-net'],
    vsock: !values['no-vsock'],
    reboots: Boolean(values.reboots),
  };
}

/**
 * Logs in to a guest, or runs a command there; resolves to its exit code.
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
export function ssh(args) {
  const isNamed = suiteNames.some((name) => name === args[0]?.split(':')[0]);
  const [selector, ...command] = isNamed ? args : ['', ...args];
  const guest = theOne(selector);
  const child = spawn('ssh', [...sshArguments(guest), ...command], { stdio: 'inherit' });
  return new Promise((done, fail) => child.once('error', fail).once('exit', (code) => done(code ?? 255)));
}

/** @param {readonly string[]} names @param {Values} values */
async function stop(names, { all }) {
  if (names.length > 1) throw new UsageError(`one guest, not ${names.length}`);
  const guests = all ? runningGuests() : [theOne(names[0])];
  for (const guest of guests) {
    const started = Date.now();
    await stopRunning(guest);
    say(`${guest.suite} stopped in ${seconds(started)}`);
  }
  return 0;
}

function list() {
  const guests = runningGuests();
  if (guests.length === 0) say('no guest runs');
  for (const { suite, cid, tcpPort, muxPath, started } of guests) {
    const name = `${suite}:${cid}`.padEnd(17);
    console.log(`${name} runs since ${seconds(started)}, TCP port ${tcpPort}, ${muxPath}`);
  }
  for (const name of suiteNames) {
    const { folder, built } = cachedImage(name);
    console.log(`${name.padEnd(17)} image ${built ? folder : 'not built'}`);
  }
  const { folder, built } = cachedPrograms();
  console.log(`${'QEMU'.padEnd(17)} ${built ? folder : 'not built'}`);
  return 0;
}

/** @param {readonly string[]} names */
async function build(names) {
  const wanted = names.length > 0 ? known(names) : suiteNames;
  refuseWhenMissing(wanted);
  await Promise.all([ensurePrograms(say), ...wanted.map((name) => ensureImage(name, say))]);
  say(`built: ${wanted.join(', ')}`);
  return 0;
}

/** @param {readonly string[]} names @param {number} [most] @returns {Suite[]} */
function known(names, most = suiteNames.length) {
  const found = names.map((name) => {
    const suite = suiteNames.find((each) => each === name);
    if (suite) return suite;
    throw new UsageError(`no suite ${JSON.stringify(name)}: there are ${suiteNames.join(', ')}`);
  });
  if (names.length > most) throw new UsageError(`one suite, not ${names.length}`);
  return found;
}

/**
 * The running guest that SUITE or SUITE:CID or nothing names, when that is one.
 * @param {string} [selector]
 * @returns {GuestFacts}
 */
function theOne(selector = '') {
  const [suite, cid] = selector.split(':');
  const [guest, ...others] = runningGuests().filter(
    (guest) => (!suite || guest.suite === suite) && (!cid || guest.cid === Number(cid)),
  );
  if (guest && others.length === 0) return guest;
  const run = [...(guest ? [guest] : []), ...others].map((guest) => `${guest.suite}:${guest.cid}`).join(', ');
  const message = run
    ? `which one? ${run} run`
    : `no ${selector || 'guest'} runs\nhint: npm run guest -- boot ${suite || 'trixie'}`;
  throw new NoSuchGuest(message);
}

/** @param {readonly string[]} names */
function refuseWhenMissing(names) {
  const missing = whatIsMissing(names);
  if (missing) throw new Error(missing);
}

/** @param {string} text @param {string} name */
function whole(text, name) {
  if (!/^\d+$/.test(text)) throw new UsageError(`${name} takes a number, not ${JSON.stringify(text)}`);
  return Number(text);
}
