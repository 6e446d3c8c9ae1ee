/** How entity types are written down. */
export type FieldKind = 'text' | 'decimal' | 'boolean' | 'date' | 'instant' | 'guid' | 'int' | 'complex';

export interface FieldSpec {
  readonly kind: FieldKind;
  readonly max?: number;
  /** Digits, and those after the point. */
  readonly precision?: number;
  readonly scale?: number;
  readonly create?: false;
  readonly update?: false;
  readonly filter?: false;
  /** SAP keeps it in capitals. */
  readonly upper?: true;
  readonly fields?: Readonly<Record<string, FieldSpec>>;
}

export interface Navigation {
  readonly to: string;
  readonly many: boolean;
  /** Fields of the other side, by the field of this side they equal. */
  readonly by: Readonly<Record<string, string>>;
  /** Not made with its parent. */
  readonly insert?: false;
}

export interface EntityType {
  readonly set: string;
  readonly name: string;
  readonly keys: readonly string[];
  readonly fields: Readonly<Record<string, FieldSpec>>;
  readonly navigations?: Readonly<Record<string, Navigation>>;
  readonly create?: false;
  /** Made with its parent or below it, not by POST to its own set. */
  readonly within?: true;
  readonly update?: false;
  readonly remove?: false;
  /** What a change must say of the version: nothing, the version (or "*"), or "*" only. */
  readonly ifMatch?: 'version' | 'any';
  /** Fields with an index, by which look-ups are quick. */
  readonly indexed?: readonly string[];
}

export const text = (max: number, more: Partial<FieldSpec> = {}): FieldSpec => ({ kind: 'text', max, ...more });
export const code = (max: number, more: Partial<FieldSpec> = {}): FieldSpec => ({ kind: 'text', max, upper: true, ...more });
export const decimal = (precision: number, scale: number, more: Partial<FieldSpec> = {}): FieldSpec => ({ kind: 'decimal', precision, scale, ...more });
export const field = (kind: Exclude<FieldKind, 'text' | 'decimal' | 'complex'>, more: Partial<FieldSpec> = {}): FieldSpec => ({ kind, ...more });
/** Given by SAP alone. */
export const OWN = { create: false, update: false } as const;
/** A key: given when it is made, if at all, and never changed. */
export const KEY = { update: false } as const;
