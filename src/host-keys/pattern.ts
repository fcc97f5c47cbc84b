/** Whether a text matches an ssh pattern, where "*" is any characters and "?" is one. In n × m steps at most. */
export function matchesPattern(text: string, pattern: string): boolean {
  let [at, next] = [0, 0];
  let star: { readonly next: number; at: number } | undefined;
  while (at < text.length) {
    if (pattern[next] === '*') {
      star = { next: ++next, at };
    } else if (pattern[next] === '?' || pattern[next] === text[at]) {
      at++;
      next++;
    } else if (star) {
      at = ++star.at;
      next = star.next;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(next));
}
