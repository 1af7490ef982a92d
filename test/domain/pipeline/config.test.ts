import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson, writeJson } from '../../../src/domain/shared/json.ts';
import {
  contentOf,
  maxConfigBytes,
  parseConfig,
  writeConfig,
  type Content,
} from '../../../src/domain/pipeline/config.ts';

const empty: Content = { variables: [], sourceStage: {}, stages: [], sinkStage: {} };

function parsed(text: string): Content {
  const result = parseConfig(text);
  if (!result.ok) throw new Error(result.failure.problem);
  return result.value;
}

function mistake(text: string): unknown {
  const result = parseConfig(text);
  return result.ok ? result.value : result.failure;
}

describe('reading a config', () => {
  it.each([
    '{"stages":[]}',
    '{"variables":null,"stages":null,"sourceStage":null,"sinkStage":null}',
    '{"variables":{}}',
    '\uFEFF{"sinkStage":{}}\r\n',
  ])('counts what is missing in %j as empty', (text) => {
    expect(mistake(text)).toEqual(empty);
  });

  it.each(['{}', '{"title":"t","$id":"1"}', '{"jobConfig":{"stages":[]}}'])(
    'refuses %s, which has nothing of a pipeline: deploying it would empty one',
    (text) => {
      expect(mistake(text)).toEqual({
        line: 1,
        problem: 'a config must have at least one of variables, sourceStage, stages, sinkStage',
      });
    },
  );

  it('drops fields that are no content at the top, and keeps them below', () => {
    const stage = { $id: '1', stageId: 's1', tasks: [{ $id: '2', createdAt: 0 }] };
    expect(mistake(JSON.stringify({ $id: 'x', title: 't', owner: {}, stages: [stage] }))).toEqual({
      ...empty,
      stages: [stage],
    });
  });

  it('keeps variables that are an object by id', () => {
    expect(parsed('{"variables":{"QA":"True"}}').variables).toEqual({ QA: 'True' });
  });

  it.each([
    ['[]', { line: 1, problem: 'a config must be an object, not an array' }],
    ['\n\n1.0', { line: 3, problem: 'a config must be an object, not a number' }],
    ['{\n"stages": {}\n}', { line: 2, problem: '"stages" must be an array, not an object' }],
    [
      '{\r\n"stages": [\r\n{},\r\n1.0,\r\nnull ] }',
      {
        line: 4,
        problem:
          'each entry of "stages" must be an object, number 2 is a number; each entry of "stages" must be an object, number 3 is null (line 5)',
      },
    ],
    [
      '{\n\n"variables": "QA"}',
      { line: 3, problem: '"variables" must be an array or an object, not a string' },
    ],
    ['\uFEFF{"sourceStage":\n[]}', { line: 1, problem: '"sourceStage" must be an object, not an array' }],
    [
      '{\n"sinkStage": true,\n"sourceStage": 1.0}',
      {
        line: 3,
        problem:
          '"sourceStage" must be an object, not a number; "sinkStage" must be an object, not a boolean (line 2)',
      },
    ],
    ['{\n"stages": [],\n"stages": 1}', { line: 3, problem: '"stages" must be an array, not a number' }],
    ['{\n"stages": [,]}', { line: 2, problem: 'not valid JSON at column 12: a value is expected here' }],
  ])('of %j names the mistakes and their lines', (text, expected) => {
    expect(mistake(text)).toEqual(expected);
  });

  it('names five of many stages that are none', () => {
    const result = parseConfig(`{"stages":[${'1,'.repeat(100_000)}1]}`);
    expect(result.ok ? 0 : result.failure.problem.split('; ').length).toBe(5);
  });

  it('never throws', () => {
    const field = fc.constantFrom('variables', 'stages', 'sourceStage', 'sinkStage', 'title', '__proto__');
    const config = fc.dictionary(field, fc.jsonValue()).map((value) => JSON.stringify(value, undefined, 1));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), config), (text) => {
        const result = parseConfig(text);
        const { line, problem } = result.ok ? { line: 1, problem: 'none' } : result.failure;
        expect(line).toBeGreaterThan(0);
        expect(problem).not.toBe('');
      }),
    );
    expect(mistake('{"a":'.repeat(100_000))).toMatchObject({ line: 1 });
  });

  it('is the same for what AIC answers, without lines', () => {
    expect(contentOf({ $id: 'x', stages: null, updatedAt: 1 })).toEqual({ ok: true, value: empty });
    expect(contentOf({ stages: 1, sinkStage: [] })).toEqual({
      ok: false,
      failure: {
        problem: '"stages" must be an array, not a number; "sinkStage" must be an object, not an array',
      },
    });
    expect(contentOf(null)).toEqual({
      ok: false,
      failure: { problem: 'a config must be an object, not null' },
    });
  });
});

describe('writing a config', () => {
  it('puts the title first, two spaces before each level and a newline at the end', () => {
    const content = parsed('{"sinkStage":{"b":1.0,"a":[]},"stages":[{}],"$id":"x"}');
    expect(writeConfig('Daily Sales', content)).toBe(`{
  "title": "Daily Sales",
  "variables": [],
  "sourceStage": {},
  "stages": [
    {}
  ],
  "sinkStage": {
    "b": 1.0,
    "a": []
  }
}
`);
  });

  it('is undone by reading', () => {
    const object = fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), fc.jsonValue());
    fc.assert(
      fc.property(
        fc.record({
          variables: fc.oneof(fc.array(fc.jsonValue()), object),
          sourceStage: object,
          stages: fc.array(object),
          sinkStage: object,
        }),
        fc.string(),
        (config, title) => {
          const text = writeConfig(title, parsed(JSON.stringify(config)));
          expect(writeConfig(title, parsed(text))).toBe(text);
          const whole = parseJson(text);
          expect(whole.ok && `${writeJson(whole.value, 2)}\n`).toBe(text);
        },
      ),
    );
  });
});

it('is read up to 10 MiB', () => {
  expect(maxConfigBytes).toBe(10_485_760);
});
