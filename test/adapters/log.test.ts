import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';

import { createLog, logLevels, type LogLevel } from '../../src/adapters/log.ts';
import { createMask } from '../../src/domain/secrets/mask.ts';

const secret = 'sk-live-1234567890';
const loud = ['debug', 'info', 'warn', 'error'] as const;

let written: string[];

beforeEach(() => {
  written = [];
});

function logAt(level: LogLevel) {
  return createLog({
    level,
    clock: { now: () => Date.UTC(2026, 3, 1, 12) },
    mask: createMask([secret]),
    write: (line) => void written.push(line),
  });
}

test('writes one JSON line: time, level, message, then the fields', () => {
  logAt('debug').info('deployed', { pipeline: 'Größe\n2', items: 3, forced: false, reason: undefined });
  expect(written).toEqual([
    '{"time":"2026-04-01T12:00:00.000Z","level":"info","message":"deployed","pipeline":"Größe\\n2","items":3,"forced":false}',
  ]);
});

test.each(logLevels)('at %s writes that level and those above', (level) => {
  const log = logAt(level);
  for (const each of loud) log[each]('said');
  const levels = written.map((line) => JSON.parse(line).level);
  expect(levels).toEqual(loud.slice(logLevels.indexOf(level)));
});

test('with() adds fields to every line, and a line may replace them', () => {
  const log = logAt('info').with({ job: 7, lane: 'mail' }).with({ lane: 'deploy' });
  log.info('one');
  log.warn('two', { job: 8 });
  expect(written.map((line) => JSON.parse(line))).toMatchObject([
    { message: 'one', job: 7, lane: 'deploy' },
    { message: 'two', job: 8, lane: 'deploy' },
  ]);
});

describe.each(loud)('at the level %s', (level) => {
  test.each(['password', 'privateToken', 'PRIVATE-TOKEN', 'api_key', 'Authorization', 'webhookSecret'])(
    'hides what stands under %s',
    (key) => {
      logAt('debug')[level]('said', { [key]: 'anything', other: 'stays' });
      expect(JSON.parse(written[0] ?? '')).toMatchObject({ [key]: '[hidden]', other: 'stays' });
    },
  );

  test('hides known values in the message, the fields and the fields of with()', () => {
    const log = logAt('debug').with({ asked: `GET /x?key=${secret}` });
    log[level](`refused ${secret}`, { said: `it was "${secret}"`, url: `https://me:${secret}@host/` });
    expect(written[0]).not.toContain(secret);
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ message: 'refused [hidden]' });
  });
});

test('never throws and writes one line, whatever it is given', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.boolean(),
    fc.constant(undefined),
    fc.constant(secret),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...loud),
      fc.string({ unit: 'binary' }),
      fc.dictionary(fc.string({ unit: 'binary' }), value),
      (level, message, fields) => {
        written = [];
        logAt('debug').with(fields)[level](message, fields);
        expect(written).toHaveLength(1);
        expect(written[0]).not.toMatch(/\n/);
        expect(written[0]).not.toContain(secret);
        expect(() => JSON.parse(written[0] ?? '')).not.toThrow();
      },
    ),
  );
});

test('never fails its caller: neither a broken output nor a broken clock gets out', () => {
  const broken = createLog({
    level: 'debug',
    clock: { now: () => NaN },
    mask: (text) => text,
    write: () => {
      throw new Error('EPIPE');
    },
  });
  expect(() => broken.error('said', { any: 1 })).not.toThrow();
});
