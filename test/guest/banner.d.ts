type Where = { host: string; port: number } | { path: string; muxPort?: number };

export function banner(where: Where, timeout?: number): Promise<string>;
