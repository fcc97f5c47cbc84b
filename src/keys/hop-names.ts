import type { Env } from '../base/runtime.js';
import { hostKeyAlias, type Identified, namesAlike, namesOf } from '../book/identity.js';
import { isNamed } from '../kinds/kinds.js';
import { programInPath } from '../process/program-in-path.js';
import { settingIn } from '../process/ssh-program.js';
import type { ViaTarget } from '../typed/target.js';
import { sshSettings } from './login-key.js';
import { notChecked } from './refusal.js';

/** More names of another hypervisor's machine, by what ssh resolves the hypervisor to. `alike`: of keys that were kept before. Throws if ssh cannot say it. */
export async function namesByHop(
  { target, machine }: Identified,
  env: Env,
): Promise<{ readonly names: readonly string[]; readonly alike: readonly string[] }> {
  if (target.kind !== 'via' || !isNamed(target)) return { names: [], alike: [] };
  const { host } = target as ViaTarget;
  const at = (name: string): Identified => ({
    target: { ...target, host: name } as typeof target,
    ...(machine && {
      machine: { ...machine, target: machine.target.replace(`via/${host}/`, `via/${name}/`) },
    }),
  });
  const aliasAt = (name: string) => hostKeyAlias(at(name))?.slice('vmssh-'.length) ?? [];
  const hops = await hopsOf(host, env);
  const places = [...new Set(hops.map(({ place }) => place))];
  const others = [...new Set(hops.map(({ name }) => name))].filter((name) => name !== host.toLowerCase());
  const isSame = await Promise.all(
    others.map(async (name) => (await hopsOf(name, env)).some(({ place }) => places.includes(place))),
  );
  const same = others.filter((_, i) => isSame[i]);
  return {
    names: places.flatMap((place) => [aliasAt(place), namesOf(at(place))].flat()),
    alike: [...places, ...same].flatMap((name) => [aliasAt(name), namesAlike(at(name))].flat()),
  };
}

/** What ssh resolves a host to; both if a program of the user's decides (Match exec): none is run. */
async function hopsOf(host: string, env: Env) {
  const said = ['true', 'false'].map(async (shell) => {
    const SHELL = programInPath(shell, env) ?? `/bin/${shell}`;
    const settings = await sshSettings({ host }, { env: { ...env, SHELL }, platform: process.platform });
    const of = (keyword: string) => settingIn(settings, keyword)?.toLowerCase();
    const [user, name, port] = ['user', 'hostname', 'port'].map(of);
    if (name === undefined)
      throw notChecked(host, 'ssh could not be asked which host it is', `see what it says: ssh -G ${host}`);
    // Behind two hosts one address means two.
    const way = ['proxyjump', 'proxycommand'].flatMap((keyword) => of(keyword) ?? []);
    return { name, place: [`${user}@${name}:${port}`, ...way].join(' ') };
  });
  return Promise.all(said);
}
