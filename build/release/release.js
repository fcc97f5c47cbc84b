// npm run release -- VERSION [--tested-elsewhere]: makes release/VERSION, all that its owner uploads. docs/contributing/release.md has the steps.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { root } from '../bundle/bundle.js';
import { commitOf } from '../bundle/commit.js';
import { buildInClone } from '../package/clone.js';
import { addresses, missingAddresses } from './addresses.js';
import { checkRelease } from './checks.js';
import { commitRelease } from './commit.js';
import { taggedVersions } from './git.js';
import { missingTexts } from './owner-texts.js';
import { differences, hashesBelow } from './site/files.js';
import { signerOf } from './site/sign.js';
import { earlierFiles, makeSite } from './site/site.js';
import { uploadPage } from './site/upload.js';

// Ctrl-C and a closed terminal end what runs below, too: that is then a failure like others, and this cleans up.
let isInterrupted = false;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGHUP']))
  process.on(signal, () => {
    isInterrupted = true;
  });

try {
  await release();
} catch (error) {
  console.error(`release: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 1;
}

async function release() {
  const { values, positionals } = parseArgs({
    options: { 'tested-elsewhere': { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [version = '', ...more] = positionals;
  if (version === '' || more.length > 0) throw new Error('give one version: npm run release -- 0.2.0');
  const { isMade } = checkRelease(root, version, { testedElsewhere: values['tested-elsewhere'] });
  const missing = missingAddresses(addresses);
  if (missing.length > 0)
    throw new Error(`fill in build/release/addresses.json, and commit it:\n${missing.join('\n')}`);
  const texts = missingTexts(root, addresses);
  if (texts.length > 0) throw new Error(`fill in, and commit:\n${texts.join('\n')}`);
  // Modes do not depend on who releases.
  process.umask(0o022);
  const releases = join(root, 'release');
  const earlier = earlierFiles(
    releases,
    taggedVersions(root).filter((each) => each !== version),
    addresses,
  );
  // Before the long work: whether the key is there.
  signerOf(addresses.key, '0');
  if (!isMade) commitRelease(root, version, addresses);
  const time = commitOf(root)?.time ?? '0';
  const signer = signerOf(addresses.key, time);

  const unfinished = join(releases, `${version}.new`);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  await buildTwice((built) => {
    makeSite(join(unfinished, 'site'), { version, built, earlier, addresses, time, signer });
  });
  writeFileSync(
    join(unfinished, 'UPLOAD.md'),
    uploadPage(join(unfinished, 'site', `v${version}`), version, addresses),
  );
  const done = join(releases, version);
  rmSync(done, { recursive: true, force: true });
  renameSync(unfinished, done);
  if (!taggedVersions(root).includes(version)) signer.tag(root, `v${version}`, `vmssh ${version}`);
  console.log(
    `release/${version} is made, and the tag v${version}: release/${version}/UPLOAD.md has what to do`,
  );
}

/** Throws if a signal came between two programs, when nothing else fails by it. */
async function goOn() {
  // Until the next turn the signal is not seen.
  await nextTurn();
  if (isInterrupted) throw new Error('it was interrupted');
}

/** Builds the packages in two clones, and has them used if all are equal. @param {(built: string) => void} use */
async function buildTwice(use) {
  const work = mkdtempSync(join(tmpdir(), 'vmssh-release-'));
  try {
    // Of different length: a path that gets into a file shows.
    const [one = '', other = ''] = ['one', 'the other'].map((name) => join(work, name));
    for (const clone of [one, other]) await buildInClone(root, clone, ['package'], goOn);
    await goOn();
    const [built, again] = [join(one, 'dist/package'), join(other, 'dist/package')];
    const different = differences(hashesBelow(built), hashesBelow(again));
    if (different.length > 0) throw new Error(`two builds of the commit differ in ${different.join(', ')}`);
    use(built);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
