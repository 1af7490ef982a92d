import { Hono } from 'hono';
import { commitCommentJson, type CommitComment } from './commit-comment.ts';
import { commitIn } from './commit-routes.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { notifyNote } from './note-event.ts';
import { pageOf } from './paging.ts';
import { readParams } from './params.ts';
import { extractQuickActions } from './quick-actions.ts';
import { refused } from './refusal.ts';

const comments = '/projects/:id/repository/commits/:sha/comments';

export function commitCommentRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get(comments, async (c) => {
    const { id } = await commitIn(c.var.project, c.req.param('sha'));
    const found = c.var.project.commitComments.filter(({ commit }) => commit === id);
    return pageOf(c, found, (comment) => commitCommentJson(comment, instance.url()));
  });

  app.post(comments, async (c) => {
    const { project, user } = c.var;
    const { id: commit } = await commitIn(c.var.project, c.req.param('sha'));
    const { text, actions } = extractQuickActions((await readParams(c)).required('note'));
    for (const action of actions)
      instance.quickActions.push({ ...action, user, projectId: project.id, on: 'Commit', iid: undefined });
    if (text.trim() === '') throw refused(400, 'Failed to save note {:note=>["can\'t be blank"]}');
    const comment: CommitComment = {
      id: instance.nextId(),
      commit,
      note: text,
      author: user,
      createdAt: instance.now(),
    };
    project.commitComments.push(comment);
    notifyNote(instance, project, {
      id: comment.id,
      body: text,
      author: user,
      system: false,
      createdAt: comment.createdAt,
      updatedAt: comment.createdAt,
      action: 'create',
      on: { type: 'Commit', commit },
    });
    return c.json(commitCommentJson(comment, instance.url()), 201);
  });

  return app;
}
