export function debianMirror(env?: Record<string, string | undefined>, sources?: string[]): string;
