import { randomBytes } from 'node:crypto';
import { Hono, type Context } from 'hono';
import type { ApiEnv, Instance } from './instance.ts';
import { issueIn } from './issue-routes.ts';
import { mergeRequestIn } from './merge-request-routes.ts';
import { noteJson, type Note } from './note.ts';
import type { Noteable } from './noteable.ts';
import { notifyNote } from './note-event.ts';
import { pageOf } from './paging.ts';
import { readParams } from './params.ts';
import { accessLevel, accessLevels, type Project } from './project.ts';
import { extractQuickActions } from './quick-actions.ts';
import { runQuickActions } from './quick-action-runner.ts';
import { badParameter, noSuchRow, refused } from './refusal.ts';
import type { User } from './users.ts';

/** GitLab's own limit of letters. */
const longestNote = 1_000_000;

/** Both kinds of things that have notes, as the addresses name them. */
export const noteableKinds = {
  merge_requests: mergeRequestIn,
  issues: issueIn,
} as const satisfies Record<string, (project: Project, iid: string) => Noteable>;

export type NoteableKind = keyof typeof noteableKinds;

/** The notes of merge requests or of issues. */
export function noteRoutes(instance: Instance, kind: NoteableKind): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const notes = `/projects/:id/${kind}/:iid/notes` as const;
  const discussions = `/projects/:id/${kind}/:iid/discussions` as const;
  const find = noteableKinds[kind];

  app.get(notes, async (c) => {
    const { project } = c.var;
    const noteable = find(project, c.req.param('iid'));
    const params = await readParams(c);
    const sort = params.text('sort') ?? 'desc';
    const orderBy = params.text('order_by') ?? 'created_at';
    if (!['asc', 'desc'].includes(sort)) throw badParameter('sort does not have a valid value');
    if (!['created_at', 'updated_at'].includes(orderBy))
      throw badParameter('order_by does not have a valid value');
    const time = (note: Note): number =>
      (orderBy === 'created_at' ? note.createdAt : note.updatedAt).getTime();
    const filter = params.text('activity_filter') ?? 'all_notes';
    if (!['all_notes', 'only_comments', 'only_activity'].includes(filter))
      throw badParameter('activity_filter does not have a valid value');
    const isListed = ({ system }: Note) => filter === 'all_notes' || system === (filter === 'only_activity');
    const readable = noteable.notes.filter((note) => canRead(project, c.var.user, note) && isListed(note));
    const sorted = readable.toSorted((one, other) => time(one) - time(other) || one.id - other.id);
    const rows = sort === 'asc' ? sorted : sorted.toReversed();
    return pageOf(c, rows, (note) => noteJson(note, noteable, project.id, instance.url()));
  });

  app.get(`${notes}/:note`, (c) => {
    const { project } = c.var;
    const noteable = find(project, c.req.param('iid'));
    const note = noteIn(noteable, c.req.param('note'));
    if (!canRead(project, c.var.user, note)) throw refused(404, '404 Note Not Found');
    return c.json(noteJson(note, noteable, project.id, instance.url()));
  });

  app.post(notes, async (c) => create(c, randomBytes(20).toString('hex')));

  app.get(discussions, (c) => {
    const { project } = c.var;
    const noteable = find(project, c.req.param('iid'));
    const readable = noteable.notes.filter((note) => canRead(project, c.var.user, note));
    const ids = [...new Set(readable.map(({ discussion }) => discussion))];
    return pageOf(c, ids, (id) => discussionJson(project, noteable, id));
  });

  app.get(`${discussions}/:discussion`, (c) => {
    const { project } = c.var;
    const noteable = find(project, c.req.param('iid'));
    const id = c.req.param('discussion');
    if (!threadIn(noteable, id).every((note) => canRead(project, c.var.user, note)))
      throw refused(404, '404 Discussion Not Found');
    return c.json(discussionJson(project, noteable, id));
  });

  app.post(discussions, async (c) => {
    const id = randomBytes(20).toString('hex');
    const made = await create(c, id, { internal: false });
    const noteable = find(c.var.project, c.req.param('iid'));
    return made.status === 201 ? c.json(discussionJson(c.var.project, noteable, id), 201) : made;
  });

  // The threads of issues can't be resolved.
  if (kind === 'merge_requests')
    app.put(`${discussions}/:discussion`, async (c) => {
      const { project, user } = c.var;
      const noteable = find(project, c.req.param('iid'));
      const id = c.req.param('discussion');
      if (accessLevel(project, user) < accessLevels.developer) throw refused(403, '403 Forbidden');
      const isResolved = (await readParams(c)).flag('resolved') ?? false;
      for (const note of threadIn(noteable, id)) note.isResolved = isResolved;
      return c.json(discussionJson(project, noteable, id));
    });

  function discussionJson(project: Project, noteable: Noteable, id: string): object {
    const thread = threadIn(noteable, id);
    return {
      id,
      individual_note: thread.every((note) => !note.threaded),
      notes: thread.map((note) => noteJson(note, noteable, project.id, instance.url())),
    };
  }

  // An answer makes a thread of a single note.
  app.post(`${discussions}/:discussion/notes`, async (c) => {
    const id = c.req.param('discussion');
    const thread = threadIn(find(c.var.project, c.req.param('iid')), id);
    // Only who may write internal notes may answer one, and the answer is internal, whatever it asks for.
    const internal = thread.some((note) => note.internal);
    if (internal && accessLevel(c.var.project, c.var.user) < accessLevels.reporter)
      throw refused(404, '404 Discussion Not Found');
    const answer = await create(c, id, { internal });
    for (const note of thread) {
      if (note.threaded || answer.status !== 201) continue;
      // The note becomes one of a thread, which saves it.
      note.threaded = true;
      note.updatedAt = instance.now();
    }
    return answer;
  });

  async function create(
    c: Context<ApiEnv, string>,
    discussion: string,
    thread?: { readonly internal: boolean },
  ): Promise<Response> {
    const { project, user } = c.var;
    const noteable = find(project, c.req.param('iid') ?? '');
    const params = await readParams(c);
    const body = bodyOf(params.required('body'));
    if (accessLevel(project, user) < accessLevels.guest) throw refused(403, '403 Forbidden');
    const { text, actions } = extractQuickActions(body);
    const changes = await runQuickActions(instance, project, noteable, user, actions);
    if (text === '' && actions.length > 0) {
      const done = Object.keys(changes).length > 0;
      if (!done) throw badRequest(`Commands did not apply`);
      const summary = actions.map(({ name }) => `Executed /${name}.`);
      return c.json({ commands_changes: changes, summary }, 202);
    }
    if (text.trim() === '') throw badRequest('Note {:note=>["can\'t be blank"]}');
    const now = params.date('created_at') ?? instance.now();
    const note: Note = {
      id: instance.nextId(),
      discussion,
      threaded: thread !== undefined,
      body: text,
      author: user,
      internal: thread?.internal ?? params.flag('internal') ?? params.flag('confidential') ?? false,
      system: false,
      createdAt: now,
      updatedAt: now,
      edit: undefined,
      awards: [],
    };
    noteable.notes.push(note);
    noteable.updatedAt = instance.now();
    notifyNote(instance, project, { ...note, action: 'create', on: noteable });
    return c.json(noteJson(note, noteable, project.id, instance.url(), changes), 201);
  }

  app.put(`${notes}/:note`, async (c) => {
    const { project, user } = c.var;
    const noteable = find(project, c.req.param('iid'));
    const note = noteIn(noteable, c.req.param('note'));
    const body = (await readParams(c)).text('body');
    refuseForeign(project, user, note);
    if (body === undefined) return c.json(noteJson(note, noteable, project.id, instance.url()));
    const { text, actions } = extractQuickActions(bodyOf(body));
    const changed = text !== note.body;
    if (text.trim() === '' && actions.length === 0) throw badRequest('Note {:note=>["can\'t be blank"]}');
    if (text !== '' && changed) {
      note.body = text;
      note.updatedAt = instance.now();
      note.edit = { at: note.updatedAt, by: user };
      notifyNote(instance, project, { ...note, action: 'update', on: noteable });
    }
    const changes = await runQuickActions(instance, project, noteable, user, actions);
    if (text === '') {
      noteable.notes.splice(noteable.notes.indexOf(note), 1);
      const summary = actions.map(({ name }) => `Executed /${name}.`);
      return c.json({ commands_changes: changes, summary }, 202);
    }
    return c.json(noteJson(note, noteable, project.id, instance.url(), changes));
  });

  app.delete(`${notes}/:note`, (c) => {
    const { project, user } = c.var;
    const noteable = find(project, c.req.param('iid'));
    const note = noteIn(noteable, c.req.param('note'));
    refuseForeign(project, user, note);
    noteable.notes.splice(noteable.notes.indexOf(note), 1);
    return c.body(null, 204);
  });

  return app;
}

/** Internal notes are for who works in the project. */
export function canRead(project: Project, user: User, note: Note): boolean {
  return !note.internal || accessLevel(project, user) >= accessLevels.reporter;
}

/** The notes of a thread; a 404 when there are none. */
function threadIn(noteable: Noteable, discussion: string): readonly Note[] {
  const thread = noteable.notes.filter((note) => note.discussion === discussion);
  if (thread.length === 0) throw refused(404, '404 Discussion Not Found');
  return thread;
}

/** The note with the number of the address; a 404 when there is none. */
export function noteIn(noteable: Noteable, id: string): Note {
  const found = noteable.notes.find((note) => String(note.id) === id);
  if (found === undefined) throw noSuchRow();
  return found;
}

function bodyOf(body: string): string {
  if (body.length > longestNote)
    throw badRequest('Note {:note=>["is too long (maximum is 1000000 characters)"]}');
  return body;
}

/** A maintainer may change what others wrote. */
function refuseForeign(project: Project, user: User, note: Note): void {
  if (note.author !== user && accessLevel(project, user) < accessLevels.maintainer)
    throw refused(403, '403 Forbidden');
}

function badRequest(reason: string): Error {
  return refused(400, `400 Bad request - ${reason}`);
}
