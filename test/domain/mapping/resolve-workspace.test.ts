import { describe, expect, it } from 'vitest';

import { parseMapping } from '../../../src/domain/mapping/parse-mapping.ts';
import { plain } from '../../../src/domain/report/text.ts';
import { chooseWorkspace, type WorkspaceWish } from '../../../src/domain/mapping/resolve-workspace.ts';

const parsed = parseMapping(
  'mapping: { main: PIN PROD, develop: PIN QA, "team-a/*": PIN TEAM A }\nalso: [PIN LAB]\nworkspaces: { PIN QA: { environment: qa } }\n',
);
if (!parsed.ok) throw new Error('The mapping has mistakes.');
const mapping = parsed.value;

function choose(wish: Partial<WorkspaceWish>): string {
  const none = { command: '/aic backup', branch: undefined, workspace: undefined, target: undefined };
  const chosen = chooseWorkspace(mapping, { ...none, ...wish });
  if (chosen.ok) return `${chosen.value.name} (${chosen.value.environment})`;
  return `${plain(chosen.failure.what)} ${plain(chosen.failure.remedy)}`;
}

describe('the workspace that a command is about', () => {
  it.each<[string, Partial<WorkspaceWish>]>([
    ['PIN QA (qa)', { target: 'develop' }],
    ['PIN TEAM A (prod)', { target: 'team-a/x' }],
    ['PIN QA (qa)', { target: 'feature/x' }],
    ['PIN PROD (prod)', { target: 'develop', branch: 'main' }],
    ['PIN PROD (prod)', { target: 'develop', workspace: 'PIN PROD' }],
    ['PIN LAB (prod)', { target: 'develop', workspace: 'PIN LAB' }],
    ['PIN LAB (prod)', { branch: 'pin-lab', workspace: 'PIN LAB' }],
    ['PIN QA (qa)', { branch: 'develop', workspace: 'PIN QA' }],
  ])('is %s for %j', (expected, wish) => {
    expect(choose(wish)).toBe(expected);
  });

  it.each<[string, Partial<WorkspaceWish>]>([
    ['does not know which workspace it is about', {}],
    ['such as "/aic backup branch=develop"', {}],
    ['Workspaces of the mapping: "PIN PROD", "PIN QA", "PIN TEAM A", "PIN LAB".', {}],
    ['gives "nowhere" no workspace', { branch: 'nowhere' }],
    ['gives "nowhere" no workspace', { target: 'nowhere' }],
    ['such as "/aic backup workspace="NAME""', { target: 'nowhere' }],
    ['gives "other" no workspace', { branch: 'other', workspace: 'PIN LAB' }],
    ['does not name the workspace "PIN LABS". Did you mean "PIN LAB"?', { workspace: 'PIN LABS' }],
    ['does not name the workspace "pin lab"', { workspace: 'pin lab' }],
    ['does not name the workspace "OTHER"', { branch: 'other', workspace: 'OTHER' }],
    ['by a line "also: [WORKSPACE NAME]" on the default branch', { workspace: 'OTHER' }],
    [
      '"develop" belongs to the workspace "PIN QA", not to "PIN PROD"',
      { branch: 'develop', workspace: 'PIN PROD' },
    ],
  ])('is refused with %s for %j', (expected, wish) => {
    expect(choose(wish)).toContain(expected);
  });
});
