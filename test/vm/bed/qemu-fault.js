/**
 * Whether QEMU ended a boot by itself, by an assertion: its translator has a race (iotlb_to_section), seen once in some
 * hundred boots.
 * @param {string} message of the error that the boot ended with
 */
export function isFaultOfQemu(message) {
  return /: QEMU ended\n(?:.*\n)*qemu-system-\S+: .*: Assertion `.*' failed\.$/m.test(message);
}
