import { describe, expect, it } from 'vitest';

import type { AicCatalogue } from '../../../src/domain/aic/catalogue.ts';
import type { Ask } from '../../../src/domain/setup/ask.ts';
import { plain } from '../../../src/domain/report/text.ts';
import { fail, ok } from '../../../src/domain/shared/result.ts';
import { chooseWorkspaces, type WorkspaceWishes } from '../../../src/handlers/setup/choose-workspaces.ts';

const names = ['PIN DEV', 'PIN PROD', 'PIN QA'];
const catalogue: AicCatalogue = {
  environments: ['prod'],
  projects: async () => ok(['OTHER', 'PIN ANALYTICS']),
  workspaces: async () => ok(names),
};
const silent: AicCatalogue = {
  ...catalogue,
  projects: async () =>
    fail({ system: 'AIC', reason: 'denied', status: 401, asked: 'GET /projects', said: 'no' }),
};

function wishes(main?: string, develop?: string, sandbox?: string, aicProject?: string): WorkspaceWishes {
  return {
    aicProject,
    branches: [
      { branch: 'main', option: '--main', workspace: main },
      { branch: 'develop', option: '--develop', workspace: develop },
      { branch: 'sandbox', option: '--sandbox', workspace: sandbox },
    ],
  };
}

/** Answers by the question, and keeps what it was asked. */
function person(answers: Readonly<Record<string, string>>) {
  const asked: { question: string; names: readonly string[] }[] = [];
  const ask: Ask = async (question, offered) => {
    asked.push({ question, names: offered });
    return answers[question];
  };
  return { ask, asked };
}

describe('at a terminal', () => {
  it('asks for what was not said, and offers what is still free', async () => {
    const { ask, asked } = person({
      'AIC project': 'PIN ANALYTICS',
      'Workspace of the branch main': 'PIN PROD',
      'Workspace of the branch sandbox': 'PIN DEV',
    });
    const choice = await chooseWorkspaces({ catalogue, ask }, wishes(undefined, 'PIN QA'));
    expect(choice).toMatchObject({
      ok: true,
      value: {
        unchecked: [],
        mapping: {
          aicProject: 'PIN ANALYTICS',
          assignments: [{ workspace: 'PIN PROD' }, { workspace: 'PIN QA' }, { workspace: 'PIN DEV' }],
        },
      },
    });
    expect(asked.map(({ names: offered }) => offered)).toEqual([
      ['OTHER', 'PIN ANALYTICS'],
      ['PIN DEV', 'PIN PROD'],
      ['PIN DEV'],
    ]);
  });

  it('chooses nothing where the person gives up', async () => {
    const { ask } = person({});
    expect((await chooseWorkspaces({ catalogue, ask }, wishes())).ok).toBe(false);
  });

  it('says what to pass where AIC gives no list, and why it gives none', async () => {
    const { ask, asked } = person({});
    const choice = await chooseWorkspaces({ catalogue: silent, ask }, wishes('PIN PROD'));
    const told = choice.ok ? [] : choice.failure.map(({ what, remedy }) => `${plain(what)} ${plain(remedy)}`);
    expect(told[0]).toContain('AIC answered "401 no"');
    expect(told[1]).toContain('Pass --develop "WORKSPACE" --sandbox "WORKSPACE" --aic-project "PROJECT".');
    expect(asked).toEqual([]);
  });
});

it('takes names as they are where AIC does not answer, and says so', async () => {
  const all = wishes('A', 'B', 'C', 'P');
  const choice = await chooseWorkspaces({ catalogue: silent, ask: undefined }, all);
  expect(choice).toMatchObject({ ok: true, value: { unchecked: [{}] } });
});
