export interface Cached {
  folder: string;
  built: boolean;
}
type Log = (line: string) => void;

export function cacheFolder(env?: NodeJS.ProcessEnv): string;
export function ensurePrograms(log?: Log): Promise<string>;
export function ensureImage(suite: string, log?: Log): Promise<string>;
export function cachedPrograms(): Cached;
export function cachedImage(suite: string): Cached;
