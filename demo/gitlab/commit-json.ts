import { commitTitle, type Commit } from './commits.ts';
import { gitText } from './git.ts';
import type { Project } from './project.ts';

/** A commit as the lists show one. */
export function commitJson(commit: Commit, project: Project, url: string): object {
  return {
    id: commit.id,
    short_id: commit.id.slice(0, 8),
    created_at: commit.committer.date,
    parent_ids: commit.parents,
    title: commitTitle(commit),
    message: commit.message,
    author_name: commit.author.name,
    author_email: commit.author.email,
    authored_date: commit.author.date,
    committer_name: commit.committer.name,
    committer_email: commit.committer.email,
    committed_date: commit.committer.date,
    trailers: {},
    extended_trailers: {},
    web_url: `${url}/${project.path}/-/commit/${commit.id}`,
  };
}

/** One commit as its own page shows it. */
export async function commitDetailJson(commit: Commit, project: Project, url: string): Promise<object> {
  return {
    ...commitJson(commit, project, url),
    stats: await commitStats(project.repository.directory, commit),
    status: null,
    project_id: project.id,
    last_pipeline: null,
  };
}

async function commitStats(directory: string, commit: Commit): Promise<object> {
  const text = await gitText(directory, [
    'diff-tree',
    '--numstat',
    '-M',
    '-r',
    '--root',
    '--no-commit-id',
    ...(commit.parents[0] === undefined ? [commit.id] : [commit.parents[0], commit.id]),
  ]);
  let additions = 0;
  let deletions = 0;
  for (const [, added, removed] of text.matchAll(/^(\d+)\t(\d+)\t/gm)) {
    additions += Number(added);
    deletions += Number(removed);
  }
  return { additions, deletions, total: additions + deletions };
}

/** A commit as the webhooks show one. */
export function commitHookJson(commit: Commit, project: Project, url: string): object {
  return {
    id: commit.id,
    message: commit.message,
    title: commitTitle(commit),
    timestamp: commit.author.date.replace('.000', ''),
    url: `${url}/${project.path}/-/commit/${commit.id}`,
    author: { name: commit.author.name, email: '[REDACTED]' },
  };
}
