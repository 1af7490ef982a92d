import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startGitLab, type GitLabServer } from '../../../demo/gitlab/server.ts';
import type { GitLab } from '../../../src/domain/gitlab/gitlab.ts';
import type { Project } from '../../../src/domain/gitlab/project.ts';
import type { ProjectId } from '../../../src/domain/shared/ids.ts';
import { ok } from '../../../src/domain/shared/result.ts';
import { headOfOnly, openForOnly } from '../../../src/handlers/promotion/pipelines-only.ts';
import { connectGitLab, valueOf } from '../../adapters/connect-gitlab.ts';

let server: GitLabServer;
let gitlab: GitLab;
let project: Project;

beforeAll(async () => {
  server = await startGitLab();
  const { id } = await server.addProject('pin/pipelines');
  await server.commitFiles(id, 'main', 'Begin', { 'README.md': 'x', 'config/a.json': '{}' });
  gitlab = connectGitLab(server.url, server.admin.token);
  project = valueOf(await gitlab.project(id as ProjectId));
});
afterAll(() => server.close());

function commit(branch: string, files: Readonly<Record<string, string | null>>): Promise<string> {
  return server.commitFiles(project.id, branch, 'Change', files);
}

describe("a branch that the bot's merge request comes from", () => {
  test('is looked at again once the merge request is open, since somebody may have pushed meanwhile', async () => {
    const own = { branch: 'release/1', target: 'main', pipelines: ['a'] };
    await commit(own.branch, { 'config/a.json': '{"title":"a"}' });
    const quiet = await openForOnly({ gitlab }, project, own, async () => ok('opened'));
    expect(quiet).toEqual(ok('opened'));
    const same = await openForOnly({ gitlab }, project, own, async () => {
      await commit(own.branch, { 'code/a/t.sql': 'select 1' });
      return ok('opened');
    });
    expect(same).toEqual(ok('opened'));
    const raced = await openForOnly({ gitlab }, project, own, async () => {
      await commit(own.branch, { '.gitlab-ci.yml': 'evil: {}' });
      return ok('opened');
    });
    expect(raced).toEqual({
      ok: false,
      failure: { kind: 'more-on-branch', branch: 'release/1', paths: ['.gitlab-ci.yml'] },
    });
  });

  test('may be behind its target, and may not be there yet', async () => {
    await commit('release/2', { 'config/a.json': '{"title":"b"}' });
    await commit('main', { 'docs/later.md': 'x', 'config/other.json': '{}' });
    const behind = await headOfOnly({ gitlab }, project, {
      branch: 'release/2',
      target: 'main',
      pipelines: ['a'],
    });
    expect(behind).toEqual(ok(await server.commitId(project.id, 'release/2')));
    const none = await headOfOnly({ gitlab }, project, { branch: 'none', target: 'main', pipelines: [] });
    expect(none).toEqual(ok(undefined));
  });

  test('is refused where it takes a file away that is none of a pipeline, and where it renames one', async () => {
    await commit('release/3', { 'README.md': null, 'config/a.json': '{"title":"c"}' });
    const own = { branch: 'release/3', target: 'main', pipelines: [] };
    expect(await headOfOnly({ gitlab }, project, own)).toMatchObject({ failure: { paths: ['README.md'] } });
    await commit('release/4', { 'README.md': null, 'config/x.json': 'x' });
    expect(await headOfOnly({ gitlab }, project, { ...own, branch: 'release/4' })).toMatchObject({
      failure: { paths: ['README.md'] },
    });
  });
});
