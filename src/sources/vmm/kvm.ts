import { basename } from 'node:path';
import { machineCid } from '../../typed/numbers.js';
import { containerOf, readStatus } from '../processes/namespaces.js';
import { everyProcess, inContainer, nodeFs, notListed, procDir, warnInto } from '../processes/processes.js';
import type { Deps, Listing, Source, Warning } from '../source.js';
import { optionsOf } from './command-line.js';

/** Virtual machines of other programs than these, as libkrun's and kvmtool's: none has a row, and each is a warning. */
export function kvmBeside(known: readonly RegExp[]): Source {
  const list = (deps: Deps) => listUnknown(known, deps);
  return { name: 'kvm', title: 'KVM', listsWanted: 'warnings', list };
}

async function listUnknown(known: readonly RegExp[], deps: Deps): Promise<Listing> {
  const { wanted } = deps;
  const warnings: Warning[] = [];
  const warn = warnInto(warnings, 'kvm');
  for (const process of await everyProcess(deps)) {
    const { pid, argv, program: file, isSingle } = process;
    // A machine's processor has a thread of its own.
    if (isSingle) continue;
    const names = [basename(argv[0] ?? ''), ...(file === undefined ? [] : [file])];
    // A search for one name looks at no files of other processes.
    const isMeant = wanted === undefined || names.includes(wanted) || argv.includes(wanted);
    const isKnown = known.some((pattern) => names.some((name) => pattern.test(name)));
    if (!isMeant || isKnown || !(await holdsMachine(process, deps))) continue;
    const program = file ?? names[0] ?? '';
    const inside = containerOf(pid, deps);
    const cid = cidIn(argv);
    const address = cid === undefined ? undefined : `vsock/${cid}`;
    const how = address === undefined ? 'its command line has no vsock CID' : `type ${address}`;
    const problem = `a virtual machine of ${program} runs, which vmssh does not know: ${how}`;
    warn(inside === undefined ? notListed(pid, problem) : inContainer(program, { pid, inside }, address));
  }
  return { found: [], warnings };
}

/** Whether /dev/kvm has made a virtual machine for it; false if its files cannot be seen. */
export async function holdsMachine({ pid }: { readonly pid: number }, deps: Deps): Promise<boolean> {
  if (ranNoGuest(pid, deps)) return false;
  const folder = `${procDir(deps)}/${pid}/fd`;
  try {
    for (const file of nodeFs.readdir(folder).slice(0, maxFiles)) {
      const link = await nodeFs.readlink(`${folder}/${file}`).catch(() => '');
      if (link === 'anon_inode:kvm-vm') return true;
    }
  } catch {}
  return false;
}

/** Whether its processors never ran a guest: one small file says so, instead of a link for each of its files. A machine that is some milliseconds old may have run none. */
function ranNoGuest(pid: number, deps: Deps): boolean {
  const stat = readStatus(`${procDir(deps)}/${pid}/stat`, nodeFs);
  // Field 43 of proc(5), guest_time. The second is the name, which may have blanks and brackets in it.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[43 - 3] === '0';
}

/** Such a program opens /dev/kvm among its first files; a browser has thousands of files. */
const maxFiles = 256;

/** Of kvmtool, `--vsock 5`; of Alioth "vhost,cid=5", of a QEMU under another name "vhost-vsock-pci,guest-cid=5". */
function cidIn(argv: readonly string[]): number | undefined {
  const { vsock = '', cid = vsock } = Object.fromEntries(optionsOf(argv.slice(1)));
  const [, device = cid] = /\b(?:guest-)?cid=(\w+)/.exec(argv.join(' ')) ?? [];
  return machineCid(device);
}
