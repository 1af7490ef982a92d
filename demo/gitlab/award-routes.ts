import { Hono } from 'hono';
import type { ApiEnv, Instance } from './instance.ts';
import { awardJson, type Award } from './note.ts';
import { noteableKinds, noteIn, type NoteableKind } from './note-routes.ts';
import { pageOf } from './paging.ts';
import { readParams } from './params.ts';
import type { Project } from './project.ts';
import { noSuchRow, refused } from './refusal.ts';

/** The emoji on merge requests or issues, and on their notes. */
export function awardRoutes(instance: Instance, kind: NoteableKind): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const places = [
    `/projects/:id/${kind}/:iid/award_emoji`,
    `/projects/:id/${kind}/:iid/notes/:note/award_emoji`,
  ] as const;

  for (const awards of places) {
    app.get(awards, (c) => {
      const target = targetOf(c.var.project, c.req.param());
      return pageOf(c, target.awards, (award) => awardJson(award, target, instance.url()));
    });

    app.post(awards, async (c) => {
      const { project, user } = c.var;
      const target = targetOf(project, c.req.param());
      const name = (await readParams(c)).required('name');
      // Every refusal is a 404 here, so a client has to read the message.
      if (!/^[a-z0-9_+-]+$/.test(name))
        throw refused(404, '404 Award Emoji Name is not a valid emoji name Not Found');
      if (target.awards.some((award) => award.user === user && award.name === name))
        throw refused(404, '404 Award Emoji Name has already been taken Not Found');
      const award: Award = { id: instance.nextId(), name, user, createdAt: instance.now() };
      target.awards.push(award);
      target.touch();
      return c.json(awardJson(award, target, instance.url()), 201);
    });

    app.delete(`${awards}/:award`, (c) => {
      const { project, user } = c.var;
      const target = targetOf(project, c.req.param());
      const at = target.awards.findIndex(({ id }) => String(id) === c.req.param('award'));
      if (at < 0) throw noSuchRow();
      if (target.awards[at]?.user !== user) throw refused(401, '401 Unauthorized');
      target.awards.splice(at, 1);
      target.touch();
      return c.body(null, 204);
    });
  }

  function targetOf(project: Project, { iid = '', note: id }: Record<string, string | undefined>): Target {
    const noteable = noteableKinds[kind](project, iid);
    if (id === undefined) return { ...noteable, touch: () => {} };
    const note = noteIn(noteable, id);
    const touch = () => void (note.updatedAt = instance.now());
    return { id: note.id, type: 'Note', awards: note.awards, touch };
  }

  return app;
}

interface Target {
  readonly id: number;
  readonly type: string;
  readonly awards: Award[];
  /** An emoji on a note moves its `updated_at` (GitLab's app/models/award_emoji.rb). */
  touch(): void;
}
