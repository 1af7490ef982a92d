import { statfsSync } from 'node:fs';

import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What waits the longest: begun first, it keeps nobody waiting in the end. */
const slow = ['test/soak/', 'test/crash/', 'test/replicas/', 'test/worker/'];

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const found = slow.findIndex((folder) => moduleId.includes(folder));
      return found < 0 ? slow.length : found;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- a method of the sequencer, not of an array
    const usual = await super.sort(files);
    return usual.toSorted((one, other) => rank(one) - rank(other));
  }
}

/** Where Linux keeps files in memory: databases and repositories wait for no disk there. Elsewhere, or where there is little of it, tests use the usual folder. */
const memory = '/dev/shm';
const neededBytes = 4 * 1024 ** 3;

function hasMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= neededBytes;
  } catch {
    return false;
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: hasMemory() ? { TMPDIR: memory } : {},
    // Most of them wait for a process or a clock most of the time.
    maxWorkers: 3,
    sequence: { sequencer: SlowFirst },
  },
});
