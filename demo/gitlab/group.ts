import type { User } from './users.ts';

interface GroupMember {
  readonly user: User;
  readonly accessLevel: number;
  readonly createdAt: Date;
}

export interface Group {
  readonly id: number;
  /** `group/subgroup`. */
  readonly path: string;
  /** The last part of the path. */
  readonly name: string;
  readonly parent: Group | undefined;
  readonly createdAt: Date;
  readonly members: Map<number, GroupMember>;
}

export interface Groups {
  /** The group of this path; it and those above it are made where they are missing. */
  add(path: string): Group;
  /** By number or by path, in which GitLab takes small and big letters for the same. */
  find(name: string | number): Group | undefined;
}

export function createGroups(now: () => Date): Groups {
  const groups: Group[] = [];

  function find(name: string | number): Group | undefined {
    if (typeof name === 'number') return groups[name - 1];
    const wanted = name.toLowerCase();
    return groups.find(({ path }) => path.toLowerCase() === wanted);
  }

  function add(path: string): Group {
    const existing = find(path);
    if (existing !== undefined) return existing;
    const slash = path.lastIndexOf('/');
    const parent = slash < 0 ? undefined : add(path.slice(0, slash));
    const name = path.slice(slash + 1);
    const group = { id: groups.length + 1, path, name, parent, createdAt: now(), members: new Map() };
    groups.push(group);
    return group;
  }

  return { add, find };
}

/** The membership of the user in the group or one above it that gives the most; undefined where there is none. */
export function groupMember(group: Group | undefined, user: number): GroupMember | undefined {
  if (group === undefined) return undefined;
  const own = group.members.get(user);
  const inherited = groupMember(group.parent, user);
  return (own?.accessLevel ?? 0) >= (inherited?.accessLevel ?? 0) ? (own ?? inherited) : inherited;
}

/** A group as the answers show one. */
export function groupJson(group: Group, url: string): object {
  return {
    id: group.id,
    web_url: `${url}/groups/${group.path}`,
    name: group.name,
    path: group.name,
    description: '',
    visibility: 'private',
    share_with_group_lock: false,
    project_creation_level: 'developer',
    subgroup_creation_level: 'maintainer',
    default_branch: null,
    avatar_url: null,
    request_access_enabled: true,
    full_name: group.path.replaceAll('/', ' / '),
    full_path: group.path,
    created_at: group.createdAt.toISOString(),
    parent_id: group.parent?.id ?? null,
    organization_id: 1,
  };
}
