import type { SocketPath } from '../target/target.js';
import type { ResolveContext } from './resolution.js';

/** Which reading of a socket path to use: the literal one if such a file exists, else the one with slashes. */
export function resolvePath(target: SocketPath, context: ResolveContext): { path: string; steps: string[] } {
  const path = onDrive(target.path, context.platform);
  const decodedPath = target.decodedPath && onDrive(target.decodedPath, context.platform);
  if (decodedPath === undefined) return { path, steps: [] };
  if (context.exists(path)) return { path, steps: [`a file ${path} exists, so "%" is meant literally`] };
  return { path: decodedPath, steps: [`no file ${path} exists, so "%" is read as "/"`] };
}

/** On Windows the slash before a drive belongs to the target: "/C:/x" is "C:/x". */
export function onDrive(path: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? path.replace(/^\/(?=[a-z]:[\\/])/i, '') : path;
}
