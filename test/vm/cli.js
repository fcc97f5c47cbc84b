#!/usr/bin/env node
// npm run guest -- …: guests for a developer's own use.
import { parseArgs } from 'node:util';
import { commands, NoSuchGuest, ssh, UsageError } from './commands.js';

const usage = `usage: npm run guest -- COMMAND [SUITE] [OPTION]...

  boot  SUITE             boot a guest and leave it running
  ssh   [GUEST] [CMD]...  log in to it as root, or run a command there
  stop  [GUEST]           stop it (--all: every guest of this user)
  list                    what runs, and which images are built
  build [SUITE]...        build images that are not in the cache yet (needs root)

SUITE is trixie (systemd 257), sid (262 or newer), bookworm (252), hypervisor, sysvinit or openrc. GUEST is SUITE or SUITE:CID, and may be left out
where one guest runs.

Options of boot:
  --share FOLDER     the guest can mount this folder: mount -t virtiofs host /host
  --cid N            its CID (42)
  --cpu MODEL        a CPU model of QEMU's (Haswell-noTSX)
  --memory MIB       (1024)
  --append ARGS      more arguments for the kernel's command line
  --no-net, --no-vsock
  --reboots          let it reboot instead of ending then

Exit codes: 0 done; 1 failed; 2 wrong usage; 4 no such guest runs, or several; ssh gives its own.`;

const flag = /** @type {const} */ ({ type: 'boolean' });
const text = /** @type {const} */ ({ type: 'string' });
const options = {
  ...{ all: flag, help: { ...flag, short: 'h' }, reboots: flag, 'no-net': flag, 'no-vsock': flag },
  ...{ share: text, cid: text, cpu: text, memory: text, append: text },
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
