import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { addonComponents, type Component, dependencyComponents } from '../../../build/package/components.js';
import { writeSbom } from '../../../build/package/sbom.js';
import { lacks } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';

// What https://cyclonedx.org/schema/bom-1.6.schema.json wants of these.
const licenses = z.array(
  z.strictObject({
    license: z.union([
      z.strictObject({
        id: z.string(),
        text: z.strictObject({ contentType: z.string(), content: z.string() }),
      }),
      z.strictObject({
        name: z.string(),
        text: z.strictObject({ contentType: z.string(), content: z.string() }),
      }),
    ]),
  }),
);
const named = { 'bom-ref': z.string().min(1), name: z.string().min(1), version: z.string().min(1), licenses };
const sbom = z.strictObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.6'),
  version: z.int().min(1),
  metadata: z.strictObject({
    component: z.strictObject({
      ...named,
      type: z.literal('application'),
      description: z.string(),
      hashes: z.array(
        z.strictObject({ alg: z.literal('SHA-256'), content: z.string().regex(/^[0-9a-f]{64}$/) }),
      ),
      properties: z.array(z.strictObject({ name: z.string(), value: z.string() })),
    }),
  }),
  components: z.array(
    z.strictObject({ ...named, type: z.literal('library'), purl: z.string().regex(/^pkg:\w+\/\S+@\S+$/) }),
  ),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()).optional() })),
});
const about = { version: '1.2.3', description: 'x', license: 'MIT' };

describe('the list of what an artefact contains', () => {
  const dir = useTempDir();

  it('of the npm package has each component with its whole licence', () =>
    expectWhole(dependencyComponents, ['commander', 'ssh2', 'chalk']));

  // The libraries of C++ are those of the compiler, and their licences those of its packages.
  it.skipIf(lacks('g++', 'dpkg-query'))('of the addon has each component with its whole licence', () =>
    expectWhole(() => addonComponents(['linux-x64']), ['node-api-headers']),
  );

  function expectWhole(make: () => readonly Component[], has: string[]) {
    const artefact = join(dir, 'artefact');
    writeFileSync(artefact, 'bytes');
    const text = readFileSync(writeSbom(artefact, make(), about), 'utf8');
    const { metadata, components, dependencies } = sbom.parse(JSON.parse(text));
    const names = components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(has));
    expect(names).not.toContain('vitest');
    for (const { licenses } of [metadata.component, ...components])
      expect(licenses[0]?.license.text.content.length).toBeGreaterThan(300);
    // Texts that Debian's copyright files only name.
    for (const { licenses } of components) {
      const { content = '' } = licenses[0]?.license.text ?? {};
      const named = content.match(/\/usr\/share\/common-licenses\/[\w.-]*\w/g) ?? [];
      for (const path of named) expect(content).toContain(readFileSync(path, 'utf8').trim());
    }
    expect(metadata.component.hashes[0]?.content).toBe(createHash('sha256').update('bytes').digest('hex'));
    const refs = new Set(['vmssh', ...components.map((each) => each['bom-ref'])]);
    expect(new Set(dependencies.map(({ ref }) => ref))).toEqual(refs);
    expect(refs.size).toBe(components.length + 1);
    expect(text).toBe(readFileSync(writeSbom(artefact, make(), about), 'utf8'));
  }
});
