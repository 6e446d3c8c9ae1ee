/** What the applications' own rules refuse, and what they fill in. */
import { ORDER_RULES } from './order-rules.ts';
import { PARTNER_RULES } from './partner-rules.ts';
import { PROJECT_RULES } from './project-rules.ts';
import type { Row, System, Value, Values } from './system.ts';

export interface Rules {
  /** Fills in what SAP gives, before the record is made. @throws Refusal */
  readonly create?: (system: System, values: Record<string, Value>, user: string) => void;
  /** After the record and its parts are made. @throws Refusal */
  readonly created?: (system: System, row: Row, user: string) => void;
  /** `change` are the fields that the request names. @throws Refusal */
  readonly change?: (system: System, values: Values, before: Row, change: Values) => void;
  /** Takes its parts away as well. @throws Refusal */
  readonly remove?: (system: System, row: Row) => void;
}

const RULES: Readonly<Record<string, Rules>> = { ...PARTNER_RULES, ...ORDER_RULES, ...PROJECT_RULES };

export function rulesOf(set: string): Rules {
  return RULES[set] ?? {};
}
