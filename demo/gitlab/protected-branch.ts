/** Who may push to and merge into the branches of a name; a `*` in it stands for any text. */
export interface ProtectedBranch {
  readonly id: number;
  readonly name: string;
  /** GitLab's number of the lowest access level that may; 0 is nobody. */
  readonly pushLevel: number;
  readonly mergeLevel: number;
  readonly allowForcePush: boolean;
}

/** What GitLab takes: nobody, developers, maintainers, administrators. */
export const protectionLevels: readonly number[] = [0, 30, 40, 60];

const maintainers = 40;

/** As GitLab protects a default branch by itself. */
export function maintainersOnly(id: number, name: string): ProtectedBranch {
  return { id, name, pushLevel: maintainers, mergeLevel: maintainers, allowForcePush: false };
}

/** The rules that a branch is under; GitLab lets through whom any of them lets through. */
export function rulesFor(
  rules: ReadonlyMap<string, ProtectedBranch>,
  branch: string,
): readonly ProtectedBranch[] {
  return [...rules.values()].filter(({ name }) => fits(name, branch));
}

function fits(name: string, branch: string): boolean {
  const pattern = name
    .split('*')
    .map((part) => RegExp.escape(part))
    .join('.*');
  return new RegExp(`^${pattern}$`).test(branch);
}

const descriptions: Readonly<Record<number, string>> = {
  0: 'No one',
  30: 'Developers + Maintainers',
  40: 'Maintainers',
  60: 'Administrators',
};

/** A rule as the answers show one. */
export function protectedBranchJson(rule: ProtectedBranch): object {
  const access = (level: number) => [
    {
      id: rule.id,
      access_level: level,
      access_level_description: descriptions[level] ?? '',
      deploy_key_id: null,
      user_id: null,
      group_id: null,
    },
  ];
  return {
    id: rule.id,
    name: rule.name,
    push_access_levels: access(rule.pushLevel),
    merge_access_levels: access(rule.mergeLevel),
    allow_force_push: rule.allowForcePush,
    unprotect_access_levels: [],
    code_owner_approval_required: false,
    inherited: false,
  };
}
