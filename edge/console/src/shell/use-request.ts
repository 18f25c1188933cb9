// What a form needs around a request: whether it is under way, and what went wrong in words.
import { useState } from "preact/hooks";
import { randomId } from "../core/random-id.ts";
import { mayPass, Refusal, sentence } from "../core/refusal.ts";

export interface RequestState {
  busy: boolean;
  problem: string | undefined;
  setProblem(problem: string | undefined): void;
  /** Sends under the form's request id; the same form sent again is the same request. */
  send(request: (requestId: string) => Promise<void>): Promise<void>;
  /** The form says something else now, so it is another request. */
  changed(): void;
}

/** `words` says what a refusal means here; else the page's common sentence stands. */
export function useRequest(words: (refusal: Refusal) => string | undefined = () => undefined): RequestState {
  const [requestId, setRequestId] = useState(randomId);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();

  const send = async (request: (requestId: string) => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await request(requestId);
      setRequestId(randomId());
    } catch (cause) {
      const refusal = Refusal.from(cause);
      // A refusal by a rule is remembered with its request id; trying again is another request.
      if (!mayPass(refusal)) setRequestId(randomId());
      setProblem(words(refusal) ?? sentence(refusal));
    } finally {
      setBusy(false);
    }
  };

  const changed = () => {
    setRequestId(randomId());
    setProblem(undefined);
  };

  return { busy, problem, setProblem, send, changed };
}
