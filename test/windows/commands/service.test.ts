import { expect, it } from 'vitest';
import { describeWindows } from '../bed/describe.js';
import { programs } from '../bed/paths.js';
import { runOnWindows } from '../bed/run.js';

describeWindows.each(Object.entries(programs))('vmssh service by %s', (_name, program) => {
  const service = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await runOnWindows([...program, 'service', ...args]);
    return { code, stdout, stderr };
  };
  const ok = { code: 0, stdout: '', stderr: '' };

  it.each([
    { typed: 'add', meant: 'register' },
    { typed: 'remove', meant: 'unregister' },
  ])('says what was meant by $typed', async ({ typed, meant }) => {
    expect(await service(typed, '22')).toMatchObject({
      code: 2,
      stderr: `vmssh: unknown command "${typed}"\nhint: did you mean ${meant}?\n`,
    });
  });

  it('registers ports, lists them, and removes them', async () => {
    expect(await service('list')).toEqual(ok);
    expect(await service('register', '2222')).toEqual(ok);
    expect(await service('register', '--name', 'my & own', '5000')).toEqual(ok);
    const lines = [
      '2222\t000008ae-facb-11e6-bd58-64006a7986d3\tvmssh vsock 2222\n',
      '5000\t00001388-facb-11e6-bd58-64006a7986d3\tmy & own\n',
    ];
    expect(await service('list')).toEqual({ ...ok, stdout: lines.join('') });
    expect(await service('unregister', '2222')).toEqual(ok);
    expect(await service('list')).toEqual({ ...ok, stdout: lines[1] });
    expect(await service('unregister', '5000')).toEqual(ok);
    const stderr = expect.stringContaining('vmssh: port 5000 is not registered\n');
    expect(await service('unregister', '5000')).toMatchObject({ code: 1, stderr });
    expect(await service('list')).toEqual(ok);
  });
});
