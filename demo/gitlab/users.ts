export interface User {
  readonly id: number;
  readonly username: string;
  readonly name: string;
  readonly email: string;
  /** The user of a project's or a group's access token, or a service account. */
  readonly isBot: boolean;
  /** Who is blocked stays a member, and can't sign in. */
  isBlocked: boolean;
}

export interface NewUser {
  readonly username: string;
  readonly name: string;
  readonly isBot?: boolean;
}

/** The accounts. */
export interface Users {
  /** Throws for a name that is taken. */
  add(user: NewUser): User;
  byId(id: number): User | undefined;
  byName(username: string): User | undefined;
}

export function createUsers(): Users {
  const users: User[] = [];
  return {
    add({ username, name, isBot = false }) {
      if (users.some((user) => user.username === username))
        throw new Error(`There is a user ${username} already.`);
      const user = {
        id: users.length + 1,
        username,
        name,
        email: `${username}@example.com`,
        isBot,
        isBlocked: false,
      };
      users.push(user);
      return user;
    },
    byId: (id) => users[id - 1],
    byName: (username) => users.find((user) => user.username === username),
  };
}

/** A user as the answers show one. */
export function userJson(user: User, url: string): object {
  return {
    id: user.id,
    username: user.username,
    public_email: null,
    name: user.name,
    state: user.isBlocked ? 'blocked' : 'active',
    locked: false,
    avatar_url: null,
    web_url: `${url}/${user.username}`,
  };
}

/** A user as the webhooks show one: GitLab hides an email address unless the user made it public. */
export function userHookJson(user: User): object {
  return {
    id: user.id,
    name: user.name,
    username: user.username,
    avatar_url: null,
    email: '[REDACTED]',
  };
}
