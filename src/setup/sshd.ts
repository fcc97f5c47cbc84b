import { printOfLine } from '../checks/own-keys.js';
import { programsFor } from '../connect/exec/bring.js';
import { execError } from '../connect/exec/why-not.js';
import { setupScript } from '../guest/script.js';
import { callerOfLines } from '../hosts/plan.js';
import { hostKeyAlgorithms } from '../keys/login-key.js';
import { lacksSshd } from '../reach/all-failed.js';
import { whyNoBring } from '../ssh/config/host-options.js';
import { typedHost } from '../typed/names.js';
import { sshPort } from '../typed/numbers.js';
import { authorizedLines, checkUntil, isChanged, type Setup, type SetupStep } from './step.js';
import { otherFix } from './way.js';

/** An sshd that each login brings, for a machine that has none: nothing is done in it. */
export const bringingBy = (programsOf = programsFor, callerOf = callerOfLines): SetupStep => ({
  async look(setup, { answer, login, earlier }) {
    const { options, io, add } = setup;
    const { bring, install, noConfig } = options;
    const isKept = earlier?.brings && !install && !noConfig;
    if (!lacksSshd(answer?.error) || !(bring || isKept)) return undefined;
    const whyNot = whyNoBring({ ...(await callerOf(io, true)), hostKeyAlgorithms: await taken(setup) });
    if (whyNot) return add('sshd', 'failed', ...whyNot);
    // Which processor the machine has is known only there: mostly that of this host.
    const endpoint = answer?.means?.endpoint;
    const lacks = await programsOf('').then(
      () => undefined,
      ({ message: more }: Error) => ({ code: 'EXEC_BRING_NONE', more }),
    );
    if (lacks && endpoint?.family === 'exec') {
      const { problem, hint } = execError(endpoint, lacks);
      return add('sshd', 'failed', problem, hint);
    }
    add('account', 'ok', login.user ?? "the machine's own user");
    add('sshd', 'ok', 'there is none: each login brings one, which asks for no key');
    return { login: { ...login, brings: true }, inside: { scripts: [] } };
  },
});

export const brought = bringingBy();

export function taken({ name, io, signal }: Setup): Promise<readonly string[]> {
  return hostKeyAlgorithms({ host: typedHost(name) ?? name, signal }, io);
}

/** Whether an sshd answers there; else what `guest install` does. */
export const sshd: SetupStep = {
  async look(setup, { answer, missing, login, key, asUser, inside }) {
    const { add, options } = setup;
    const { said = [], scripts = [] } = inside ?? {};
    if (login.brings) return undefined;
    // Another run may have made the host key since.
    const isOld = answer?.error?.code === 'EXEC_NO_KEYS' && !isChanged(said, 'host-keys');
    const now = isOld ? await checkUntil('banner', 'root', setup) : answer;
    const { error, stages = [], means: { endpoint } = {} } = now ?? {};
    const isSocket = endpoint !== undefined && ['vsock', 'unix', 'vsock-mux'].includes(endpoint.family);
    // A socket that takes connections has its units: without a host key its sshd ends.
    const lacksKey = isChanged(said, 'host-keys') && stages.some(({ stage }) => stage === 'connected');
    if ((missing && (!asUser || options.vsock)) || (error && isSocket && !lacksKey)) {
      const how = `it is set up as vmssh guest install does it${asUser ? ', by sudo' : ''}`;
      add('sshd', 'changed', `nothing answers there: ${how}`);
      const own = asUser !== undefined;
      const units = setupScript({
        port: sshPort,
        plugged: missing !== undefined,
        owners: authorizedLines(key),
        own,
      });
      return { inside: { ...inside, scripts: [...scripts, units] } };
    }
    if (!error) return add('sshd', 'ok', stages.at(-1)?.found ?? 'it answers');
    if (isChanged(said, 'host-keys')) return add('sshd', 'ok', 'it only lacks the host key');
    return isChanged(said, 'sshd') ? undefined : add('sshd', 'failed', error.problem, otherFix(error));
  },

  async act(setup, { login, inside: { contact } = {} }) {
    if (login.brings) return undefined;
    if (contact) return { shown: `${contact.split(' ')[0]} ${printOfLine(contact)}` };
    const { error, stages } = await checkUntil('authentication', login.user, setup);
    if (!error) return { shown: stages.find(({ stage }) => stage === 'host key')?.found ?? '' };
    const step = error.code.startsWith('HOST_KEY') ? 'host-key' : 'sshd';
    // The machine is set up already.
    return setup.add(step, 'failed', error.problem, otherFix(error));
  },
};
