import manifest from '../../package.json' with { type: 'json' };

export const version: string = manifest.version;

declare const BUILD_COMMIT: string | null | undefined;

/** The commit that it was built from, in full; null if its sources were no git checkout, or run without a build. */
export const commit: string | null = typeof BUILD_COMMIT === 'undefined' ? null : (BUILD_COMMIT ?? null);
