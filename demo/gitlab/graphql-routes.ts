import { Hono } from 'hono';
import { z } from 'zod';
import type { ApiEnv, Instance } from './instance.ts';
import { canRead } from './note-routes.ts';
import { visibleProject } from './project-routes.ts';
import { Refusal } from './refusal.ts';
import type { User } from './users.ts';

const asked = z.object({ query: z.string(), variables: z.object({ id: z.string() }) });

/** GitLab's GraphQL, of which the demo has one question: what is known of a note and does not stand in the REST API. */
export function graphqlRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.post('/', async (c) => {
    const { query, variables } = asked.parse(await c.req.json());
    if (!/\bnote\s*\(/.test(query)) return c.json({ errors: [{ message: 'The demo has notes alone.' }] });
    const id = Number(/^gid:\/\/gitlab\/Note\/(\d+)$/.exec(variables.id)?.[1]);
    return c.json({ data: { note: noteOf(c.var.user, id) } });
  });

  function noteOf(user: User, id: number): object | null {
    for (const project of instance.projects.all()) {
      for (const { notes } of [...project.mergeRequests, ...project.issues]) {
        const note = notes.find((one) => one.id === id);
        if (note === undefined) continue;
        if (!isVisible(String(project.id), user) || !canRead(project, user, note)) return null;
        return {
          createdAt: seconds(note.createdAt),
          updatedAt: seconds(note.updatedAt),
          // As in app/models/note.rb: what was never edited has its last change here, and no editor.
          lastEditedAt: seconds(note.edit?.at ?? note.updatedAt),
          lastEditedBy: note.edit === undefined ? null : { id: `gid://gitlab/User/${note.edit.by.id}` },
        };
      }
    }
    return null;
  }

  function isVisible(project: string, user: User): boolean {
    try {
      return visibleProject(instance, project, user) !== undefined;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  }

  return app;
}

function seconds(moment: Date): string {
  return moment.toISOString().replace(/\.\d+Z$/, 'Z');
}
