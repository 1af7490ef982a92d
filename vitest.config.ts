import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

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

/** Where Linux keeps files in memory: databases and repositories wait for no disk there. */
const memory = '/dev/shm';
const neededBytes = 4 * 1024 ** 3;

/** A folder in memory that is gone after the run; undefined where there is little or no memory to have one in. */
function memoryFolder(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize < neededBytes) return undefined;
    const folder = mkdtempSync(join(memory, 'aic-bot-'));
    // PostgreSQL runs as a user of its own where the tests run as root.
    chmodSync(folder, 0o755);
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return folder;
  } catch {
    return undefined;
  }
}

const temporary = memoryFolder();

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: temporary === undefined ? {} : { TMPDIR: temporary },
    // Most of them wait for a process or a clock most of the time.
    maxWorkers: 3,
    sequence: { sequencer: SlowFirst },
  },
});
