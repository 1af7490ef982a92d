import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { GroupId } from '../../../src/domain/setup/administration.ts';
import { hookEventNames, type Hook, type HookId } from '../../../src/domain/gitlab/webhook.ts';
import { planInit, type Present, type Step, type Wanted } from '../../../src/domain/setup/init-plan.ts';
import { project } from '../samples.ts';

const url = 'https://bot.example.com/webhooks/gitlab';
const wanted: Wanted = {
  name: 'pipelines',
  branches: ['main', 'develop', 'sandbox'],
  files: new Map([
    ['README.md', 'r'],
    ['config/.gitkeep', ''],
    ['code/.gitkeep', ''],
    ['branch_to_workspace.yaml', 'm'],
  ]),
  hook: { url, secret: 'secret', signingToken: undefined },
};
const nothing: Present = {
  project: undefined,
  group: { id: 1 as GroupId, path: 'pin' },
  rootNames: [],
  branches: [],
  protections: [],
  hooks: [],
};

function hook(changes: Partial<Hook> = {}): Hook {
  return {
    id: 3 as HookId,
    url,
    events: new Set(hookEventNames),
    state: 'working',
    pausedUntil: undefined,
    hasSecret: true,
    hasSigningToken: false,
    verifiesTls: true,
    pushFilter: '',
    ...changes,
  };
}

const steps = (present: Present, wish = wanted): readonly Step[] =>
  planInit(present, wish).flatMap((entry) => ('step' in entry ? [entry.step] : []));
const kinds = (present: Present) => steps(present).map(({ kind }) => kind);

/** What there is after the steps were carried out. */
function after(before: Present, done: readonly Step[]): Present {
  const rootNames = [...before.rootNames];
  const branches = [...before.branches];
  const protections = [...before.protections];
  const hooks = [...before.hooks];
  for (const step of done) {
    switch (step.kind) {
      case 'create-project':
        break;
      case 'add-files':
        rootNames.push(...[...step.files.keys()].map((path) => path.split('/')[0] ?? ''));
        branches.push({ name: step.branch, isProtected: false });
        break;
      case 'create-branch':
        branches.push({ name: step.branch, isProtected: false });
        break;
      case 'protect':
        protections.push(step.protection.branch);
        break;
      case 'add-hook':
        hooks.push(hook());
        break;
      case 'complete-hook':
        hooks.splice(hooks.indexOf(step.hook), 1, hook({ url: step.hook.url }));
        break;
    }
  }
  return { project, group: before.group, rootNames, branches, protections, hooks };
}

const present: fc.Arbitrary<Present> = fc.record({
  project: fc.constantFrom(project, undefined),
  group: fc.constant(nothing.group),
  rootNames: fc.subarray(['README', 'readme.txt', 'config', 'code', 'branch_to_workspace.yaml', 'other']),
  branches: fc
    .subarray(['main', 'develop', 'sandbox'])
    .map((names) => names.map((name) => ({ name, isProtected: name === 'develop' }))),
  protections: fc.subarray(['main', 'dev*', '*', 'sand*box', 'x']),
  hooks: fc.subarray([
    hook({ events: new Set(['push']) }),
    hook({ url: 'https://other.example.com' }),
    hook({ hasSecret: false }),
  ]),
});

describe('the plan of a setup', () => {
  it('has every step in order where there is nothing', () => {
    expect(kinds(nothing)).toEqual([
      'create-project',
      'add-files',
      'create-branch',
      'create-branch',
      'protect',
      'protect',
      'protect',
      'add-hook',
    ]);
  });

  it('has nothing left to do after it was carried out', () => {
    fc.assert(
      fc.property(present, (before) => {
        expect(steps(after(before, steps(before)))).toEqual([]);
      }),
    );
  });

  it('never adds what is there', () => {
    fc.assert(
      fc.property(present, (before) => {
        for (const step of steps(before)) {
          if (step.kind === 'create-project') expect(before.project).toBeUndefined();
          if (step.kind === 'create-branch')
            expect(before.branches.map(({ name }) => name)).not.toContain(step.branch);
          if (step.kind === 'add-files')
            for (const path of step.files.keys()) expect(before.rootNames).not.toContain(path.split('/')[0]);
          if (step.kind === 'protect') expect(before.protections).not.toContain(step.protection.branch);
        }
      }),
    );
  });

  it('lets only maintainers merge into production, and developers into the others', () => {
    const rules = steps(nothing).flatMap((step) => (step.kind === 'protect' ? [step.protection] : []));
    expect(rules.map(({ branch, push, merge }) => `${branch} ${push} ${merge}`)).toEqual([
      'main maintainer maintainer',
      'develop maintainer developer',
      'sandbox maintainer developer',
    ]);
  });

  it.each([
    ['dev*', 'develop', true],
    ['*', 'develop', true],
    ['*op', 'develop', true],
    ['d*l*p', 'develop', true],
    ['develop', 'develop', true],
    ['dev', 'develop', false],
    ['dev*x', 'develop', false],
    ['*develop*develop', 'develop', false],
    ['develop*op', 'develop', false],
  ])('sees a protection of %j as one of %j: %j', (name, branch, covered) => {
    const before = { ...nothing, protections: [name] };
    const rules = steps(before).flatMap((step) => (step.kind === 'protect' ? [step.protection.branch] : []));
    expect(!rules.includes(branch)).toBe(covered);
  });

  it('completes a hook of the same address, and sets a secret only where there is none', () => {
    const complete = (one: Hook) => steps({ ...nothing, project, hooks: [one] }).at(-1);
    expect(complete(hook())?.kind).toBe('protect');
    expect(complete(hook({ url: `${url}/`, events: new Set() }))?.kind).toBe('complete-hook');
    expect(complete(hook({ hasSecret: false }))?.kind).toBe('complete-hook');
    expect(complete(hook({ hasSecret: undefined }))?.kind).toBe('protect');
    expect(complete(hook({ url: 'https://old.example.com/webhooks/gitlab' }))?.kind).toBe('add-hook');
  });
});
