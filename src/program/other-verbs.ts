import { similarTo } from '../address/similar.js';

/** Verbs of other tools, and what to type instead. */
interface Verb {
  readonly words: readonly string[];
  readonly hint: string;
}

/** Of hvc, virsh, limactl, machinectl, multipass, incus, podman and vagrant. */
const verbs: readonly Verb[] = [
  {
    words: [
      ...['start', 'up', 'boot', 'run', 'launch', 'create', 'define'],
      ...[
        'stop',
        'halt',
        'shutdown',
        'poweroff',
        'kill',
        'destroy',
        'terminate',
        'delete',
        'remove',
        'rm',
        'undefine',
      ],
      ...[
        'restart',
        'reboot',
        'reset',
        'suspend',
        'resume',
        'pause',
        'unpause',
        'save',
        'restore',
        'snapshot',
      ],
    ],
    hint: "vmssh starts and stops no machines: use the machine's own tool (virsh, limactl, machinectl, hvc ...)",
  },
  {
    words: ['console', 'serial'],
    hint: 'vmssh ssh NAME opens a shell; for the console use virsh console, machinectl login or hvc console',
  },
  {
    words: ['shell', 'exec', 'login', 'enter', 'attach', 'connect', 'session'],
    hint: 'vmssh ssh NAME [COMMAND]',
  },
  { words: ['cp', 'copy', 'copy-to', 'copy-from', 'transfer', 'push', 'pull'], hint: 'vmssh scp FILE NAME:' },
  { words: ['ls', 'ps', 'vms', 'machines', 'status'], hint: 'vmssh list' },
  {
    words: ['id', 'state', 'ip', 'info', 'show', 'domifaddr', 'dominfo', 'domuuid', 'domstate'],
    hint: 'vmssh list -o wide, or vmssh resolve NAME',
  },
  { words: ['ping', 'test', 'verify'], hint: 'vmssh check NAME' },
  { words: ['netcat', 'socat'], hint: 'vmssh nc NAME [PORT]' },
  { words: ['install', 'setup', 'set-up', 'init', 'config-ssh', 'ssh-config'], hint: 'vmssh config install' },
  { words: ['uninstall'], hint: 'vmssh config uninstall' },
  { words: ['version'], hint: 'vmssh --version' },
];

/**
 * What to type instead of a word that is not one of the commands `names`: our form of another tool's verb, a similar
 * command, or a login, since it may be a machine's name.
 */
export function insteadOf(word: string, names: readonly string[]): string | undefined {
  const verb = verbs.find(({ words }) => words.includes(word.toLowerCase()));
  if (verb) return verb.hint;
  const near = similarTo(word, names);
  if (near.length > 0) return `did you mean ${near.join(' or ')}?`;
  if (!/^[\w.][\w.%/-]*$/.test(word)) return undefined;
  return `to log in to a machine: vmssh ssh ${word}; for the commands: vmssh --help`;
}
