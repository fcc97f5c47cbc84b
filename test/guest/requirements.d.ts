export function whatIsMissing(
  suites: string[],
  machine?: { platform?: NodeJS.Platform; arch?: NodeJS.Architecture; uid?: number | undefined },
): string;
