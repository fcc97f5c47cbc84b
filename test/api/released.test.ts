import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { recordApi, releasedApi } from '../../build/release/api.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { libraryChanges } from './library-changes.js';
import { schemaChanges } from './schema-changes.js';

const changelog = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
const sections = changelog.split(/^## /m).slice(1);
const released = sections.find((section) => !section.includes('not released yet'));
const unreleased = sections.find((section) => section.includes('not released yet')) ?? '';

describe('what programs rely on', () => {
  const dir = useTempDir();
  let now = '';
  beforeAll(() => {
    now = join(dir, 'now');
    recordApi(now);
  });

  async function changesSince(record: string): Promise<readonly string[]> {
    const schema = (folder: string) => JSON.parse(readFileSync(join(folder, 'json.schema.json'), 'utf8'));
    const types = (folder: string) => join(folder, 'types/index.d.ts');
    const program = mkdtempSync(join(dir, 'x'));
    return [
      ...schemaChanges(schema(record), schema(now)),
      ...(await libraryChanges(types(record), types(now), program)),
    ];
  }

  it('is recorded of the last release', () => {
    const version = existsSync(releasedApi)
      ? readFileSync(join(releasedApi, 'version'), 'utf8').trim()
      : undefined;
    expect(version).toBe(released?.split(',')[0]?.trim());
  });

  it('has changed since then only if the changelog says so, below "### Breaking"', async () => {
    const changes = existsSync(releasedApi) ? await changesSince(releasedApi) : [];
    if (!unreleased.includes('### Breaking')) expect(changes).toEqual([]);
  });

  it('is the same as itself, and a command or a function that is gone is noticed', async () => {
    expect(await changesSince(now)).toEqual([]);
    const old = join(dir, 'old');
    recordApi(old);
    const [schema, index] = [join(old, 'json.schema.json'), join(old, 'types/index.d.ts')];
    writeFileSync(schema, readFileSync(schema, 'utf8').replace('"const": "doctor"', '"const": "find"'));
    writeFileSync(index, `${readFileSync(index, 'utf8')}export declare function find(): void;\n`);
    const [inJson, ...inTypes] = await changesSince(old);
    expect(inJson).toBe('find: is gone');
    expect(inTypes.join('\n')).toContain("Property 'find' is missing");
  });
});
