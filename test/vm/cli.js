#!/usr/bin/env node
// npm run guest -- …: guests for a developer's own use.
import { parseArgs } from 'node:util';
import { commands, NoSuchGuest, ssh, UsageError } from './commands.js';

const usage = `Usage: npm run guest -- COMMAND [options]

  boot  SUITE             boot a guest and leave it running
  ssh   [GUEST] [CMD]...  log in to a guest as root, or run a command there
  stop  [GUEST]           stop a guest (--all: every guest of this user)
  list                    show running guests, and which images are built
  build [SUITE]...        build images that are not in the cache yet (needs root)

SUITE is trixie (systemd 257), sid (262 or newer), bookworm (252), hypervisor, hypervisor-sid, containers, lxd, desktop, sysvinit or openrc.
GUEST is SUITE or SUITE:CID; it can be left out if only one guest is running.

Options of boot:
  --share FOLDER     a folder that the guest can mount: mount -t virtiofs host /host
  --cid N            its CID (42)
  --cpu MODEL        a CPU model of QEMU (Haswell-noTSX)
  --memory MIB       its memory (1024)
  --append ARGS      more arguments for the kernel command line
  --no-net           without a network
  --no-vsock         without a vsock device
  --reboots          let it reboot; otherwise a reboot ends it

Exit codes: 0 done; 1 failed; 2 wrong usage; 4 no such guest, or several; ssh: its own.`;

const flag = /** @type {const} */ ({ type: 'boolean' });
const text = /** @type {const} */ ({ type: 'string' });
const options = {
  all: flag,
  help: { ...flag, short: 'h' },
  reboots: flag,
  'no-net': flag,
  'no-vsock': flag,
  share: text,
  cid: text,
  cpu: text,
  memory: text,
  append: text,
};

process.exitCode = await main(process.argv.slice(2));

/** @param {readonly string[]} argv @returns {Promise<number>} */
async function main(argv) {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    console.log(usage);
    return name === undefined ? 2 : 0;
  }
  try {
    if (name === 'ssh') return await ssh(rest); // what follows is the guest's
    const command = commands[name];
    if (!command) throw new UsageError(`no command ${JSON.stringify(name)}`);
    const { values, positionals } = parseArgs({ args: [...rest], options, allowPositionals: true });
    if (values.help) return await main(['help']);
    return await command(positionals, values);
  } catch (error) {
    const { code = '' } = /** @type {NodeJS.ErrnoException} */ (error);
    const wrong = error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS');
    console.error(`guest: ${error instanceof Error ? error.message : error}`);
    if (wrong) console.error('hint: npm run guest -- help');
    if (error instanceof NoSuchGuest) return 4;
    return wrong ? 2 : 1;
  }
}
