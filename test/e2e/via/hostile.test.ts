import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ended } from '../../helpers/expected.js';
import { run, vmssh } from '../../helpers/run.js';
import { script, useTempDir } from '../../helpers/temp-dir.js';

const machine = (more: object) => ({
  name: 'web',
  target: 'machine/web',
  status: 'running',
  provider: 'machined',
  also: [],
  ...more,
});

describe('beside a hypervisor that answers', () => {
  const dir = useTempDir();
  const env = { ...process.env, HOME: dir, XDG_RUNTIME_DIR: dir, VMSSH_SSH: join(dir, 'ssh') };
  const answers = (host: string, machines: readonly object[], blanks = 0) =>
    writeFileSync(join(dir, host), JSON.stringify({ version: 1, machines }) + ' '.repeat(blanks));
  beforeAll(() => {
    // It has the host before the command, which holds the marker.
    script(
      join(dir, 'ssh'),
      `for host; do case $host in hv[0-9]) break ;; esac; done; echo "$*" | grep -o 'vmssh-[0-9a-f]\\{32\\}'; cat '${dir}'/$host`,
    );
    answers('hv2', [machine({})]);
  });

  const tooMany = Array.from({ length: 30_000 }, (_, at) =>
    machine({ name: `m${at}`, target: `machine/m${at}` }),
  );
  const levels = Array(12).fill(machine({ target: `${'via/a/'.repeat(678)}q:N` }));
  it.each([
    {
      what: 'with targets of 678 levels',
      machines: levels,
      says: 'via/hv1: 12 of its machines cannot be shown: a text has more than 1000 characters',
      rows: 1,
    },
    {
      what: 'with 30,000 machines',
      machines: tooMany,
      says: 'via/hv1: 20000 of its machines cannot be shown: a hypervisor can list 10000',
      rows: 10_001,
    },
  ])('$what, the machines of the others are listed', async ({ machines, says, rows }) => {
    answers('hv1', machines);
    const { code, stdout, stderr } = await run([...vmssh, 'list', '--via', 'hv1,hv2'], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: `vmssh: warning: ${says} (LEFT_OUT)\n` });
    expect(stdout.split('\n')).toHaveLength(rows + 1);
    expect(stdout).toContain('running\tweb\tvia/hv2/machine/web\tmachined\thv2\n');
    const inventory = await run([...vmssh, 'inventory', '--via', 'hv1,hv2'], { env });
    expect(inventory).toMatchObject({ code: 0, stderr: expect.stringContaining(says) });
    expect(JSON.parse(inventory.stdout).host_hv2).toEqual({ hosts: ['web.hv2'] });
  });

  it('without end, its row has the reason', async () => {
    answers('hv1', [], 9 << 20);
    expect(await run([...vmssh, 'list', '--via', 'hv1,hv2'], { env })).toMatchObject(
      ended(
        1,
        'running\tweb\tvia/hv2/machine/web\tmachined\thv2\nfailed\t-\t-\t-\thv1\tit printed more than 8 MiB\n',
      ),
    );
  });
});
