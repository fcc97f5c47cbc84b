import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Suite } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { suiteNamed } from '../images/suites.js';
import { bothEnd } from './both-end.js';
import { conformance } from './conformance/conformance.js';
import { fromHost } from './from-host.js';
import { heldSessions } from './held.js';
import { errorsInGuest, withoutLoopback, withoutTransport } from './in-guest/errors.js';
import { loginsInGuest } from './in-guest/logins.js';
import { outages } from './outages.js';
import { startMachines } from './scene/machines.js';
import { testsExecutable, useScene } from './scene/scene.js';

/** Everything that the product is asked in one guest, in an order: the last tests take the guest apart. */
export function productSuite(suite: Suite): void {
  vi.setConfig({ testTimeout: 300_000 }); // what takes 10 s on an idle machine may take minutes on a busy one
  describeGuests(`the product and ${suite}`, () => {
    const scene = useScene(suite);

    // Elsewhere the tests of the executable are skipped if it is not built.
    if (process.env.VMSSH_NO_SKIP === '1' && testsExecutable(suite)) {
      test('the executable is built: npm run build:exe', () => {
        expect(scene().stage.hasExecutable).toBe(true);
      });
    }

    withoutLoopback(scene);

    describe('with vsock_loopback', () => {
      const survive = heldSessions(scene);
      beforeAll(async () => {
        if (suiteNamed(suite).systemd >= 256) await startMachines(scene().guest);
      });
      loginsInGuest(scene, suite);
      errorsInGuest(scene);
      bothEnd(scene);
      conformance(scene, suite);
      fromHost(scene);
      survive();
    });

    withoutTransport(scene);
    outages(scene);
  });
}
