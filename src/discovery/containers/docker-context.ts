import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readText } from '../../files/read-file.js';
import type { Deps } from '../provider.js';
import { isJsonObject, parseJson } from '../tools/json.js';
import { textOf } from '../tools/json-tool.js';

/**
 * The address of the docker context that `docker` uses, "unix:///home/u/.docker/desktop/docker.sock"; undefined for its default.
 * https://docs.docker.com/engine/manage-resources/contexts/
 */
export async function contextAddress({ env }: Deps): Promise<string | undefined> {
  const { HOME, DOCKER_CONFIG = HOME && join(HOME, '.docker'), DOCKER_CONTEXT } = env;
  if (!DOCKER_CONFIG) return undefined;
  const config = await readObject(join(DOCKER_CONFIG, 'config.json'));
  const name = DOCKER_CONTEXT || textOf(config, 'currentContext');
  if (name === undefined || name === 'default') return undefined;
  const folder = createHash('sha256').update(name).digest('hex');
  const { Endpoints: all } = await readObject(join(DOCKER_CONFIG, 'contexts/meta', folder, 'meta.json'));
  const docker = isJsonObject(all) && isJsonObject(all.docker) ? all.docker : {};
  return textOf(docker, 'Host');
}

async function readObject(path: string) {
  try {
    const value = parseJson(await readText(path));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
