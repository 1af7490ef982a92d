import * as fc from 'fast-check';
import { test } from 'vitest';

import { targets } from './targets.ts';

/** The whole is `npm run fuzz`. */
const numRuns = 700;

test.each(targets)('no input of $name does harm', { timeout: 120_000 }, async ({ open }) => {
  const { property, close } = await open();
  try {
    await fc.assert(property, { numRuns });
  } finally {
    await close();
  }
});
