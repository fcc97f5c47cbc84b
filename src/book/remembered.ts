import { dirname, join } from 'node:path';
import { before, type Env, now } from '../base/runtime.js';
import { editFile } from '../files/edit-file.js';
import { makeFolder } from '../files/place.js';
import { readText } from '../files/read-file.js';
import { isJsonObject, parseJson } from '../sources/tools/json.js';
import { stateFolder } from '../ssh/folder.js';
import { type Route, type RouteName, routeNames } from '../typed/route.js';

/** The file of the routes that worked last time, where machines have several. It only changes in which order they are tried. */
export function routesFile(env: Env): string {
  return join(stateFolder(env), 'routes.json');
}

/** The route by which a target was reached last time, `usual` if nothing else is known; and how the next one is kept. */
export async function memoryOf(
  text: string,
  usual: Route['name'] | undefined,
  env: Env,
): Promise<{ readonly last: string | undefined; readonly keep: (name: string) => Promise<void> }> {
  const last = (await rememberedRoute(text, env)) ?? usual;
  return {
    last,
    async keep(name) {
      const route = name === usual ? undefined : routeNames.find((each) => each === name);
      if (name !== last) await rememberRoute(text, route, env);
    },
  };
}

/** What answers with another host key may be no route to the machine: forgets the one that worked last time, and names it if it was not the first. */
export async function forgetRoute(text: string, env: Env): Promise<string | undefined> {
  const route = await rememberedRoute(text, env);
  if (route === undefined) return undefined;
  await rememberRoute(text, undefined, env);
  return `it answered by ${route}, not by its first route, which the next login tries first`;
}

async function rememberedRoute(text: string, env: Env): Promise<RouteName | undefined> {
  return routesIn(await readKept(env))?.get(keyOf(text));
}

/** Keeps a target's route for the next time; undefined: forgets it. If that fails or takes long, the login goes on. */
export async function rememberRoute(text: string, route: RouteName | undefined, env: Env): Promise<void> {
  const key = keyOf(text);
  if (key.length > maxKey) return;
  const path = routesFile(env);
  const write = async () => {
    await makeFolder(dirname(path));
    await editFile(path, (old) => withRoute(old, key, route), 0o600);
  };
  const written = write().catch(() => {});
  await before(written, now() + (route === undefined ? maxForget : maxWrite));
}

/** The text of that file if it is ours; undefined: there is none, or somebody else's. */
export async function ownRoutesFile(env: Env): Promise<string | undefined> {
  const text = await readKept(env);
  return routesIn(text) && text;
}

/** Bytes of the file, characters of a target, and how many are kept: those that were written last. */
const maxFile = 1 << 16;
const maxKey = 256;
const maxKept = 100;

/** Another vmssh may hold the lock. A login does not wait long for it; a route that showed another key has to go. Milliseconds. */
const maxWrite = 300;
const maxForget = 5000;

const version = 1;

function withRoute(old: Buffer | undefined, key: string, route: RouteName | undefined): Buffer | undefined {
  const routes = new Map(routesIn(old?.toString('utf8', 0, maxFile) ?? ''));
  if (routes.get(key) === route) return old;
  routes.delete(key);
  if (route !== undefined) routes.set(key, route);
  const kept = Object.fromEntries([...routes].slice(-maxKept));
  return Buffer.from(`${JSON.stringify({ version, routes: kept }, undefined, 1)}\n`);
}

function readKept(env: Env): Promise<string> {
  return readText(routesFile(env), maxFile).catch(() => '');
}

/** Undefined: a broken file, another program's, or another version's. */
function routesIn(text: string): ReadonlyMap<string, RouteName> | undefined {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(json) || json.version !== version || !isJsonObject(json.routes)) return undefined;
  const known = Object.entries(json.routes).flatMap(([key, value]) => {
    const route = routeNames.find((name) => name === value);
    return route === undefined || key.length > maxKey ? [] : [[key, route] as const];
  });
  return new Map(known);
}

/** The same for the spellings of a target that ssh makes equal. */
function keyOf(text: string): string {
  return text.toLowerCase().replaceAll('%', '/');
}
