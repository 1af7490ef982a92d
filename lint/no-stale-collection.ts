import type { RuleTester } from 'oxlint/plugins-dev';

type Rule = Parameters<RuleTester['run']>[1];
type CreateRule = Extract<Rule, { create: unknown }>;
type Context = Parameters<CreateRule['create']>[0];
type Visitor = ReturnType<CreateRule['create']>;
type Handler<Name extends keyof Visitor> = Parameters<NonNullable<Visitor[Name]>>[0];
type Call = Handler<'CallExpression'>;
type Member = Handler<'MemberExpression'>;
type Node = Member['object'];

/** What a function did so far, in the order of its text, to what others can reach too. */
interface Seen {
  /** The function's own node: what is declared within it is its own. */
  readonly block: unknown;
  awaits: number;
  /** How many times the function had awaited when it last looked at a collection, by what the collection is called. */
  readonly looks: Map<string, number>;
}

const looking = new Set(
  'has get size length at includes indexOf find findIndex some every keys values entries'.split(' '),
);
const changing = new Set('set add delete clear push pop shift unshift splice'.split(' '));

/**
 * Reports a change of a Map, a Set or an array that others can reach, where the function looked at it, awaited, and did not look again: meanwhile it may have
 * become another. ESLint's `require-atomic-updates` knows the same of variables and properties, and nothing of collections. Statements count in the order in
 * which they are written; a look within a function that is passed on is none of the function around it.
 */
export const noStaleCollection: CreateRule = {
  meta: {
    type: 'problem',
    messages: {
      stale:
        'Look at `{{name}}` again, or change it before the await: it may have changed since the function looked at it.',
    },
  },
  create: (context) => {
    const functions: Seen[] = [];
    const enter = (node: unknown) => void functions.push({ block: node, awaits: 0, looks: new Map() });
    const leave = () => void functions.pop();
    const waits = () => {
      const seen = functions.at(-1);
      if (seen !== undefined) seen.awaits += 1;
    };
    const look = (name: string | undefined, seen: Seen) => {
      if (name !== undefined) seen.looks.set(name, seen.awaits);
    };
    return {
      FunctionDeclaration: enter,
      FunctionExpression: enter,
      ArrowFunctionExpression: enter,
      'FunctionDeclaration:exit': leave,
      'FunctionExpression:exit': leave,
      'ArrowFunctionExpression:exit': leave,
      'AwaitExpression:exit': waits,
      'ForOfStatement:exit': (node: Handler<'ForOfStatement'>) => {
        if (node.await) waits();
      },
      'MemberExpression:exit': (node: Member) => {
        const seen = functions.at(-1);
        if (seen === undefined || !looking.has(propertyOf(node))) return;
        look(sharedName(context, node.object, seen.block), seen);
      },
      // After its arguments: `all.push(await next())` awaits before it pushes.
      'CallExpression:exit': (node: Call) => {
        const seen = functions.at(-1);
        if (seen === undefined || node.callee.type !== 'MemberExpression') return;
        if (!changing.has(propertyOf(node.callee))) return;
        const name = sharedName(context, node.callee.object, seen.block);
        if (name === undefined) return;
        const looked = seen.looks.get(name);
        if (looked !== undefined && looked < seen.awaits)
          context.report({ node, messageId: 'stale', data: { name } });
      },
    };
  },
};

function propertyOf({ computed, property }: Member): string {
  return !computed && property.type === 'Identifier' ? property.name : '';
}

/** What a collection is called, as `memory.projects`; undefined for one that the function declared itself, and for what has no lasting name. */
function sharedName(context: Context, node: Node, block: unknown): string | undefined {
  if (node.type === 'ThisExpression') return 'this';
  if (node.type === 'Identifier') return isOwn(context, node, block) ? undefined : node.name;
  if (node.type !== 'MemberExpression') return undefined;
  const owner = sharedName(context, node.object, block);
  const { property, computed } = node;
  const isNamed = !computed && (property.type === 'Identifier' || property.type === 'PrivateIdentifier');
  return owner === undefined || !isNamed ? undefined : `${owner}.${property.name}`;
}

/** Whether the function declared the variable in its body. Its parameters are its caller's. */
function isOwn(context: Context, node: Extract<Node, { type: 'Identifier' }>, block: unknown): boolean {
  for (
    let scope: ReturnType<Context['sourceCode']['getScope']> | null = context.sourceCode.getScope(node);
    scope;
    scope = scope.upper
  ) {
    const variable = scope.set.get(node.name);
    if (variable === undefined) continue;
    const isParameter = variable.defs.some(({ type }) => type === 'Parameter');
    return !isParameter && variable.scope.variableScope.block === block;
  }
  return false;
}
