import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readEvent } from '../../../src/handlers/webhook/parse-event.ts';

const project = { id: 15, path_with_namespace: 'team/pipelines' };
const merge = {
  object_kind: 'merge_request',
  project,
  object_attributes: { iid: 3, target_branch: 'main', action: 'merge', state: 'merged' },
};
const before = '95790bf891e76fee5e1747ab589903a6a1f80f22';
const after = 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7';
const push = { object_kind: 'push', project, ref: 'refs/heads/team-a/x', before, after };
const none = '0'.repeat(40);

const mergeHook = 'Merge Request Hook';
const pushHook = 'Push Hook';

describe('a merge request event', () => {
  const acting = (action?: string) => ({
    ...merge,
    object_attributes: {
      iid: 3,
      target_branch: 'main',
      state: 'merged',
      ...(action === undefined ? {} : { action }),
    },
  });

  test('is a merge into the target branch of the target project', () => {
    expect(readEvent(mergeHook, merge)).toEqual({
      kind: 'event',
      projectPath: 'team/pipelines',
      event: { kind: 'merged', projectId: 15, branch: 'main', mergeRequest: 3 },
    });
  });

  test.each(['open', 'close', 'reopen', 'update'])(
    'of the action %s is about the merge request',
    (action) => {
      expect(readEvent(mergeHook, acting(action))).toMatchObject({
        kind: 'event',
        event: { kind: 'proposed', projectId: 15, mergeRequest: 3 },
      });
    },
  );

  test.each(['approved', 'unapproved', 'approval', 'unapproval', 'MERGE'])(
    'of the action %s is not used, also when the merge request is merged',
    (action) => {
      expect(readEvent(mergeHook, acting(action))).toEqual({
        kind: 'ignored',
        reason: `merge request ${action}: only openings, changes and merges are used`,
      });
    },
  );

  test('without an action, as the test button sends it, is not used', () => {
    expect(readEvent(mergeHook, acting())).toEqual({
      kind: 'ignored',
      reason: 'merge request events without an action: only openings, changes and merges are used',
    });
  });
});

describe('a push event', () => {
  const read = (changes: object) => readEvent(pushHook, { ...push, ...changes });

  test('is a move of a branch, whose name may hold slashes', () => {
    expect(read({})).toEqual({
      kind: 'event',
      projectPath: 'team/pipelines',
      event: { kind: 'pushed', projectId: 15, branch: 'team-a/x', before, after },
    });
  });

  test.each([
    ['made', { before: none }, { before: undefined, after }],
    ['removed', { after: none }, { before, after: undefined }],
  ])('tells that the branch was %s', (_what, changes, event) => {
    expect(read(changes)).toMatchObject({ kind: 'event', event });
  });

  test.each(['refs/tags/v1', 'refs/notes/x', 'main', ''])('for the ref %j is not used', (ref) => {
    expect(read({ ref })).toEqual({ kind: 'ignored', reason: 'only pushes to branches are used' });
  });
});

describe('an access token event', () => {
  const hook = 'Resource Access Token Hook';
  const token = {
    object_kind: 'access_token',
    object_attributes: { user_id: 90, id: 25, name: 'acd', expires_at: '2024-01-26' },
    event_name: 'expiring_access_token',
  };
  const group = { group_name: 'Twitter', group_path: 'twitter', group_id: 35, full_path: 'twitter' };

  test('of a project is one of that project', () => {
    expect(readEvent(hook, { ...token, project })).toEqual({
      kind: 'event',
      projectPath: 'team/pipelines',
      event: { kind: 'token-expiring' },
    });
  });

  test('of a group belongs to no project', () => {
    expect(readEvent(hook, { ...token, group })).toEqual({
      kind: 'event',
      projectPath: undefined,
      event: { kind: 'token-expiring' },
    });
  });

  test.each([
    ['neither', {}, 'project (a project or a group is needed)'],
    ['nothing for both', { project: null, group: null }, 'project (a project or a group is needed)'],
    ['a project without a path', { project: { id: 15 } }, 'project.path_with_namespace'],
    ['a project without a path beside a group', { project: {}, group }, 'project.path_with_namespace'],
    ['a group that is a text', { group: 'twitter' }, 'group'],
  ])('that names %s is rejected', (_what, owner, fields) => {
    expect(readEvent(hook, { ...token, ...owner })).toEqual({
      kind: 'rejected',
      reason: `an access_token event with unreadable fields: ${fields}`,
    });
  });
});

describe('a note event', () => {
  const thread = 'a'.repeat(40);
  const note = {
    object_kind: 'note',
    project,
    object_attributes: {
      id: 5,
      note: '/aic help',
      noteable_type: 'Issue',
      discussion_id: thread,
      action: 'create',
    },
    issue: { iid: 7 },
  };
  const read = (attributes: object, more: object = {}) =>
    readEvent('Note Hook', {
      ...note,
      ...more,
      object_attributes: { ...note.object_attributes, ...attributes },
    });

  test('gives the numbers of the comment and nothing of what it says', () => {
    expect(read({ author_id: 9, created_at: '2021-01-01', system: false })).toEqual({
      kind: 'event',
      projectPath: 'team/pipelines',
      event: {
        kind: 'commented',
        projectId: 15,
        on: { kind: 'issue', iid: 7 },
        note: 5,
        discussion: thread,
      },
    });
  });

  test.each([
    ['an edit', { action: 'update' }],
    ['an edit before GitLab 16.11', { action: undefined, created_at: 'a', updated_at: 'b' }],
    ['one of GitLab itself', { system: true }],
    ['one without a command', { note: 'Use `/aic help`' }],
    ['one on a commit', { noteable_type: 'Commit' }],
  ])('about %s is not used', (_what, attributes) => {
    expect(read(attributes)).toEqual({
      kind: 'ignored',
      reason: 'only new comments with a command are used',
    });
  });

  test('holds no text that somebody chose, whatever its body holds', () => {
    const text = fc.string({ unit: 'binary' });
    const attributes = fc.record(
      {
        id: fc.integer(),
        note: text.map((words) => `/aic ${words}`),
        discussion_id: fc.oneof(text, fc.constant(`${thread}/../../5`)),
        author_id: fc.integer(),
        created_at: text,
      },
      { requiredKeys: ['id', 'note'] },
    );
    fc.assert(
      fc.property(attributes, fc.integer(), (given, iid) => {
        const reading = read({ discussion_id: undefined, ...given }, { issue: { iid } });
        const event = reading.kind === 'event' ? reading.event : undefined;
        if (reading.kind === 'ignored') return;
        expect(event).toEqual({
          kind: 'commented',
          projectId: 15,
          on: { kind: 'issue', iid },
          note: given.id,
          discussion: /^[0-9a-f]{40}$/.test(given.discussion_id ?? '') ? given.discussion_id : undefined,
        });
      }),
    );
  });
});

