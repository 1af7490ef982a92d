import { expect, it } from 'vitest';

import { projectPath } from '../../../src/domain/setup/project-path.ts';

it.each([
  ['group/project', { group: 'group', name: 'project' }],
  ['pin/pin-analytics/pin-fusion-2.0', { group: 'pin/pin-analytics', name: 'pin-fusion-2.0' }],
  ['/group/project/', { group: 'group', name: 'project' }],
])('reads %j', (text, path) => {
  expect(projectPath(text)).toEqual(path);
});

it.each([
  '',
  'project',
  'a//b',
  'a/../b',
  'a/b.git',
  'a/-b',
  'a/b c',
  'https://x.example/a/b',
  'a/b?c',
  'a/ä',
  '../a',
])('refuses %j', (text) => {
  expect(projectPath(text)).toBeUndefined();
});
