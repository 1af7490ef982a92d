import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseMapping } from '../../../../src/domain/mapping/parse-mapping.ts';
import { plain } from '../../../../src/domain/report/text.ts';
import {
  mappingChanges,
  ruleFilesIn,
  ruleWarnings,
} from '../../../../src/domain/deployment/plan/rule-changes.ts';

function mappingOf(text: string) {
  const parsed = parseMapping(text);
  if (!parsed.ok) throw new Error('the sample has mistakes');
  return parsed.value;
}

const base = 'mapping:\n  main: PIN PROD\n  develop: PIN QA\n';

describe('the files that rule', () => {
  test.each([
    ['branch_to_workspace.yaml', true],
    ['branch_to_workspace.yml', true],
    ['.gitlab-ci.yml', true],
    ['ci/deploy.gitlab-ci.yml', true],
    ['ci/main.yml', true],
    ['.gitlab/CODEOWNERS', true],
    ['.gitlab/merge_request_templates/Default.md', true],
    ['CODEOWNERS', true],
    ['docs/CODEOWNERS', true],
    ['config/CODEOWNERS.json', false],
    ['docs/branch_to_workspace.yaml', false],
    ['code/a/gitlab-ci.sql', false],
    ['README.md', false],
  ])('%s is one: %s', (path, isOne) => {
    expect(ruleFilesIn([path], 'ci/main.yml')).toEqual(isOne ? [path] : []);
  });
});

describe('what changes in the mapping', () => {
  test('is told by key, permissions first, without the values of variables', () => {
    const before = mappingOf(
      `${base}workspaces:\n  PIN PROD: { require: [approved], variables: { KEY: "1" } }\n`,
    );
    const after = mappingOf(
      'mapping:\n  main: PIN OTHER\n  develop: PIN QA\n  team/*: PIN PROD\npermissions: { force: developer }\nworkspaces:\n  PIN PROD: { variables: { KEY: "2" } }\n',
    );
    const changed = mappingChanges(before, after);
    expect(changed.map(({ key }) => key)).toEqual([
      'permissions.force',
      'mapping.main',
      'mapping.team/*',
      'workspaces.PIN PROD.require',
      'workspaces.PIN PROD.variables.KEY',
    ]);
    const text = ruleWarnings({ paths: ['branch_to_workspace.yaml'], mapping: changed })
      .map(plain)
      .join('\n');
    expect(text).toContain('"permissions.force" was "maintainer", and is "developer" now');
    expect(text).toContain('"mapping.main" was "PIN PROD", and is "PIN OTHER" now');
    expect(text).toContain('"workspaces.PIN PROD.require" was "approved", and is gone');
    expect(text).not.toContain('"2"');
  });

  test('is nothing between two that say the same, and something between any two that do not', () => {
    const level = fc.constantFrom('guest', 'developer', 'maintainer', 'owner');
    const file = fc
      .record({ force: level, deploy: level, push: fc.constantFrom('report', 'deploy', 'ignore') })
      .map(
        ({ force, deploy, push }) =>
          `${base}permissions: { force: ${force}, deploy: ${deploy} }\ndirect_push: ${push}\n`,
      );
    fc.assert(
      fc.property(file, file, (one, other) => {
        const changed = mappingChanges(mappingOf(one), mappingOf(other));
        expect(changed.length > 0).toBe(one !== other);
        expect(changed.every(({ before, after }) => before !== after)).toBe(true);
      }),
    );
  });

  test('is not told where no such file changes', () => {
    expect(ruleWarnings({ paths: [], mapping: [] })).toEqual([]);
  });
});
