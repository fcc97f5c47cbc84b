export function asPlot() {
  return '';
}
