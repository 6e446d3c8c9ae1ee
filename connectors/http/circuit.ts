export interface CircuitState {
  readonly state: 'closed' | 'open' | 'half_open';
  /** Transient failures in a row. */
  readonly failures: number;
  /** Milliseconds until a probe is let through; 0 unless open. */
  readonly retryAfterMs: number;
}

export interface Circuit {
  /** True where a request may go out; while half open only one may. */
  admit(): boolean;
  succeeded(): void;
  failed(): void;
  /** The request was never sent or told nothing about the system's health. */
  released(): void;
  state(): CircuitState;
}

/** Stops calling a system that keeps failing: after `threshold` transient failures in a row, for `coolDownMs`, then one probe at a time. */
export function createCircuit(threshold = 10, coolDownMs = 5_000, now: () => number = () => performance.now()): Circuit {
  let failures = 0;
  let openUntil = 0;
  let probing = false;
  const isOpen = () => failures >= threshold;
  return {
    admit() {
      if (!isOpen()) return true;
      if (now() < openUntil || probing) return false;
      probing = true;
      return true;
    },
    succeeded() {
      failures = 0;
      probing = false;
    },
    failed() {
      failures += 1;
      probing = false;
      if (isOpen()) openUntil = now() + coolDownMs;
    },
    released() {
      probing = false;
    },
    state() {
      const retryAfterMs = isOpen() ? Math.max(0, Math.ceil(openUntil - now())) : 0;
      return { state: !isOpen() ? 'closed' : retryAfterMs > 0 ? 'open' : 'half_open', failures, retryAfterMs };
    },
  };
}
