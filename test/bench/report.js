export function asMarkdown() {
  return '';
}
