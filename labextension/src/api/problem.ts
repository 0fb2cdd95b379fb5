/** Error answers of the server, as errors that a page can show. */

import type { WireProblem } from '../wire';

/** An error answer of the server: `name` is the name of the error, `message` one sentence. */
export class AmlProblem extends Error {
  constructor(
    problem: WireProblem,
    readonly status: number
  ) {
    super(problem.message);
    this.name = problem.error;
    this.hint = problem.hint ?? null;
  }

  readonly hint: string | null;

  /** No answer at all, which every browser says in words of its own. */
  static unreachable(): AmlProblem {
    const message = 'The Jupyter server does not answer. Look whether it still runs.';
    return new AmlProblem({ error: 'Unreachable', message }, 0);
  }

  /** The problem in an answer that went wrong, whoever gave the answer. */
  static async of(response: Response): Promise<AmlProblem> {
    const text = await response.text();
    try {
      const data = JSON.parse(text) as Partial<WireProblem>;
      if (typeof data.message === 'string') {
        return new AmlProblem(
          { ...data, error: data.error ?? 'Problem', message: data.message },
          response.status
        );
      }
    } catch {
      // Not ours: a proxy or Jupyter itself answered, and the status line is all there is.
    }
    const message = `The server answered ${response.status} ${response.statusText}`.trim();
    return new AmlProblem({ error: 'Problem', message }, response.status);
  }
}

/** Whether nobody answered, rather than somebody with a problem. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof AmlProblem && error.status === 0;
}