describe('the kind', () => {
  test('stands in the body, whatever the header says', () => {
    expect(readEvent('System Hook', push)).toMatchObject({ kind: 'event', event: { kind: 'pushed' } });
    expect(readEvent(mergeHook, push)).toMatchObject({ kind: 'event', event: { kind: 'pushed' } });
    expect(readEvent(pushHook, { ...push, object_kind: 'tag_push' })).toEqual({
      kind: 'ignored',
      reason: 'events of the kind tag_push are not used',
    });
  });

  test('is told by the header where the body states none', () => {
    const { object_kind: _kind, ...custom } = push;
    expect(readEvent(pushHook, custom)).toMatchObject({ kind: 'event' });
    expect(readEvent(pushHook, { text: 'deployed!' })).toEqual({
      kind: 'rejected',
      reason: 'a push event with unreadable fields: project, ref, before, after',
    });
    expect(readEvent('Emoji Hook', { text: 'deployed!' })).toEqual({
      kind: 'ignored',
      reason: 'events of the kind Emoji Hook are not used',
    });
  });

  test('that is endless is quoted in part only', () => {
    const reading = readEvent('Push Hook', { object_kind: 'x'.repeat(100_000) });
    expect(reading).toMatchObject({ kind: 'ignored', reason: expect.stringMatching(/^.{0,300}$/) });
    const acting = {
      ...merge,
      object_attributes: { ...merge.object_attributes, action: 'y'.repeat(100_000) },
    };
    expect(readEvent(mergeHook, acting)).toMatchObject({ reason: expect.stringMatching(/^.{0,300}$/) });
  });
});

describe('a known kind in an unknown shape is rejected with the names of the fields', () => {
  test.each([
    ['project', {}, 'project'],
    ['its id', { project: { ...project, id: '15' } }, 'project.id'],
    ['its path', { project: { id: 15 } }, 'project.path_with_namespace'],
    ['branch', { project, object_attributes: { iid: 3 } }, 'object_attributes.target_branch'],
    ['number', { project, object_attributes: { iid: 1.5, target_branch: 'x' } }, 'object_attributes.iid'],
  ])('%s', (_what, changes, fields) => {
    const { project: _project, ...rest } = merge;
    const reading = readEvent(mergeHook, { ...rest, ...changes });
    expect(reading).toMatchObject({
      kind: 'rejected',
      reason: `a merge_request event with unreadable fields: ${fields}`,
    });
  });

  test.each([
    ['that is as long as a file name', 'é'.repeat(127), 'event'],
    ['that is longer', 'é'.repeat(128), 'rejected'],
  ])('a branch name %s', (_what, branch, kind) => {
    const { object_attributes: request } = merge;
    const merged = readEvent(mergeHook, {
      ...merge,
      object_attributes: { ...request, target_branch: branch },
    });
    expect(merged.kind).toBe(kind);
    const pushed = { object_kind: 'push', project, ref: `refs/heads/${branch}`, before: '', after: '' };
    const told = readEvent(pushHook, pushed);
    expect(told.kind).toBe(kind);
    if (told.kind === 'rejected') expect(told.reason).toContain('ref (longer than 255 bytes)');
  });

  test.each([null, [], 'text', 5, true])('the body %j', (body) => {
    expect(readEvent(pushHook, body)).toEqual({
      kind: 'rejected',
      reason: 'a push event with unreadable fields: the body',
    });
    expect(readEvent('Emoji Hook', body)).toMatchObject({ kind: 'ignored' });
  });
});

test('reading never throws, and a rejection tells no value', () => {
  const odd = fc.anything({ withNullPrototype: true, maxDepth: 3 });
  const shape = fc.record(
    {
      object_kind: fc.oneof(fc.constantFrom('push', 'merge_request', 'access_token'), odd),
      project: fc.oneof(fc.constant(project), odd),
      group: odd,
      ref: fc.oneof(fc.constant('refs/heads/x'), odd),
      before: fc.oneof(fc.constant(before), odd),
      object_attributes: fc.oneof(fc.constant(merge.object_attributes), odd),
      marker: fc.constant('xyzzy-value'),
      ['__proto__']: odd,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.constantFrom(pushHook, mergeHook, 'Note Hook', ''),
      fc.oneof(shape, odd),
      (header, body) => {
        const reading = readEvent(header, body);
        expect(reading.kind === 'rejected' ? reading.reason : '').not.toContain('xyzzy');
      },
    ),
    { numRuns: 500 },
  );
});
