import { expect, it } from 'vitest';
import { isFaultOfQemu } from './qemu-fault.js';

it.each([
  {
    name: 'an assertion',
    message:
      "trixie: QEMU ended\nqemu-system-x86_64: warning: x\nqemu-system-x86_64: system/physmem.c:2671: iotlb_to_section: Assertion `section_index < d->map.sections_nb' failed.\n--- console of trixie ---\n",
    want: true,
  },
  {
    name: 'a wrong option',
    message: 'trixie: QEMU ended\nqemu-system-x86_64: -x: invalid option\n',
    want: false,
  },
  {
    name: "the guest's own end",
    message: 'trixie: QEMU ended\n\n--- console of trixie ---\npanic',
    want: false,
  },
  { name: 'a slow boot', message: 'trixie has no sshd after 180 s', want: false },
])('$name is a fault of QEMU: $want', ({ message, want }) => expect(isFaultOfQemu(message)).toBe(want));
