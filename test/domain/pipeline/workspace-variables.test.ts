import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson, writeJson, type Json } from '../../../src/domain/shared/json.ts';
import { contentOf, type Content } from '../../../src/domain/pipeline/config.ts';
import { withGitValues, withVariables } from '../../../src/domain/pipeline/workspace-variables.ts';

function content(variables: Json): Content {
  const result = contentOf({ variables, stages: [{ stageId: 's1' }] });
  if (!result.ok) throw new Error(result.failure.problem);
  return result.value;
}

const values = new Map([
  ['QA', 'True'],
  ['region', 'EU'],
]);

describe('variables of a workspace', () => {
  it('replace the values of variables in a list and nothing else', () => {
    const before = content([
      { id: 'QA', value: 'False', description: 'd' },
      { id: 'other', value: 'x' },
      'text',
    ]);
    expect(withVariables(before, values)).toEqual({
      ...before,
      variables: [{ id: 'QA', value: 'True', description: 'd' }, { id: 'other', value: 'x' }, 'text'],
    });
  });

  it('replace values in an object, bare or within objects', () => {
    const before = content({ QA: 'False', region: { value: 'US', type: 'text' }, other: 'x' });
    expect(withVariables(before, values).variables).toEqual({
      QA: 'True',
      region: { value: 'EU', type: 'text' },
      other: 'x',
    });
  });

  it('give a variable without a value one', () => {
    expect(withVariables(content([{ id: 'QA' }]), values).variables).toEqual([{ id: 'QA', value: 'True' }]);
  });

  it('replace a value that is not a text', () => {
    expect(withVariables(content([{ id: 'QA', value: true }]), values).variables).toEqual([
      { id: 'QA', value: 'True' },
    ]);
    const exact = parseJson('{"QA":1.0}');
    expect(exact.ok && withVariables(content(exact.value), values).variables).toEqual({ QA: 'True' });
  });

  it('are not added where the content does not have them', () => {
    const before = content([{ id: 'other', value: 'x' }, { value: 'QA' }, null]);
    expect(withVariables(before, values)).toBe(before);
    expect(withVariables(content([]), values).variables).toEqual([]);
  });

  it.each<{ variables: Json }>([
    { variables: [{ id: 'QA', value: 'True' }] },
    { variables: { QA: 'True', region: { value: 'EU' } } },
  ])('change nothing where the values are there already', ({ variables }) => {
    const before = content(variables);
    expect(withVariables(before, values)).toBe(before);
  });

  it('keep __proto__ a variable like others', () => {
    const parsed = parseJson('{"__proto__":{"value":"a"},"QA":"False"}');
    const after = withVariables(content(parsed.ok ? parsed.value : null), new Map([['__proto__', 'b']]));
    expect(writeJson(after.variables)).toBe('{"__proto__":{"value":"b"},"QA":"False"}');
  });

  it('set twice are as set once, and leave the content before untouched', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ id: fc.constantFrom('QA', 'region', 'x'), value: fc.string() })),
        fc.dictionary(fc.constantFrom('QA', 'region', 'y'), fc.string()),
        (variables, wanted) => {
          const before = content(variables);
          const written = writeJson(before.variables);
          const wantedValues = new Map(Object.entries(wanted));
          const once = withVariables(before, wantedValues);
          expect(withVariables(once, wantedValues)).toBe(once);
          expect(writeJson(before.variables)).toBe(written);
        },
      ),
    );
  });
});

describe('the values that Git has', () => {
  const ids = ['QA', 'region'];

  it.each<readonly [string, Json, Json, Json]>([
    [
      'from a list into a list',
      [
        { id: 'QA', value: 'True', description: 'd' },
        { id: 'other', value: 'live' },
      ],
      [
        { id: 'QA', value: 'False' },
        { id: 'other', value: 'git' },
      ],
      [
        { id: 'QA', value: 'False', description: 'd' },
        { id: 'other', value: 'live' },
      ],
    ],
    [
      'from an object into a list',
      [{ id: 'QA', value: 'True' }],
      { QA: 'False' },
      [{ id: 'QA', value: 'False' }],
    ],
    [
      'from a list into an object',
      { QA: { value: 'True' } },
      [{ id: 'QA', value: 'False' }],
      { QA: { value: 'False' } },
    ],
    [
      'from an object into an object',
      { QA: 'True', region: 'EU' },
      { QA: { value: 'False' } },
      { QA: 'False', region: 'EU' },
    ],
    ['not where Git has none', [{ id: 'QA', value: 'True' }], [], [{ id: 'QA', value: 'True' }]],
    [
      'not where they are no texts',
      [{ id: 'QA', value: 'True' }],
      [{ id: 'QA', value: 1 }],
      [{ id: 'QA', value: 'True' }],
    ],
    ['not where the workspace has no such variable', [], [{ id: 'QA', value: 'False' }], []],
  ])('go %s', (_how, live, git, expected) => {
    expect(withGitValues(content(live), content(git), ids).variables).toEqual(expected);
  });

  it('undo what a deployment set, and nothing else', () => {
    const variable = fc.record({ id: fc.constantFrom('QA', 'region', 'other'), value: fc.string() });
    const list = fc.uniqueArray(variable, { selector: ({ id }) => id });
    fc.assert(
      fc.property(list, (variables) => {
        const git = content(variables);
        expect(withGitValues(withVariables(git, values), git, values.keys())).toEqual(git);
        expect(withGitValues(git, git, ids)).toBe(git);
      }),
    );
  });
});
