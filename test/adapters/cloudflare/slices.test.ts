import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { createSlices } from '../../../src/adapters/cloudflare/slices.ts';

test('each slice makes no more calls than it may, and all calls are made in the end, in order', async () => {
  const calls = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(calls, fc.integer({ min: 1, max: 9 }), async (lengths, most) => {
      const slices = createSlices();
      const made: number[] = [];
      let inSlice = 0;
      const all = Promise.all(
        lengths.map((length, index) =>
          slices.enter(async () => {
            inSlice += 1;
            made.push(index);
            for (let turn = 0; turn < length; turn += 1) await Promise.resolve();
          }),
        ),
      );
      for (let slice = 0; slice <= lengths.length; slice += 1) {
        inSlice = 0;
        await Promise.race([slices.begin(most), all]);
        expect(inSlice).toBeLessThanOrEqual(most);
      }
      await all;
      expect(made).toEqual(lengths.map((_, index) => index));
    }),
  );
});

test('a slice is over only when none of its calls is under way', async () => {
  const slices = createSlices();
  const first = Promise.withResolvers<void>();
  const order: string[] = [];
  const spent = slices.begin(1).then(() => order.push('spent'));
  const call = slices.enter(() => first.promise).then(() => order.push('first ended'));
  void slices.enter(async () => void order.push('second'));
  await new Promise(setImmediate);
  expect(order).toEqual([]);
  first.resolve();
  await Promise.all([call, spent]);
  expect(order.toSorted()).toEqual(['first ended', 'spent']);
  void slices.begin(1);
  await new Promise(setImmediate);
  expect(order.at(-1)).toBe('second');
});

test('a call that fails frees its place', async () => {
  const slices = createSlices();
  const spent = slices.begin(1);
  const failing = slices.enter(() => Promise.reject(new Error('no answer')));
  void slices.enter(() => Promise.resolve());
  await expect(failing).rejects.toThrow('no answer');
  await spent;
});
