export interface RepeatedWork {
  readonly everyMs: number;
  readonly work: () => Promise<void>;
  /** Told of a failed turn; the next one comes all the same. */
  readonly onError: (error: unknown) => void;
}

/** Does the work in turns, each beginning so long after the last one ended: never twice at once. `stop` waits for a turn under way. */
export function repeatInTurn({ everyMs, work, onError }: RepeatedWork): { stop(): Promise<void> } {
  let stopped = false;
  let turn: Promise<void> | undefined;
  let timer = setTimeout(next, everyMs);

  function next(): void {
    turn = work().catch(onError).finally(() => {
      if (!stopped) timer = setTimeout(next, everyMs);
    });
  }

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await turn;
    },
  };
}
