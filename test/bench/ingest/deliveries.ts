import { createHmac, randomUUID } from 'node:crypto';

/** A webhook request as the load generator sends it. */
export interface Delivery {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Whose webhooks a server takes. */
export type Sender = 'gitlab' | 'github';

export const secret = 'a-secret-of-the-benchmark';

const projects = 50;
const branches = 4;

/** Endless deliveries of pushes to many projects and branches, each with an id of its own. */
export function createDeliveries(sender: Sender): () => Delivery {
  const kinds = Array.from({ length: projects * branches }, (_, index) =>
    sender === 'gitlab' ? gitLabPush(index) : gitHubPush(index),
  );
  const idHeader = sender === 'gitlab' ? 'webhook-id' : 'x-github-delivery';
  let sent = 0;
  return () => {
    const kind = kinds[sent % kinds.length];
    sent += 1;
    if (kind === undefined) throw new Error('there is no delivery');
    return { ...kind, headers: { ...kind.headers, [idHeader]: randomUUID() } };
  };
}

/** As https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events has it. */
function gitLabPush(index: number): Delivery {
  const id = 1 + (index % projects);
  const path = `data/team-${id}/pipelines`;
  const person = { name: 'Omar Reyes', email: 'omar.reyes@example.com' };
  const url = `https://gitlab.example.com/${path}`;
  const body = {
    object_kind: 'push',
    event_name: 'push',
    before: sha(index),
    after: sha(index + 1),
    ref: `refs/heads/branch-${Math.floor(index / projects)}`,
    ref_protected: true,
    checkout_sha: sha(index + 1),
    message: null,
    user_id: 4,
    user_name: person.name,
    user_username: 'omar',
    user_email: person.email,
    user_avatar: 'https://gitlab.example.com/uploads/-/system/user/avatar/4/avatar.png',
    project_id: id,
    project: {
      id,
      name: 'pipelines',
      description: 'Pipelines of one team',
      web_url: url,
      avatar_url: null,
      git_ssh_url: `git@gitlab.example.com:${path}.git`,
      git_http_url: `${url}.git`,
      namespace: `team-${id}`,
      visibility_level: 0,
      path_with_namespace: path,
      default_branch: 'main',
      homepage: url,
      url: `git@gitlab.example.com:${path}.git`,
      ssh_url: `git@gitlab.example.com:${path}.git`,
      http_url: `${url}.git`,
    },
    commits: commits(index, url, person),
    total_commits_count: 4,
    push_options: {},
  };
  return {
    path: '/webhooks/gitlab',
    headers: { 'content-type': 'application/json', 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': secret },
    body: JSON.stringify(body),
  };
}

/** As https://docs.github.com/en/webhooks/webhook-events-and-payloads#push has it. */
function gitHubPush(index: number): Delivery {
  const id = 1 + (index % projects);
  const name = `data/pipelines-${id}`;
  const url = `https://github.com/${name}`;
  const person = { name: 'Omar Reyes', email: 'omar.reyes@example.com' };
  const body = JSON.stringify({
    ref: `refs/heads/branch-${Math.floor(index / projects)}`,
    before: sha(index),
    after: sha(index + 1),
    created: false,
    deleted: false,
    forced: false,
    base_ref: null,
    compare: `${url}/compare/${sha(index).slice(0, 12)}...${sha(index + 1).slice(0, 12)}`,
    repository: {
      id,
      node_id: 'MDEwOlJlcG9zaXRvcnkx',
      name: `pipelines-${id}`,
      full_name: name,
      private: true,
      owner: { name: 'data', login: 'data', id: 7, type: 'Organization' },
      html_url: url,
      description: 'Pipelines of one team',
      fork: false,
      url,
      default_branch: 'main',
    },
    pusher: person,
    sender: { login: 'omar', id: 4, type: 'User' },
    commits: commits(index, url, person),
    head_commit: null,
  });
  return {
    path: '/webhooks/github',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
    body,
  };
}

function commits(index: number, url: string, author: object) {
  return Array.from({ length: 4 }, (_, number) => ({
    id: sha(index + number),
    message: `Change the daily load of region ${number}\n\nThe filter left out what came late.`,
    title: `Change the daily load of region ${number}`,
    timestamp: '2026-11-20T10:15:00+00:00',
    url: `${url}/-/commit/${sha(index + number)}`,
    author,
    added: [],
    modified: [`config/daily load ${number}.json`, `code/daily load ${number}/1 load.sql`],
    removed: [],
  }));
}

function sha(number: number): string {
  return number.toString(16).padStart(40, 'a1b2c3d4');
}
