import type { ProjectMembers } from '@gitbeaker/rest';
import { z } from 'zod';

import type { Clock } from '../../domain/shared/clock.ts';
import type { UserId } from '../../domain/shared/ids.ts';
import type { Member, People } from '../../domain/gitlab/members.ts';
import { ok } from '../../domain/shared/result.ts';
import { attempt } from './requester.ts';

const member = z.object({
  id: z.number().transform((id) => id as UserId),
  username: z.string(),
  name: z.string(),
  access_level: z.number(),
  state: z.string().optional(),
  membership_state: z.string().optional(),
  expires_at: z.string().nullish(),
});

/** Members of projects. Somebody who is blocked, not yet accepted or whose membership has expired is none. */
export function createPeople(members: ProjectMembers, whoAmI: () => Promise<number>, clock: Clock): People {
  return {
    self: () => attempt(async () => (await whoAmI()) as UserId),
    member: async (project, user) => {
      const shown = await attempt(async () =>
        member.parse(await members.show(project, user, { includeInherited: true })),
      );
      if (!shown.ok) return shown.failure.reason === 'missing' ? ok(undefined) : shown;
      return ok(isActive(shown.value, clock.now()) ? asMember(shown.value) : undefined);
    },
  };
}

type Shown = z.infer<typeof member>;

function isActive(
  { state = 'active', membership_state: membership = 'active', expires_at: expires }: Shown,
  now: number,
) {
  const isExpired = expires !== null && expires !== undefined && Date.parse(expires) <= now;
  return state === 'active' && membership === 'active' && !isExpired;
}

function asMember({ id, username, name, access_level: level }: Shown): Member {
  return { id, username, name, level };
}
