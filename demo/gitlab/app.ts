import { Hono, type MiddlewareHandler } from 'hono';
import { awardRoutes } from './award-routes.ts';
import { branchRoutes } from './branch-routes.ts';
import { commitCommentRoutes } from './commit-comment-routes.ts';
import { commitRoutes } from './commit-routes.ts';
import { commitStatusRoutes } from './commit-status-routes.ts';
import { compareRoutes } from './compare-routes.ts';
import { deploymentRoutes } from './deployment-routes.ts';
import { fileRoutes } from './file-routes.ts';
import { freezePeriodRoutes } from './freeze-period-routes.ts';
import { graphqlRoutes } from './graphql-routes.ts';
import { groupRoutes } from './group-routes.ts';
import { hookRoutes } from './hook-routes.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { issueRoutes } from './issue-routes.ts';
import { mergeRequestRoutes } from './merge-request-routes.ts';
import { noteRoutes } from './note-routes.ts';
import { pageRoutes } from './pages.ts';
import { pipelineRoutes } from './pipeline-routes.ts';
import { projectRoutes, visibleProject } from './project-routes.ts';
import { protectedBranchRoutes } from './protected-branch-routes.ts';
import { Refusal, refused } from './refusal.ts';
import { isExpired } from './tokens.ts';
import { treeRoutes } from './tree-routes.ts';

/** GitLab's REST API, version 4, as far as the demo has it. */
export function createGitLabApp(instance: Instance): Hono {
  const api = new Hono<ApiEnv>();

  const knowUser: MiddlewareHandler<ApiEnv> = async (c, next) => {
    const bearer = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    const token = instance.tokens.bySecret(c.req.header('private-token') ?? bearer ?? '');
    if (token === undefined) throw refused(401, '401 Unauthorized');
    if (isExpired(token, instance.now())) throw expired();
    token.lastUsedAt = instance.now();
    c.set('token', token);
    c.set('user', token.user);
    return next();
  };
  api.use(knowUser);
  api.use('/projects/:id/*', async (c, next) => {
    c.set('project', visibleProject(instance, c.req.param('id'), c.var.user));
    return next();
  });

  api.route('/', groupRoutes(instance));
  api.route('/', projectRoutes(instance));
  api.route('/', branchRoutes(instance));
  api.route('/', protectedBranchRoutes(instance));
  api.route('/', commitRoutes(instance));
  api.route('/', commitCommentRoutes(instance));
  api.route('/', commitStatusRoutes(instance));
  api.route('/', deploymentRoutes(instance));
  api.route('/', treeRoutes(instance));
  api.route('/', fileRoutes(instance));
  api.route('/', compareRoutes(instance));
  api.route('/', mergeRequestRoutes(instance));
  api.route('/', issueRoutes(instance));
  for (const kind of ['merge_requests', 'issues'] as const) {
    api.route('/', noteRoutes(instance, kind));
    api.route('/', awardRoutes(instance, kind));
  }
  api.route('/', hookRoutes(instance));
  api.route('/', freezePeriodRoutes(instance));
  api.route('/', pipelineRoutes());

  const app = new Hono();
  app.route('/api/v4', api);
  const graphql = new Hono<ApiEnv>();
  graphql.use(knowUser);
  graphql.route('/', graphqlRoutes(instance));
  app.route('/api/graphql', graphql);
  app.route('/', pageRoutes(instance));
  app.notFound(() => Response.json({ error: '404 Not Found' }, { status: 404 }));
  app.onError((error) => {
    if (error instanceof Refusal) return Response.json(error.body, { status: error.status });
    return Response.json({ message: '500 Internal Server Error', error: error.message }, { status: 500 });
  });
  return app;
}

/** What GitLab says of a token that was good once (lib/api/api_guard.rb); of an unknown one it only says 401. */
function expired(): Refusal {
  const error_description = 'Token is expired. You can either do re-authorization or token refresh.';
  return new Refusal(401, { error: 'invalid_token', error_description });
}
