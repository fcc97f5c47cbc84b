/** @import { Proxies } from '../competitors.js' */
/** @import { Competitor, Contender, Programs } from '../types.js' */
import { runHarness } from '../harness.js';
import { loginCommand, prepareLogin } from '../login.js';
import { milliseconds, socketName } from './units.js';

/** As `vmssh config install` has ssh ask for the host key. */
export const withHostKeys = 'vmssh, executable, with KnownHostsCommand';

/** @param {Programs} programs @param {string} folder @param {string} socket @param {Proxies} all @returns {Competitor[]} */
export function logins(programs, folder, socket, all) {
  const absent = programs.ssh.absent ?? programs.sshd.absent ?? programs.sshKeygen.absent;
  const serve = absent ? '' : prepareLogin(programs, folder);
  const login = (/** @type {Contender} */ proxy, /** @type {boolean} */ pass, name = proxy.name) => ({
    name,
    absent: absent ?? proxy.absent,
    measure: async () => {
      const command = loginCommand(
        programs,
        folder,
        { root: proxy.root, command: proxy.command(socketName) },
        pass,
      );
      return milliseconds((await runHarness(programs.harness, { mode: 'login', socket, serve, command })).ns);
    },
  });
  const asking = {
    name: withHostKeys,
    absent,
    measure: async () => {
      const [program = '', ...rest] = all.executable.pass.command(socketName);
      // By itself: the record is for the program that started it, and its home has the key.
      const options = {
        ProxyCommand: [program, ...rest, '--record'].map((word) => `'${word}'`).join(' '),
        StrictHostKeyChecking: 'yes',
        KnownHostsCommand: `${program} host-key -- %I %H %t %K`,
      };
      const command = loginCommand(programs, folder, { command: [] }, true, options);
      const env = { HOME: folder };
      const { ns } = await runHarness(programs.harness, { mode: 'login', socket, serve, command, env });
      return milliseconds(ns);
    },
  };
  return [
    ...[all.executable.pass, all.systemd, all.node.pass, all.newestNode.pass].map((proxy) =>
      login(proxy, true),
    ),
    asking,
    login(all.executable.relay, false, `${all.executable.relay.name}, relay`),
    ...[all.socat, all.ncat, all.streams].map((proxy) => login(proxy, false, `${proxy.name}, relay`)),
  ];
}
