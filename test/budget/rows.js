/** @import { Row } from './types.js' */

/** What `world.js` puts the program at: each path is as long on every machine. */
export const program = '/run/w/vmssh';

const socket = '/run/w/socket';
const host = `unix${socket}`;
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFmOVyJsBVzJQJYXQqwmXTRYcgGqBJ5Fzpx0bGYCNrsO';

const login = ['proxy', '--fdpass', '--record', '--typed', 'web', 'machine/web', '22'];
const asked = ['host-key', '--typed=web', '--'];

/** What accepts the machine's key, as its manager confirms it. @type {Row} */
export const firstLogin = {
  id: 'host-key-by-manager',
  wires: 'socket',
  machines: 'one',
  home: 'installed',
  before: login,
  args: [...asked, 'HOSTNAME', 'machine%web', ...key.split(' ')],
};

/** The paths whose work is limited, in the order of the table. @type {readonly Row[]} */
export const rows = [
  { id: 'login', wires: 'socket', args: ['proxy', '--fdpass', '--typed', host, host, '22'] },
  { id: 'login-relay', wires: 'pipes', args: ['proxy', '--typed', host, host, '22'] },
  {
    id: 'login-name',
    wires: 'socket',
    machines: 'one',
    args: ['proxy', '--fdpass', '--typed', 'machine/web', 'machine/web', '22'],
  },
  { id: 'login-record', wires: 'socket', machines: 'one', home: 'known', args: login },
  // Both questions of an ssh whose proxy has left a record.
  {
    id: 'host-key-order',
    wires: 'socket',
    machines: 'one',
    home: 'known',
    before: login,
    args: [...asked, 'ORDER', 'machine%web', 'NONE', 'NONE'],
  },
  {
    id: 'host-key',
    wires: 'socket',
    machines: 'one',
    home: 'known',
    before: login,
    args: [...asked, 'HOSTNAME', 'machine%web', ...key.split(' ')],
  },
  firstLogin,
  { id: 'version', wires: 'nothing', args: ['--version'] },
  { id: 'help', wires: 'nothing', args: ['--help'] },
  { id: 'list', wires: 'nothing', args: ['list'] },
  { id: 'list-500-processes', wires: 'nothing', processes: 500, args: ['list'] },
  {
    id: 'ssh-590-machines',
    wires: 'nothing',
    machines: 'many',
    home: 'many',
    args: ['ssh', 'machine-7', 'true'],
  },
  {
    id: 'config-diff-590-machines',
    wires: 'nothing',
    machines: 'many',
    home: 'many',
    args: ['config', 'diff'],
  },
];

/** The host key of the one machine, as its own files have it. */
export const hostKey = key;
