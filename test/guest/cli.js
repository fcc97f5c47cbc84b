#!/usr/bin/env node
// npm run guest -- …: guests for a developer's own use.
import { parseArgs } from 'node:util';
import { commands, UsageError } from './commands.js';

const usage = `usage: npm run guest -- COMMAND [SUITE] [OPTION]...

  boot  SUITE             boot a guest and leave it running
  ssh   [GUEST] [CMD]...  log in to it as root, or run a command there
  stop  [GUEST]           stop it (--all: every guest of this user)
  list                    what runs, and which images are built
  build [SUITE]...        build images that are not in the cache yet (needs root)

SUITE is trixie (systemd 257), sid (262 or newer) or bookworm (252). GUEST is SUITE or SUITE:CID, and may be left out
where one guest runs.

Options of boot:
  --share FOLDER     the guest can mount this folder: mount -t virtiofs host /host
  --cid N            its CID (42)
  --cpu MODEL        a CPU model of QEMU's (Haswell-noTSX)
  --memory MIB       (1024)
  --append WORDS     more words for the kernel's command line
  --no-net, --no-vsock
  --reboots          let it reboot instead of ending then

Exit codes: 0 done; 1 failed; 2 wrong usage; 4 no such guest runs, or several; ssh gives its own.`;

const options = {
  ...{ all: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, reboots: { type: 'boolean' } },
  ...{ 'no-net': { type: 'boolean' }, 'no-vsock': { type: 'boolean' } },
  ...{ share: { type: 'string' }, cid: { type: 'string' }, cpu: { type: 'string' } },
  ...{ memory: { type: 'string' }, append: { type: 'string' } },
};

process.exitCode = await main(process.argv.slice(2));

async function main(argv) {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    console.log(usage);
    return name === undefined ? 2 : 0;
  }
  try {
    const command = commands[name];
    if (!command) throw new UsageError(`no command ${JSON.stringify(name)}`);
    if (name === 'ssh') return await command(rest); // what follows is the guest's
    const { values, positionals } = parseArgs({ args: rest, options, allowPositionals: true });
    if (values.help) return await main(['help']);
    return await command(positionals, values);
  } catch (error) {
    const wrong = error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS');
    console.error(`guest: ${error.message}`);
    if (wrong) console.error('hint: npm run guest -- help');
    return wrong ? 2 : (error.exitCode ?? 1);
  }
}
