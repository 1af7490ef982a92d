import { userJson, type User } from './users.ts';

export const deploymentStates = ['running', 'success', 'failed', 'canceled'] as const;
export type DeploymentState = (typeof deploymentStates)[number];

export interface Environment {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
  readonly createdAt: Date;
}

/** That a commit was brought to an environment. */
export interface Deployment {
  readonly id: number;
  readonly iid: number;
  readonly environment: Environment;
  readonly commit: string;
  readonly ref: string;
  readonly isTag: boolean;
  readonly author: User;
  readonly createdAt: Date;
  updatedAt: Date;
  state: DeploymentState;
}

export function environmentJson({ id, name, slug, createdAt }: Environment): object {
  const at = createdAt.toISOString();
  return {
    id,
    name,
    slug,
    external_url: null,
    state: 'available',
    tier: 'other',
    created_at: at,
    updated_at: at,
  };
}

export function deploymentJson(deployment: Deployment, url: string): object {
  return {
    id: deployment.id,
    iid: deployment.iid,
    ref: deployment.ref,
    sha: deployment.commit,
    status: deployment.state,
    created_at: deployment.createdAt.toISOString(),
    updated_at: deployment.updatedAt.toISOString(),
    user: userJson(deployment.author, url),
    environment: environmentJson(deployment.environment),
    deployable: null,
  };
}
