import { hasControlCharacter } from '../typed/names.js';
import type { Deps } from './source.js';
import { sourceEntries } from './sources.js';
import { isOwnPath, isSafeTemp, pathIn } from './trusted-path.js';

type Env = Deps['env'];

/** Without folders and sockets that others made or can replace: after `su` or `sudo -E` it is still the previous user's. */
export function ownEnv(env: Env, uid = process.getuid?.()): Env {
  if (uid === undefined) return env;
  const foreign = variables.filter((name) => !isOwn(name, env, uid)).map((name) => [name, undefined]);
  return foreign.length === 0 ? env : { ...env, ...Object.fromEntries(foreign) };
}

/** Only these variables, as `ownEnv` has them: each login waits for it. */
export function ownFolders(env: Env, names: readonly string[], uid: number): Env {
  return Object.fromEntries(names.map((name) => [name, isOwn(name, env, uid) ? env[name] : undefined]));
}

/** Whether HOME is of root and of nobody else, which after `sudo -E` it is not. */
export function isOwnHome(env: Env): boolean {
  return isOwn('HOME', env, 0);
}

/** A command asks for the same folders of its environment many times, and whoever could change the answer is the user himself. */
const known = new WeakMap<Env, Map<string, boolean>>();

function isOwn(name: string, env: Env, uid: number): boolean {
  const value = env[name];
  if (!value) return true;
  const answers = known.get(env) ?? new Map<string, boolean>();
  known.set(env, answers);
  const key = `${uid} ${name}=${value}`;
  const answer = answers.get(key) ?? isOwnValue(name, value, uid);
  answers.set(key, answer);
  return answer;
}

function isOwnValue(name: string, value: string, uid: number): boolean {
  if (name === tempFolder) return isSafeTemp(value, uid);
  // Only the runtime folder may not be root's: https://specifications.freedesktop.org/basedir-spec/latest/
  return pathsIn(name, value).every((path) => path === '' || isOwnPath(path, uid, name !== runtimeFolder));
}

function pathsIn(name: string, value: string): readonly string[] {
  return name === 'KUBECONFIG' ? value.split(':') : [pathIn(value)];
}

/** What of a shell's environment decides what is found and where it is kept, and the user's systemd does not set by itself. */
export function shellVariables(): readonly string[] {
  const paths = variables.filter((name) => !['HOME', runtimeFolder, tempFolder].includes(name));
  return ['PATH', ...sourceEntries.flatMap(({ choices = [] }) => choices), ...paths];
}

const runtimeFolder = 'XDG_RUNTIME_DIR';
const tempFolder = 'TMPDIR';

/** The variables for folders and sockets that vmssh or its tools trust. */
const variables: readonly string[] = [
  ...new Set([
    ...[runtimeFolder, tempFolder, 'HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'],
    ...['XDG_STATE_HOME', ...sourceEntries.flatMap(({ environment = [] }) => environment)],
  ]),
];

/** The folders in HOME that are meant without such a variable: to name one of them says nothing. */
const usual: Readonly<Record<string, string>> = {
  XDG_CACHE_HOME: '.cache',
  XDG_CONFIG_HOME: '.config',
  XDG_DATA_HOME: '.local/share',
};

/** What a variable chooses; undefined: nothing, as without it. One that is set and empty counts as set. */
function choiceOf(name: string, env: Env): string | undefined {
  const value = env[name];
  return value !== undefined && value === `${env.HOME}/${usual[name]}` ? undefined : value;
}

export type KeptEnv = Readonly<Record<string, string>>;

/** A machine that was found by them; one of another hypervisor has none of ours. */
interface Kept {
  readonly provider: string;
  readonly via?: string | undefined;
  readonly environment?: KeptEnv | undefined;
}

/** What of an environment chooses the machines of a source, as a Host keeps it; and the variables that it must not keep. */
export function envOfSource(
  provider: string,
  env: Env,
): { readonly kept?: KeptEnv; readonly refused: readonly { readonly name: string; readonly why: string }[] } {
  const all = variablesOf(provider).map((name) => ({ name, value: choiceOf(name, env) || '' }));
  const set = all.filter(({ value }) => value !== '');
  const refused = set.flatMap(({ name, value }) => {
    const why = whyNotKept(name, value);
    return why === undefined ? [] : [{ name, why }];
  });
  // A part of them could mean other machines.
  if (set.length === 0 || refused.length > 0) return { refused };
  return { kept: Object.fromEntries(set.map(({ name, value }) => [name, value])), refused };
}

/** What another program wrote as kept, as far as it is that: variables of this source, and no secret. */
export function parseKeptEnv(provider: string, value: unknown): KeptEnv | undefined {
  const given: Readonly<Record<string, unknown>> = Object(value);
  const texts = Object.entries(given).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string' && !hasControlCharacter(pair[1]),
  );
  return envOfSource(provider, Object.fromEntries(texts)).kept;
}

/** The environment, with what is kept for sources of whose variables it sets none. A variable that is set and empty counts as set. */
export function withKeptEnv(env: Env, machines: readonly Kept[]): Env {
  const added: Record<string, string> = {};
  const own = machines.filter(({ via, environment }) => via === undefined && environment !== undefined);
  for (const provider of new Set(own.map((each) => each.provider))) {
    const kept = own.find((each) => each.provider === provider)?.environment;
    if (kept && variablesOf(provider).every((name) => choiceOf(name, env) === undefined))
      Object.assign(added, kept);
  }
  return Object.keys(added).length === 0 ? env : { ...env, ...added };
}

/** The sources whose kept machines were found by other variables than those of this environment. */
export function foundOtherwise(env: Env, machines: readonly Kept[]): ReadonlySet<string> {
  const isOther = ({ provider, environment = {} }: Kept) =>
    variablesOf(provider).some((name) => (choiceOf(name, env) ?? '') !== (environment[name] ?? ''));
  const own = machines.filter((machine) => machine.via === undefined && isOther(machine));
  return new Set(own.map(({ provider }) => provider));
}

/** Whether a variable's value has, or may have, a password or a token. */
export function maySayASecret(value: string): boolean {
  const [, scheme, authority = '', rest = ''] = /^(\w[\w+.-]*):\/\/([^/?#]*)(.*)$/s.exec(value) ?? [];
  if (scheme === undefined) return false;
  const login = authority.slice(0, Math.max(0, authority.lastIndexOf('@')));
  return /[?#]/.test(rest) || (login !== '' && (scheme !== 'ssh' || login.includes(':')));
}

function whyNotKept(name: string, value: string): string | undefined {
  if (maySayASecret(value)) return 'it may have a password or a token';
  const isFixed = (path: string) => path === '' || path.startsWith('/');
  return choices.has(name) || pathsIn(name, value).every(isFixed) ? undefined : 'it is no absolute path';
}

const choices: ReadonlySet<string> = new Set(sourceEntries.flatMap((entry) => entry.choices ?? []));

const variablesBySource: ReadonlyMap<string, readonly string[]> = new Map(
  sourceEntries.map(({ name, environment = [], choices: own = [] }) => [name, [...environment, ...own]]),
);

/** The variables of a source; a source of the user's own has the one that leads to its file. */
function variablesOf(provider: string): readonly string[] {
  return variablesBySource.get(provider) ?? ['XDG_CONFIG_HOME'];
}
